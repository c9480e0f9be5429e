"""DynamoDB tables that take their time, are backed up, restored across Regions and denied to writers, as on AWS.

MiniStack 1.5.33 makes, changes and deletes a table at once, restores within one Region alone and whatever the time asked for, keeps what
a restore loses on AWS, counts items at every look, and honours no resource policy. Backups and restores are in `emulator_backups.py`,
policies and rights in `emulator_table_rights.py`. What is not said by AWS's pages, and assumed here, has [U] beside it.
Source of the rest: each operation's page of <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations.html>.

How long anything takes stands in `TIMES`. A file `table-times.json` in the emulator's folder says otherwise, from the next call on.

What is not here: auto scaling, which MiniStack lacks, so there is none to lose, and the backup that AWS makes of a deleted table by
itself. Stacks make and delete their tables at once. A state machine's own `dynamodb:putItem` and its like pass by all of this.
"""

import json
import time
import zlib

import emulator_backups
import emulator_table_rights
from emulator_table_rights import fields, members, named, statements

TIMES_FILE = "table-times.json"
# In seconds. AWS takes minutes for most of it, five for what may be restored to, and an hour between changes of time to live.
TIMES = {
    "create": 0.3,
    "update": 0.3,
    "delete": 1.0,
    "backup": 1.0,
    "restore": 1.5,
    "expiry": 0.5,
    "expiry_again": 3600.0,
    "destination": 0.5,
    "policy": 0.5,
    "recovery_lag": 2.0,
    "count": 6 * 3600.0,
}
ITEMS = (
    "BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "TransactGetItems", "TransactWriteItems",
    "UpdateItem")
# What cannot be done to a table that is being made or deleted, and what DynamoDB calls that.
NOT_YET = {
    "CreateBackup": "TableInUseException",
    "DeleteResourcePolicy": "ResourceInUseException",
    "DisableKinesisStreamingDestination": "ResourceInUseException",
    "EnableKinesisStreamingDestination": "ResourceInUseException",
    "PutResourcePolicy": "ResourceInUseException",
    "TagResource": "ResourceInUseException",
    "UntagResource": "ResourceInUseException",
    "UpdateContinuousBackups": "ContinuousBackupsUnavailableException",
    "UpdateTable": "ResourceInUseException",
    "UpdateTimeToLive": "ResourceInUseException",
}
# Of these, what cannot be done while a table changes either.
NOT_WHILE_UPDATING = ("EnableKinesisStreamingDestination", "UpdateTable", "UpdateTimeToLive")



