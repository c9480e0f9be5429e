"""Holds the calls of RDS to the policies of their callers, and notes which statement let each call of a role through.

The simulated RDS knows no roles. MiniStack knows them, so the front door asks it about every call before it passes that on. What AWS
checks a call against mirrors the Service Authorization Reference of Amazon RDS.
"""

import contextvars
import functools
import os
import re
import urllib.parse

import boto3
import botocore.config
import botocore.exceptions
import rds_resources

# The kind of resource that a parameter names, by its identifier or its ARN.
NAMED_BY = {
    "DBClusterIdentifier": "cluster",
    "DbClusterIdentifier": "cluster",
    "SourceDBClusterIdentifier": "cluster",
    "TargetDbClusterIdentifier": "cluster",
    "GlobalClusterIdentifier": "global-cluster",
    "DBInstanceIdentifier": "db",
    "SourceDBInstanceIdentifier": "db",
    "DBSnapshotIdentifier": "snapshot",
    "SourceDBSnapshotIdentifier": "snapshot",
    "TargetDBSnapshotIdentifier": "snapshot",
    "DBClusterSnapshotIdentifier": "cluster-snapshot",
    "SourceDBClusterSnapshotIdentifier": "cluster-snapshot",
    "TargetDBClusterSnapshotIdentifier": "cluster-snapshot",
    "FinalDBSnapshotIdentifier": "cluster-snapshot",
    "SnapshotIdentifier": "cluster-snapshot",
    "DBClusterEndpointIdentifier": "cluster-endpoint",
    "DBClusterParameterGroupName": "cluster-pg",
    "DBParameterGroupName": "pg",
    "DBSubnetGroupName": "subgrp",
    "OptionGroupName": "og",
    "ResourceName": "",
}
# What a call that names nothing lists.
LISTED_BY = {
    "rds:DescribeDBClusters": "cluster",
    "rds:DescribeDBInstances": "db",
    "rds:DescribeDBSnapshots": "snapshot",
    "rds:DescribeGlobalClusters": "global-cluster",
    "rds:DescribeDBClusterSnapshots": "cluster-snapshot",
    "rds:DescribeDBClusterEndpoints": "cluster-endpoint",
    "rds:DescribeDBClusterParameterGroups": "cluster-pg",
    "rds:DescribeDBParameterGroups": "pg",
}
# What a call makes, which is tagged where the call has tags.
MADE_BY = {
    "rds:CreateDBCluster": "DBClusterIdentifier",
    "rds:CreateDBClusterEndpoint": "DBClusterEndpointIdentifier",
    "rds:CreateDBClusterSnapshot": "DBClusterSnapshotIdentifier",
    "rds:CreateDBInstance": "DBInstanceIdentifier",
    "rds:CreateDBInstanceReadReplica": "DBInstanceIdentifier",
    "rds:CreateDBSnapshot": "DBSnapshotIdentifier",
    "rds:CreateGlobalCluster": "GlobalClusterIdentifier",
    "rds:CopyDBClusterSnapshot": "TargetDBClusterSnapshotIdentifier",
    "rds:CopyDBSnapshot": "TargetDBSnapshotIdentifier",
    "rds:RestoreDBClusterFromSnapshot": "DBClusterIdentifier",
    "rds:RestoreDBInstanceFromDBSnapshot": "DBInstanceIdentifier",
}
# Whoever is judged waits for this, and so does everybody else meanwhile.
TAGS_SECONDS_MAX = 2
ROLE = re.compile(r"arn:aws:sts::\d+:assumed-role/([^/]+)/")


def parameters(body):
    """The fields of a call's form."""
    return dict(urllib.parse.parse_qsl((body or b"").decode(), keep_blank_values=True))


def arn(kind, name, region, account):
    """The ARN of a resource of RDS; a global cluster is in no Region."""
    if name.startswith("arn:"):
        return name
    return f"arn:aws:rds:{'' if kind == 'global-cluster' else region}:{account}:{kind}:{name}"


