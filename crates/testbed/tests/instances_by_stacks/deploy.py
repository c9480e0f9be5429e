"""Creates or updates a stack and waits for its end, without the half minute between two looks of the AWS CLI.

Usage: deploy.py <template> <Region> <stack> <parameter>=<value> ...
"""

import pathlib
import sys
import time

import boto3
import botocore.exceptions

LOOKS_MAX, POLL_SECONDS = 600, 0.2

template, region, stack, *given = sys.argv[1:]
client = boto3.client("cloudformation", region_name=region)
parameters = [dict(zip(("ParameterKey", "ParameterValue"), one.split("=", 1))) for one in given]
there = [one["StackName"] for page in client.get_paginator("describe_stacks").paginate() for one in page["Stacks"]]
change = client.update_stack if stack in there else client.create_stack
try:
    body = pathlib.Path(template).read_text(encoding="utf-8")
    change(StackName=stack, TemplateBody=body, Parameters=parameters, Capabilities=["CAPABILITY_IAM"])
except botocore.exceptions.ClientError as why:
    if "No updates are to be performed" in str(why):
        sys.exit()
    sys.exit(str(why))
for _ in range(LOOKS_MAX):
    status = client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    if not status.endswith("_IN_PROGRESS"):
        break
    time.sleep(POLL_SECONDS)
if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
    events = client.describe_stack_events(StackName=stack)["StackEvents"]
    sys.exit("\n".join([status, *(event.get("ResourceStatusReason", "") for event in events)]))
