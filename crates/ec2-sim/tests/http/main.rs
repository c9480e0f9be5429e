//! EC2's protocol and the drills' one, over sockets, with real files and processes beneath.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]
#![allow(clippy::disallowed_methods, reason = "tests wait for processes")]

mod caller;
mod commands;
mod instants;

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use caller::{Caller, between};
use ec2_sim::model::{BLOCK_BYTES, Durations, Limits};
use serde_json::{Value, json};

const HOME: &str = "us-west-2";
const AWAY: &str = "us-east-1";

/// Everything happens within moments.
fn quick() -> Durations {
    Durations {
        start_ms: 20,
        stop_ms: 20,
        terminate_ms: 20,
        status_checks_ms: 20,
        attach_ms: 20,
        detach_ms: 20,
        create_volume_ms: 20,
        delete_volume_ms: 20,
        snapshot_ms: 20,
        snapshot_bytes_per_s: 1 << 40,
        copy_ms: 20,
        copy_bytes_per_s: 1 << 40,
        ..Durations::default()
    }
}

async fn simulator(durations: Durations) -> Caller {
    let limits = Limits {
        snapshot_spacing_ms: 0,
        ..Limits::default()
    };
    let caller = Caller::start(durations, limits).await;
    for region in [HOME, AWAY] {
        let subnet = json!({
            "id": format!("subnet-{region}"),
            "vpc": "vpc-1",
            "zone": format!("{region}a"),
        });
        caller
            .control(json!({"do": "plant_subnet", "subnet": subnet}))
            .await;
    }
    caller
}

/// A host with these data volumes beside its root.
async fn host(caller: &Caller, region: &str, data: &[&str]) -> Value {
    let devices = ["/dev/xvda"].iter().chain(data);
    let disks: Vec<_> = devices
        .map(|device| json!({"device": device, "size_gib": 1}))
        .collect();
    let host = json!({"subnet": format!("subnet-{region}"), "disks": disks});
    caller
        .control(json!({"do": "plant_host", "host": host}))
        .await
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The volume of a host at a device: its id and its file.
fn volume(host: &Value, device: &str) -> (String, PathBuf) {
    let volumes = host["volumes"].as_array().unwrap();
    let found = volumes.iter().find(|it| it["device"] == device).unwrap();
    let volume = &found["volume"];
    (text(&volume["id"]).to_owned(), text(&volume["path"]).into())
}

fn write(path: &Path, at: u64, bytes: &[u8]) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(bytes, at).unwrap();
}

/// The file of a volume that is restored from a snapshot, once both are there.
async fn restored(caller: &Caller, region: &str, snapshot: &str) -> PathBuf {
    let ask = ("SnapshotId.1", snapshot);
    caller
        .until(region, "DescribeSnapshots", ask, "completed")
        .await;
    let zone = format!("{region}a");
    let params = [
        ("AvailabilityZone", zone.as_str()),
        ("SnapshotId", snapshot),
    ];
    let made = caller.ok(region, "CreateVolume", &params).await;
    let id = between(&made, "volumeId");
    caller
        .until(region, "DescribeVolumes", ("VolumeId.1", id), "available")
        .await;
    let told = caller.control(json!({"do": "volume", "id": id})).await;
    text(&told["path"]).into()
}

/// A snapshot of a host's data volume, and its copy at home, once it is complete.
async fn round(caller: &Caller, host: &Value, then: impl Fn()) -> String {
    let params = [
        ("InstanceSpecification.InstanceId", text(&host["id"])),
        ("InstanceSpecification.ExcludeBootVolume", "true"),
    ];
    let taken = caller.ok(AWAY, "CreateSnapshots", &params).await;
    then();
    let source = between(&taken, "snapshotId");
    let ask = ("SnapshotId.1", source);
    caller
        .until(AWAY, "DescribeSnapshots", ask, "completed")
        .await;
    let params = [("SourceRegion", AWAY), ("SourceSnapshotId", source)];
    let copied = caller.ok(HOME, "CopySnapshot", &params).await;
    let copy = between(&copied, "snapshotId").to_owned();
    let ask = ("SnapshotId.1", copy.as_str());
    caller
        .until(HOME, "DescribeSnapshots", ask, "completed")
        .await;
    copy
}

