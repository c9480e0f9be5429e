"""CloudFormation's RDS resources, made by the simulated RDS in place of the emulator's own.

The emulator decides what is updated and what is replaced, from the create-only properties of AWS's published schemas. What is
here makes, changes and deletes, as the handlers of `aws-cloudformation/aws-cloudformation-resource-providers-rds` do it: a
member whose template names a global cluster leaves it before it is deleted, and `GlobalClusterIdentifier` may only be emptied. A
replica gets what the call that makes it does not take by a change afterwards, and is restarted.
"""

import os
import time

import boto3
import botocore.exceptions

from ministack.core.responses import get_account_id, get_region

# Written by whoever started the emulator once the simulated RDS listens; one line with its URL.
ENDPOINT_FILE = "rds-endpoint"
# Every call that a stack made, a line each: Region, operation, identifier of what it is about.
CALLS_FILE = "rds-calls.log"
WAIT_SECONDS_MAX = 300
POLL_SECONDS = 0.2

# Properties that the call names differently.
RENAMED = {
    "PerformanceInsightsEnabled": "EnablePerformanceInsights",
    "PerformanceInsightsKmsKeyId": "PerformanceInsightsKMSKeyId",
    "Family": "DBParameterGroupFamily",
    "VPCSecurityGroups": "VpcSecurityGroupIds",
}
# Where the automated backups are copied to, and by which calls' parameters.
COPY_REGION = "AutomaticBackupReplicationRegion"
COPY = {"AutomaticBackupReplicationKmsKeyId": "KmsKeyId", "AutomaticBackupReplicationRetentionPeriod": "BackupRetentionPeriod"}
# Properties that another call sets, once the resource is there.
SET_LATER = {"AssociatedRoles", "Parameters", "Tags", COPY_REGION, *COPY}
# What of a replica is set by a change right after it was made. Source: `modifyDbInstanceAfterCreateRequest`.
SET_AFTER_REPLICA = {
    "AllowMajorVersionUpgrade", "BackupRetentionPeriod", "CACertificateIdentifier", "DBParameterGroupName", "DatabaseInsightsMode",
    "DeletionProtection", "EnablePerformanceInsights", "EngineVersion", "ManageMasterUserPassword", "MasterUserPassword",
    "MaxAllocatedStorage", "MonitoringInterval", "MonitoringRoleArn", "PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod",
    "PreferredBackupWindow", "PreferredMaintenanceWindow",
}
# What the call that makes a replica of PostgreSQL is not given, though it would take it, or has no name for.
NOT_OF_REPLICA = {"DBParameterGroupName", "MaxAllocatedStorage"}

# Create-only by the published schemas, and missing in the emulator.
GLOBAL_CLUSTER_CREATE_ONLY = ("Engine", "GlobalClusterIdentifier", "SourceDBClusterIdentifier", "StorageEncrypted")


class Kind:
    """One sort of resource: how its calls and their answers are named."""

    def __init__(self, noun, name, answer, *, waits=False, describe=None):
        self.noun, self.name, self.answer, self.waits = noun, name, answer, waits
        self.describe = describe or f"describe_{snake(noun)}s"
        self.type = f"AWS::RDS::{noun}"


def snake(noun):
    """The name of a call in boto3: DBClusterParameterGroup → db_cluster_parameter_group."""
    text = noun.replace("DB", "Db")
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in text).lstrip("_")


GLOBAL = Kind("GlobalCluster", "GlobalClusterIdentifier", "GlobalClusters", waits=True)
CLUSTER = Kind("DBCluster", "DBClusterIdentifier", "DBClusters", waits=True)
INSTANCE = Kind("DBInstance", "DBInstanceIdentifier", "DBInstances", waits=True)
SUBNETS = Kind("DBSubnetGroup", "DBSubnetGroupName", "DBSubnetGroups")
CLUSTER_PARAMETERS = Kind("DBClusterParameterGroup", "DBClusterParameterGroupName", "DBClusterParameterGroups")
PARAMETERS = Kind("DBParameterGroup", "DBParameterGroupName", "DBParameterGroups")
KINDS = (GLOBAL, CLUSTER, INSTANCE, SUBNETS, CLUSTER_PARAMETERS, PARAMETERS)


