"""Stacks as CloudFormation has them: what would change, and the change itself."""

import re
import threading
import time

import botocore.exceptions

import templates

POLL_SECONDS = 0.5
CHANGE_SET_SECONDS_MAX = 300
# A member of a global database takes a while: CloudFormation itself waits for it.
STACK_SECONDS_MAX = 7_200

# What holds data, or the only copy of it. A change set that would take one away is not executed.
HOLDS_DATA = {
    "AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "AWS::RDS::GlobalCluster",
    "AWS::Route53::HostedZone", "AWS::S3::Bucket", "AWS::SecretsManager::Secret",
}
NOTHING_TO_DO = re.compile(r"didn't contain changes|No updates are to be performed", re.IGNORECASE)

WAYS_OUT = {
    "ROLLBACK_COMPLETE": "its first creation failed; delete it with `{delete}`, and by hand what its events name as kept, such as a "
                         "cluster with deletion protection, then deploy again",
    "ROLLBACK_FAILED": "its first creation failed and could not be taken back; read its events, delete what is left with `{delete}` "
                       "and deploy again",
    "DELETE_FAILED": "something of it could not be deleted; read its events, then `{delete}`",
    "UPDATE_ROLLBACK_FAILED": "its last change could not be taken back; put right what its events name, then "
                              "`aws cloudformation continue-update-rollback --region {region} --stack-name {name}`",
    "REVIEW_IN_PROGRESS": "it was only looked at and never made; delete it with `{delete}` and deploy again",
}


class Refused(Exception):
    """One sentence on why a stack cannot be deployed."""


def way_out(region, name, status):
    delete = f"aws cloudformation delete-stack --region {region} --stack-name {name}"
    if status.endswith("_IN_PROGRESS") and status not in WAYS_OUT:
        return f"stack {name} in {region} is {status}; wait for its end, and deploy again"
    if status in WAYS_OUT:
        return f"stack {name} in {region} is {status}: " + WAYS_OUT[status].format(delete=delete, region=region, name=name)
    return None


class Region:
    """CloudFormation in one Region."""

    def __init__(self, client, region, tags, role, account):
        self.client, self.region, self.tags, self.role, self.account = client, region, tags, role, account

    def described(self, name):
        try:
            return self.client.describe_stacks(StackName=name)["Stacks"][0]
        except botocore.exceptions.ClientError as why:
            if "does not exist" in why.response["Error"]["Message"]:
                return None
            raise

    def change_set(self, stack, values, kept):
        """Makes a change set and answers its name, its kind and its changes; nothing where nothing changes."""
        there = self.described(stack.name)
        if there and (fault := way_out(self.region, stack.name, there["StackStatus"])):
            raise Refused(fault)
        kind = "UPDATE" if there else "CREATE"
        parameters = [
            {"ParameterKey": name, "UsePreviousValue": True} if there and name in kept else
            {"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
        name = f"deploy-{time.time_ns()}"
        given = {
            "StackName": stack.name, "ChangeSetName": name, "ChangeSetType": kind,
            "TemplateBody": templates.with_names(stack.body(), values, self.account, self.region),
            "Parameters": parameters, "Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            # What an earlier installation left, a table, a bucket or a log group, is taken over.
            "ImportExistingResources": True,
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(self.tags.items())],
        }
        if self.role:
            given["RoleARN"] = self.role
        self.client.create_change_set(**given)
        made = self._when_made(stack.name, name)
        if made is None:
            if not there:
                self.client.delete_stack(StackName=stack.name)
            return None
        return name, kind, made

    def _when_made(self, stack, name):
        deadline = time.monotonic() + CHANGE_SET_SECONDS_MAX
        while time.monotonic() < deadline:
            answer = self.client.describe_change_set(StackName=stack, ChangeSetName=name)
            if answer["Status"] == "CREATE_COMPLETE":
                changes = list(answer["Changes"])
                while answer.get("NextToken"):
                    answer = self.client.describe_change_set(StackName=stack, ChangeSetName=name, NextToken=answer["NextToken"])
                    changes += answer["Changes"]
                return [change["ResourceChange"] for change in changes]
            if answer["Status"] == "FAILED":
                self.client.delete_change_set(StackName=stack, ChangeSetName=name)
                reason = answer.get("StatusReason", "")
                if NOTHING_TO_DO.search(reason):
                    return None
                raise Refused(f"stack {stack} in {self.region} cannot be changed: {reason}")
            time.sleep(POLL_SECONDS)
        raise Refused(f"the change set of stack {stack} in {self.region} was not ready within {CHANGE_SET_SECONDS_MAX} s")

    def forget(self, stack, change_set, kind):
        """Takes a change set back that is not executed, and with it the stack that it would have made."""
        self.client.delete_change_set(StackName=stack, ChangeSetName=change_set)
        if kind == "CREATE":
            self.client.delete_stack(StackName=stack)

    def execute(self, stack, change_set):
        self.client.execute_change_set(StackName=stack, ChangeSetName=change_set)
        self.until(stack, ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"))

    def until(self, stack, wanted):
        deadline = time.monotonic() + STACK_SECONDS_MAX
        while time.monotonic() < deadline:
            there = self.described(stack)
            status = there["StackStatus"] if there else "DELETE_COMPLETE"
            if status in wanted:
                return
            if not status.endswith("_IN_PROGRESS"):
                raise Refused(f"stack {stack} in {self.region} ended {status}: {self.first_failure(stack)}")
            time.sleep(POLL_SECONDS)
        raise Refused(f"stack {stack} in {self.region} did not end within {STACK_SECONDS_MAX} s; look at its events")

    def first_failure(self, stack):
        """The reason of the first failure of the last operation."""
        reason = "look at its events"
        for page in self.client.get_paginator("describe_stack_events").paginate(StackName=stack):
            for event in page["StackEvents"]:
                begins = event["ResourceType"] == "AWS::CloudFormation::Stack" and event["ResourceStatus"].endswith(
                    ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")) and "ROLLBACK" not in event["ResourceStatus"]
                if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in event.get("ResourceStatusReason", ""):
                    reason = f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason')}"
                if begins:
                    return reason
        return reason

    def delete(self, stack):
        if self.described(stack) is None:
            return False
        self.client.delete_stack(StackName=stack)
        self.until(stack, ("DELETE_COMPLETE",))
        return True


def takes_away(change):
    """Whether a change would remove or replace what holds data."""
    is_lost = change["Action"] == "Remove" or change.get("Replacement") == "True"
    return change["ResourceType"] in HOLDS_DATA and is_lost


def in_words(change):
    word = {"Add": "makes", "Modify": "changes", "Remove": "removes", "Import": "takes over"}.get(change["Action"], change["Action"])
    if change["Action"] == "Modify" and change.get("Replacement") in ("True", "Conditional"):
        word = "replaces" if change["Replacement"] == "True" else "may replace"
    return f"{word} {change['LogicalResourceId']} ({change['ResourceType']})"


def side_by_side(jobs):
    """Runs jobs in threads of their own and answers their results; the first failure is raised when all have ended."""
    results, failures = [None] * len(jobs), []

    def run(at, job):
        try:
            results[at] = job()
        except Exception as why:  # Handed to whoever waits.
            failures.append(why)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results