#[tokio::test]
async fn a_hosts_disk_comes_home_byte_by_byte_and_the_bytes_are_counted() {
    let caller = simulator(quick()).await;
    let away = host(&caller, AWAY, &["/dev/sdf"]).await;
    let (_, path) = volume(&away, "/dev/sdf");
    write(&path, 0, b"first record");
    write(&path, 3 * BLOCK_BYTES, b"second record");
    // What is written after the answer is in the next one.
    let one = round(&caller, &away, || write(&path, 3 * BLOCK_BYTES, b"S")).await;
    let other = round(&caller, &away, || write(&path, 0, b"?")).await;
    for (copy, record) in [(one, b"second record"), (other, b"Second record")] {
        let file = fs::File::open(restored(&caller, HOME, &copy).await).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 1 << 30);
        let mut bytes = vec![0; usize::try_from(4 * BLOCK_BYTES).unwrap()];
        file.read_exact_at(&mut bytes, 0).unwrap();
        let second = usize::try_from(3 * BLOCK_BYTES).unwrap();
        let mut expected = vec![0; bytes.len()];
        expected[..12].copy_from_slice(b"first record");
        expected[second..second + 13].copy_from_slice(record);
        assert!(bytes == expected);
    }
    let counters = caller.control(json!({"do": "counters"})).await;
    let moved = json!([{"from": AWAY, "to": HOME, "bytes": 3 * BLOCK_BYTES}]);
    assert_eq!(counters["moved"], moved);
    let of = |name: &str| [&counters["copies"][0][name], &counters["copies"][1][name]];
    assert_eq!(of("incremental"), [&json!(false), &json!(true)]);
    assert_eq!(of("bytes"), [&json!(2 * BLOCK_BYTES), &json!(BLOCK_BYTES)]);
}

#[tokio::test]
async fn a_refusal_has_ec2s_shape_and_status() {
    let caller = simulator(quick()).await;
    let (status, body) = caller
        .call(HOME, "AttachVolume", &[("VolumeId", "vol-1")])
        .await
        .unwrap();
    assert_eq!(status, 400);
    assert!(
        body.starts_with("<Response><Errors><Error><Code>InvalidVolume.NotFound</Code><Message>"),
        "{body}"
    );
    assert!(body.contains("<RequestID>"), "{body}");
    for (action, code) in [
        ("RebootInstances", "InvalidAction"),
        ("", "MissingParameter"),
    ] {
        let (_, body) = caller.call(HOME, action, &[]).await.unwrap();
        assert_eq!(between(&body, "Code"), code);
    }
    let (status, body) = caller.unsigned("/", "Action=DescribeVolumes").await;
    assert_eq!((status, between(&body, "Code")), (401, "AuthFailure"));
}

#[tokio::test]
async fn a_region_is_named_by_the_signature_or_by_the_path() {
    let caller = simulator(quick()).await;
    host(&caller, AWAY, &[]).await;
    let there = caller.ok(AWAY, "DescribeInstances", &[]).await;
    assert!(there.contains("<instanceId>"), "{there}");
    let here = caller.ok(HOME, "DescribeInstances", &[]).await;
    assert!(!here.contains("<instanceId>"), "{here}");
    let (status, body) = caller
        .unsigned("/us-east-1/", "Action=DescribeInstances")
        .await;
    assert_eq!(status, 200);
    assert!(body.contains("<instanceId>"), "{body}");
}

