//! The swap of a host's disks from beginning to end, and what an instance loses and keeps.

use super::bench::{AWAY, Bench, HOME};
use crate::model::{Effect, PlantedImage};

fn public_ip(bench: &mut Bench, host: &str) -> Option<String> {
    bench.model.host(bench.now, host).unwrap().public_ip
}

#[test]
fn a_hosts_disks_are_swapped_root_included_and_it_starts_with_them() {
    let mut bench = Bench::new();
    let home = bench.host(HOME, |_| {});
    let away = bench.host(AWAY, |_| {});
    let taken = bench.snapshots(AWAY, &away);
    let private_ip = bench.model.host(bench.now, &home).unwrap().private_ip;

    bench.call(HOME, "StopInstances", &[("InstanceId.1", &home)]);
    assert_eq!(bench.state(&home), "stopping");
    bench.settle();
    let mut kept = Vec::new();
    for device in ["/dev/xvda", "/dev/sdf"] {
        let source = taken[&bench.volume(&away, device)].clone();
        let copy = bench.copy(HOME, AWAY, &source, None);
        bench.settle();
        let params = [
            ("AvailabilityZone", "us-west-2a"),
            ("SnapshotId", copy.as_str()),
            ("VolumeType", "gp3"),
        ];
        let node = bench.call(HOME, "CreateVolume", &params);
        let new = node.at(&["volumeId"]).unwrap().to_owned();
        let old = bench.volume(&home, device);
        bench.call(HOME, "DetachVolume", &[("VolumeId", &old)]);
        bench.settle();
        let params = [
            ("VolumeId", new.as_str()),
            ("InstanceId", &home),
            ("Device", device),
        ];
        bench.call(HOME, "AttachVolume", &params);
        bench.settle();
        assert_eq!(bench.volume(&home, device), new);
        kept.push(old);
    }
    bench.call(HOME, "StartInstances", &[("InstanceId.1", &home)]);
    bench.settle();
    assert_eq!(bench.state(&home), "running");
    let after = bench.model.host(bench.now, &home).unwrap();
    assert_eq!(
        (after.private_ip, after.checks.as_str()),
        (private_ip, "ok")
    );
    for old in kept {
        assert_eq!(
            bench.volume_field(HOME, &old, "status").as_deref(),
            Some("available")
        );
    }
}

#[test]
fn an_attached_volume_stays_when_its_instance_goes_unless_that_is_asked_for() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |_| {});
    let [kept, goes] = ["/dev/sdg", "/dev/sdh"].map(|device| {
        let params = [("AvailabilityZone", "us-west-2a"), ("Size", "1")];
        let node = bench.call(HOME, "CreateVolume", &params);
        let volume = node.at(&["volumeId"]).unwrap().to_owned();
        bench.settle();
        let params = [
            ("VolumeId", volume.as_str()),
            ("InstanceId", &host),
            ("Device", device),
        ];
        let node = bench.call(HOME, "AttachVolume", &params);
        assert_eq!(node.at(&["deleteOnTermination"]), Some("false"));
        volume
    });
    let params = [
        ("InstanceId", host.as_str()),
        ("BlockDeviceMapping.1.DeviceName", "/dev/sdh"),
        ("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true"),
    ];
    bench.call(HOME, "ModifyInstanceAttribute", &params);
    let root = bench.volume(&host, "/dev/xvda");
    bench.call(HOME, "TerminateInstances", &[("InstanceId.1", &host)]);
    bench.settle();
    assert_eq!(bench.state(&host), "terminated");
    assert_eq!(
        bench.volume_field(HOME, &kept, "status").as_deref(),
        Some("available")
    );
    for gone in [goes, root] {
        let code = bench.refusal(HOME, "DescribeVolumes", &[("VolumeId.1", &gone)]);
        assert_eq!(code, "InvalidVolume.NotFound");
        let removed = Effect::RemoveVolume {
            region: HOME.to_owned(),
            volume: gone,
        };
        assert!(bench.effects.contains(&removed));
    }
}

