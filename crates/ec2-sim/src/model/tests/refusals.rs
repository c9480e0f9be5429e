//! Each refusal, and that nothing comes of the call.

use super::bench::{AWAY, Bench, HOME};
use crate::model::{Limits, PlantedImage};

fn made(bench: &mut Bench, zone: &str, more: &[(&str, &str)]) -> String {
    let params = [&[("AvailabilityZone", zone), ("Size", "8")], more].concat();
    let node = bench.call(HOME, "CreateVolume", &params);
    bench.settle();
    node.at(&["volumeId"]).unwrap().to_owned()
}

fn attach<'a>(volume: &'a str, host: &'a str, device: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("VolumeId", volume),
        ("InstanceId", host),
        ("Device", device),
    ]
}

#[test]
fn a_volume_of_another_zone_is_not_attached() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |_| {});
    let volume = made(&mut bench, "us-west-2b", &[]);
    let code = bench.refusal(HOME, "AttachVolume", &attach(&volume, &host, "/dev/sdg"));
    assert_eq!(code, "InvalidVolume.ZoneMismatch");
    assert_eq!(
        bench.volume_field(HOME, &volume, "status").as_deref(),
        Some("available")
    );
}

#[test]
fn a_volume_that_somebody_holds_is_neither_attached_nor_deleted() {
    let mut bench = Bench::new();
    let (one, other) = (bench.host(HOME, |_| {}), bench.host(HOME, |_| {}));
    let volume = bench.volume(&one, "/dev/sdf");
    let code = bench.refusal(HOME, "AttachVolume", &attach(&volume, &other, "/dev/sdg"));
    assert_eq!(code, "VolumeInUse");
    let code = bench.refusal(HOME, "DeleteVolume", &[("VolumeId", &volume)]);
    assert_eq!(code, "VolumeInUse");
}

#[test]
fn a_volume_that_is_not_there_yet_is_in_no_state_for_it() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |_| {});
    let params = [("AvailabilityZone", "us-west-2a"), ("Size", "8")];
    let node = bench.call(HOME, "CreateVolume", &params);
    let volume = node.at(&["volumeId"]).unwrap().to_owned();
    let code = bench.refusal(HOME, "AttachVolume", &attach(&volume, &host, "/dev/sdg"));
    assert_eq!(code, "IncorrectState");
    bench.settle();
    bench.call(HOME, "AttachVolume", &attach(&volume, &host, "/dev/sdg"));
    let code = bench.refusal(HOME, "DetachVolume", &[("VolumeId", "vol-0")]);
    assert_eq!(code, "InvalidVolume.NotFound");
}

#[test]
fn a_device_that_is_taken_stays_taken() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |_| {});
    let volume = made(&mut bench, "us-west-2a", &[]);
    let code = bench.refusal(HOME, "AttachVolume", &attach(&volume, &host, "/dev/sdf"));
    assert_eq!(code, "InvalidParameterValue");
}

#[test]
fn no_instance_has_more_volumes_than_it_may() {
    let mut bench = Bench::with(Limits {
        attachments: 3,
        ..Limits::default()
    });
    let host = bench.host(HOME, |_| {});
    let [third, fourth] = [(); 2].map(|()| made(&mut bench, "us-west-2a", &[]));
    bench.call(HOME, "AttachVolume", &attach(&third, &host, "/dev/sdg"));
    let code = bench.refusal(HOME, "AttachVolume", &attach(&fourth, &host, "/dev/sdh"));
    assert_eq!(code, "AttachmentLimitExceeded");
}

#[test]
fn the_root_of_a_host_that_runs_stays_and_a_volume_that_is_free_cannot_be_freed() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |_| {});
    let root = bench.volume(&host, "/dev/xvda");
    let code = bench.refusal(HOME, "DetachVolume", &[("VolumeId", &root)]);
    assert_eq!(code, "OperationNotPermitted");
    let free = made(&mut bench, "us-west-2a", &[]);
    let code = bench.refusal(HOME, "DetachVolume", &[("VolumeId", &free)]);
    assert_eq!(code, "IncorrectState");
    let data = bench.volume(&host, "/dev/sdf");
    let wrong = [("VolumeId", data.as_str()), ("Device", "/dev/sdz")];
    let code = bench.refusal(HOME, "DetachVolume", &wrong);
    assert_eq!(code, "InvalidAttachment.NotFound");
}

