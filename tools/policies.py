"""Holds the policies of the templates against what AWS publishes of its actions: whether an action exists, takes such a resource,
knows such a condition, gives away more than it seems. A finding without a reason in policies.yaml fails, and so does a reason
without a finding. Needs no account and no network."""

import fnmatch
import json
import pathlib
import sys
import warnings

import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "deploy"))

import templates  # noqa: E402, of the program that deploys

with warnings.catch_warnings():
    # It reads its own files by a way that setuptools calls old.
    warnings.simplefilter("ignore")
    import parliament  # noqa: E402

ACCOUNT, REGION = "123456789012", "us-west-2"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
# A value for each parameter that a policy names, so that no statement is left out for want of one.
GIVEN = {
    "ApprovalPage": "ENABLED",
    "AlarmTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:orders-alerts",
    "BucketKeyArn": KEY,
    "CustomEndpointArns": f"arn:aws:rds:*:{ACCOUNT}:cluster-endpoint:orders-*",
    "DatabaseRoleArns": f"arn:aws:iam::{ACCOUNT}:role/orders-monitoring",
    "CheckerRanges": "192.0.2.0/24",
    "DatabaseUserArns": f"arn:aws:rds-db:*:{ACCOUNT}:dbuser:*/failover_probe",
    "AutoScalingGroupArns": f"arn:aws:autoscaling:*:{ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/orders-*",
    "EcsServiceArns": f"arn:aws:ecs:*:{ACCOUNT}:service/orders/*",
    "EndpointParameterArns": f"arn:aws:ssm:*:{ACCOUNT}:parameter/orders/*",
    "EnvironmentKeyArn": KEY,
    "ExportBucketName": "orders-exports",
    "ExportKeyArn": KEY,
    "InstanceIdentifier": "orders-east",
    "GlobalClusterParameterArns": f"arn:aws:ssm:*:{ACCOUNT}:parameter/orders/global/cluster/name",
    "GlobalClusterArns": f"arn:aws:rds::{ACCOUNT}:global-cluster:orders-global-*",
    "HostRoleArns": f"arn:aws:iam::{ACCOUNT}:role/orders-host",
    "HostedZoneArns": "arn:aws:route53:::hostedzone/Z0EXAMPLE",
    "KmsKeyArns": KEY,
    "LogsKeyArn": KEY,
    "MemberClusterArns": f"arn:aws:rds:*:{ACCOUNT}:cluster:orders-*",
    "MemberInstanceArns": f"arn:aws:rds:*:{ACCOUNT}:db:orders-*",
    "MemberRegions": f"{REGION},us-east-1",
    "ReplicaInstanceArns": f"arn:aws:rds:*:{ACCOUNT}:db:orders-*",
    "SwitchBucketArns": "arn:aws:s3:::orders-switch-west,arn:aws:s3:::orders-switch-east",
    "SwitchObjectArns": "arn:aws:s3:::orders-switch-west/switch,arn:aws:s3:::orders-switch-east/switch",
    "SecretArns": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:orders/*",
    "SecretKeyArns": KEY,
    "TableKeyArns": KEY,
    "TopicArns": f"arn:aws:sns:{REGION}:{ACCOUNT}:orders-alerts",
    "TopicKeyArns": KEY,
    "WitnessRegion": "us-east-2",
    "WorkloadDatabaseArns": f"arn:aws:rds:*:{ACCOUNT}:cluster:orders-*,arn:aws:rds:*:{ACCOUNT}:db:orders-*",
    "WorkloadHostArns": f"arn:aws:ec2:*:{ACCOUNT}:instance/i-0123456789abcdef0",
    "WorkloadPlans": "shop",
    "WorkloadTableArns": f"arn:aws:dynamodb:*:{ACCOUNT}:table/orders-*",
}
# What a reference to a resource of a template stands for.
ARNS = {
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/made",
    "AWS::KMS::Key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/made",
    "AWS::Lambda::Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:made",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:made:*",
    "AWS::S3::Bucket": "arn:aws:s3:::made",
    "AWS::SNS::Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:made",
    "AWS::StepFunctions::StateMachine": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:made",
}


class Made(templates.Filled):
    """A template with its parameters' values, whose resources have ARNs of their kind."""

    def value_of(self, name):
        resource = self.template["Resources"].get(name.split(".")[0])
        return ARNS[resource["Type"]] if isinstance(resource, dict) else super().value_of(name)

    def _getatt(self, inner):
        return self.value_of(inner if isinstance(inner, str) else inner[0])


def documents():
    """Every policy: whose rights it adds to, where it stands, and the document."""
    for path in sorted(templates.FOLDER.glob("*.yaml")):
        made = Made(path.stem, GIVEN, ACCOUNT, REGION)
        for name, resource in made.template["Resources"].items():
            if not isinstance(resource, dict):
                continue
            of = resource.get("Properties", {})
            place = f"{path.stem}/{name}"
            whose = made.resolve(of.get("Roles", [of.get("RoleName", place)])[0])
            inline = [policy["PolicyDocument"] for policy in of.get("Policies", [])]
            own = [of[name] for name in ("AssumeRolePolicyDocument", "KeyPolicy") if name in of]
            for document in [*inline, *([of["PolicyDocument"]] if "PolicyDocument" in of else []), *own]:
                resolved = made.resolve(document)
                if len(resolved["Statement"]) != len(document["Statement"]):
                    raise SystemExit(f"policies: {place} has a statement that no value in GIVEN brings in; give its parameter one")
                for statement in resolved["Statement"] if document in own else []:
                    # A role's trust and a key's policy are on that role and that key, whatever they say.
                    statement["Resource"] = ARNS[resource["Type"]]
                yield whose, place, resolved


def listed(value):
    return value if isinstance(value, list) else [value]


def allows(statement, action, form):
    """Whether a statement allows an action on a resource of a form."""
    return statement["Effect"] == "Allow" and action in listed(statement.get("Action", [])) and any(
        parliament.is_arn_strictly_valid("", form, resource) for resource in listed(statement.get("Resource", [])))


def about(finding, beside):
    """What a finding is about, one text for each action."""
    if finding.issue == "RESOURCE_MISMATCH":
        # An action that takes resources of several kinds may have them in several statements.
        return [f"{one['action']} on {one['required_format']}" for one in finding.detail if not any(
            allows(other, one["action"], one["required_format"]) for other in beside)]
    return [str(one) for one in listed(finding.detail or finding.location.get("actions") or "all of it")]


def findings():
    """What is found: where, of which kind, and about what."""
    parliament.override_config(pathlib.Path(parliament.__file__).parent / "community_auditors/config_override.yaml")
    found, everything = set(), list(documents())
    for whose, place, document in everything:
        beside = [statement for other, _, one in everything if other == whose for statement in one["Statement"]]
        for statement in document["Statement"]:
            text = json.dumps({"Version": document["Version"], "Statement": [statement]})
            where = f"{place}/{statement.get('Sid', 'Trust')}"
            for finding in parliament.analyze_policy_string(text, include_community_auditors=True).findings:
                found.update((where, finding.issue, one) for one in about(finding, beside))
    return found


def reasons(found):
    """What of it stays for a reason, and the lines of the file that say nothing of it or give no reason."""
    stays, faults = set(), []
    for entry in yaml.safe_load((HERE / "policies.yaml").read_text(encoding="utf-8")):
        if not entry.get("reason"):
            faults.append(f"{entry['finding']} of {', '.join(entry['statements'])} has no reason in tools/policies.yaml")
        for statement in entry["statements"]:
            for text in entry["about"]:
                meant = {one for one in found if one[1:] == (entry["finding"], text) and fnmatch.fnmatchcase(one[0], statement)}
                if not meant:
                    faults.append(f"{statement}: {entry['finding']}: {text} is found no more; take it out of tools/policies.yaml")
                stays |= meant
    return stays, faults


def main():
    found = findings()
    stays, faults = reasons(found)
    faults += [f"{where}: {kind}: {text}; mend it, or write a reason into tools/policies.yaml" for where, kind, text in found - stays]
    for fault in sorted(faults):
        print(f"policies: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
