"""Says what RDS says when it took a snapshot. AWS alone may publish under its name, so the rule's pattern is asked about the event, and the
machine that is its target is started as the rule starts it, with its waits cut short. Prints how the execution ended.

Usage: took.py <Region> <stack> <snapshot>, or without a snapshot to print what the machine gives to StartExportTask.
"""

import json
import sys
import time

import boto3

LOOKS_MAX, POLL_SECONDS = 300, 0.1

region, stack, *snapshot = sys.argv[1:]
account = "123456789012"
resources = boto3.client("cloudformation", region_name=region).describe_stack_resources(StackName=stack)["StackResources"]
made = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}
machines, events = boto3.client("stepfunctions", region_name=region), boto3.client("events", region_name=region)
machine = made["Exports"]
definition = json.loads(machines.describe_state_machine(stateMachineArn=machine)["definition"])
if not snapshot:
    print(json.dumps(definition["States"]["StartExport"]["Arguments"]))
    sys.exit()
if definition["States"]["Pause"]["Seconds"] > 1:
    definition["States"]["Pause"]["Seconds"] = 1
    machines.update_state_machine(stateMachineArn=machine, definition=json.dumps(definition))
name = made["SnapshotTaken"].rpartition("/")[2]
rule = events.describe_rule(Name=name)
target, = events.list_targets_by_rule(Rule=name)["Targets"]
assert target["Arn"] == machine, target
arn = f"arn:aws:rds:{region}:{account}:snapshot:{snapshot[0]}"
event = {
    "version": "0", "id": "844e2571-85d4-695f-b930-0153b71dcb42", "detail-type": "RDS DB Snapshot Event", "source": "aws.rds",
    "account": account, "time": "2026-01-06T04:12:30Z", "region": region, "resources": [arn],
    "detail": {
        "EventCategories": ["creation"], "SourceType": "SNAPSHOT", "SourceArn": arn, "Date": "2026-01-06T04:12:30.000Z",
        "Message": "Automated snapshot created", "SourceIdentifier": snapshot[0], "EventID": "RDS-EVENT-0091"},
}
if not events.test_event_pattern(EventPattern=rule["EventPattern"], Event=json.dumps(event))["Result"]:
    print("not admitted")
    sys.exit()
execution = machines.start_execution(stateMachineArn=machine, input=json.dumps(event))["executionArn"]
for _ in range(LOOKS_MAX):
    ended = machines.describe_execution(executionArn=execution)
    if ended["status"] != "RUNNING":
        break
    time.sleep(POLL_SECONDS)
print(" ".join([ended["status"], ended.get("error", ""), ended.get("cause", "")]).strip())
