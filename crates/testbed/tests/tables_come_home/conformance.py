"""Drives the emulator's DynamoDB with boto3, unmodified: what takes time takes it, what AWS refuses is refused with the code that its
model names, and what a restore loses on AWS is lost.

Usage: conformance.py <address of the emulator> <its folder>
"""

import json
import pathlib
import sys
import time

import boto3
import botocore.exceptions
from botocore.config import Config

ADDRESS, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
HOME, RECOVERY = "us-east-1", "us-west-2"
ACCOUNT = "123456789012"
KEYS = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "example"}
TIMES = {
    "create": 0.4, "update": 0.4, "delete": 0.6, "backup": 0.6, "restore": 0.6, "expiry": 0.4, "destination": 0.4, "policy": 0.6,
    "recovery_lag": 0.5}
SETTLED_SECONDS = 10
ALLOWED = "aurora-failover-restore-home-us-west-2"
BY_DYNAMODB = {"SSESpecificationOverride": {"Enabled": False}}

checked = 0


def client(service, region, keys=None):
    config = Config(retries={"total_max_attempts": 1}, read_timeout=10)
    return boto3.client(service, region_name=region, endpoint_url=ADDRESS, config=config, **(keys or KEYS))


home, recovery = client("dynamodb", HOME), client("dynamodb", RECOVERY)


def arn(region, name):
    return f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{name}"


def equal(what, found, wanted):
    global checked
    checked += 1
    if found != wanted:
        sys.exit(f"{what}: found {found!r}, expected {wanted!r}")


def refused(call, code, words="", **parameters):
    """The call is refused with this code, which the operation's model names, but for those that all operations have."""
    global checked
    checked += 1
    try:
        call(**parameters)
    except botocore.exceptions.ClientError as refusal:
        error = refusal.response["Error"]
        if error["Code"] != code or words not in error["Message"]:
            sys.exit(f"{call.__name__} {parameters}: refused with {error['Code']}: {error['Message']}")
        operation = call.__self__.meta.method_to_api_mapping[call.__name__]
        model = call.__self__.meta.service_model.operation_model(operation)
        if code not in ("ValidationException", "AccessDeniedException"):
            equal(f"{code} is in the model of {operation}", code in {shape.name for shape in model.error_shapes}, True)
        return
    sys.exit(f"{call.__name__} {parameters} was not refused")


def until(what, holds):
    deadline = time.monotonic() + SETTLED_SECONDS
    while time.monotonic() < deadline:
        if holds():
            return
        time.sleep(0.02)
    sys.exit(f"{what} did not come about within {SETTLED_SECONDS} s")


def table(db, name):
    return db.describe_table(TableName=name)["Table"]


def active(db, name):
    until(f"{name} active", lambda: table(db, name)["TableStatus"] == "ACTIVE")


def item(number, text="new"):
    return {"id": {"S": str(number)}, "text": {"S": text}, "count": {"N": str(number)}}


def items(db, name):
    """All items, by a scan of segments, as whoever compares two tables reads them."""
    found = []
    for segment in range(4):
        page = db.scan(TableName=name, Segment=segment, TotalSegments=4, ConsistentRead=True)
        equal(f"segment {segment} of {name} is one page", "LastEvaluatedKey" in page, False)
        found += page["Items"]
    return sorted(found, key=lambda one: int(one["count"]["N"]))


