"""Drives the simulator with boto3 and the AWS CLI, unmodified: every answer is read with AWS's own models, every refusal
must be the fault that the model names, with RDS's text. Texts marked [U] are assumptions: AWS publishes none.

Usage: conformance.py <address of the simulator> <aws program>
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import time

import boto3
import botocore.exceptions
from botocore.config import Config

ADDRESS, CLI = sys.argv[1:3]
HOME, STANDBY, THIRD = "us-west-2", "us-east-1", "eu-west-1"
ACCOUNT = "123456789012"
GLOBAL = "orders-global-1"
ENGINE = {"Engine": "aurora-postgresql"}
KEYS = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "example"}
SETTLED_SECONDS = 10

checked = 0


def rds(region):
    return boto3.client(
        "rds",
        region_name=region,
        endpoint_url=ADDRESS,
        config=Config(retries={"total_max_attempts": 1}, read_timeout=10),
        **KEYS,
    )


def arn(region, cluster):
    return f"arn:aws:rds:{region}:{ACCOUNT}:cluster:{cluster}"


def equal(what, found, wanted):
    global checked
    checked += 1
    if found != wanted:
        sys.exit(f"{what}: found {found!r}, expected {wanted!r}")


def refused(call, code, status, words, **parameters):
    """The call is refused with this code and text; a modelled fault has an exception class of its own."""
    global checked
    checked += 1
    try:
        call(**parameters)
    except botocore.exceptions.ClientError as refusal:
        error = refusal.response["Error"]
        found = (error["Code"], refusal.response["ResponseMetadata"]["HTTPStatusCode"])
        if found != (code, status) or words not in error["Message"]:
            sys.exit(f"{call.__name__} {parameters}: refused with {found}: {error['Message']}")
        modelled = {shape.metadata.get("error", {}).get("code", shape.name) for shape in call.__self__.meta.service_model.error_shapes}
        if not code.startswith("InvalidParameter") and code != "MissingParameter":
            equal(f"{code} is in the model", code in modelled, True)
            equal(f"{code} has a class", type(refusal) is not botocore.exceptions.ClientError, True)
        return
    sys.exit(f"{call.__name__} {parameters} was not refused")


def until(what, holds):
    deadline = time.monotonic() + SETTLED_SECONDS
    while time.monotonic() < deadline:
        if holds():
            return
        time.sleep(0.02)
    sys.exit(f"{what} did not come about within {SETTLED_SECONDS} s")


def cluster(region, name):
    return rds(region).describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]


def available(region, name):
    until(f"{name} available", lambda: cluster(region, name)["Status"] == "available")


def instance_available(region, name):
    shown = lambda: rds(region).describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    until(f"{name} available", lambda: shown()["DBInstanceStatus"] == "available")


def the_global(region=HOME):
    return rds(region).describe_global_clusters(GlobalClusterIdentifier=GLOBAL)["GlobalClusters"][0]


def writers():
    return [m["DBClusterArn"] for m in the_global()["GlobalClusterMembers"] if m["IsWriter"]]


def settled():
    until("no FailoverState", lambda: "FailoverState" not in the_global())
    connected = lambda: all(
        member["SynchronizationStatus"] == "connected" for member in the_global()["GlobalClusterMembers"]
    )
    until("every member connected", connected)
    for region, name in [(HOME, "orders-west"), (STANDBY, "orders-east")]:
        available(region, name)


def create():
    home, standby = rds(HOME), rds(STANDBY)
    made = home.create_global_cluster(GlobalClusterIdentifier=GLOBAL, EngineVersion="16.6", **ENGINE)["GlobalCluster"]
    equal("ARN without a Region", made["GlobalClusterArn"], f"arn:aws:rds::{ACCOUNT}:global-cluster:{GLOBAL}")
    equal("Status", made["Status"], "available")
    refused(home.create_global_cluster, "GlobalClusterAlreadyExistsFault", 400, f"Global cluster {GLOBAL} already exists",
            GlobalClusterIdentifier=GLOBAL, **ENGINE)
    refused(home.create_global_cluster, "GlobalClusterAlreadyExistsFault", 400, "already exists",
            GlobalClusterIdentifier=GLOBAL.upper(), **ENGINE)
    refused(home.create_global_cluster, "InvalidParameterValue", 400, "is not a valid identifier",
            GlobalClusterIdentifier="1-orders", **ENGINE)
    refused(home.create_global_cluster, "InvalidParameterCombination", 400, "should not be specified since it will be inherited",
            GlobalClusterIdentifier="other", SourceDBClusterIdentifier=arn(HOME, "orders-west"), **ENGINE)
    first = {"DBClusterIdentifier": "orders-west", "GlobalClusterIdentifier": GLOBAL, **ENGINE}
    refused(home.create_db_cluster, "InvalidParameterValue", 400, "MasterUsername must be provided", **first)
    refused(home.create_db_cluster, "GlobalClusterNotFoundFault", 404, "not found",
            **{**first, "GlobalClusterIdentifier": "unheard-of"})
    refused(home.create_db_cluster, "InvalidParameterCombination", 400, "ManageMasterUserPassword",
            ManageMasterUserPassword=True, **first)
    login = {"MasterUsername": "orders_admin", "MasterUserPassword": "not-a-secret", "DatabaseName": "orders"}
    shown = home.create_db_cluster(**first, **login)["DBCluster"]
    equal("a new cluster", shown["Status"], "creating")
    refused(home.create_db_cluster, "DBClusterAlreadyExistsFault", 400, "already exists", **first, **login)
    second = {"DBClusterIdentifier": "orders-east", "GlobalClusterIdentifier": GLOBAL, **ENGINE}
    refused(standby.create_db_cluster, "InvalidDBClusterStateFault", 400, "not valid for physical replication", **second)
    new = {"DBInstanceIdentifier": "orders-west-1", "DBClusterIdentifier": "orders-west", "DBInstanceClass": "db.r6g.large", **ENGINE}
    refused(home.create_db_instance, "InvalidDBClusterStateFault", 400, "its status is creating", **new)
    available(HOME, "orders-west")
    refused(standby.create_db_cluster, "InvalidParameterCombination", 400, "Cannot specify user name for cross region replication cluster",
            MasterUsername="orders_admin", **second)
    refused(standby.create_db_cluster, "InvalidParameterCombination", 400, "must be the primary's", EngineVersion="15.10", **second)
    standby.create_db_cluster(**second)
    refused(standby.create_db_cluster, "InvalidGlobalClusterStateFault", 400, "already has a member in Region us-east-1",
            **{**second, "DBClusterIdentifier": "orders-east-2"})
    available(STANDBY, "orders-east")
    refused(rds(THIRD).create_db_cluster, "DBClusterAlreadyExistsFault", 400, "already exists", **second)
    home.create_db_instance(**new)
    refused(home.create_db_instance, "DBInstanceAlreadyExists", 400, "already exists", **new)
    instance_available(HOME, "orders-west-1")
    equal("a member's source", cluster(STANDBY, "orders-east")["ReplicationSourceIdentifier"], arn(HOME, "orders-west"))
    equal("endpoints", [cluster(STANDBY, "orders-east")[name].startswith(start) for name, start in
                        [("Endpoint", "orders-east.cluster-c"), ("ReaderEndpoint", "orders-east.cluster-ro-c")]], [True, True])


def describe():
    home = rds(HOME)
    refused(home.describe_global_clusters, "GlobalClusterNotFoundFault", 404, "not found", GlobalClusterIdentifier="unheard-of")
    refused(home.describe_db_clusters, "DBClusterNotFoundFault", 404, "not found", DBClusterIdentifier="orders-east")
    refused(home.describe_db_clusters, "DBClusterNotFoundFault", 404, "not found", DBClusterIdentifier=arn(STANDBY, "orders-east"))
    refused(home.describe_db_instances, "DBInstanceNotFound", 404, "not found", DBInstanceIdentifier="unheard-of")
    refused(home.describe_db_clusters, "InvalidParameterValue", 400, "Unrecognized filter name",
            Filters=[{"Name": "colour", "Values": ["red"]}])
    refused(home.describe_db_clusters, "InvalidParameterValue", 400, "between 20 and 100", MaxRecords=5)
    refused(home.describe_events, "InvalidParameterCombination", 400, "SourceType must be supplied", SourceIdentifier="orders-west")
    equal("case does not matter", the_global()["GlobalClusterIdentifier"], GLOBAL)
    equal("a filter by Region", len(home.describe_global_clusters(Filters=[{"Name": "region", "Values": [STANDBY]}])["GlobalClusters"]), 1)
    equal("not there", home.describe_global_clusters(Filters=[{"Name": "region", "Values": [THIRD]}])["GlobalClusters"], [])
    events = home.describe_events(SourceType="db-cluster", SourceIdentifier="orders-west")["Events"]
    equal("an event", events[0]["SourceArn"], arn(HOME, "orders-west"))


def take_over():
    home, standby = rds(HOME), rds(STANDBY)
    target = {"GlobalClusterIdentifier": GLOBAL, "TargetDbClusterIdentifier": arn(STANDBY, "orders-east")}
    # A headless target.
    refused(home.switchover_global_cluster, "InvalidDBClusterStateFault", 400, "instance", **target)
    refused(standby.failover_global_cluster, "InvalidDBClusterStateFault", 400, "instance", AllowDataLoss=True, **target)
    standby.create_db_instance(DBInstanceIdentifier="orders-east-1", DBClusterIdentifier="orders-east",
                               DBInstanceClass="db.r6g.large", **ENGINE)
    instance_available(STANDBY, "orders-east-1")
    # [U]: which code a call in the wrong Region gets.
    refused(standby.switchover_global_cluster, "InvalidParameterValue", 400, "must be called in the Region us-west-2", **target)
    refused(home.failover_global_cluster, "InvalidParameterValue", 400, "must be called in the Region us-east-1",
            AllowDataLoss=True, **target)
    refused(standby.failover_global_cluster, "InvalidParameterCombination", 400, "AllowDataLoss",
            AllowDataLoss=True, Switchover=True, **target)
    for call, more in [(home.switchover_global_cluster, {}), (standby.failover_global_cluster, {"AllowDataLoss": True})]:
        refused(call, "GlobalClusterNotFoundFault", 404, "not found", **{**target, "GlobalClusterIdentifier": "unheard-of"}, **more)
        refused(call, "DBClusterNotFoundFault", 404, "not found",
                **{**target, "TargetDbClusterIdentifier": arn(STANDBY, "unheard-of")}, **more)
    refused(home.switchover_global_cluster, "InvalidDBClusterStateFault", 400, "primary",
            **{**target, "TargetDbClusterIdentifier": arn(HOME, "orders-west")})
    # Both options left out: a switchover, which belongs in the primary's Region.
    refused(standby.failover_global_cluster, "InvalidParameterValue", 400, "us-west-2", **target)
    versions_apart(target)
    begun = home.switchover_global_cluster(**target)["GlobalCluster"]
    equal("data loss", begun["FailoverState"]["IsDataLossAllowed"], False)
    refused(standby.failover_global_cluster, "InvalidGlobalClusterStateFault", 400, GLOBAL, AllowDataLoss=True, **target)
    refused(home.modify_global_cluster, "InvalidGlobalClusterStateFault", 400, GLOBAL,
            GlobalClusterIdentifier=GLOBAL, DeletionProtection=True)
    settled()
    equal("the writer after a switchover", writers(), [arn(STANDBY, "orders-east")])
    back = home.failover_global_cluster(GlobalClusterIdentifier=GLOBAL, AllowDataLoss=True,
                                        TargetDbClusterIdentifier=arn(HOME, "orders-west"))["GlobalCluster"]
    equal("data loss", back["FailoverState"]["IsDataLossAllowed"], True)
    settled()
    equal("the writer after a failover", writers(), [arn(HOME, "orders-west")])


def versions_apart(target):
    home, standby = rds(HOME), rds(STANDBY)
    standby.modify_db_cluster(DBClusterIdentifier="orders-east", EngineVersion="16.8", ApplyImmediately=True)
    refused(home.switchover_global_cluster, "InvalidGlobalClusterStateFault", 400, "is upgrading", **target)
    available(STANDBY, "orders-east")
    refused(home.switchover_global_cluster, "InvalidGlobalClusterStateFault", 400, "version", **target)
    home.modify_db_cluster(DBClusterIdentifier="orders-west", EngineVersion="16.8", ApplyImmediately=True)
    available(HOME, "orders-west")
    refused(home.modify_db_cluster, "InvalidParameterCombination", 400, "Cannot upgrade aurora-postgresql from 16.8 to 16.6",
            DBClusterIdentifier="orders-west", EngineVersion="16.6")
    refused(home.modify_db_cluster, "InvalidDBClusterStateFault", 400, "can't be renamed",
            DBClusterIdentifier="orders-west", NewDBClusterIdentifier="orders-old")


def leave():
    home, standby = rds(HOME), rds(STANDBY)
    of = lambda member: {"GlobalClusterIdentifier": GLOBAL, "DbClusterIdentifier": member}
    refused(home.remove_from_global_cluster, "InvalidGlobalClusterStateFault", 400,
            "Unable to delete cluster that is a primary member of global cluster while there are other global cluster members",
            **of(arn(HOME, "orders-west")))
    refused(home.remove_from_global_cluster, "DBClusterNotFoundFault", 404, "not found", **of(arn(HOME, "unheard-of")))
    refused(standby.delete_db_cluster, "InvalidDBClusterStateFault", 400,
            "This cluster is a part of a global cluster, please remove it from globalcluster first",
            DBClusterIdentifier="orders-east", SkipFinalSnapshot=True)
    refused(home.delete_global_cluster, "InvalidGlobalClusterStateFault", 400, "is not empty", GlobalClusterIdentifier=GLOBAL)
    # [U]: whether the primary's last instance may go while there are standbys.
    refused(home.delete_db_instance, "InvalidDBClusterStateFault", 400, "Cannot delete the last instance of the master cluster",
            DBInstanceIdentifier="orders-west-1", SkipFinalSnapshot=True)
    standby.remove_from_global_cluster(**of(arn(STANDBY, "orders-east")))
    equal("a leaver", cluster(STANDBY, "orders-east")["Status"], "promoting")
    equal("members", [m["DBClusterArn"] for m in the_global()["GlobalClusterMembers"]], [arn(HOME, "orders-west")])
    refused(standby.remove_from_global_cluster, "InvalidParameterValue", 400, "is not found in global cluster",
            **of(arn(STANDBY, "orders-east")))
    refused(standby.create_global_cluster, "InvalidDBClusterStateFault", 400, "promoting", GlobalClusterIdentifier="orders-global-2",
            SourceDBClusterIdentifier=arn(STANDBY, "orders-east"))
    refused(standby.create_db_cluster_snapshot, "InvalidDBClusterStateFault", 400,
            "Can't create a snapshot because the database cluster orders-east isn't currently in the available state",
            DBClusterIdentifier="orders-east", DBClusterSnapshotIdentifier="early")
    refused(standby.delete_db_cluster, "InvalidDBClusterStateFault", 400, "it still contains DB instances in non-deleting state",
            DBClusterIdentifier="orders-east", FinalDBSnapshotIdentifier="early")
    available(STANDBY, "orders-east")


def delete():
    home, standby = rds(HOME), rds(STANDBY)
    standby.create_db_cluster_snapshot(DBClusterIdentifier="orders-east", DBClusterSnapshotIdentifier="kept")
    refused(standby.create_db_cluster_snapshot, "DBClusterSnapshotAlreadyExistsFault", 400, "already exists",
            DBClusterIdentifier="orders-east", DBClusterSnapshotIdentifier="KEPT")
    refused(standby.describe_db_cluster_snapshots, "DBClusterSnapshotNotFoundFault", 404, "not found",
            DBClusterSnapshotIdentifier="unheard-of")
    kept = lambda: standby.describe_db_cluster_snapshots(DBClusterIdentifier="orders-east")["DBClusterSnapshots"][0]
    until("the snapshot", lambda: kept()["Status"] == "available")
    equal("a snapshot", kept()["SnapshotType"], "manual")
    standby.create_db_cluster_snapshot(DBClusterIdentifier="orders-east", DBClusterSnapshotIdentifier="not-kept")
    # [U]: the text of a snapshot that is not available yet.
    refused(standby.delete_db_cluster_snapshot, "InvalidDBClusterSnapshotStateFault", 400, "available state",
            DBClusterSnapshotIdentifier="not-kept")
    named = lambda: standby.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="not-kept")["DBClusterSnapshots"][0]
    until("the other snapshot", lambda: named()["Status"] == "available")
    standby.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="not-kept")
    equal("a snapshot that goes", named()["Status"], "deleting")
    shown = lambda: [found["DBClusterSnapshotIdentifier"] for found in standby.describe_db_cluster_snapshots()["DBClusterSnapshots"]]
    until("the other snapshot is gone", lambda: "not-kept" not in shown())
    refused(standby.delete_db_cluster_snapshot, "DBClusterSnapshotNotFoundFault", 404, "not found",
            DBClusterSnapshotIdentifier="not-kept")
    one = {"DBClusterIdentifier": "orders-east"}
    refused(standby.delete_db_cluster, "InvalidParameterCombination", 400,
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified", **one)
    # [U]: the text where both are given.
    refused(standby.delete_db_cluster, "InvalidParameterCombination", 400, "can not be specified",
            SkipFinalSnapshot=True, FinalDBSnapshotIdentifier="last", **one)
    standby.modify_db_cluster(DeletionProtection=True, **one)
    available(STANDBY, "orders-east")
    refused(standby.delete_db_cluster, "InvalidParameterCombination", 400, "Cannot delete protected Cluster",
            SkipFinalSnapshot=True, **one)
    standby.modify_db_cluster(DeletionProtection=False, **one)
    available(STANDBY, "orders-east")
    refused(standby.delete_db_cluster, "InvalidDBClusterStateFault", 400, "it still contains DB instances in non-deleting state",
            SkipFinalSnapshot=True, **one)
    refused(standby.delete_db_instance, "DBInstanceNotFound", 404, "not found", DBInstanceIdentifier="unheard-of")
    gone = standby.delete_db_instance(DBInstanceIdentifier="orders-east-1", SkipFinalSnapshot=True)["DBInstance"]
    equal("an instance that goes", gone["DBInstanceStatus"], "deleting")
    refused(standby.delete_db_instance, "InvalidDBInstanceState", 400, "already being deleted",
            DBInstanceIdentifier="orders-east-1", SkipFinalSnapshot=True)
    refused(standby.delete_db_cluster, "DBClusterSnapshotAlreadyExistsFault", 400, "already exists",
            FinalDBSnapshotIdentifier="kept", **one)
    equal("a cluster that goes", standby.delete_db_cluster(FinalDBSnapshotIdentifier="last", **one)["DBCluster"]["Status"], "deleting")
    refused(standby.delete_db_cluster, "InvalidDBClusterStateFault", 400, "already being deleted", SkipFinalSnapshot=True, **one)
    until("the cluster is gone", lambda: standby.describe_db_clusters()["DBClusters"] == [])
    refused(standby.delete_db_cluster, "DBClusterNotFoundFault", 404, "not found", SkipFinalSnapshot=True, **one)
    manual = standby.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    names = [found["DBClusterSnapshotIdentifier"] for found in manual]
    equal("snapshots outlive their cluster", sorted(names), ["kept", "last"])
    renamed = home.modify_global_cluster(GlobalClusterIdentifier=GLOBAL, NewGlobalClusterIdentifier="orders-old",
                                         DeletionProtection=True)["GlobalCluster"]
    equal("a new name", (renamed["GlobalClusterIdentifier"], renamed["DeletionProtection"]), ("orders-old", True))
    refused(home.describe_global_clusters, "GlobalClusterNotFoundFault", 404, "not found", GlobalClusterIdentifier=GLOBAL)
    old = {"GlobalClusterIdentifier": "orders-old"}
    home.create_global_cluster(GlobalClusterIdentifier="taken", **ENGINE)
    refused(home.modify_global_cluster, "GlobalClusterAlreadyExistsFault", 400, "already exists",
            NewGlobalClusterIdentifier="taken", **old)
    refused(home.delete_global_cluster, "InvalidParameterCombination", 400, "Cannot delete protected Global Cluster", **old)
    home.modify_global_cluster(DeletionProtection=False, **old)
    home.remove_from_global_cluster(DbClusterIdentifier=arn(HOME, "orders-west"), **old)
    refused(home.delete_global_cluster, "InvalidGlobalClusterStateFault", 400, "is not empty", **old)
    time.sleep(0.6)
    home.delete_global_cluster(**old)
    refused(home.delete_global_cluster, "GlobalClusterNotFoundFault", 404, "not found", **old)


def aws(*arguments, region=HOME, fails=None):
    """One command of the AWS CLI; its answer, or the words of its refusal.

    Version 1 of the CLI leaves AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_RDS unread for RDS in us-east-1, where it would ask AWS
    itself. So the address is an option of every command.
    """
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    done = subprocess.run([CLI, "rds", *arguments, "--region", region, "--endpoint-url", ADDRESS, "--output", "json"],
                          env=environment, capture_output=True, text=True, timeout=30, check=False)
    if fails:
        equal(" ".join(arguments), fails in done.stderr, True)
        return None
    if done.returncode:
        sys.exit(f"aws rds {' '.join(arguments)}: {done.stderr}")
    return json.loads(done.stdout)


def rename_and_keep():
    """Custom endpoints, copies of snapshots, and new names for clusters and instances of their own."""
    home, third = rds(HOME), rds(THIRD)
    reports = {"DBClusterIdentifier": "orders-west", "DBClusterEndpointIdentifier": "reports", "EndpointType": "READER"}
    made = home.create_db_cluster_endpoint(**reports, StaticMembers=["orders-west-1"])
    equal("a custom endpoint", (made["CustomEndpointType"], made["StaticMembers"]), ("READER", ["orders-west-1"]))
    equal("its address", ".cluster-custom-" in made["Endpoint"], True)
    refused(home.create_db_cluster_endpoint, "DBClusterEndpointAlreadyExistsFault", 400, "already exists", **reports)
    refused(home.create_db_cluster_endpoint, "DBClusterNotFoundFault", 404, "not found", **{**reports, "DBClusterIdentifier": "x"})
    custom = [{"Name": "db-cluster-endpoint-type", "Values": ["custom"]}]
    found = home.describe_db_cluster_endpoints(DBClusterIdentifier="orders-west", Filters=custom)["DBClusterEndpoints"]
    equal("by its type", [one["DBClusterEndpointIdentifier"] for one in found], ["reports"])
    equal("while it is made", made["Status"], "creating")
    one = {"DBClusterEndpointIdentifier": "reports"}
    # [U]: the text while it is made, and while it goes.
    refused(home.delete_db_cluster_endpoint, "InvalidDBClusterEndpointStateFault", 400, "creating", **one)
    status = lambda: [found["Status"] for found in home.describe_db_cluster_endpoints(**one)["DBClusterEndpoints"]]
    until("the endpoint", lambda: status() == ["available"])
    equal("an endpoint that goes", home.delete_db_cluster_endpoint(**one)["Status"], "deleting")
    refused(home.delete_db_cluster_endpoint, "InvalidDBClusterEndpointStateFault", 400, "deleting", **one)
    until("the endpoint is gone", lambda: status() == [])
    refused(home.delete_db_cluster_endpoint, "DBClusterEndpointNotFoundFault", 400, "not found", **one)

    def kept(name):
        snapshots = third.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name)["DBClusterSnapshots"]
        return snapshots[0]["Status"] == "available"

    third.create_db_cluster(DBClusterIdentifier="spare", **ENGINE, MasterUsername="someone", MasterUserPassword="something")
    until("the spare cluster", lambda: cluster(THIRD, "spare")["Status"] == "available")
    third.create_db_instance(DBInstanceIdentifier="spare-1", DBClusterIdentifier="spare", DBInstanceClass="db.r6g.large", **ENGINE)
    third.create_db_cluster_snapshot(DBClusterIdentifier="spare", DBClusterSnapshotIdentifier="first")
    refused(third.copy_db_cluster_snapshot, "InvalidDBClusterSnapshotStateFault", 400, "not in the available state",
            SourceDBClusterSnapshotIdentifier="first", TargetDBClusterSnapshotIdentifier="second")
    until("the snapshot", lambda: kept("first"))
    third.copy_db_cluster_snapshot(SourceDBClusterSnapshotIdentifier="first", TargetDBClusterSnapshotIdentifier="second")
    until("its copy", lambda: kept("second"))
    refused(third.copy_db_cluster_snapshot, "DBClusterSnapshotAlreadyExistsFault", 400, "already exists",
            SourceDBClusterSnapshotIdentifier="first", TargetDBClusterSnapshotIdentifier="second")
    refused(third.copy_db_cluster_snapshot, "DBClusterSnapshotNotFoundFault", 404, "not found",
            SourceDBClusterSnapshotIdentifier="x", TargetDBClusterSnapshotIdentifier="third")

    again = {"DBClusterIdentifier": "again", "SnapshotIdentifier": "second", **ENGINE}
    restored = third.restore_db_cluster_from_snapshot(**again)["DBCluster"]
    equal("a restored cluster", (restored["Status"], restored["MasterUsername"]), ("creating", "someone"))
    refused(third.restore_db_cluster_from_snapshot, "DBClusterAlreadyExistsFault", 400, "already exists", **again)
    refused(third.restore_db_cluster_from_snapshot, "DBClusterSnapshotNotFoundFault", 404, "not found",
            **{**again, "DBClusterIdentifier": "other", "SnapshotIdentifier": "x"})
    until("the restored cluster", lambda: cluster(THIRD, "again")["Status"] == "available")
    third.delete_db_cluster(DBClusterIdentifier="again", SkipFinalSnapshot=True)
    equal("blue/green deployments", third.describe_blue_green_deployments()["BlueGreenDeployments"], [])
    refused(third.describe_blue_green_deployments, "BlueGreenDeploymentNotFoundFault", 404, "not found",
            BlueGreenDeploymentIdentifier="bgd-x")

    def instance_is(name):
        found = third.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        return found[0]["DBInstanceStatus"] == "available"

    until("its instance", lambda: instance_is("spare-1"))
    third.modify_db_instance(DBInstanceIdentifier="spare-1", NewDBInstanceIdentifier="kept-1", ApplyImmediately=True)
    refused(third.modify_db_instance, "InvalidDBInstanceState", 400, "not in available state",
            DBInstanceIdentifier="spare-1", NewDBInstanceIdentifier="other-1", ApplyImmediately=True)
    until("the instance's new name", lambda: "kept-1" in [one["DBInstanceIdentifier"] for one in third.describe_db_instances()["DBInstances"]])
    renaming = third.modify_db_cluster(DBClusterIdentifier="spare", NewDBClusterIdentifier="kept", ApplyImmediately=True)
    equal("while it is renamed", renaming["DBCluster"]["Status"], "renaming")
    until("the cluster's new name", lambda: "kept" in [one["DBClusterIdentifier"] for one in third.describe_db_clusters()["DBClusters"]])
    equal("with its instance", [one["DBInstanceIdentifier"] for one in cluster(THIRD, "kept")["DBClusterMembers"]], ["kept-1"])
    refused(third.describe_db_clusters, "DBClusterNotFoundFault", 404, "not found", DBClusterIdentifier="spare")
    third.delete_db_instance(DBInstanceIdentifier="kept-1", SkipFinalSnapshot=True)
    third.delete_db_cluster(DBClusterIdentifier="kept", SkipFinalSnapshot=True)


def documented(holders):
    """The members that the pinned AWS CLI's own examples (awscli/examples/rds) show of what lies under these names. Some of
    the examples are cut or no JSON, so that their names are read, not their values."""
    examples = next(pathlib.Path(CLI).parent.parent.glob("lib/python3*/site-packages/awscli/examples/rds"))
    found = set()
    for file in sorted(examples.glob("*.rst")):
        for output in file.read_text().split("Output::")[1:]:
            open_ones, name = [], None
            for token in re.finditer(r'"((?:[^"\\]|\\.)*)"\s*(:)?|[{}\[\]]', output):
                text = token.group(0)
                if text in "{[":
                    open_ones.append((text, name))
                    name = None
                elif text in "}]":
                    if len(open_ones) < 2:
                        break
                    open_ones.pop()
                elif token.group(2):
                    name = token.group(1)
                    bracket, owner = open_ones[-1] if open_ones else ("", None)
                    if not owner and len(open_ones) > 1 and open_ones[-2][0] == "[":
                        owner = open_ones[-2][1]
                    if bracket == "{" and owner in holders:
                        found.add(name)
    return found


def every_documented_member_is_shown():
    """What is lacking belongs to replicas of instances, to other engines, to clones and to limitless databases."""
    third = rds(THIRD)
    key = f"arn:aws:kms:{THIRD}:{ACCOUNT}:key/orders"
    third.create_db_cluster(DBClusterIdentifier="whole", MasterUsername="someone", MasterUserPassword="something", DatabaseName="whole",
                            StorageEncrypted=True, KmsKeyId=key, StorageType="aurora-iopt1", EnableCloudwatchLogsExports=["postgresql"],
                            ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 4}, **ENGINE)
    available(THIRD, "whole")
    third.create_db_instance(DBInstanceIdentifier="whole-1", DBClusterIdentifier="whole", DBInstanceClass="db.serverless", **ENGINE)
    instance_available(THIRD, "whole-1")
    third.create_db_cluster_snapshot(DBClusterIdentifier="whole", DBClusterSnapshotIdentifier="whole-kept")
    instance = third.describe_db_instances(DBInstanceIdentifier="whole-1")["DBInstances"][0]
    snapshot = third.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="whole-kept")["DBClusterSnapshots"][0]
    for what, shown, least, most in [
        ("DBInstance", instance, 51, 3), ("DBCluster", cluster(THIRD, "whole"), 44, 3), ("DBClusterSnapshot", snapshot, 19, 1),
        ("GlobalCluster", the_global(), 9, 0),
    ]:
        members = documented((what, f"{what}s"))
        lacking = sorted(members - set(shown))
        print(f"{what}: {len(members)} documented members, of which {len(lacking)} are lacking: {', '.join(lacking)}")
        equal(f"{what}: examples were found", len(members) >= least, True)
        equal(f"{what}: at most {most} of {len(members)} are lacking, not {lacking}", len(lacking) <= most, True)
    until("the snapshot", lambda: third.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="whole-kept")["DBClusterSnapshots"][0]["Status"] == "available")
    third.delete_db_instance(DBInstanceIdentifier="whole-1", SkipFinalSnapshot=True)
    third.delete_db_cluster(DBClusterIdentifier="whole", SkipFinalSnapshot=True)


def in_its_region():
    """FailoverDBCluster, tags, groups, parameters, roles, stop and start, and what is refused of a cluster's instance."""
    third = rds(THIRD)
    alone = {"DBClusterIdentifier": "alone"}
    login = {"MasterUsername": "someone", "MasterUserPassword": "something"}
    third.create_db_subnet_group(DBSubnetGroupName="orders", DBSubnetGroupDescription="of orders", SubnetIds=["subnet-1", "subnet-2"])
    refused(third.create_db_cluster, "InvalidParameterValue", 400, "shorter than 8 characters", **alone, **ENGINE,
            **{**login, "MasterUserPassword": "sevench"})
    refused(third.create_db_cluster, "DBSubnetGroupNotFoundFault", 404, "does not exist", DBSubnetGroupName="unheard-of",
            **alone, **ENGINE, **login)
    third.create_db_cluster(DBSubnetGroupName="orders", **alone, **ENGINE, **login)
    available(THIRD, "alone")
    new = {"DBInstanceClass": "db.r6g.large", **alone, **ENGINE}
    refused(third.create_db_instance, "InvalidParameterCombination", 400, "Set backup retention period for the DB Cluster",
            DBInstanceIdentifier="alone-1", BackupRetentionPeriod=7, **new)
    refused(third.create_db_instance, "InvalidParameterCombination", 400, "Set vpc security group for the DB Cluster",
            DBInstanceIdentifier="alone-1", VpcSecurityGroupIds=["sg-1"], **new)
    refused(third.create_db_instance, "InvalidDBClusterStateFault", 400, "Set the Serverless v2 scaling configuration",
            DBInstanceIdentifier="alone-1", **{**new, "DBInstanceClass": "db.serverless"})
    for number, tier in [(1, 5), (2, 0)]:
        third.create_db_instance(DBInstanceIdentifier=f"alone-{number}", PromotionTier=tier, **new)
        instance_available(THIRD, f"alone-{number}")
    writer = lambda: [one["DBInstanceIdentifier"] for one in cluster(THIRD, "alone")["DBClusterMembers"] if one["IsClusterWriter"]]
    equal("tiers do not matter until a failover", writer(), ["alone-1"])
    equal("a failover", third.failover_db_cluster(**alone)["DBCluster"]["Status"], "failing-over")
    available(THIRD, "alone")
    equal("the lowest tier takes over", writer(), ["alone-2"])
    tagged = {"ResourceName": arn(THIRD, "alone")}
    third.add_tags_to_resource(Tags=[{"Key": "team", "Value": "orders"}], **tagged)
    equal("tags", third.list_tags_for_resource(**tagged)["TagList"], [{"Key": "team", "Value": "orders"}])
    third.remove_tags_from_resource(TagKeys=["team"], **tagged)
    equal("no tags", third.list_tags_for_resource(**tagged)["TagList"], [])
    groups = third.describe_db_subnet_groups(DBSubnetGroupName="orders")["DBSubnetGroups"]
    equal("a subnet group", [len(group["Subnets"]) for group in groups], [2])
    pages = third.get_paginator("describe_db_cluster_parameters").paginate(DBClusterParameterGroupName="default.aurora-postgresql16")
    equal("parameters", "cron.database_name" in {one["ParameterName"] for page in pages for one in page["Parameters"]}, True)
    role = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/export", "FeatureName": "s3Export"}
    third.add_role_to_db_cluster(**alone, **role)
    equal("a role", cluster(THIRD, "alone")["AssociatedRoles"], [{**role, "Status": "ACTIVE"}])
    by_arn = [{"Name": "db-instance-id", "Values": [f"arn:aws:rds:{THIRD}:{ACCOUNT}:db:alone-2"]}]
    found = third.describe_db_instances(Filters=by_arn)["DBInstances"]
    equal("a filter by ARN", [one["DBInstanceIdentifier"] for one in found], ["alone-2"])
    equal("stopping", third.stop_db_cluster(**alone)["DBCluster"]["Status"], "stopping")
    until("stopped", lambda: cluster(THIRD, "alone")["Status"] == "stopped")
    equal("starting", third.start_db_cluster(**alone)["DBCluster"]["Status"], "starting")
    available(THIRD, "alone")
    for number in (1, 2):
        third.delete_db_instance(DBInstanceIdentifier=f"alone-{number}", SkipFinalSnapshot=True)
    third.delete_db_cluster(SkipFinalSnapshot=True, **alone)