def checks(action, given, region, account):
    """The actions and the resources that a call must be allowed, each with each."""
    named = [(action, arn(kind, given[name], region, account)) for name, kind in NAMED_BY.items() if given.get(name)]
    if any(name.startswith("Tags.") for name in given) and action in MADE_BY:
        made = MADE_BY[action]
        named.append(("rds:AddTagsToResource", arn(NAMED_BY[made], given[made], region, account)))
    listed = arn(LISTED_BY[action], "*", region, account) if action in LISTED_BY else "*"
    return named or [(action, listed)]


def judge_rds(app, actions, evaluator):
    """Answers a call of RDS with its refusal, or with nothing where the caller's role allows all that it touches."""
    from ministack.core.responses import get_account_id
    from ministack.core.router import extract_access_key_id, extract_region

    async def judge(method, path, headers, body, query_params):
        given = parameters(body)
        called, region = f"rds:{given.get('Action', '')}", extract_region(headers)
        caller = extract_access_key_id(headers, query_params)
        # MiniStack itself has checked the first.
        for action, resource in checks(called, given, region, get_account_id())[1:]:
            denied = evaluator.enforce(caller, action, "rds", region, resource_arn=resource)
            if denied:
                principal = getattr(denied, "principal_arn", "")
                return actions.access_denied_response(
                    "rds", action, principal, "judged", headers=headers, resource_arn=resource
                )
        return 200, {}, b""

    app.SERVICE_HANDLERS["rds"] = judge


@functools.lru_cache(maxsize=64)
def asking(endpoint, region):
    """The simulated RDS, asked once and not for long."""
    return boto3.client(
        "rds", endpoint_url=endpoint, region_name=region, aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"], config=botocore.config.Config(
            connect_timeout=TAGS_SECONDS_MAX, read_timeout=TAGS_SECONDS_MAX, retries={"max_attempts": 0}))


def know_tags(tagging):
    """Judges policies that ask for the tags of a resource by those that the simulated RDS knows: MiniStack has none of its resources."""
    known = tagging.resource_tags

    def resource_tags(resource):
        parts = resource.split(":", 5)
        if len(parts) < 6 or parts[2] != "rds":
            return known(resource)
        try:
            # A global cluster is in no Region, and any answers for it.
            rds = asking(rds_resources.endpoint(), parts[3] or "us-east-1")
            answer = rds.list_tags_for_resource(ResourceName=resource)
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, ValueError):
            # What is not there has none.
            return None
        return {tag["Key"]: tag["Value"] for tag in answer["TagList"]}

    tagging.resource_tags = resource_tags


def note_rights(evaluator, file):
    """Writes into a file, once each, which statement of which role allowed which action; `-` where none did, and on what.

    MiniStack judges by the role's own policies first, and by the resource's afterwards. A role without any is just being removed, under
    a function that still runs, and what it is refused then is no right that it lacks.
    """
    known_evaluate, known_enforce, noted = evaluator.evaluate, evaluator.enforce, set()
    judged = contextvars.ContextVar("judged")

    def evaluate(context, policies, *limits):
        result = known_evaluate(context, policies, *limits)
        judged.get([]).append((context, result, policies))
        return result

    def enforce(*call, **named):
        results = []
        before = judged.set(results)
        denied = known_enforce(*call, **named)
        judged.reset(before)
        context, by_role, policies = results[0] if results else (None, None, None)
        role = policies and ROLE.match(context.principal_arn)
        statement, resource = ("-", [context.resource_arn]) if role and denied else (role and by_role.matched_sid, [])
        right = role and (role[1], statement, context.action, *resource)
        if right and right not in noted:
            noted.add(right)
            with open(file, "a", encoding="utf-8") as rights:
                rights.write(" ".join(right) + "\n")
        return denied

    evaluator.evaluate, evaluator.enforce = evaluate, enforce