#[test]
fn a_public_address_is_another_one_after_a_stop_and_an_elastic_one_stays() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |_| {});
    let elastic = bench.host(HOME, |host| {
        host.elastic_ip = Some("203.0.113.7".to_owned())
    });
    let before = public_ip(&mut bench, &host).unwrap();
    for action in ["StopInstances", "StartInstances"] {
        bench.call(
            HOME,
            action,
            &[("InstanceId.1", &host), ("InstanceId.2", &elastic)],
        );
        bench.settle();
        if action == "StopInstances" {
            assert_eq!(public_ip(&mut bench, &host), None);
        }
    }
    assert_ne!(public_ip(&mut bench, &host).unwrap(), before);
    assert_eq!(
        public_ip(&mut bench, &elastic).as_deref(),
        Some("203.0.113.7")
    );
}

#[test]
fn a_mounted_volume_is_busy_until_its_host_unmounts_it_or_stops() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |_| {});
    let data = bench.volume(&host, "/dev/sdf");
    bench.model.set_mounted(bench.now, &data, true).unwrap();
    let node = bench.call(HOME, "DetachVolume", &[("VolumeId", &data)]);
    assert_eq!(node.at(&["status"]), Some("busy"));
    bench.settle();
    assert_eq!(
        bench.volume_field(HOME, &data, "status").as_deref(),
        Some("in-use")
    );
    bench.model.set_mounted(bench.now, &data, false).unwrap();
    bench.settle();
    assert_eq!(
        bench.volume_field(HOME, &data, "status").as_deref(),
        Some("available")
    );
}

#[test]
fn a_member_of_a_group_does_not_survive_being_stopped() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |host| {
        host.auto_scaling_group = Some("web".to_owned())
    });
    let data = bench.volume(&host, "/dev/sdf");
    bench.call(HOME, "StopInstances", &[("InstanceId.1", &host)]);
    bench.pass(3_000);
    assert_eq!(bench.state(&host), "stopped");
    bench.settle();
    assert_eq!(bench.state(&host), "terminated");
    assert_eq!(
        bench.volume_field(HOME, &data, "status").as_deref(),
        Some("available")
    );
}

#[test]
fn a_host_whose_disk_cannot_be_read_stops_again_and_says_why() {
    let mut bench = Bench::new();
    let key = bench.key(HOME, "one");
    let host = bench.host(HOME, |host| {
        host.disks[1].key = Some(key);
        host.is_stopped = true;
    });
    bench.model.plant_key(crate::model::PlantedKey {
        region: HOME.to_owned(),
        id: "one".to_owned(),
        alias: None,
        is_accessible: false,
    });
    bench.call(HOME, "StartInstances", &[("InstanceId.1", &host)]);
    bench.settle();
    assert_eq!(bench.state(&host), "stopped");
    let node = bench.call(HOME, "DescribeInstances", &[("InstanceId.1", &host)]);
    let instance = node.items("reservationSet")[0].items("instancesSet")[0];
    assert_eq!(
        instance.at(&["stateReason", "code"]),
        Some("Client.InternalError")
    );
}