def endpoint():
    """Where the simulated RDS listens."""
    try:
        with open(ENDPOINT_FILE, encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        raise ValueError("no simulated RDS listens yet") from None


def client(region=None):
    """The simulated RDS, as the Region of the stack calls it, or another one."""
    region = region or get_region()
    rds = boto3.client(
        "rds", endpoint_url=endpoint(), region_name=region, aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"])
    rds.meta.events.register("provide-client-params.rds", lambda params, model, **_: note(region, model.name, params))
    return rds


def note(region, operation, params):
    """Keeps what a stack asked for; what only looks is left out."""
    if operation.startswith(("Describe", "List")):
        return
    named = [kind.name for kind in KINDS] + ["ResourceName", "SourceDBInstanceArn"]
    about = next((str(params[name]) for name in named if name in params), "")
    with open(CALLS_FILE, "a", encoding="utf-8") as file:
        file.write(f"{region} {operation} {about}\n")


def code_of(why):
    return why.response["Error"]["Code"]


def is_not_found(why):
    return "NotFound" in code_of(why)


def typed(rds, operation, properties):
    """Properties as parameters of a call, with the types that its published model says."""
    shapes = rds.meta.service_model.operation_model(operation).input_shape.members
    given = {}
    for name, value in properties.items():
        call_name = RENAMED.get(name, name)
        if call_name not in shapes:
            raise ValueError(f"{operation} takes no {call_name}")
        kind = shapes[call_name].type_name
        if kind == "integer":
            value = int(value)
        elif kind == "boolean":
            value = value if isinstance(value, bool) else str(value).lower() == "true"
        elif kind == "string":
            value = str(value)
        given[call_name] = value
    return given


def tags_of(properties):
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags") or []}


def described(rds, kind, name):
    """The resource as RDS shows it, or nothing where there is none."""
    try:
        answer = getattr(rds, kind.describe)(**{kind.name: name})
    except botocore.exceptions.ClientError as why:
        if is_not_found(why):
            return None
        raise
    return next(iter(answer[kind.answer]), None)


def status_of(shown):
    return shown.get("Status") or shown.get("DBInstanceStatus")


def until(rds, kind, name, is_reached):
    """Waits for a state, as a stack's stabilisation does."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < deadline:
        shown = described(rds, kind, name)
        if is_reached(shown):
            return shown
        time.sleep(POLL_SECONDS)
    raise ValueError(f"{kind.type} {name} did not stabilize within {WAIT_SECONDS_MAX} s")


def settled(rds, kind, name):
    if not kind.waits:
        return described(rds, kind, name)
    return until(rds, kind, name, lambda shown: shown and status_of(shown) == "available")


def arn_of(kind, shown):
    return shown[f"{kind.noun}Arn"]


def attributes(kind, shown):
    """What Fn::GetAtt answers."""
    if kind is CLUSTER:
        return {
            "DBClusterArn": shown["DBClusterArn"],
            "DBClusterResourceId": shown["DbClusterResourceId"],
            "Endpoint.Address": shown["Endpoint"],
            "Endpoint.Port": str(shown["Port"]),
            "ReadEndpoint.Address": shown["ReaderEndpoint"],
        }
    if kind is INSTANCE:
        return {
            "DBInstanceArn": shown["DBInstanceArn"],
            "DbiResourceId": shown["DbiResourceId"],
            "Endpoint.Address": shown["Endpoint"]["Address"],
            "Endpoint.Port": str(shown["Endpoint"]["Port"]),
        }
    return {} if kind is GLOBAL else {f"{kind.noun}Arn": arn_of(kind, shown)}


def set_parameters(rds, kind, name, values):
    if values:
        modify = getattr(rds, f"modify_{snake(kind.noun)}")
        modify(**{kind.name: name, "Parameters": [
            {"ParameterName": key, "ParameterValue": str(value), "ApplyMethod": "pending-reboot"}
            for key, value in values.items()]})


def give_roles(rds, name, old, new):
    def roles(properties):
        return {(role["RoleArn"], role.get("FeatureName", "")) for role in properties.get("AssociatedRoles") or []}

    def named(role):
        return {"DBClusterIdentifier": name, "RoleArn": role[0], **({"FeatureName": role[1]} if role[1] else {})}

    for role in sorted(roles(old) - roles(new)):
        rds.remove_role_from_db_cluster(**named(role))
    for role in sorted(roles(new) - roles(old)):
        rds.add_role_to_db_cluster(**named(role))


def create_replica(rds, name, properties):
    """An instance that follows another one, as the handler makes it: created, changed, restarted."""
    operation = "CreateDBInstanceReadReplica"
    shapes = rds.meta.service_model.operation_model(operation).input_shape.members
    of_it = {key: value for key, value in properties.items() if RENAMED.get(key, key) in shapes and key not in SET_LATER | NOT_OF_REPLICA}
    given = typed(rds, operation, {**of_it, INSTANCE.name: name})
    if properties.get("Tags"):
        given["Tags"] = properties["Tags"]
    rds.create_db_instance_read_replica(**given)
    settled(rds, INSTANCE, name)
    changed = {key: value for key, value in properties.items() if RENAMED.get(key, key) in SET_AFTER_REPLICA}
    if changed:
        rds.modify_db_instance(**typed(rds, "ModifyDBInstance", {INSTANCE.name: name, **changed}), ApplyImmediately=True)
        settled(rds, INSTANCE, name)
    if properties.get("DBParameterGroupName"):
        rds.reboot_db_instance(DBInstanceIdentifier=name)
    shown = settled(rds, INSTANCE, name)
    copy_backups(shown, {}, properties)
    return name, attributes(INSTANCE, shown)


def copy_backups(shown, old, new):
    """Has RDS copy the automated backups to where the template says, and nowhere else. Asked in that Region."""
    was, wanted = ({key: of.get(key) for key in (COPY_REGION, *COPY)} for of in (old, new))
    if was == wanted:
        return
    about = {"SourceDBInstanceArn": shown["DBInstanceArn"]}
    if was[COPY_REGION]:
        client(was[COPY_REGION]).stop_db_instance_automated_backups_replication(**about)
    if wanted[COPY_REGION]:
        rds = client(wanted[COPY_REGION])
        given = {COPY[key]: wanted[key] for key in COPY if wanted[key]}
        given = typed(rds, "StartDBInstanceAutomatedBackupsReplication", given)
        rds.start_db_instance_automated_backups_replication(SourceRegion=get_region(), **about, **given)


def create(kind, logical_id, properties, stack_name):
    rds = client()
    name = properties.get(kind.name) or f"{stack_name}-{logical_id}".lower()
    if kind is INSTANCE and properties.get("SourceDBInstanceIdentifier"):
        return create_replica(rds, name, properties)
    given = {key: value for key, value in properties.items() if key not in SET_LATER}
    given = typed(rds, f"Create{kind.noun}", {**given, kind.name: name})
    if properties.get("Tags"):
        given["Tags"] = properties["Tags"]
    getattr(rds, f"create_{snake(kind.noun)}")(**given)
    shown = settled(rds, kind, name)
    if kind is INSTANCE:
        copy_backups(shown, {}, properties)
    set_parameters(rds, kind, name, properties.get("Parameters"))
    give_roles(rds, name, {}, properties)
    return name, attributes(kind, shown)


def changes_of(kind, old, new):
    """The changed properties as parameters of the modifying call."""
    changed = {key: value for key, value in new.items() if old.get(key) != value and key not in SET_LATER}
    if kind is CLUSTER and "EnableCloudwatchLogsExports" in changed:
        before, after = (set(of.get("EnableCloudwatchLogsExports") or []) for of in (old, new))
        del changed["EnableCloudwatchLogsExports"]
        changed["CloudwatchLogsExportConfiguration"] = {
            "EnableLogTypes": sorted(after - before), "DisableLogTypes": sorted(before - after)}
    return changed


def leave_global(rds, identifier, cluster):
    arn = f"arn:aws:rds:{get_region()}:{get_account_id()}:cluster:{cluster}"
    rds.remove_from_global_cluster(GlobalClusterIdentifier=identifier, DbClusterIdentifier=arn)
    until(rds, CLUSTER, cluster, lambda shown: shown is None or (
        status_of(shown) == "available" and not shown.get("GlobalClusterIdentifier")))


def update(kind, name, old, new, stack_name, logical_id=None):
    rds = client()
    shown = described(rds, kind, name)
    if shown is None:
        raise ValueError(f"{kind.type} {name} was not found: somebody renamed or deleted it outside of the stack")
    if kind is CLUSTER and old.get("GlobalClusterIdentifier") != new.get("GlobalClusterIdentifier"):
        if new.get("GlobalClusterIdentifier"):
            raise ValueError("GlobalClusterIdentifier cannot be changed: the cluster would have to be replaced")
        leave_global(rds, old["GlobalClusterIdentifier"], name)
        new = {key: value for key, value in new.items() if key != "GlobalClusterIdentifier"}
        old = {key: value for key, value in old.items() if key != "GlobalClusterIdentifier"}
    changed = changes_of(kind, old, new)
    if changed:
        given = typed(rds, f"Modify{kind.noun}", {kind.name: name, **changed})
        if kind in (CLUSTER, INSTANCE):
            given["ApplyImmediately"] = True
        getattr(rds, f"modify_{snake(kind.noun)}")(**given)
    before, after = tags_of(old), tags_of(new)
    arn = arn_of(kind, shown)
    if gone := sorted(before.keys() - after.keys()):
        rds.remove_tags_from_resource(ResourceName=arn, TagKeys=gone)
    if added := [{"Key": key, "Value": value} for key, value in after.items() if before.get(key) != value]:
        rds.add_tags_to_resource(ResourceName=arn, Tags=added)
    was, wanted = old.get("Parameters") or {}, new.get("Parameters") or {}
    set_parameters(rds, kind, name, {key: value for key, value in wanted.items() if was.get(key) != value})
    give_roles(rds, name, old, new)
    after = settled(rds, kind, name)
    if kind is INSTANCE:
        copy_backups(after, old, new)
    return name, attributes(kind, after)


def delete(kind, name, properties):
    rds = client()
    try:
        if kind is CLUSTER and properties.get("GlobalClusterIdentifier") and described(rds, kind, name):
            leave_global(rds, properties["GlobalClusterIdentifier"], name)
        given = {kind.name: name}
        if kind in (CLUSTER, INSTANCE):
            given["SkipFinalSnapshot"] = True
        getattr(rds, f"delete_{snake(kind.noun)}")(**given)
    except botocore.exceptions.ClientError as why:
        # What is gone is deleted. A global cluster that is gone counts as that too, and orphans the cluster.
        if not is_not_found(why):
            raise
        return
    if kind.waits:
        until(rds, kind, name, lambda shown: shown is None)


def snapshot(name, _properties):
    """The last snapshot of a cluster whose stack goes with `DeletionPolicy: Snapshot`."""
    rds = client()
    of_it = {"DBClusterSnapshotIdentifier": f"{name}-final-snapshot"}
    rds.create_db_cluster_snapshot(DBClusterIdentifier=name, **of_it)
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < deadline:
        answer = rds.describe_db_cluster_snapshots(**of_it)["DBClusterSnapshots"]
        if answer and answer[0]["Status"] == "available":
            return
        time.sleep(POLL_SECONDS)
    raise ValueError(f"the last snapshot of {name} was not available within {WAIT_SECONDS_MAX} s")


def handlers(kind):
    of_kind = {
        "create": lambda *given: create(kind, *given),
        "update": lambda *given: update(kind, *given),
        "update_with_logical_id": True,
        "delete": lambda *given: delete(kind, *given),
    }
    return {**of_kind, "snapshot": snapshot} if kind is CLUSTER else of_kind


def register(provisioners, stacks):
    """Puts these in the place of the emulator's own."""
    for kind in KINDS:
        provisioners._RESOURCE_HANDLERS[kind.type] = handlers(kind)
        provisioners._STACK_TAG_PROPERTY[kind.type] = ("Tags", "list")
    provisioners._REPLACING_PROPERTIES[GLOBAL.type] = GLOBAL_CLUSTER_CREATE_ONLY
    provisioners._CUSTOM_NAME_REPLACEMENT[GLOBAL.type] = {"name": GLOBAL.name}
    known = stacks._runs_on_worker_thread
    types = {kind.type for kind in KINDS}
    # They wait for RDS.
    stacks._runs_on_worker_thread = lambda kind: kind in types or known(kind)


def answer_machines(machines):
    """Calls of RDS by a state machine are answered by the simulated RDS. Parameters, answers and errors have the names that the SDK for
    Java gives them, as Step Functions has them.
    """
    known = machines._invoke_aws_sdk_integration

    def invoke(resource, given):
        service, action = resource.split(":")[6:8]
        if service != "rds":
            return known(resource, given)
        rds, operation = client(), action[0].upper() + action[1:]
        names = {machines._api_name_to_sfn_key(name): name for name in rds.meta.service_model.operation_model(operation).input_shape.members}
        try:
            answer = getattr(rds, botocore.xform_name(operation))(**{names[name]: value for name, value in given.items()})
        except botocore.exceptions.ClientError as why:
            kind = type(why).__name__.removesuffix("Fault").removesuffix("Exception")
            kind = "Rds" if kind == "ClientError" else machines._api_name_to_sfn_key(kind)
            raise machines._ExecutionError(f"Rds.{kind}Exception", why.response["Error"]["Message"]) from None
        answer.pop("ResponseMetadata", None)
        return machines._convert_keys_to_sfn_convention(answer)

    machines._invoke_aws_sdk_integration = invoke
