"""Runs MiniStack for the drill: closes gaps in its IAM checks and its metrics, and ends with whoever started it.

MiniStack 1.5.33 asks for `*` or for the wrong resource where AWS knows the real one, and knows no service's own
condition keys. Narrow policies would fail there for no fault of theirs, so the drill would have to deploy wider
ones than AWS needs. What each addition mirrors is the Service Authorization Reference.
"""

import contextvars
import importlib.metadata
import json
import os
import re
import signal
import sys
import threading

import boto3
import emulator_groups
import emulator_health
import emulator_metrics
import emulator_rights
import emulator_tables
from ministack.core import iam_actions, iam_evaluator, responses
from ministack.core.responses import get_account_id, get_region

import rds_resources

VERIFIED_WITH = "1.5.33"
CHANGE = re.compile(rb"<Action>\s*(\w+)\s*</Action>")
RECORD_TYPE = re.compile(rb"<Type>\s*(\w+)\s*</Type>")

known_resource_arn = iam_actions.extract_resource_arn
known_context = iam_actions.request_tag_context


def fields(body):
    """The request's JSON fields, none when it has no JSON object."""
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def resource_arn(service, method, path, headers, body, query_params, region, account_id):
    """The resource that AWS would check the call against."""
    operation = {name.lower(): value for name, value in headers.items()}.get("x-amz-target", "").rpartition(".")[2]
    if service == "ssm" and operation == "GetParameters":
        # Of several names only the first is checked here; AWS checks each.
        name = next(iter(fields(body).get("Names") or []), "").strip("/")
        return f"arn:aws:ssm:{region}:{account_id}:parameter/{name}"
    if service == "ssm" and operation == "GetParametersByPath":
        hierarchy = fields(body).get("Path", "").strip("/")
        return f"arn:aws:ssm:{region}:{account_id}:parameter/{hierarchy}"
    if service == "rds":
        # What answers the call checks all others.
        given = emulator_rights.parameters(body)
        return emulator_rights.checks(f"rds:{given.get('Action', '')}", given, region, account_id)[0][1]
    if service == "route53" and "/change/" in path:
        return f"arn:aws:route53:::change/{path.rpartition('/')[2]}"
    if service == "ecs" and operation in ("DescribeServices", "UpdateService"):
        call = fields(body)
        # Of several services only the first is checked here; AWS checks each.
        name = call.get("service") or next(iter(call.get("services") or []), "")
        if name and not name.startswith("arn:"):
            cluster = call.get("cluster", "default").rpartition("/")[2]
            return f"arn:aws:ecs:{region}:{account_id}:service/{cluster}/{name}"
        return name or "*"
    return known_resource_arn(service, method, path, headers, body, query_params, region, account_id)


def context(service, iam_action, body, params):
    """The condition keys of the call, those of DynamoDB, EventBridge and Route 53 included."""
    keys = known_context(service, iam_action, body, params)
    if iam_action == "events:PutEvents":
        entries = [entry for entry in fields(body).get("Entries", []) if isinstance(entry, dict)]
        for key, field in (("events:source", "Source"), ("events:detail-type", "DetailType")):
            # AWS looks at one entry at a time; unlike entries in one call are refused here.
            values = {entry.get(field, "") for entry in entries}
            keys[key] = values.pop() if len(values) == 1 else sorted(values)
    if iam_action in ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"):
        call = fields(body)
        # The partition key of the ledger, which is the only table that functions reach.
        leading = (call.get("Key") or call.get("Item") or {}).get("plan", {}).get("S")
        if leading:
            keys["dynamodb:leadingkeys"] = [leading]
    if iam_action == "route53:ChangeResourceRecordSets":
        for key, pattern in (("actions", CHANGE), ("recordtypes", RECORD_TYPE)):
            keys["route53:changeresourcerecordsets" + key] = sorted({v.decode() for v in pattern.findall(body or b"")})
    return keys


def complete_callbacks(machines):
    """Gives waiting for a task token what AWS has: a computed time-out, and an end when the function itself fails."""
    known_task, known_call = machines._execute_task, machines._call_lambda

    def execute_task(state, raw_input, execution, ctx):
        if isinstance(state.get("TimeoutSeconds"), str):
            seconds = machines._apply_jsonata_template(state["TimeoutSeconds"], raw_input, ctx)
            state = {**state, "TimeoutSeconds": seconds}
        return known_task(state, raw_input, execution, ctx)

    def call_lambda(func_ref, event):
        try:
            return known_call(func_ref, event)
        except machines._ExecutionError as why:
            waiting = machines._task_tokens.get(event.get("token")) if isinstance(event, dict) else None
            if waiting:
                waiting["error"] = {"Error": why.error, "Cause": why.cause}
                waiting["event"].set()
            raise

    machines._execute_task, machines._call_lambda = execute_task, call_lambda


def know_the_region(engine, *users):
    """A template's condition may ask in which Region and account it is deployed: MiniStack 1.5.33 compares the words themselves."""
    known_evaluate = engine._evaluate_conditions

    def evaluate(template, params):
        pseudo = {"AWS::Region": {"Value": get_region()}, "AWS::AccountId": {"Value": get_account_id()}}
        return known_evaluate(template, {**pseudo, **params})

    for module in (engine, *users):
        module._evaluate_conditions = evaluate