#[test]
fn a_host_that_stops_is_neither_started_nor_are_its_disks_detached() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |_| {});
    let data = bench.volume(&host, "/dev/sdf");
    bench.call(HOME, "StopInstances", &[("InstanceId.1", &host)]);
    let code = bench.refusal(HOME, "StartInstances", &[("InstanceId.1", &host)]);
    assert_eq!(code, "IncorrectInstanceState");
    let code = bench.refusal(HOME, "DetachVolume", &[("VolumeId", &data)]);
    assert_eq!(code, "IncorrectInstanceState");
}

#[test]
fn protections_hold_and_nothing_of_a_list_is_done_if_one_of_it_is_protected() {
    let mut bench = Bench::new();
    let free = bench.host(HOME, |_| {});
    let held = bench.host(HOME, |host| {
        host.disable_api_stop = true;
        host.disable_api_termination = true;
    });
    let both = [
        ("InstanceId.1", free.as_str()),
        ("InstanceId.2", held.as_str()),
    ];
    for action in ["StopInstances", "TerminateInstances"] {
        assert_eq!(bench.refusal(HOME, action, &both), "OperationNotPermitted");
    }
    bench.settle();
    assert_eq!(
        (bench.state(&free), bench.state(&held)),
        ("running".into(), "running".into())
    );

    let off = [
        ("InstanceId", held.as_str()),
        ("DisableApiStop.Value", "false"),
    ];
    bench.call(HOME, "ModifyInstanceAttribute", &off);
    bench.call(HOME, "StopInstances", &both);
    bench.settle();
    // Termination protection does not protect from being stopped.
    assert_eq!(bench.state(&held), "stopped");
}

#[test]
fn a_host_without_a_volume_as_its_root_cannot_be_stopped() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |host| host.has_instance_store_root = true);
    let code = bench.refusal(HOME, "StopInstances", &[("InstanceId.1", &host)]);
    assert_eq!(code, "UnsupportedOperation");
}

#[test]
fn a_host_does_not_start_without_its_root_nor_in_a_zone_without_capacity() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |host| host.is_stopped = true);
    let start = [("InstanceId.1", host.as_str())];
    bench.model.set_capacity("us-west-2a", false);
    assert_eq!(
        bench.refusal(HOME, "StartInstances", &start),
        "InsufficientInstanceCapacity"
    );
    bench.model.set_capacity("us-west-2a", true);
    let root = bench.volume(&host, "/dev/xvda");
    bench.call(HOME, "DetachVolume", &[("VolumeId", &root)]);
    bench.settle();
    assert_eq!(
        bench.refusal(HOME, "StartInstances", &start),
        "InvalidParameterValue"
    );
    bench.call(HOME, "AttachVolume", &attach(&root, &host, "/dev/xvda"));
    bench.settle();
    bench.call(HOME, "StartInstances", &start);
}

#[test]
fn only_so_many_copies_are_under_way_into_a_region() {
    let mut bench = Bench::new();
    let host = bench.host(AWAY, |_| {});
    let taken = bench.snapshots(AWAY, &host);
    let source = taken.values().next().unwrap().clone();
    let params = [
        ("SourceRegion", AWAY),
        ("SourceSnapshotId", source.as_str()),
    ];
    for _ in 0..20 {
        bench.call(HOME, "CopySnapshot", &params);
    }
    assert_eq!(
        bench.refusal(HOME, "CopySnapshot", &params),
        "ResourceLimitExceeded"
    );
    // Another destination has its own limit.
    bench.call(AWAY, "CopySnapshot", &params);
    bench.settle();
    bench.call(HOME, "CopySnapshot", &params);
}

#[test]
fn snapshots_of_a_volume_are_made_apart_and_not_too_many_at_once() {
    let mut bench = Bench::with(Limits::default());
    let host = bench.host(HOME, |_| {});
    let params = [("InstanceSpecification.InstanceId", host.as_str())];
    bench.call(HOME, "CreateSnapshots", &params);
    bench.pass(14_999);
    let code = bench.refusal(HOME, "CreateSnapshots", &params);
    assert_eq!(code, "SnapshotCreationPerVolumeRateExceeded");
    bench.pass(1);
    bench.call(HOME, "CreateSnapshots", &params);

    let mut bench = Bench::new();
    let host = bench.host(HOME, |_| {});
    let params = [("InstanceSpecification.InstanceId", host.as_str())];
    for _ in 0..5 {
        bench.call(HOME, "CreateSnapshots", &params);
    }
    let code = bench.refusal(HOME, "CreateSnapshots", &params);
    assert_eq!(code, "ConcurrentSnapshotLimitExceeded");
}