def of_their_own():
    """Instances without a cluster, their replicas and snapshots: boto3's waiters end, and every refusal is one that it knows."""
    home, standby = rds(HOME), rds(STANDBY)
    source = f"arn:aws:rds:{HOME}:{ACCOUNT}:db:single"
    new = {"Engine": "postgres", "DBInstanceClass": "db.m6g.large", "AllocatedStorage": 20, "MasterUsername": "someone",
           "MasterUserPassword": "something"}
    shown = lambda region, name: rds(region).describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    quick = {"Delay": 1, "MaxAttempts": SETTLED_SECONDS}
    wait = lambda region, name: rds(region).get_waiter("db_instance_available").wait(DBInstanceIdentifier=name, WaiterConfig=quick)
    home.create_db_instance(DBInstanceIdentifier="single", BackupRetentionPeriod=0, DBName="orders", MultiAZ=True,
                            MaxAllocatedStorage=100, **new)
    refused(home.create_db_instance, "DBInstanceAlreadyExists", 400, "already exists", DBInstanceIdentifier="single", **new)
    wait(HOME, "single")
    replica = {"DBInstanceIdentifier": "second", "SourceDBInstanceIdentifier": source}
    refused(standby.create_db_instance_read_replica, "InvalidDBInstanceState", 400,
            "Automated backups are not enabled for this database instance. To enable automated backups, use ModifyDBInstance to set "
            "the backup retention period to a non-zero value.", **replica)
    changed = home.modify_db_instance(DBInstanceIdentifier="single", BackupRetentionPeriod=7, ApplyImmediately=True)
    equal("backups are on their way", changed["DBInstance"]["DBInstanceStatus"], "modifying")
    wait(HOME, "single")
    standby.create_db_instance_read_replica(SourceRegion=HOME, Tags=[{"Key": "team", "Value": "orders"}], **replica)
    wait(STANDBY, "second")
    equal("its source", shown(STANDBY, "second")["ReadReplicaSourceDBInstanceIdentifier"], source)
    equal("its replication", shown(STANDBY, "second")["StatusInfos"],
          [{"StatusType": "read replication", "Normal": True, "Status": "replicating"}])
    equal("the source's replicas", shown(HOME, "single")["ReadReplicaDBInstanceIdentifiers"], [source.replace(HOME, STANDBY).replace("single", "second")])
    refused(home.stop_db_instance, "InvalidDBInstanceState", 400, "read replica", DBInstanceIdentifier="single")  # [U]
    refused(home.promote_read_replica, "InvalidDBInstanceState", 400, "is not a read replica", DBInstanceIdentifier="single")  # [U]
    refused(home.promote_read_replica, "DBInstanceNotFound", 404, "not found", DBInstanceIdentifier="unheard-of")
    kept_and_copied(home, standby, wait)
    exports_need_a_bucket(home)
    backups_are_copied(home, standby, source)
    every_member_of_one_of_its_own_is_shown(shown(HOME, "single"), standby)
    said = standby.promote_read_replica(DBInstanceIdentifier="second", BackupRetentionPeriod=1)["DBInstance"]
    equal("the old answer", (said["DBInstanceStatus"], "ReadReplicaSourceDBInstanceIdentifier" in said), ("available", True))
    until("promoted", lambda: "ReadReplicaSourceDBInstanceIdentifier" not in shown(STANDBY, "second"))
    wait(STANDBY, "second")
    until("left", lambda: shown(HOME, "single")["ReadReplicaDBInstanceIdentifiers"] == [])
    home.modify_db_instance(DBInstanceIdentifier="single", NewDBInstanceIdentifier="single-old", ApplyImmediately=True)
    until("the new name", lambda: "single-old" in [one["DBInstanceIdentifier"] for one in home.describe_db_instances()["DBInstances"]])
    wait(HOME, "single-old")
    refused(home.describe_db_instances, "DBInstanceNotFound", 404, "not found", DBInstanceIdentifier="single")
    for region, name in [(HOME, "single-old"), (STANDBY, "second")]:
        rds(region).delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        rds(region).get_waiter("db_instance_deleted").wait(DBInstanceIdentifier=name, WaiterConfig=quick)