#[test]
fn a_twin_is_launched_once_for_its_token_with_a_root_of_its_image() {
    let mut bench = Bench::new();
    bench.model.plant_image(PlantedImage {
        region: HOME.to_owned(),
        id: "ami-1".to_owned(),
        root_device: "/dev/xvda".to_owned(),
        size_gib: 8,
        snapshot: None,
    });
    let host = bench.host(AWAY, |_| {});
    let data = bench.volume(&host, "/dev/sdf");
    let source = bench.snapshots(AWAY, &host)[&data].clone();
    let copy = bench.copy(HOME, AWAY, &source, None);
    bench.settle();
    let params = [
        ("ImageId", "ami-1"),
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("InstanceType", "m7i.large"),
        ("SubnetId", "subnet-us-west-2b"),
        ("SecurityGroupId.1", "sg-us-west-2"),
        ("ClientToken", "twin-1"),
        ("BlockDeviceMapping.1.DeviceName", "/dev/sdf"),
        ("BlockDeviceMapping.1.Ebs.SnapshotId", copy.as_str()),
        ("MetadataOptions.HttpTokens", "optional"),
        ("TagSpecification.1.ResourceType", "instance"),
        ("TagSpecification.1.Tag.1.Key", "twin-of"),
        ("TagSpecification.1.Tag.1.Value", "web-1"),
    ];
    let ids: Vec<_> = (0..2)
        .map(|_| {
            let node = bench.call(HOME, "RunInstances", &params);
            let instance = node.items("instancesSet")[0];
            assert_eq!(
                instance.at(&["metadataOptions", "httpTokens"]),
                Some("optional")
            );
            instance.at(&["instanceId"]).unwrap().to_owned()
        })
        .collect();
    assert_eq!(ids[0], ids[1]);
    let mut other = params;
    other[3].1 = "m7i.xlarge";
    assert_eq!(
        bench.refusal(HOME, "RunInstances", &other),
        "IdempotentParameterMismatch"
    );
    bench.settle();
    let twin = bench.model.host(bench.now, &ids[0]).unwrap();
    assert_eq!(
        (twin.state.as_str(), twin.zone.as_str()),
        ("running", "us-west-2b")
    );
    let devices: Vec<_> = twin.volumes.iter().map(|it| it.device.as_str()).collect();
    assert_eq!(devices, ["/dev/sdf", "/dev/xvda"]);
    assert_eq!(twin.volumes[0].disk.snapshot.as_ref(), Some(&copy));

    bench.call(HOME, "TerminateInstances", &[("InstanceId.1", &ids[0])]);
    bench.settle();
    assert_eq!(
        bench.refusal(HOME, "RunInstances", &params),
        "IdempotentInstanceTerminated"
    );
}

#[test]
fn a_launch_names_what_is_there_and_does_not_give_the_root_another_snapshot() {
    let mut bench = Bench::new();
    bench.model.plant_image(PlantedImage {
        region: HOME.to_owned(),
        id: "ami-1".to_owned(),
        root_device: "/dev/xvda".to_owned(),
        size_gib: 8,
        snapshot: None,
    });
    let host = bench.host(HOME, |_| {});
    let root = bench.volume(&host, "/dev/xvda");
    let snapshot = bench.snapshots(HOME, &host)[&root].clone();
    let address = bench.model.host(bench.now, &host).unwrap().private_ip;
    let good = [
        ("ImageId", "ami-1"),
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("SubnetId", "subnet-us-west-2a"),
    ];
    for (change, code) in [
        (vec![("ImageId", "ami-2")], "InvalidAMIID.NotFound"),
        (
            vec![("SubnetId", "subnet-us-east-1a")],
            "InvalidSubnetID.NotFound",
        ),
        (
            vec![("SecurityGroupId.1", "sg-us-east-1")],
            "InvalidGroup.NotFound",
        ),
        (
            vec![("PrivateIpAddress", address.as_str())],
            "InvalidIPAddress.InUse",
        ),
        (vec![("MaxCount", "2")], "InvalidParameterValue"),
        (
            vec![
                ("BlockDeviceMapping.1.DeviceName", "/dev/xvda"),
                ("BlockDeviceMapping.1.Ebs.SnapshotId", snapshot.as_str()),
            ],
            "InvalidBlockDeviceMapping",
        ),
    ] {
        let params = [&good[..], &change].concat();
        assert_eq!(
            bench.refusal(HOME, "RunInstances", &params),
            code,
            "{change:?}"
        );
    }
    bench.model.set_capacity("us-west-2a", false);
    assert_eq!(
        bench.refusal(HOME, "RunInstances", &good),
        "InsufficientInstanceCapacity"
    );
}