#[test]
fn what_is_pending_is_neither_copied_nor_restored() {
    let mut bench = Bench::new();
    let host = bench.host(AWAY, |_| {});
    let params = [("InstanceSpecification.InstanceId", host.as_str())];
    let node = bench.call(AWAY, "CreateSnapshots", &params);
    let id = node.items("snapshotSet")[0]
        .at(&["snapshotId"])
        .unwrap()
        .to_owned();
    let copy = [("SourceRegion", AWAY), ("SourceSnapshotId", id.as_str())];
    assert_eq!(bench.refusal(HOME, "CopySnapshot", &copy), "IncorrectState");
    let restore = [
        ("AvailabilityZone", "us-east-1a"),
        ("SnapshotId", id.as_str()),
    ];
    assert_eq!(
        bench.refusal(AWAY, "CreateVolume", &restore),
        "IncorrectState"
    );
    assert_eq!(
        bench.refusal(
            HOME,
            "CreateVolume",
            &[("AvailabilityZone", "us-west-2a"), ("SnapshotId", &id)]
        ),
        "InvalidSnapshot.NotFound"
    );
}

#[test]
fn a_snapshot_that_an_image_needs_is_kept() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |_| {});
    let root = bench.volume(&host, "/dev/xvda");
    let snapshot = bench.snapshots(HOME, &host)[&root].clone();
    bench.model.plant_image(PlantedImage {
        region: HOME.to_owned(),
        id: "ami-1".to_owned(),
        root_device: "/dev/xvda".to_owned(),
        size_gib: 8,
        snapshot: Some(snapshot.clone()),
    });
    let code = bench.refusal(HOME, "DeleteSnapshot", &[("SnapshotId", &snapshot)]);
    assert_eq!(code, "InvalidSnapshot.InUse");
}

#[test]
fn attributes_are_changed_one_at_a_time_and_some_only_while_the_host_is_stopped() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |_| {});
    let id = ("InstanceId", host.as_str());
    let modify = "ModifyInstanceAttribute";
    let two = [
        id,
        ("DisableApiStop.Value", "true"),
        ("EbsOptimized.Value", "true"),
    ];
    assert_eq!(
        bench.refusal(HOME, modify, &two),
        "InvalidParameterCombination"
    );
    assert_eq!(
        bench.refusal(HOME, modify, &[id]),
        "InvalidParameterCombination"
    );
    let larger = [id, ("InstanceType.Value", "m7i.xlarge")];
    assert_eq!(
        bench.refusal(HOME, modify, &larger),
        "IncorrectInstanceState"
    );
    bench.call(HOME, "StopInstances", &[("InstanceId.1", &host)]);
    bench.settle();
    bench.call(HOME, modify, &larger);
    let nothing = [
        id,
        ("BlockDeviceMapping.1.DeviceName", "/dev/sdz"),
        ("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true"),
    ];
    assert_eq!(
        bench.refusal(HOME, modify, &nothing),
        "InvalidInstanceAttributeValue"
    );
}

#[test]
fn a_dry_run_does_nothing() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |_| {});
    let params = [("InstanceId.1", host.as_str()), ("DryRun", "true")];
    assert_eq!(
        bench.refusal(HOME, "StopInstances", &params),
        "DryRunOperation"
    );
    bench.settle();
    assert_eq!(bench.state(&host), "running");
}

#[test]
fn what_another_region_has_is_not_here() {
    let mut bench = Bench::new();
    let host = bench.host(AWAY, |_| {});
    let code = bench.refusal(HOME, "StopInstances", &[("InstanceId.1", &host)]);
    assert_eq!(code, "InvalidInstanceID.NotFound");
    assert_eq!(bench.refusal(HOME, "RebootInstances", &[]), "InvalidAction");
}