class Tables:
    """DynamoDB of all Regions, around MiniStack's. What a table has beyond that is in its own entry, under `_more`."""

    def __init__(self, known, dynamodb, evaluator, actions, responses):
        self.known, self.db, self.responses = known, dynamodb, responses
        self.describe = dynamodb._table_description
        self.backups = emulator_backups.Backups(self, dynamodb, responses)
        self.rights = emulator_table_rights.Rights(self, dynamodb, evaluator, actions, responses)
        self.own = {
            **self.backups.operations,
            **self.rights.operations,
            "CreateTable": self.create,
            "DeleteTable": self.delete,
            "EnableKinesisStreamingDestination": self.enable_destination,
            "UpdateTable": self.update,
            "UpdateTimeToLive": self.expire,
        }

    async def answer(self, method, path, headers, body, query):
        """Answers a call."""
        self.settle()
        action, call = headers.get("x-amz-target", "").rpartition(".")[2], fields(body)
        answer = self.rights.denied(action, call, headers, query) or self.refused(action, call)
        if answer is None and action not in self.own:
            return await self.known(method, path, headers, body, query)
        status, heads, text = answer or self.own[action](call)
        text = text if isinstance(text, bytes) else text.encode()
        return status, {**heads, "x-amz-crc32": str(zlib.crc32(text))}, text

    @staticmethod
    def seconds(what):
        """How long something takes."""
        try:
            with open(TIMES_FILE, encoding="utf-8") as file:
                return json.load(file).get(what, TIMES[what])
        except (FileNotFoundError, ValueError):
            return TIMES[what]

    def settle(self):
        """What has come about meanwhile, in every Region."""
        now = time.time()
        for (account, region, name), table in self.db._tables.all_items():
            with self.responses.request_scope(account, region):
                self.settle_table(name, table, now)
        self.backups.settle(now)

    def settle_table(self, name, table, now):
        more = self.more(table)
        if now >= more.get("until", now + 1):
            more.pop("until")
            if table["TableStatus"] == "DELETING":
                self.db._delete_table({"TableName": name})
                self.forget(name)
                return
            table["TableStatus"] = "ACTIVE"
            if "RestoreSummary" in table:
                table["RestoreSummary"]["RestoreInProgress"] = False
        setting = self.db._ttl_settings.get(name)
        if setting and now >= more.get("expiry_until", 0):
            if setting["TimeToLiveStatus"] == "ENABLING":
                setting["TimeToLiveStatus"] = "ENABLED"
            elif setting["TimeToLiveStatus"] == "DISABLING":
                self.db._ttl_settings.pop(name)
        for destination in self.db._kinesis_destinations.get(name) or []:
            if destination["DestinationStatus"] == "ENABLING" and now >= destination["_until"]:
                destination["DestinationStatus"] = "ACTIVE"

    def more(self, table):
        """What is kept of a table beyond what MiniStack does. A replica begins as a copy of its table, and has none of that."""
        more = table.setdefault("_more", {})
        if more.get("of") != table.get("TableId"):
            more = table["_more"] = {"of": table.get("TableId"), "counted": (time.time(), 0, 0), "policies": {}}
        return more

    def table(self, name):
        """A table of this Region, by name or ARN; `None` where there is none."""
        return self.db._tables.get(self.db._normalize_table_name(name)) if isinstance(name, str) else None

    def here(self, kind_and_name):
        """An ARN of DynamoDB in this Region."""
        return f"arn:aws:dynamodb:{self.responses.get_region()}:{self.responses.get_account_id()}:{kind_and_name}"

    def error(self, code, message):
        return self.responses.error_response_json(code, message, 400)

    def begin(self, table, status, what):
        """Sets a table on its way."""
        table["TableStatus"] = status
        self.more(table)["until"] = time.time() + self.seconds(what)

    def shown(self, name):
        return self.responses.json_response({"TableDescription": self.description(name)})

    def description(self, name):
        """How a table is described: with an old count, and with what it was made of."""
        described, table = self.describe(name), self.db._tables[name]
        described["TableId"] = table["TableId"]
        described["ItemCount"], described["TableSizeBytes"] = self.counted(table)
        if "RestoreSummary" in table:
            described["RestoreSummary"] = table["RestoreSummary"]
        if described["TableStatus"] == "CREATING" and "GlobalSecondaryIndexes" in described:
            described["GlobalSecondaryIndexes"] = [
                {**index, "IndexStatus": "CREATING"} for index in described["GlobalSecondaryIndexes"]]
        return described

    def counted(self, table):
        """How many items and bytes a table had when DynamoDB last counted, which it does every six hours: none at its beginning."""
        more = self.more(table)
        if time.time() - more["counted"][0] >= self.seconds("count"):
            more["counted"] = (time.time(), *self.size(table["items"]))
        return more["counted"][1:]

    def size(self, items):
        rows = [row for partition in list(items.values()) for row in list(partition.values())]
        return len(rows), sum(map(self.db._item_size_bytes, rows))

    def forget(self, name):
        """Takes away what is set for a table's name, so that no table made anew has it."""
        arn = self.here(f"table/{name}")
        self.db._tags.pop(arn, None)
        for policy in self.db._resource_policies.keys():
            if policy == arn or policy.startswith(f"{arn}/"):
                self.db._resource_policies.pop(policy, None)
        for settings in (self.db._ttl_settings, self.db._pitr_settings, self.db._kinesis_destinations, self.db._contributor_insights):
            settings.pop(name, None)

    def refused(self, action, call):
        """Why a call is refused for the state of a table; `None` where it is not."""
        named_by_statements = [name for _, name in statements(call)]
        for name in named(call) + named_by_statements:
            table = self.table(name)
            status = table["TableStatus"] if table else "ACTIVE"
            # A table that is being deleted may still be read and written.
            if status == "CREATING" and (action in ITEMS or named_by_statements):
                return self.error("ResourceNotFoundException", "Requested resource not found")
            busy = ("CREATING", "DELETING", *(("UPDATING",) if action in NOT_WHILE_UPDATING else ()))
            if action in NOT_YET and status in busy:
                words = f"Attempt to change a resource which is still in use: Table is being {status.lower()}: {table['TableName']}"
                return self.error(NOT_YET[action], words)
        return None

    def create(self, call):
        name = call.get("TableName")
        if isinstance(name, str) and name not in self.db._tables:
            self.forget(name)
        answer = self.db._create_table(call)
        if answer[0] != 200:
            return answer
        table = self.db._tables[name]
        if call.get("ResourcePolicy"):
            self.db._resource_policies[table["TableArn"]] = {"Policy": call["ResourcePolicy"], "RevisionId": self.responses.new_uuid()}
        self.begin(table, "CREATING", "create")
        return self.shown(name)

    def update(self, call):
        table, stream = self.table(call.get("TableName")), call.get("StreamSpecification") or {}
        if table and stream.get("StreamEnabled") and (table.get("StreamSpecification") or {}).get("StreamEnabled"):
            return self.error("ValidationException", f"Table already has an enabled stream: TableName: {table['TableName']}")
        answer = self.db._update_table(call)
        if answer[0] != 200:
            return answer
        for one in members(call.get("GlobalSecondaryIndexUpdates")):
            wanted = one.get("Update") or {}
            for index in table["GlobalSecondaryIndexes"]:
                if index["IndexName"] == wanted.get("IndexName") and "OnDemandThroughput" in wanted:
                    index["OnDemandThroughput"] = wanted["OnDemandThroughput"]
        self.begin(table, "UPDATING", "update")
        return self.shown(table["TableName"])

    def delete(self, call):
        table = self.table(call.get("TableName"))
        if table is None:
            return self.db._delete_table(call)
        name, status = table["TableName"], table["TableStatus"]
        if status == "DELETING":
            return self.shown(name)
        if status != "ACTIVE":
            words = f"Attempt to change a resource which is still in use: Table is being {status.lower()}: {name}"
            return self.error("ResourceInUseException", words)
        if table.get("DeletionProtectionEnabled"):
            words = "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
            return self.error("ValidationException", words)
        self.begin(table, "DELETING", "delete")
        return self.shown(name)

    def expire(self, call):
        table, now = self.table(call.get("TableName")), time.time()
        more = self.more(table) if table else {}
        if now - more.get("expiry_at", 0) < self.seconds("expiry_again"):
            return self.error("ValidationException", "Time to live has been modified multiple times within a fixed interval")
        is_on = bool((call.get("TimeToLiveSpecification") or {}).get("Enabled"))
        setting = self.db._ttl_settings.get(table["TableName"], {}) if table else {}
        if table and is_on == (setting.get("TimeToLiveStatus") == "ENABLED"):
            return self.error("ValidationException", f"TimeToLive is already {'enabled' if is_on else 'disabled'}")
        answer = self.db._update_ttl(call)
        if answer[0] == 200:
            self.db._ttl_settings[table["TableName"]]["TimeToLiveStatus"] = "ENABLING" if is_on else "DISABLING"
            more.update(expiry_at=now, expiry_until=now + self.seconds("expiry"))
        return answer

    def enable_destination(self, call):
        table = self.table(call.get("TableName"))
        known = (self.db._kinesis_destinations.get(table["TableName"]) if table else None) or []
        if any(one["StreamArn"] == call.get("StreamArn") and one["DestinationStatus"] == "ENABLING" for one in known):
            return self.error("ResourceInUseException", f"Table {table['TableName']} is being connected to {call['StreamArn']}")
        answer = self.db._enable_kinesis_streaming_destination(call)
        if answer[0] == 200:
            for destination in self.db._kinesis_destinations[table["TableName"]]:
                if destination["StreamArn"] == call["StreamArn"]:
                    destination.update(DestinationStatus="ENABLING", _until=time.time() + self.seconds("destination"))
        return answer


def register(app, dynamodb, evaluator, actions, responses):
    """Wraps what answers DynamoDB's calls, in place, and what their callers are judged by."""
    tables = Tables(app.SERVICE_HANDLERS["dynamodb"], dynamodb, evaluator, actions, responses)
    known_set, known_remove, known_encryption = dynamodb._set_item, dynamodb._remove_item, dynamodb._sse_description_from_spec

    def set_item(table, partition, row, item):
        before = known_set(table, partition, row, item)
        tables.backups.note(table, partition, row, before)
        return before

    def remove_item(table, partition, row):
        before = known_remove(table, partition, row)
        tables.backups.note(table, partition, row, before)
        return before

    def encryption(spec):
        # By DynamoDB's own key nothing is described.
        return known_encryption(spec) if spec and spec.get("Enabled") else None

    dynamodb._set_item, dynamodb._remove_item = set_item, remove_item
    dynamodb._table_description, dynamodb._sse_description_from_spec = tables.description, encryption
    emulator_table_rights.judge(evaluator, actions)
    app.SERVICE_HANDLERS["dynamodb"] = tables.answer