#[tokio::test]
async fn a_lost_region_says_nothing_and_an_answer_can_be_lost() {
    let caller = simulator(quick()).await;
    let away = host(&caller, AWAY, &[]).await;
    let id = text(&away["id"]);
    let lose = json!({"do": "lose_answers", "region": AWAY, "action": "StopInstances", "calls": 1, "how": "unanswered"});
    caller.control(lose).await;
    let stop = [("InstanceId.1", id)];
    assert!(caller.call(AWAY, "StopInstances", &stop).await.is_err());
    caller
        .until(AWAY, "DescribeInstances", ("InstanceId.1", id), "stopped")
        .await;

    caller
        .control(json!({"do": "lose_region", "region": AWAY}))
        .await;
    let asked = caller.call(AWAY, "DescribeInstances", &[]);
    let silent = tokio::time::timeout(Duration::from_millis(300), asked).await;
    assert!(silent.is_err(), "it answered");
    caller.ok(HOME, "DescribeInstances", &[]).await;
    caller
        .control(json!({"do": "return_region", "region": AWAY}))
        .await;
    caller.ok(AWAY, "DescribeInstances", &[]).await;

    let calls = caller.control(json!({"do": "calls"})).await;
    let stops: Vec<_> = calls
        .as_array()
        .unwrap()
        .iter()
        .filter(|call| call["action"] == "StopInstances")
        .collect();
    assert_eq!(stops.len(), 1);
    assert_eq!(stops[0]["is_answer_lost"], json!(true));
}

#[tokio::test]
async fn a_block_that_is_not_loaded_is_read_slowly_once() {
    let durations = Durations {
        lazy_read_ms: 150,
        initialization_bytes_per_s: 0,
        ..quick()
    };
    let caller = simulator(durations).await;
    let away = host(&caller, AWAY, &[]).await;
    let (_, path) = volume(&away, "/dev/xvda");
    for block in [0, 1, 9] {
        write(&path, block * BLOCK_BYTES, b"x");
    }
    let taken = caller
        .ok(
            AWAY,
            "CreateSnapshots",
            &[("InstanceSpecification.InstanceId", text(&away["id"]))],
        )
        .await;
    let snapshot = between(&taken, "snapshotId");
    caller
        .until(
            AWAY,
            "DescribeSnapshots",
            ("SnapshotId.1", snapshot),
            "completed",
        )
        .await;
    let params = [("AvailabilityZone", "us-east-1a"), ("SnapshotId", snapshot)];
    let made = caller.ok(AWAY, "CreateVolume", &params).await;
    let restored = between(&made, "volumeId");
    caller
        .until(
            AWAY,
            "DescribeVolumes",
            ("VolumeId.1", restored),
            "available",
        )
        .await;
    let status = caller
        .ok(AWAY, "DescribeVolumeStatus", &[("VolumeId.1", restored)])
        .await;
    assert_eq!(between(&status, "progress"), "0");

    let read = json!({"do": "read_block", "volume": restored, "index": 0});
    let begun = Instant::now();
    let slow = caller.control(read.clone()).await;
    assert!(begun.elapsed() >= Duration::from_millis(150));
    let fast = caller.control(read).await;
    assert_eq!(
        (&slow["waited_ms"], &fast["waited_ms"]),
        (&json!(150), &json!(0))
    );
    assert_eq!(slow["sha256"], fast["sha256"]);
    let status = caller
        .ok(AWAY, "DescribeVolumeStatus", &[("VolumeId.1", restored)])
        .await;
    assert_eq!(between(&status, "progress"), "33");
    let through = json!({"do": "read_through", "volume": restored});
    let begun = Instant::now();
    let whole = caller.control(through.clone()).await;
    assert!(begun.elapsed() >= Duration::from_millis(2 * 150));
    assert_eq!(whole["blocks"], json!(2));
    assert_eq!(caller.control(through).await["blocks"], json!(0));
    let status = caller
        .ok(AWAY, "DescribeVolumeStatus", &[("VolumeId.1", restored)])
        .await;
    assert_eq!(between(&status, "progress"), "100");
}
