"""Backups of DynamoDB tables, and tables made of them or of a moment, in whichever Region.

What a table is made of is its items, its key, its indexes and its capacity. All else that was set there is lost, as on AWS. What is
not said by AWS's pages, and assumed here, has [U] beside it. Point-in-time recovery has every change since it was turned on, up to
`CHANGES_KEPT`: a moment before these is refused with `InvalidRestoreTimeException`, and the earliest moment that is shown follows.
Source of the rest: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableFromBackup.html>, and the pages of
the other operations.
"""

import collections
import copy
import json
import math
import re
import time

CHANGES_KEPT = 100_000
# Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html>.
RESTORES_AT_ONCE = 50
RECOVERY_DAYS = 35
# Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Restore.Tutorial.html>.
ALONE = ("ap-east-1", "me-south-1")


def region_of(arn):
    """The Region of an ARN; empty where it is none."""
    parts = arn.split(":")
    return parts[3] if len(parts) > 5 else ""


def back_to(items, changes, at):
    """A copy of items as they were at a moment, by the changes since."""
    then = {partition: dict(rows) for partition, rows in items.items()}
    for changed_at, partition, row, before in reversed(changes):
        if changed_at <= at:
            break
        rows = then.setdefault(partition, {})
        rows.pop(row, None)
        if before is not None:
            rows[row] = before
    return copy.deepcopy({partition: rows for partition, rows in then.items() if rows})


