"""Drives the simulator with boto3 and the AWS CLI, unmodified: every answer is read with AWS's own models and waited for with
AWS's own waiters, and every refusal must come out as the error that clients know.

Usage: conformance.py <address of the simulator> <aws program>
"""

import json
import os
import subprocess
import sys
import time
import urllib.request

import boto3
import botocore.exceptions
from botocore.config import Config

ADDRESS, CLI = sys.argv[1:3]
HOME, AWAY = "us-west-2", "us-east-1"
KEYS = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "example"}
WAIT = {"Delay": 1, "MaxAttempts": 60}


def ec2(region):
    return boto3.client(
        "ec2",
        region_name=region,
        endpoint_url=ADDRESS,
        config=Config(retries={"total_max_attempts": 1}, read_timeout=20),
        **KEYS,
    )


def control(**command):
    request = urllib.request.Request(f"{ADDRESS}/_control", json.dumps(command).encode())
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def wait(client, waiter, **what):
    client.get_waiter(waiter).wait(WaiterConfig=WAIT, **what)


def refused(code, call, **params):
    try:
        call(**params)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return
    raise AssertionError(f"{code} did not come")


def plant():
    """A host in each Region, in networks of their own; home can be launched into, too."""
    hosts = {}
    for region in (HOME, AWAY):
        subnet = {"id": f"subnet-{region}", "vpc": "vpc-1", "zone": f"{region}a", "cidr": "10.0.0.0/24"}
        control(do="plant_subnet", subnet=subnet)
        group = {"id": f"sg-{region}", "region": region, "vpc": "vpc-1", "name": "web"}
        group["ingress"] = [{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidrs": ["10.0.0.0/8"]}]
        control(do="plant_group", group=group)
        table = {"id": f"rtb-{region}", "region": region, "vpc": "vpc-1", "is_main": True}
        table["routes"] = [{"cidr": "10.0.0.0/16", "through": "local"}]
        control(do="plant_route_table", table=table)
        disks = [{"device": device, "size_gib": 1} for device in ("/dev/xvda", "/dev/sdf")]
        host = {"subnet": subnet["id"], "groups": [group["id"]], "disks": disks, "tags": {"Name": "web-1"}}
        hosts[region] = control(do="plant_host", host=host)
    image = {"region": HOME, "id": "ami-1", "root_device": "/dev/xvda", "size_gib": 1}
    control(do="plant_image", image=image)
    return hosts


def networks(home):
    subnet = home.describe_subnets(SubnetIds=[f"subnet-{HOME}"])["Subnets"][0]
    assert (subnet["VpcId"], subnet["MapPublicIpOnLaunch"]) == ("vpc-1", False), subnet
    group = home.describe_security_groups(GroupIds=[f"sg-{HOME}"])["SecurityGroups"][0]
    assert group["IpPermissions"][0]["IpRanges"] == [{"CidrIp": "10.0.0.0/8"}], group
    assert group["IpPermissionsEgress"] == [], group
    table = home.describe_route_tables()["RouteTables"][0]
    assert table["Routes"][0]["GatewayId"] == "local", table
    assert table["Associations"][0]["Main"] is True, table


def rounds(away, home, host):
    """Two rounds, the second of which moves one block; answers the copies of the last one by device."""
    copies = {}
    for text in (b"first", b"second"):
        for volume in host["volumes"]:
            with open(volume["volume"]["path"], "r+b") as disk:
                disk.write(text)
        made = away.create_snapshots(
            InstanceSpecification={"InstanceId": host["id"]},
            CopyTagsFromSource="volume",
            TagSpecifications=[{"ResourceType": "snapshot", "Tags": [{"Key": "run", "Value": "r-1"}]}],
        )["Snapshots"]
        ids = [snapshot["SnapshotId"] for snapshot in made]
        wait(away, "snapshot_completed", SnapshotIds=ids)
        tagged = away.describe_snapshots(OwnerIds=["self"], Filters=[{"Name": "tag:run", "Values": ["r-1"]}])
        assert set(ids) <= {snapshot["SnapshotId"] for snapshot in tagged["Snapshots"]}, tagged
        devices = {volume["volume"]["id"]: volume["device"] for volume in host["volumes"]}
        for snapshot in made:
            copy = home.copy_snapshot(SourceRegion=AWAY, SourceSnapshotId=snapshot["SnapshotId"])["SnapshotId"]
            copies[devices[snapshot["VolumeId"]]] = copy
        wait(home, "snapshot_completed", SnapshotIds=list(copies.values()))
    shown = home.describe_snapshots(SnapshotIds=list(copies.values()))["Snapshots"]
    assert all(snapshot["FullSnapshotSizeInBytes"] == 524288 for snapshot in shown), shown
    assert all(snapshot["Progress"] == "100%" and "Tags" not in snapshot for snapshot in shown), shown
    moved = control(do="counters")
    assert [copy["incremental"] for copy in moved["copies"]] == [False, False, True, True], moved
    assert moved["moved"] == [{"from": AWAY, "to": HOME, "bytes": 4 * 524288}], moved
    return copies


def attached(home, volume):
    """A volume is in use before it is attached, and a host does not start without its root."""
    for _ in range(60):
        shown = home.describe_volumes(VolumeIds=[volume])["Volumes"][0]
        if shown["Attachments"][0]["State"] == "attached":
            return
        time.sleep(0.2)
    raise AssertionError(shown)


def cut_over(home, host, copies):
    """The swap of all disks, root included."""
    instance = host["id"]
    home.modify_instance_attribute(InstanceId=instance, DisableApiStop={"Value": True})
    refused("OperationNotPermitted", home.stop_instances, InstanceIds=[instance])
    attribute = home.describe_instance_attribute(InstanceId=instance, Attribute="disableApiStop")
    assert attribute["DisableApiStop"]["Value"] is True, attribute
    home.modify_instance_attribute(InstanceId=instance, DisableApiStop={"Value": False})
    home.stop_instances(InstanceIds=[instance])
    wait(home, "instance_stopped", InstanceIds=[instance])
    for volume in host["volumes"]:
        device = volume["device"]
        new = home.create_volume(
            SnapshotId=copies[device],
            AvailabilityZone=f"{HOME}a",
            VolumeType="gp3",
            VolumeInitializationRate=100,
            ClientToken=f"swap-{device}",
        )["VolumeId"]
        wait(home, "volume_available", VolumeIds=[new])
        home.detach_volume(VolumeId=volume["volume"]["id"])
        wait(home, "volume_available", VolumeIds=[volume["volume"]["id"]])
        refused("IncorrectState", home.detach_volume, VolumeId=volume["volume"]["id"])
        home.attach_volume(VolumeId=new, InstanceId=instance, Device=device)
        wait(home, "volume_in_use", VolumeIds=[new])
        attached(home, new)
        mapping = [{"DeviceName": device, "Ebs": {"DeleteOnTermination": True}}]
        home.modify_instance_attribute(InstanceId=instance, BlockDeviceMappings=mapping)
        home.create_tags(Resources=[new], Tags=[{"Key": "aurora-failover:epoch", "Value": "2"}])
        with open(control(do="volume", id=new)["path"], "rb") as disk:
            assert disk.read(6) == b"second"
    home.start_instances(InstanceIds=[instance])
    wait(home, "instance_running", InstanceIds=[instance])
    wait(home, "instance_status_ok", InstanceIds=[instance])
    found = home.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert all(entry["Ebs"]["DeleteOnTermination"] for entry in found["BlockDeviceMappings"]), found
    volumes = [entry["Ebs"]["VolumeId"] for entry in found["BlockDeviceMappings"]]
    for status in home.describe_volume_status(VolumeIds=volumes)["VolumeStatuses"]:
        details = status["InitializationStatusDetails"]
        assert details["InitializationType"] == "provisioned-rate", details
        assert details["Progress"] == 100, details
        assert details["EstimatedTimeToCompleteInSeconds"] == 0, details


def twin(home, copies):
    params = {
        "ImageId": "ami-1",
        "InstanceType": "m7i.large",
        "MinCount": 1,
        "MaxCount": 1,
        "SubnetId": f"subnet-{HOME}",
        "SecurityGroupIds": [f"sg-{HOME}"],
        "ClientToken": "twin-1",
        "BlockDeviceMappings": [{"DeviceName": "/dev/sdf", "Ebs": {"SnapshotId": copies["/dev/sdf"]}}],
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "twin-of", "Value": "web-1"}]}],
    }
    one, again = (home.run_instances(**params)["Instances"][0]["InstanceId"] for _ in range(2))
    assert one == again
    wait(home, "instance_running", InstanceIds=[one])
    refused("DryRunOperation", home.terminate_instances, InstanceIds=[one], DryRun=True)
    home.terminate_instances(InstanceIds=[one])
    wait(home, "instance_terminated", InstanceIds=[one])


