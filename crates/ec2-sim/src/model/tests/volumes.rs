//! Volumes: what they are made with, tokens, and how restored ones load.

use super::bench::{Bench, HOME};
use crate::{answer::Node, model::Limits};

/// A restored volume of 400 blocks, and how it was asked for.
fn restored(bench: &mut Bench, more: &[(&str, &str)]) -> String {
    let host = bench.host(HOME, |_| {});
    let data = bench.volume(&host, "/dev/sdf");
    let many: Vec<_> = (0..400).map(|index| (index, 3)).collect();
    bench.write(&data, &many);
    let snapshot = bench.snapshots(HOME, &host)[&data].clone();
    let restore = [
        ("AvailabilityZone", "us-west-2a"),
        ("SnapshotId", snapshot.as_str()),
    ];
    let node = bench.call(HOME, "CreateVolume", &[&restore, more].concat());
    node.at(&["volumeId"]).unwrap().to_owned()
}

fn loading(bench: &mut Bench, volume: &str) -> Node {
    let node = bench.call(HOME, "DescribeVolumeStatus", &[("VolumeId.1", volume)]);
    node.items("volumeStatusSet")[0].clone()
}

#[test]
fn the_default_type_is_gp2_and_a_token_makes_one_volume() {
    let mut bench = Bench::new();
    let params = [
        ("AvailabilityZoneId", "usw2-az2"),
        ("Size", "100"),
        ("ClientToken", "one"),
    ];
    let [one, again] = [(); 2].map(|()| bench.call(HOME, "CreateVolume", &params));
    assert_eq!(one.at(&["volumeType"]), Some("gp2"));
    assert_eq!(one.at(&["iops"]), Some("300"));
    assert_eq!(one.at(&["availabilityZone"]), Some("us-west-2b"));
    assert_eq!(one.at(&["volumeId"]), again.at(&["volumeId"]));
    let larger = [params[0], ("Size", "101"), params[2]];
    assert_eq!(
        bench.refusal(HOME, "CreateVolume", &larger),
        "IdempotentParameterMismatch"
    );
}

#[test]
fn a_volume_loads_at_the_rate_that_was_asked_for_and_tells_when_it_is_whole() {
    let mut bench = Bench::new();
    let volume = restored(&mut bench, &[("VolumeInitializationRate", "100")]);
    let at = |node: &Node, name: &str| {
        let path = ["initializationStatusDetails", name];
        node.at(&path).map(str::to_owned)
    };
    // 200 MiB at 100 MiB/s.
    bench.pass(500);
    let node = loading(&mut bench, &volume);
    assert_eq!(at(&node, "progress").as_deref(), Some("25"));
    assert_eq!(
        at(&node, "estimatedTimeToCompleteInSeconds").as_deref(),
        Some("1")
    );
    assert_eq!(
        at(&node, "initializationType").as_deref(),
        Some("provisioned-rate")
    );
    let details = node.get("volumeStatus").unwrap().items("details");
    assert_eq!(details[1].at(&["status"]), Some("initializing"));
    bench.pass(1_495);
    assert_eq!(
        at(&loading(&mut bench, &volume), "progress").as_deref(),
        Some("99")
    );
    bench.pass(5);
    let node = loading(&mut bench, &volume);
    assert_eq!(at(&node, "progress").as_deref(), Some("100"));
    assert_eq!(
        at(&node, "estimatedTimeToCompleteInSeconds").as_deref(),
        Some("0")
    );
    let details = node.get("volumeStatus").unwrap().items("details");
    assert_eq!(details[1].at(&["status"]), Some("completed"));
}

#[test]
fn without_a_rate_no_end_is_told_and_an_empty_volume_has_nothing_to_load() {
    let mut bench = Bench::new();
    let volume = restored(&mut bench, &[]);
    let node = loading(&mut bench, &volume);
    let details = node.get("initializationStatusDetails").unwrap();
    assert_eq!(details.at(&["initializationType"]), Some("default"));
    assert_eq!(details.at(&["progress"]), Some("0"));
    assert_eq!(details.get("estimatedTimeToCompleteInSeconds"), None);

    let params = [("AvailabilityZone", "us-west-2a"), ("Size", "8")];
    let node = bench.call(HOME, "CreateVolume", &params);
    let empty = node.at(&["volumeId"]).unwrap().to_owned();
    assert_eq!(
        loading(&mut bench, &empty).get("initializationStatusDetails"),
        None
    );
}

