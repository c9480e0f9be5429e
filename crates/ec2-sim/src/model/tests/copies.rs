//! When a copy is incremental, what it moves to the byte, and copies that fail without a word.

use super::bench::{AWAY, Bench, HOME};
use crate::model::{BLOCK_BYTES, PlantedKey, copies::NO_KEY};

/// A host away whose data volume holds three blocks.
fn host(bench: &mut Bench, key: Option<&str>) -> (String, String) {
    let key = key.map(str::to_owned);
    let host = bench.host(AWAY, |host| host.disks[1].key = key);
    let data = bench.volume(&host, "/dev/sdf");
    bench.write(&data, &[(0, 1), (1, 1), (9, 1)]);
    (host, data)
}

/// A round: a snapshot of the data volume and its copy at home, complete.
fn round(bench: &mut Bench, (host, data): (&str, &str), key: Option<&str>) -> (String, String) {
    let source = bench.snapshots(AWAY, host)[data].clone();
    let copy = bench.copy(HOME, AWAY, &source, key);
    bench.settle();
    (source, copy)
}

/// What the last copy moved, in blocks, and whether it was incremental.
fn last(bench: &Bench) -> (u64, bool) {
    let copy = bench.model.copies().last().unwrap();
    (copy.bytes / BLOCK_BYTES, copy.incremental)
}

#[test]
fn the_first_copy_is_full_and_the_next_ones_move_what_changed() {
    let mut bench = Bench::new();
    let (host, data) = host(&mut bench, None);
    round(&mut bench, (&host, &data), None);
    assert_eq!(last(&bench), (3, false));

    bench.write(&data, &[(1, 2), (5, 2)]);
    let (_, copy) = round(&mut bench, (&host, &data), None);
    assert_eq!(last(&bench), (2, true));
    let full = bench.snapshot_field(HOME, &copy, "fullSnapshotSizeInBytes");
    assert_eq!(full, Some((4 * BLOCK_BYTES).to_string()));

    round(&mut bench, (&host, &data), None);
    assert_eq!(last(&bench), (0, true));

    // A block that became zeros is a change, too.
    bench.content.get_mut(&data).unwrap().remove(&9);
    round(&mut bench, (&host, &data), None);
    assert_eq!(last(&bench), (1, true));
}

#[test]
fn a_copy_after_the_last_one_was_deleted_is_full() {
    let mut bench = Bench::new();
    let (host, data) = host(&mut bench, None);
    let (_, first) = round(&mut bench, (&host, &data), None);
    let (_, second) = round(&mut bench, (&host, &data), None);
    // An older one may go.
    bench.call(HOME, "DeleteSnapshot", &[("SnapshotId", &first)]);
    round(&mut bench, (&host, &data), None);
    assert_eq!(last(&bench), (0, true));

    let third = bench.model.copies().last().unwrap().snapshot.clone();
    bench.call(HOME, "DeleteSnapshot", &[("SnapshotId", &third)]);
    // The one before it is still there, and does not help.
    assert!(bench.snapshot_field(HOME, &second, "status").is_some());
    round(&mut bench, (&host, &data), None);
    assert_eq!(last(&bench), (3, false));
}

#[test]
fn a_copy_with_another_key_than_those_that_are_there_is_full() {
    let mut bench = Bench::new();
    let (one, other) = (bench.key(HOME, "one"), bench.key(HOME, "other"));
    let (host, data) = host(&mut bench, None);
    let at = (host.as_str(), data.as_str());
    let (_, first) = round(&mut bench, at, Some(&one));
    round(&mut bench, at, Some(&one));
    assert_eq!(last(&bench), (0, true));
    round(&mut bench, at, Some(&other));
    assert_eq!(last(&bench), (3, false));
    // All of them, not only the last one.
    round(&mut bench, at, Some(&other));
    assert_eq!(last(&bench), (3, false));

    let second = bench.model.copies()[1].snapshot.clone();
    for old in [first, second] {
        bench.call(HOME, "DeleteSnapshot", &[("SnapshotId", &old)]);
    }
    round(&mut bench, at, Some(&other));
    assert_eq!(last(&bench), (0, true));
}

