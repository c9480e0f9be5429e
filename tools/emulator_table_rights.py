"""What tables' own policies deny, and what the calls of backups and restores are judged by.

MiniStack 1.5.33 keeps the policies of tables and honours none. Here what one denies is denied, to the account's root too, and what one
allows counts for nothing. MiniStack's `aws:PrincipalArn` is a session's, where AWS has the role's, and it judges a restore by no resource.
What a call is checked against mirrors the Service Authorization Reference of DynamoDB.
"""

import json
import re
import time

from ministack.core.router import extract_access_key_id

# What a role must be allowed on a table that it restores.
# Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_IAM.html>.
FILLS = ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
STATEMENT = re.compile(r'\s*(INSERT\s+INTO|UPDATE|DELETE\s+FROM|SELECT\b.*?\bFROM)\s+"?([\w.-]+)', re.IGNORECASE | re.DOTALL)
ASSUMED = re.compile(r"arn:(aws[a-z-]*):sts::(\d+):assumed-role/([^/]+)/")


def fields(body):
    """The call's fields, none where it has no JSON object."""
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def members(value):
    """The objects of a list; none where it is none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def named(call):
    """The tables that a call names, each by name or ARN."""
    requests = call.get("RequestItems")
    names = [call.get("TableName"), call.get("ResourceArn"), *(requests if isinstance(requests, dict) else [])]
    for item in members(call.get("TransactItems")):
        names.extend(operation.get("TableName") for operation in item.values() if isinstance(operation, dict))
    return [name for name in names if isinstance(name, str) and name]


def statements(call):
    """What a call of PartiQL does, and to which table. A write is asked by the action of its kind."""
    listed = members(call.get("Statements")) + members(call.get("TransactStatements"))
    texts = [one.get("Statement") for one in [call, *listed]]
    found = [STATEMENT.match(text) for text in texts if isinstance(text, str)]
    return [(f"dynamodb:PartiQL{match[1].split()[0].title()}", match[2]) for match in found if match]


def role_of(principal):
    """What `aws:PrincipalArn` is: of a session its role's ARN. A role's path is not in the session's ARN, and left out."""
    session = ASSUMED.match(principal)
    return f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}" if session else principal


class Rights:
    """The policies of all tables, as they are seen and honoured by now."""

    def __init__(self, tables, dynamodb, evaluator, actions, responses):
        self.tables, self.db, self.evaluator, self.actions, self.responses = tables, dynamodb, evaluator, actions, responses
        self.operations = {
            "DeleteResourcePolicy": self.change_policy(dynamodb._delete_resource_policy),
            "GetResourcePolicy": self.get_policy,
            "PutResourcePolicy": self.change_policy(dynamodb._put_resource_policy),
        }

    def denied(self, action, call, headers, query):
        """The refusal of a call that MiniStack would let through; `None` where that is right."""
        refusal = self.denied_by_table(action, call, headers, query)
        if refusal is None and action in ("RestoreTableFromBackup", "RestoreTableToPointInTime"):
            refusal = self.may_not_fill(call, headers, query)
        return refusal

    def denied_by_table(self, action, call, headers, query):
        """The refusal of a call that a table's own policy denies; `None` where none does. The account's root is denied too."""
        account, region = self.responses.get_account_id(), self.responses.get_region()
        asked = [(f"dynamodb:{action}", name) for name in named(call)] + statements(call)
        if action.startswith("Transact"):
            asked = self.actions.dynamodb_transaction_checks(f"dynamodb:{action}", json.dumps(call).encode(), region, account)
        for operation, name in asked:
            table = self.tables.table(name)
            policy = table and self.policy(table["TableArn"])
            # Nobody locks the root out of taking a policy away.
            if not policy or operation == "dynamodb:DeleteResourcePolicy":
                continue
            caller = self.evaluator.resolve_principal(extract_access_key_id(headers, query) or "", account)
            if isinstance(caller, self.evaluator.AuthError):
                return self.actions.access_denied_response("dynamodb", operation, "", "denied", headers=headers)
            asks = self.evaluator.EvalContext(
                principal_arn=caller.arn, principal_type=caller.type, principal_account=caller.account, action=operation,
                resource_arn=table["TableArn"], region=region, principal_keys=caller.keys)
            if self.evaluator.evaluate_resource_policy(policy["Policy"], asks).decision == "Deny":
                return self.actions.access_denied_response(
                    "dynamodb", operation, caller.arn, "denied", headers=headers, resource_arn=table["TableArn"],
                    explicit_deny=True, resource_policy_arn=table["TableArn"])
        return None

    def may_not_fill(self, call, headers, query):
        """The refusal of a restore by somebody who may not write the table that it makes; `None` where it is allowed."""
        region, arn = self.responses.get_region(), self.tables.here(f"table/{call.get('TargetTableName')}")
        caller = extract_access_key_id(headers, query)
        for action in (f"dynamodb:{operation}" for operation in FILLS):
            denied = self.evaluator.enforce(caller, action, "dynamodb", region, resource_arn=arn)
            if denied:
                principal = getattr(denied, "principal_arn", "")
                return self.actions.access_denied_response(
                    "dynamodb", action, principal, "denied", headers=headers, resource_arn=arn)
        return None

    def policy(self, arn):
        """A policy as it is seen and honoured by now: what was put or taken away takes a while."""
        policies = self.tables.more(self.tables.table(self.db._table_name_from_arn(arn)))["policies"]
        before, until = policies.get(arn, (None, 0))
        return before if time.time() < until else self.db._resource_policies.get(arn)

    def get_policy(self, call):
        arn = call.get("ResourceArn")
        if not arn or not self.db._resource_arn_exists(arn):
            return self.db._get_resource_policy(call)
        policy = self.policy(arn)
        if policy is None:
            return self.tables.error("PolicyNotFoundException", f"No resource-based policy found for resource {arn}")
        return self.responses.json_response(dict(policy))

    def change_policy(self, known):
        def change(call):
            arn = call.get("ResourceArn")
            table = self.tables.table(self.db._table_name_from_arn(arn)) if arn else None
            before, seen = (self.db._resource_policies.get(arn), self.policy(arn)) if table else (None, None)
            answer = known(call)
            if answer[0] != 200 or table is None:
                return answer
            if before and call.get("Policy") == before["Policy"]:
                self.db._resource_policies[arn] = before
                return self.responses.json_response({"RevisionId": before["RevisionId"]})
            self.tables.more(table)["policies"][arn] = (seen, time.time() + self.tables.seconds("policy"))
            return answer

        return change


def judge(evaluator, actions):
    """Wraps what callers are judged by, in place."""
    known_arns, known_key = actions.dynamodb_resource_arns, evaluator._resolve_condition_key

    def resource_arns(body, region, account):
        call = fields(body)
        names = [call.get("SourceTableName"), call.get("TargetTableName")]
        found = [call.get(field) for field in ("BackupArn", "ResourceArn", "SourceTableArn")]
        found += [f"arn:aws:dynamodb:{region}:{account}:table/{name}" for name in names if name]
        return [arn for arn in found if isinstance(arn, str) and arn] or known_arns(body, region, account)

    def condition_key(key, context):
        value = known_key(key, context)
        return role_of(value) if key.lower() == "aws:principalarn" else value

    actions.dynamodb_resource_arns, evaluator._resolve_condition_key = resource_arns, condition_key