def kept_and_copied(home, standby, wait):
    kept = {"DBSnapshotIdentifier": "single-kept"}
    home.create_db_snapshot(DBInstanceIdentifier="single", **kept)
    refused(home.create_db_snapshot, "InvalidDBInstanceState", 400, "backing-up", DBInstanceIdentifier="single", DBSnapshotIdentifier="more")
    home.get_waiter("db_snapshot_available").wait(WaiterConfig={"Delay": 1, "MaxAttempts": SETTLED_SECONDS}, **kept)
    refused(home.create_db_snapshot, "DBSnapshotAlreadyExists", 400, "already exists", DBInstanceIdentifier="single", **kept)
    wait(HOME, "single")
    whole = f"arn:aws:rds:{HOME}:{ACCOUNT}:snapshot:single-kept"
    standby.copy_db_snapshot(SourceDBSnapshotIdentifier=whole, TargetDBSnapshotIdentifier="copied", SourceRegion=HOME)
    standby.get_waiter("db_snapshot_available").wait(DBSnapshotIdentifier="copied", WaiterConfig={"Delay": 1, "MaxAttempts": SETTLED_SECONDS})
    refused(standby.delete_db_snapshot, "DBSnapshotNotFound", 404, "not found", DBSnapshotIdentifier="single-kept")
    automated = home.describe_db_snapshots(DBInstanceIdentifier="single", SnapshotType="automated")["DBSnapshots"]
    equal("RDS took one itself", [one["SnapshotType"] for one in automated], ["automated"])
    refused(home.delete_db_snapshot, "InvalidDBSnapshotState", 400, "manual", DBSnapshotIdentifier=automated[0]["DBSnapshotIdentifier"])
    restored_from_the_copy(standby, wait)