#[test]
fn a_copy_that_is_still_under_way_is_no_base() {
    let mut bench = Bench::new();
    let (host, data) = host(&mut bench, None);
    let source = bench.snapshots(AWAY, &host)[&data].clone();
    bench.copy(HOME, AWAY, &source, None);
    bench.copy(HOME, AWAY, &source, None);
    assert_eq!(last(&bench), (3, false));
}

#[test]
fn volumes_are_lineages_and_a_restored_one_begins_its_own() {
    let mut bench = Bench::new();
    let (host, data) = host(&mut bench, None);
    let source = bench.snapshots(AWAY, &host)[&data].clone();
    bench.copy(HOME, AWAY, &source, None);
    bench.settle();
    // The same content, on another host's volume.
    let other = bench.host(AWAY, |host| host.disks[1].snapshot = Some(source));
    let restored = bench.volume(&other, "/dev/sdf");
    let content = bench.content[&data].clone();
    bench.content.insert(restored.clone(), content);
    round(&mut bench, (&other, &restored), None);
    assert_eq!(last(&bench), (3, false));
}

#[test]
fn within_a_region_and_with_the_same_key_nothing_is_moved() {
    let mut bench = Bench::new();
    let (host, data) = host(&mut bench, None);
    let source = bench.snapshots(AWAY, &host)[&data].clone();
    bench.copy(AWAY, AWAY, &source, None);
    assert_eq!(last(&bench), (0, true));
    let key = bench.key(AWAY, "one");
    bench.copy(AWAY, AWAY, &source, Some(&key));
    assert_eq!(last(&bench), (3, false));
}

#[test]
fn a_copy_takes_as_long_as_its_bytes_and_tells_how_far_it_is() {
    let mut bench = Bench::new();
    let (host, data) = host(&mut bench, None);
    let many: Vec<_> = (0..400).map(|index| (index, 3)).collect();
    bench.write(&data, &many);
    let source = bench.snapshots(AWAY, &host)[&data].clone();
    let copy = bench.copy(HOME, AWAY, &source, None);
    // 200 MiB at 100 MiB/s, and a second.
    bench.pass(1_500);
    assert_eq!(
        bench.snapshot_field(HOME, &copy, "progress").as_deref(),
        Some("50%")
    );
    bench.pass(1_499);
    assert_eq!(
        bench.snapshot_field(HOME, &copy, "status").as_deref(),
        Some("pending")
    );
    bench.pass(1);
    assert_eq!(
        bench.snapshot_field(HOME, &copy, "status").as_deref(),
        Some("completed")
    );
    assert_eq!(
        bench.snapshot_field(HOME, &copy, "progress").as_deref(),
        Some("100%")
    );
}

#[test]
fn a_key_that_may_not_be_used_is_told_by_the_copys_state_alone() {
    let mut bench = Bench::new();
    let (host, data) = host(&mut bench, None);
    let source = bench.snapshots(AWAY, &host)[&data].clone();
    let (foreign, taken_away) = (bench.key(AWAY, "foreign"), bench.key(HOME, "taken-away"));
    bench.model.plant_key(PlantedKey {
        region: HOME.to_owned(),
        id: "taken-away".to_owned(),
        alias: None,
        is_accessible: false,
    });
    for key in [foreign.as_str(), taken_away.as_str(), "unknown"] {
        // The call succeeds.
        let copy = bench.copy(HOME, AWAY, &source, Some(key));
        bench.settle();
        assert_eq!(
            bench.snapshot_field(HOME, &copy, "status").as_deref(),
            Some("error"),
            "{key}"
        );
        assert_eq!(
            bench
                .snapshot_field(HOME, &copy, "statusMessage")
                .as_deref(),
            Some(NO_KEY)
        );
        assert_eq!(last(&bench), (0, false));
    }
    // Such a copy is no base.
    bench.copy(HOME, AWAY, &source, None);
    assert_eq!(last(&bench), (3, false));
}