def keep_versions(secrets):
    """A version of a secret that lost its last stage is still there under its id, as on AWS, where it is only deprecated."""
    known_promotion = secrets._apply_current_promotion

    def promote(secret, version):
        before = dict(secret["Versions"])
        known_promotion(secret, version)
        for identifier, kept in before.items():
            secret["Versions"].setdefault(identifier, kept)

    secrets._apply_current_promotion = promote


def keep_configurations(provisioners):
    """A stack that changes nothing of a function but its tags leaves its configuration alone, whoever set that, as on AWS.

    The drill leads each function over roads of its own by variables that no template knows.
    """
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    known = handlers["update"]

    def without_tags(properties):
        return {name: value for name, value in properties.items() if name != "Tags"}

    def update(physical_id, old, new, stack_name, logical_id=None):
        function = provisioners._lambda_svc._functions.get(physical_id)
        if function is not None and without_tags(old) == without_tags(new):
            provisioners._reconcile_tag_map(function.setdefault("tags", {}), old, new)
            return physical_id, {"Arn": function["config"]["FunctionArn"]}
        return known(physical_id, old, new, stack_name, logical_id)

    handlers["update"] = update


def take_buckets_over(changesets, provisioners):
    """A bucket that a change set takes over is no conflict of names: CloudFormation says so as it makes the change set."""
    taken = contextvars.ContextVar("taken", default=frozenset())
    known_deploy, known_conflict = changesets._deploy_stack_async, provisioners.s3_bucket_name_conflict

    async def deploy(*given, imports=None, **named):
        taken.set(frozenset(name for one in (imports or {}).values() for name in one.values()))
        return await known_deploy(*given, imports=imports, **named)

    changesets._deploy_stack_async = deploy
    provisioners.s3_bucket_name_conflict = lambda name: None if name in taken.get() else known_conflict(name)


def admit_by_rules(provisioners, stacks):
    """Makes the rules of security groups that are resources of their own, which only EC2's calls know here."""
    kind = "AWS::EC2::SecurityGroupIngress"

    def ec2():
        return boto3.client("ec2", endpoint_url=f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}", region_name=get_region())

    def rule_of(properties):
        names = ("IpProtocol", "FromPort", "ToPort")
        given = {name: int(properties[name]) if name.endswith("Port") else properties[name] for name in names}
        return {**given, "IpRanges": [{"CidrIp": properties["CidrIp"], "Description": properties.get("Description", "")}]}

    def create(logical_id, properties, _stack_name):
        answer = ec2().authorize_security_group_ingress(GroupId=properties["GroupId"], IpPermissions=[rule_of(properties)])
        rules = answer.get("SecurityGroupRules") or [{}]
        return rules[0].get("SecurityGroupRuleId") or f"{properties['GroupId']}-{logical_id}", {}

    def delete(_physical_id, properties):
        ec2().revoke_security_group_ingress(GroupId=properties["GroupId"], IpPermissions=[rule_of(properties)])

    provisioners._RESOURCE_HANDLERS[kind] = {"create": create, "delete": delete}
    known = stacks._runs_on_worker_thread
    # It calls this program itself.
    stacks._runs_on_worker_thread = lambda other: other == kind or known(other)


def end_with_starter():
    """Waits for the end of standard input, then ends this process group: the emulator and every function in it."""
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGKILL)


def main():
    version = importlib.metadata.version("ministack")
    if version != VERIFIED_WITH:
        sys.exit(f"tools/emulator.py was verified with ministack {VERIFIED_WITH}, not with {version}")
    if os.getpgrp() != os.getpid():
        os.setpgrp()
    threading.Thread(target=end_with_starter, daemon=True, name="end-with-starter").start()
    iam_actions.extract_resource_arn = resource_arn
    iam_actions.request_tag_context = context

    from ministack import app
    from ministack.core.responses import request_scope
    from ministack.services import alb, autoscaling, cloudwatch, dynamodb, lambda_svc, route53, secretsmanager, stepfunctions, tagging
    from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks

    complete_callbacks(stepfunctions)
    know_the_region(engine, changesets, handlers, stacks)
    keep_versions(secretsmanager)
    admit_by_rules(provisioners, stacks)
    keep_configurations(provisioners)
    take_buckets_over(changesets, provisioners)
    rds_resources.register(provisioners, stacks)
    rds_resources.answer_machines(stepfunctions)
    emulator_groups.register(autoscaling, alb)
    emulator_health.register(route53, provisioners)
    emulator_tables.register(app, dynamodb, iam_evaluator, iam_actions, responses)
    emulator_rights.judge_rds(app, iam_actions, iam_evaluator)
    emulator_rights.know_tags(tagging)
    emulator_rights.note_rights(iam_evaluator, "rights.log")
    emulator_metrics.count_invocations(lambda_svc, cloudwatch)
    emulator_metrics.count_executions(stepfunctions, cloudwatch)
    emulator_metrics.evaluate_alarms(cloudwatch, request_scope)

    app.main()


if __name__ == "__main__":
    main()