def restored_from_the_copy(standby, wait):
    restore = {"DBInstanceIdentifier": "restored", "DBSnapshotIdentifier": "copied"}
    refused(standby.restore_db_instance_from_db_snapshot, "DBSnapshotNotFound", 404, "not found",
            **{**restore, "DBSnapshotIdentifier": "single-kept"})
    begun = standby.restore_db_instance_from_db_snapshot(**restore)["DBInstance"]
    equal("while it is restored", (begun["DBInstanceStatus"], begun["MultiAZ"]), ("creating", False))
    refused(standby.restore_db_instance_from_db_snapshot, "DBInstanceAlreadyExists", 400, "already exists", **restore)
    wait(STANDBY, "restored")
    made = standby.describe_db_instances(DBInstanceIdentifier="restored")["DBInstances"][0]
    equal("what the snapshot says", (made["DBInstanceClass"], made["BackupRetentionPeriod"]), ("db.m6g.large", 7))
    refused(standby.reboot_db_instance, "InvalidParameterCombination", 400, "Multi-AZ", DBInstanceIdentifier="restored",
            ForceFailover=True)  # [U]
    standby.delete_db_instance(DBInstanceIdentifier="restored", SkipFinalSnapshot=True)
    standby.get_waiter("db_instance_deleted").wait(DBInstanceIdentifier="restored", WaiterConfig={"Delay": 1, "MaxAttempts": SETTLED_SECONDS})