#[test]
fn a_block_that_is_read_before_it_came_takes_long_and_the_second_time_it_does_not() {
    let mut bench = Bench::new();
    let volume = restored(&mut bench, &[]);
    let now = bench.now;
    assert_eq!(bench.model.read_block(now, &volume, 399).unwrap(), 20);
    assert_eq!(bench.model.read_block(now, &volume, 399).unwrap(), 0);
    // Nothing was ever written there.
    assert_eq!(bench.model.read_block(now, &volume, 400).unwrap(), 0);
    let behind = 8 * 2_048;
    assert!(bench.model.read_block(now, &volume, behind).is_err());
    assert_eq!(bench.model.disk(now, &volume).unwrap().blocks_pending, 399);
}

#[test]
fn a_volume_whose_key_may_not_be_used_does_not_come_about() {
    let mut bench = Bench::new();
    let params = [
        ("AvailabilityZone", "us-west-2a"),
        ("Size", "8"),
        ("Encrypted", "true"),
        ("KmsKeyId", "unknown"),
    ];
    let node = bench.call(HOME, "CreateVolume", &params);
    let volume = node.at(&["volumeId"]).unwrap().to_owned();
    assert_eq!(
        bench.volume_field(HOME, &volume, "status").as_deref(),
        Some("creating")
    );
    bench.settle();
    let code = bench.refusal(HOME, "DescribeVolumes", &[("VolumeId.1", &volume)]);
    assert_eq!(code, "InvalidVolume.NotFound");
}

#[test]
fn a_volume_is_asked_for_with_what_its_type_has() {
    let mut bench = Bench::new();
    let zone = ("AvailabilityZone", "us-west-2a");
    for (params, code) in [
        (
            vec![("Size", "8"), ("VolumeType", "io2")],
            "MissingParameter",
        ),
        (
            vec![("Size", "8"), ("Throughput", "200")],
            "InvalidParameterCombination",
        ),
        (
            vec![("Size", "8"), ("VolumeType", "gp9")],
            "InvalidParameterValue",
        ),
        (vec![("Size", "0")], "InvalidParameterValue"),
        (vec![("VolumeType", "gp3")], "MissingParameter"),
        (
            vec![("Size", "8"), ("VolumeInitializationRate", "100")],
            "InvalidParameterCombination",
        ),
        (
            vec![("Size", "8"), ("Encrypted", "false"), ("KmsKeyId", "k")],
            "InvalidParameterDependency",
        ),
        (
            vec![("Size", "8"), ("MultiAttachEnabled", "true")],
            "UnknownParameter",
        ),
    ] {
        let params = [vec![zone], params].concat();
        assert_eq!(
            bench.refusal(HOME, "CreateVolume", &params),
            code,
            "{params:?}"
        );
    }
    for elsewhere in ["us-east-1a", HOME] {
        let params = [("AvailabilityZone", elsewhere), ("Size", "8")];
        assert_eq!(
            bench.refusal(HOME, "CreateVolume", &params),
            "InvalidZone.NotFound"
        );
    }
}

#[test]
fn a_restored_volume_is_not_smaller_and_its_rate_is_within_bounds() {
    let mut bench = Bench::with(Limits {
        initialization_mib_per_s: 500,
        ..Limits::default()
    });
    let host = bench.host(HOME, |_| {});
    let data = bench.volume(&host, "/dev/sdf");
    bench.write(&data, &[(0, 1)]);
    let snapshot = bench.snapshots(HOME, &host)[&data].clone();
    let restore = [
        ("AvailabilityZone", "us-west-2a"),
        ("SnapshotId", snapshot.as_str()),
    ];
    for (name, value, code) in [
        ("Size", "7", "InvalidParameterValue"),
        ("VolumeInitializationRate", "99", "InvalidParameterValue"),
        ("VolumeInitializationRate", "301", "InvalidParameterValue"),
    ] {
        let params = [&restore[..], &[(name, value)]].concat();
        assert_eq!(bench.refusal(HOME, "CreateVolume", &params), code, "{name}");
    }
    let fast = [&restore[..], &[("VolumeInitializationRate", "300")]].concat();
    bench.call(HOME, "CreateVolume", &fast);
    assert_eq!(
        bench.refusal(HOME, "CreateVolume", &fast),
        "ResourceLimitExceeded"
    );
    bench.settle();
    bench.call(HOME, "CreateVolume", &fast);
}