class Backups:
    """The backups of all Regions. What a table has beyond what MiniStack keeps is asked of `tables`."""

    def __init__(self, tables, dynamodb, responses):
        self.tables, self.db, self.responses = tables, dynamodb, responses
        self.operations = {
            "CreateBackup": self.create,
            "DeleteBackup": self.delete,
            "DescribeContinuousBackups": self.describe_recovery,
            "RestoreTableFromBackup": self.restore_backup,
            "RestoreTableToPointInTime": self.restore_moment,
            "UpdateContinuousBackups": self.update_recovery,
        }

    def settle(self, now):
        """What has come about meanwhile."""
        for backup in self.db._backups.all_values():
            if backup["BackupDetails"]["BackupStatus"] == "CREATING" and now >= backup["_until"]:
                backup["BackupDetails"]["BackupStatus"] = "AVAILABLE"

    def create(self, call):
        table = self.tables.table(call.get("TableName"))
        if table and any(self.is_of(backup, table, "CREATING") for backup in self.db._backups.values()):
            return self.busy()
        answer = self.db._create_backup(call)
        if answer[0] != 200:
            return answer
        arn = json.loads(answer[2])["BackupDetails"]["BackupArn"]
        # As it stands now, whatever becomes of the table.
        backup = self.db._backups[arn] = copy.deepcopy(self.db._backups[arn])
        details, source = backup["BackupDetails"], backup["SourceTableDetails"]
        source["ItemCount"], source["TableSizeBytes"] = self.tables.counted(table)
        if table.get("OnDemandThroughput"):
            source["OnDemandThroughput"] = table["OnDemandThroughput"]
        backup["_until"] = time.time() + self.tables.seconds("backup")
        details.update(BackupStatus="CREATING", BackupSizeBytes=self.tables.size(table["items"])[1])
        return self.responses.json_response({"BackupDetails": details})

    def is_of(self, backup, table, status):
        return backup["SourceTableDetails"]["TableId"] == table["TableId"] and backup["BackupDetails"]["BackupStatus"] == status

    def busy(self):
        words = "There is another ongoing conflicting backup control plane operation on the table. "
        return self.tables.error("BackupInUseException", words + "The backup is either being created, deleted or restored to a table.")

    def delete(self, call):
        arn = call.get("BackupArn")
        backup = self.db._backups.get(arn)
        restored = [table.get("RestoreSummary") or {} for table in self.db._tables.all_values()]
        if backup and (backup["BackupDetails"]["BackupStatus"] == "CREATING" or any(
                one.get("SourceBackupArn") == arn and one["RestoreInProgress"] for one in restored)):
            return self.busy()
        if backup:
            backup["BackupDetails"]["BackupStatus"] = "DELETED"
        return self.db._delete_backup(call)

    def update_recovery(self, call):
        table, wanted = self.tables.table(call.get("TableName")), call.get("PointInTimeRecoverySpecification") or {}
        if table is None:
            return self.tables.error("TableNotFoundException", f"Table not found: {call.get('TableName')}")
        days = wanted.get("RecoveryPeriodInDays", RECOVERY_DAYS)
        if not isinstance(days, int) or not 1 <= days <= RECOVERY_DAYS:
            return self.tables.error("ValidationException", f"RecoveryPeriodInDays must be between 1 and {RECOVERY_DAYS}")
        more, is_on = self.tables.more(table), bool(wanted.get("PointInTimeRecoveryEnabled"))
        self.db._pitr_settings[table["TableName"]] = is_on
        if not is_on:
            more.pop("changes", None)
        elif "changes" not in more:
            more.update(changes=collections.deque(maxlen=CHANGES_KEPT), since=time.time())
        more["days"] = days
        return self.describe_recovery(call)

    def recoverable(self, table):
        """The earliest and the latest moment that a table can be restored to."""
        more, now = self.tables.more(table), time.time()
        earliest = max(more["since"], now - more["days"] * 86_400)
        if len(more["changes"]) == CHANGES_KEPT:
            earliest = max(earliest, more["changes"][0][0])
        # In whole seconds, as it is asked for.
        earliest = math.ceil(earliest)
        return earliest, max(earliest, now - self.tables.seconds("recovery_lag"))

    def describe_recovery(self, call):
        table = self.tables.table(call.get("TableName"))
        if table is None:
            return self.tables.error("TableNotFoundException", f"Table not found: {call.get('TableName')}")
        recovery = {"PointInTimeRecoveryStatus": "DISABLED"}
        if "changes" in self.tables.more(table):
            earliest, latest = self.recoverable(table)
            recovery = {
                "PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": self.tables.more(table)["days"],
                "EarliestRestorableDateTime": earliest, "LatestRestorableDateTime": latest}
        return self.responses.json_response({"ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}})

    def note(self, table, partition, row, before):
        """Keeps what an item was, where its table can be restored to a moment."""
        changes = (table.get("_more") or {}).get("changes")
        if changes is not None:
            changes.append((time.time(), partition, row, before))

    def unrestorable(self, call, source_arn):
        """Why no table can be made as asked; `None` where it can."""
        home, away = self.responses.get_region(), region_of(source_arn)
        target, encryption = call.get("TargetTableName"), call.get("SSESpecificationOverride")
        if not isinstance(target, str) or not re.fullmatch(r"[a-zA-Z0-9_.-]{3,255}", target):
            return self.tables.error("ValidationException", f"Value '{target}' at 'targetTableName' failed to satisfy constraint")
        if away != home and not {home, away}.isdisjoint(ALONE):
            return self.tables.error("ValidationException", f"Cross-region restore is not supported from {away} to {home}")  # [U]
        if away != home and encryption is None:
            return self.tables.error("ValidationException", "SSESpecificationOverride is required for a cross-region restore")  # [U]
        key = (encryption or {}).get("KMSMasterKeyId") or ""
        if region_of(key) not in ("", home):
            return self.tables.error("ValidationException", f"KMS key {key} is not in {home}")  # [U]
        table = self.tables.table(target)
        if table and table["TableStatus"] in ("CREATING", "DELETING"):
            return self.tables.error("TableInUseException", f"Table is being {table['TableStatus'].lower()}: {target}")
        if table:
            return self.tables.error("TableAlreadyExistsException", f"Table already exists: {target}")
        restored = [table.get("RestoreSummary") or {} for table in self.db._tables.all_values()]
        if sum(one.get("RestoreInProgress", False) for one in restored) >= RESTORES_AT_ONCE:
            return self.tables.error("LimitExceededException", f"{RESTORES_AT_ONCE} restores are in progress")
        return None

    def restore_backup(self, call):
        arn = call.get("BackupArn")
        stored = [backup for (_, _, known), backup in self.db._backups.all_items() if known == arn]
        if not stored:
            return self.tables.error("BackupNotFoundException", f"Backup not found: {arn}")
        if stored[0]["BackupDetails"]["BackupStatus"] != "AVAILABLE":
            return self.busy()
        refusal = self.unrestorable(call, arn)
        if refusal:
            return refusal
        backup, source = stored[0], stored[0]["SourceTableDetails"]
        summary = {
            "SourceBackupArn": arn, "SourceTableArn": source["TableArn"],
            "RestoreDateTime": backup["BackupDetails"]["BackupCreationDateTime"], "RestoreInProgress": True}
        had = {**source, **backup["SourceTableFeatureDetails"], "AttributeDefinitions": backup["_attribute_definitions"]}
        return self.restore(call, had, backup["_items_snapshot"], summary)

    def restore_moment(self, call):
        arn = call.get("SourceTableArn") or self.tables.here(f"table/{call.get('SourceTableName')}")
        with self.responses.request_scope(self.responses.get_account_id(), region_of(arn) or self.responses.get_region()):
            source = self.tables.table(arn)
        if source is None or source["TableStatus"] in ("CREATING", "DELETING"):
            return self.tables.error("TableNotFoundException", f"Table not found: {arn}")
        if "changes" not in self.tables.more(source):
            words = f"Point in time recovery is not enabled for table '{source['TableName']}'"
            return self.tables.error("PointInTimeRecoveryUnavailableException", words)
        refusal = self.unrestorable(call, arn)
        if refusal:
            return refusal
        (earliest, latest), at = self.recoverable(source), call.get("RestoreDateTime")
        if (at is None) != bool(call.get("UseLatestRestorableTime")):
            return self.tables.error("ValidationException", "Either RestoreDateTime or UseLatestRestorableTime must be given")
        at = latest if at is None else at
        if not earliest <= at <= latest:
            words = "An invalid restore time was specified. RestoreDateTime must be between EarliestRestorableDateTime and "
            return self.tables.error("InvalidRestoreTimeException", words + "LatestRestorableDateTime.")
        items = back_to(source["items"], self.tables.more(source)["changes"], at)
        had = {**source, "BillingMode": (source.get("BillingModeSummary") or {}).get("BillingMode", "PROVISIONED")}
        summary = {"SourceTableArn": source["TableArn"], "RestoreDateTime": at, "RestoreInProgress": True}
        return self.restore(call, had, items, summary)

    def restore(self, call, had, items, summary):
        """Makes a table with the items, the key, the indexes and the capacity of another, and with nothing else that was set there."""
        name, db = call["TargetTableName"], self.db
        mode = call.get("BillingModeOverride") or had["BillingMode"]
        throughput = call.get("ProvisionedThroughputOverride") or (had["ProvisionedThroughput"] if mode == had["BillingMode"] else None)
        wanted = db._restore_create_request(
            name, had["KeySchema"], had["AttributeDefinitions"], mode, throughput, call, had.get("GlobalSecondaryIndexes"),
            had.get("LocalSecondaryIndexes"), None)
        if mode != had["BillingMode"]:
            for index in wanted.get("GlobalSecondaryIndexes", []):
                index.pop("ProvisionedThroughput", None)
        most = call.get("OnDemandThroughputOverride") or had.get("OnDemandThroughput")
        if most and mode == "PAY_PER_REQUEST":
            wanted["OnDemandThroughput"] = most
        if call.get("SSESpecificationOverride"):
            wanted["SSESpecification"] = call["SSESpecificationOverride"]
        self.tables.forget(name)
        answer = db._create_table(wanted)
        if answer[0] != 200:
            return answer
        table = db._tables[name]
        if "SSESpecificationOverride" not in call:
            table["SSEDescription"] = copy.deepcopy(had.get("SSEDescription"))
        table["items"] = collections.defaultdict(dict, copy.deepcopy(dict(items)))
        db._items_replaced(table)
        table["RestoreSummary"] = summary
        self.tables.begin(table, "CREATING", "restore")
        return self.tables.shown(name)