def exports_need_a_bucket(home):
    """Buckets and roles are no part of RDS, so that here there are none."""
    whole = f"arn:aws:rds:{HOME}:{ACCOUNT}:snapshot:single-kept"
    given = {"ExportTaskIdentifier": "single-1", "SourceArn": whole, "S3BucketName": "unheard-of",
             "IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/none", "KmsKeyId": "alias/orders"}
    refused(home.start_export_task, "InvalidS3BucketFault", 400, "unheard-of", **given)  # [U]
    refused(home.start_export_task, "DBSnapshotNotFound", 404, "not found", **{**given, "SourceArn": f"{whole}-not"})
    equal("no exports", home.describe_export_tasks(SourceType="SNAPSHOT")["ExportTasks"], [])
    refused(home.describe_export_tasks, "ExportTaskNotFound", 404, "not found", ExportTaskIdentifier="single-1")


def backups_are_copied(home, standby, source):
    """Asked where the copies are; the instance shows them."""
    copies = lambda: home.describe_db_instances(DBInstanceIdentifier="single")["DBInstances"][0].get("DBInstanceAutomatedBackupsReplications", [])
    about = {"SourceDBInstanceArn": source}
    of = {"SourceRegion": HOME, **about}
    refused(home.start_db_instance_automated_backups_replication, "InvalidParameterCombination", 400, "within the Region", **of)  # [U]
    refused(standby.start_db_instance_automated_backups_replication, "DBInstanceNotFound", 404, "not found",
            SourceDBInstanceArn=source.replace("single", "unheard-of"), SourceRegion=HOME)
    refused(standby.stop_db_instance_automated_backups_replication, "InvalidDBInstanceState", 400, "not replicated", **about)  # [U]
    started = standby.start_db_instance_automated_backups_replication(BackupRetentionPeriod=3, **of)["DBInstanceAutomatedBackup"]
    equal("the days of the copies", (started["DBInstanceArn"], started["BackupRetentionPeriod"]), (source, 3))
    equal("the copies", copies(), [{"DBInstanceAutomatedBackupsArn": started["DBInstanceAutomatedBackupsArn"]}])
    refused(standby.start_db_instance_automated_backups_replication, "InvalidDBInstanceState", 400, "already", **of)  # [U]
    by_id = {"DbiResourceId": started["DbiResourceId"]}
    listed = standby.describe_db_instance_automated_backups(**by_id)["DBInstanceAutomatedBackups"]
    equal("the copies where they lie", [(one["DBInstanceArn"], one["Region"], one["Status"]) for one in listed], [(source, HOME, "replicating")])
    equal("up to when they restore", listed[0]["RestoreWindow"]["LatestTime"] >= listed[0]["RestoreWindow"]["EarliestTime"], True)
    standby.stop_db_instance_automated_backups_replication(**about)
    refused(standby.describe_db_instance_automated_backups, "DBInstanceAutomatedBackupNotFound", 404, "not found", **by_id)  # [U]
    equal("no copies any more", copies(), [])