def create(db, name, **more):
    given = {
        "TableName": name,
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": attribute, "AttributeType": "S"} for attribute in ("id", "text")],
        "GlobalSecondaryIndexes": [{
            "IndexName": "by-text", "KeySchema": [{"AttributeName": "text", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"},
            "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 2}}],
        "ProvisionedThroughput": {"ReadCapacityUnits": 7, "WriteCapacityUnits": 4},
    }
    return db.create_table(**{**given, **more})["TableDescription"]


def backup(db, name, called):
    made = db.create_backup(TableName=name, BackupName=called)["BackupDetails"]
    equal("a backup's status at first", made["BackupStatus"], "CREATING")
    return made["BackupArn"]


def status_of(db, backup_arn):
    return db.describe_backup(BackupArn=backup_arn)["BackupDescription"]["BackupDetails"]["BackupStatus"]


def a_table_takes_its_time():
    made = create(home, "orders")
    equal("status at first", made["TableStatus"], "CREATING")
    refused(home.put_item, "ResourceNotFoundException", TableName="orders", Item=item(1))
    refused(home.delete_table, "ResourceInUseException", TableName="orders")
    refused(home.update_table, "ResourceInUseException", TableName="orders", DeletionProtectionEnabled=True)
    refused(home.create_backup, "TableInUseException", TableName="orders", BackupName="early")
    on = {"PointInTimeRecoveryEnabled": True}
    refused(home.update_continuous_backups, "ContinuousBackupsUnavailableException", TableName="orders",
            PointInTimeRecoverySpecification=on)
    active(home, "orders")
    for number in range(5):
        home.put_item(TableName="orders", Item=item(number, "old"))
    equal("ItemCount is an old count", table(home, "orders")["ItemCount"], 0)
    equal("the items are there", len(items(home, "orders")), 5)


def everything_is_set():
    home.update_table(TableName="orders", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    equal("status while it changes", table(home, "orders")["TableStatus"], "UPDATING")
    home.put_item(TableName="orders", Item=item(0, "old"))
    refused(home.update_table, "ResourceInUseException", TableName="orders", TableClass="STANDARD_INFREQUENT_ACCESS")
    refused(home.delete_table, "ResourceInUseException", TableName="orders")
    active(home, "orders")
    refused(home.update_table, "ValidationException", "enabled stream", TableName="orders",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    home.update_table(TableName="orders", TableClass="STANDARD_INFREQUENT_ACCESS", DeletionProtectionEnabled=True)
    active(home, "orders")
    expires = {"Enabled": True, "AttributeName": "until"}
    home.update_time_to_live(TableName="orders", TimeToLiveSpecification=expires)
    shown = lambda: home.describe_time_to_live(TableName="orders")["TimeToLiveDescription"]
    equal("time to live at first", shown(), {"TimeToLiveStatus": "ENABLING", "AttributeName": "until"})
    refused(home.update_time_to_live, "ValidationException", "multiple times", TableName="orders",
            TimeToLiveSpecification={**expires, "Enabled": False})
    until("time to live on", lambda: shown()["TimeToLiveStatus"] == "ENABLED")
    refused(home.update_time_to_live, "ValidationException", "multiple times", TableName="orders",
            TimeToLiveSpecification={**expires, "Enabled": False})
    home.tag_resource(ResourceArn=arn(HOME, "orders"), Tags=[{"Key": "team", "Value": "orders"}])
    home.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 20})
    stream = f"arn:aws:kinesis:{HOME}:{ACCOUNT}:stream/orders"
    client("kinesis", HOME).create_stream(StreamName="orders", ShardCount=1)
    home.enable_kinesis_streaming_destination(TableName="orders", StreamArn=stream)
    sent = lambda: home.describe_kinesis_streaming_destination(TableName="orders")["KinesisDataStreamDestinations"]
    equal("the destination at first", [one["DestinationStatus"] for one in sent()], ["ENABLING"])
    until("the destination active", lambda: sent()[0]["DestinationStatus"] == "ACTIVE")
    put_policy(home, HOME, "orders", "Allow")


def put_policy(db, region, name, effect, **more):
    document = {"Version": "2012-10-17", "Statement": [{
        "Sid": "Writes", "Effect": effect, "Principal": "*", "Resource": arn(region, name),
        "Action": [f"dynamodb:{action}" for action in (
            "BatchWriteItem", "DeleteItem", "PartiQLDelete", "PartiQLInsert", "PartiQLUpdate", "PutItem", "UpdateItem")],
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/aurora-failover-restore-home-*"}}}]}
    return db.put_resource_policy(ResourceArn=arn(region, name), Policy=json.dumps(document), **more)["RevisionId"]


def session(role, allowed):
    """A session of a new role, which may do this."""
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}]}
    iam = client("iam", HOME)
    made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    rights = [{"Effect": "Allow", "Action": actions, "Resource": resources} for actions, resources in allowed]
    iam.put_role_policy(
        RoleName=role, PolicyName="rights", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": rights}))
    given = client("sts", HOME).assume_role(RoleArn=made, RoleSessionName="test")["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"]}


def writes(db, name, number):
    """Every way to write an item, by the operation's name."""
    key, put = {"id": {"S": "9"}}, {"TableName": name, "Item": item(number)}
    return {
        "put_item": put,
        "update_item": {"TableName": name, "Key": key, "UpdateExpression": "SET #c = :n",
                        "ExpressionAttributeNames": {"#c": "count"}, "ExpressionAttributeValues": {":n": {"N": "9"}}},
        "delete_item": {"TableName": name, "Key": key},
        "batch_write_item": {"RequestItems": {name: [{"PutRequest": {"Item": item(number)}}]}},
        "transact_write_items": {"TransactItems": [{"Put": put}]},
        "execute_statement": {"Statement": f"""INSERT INTO "{name}" VALUE {{'id': 'by-statement', 'count': 9}}"""},
    }


def a_policy_denies_writers_after_a_while():
    create(recovery, "orders-dr")
    active(recovery, "orders-dr")
    everything = [("dynamodb:*", "*")]
    application, failback = session("orders-application", everything), session(ALLOWED, everything)
    application, failback = client("dynamodb", RECOVERY, application), client("dynamodb", RECOVERY, failback)
    refused(recovery.get_resource_policy, "PolicyNotFoundException", ResourceArn=arn(RECOVERY, "orders-dr"))
    revision = put_policy(recovery, RECOVERY, "orders-dr", "Deny", ExpectedRevisionId="NO_POLICY")
    refused(recovery.get_resource_policy, "PolicyNotFoundException", ResourceArn=arn(RECOVERY, "orders-dr"))
    application.put_item(TableName="orders-dr", Item=item(1))

    def seen():
        try:
            return recovery.get_resource_policy(ResourceArn=arn(RECOVERY, "orders-dr"))["RevisionId"] == revision
        except recovery.exceptions.PolicyNotFoundException:
            return False

    until("the policy seen", seen)
    equal("the same again has the same revision", put_policy(recovery, RECOVERY, "orders-dr", "Deny"), revision)
    for name, parameters in writes(recovery, "orders-dr", 2).items():
        refused(getattr(application, name), "AccessDeniedException", "resource-based policy", **parameters)
        refused(getattr(recovery, name), "AccessDeniedException", "resource-based policy", **parameters)
    equal("what was written before", len(items(application, "orders-dr")), 1)
    for number in range(2, 8):
        failback.put_item(TableName="orders-dr", Item=item(number))
    refused(recovery.delete_resource_policy, "PolicyNotFoundException", ResourceArn=arn(RECOVERY, "orders-dr"),
            ExpectedRevisionId="another")
    recovery.delete_resource_policy(ResourceArn=arn(RECOVERY, "orders-dr"), ExpectedRevisionId=revision)
    refused(application.put_item, "AccessDeniedException", TableName="orders-dr", Item=item(8))
    until("the policy gone", lambda: not seen())
    application.put_item(TableName="orders-dr", Item=item(8))


def a_backup_is_of_its_moment():
    made = backup(recovery, "orders-dr", "last-sync")
    refused(recovery.create_backup, "BackupInUseException", TableName="orders-dr", BackupName="another")
    refused(recovery.delete_backup, "BackupInUseException", BackupArn=made)
    refused(home.restore_table_from_backup, "BackupInUseException", BackupArn=made, TargetTableName="orders-side", **BY_DYNAMODB)
    recovery.put_item(TableName="orders-dr", Item=item(99, "late"))
    until("the backup available", lambda: status_of(recovery, made) == "AVAILABLE")
    listed = recovery.list_backups(TableName="orders-dr", BackupType="USER")["BackupSummaries"]
    equal("listed", [(one["BackupName"], one["BackupStatus"]) for one in listed], [("last-sync", "AVAILABLE")])
    equal("its size", listed[0]["BackupSizeBytes"] > 0, True)
    refused(home.describe_backup, "BackupNotFoundException", BackupArn=made)
    refused(home.restore_table_from_backup, "BackupNotFoundException", BackupArn=f"{made}0", TargetTableName="orders-side")
    return made


def a_backup_is_restored_in_another_region(made):
    target = {"BackupArn": made, "TargetTableName": "orders-side"}
    refused(home.restore_table_from_backup, "ValidationException", "SSESpecificationOverride", **target)
    refused(client("dynamodb", "ap-east-1").restore_table_from_backup, "ValidationException", "ap-east-1", **target, **BY_DYNAMODB)
    foreign = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": f"arn:aws:kms:{RECOVERY}:{ACCOUNT}:key/1234"}
    refused(home.restore_table_from_backup, "ValidationException", "KMS key", **target, SSESpecificationOverride=foreign)
    taken = {**target, "TargetTableName": "orders", **BY_DYNAMODB}
    refused(home.restore_table_from_backup, "TableAlreadyExistsException", **taken)
    begun = home.restore_table_from_backup(**target, **BY_DYNAMODB)["TableDescription"]
    equal("status at first", begun["TableStatus"], "CREATING")
    equal("in progress", begun["RestoreSummary"]["RestoreInProgress"], True)
    refused(home.restore_table_from_backup, "TableInUseException", **target, **BY_DYNAMODB)
    refused(recovery.delete_backup, "BackupInUseException", BackupArn=made)
    refused(home.scan, "ResourceNotFoundException", TableName="orders-side")
    active(home, "orders-side")
    came = table(home, "orders-side")
    summary = came["RestoreSummary"]
    found = (summary["SourceBackupArn"], summary["SourceTableArn"], summary["RestoreInProgress"])
    equal("of what", found, (made, arn(RECOVERY, "orders-dr"), False))
    equal("the items of the moment", items(home, "orders-side"), [item(number) for number in range(1, 9)])
    equal("ItemCount is an old count", came["ItemCount"], 0)
    equal("by DynamoDB's own key", "SSEDescription" in came, False)
    index = came["GlobalSecondaryIndexes"][0]
    equal("its index", (index["IndexName"], index["IndexStatus"], index["ProvisionedThroughput"]["ReadCapacityUnits"]),
          ("by-text", "ACTIVE", 3))
    equal("its index's ARN", index["IndexArn"], arn(HOME, "orders-side/index/by-text"))
    equal("its capacity", came["ProvisionedThroughput"]["ReadCapacityUnits"], 7)
    asked = home.query(TableName="orders-side", IndexName="by-text", KeyConditionExpression="#t = :t",
                       ExpressionAttributeNames={"#t": "text"}, ExpressionAttributeValues={":t": {"S": "new"}})
    equal("by its index", asked["Count"], 8)


def a_table_is_deleted_in_its_time():
    refused(home.delete_table, "ValidationException", "protected against deletion", TableName="orders")
    safety = backup(home, "orders", "safety")
    until("the safety backup available", lambda: status_of(home, safety) == "AVAILABLE")
    home.update_table(TableName="orders", DeletionProtectionEnabled=False)
    active(home, "orders")
    home.delete_table(TableName="orders")
    equal("status on its way", table(home, "orders")["TableStatus"], "DELETING")
    home.delete_table(TableName="orders")
    home.put_item(TableName="orders", Item=item(77, "lost"))
    refused(home.update_table, "ResourceInUseException", TableName="orders", DeletionProtectionEnabled=True)
    refused(home.create_backup, "TableInUseException", TableName="orders", BackupName="late")
    refused(home.restore_table_from_backup, "TableInUseException", BackupArn=safety, TargetTableName="orders")

    def gone():
        try:
            return table(home, "orders") is None
        except home.exceptions.ResourceNotFoundException:
            return True

    until("orders gone", gone)
    refused(home.put_item, "ResourceNotFoundException", TableName="orders", Item=item(78))
    return safety


def what_a_restore_loses_is_lost(made):
    home.restore_table_from_backup(BackupArn=made, TargetTableName="orders", **BY_DYNAMODB)
    active(home, "orders")
    came = table(home, "orders")
    lost = ("StreamSpecification", "LatestStreamArn", "TableClassSummary")
    equal("lost", [name for name in lost if name in came], [])
    equal("no deletion protection", came["DeletionProtectionEnabled"], False)
    equal("no tags", home.list_tags_of_resource(ResourceArn=arn(HOME, "orders"))["Tags"], [])
    expiry = home.describe_time_to_live(TableName="orders")["TimeToLiveDescription"]
    equal("no time to live", expiry, {"TimeToLiveStatus": "DISABLED"})
    equal("no recovery to a moment", moments(home, "orders")["PointInTimeRecoveryStatus"], "DISABLED")
    sent = home.describe_kinesis_streaming_destination(TableName="orders")["KinesisDataStreamDestinations"]
    equal("no destination", sent, [])
    refused(home.get_resource_policy, "PolicyNotFoundException", ResourceArn=arn(HOME, "orders"))
    home.update_time_to_live(TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    home.update_table(TableName="orders", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    equal("a new stream", table(home, "orders")["LatestStreamArn"].startswith(arn(HOME, "orders/stream/")), True)
    active(home, "orders")


def moments(db, name):
    found = db.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    equal("continuous backups", found["ContinuousBackupsStatus"], "ENABLED")
    return found["PointInTimeRecoveryDescription"]


def a_table_is_restored_to_a_moment():
    source = {"SourceTableArn": arn(HOME, "orders"), "TargetTableName": "orders-then"}
    refused(recovery.restore_table_to_point_in_time, "PointInTimeRecoveryUnavailableException", **source, **BY_DYNAMODB,
            UseLatestRestorableTime=True)
    home.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 20})
    equal("days", moments(home, "orders")["RecoveryPeriodInDays"], 20)
    before = items(home, "orders")
    time.sleep(1.1)
    at = int(time.time())
    time.sleep(1.1)
    for name, parameters in writes(home, "orders", 1).items():
        getattr(home, name)(**{**parameters, **({"Item": item(1, "changed")} if name == "put_item" else {})})
    home.delete_item(TableName="orders", Key={"id": {"S": "3"}})
    refused(recovery.restore_table_to_point_in_time, "ValidationException", "SSESpecificationOverride", **source, RestoreDateTime=at)
    for wrong in (at - 3600, at + 3600):
        refused(recovery.restore_table_to_point_in_time, "InvalidRestoreTimeException", **source, **BY_DYNAMODB, RestoreDateTime=wrong)
    until("the moment restorable", lambda: moments(home, "orders")["LatestRestorableDateTime"].timestamp() > at + 1.5)
    recovery.restore_table_to_point_in_time(**source, **BY_DYNAMODB, RestoreDateTime=at)
    active(recovery, "orders-then")
    equal("the items of the moment", items(recovery, "orders-then"), before)
    equal("of no backup", "SourceBackupArn" in table(recovery, "orders-then")["RestoreSummary"], False)
    equal("home has gone on", {"id": {"S": "3"}} in [{"id": one["id"]} for one in home.scan(TableName="orders")["Items"]], False)


def what_a_restore_keeps_is_kept():
    """A table of a composite key that is paid by request, with bounds, a local index and a key of its own."""
    kms = client("kms", HOME).create_key()["KeyMetadata"]["Arn"]
    keys = [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "text", "KeyType": "RANGE"}]
    local = [keys[0], {"AttributeName": "at", "KeyType": "RANGE"}]
    bounds = {"MaxReadRequestUnits": 40, "MaxWriteRequestUnits": 20}
    made = {
        "TableName": "paid", "KeySchema": keys, "BillingMode": "PAY_PER_REQUEST", "OnDemandThroughput": bounds,
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in (("id", "S"), ("text", "S"), ("at", "N"))],
        "LocalSecondaryIndexes": [{"IndexName": "by-time", "KeySchema": local, "Projection": {"ProjectionType": "KEYS_ONLY"}}],
        "GlobalSecondaryIndexes": [{
            "IndexName": "by-text", "KeySchema": [{"AttributeName": "text", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"},
            "OnDemandThroughput": bounds}],
        "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": kms},
    }
    home.create_table(**made)
    active(home, "paid")
    for text in ("a", "b"):
        home.put_item(TableName="paid", Item={"id": {"S": "1"}, "text": {"S": text}, "at": {"N": "5"}, "bytes": {"B": b"\x00\xff"}})
    saved = backup(home, "paid", "kept")
    other = {"MaxReadRequestUnits": 4, "MaxWriteRequestUnits": 2}
    home.update_table(
        TableName="paid", GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "by-text", "OnDemandThroughput": other}}])
    until("the backup available", lambda: status_of(home, saved) == "AVAILABLE")
    home.restore_table_from_backup(BackupArn=saved, TargetTableName="paid-again")
    active(home, "paid-again")
    came = table(home, "paid-again")
    equal("its mode", came["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST")
    equal("its bounds", came["OnDemandThroughput"], bounds)
    equal("its indexes' bounds", came["GlobalSecondaryIndexes"][0]["OnDemandThroughput"], bounds)
    equal("its key", came["KeySchema"], keys)
    equal("its local index", came["LocalSecondaryIndexes"][0]["KeySchema"], local)
    equal("its encryption", came["SSEDescription"]["KMSMasterKeyArn"], kms)
    equal("its items", home.scan(TableName="paid-again")["Items"], home.scan(TableName="paid")["Items"])
    unbounded = {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1}
    home.update_table(TableName="paid-again", GlobalSecondaryIndexUpdates=[
        {"Update": {"IndexName": "by-text", "OnDemandThroughput": unbounded}}])
    equal("the index's bounds changed", table(home, "paid-again")["GlobalSecondaryIndexes"][0]["OnDemandThroughput"], unbounded)
    home.update_continuous_backups(TableName="paid", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    latest = {"SourceTableName": "paid", "TargetTableName": "paid-then", "UseLatestRestorableTime": True}
    provisioned = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 1}
    home.restore_table_to_point_in_time(**latest, BillingModeOverride="PROVISIONED", ProvisionedThroughputOverride=provisioned)
    active(home, "paid-then")
    equal("its items by the latest moment", home.scan(TableName="paid-then")["Count"], 2)
    equal("its capacity", table(home, "paid-then")["ProvisionedThroughput"]["ReadCapacityUnits"], 2)
    home.delete_backup(BackupArn=saved)
    refused(home.describe_backup, "BackupNotFoundException", BackupArn=saved)


def a_role_needs_what_a_restore_asks_for(made):
    backup_only = session("restores-alone", [("dynamodb:RestoreTableFromBackup", "*")])
    target = {"BackupArn": made, "TargetTableName": "orders-side-2", **BY_DYNAMODB}
    refused(client("dynamodb", HOME, backup_only).restore_table_from_backup, "AccessDeniedException", "BatchWriteItem", **target)
    fills = [f"dynamodb:{action}" for action in (
        "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "RestoreTableFromBackup", "Scan", "UpdateItem")]
    own = arn(HOME, "orders-side-2")
    no_backup = session("restores-no-backup", [(fills, own)])
    refused(client("dynamodb", HOME, no_backup).restore_table_from_backup, "AccessDeniedException", "RestoreTableFromBackup", **target)
    whole = session("restores", [(fills, own), ("dynamodb:RestoreTableFromBackup", f"{arn(RECOVERY, 'orders-dr')}/backup/*")])
    client("dynamodb", HOME, whole).restore_table_from_backup(**target)
    active(home, "orders-side-2")


def main():
    (FOLDER / "table-times.json").write_text(json.dumps(TIMES), encoding="utf-8")
    a_table_takes_its_time()
    everything_is_set()
    a_policy_denies_writers_after_a_while()
    made = a_backup_is_of_its_moment()
    a_backup_is_restored_in_another_region(made)
    a_table_is_deleted_in_its_time()
    what_a_restore_loses_is_lost(made)
    a_table_is_restored_to_a_moment()
    what_a_restore_keeps_is_kept()
    a_role_needs_what_a_restore_asks_for(made)
    print(f"{checked} answers of DynamoDB are as boto3 expects them")


if __name__ == "__main__":
    main()