def taken_away(home, copies, host):
    old = host["volumes"][0]["volume"]["id"]
    home.delete_volume(VolumeId=old)
    wait(home, "volume_deleted", VolumeIds=[old])
    for copy in copies.values():
        home.delete_snapshot(SnapshotId=copy)
        refused("InvalidSnapshot.NotFound", home.describe_snapshots, SnapshotIds=[copy])


def pages(home):
    for _ in range(6):
        control(do="plant_host", host={"subnet": f"subnet-{HOME}"})
    found = [
        instance["InstanceId"]
        for page in home.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5})
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
    ]
    assert len(found) == len(set(found)) and len(found) >= 7, found


def command_line(host):
    environment = os.environ | {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
    command = [CLI, "ec2", "describe-instances", "--endpoint-url", ADDRESS, "--region", AWAY, "--output", "json"]
    answer = subprocess.run(command, check=True, capture_output=True, env=environment, timeout=60)
    instance = json.loads(answer.stdout)["Reservations"][0]["Instances"][0]
    assert instance["InstanceId"] == host["id"], instance


def main():
    hosts = plant()
    home, away = ec2(HOME), ec2(AWAY)
    networks(home)
    copies = rounds(away, home, hosts[AWAY])
    cut_over(home, hosts[HOME], copies)
    twin(home, copies)
    taken_away(home, copies, hosts[HOME])
    pages(home)
    command_line(hosts[AWAY])
    print("all of EC2 that is asked for was understood by boto3 and by the AWS CLI")


main()