def every_member_of_one_of_its_own_is_shown(instance, standby):
    """What is lacking belongs to replicas, to other engines, to encryption and to provisioned storage."""
    snapshot = standby.describe_db_snapshots(DBSnapshotIdentifier="copied")["DBSnapshots"][0]
    of_clusters = {"DBClusterIdentifier", "PromotionTier"}
    for what, shown, least, most in [("DBInstance", instance, 49, 2), ("DBSnapshot", snapshot, 26, 3)]:
        members = documented((what, f"{what}s")) - of_clusters
        lacking = sorted(members - set(shown))
        print(f"{what} of its own: {len(members)} documented members, of which {len(lacking)} are lacking: {', '.join(lacking)}")
        equal(f"{what}: examples were found", len(members) >= least, True)
        equal(f"{what}: at most {most} of {len(members)} are lacking, not {lacking}", len(lacking) <= most, True)


def command_line():
    for region in (HOME, STANDBY):
        by_hand(region)


def by_hand(region):
    one = ("--global-cluster-identifier", "by-hand")
    made = aws("create-global-cluster", *one, "--engine", "aurora-postgresql", region=region)
    equal("by the CLI", made["GlobalCluster"]["GlobalClusterIdentifier"], "by-hand")
    aws("create-global-cluster", *one, "--engine", "aurora-postgresql", region=region,
        fails="An error occurred (GlobalClusterAlreadyExistsFault) when calling the CreateGlobalCluster operation")
    found = aws("describe-global-clusters", "--global-cluster-identifier", "BY-HAND", region=region)
    equal("without members", found["GlobalClusters"][0]["GlobalClusterMembers"], [])
    aws("switchover-global-cluster", "--global-cluster-identifier", "unheard-of", "--target-db-cluster-identifier",
        arn(STANDBY, "orders-east"), region=region, fails="(GlobalClusterNotFoundFault)")
    aws("remove-from-global-cluster", *one, "--db-cluster-identifier", arn(HOME, "orders-west"), region=region,
        fails="is not found in global cluster by-hand")
    aws("describe-db-clusters", region=region)
    aws("delete-global-cluster", *one, region=region)


for part in (create, describe, rename_and_keep, every_documented_member_is_shown, in_its_region, of_their_own, take_over, leave, delete, command_line):
    part()
    print(f"{part.__name__}: {checked} checks so far")