#[test]
fn what_is_encrypted_stays_so_under_a_key_of_its_region_and_tags_stay_behind() {
    let mut bench = Bench::new();
    let key = bench.key(AWAY, "away");
    let (host, data) = host(&mut bench, Some(&key));
    bench.call(
        AWAY,
        "CreateTags",
        &[
            ("ResourceId.1", &data),
            ("Tag.1.Key", "role"),
            ("Tag.1.Value", "data"),
        ],
    );
    let params = [
        ("InstanceSpecification.InstanceId", host.as_str()),
        ("CopyTagsFromSource", "volume"),
        ("InstanceSpecification.ExcludeBootVolume", "true"),
    ];
    let node = bench.call(AWAY, "CreateSnapshots", &params);
    let [item] = node.items("snapshotSet")[..] else {
        panic!("{node:?}");
    };
    assert_eq!(item.items("tagSet")[0].at(&["key"]), Some("role"));
    let source = item.at(&["snapshotId"]).unwrap().to_owned();
    bench.settle();
    let copy = bench.copy(HOME, AWAY, &source, None);
    bench.settle();
    assert_eq!(
        bench.snapshot_field(HOME, &copy, "kmsKeyId").as_deref(),
        Some("arn:aws:kms:us-west-2:123456789012:key/aws-ebs")
    );
    let node = bench.call(HOME, "DescribeSnapshots", &[("SnapshotId.1", &copy)]);
    let shown = node.items("snapshotSet")[0];
    assert_eq!(shown.get("tagSet"), None);
    assert_ne!(shown.at(&["volumeId"]), Some(data.as_str()));
}

#[test]
fn a_copy_out_of_a_lost_region_waits_and_a_new_one_is_refused() {
    let mut bench = Bench::new();
    let (host, data) = host(&mut bench, None);
    let source = bench.snapshots(AWAY, &host)[&data].clone();
    let copy = bench.copy(HOME, AWAY, &source, None);
    bench.model.lose_region(bench.now, AWAY);
    bench.settle();
    assert_eq!(
        bench.snapshot_field(HOME, &copy, "status").as_deref(),
        Some("pending")
    );
    assert_eq!(
        bench.snapshot_field(HOME, &copy, "progress").as_deref(),
        Some("99%")
    );
    let params = [
        ("SourceRegion", AWAY),
        ("SourceSnapshotId", source.as_str()),
    ];
    assert_eq!(bench.refusal(HOME, "CopySnapshot", &params), "Unavailable");
    bench.model.return_region(bench.now, AWAY);
    assert_eq!(
        bench.snapshot_field(HOME, &copy, "status").as_deref(),
        Some("completed")
    );
}

#[test]
fn a_copy_is_given_quarters_of_hours() {
    let mut bench = Bench::new();
    let (host, data) = host(&mut bench, None);
    let source = bench.snapshots(AWAY, &host)[&data].clone();
    let with = |minutes| {
        [
            ("SourceRegion", AWAY),
            ("SourceSnapshotId", source.as_str()),
            ("CompletionDurationMinutes", minutes),
        ]
    };
    for wrong in ["14", "20", "2895"] {
        let code = bench.refusal(HOME, "CopySnapshot", &with(wrong));
        assert_eq!(code, "InvalidParameterValue", "{wrong}");
    }
    let node = bench.call(HOME, "CopySnapshot", &with("30"));
    let copy = node.at(&["snapshotId"]).unwrap();
    let kind = bench.snapshot_field(HOME, copy, "transferType");
    assert_eq!(kind.as_deref(), Some("time-based"));
}

#[test]
fn a_snapshot_stores_what_changed_since_the_one_before_it_that_is_still_there() {
    let mut bench = Bench::new();
    let (host, data) = host(&mut bench, None);
    let stored = |bench: &Bench| bench.model.stored_bytes()[AWAY] / BLOCK_BYTES;
    bench.snapshots(AWAY, &host);
    assert_eq!(stored(&bench), 3);
    bench.write(&data, &[(1, 2), (5, 2)]);
    let second = bench.snapshots(AWAY, &host)[&data].clone();
    assert_eq!(stored(&bench), 3 + 2);
    bench.call(AWAY, "DeleteSnapshot", &[("SnapshotId", &second)]);
    bench.write(&data, &[(0, 4)]);
    bench.snapshots(AWAY, &host);
    assert_eq!(stored(&bench), 3 + 2 + 3);
}
