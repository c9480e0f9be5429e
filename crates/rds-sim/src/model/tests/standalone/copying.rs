//! Copies of instances' snapshots: how far they have come, how many there may be, and what they take along.

use super::{
    super::world::{EAST, WEST, World, expect},
    SOURCE,
};
use crate::model::{ClusterKey, Settings, Transfer};

const KEY: (&str, &str) = ("KmsKeyId", "arn:aws:kms:us-east-1:123456789012:key/orders");
const GIB: u64 = 1_073_741_824;

fn keep(world: &mut World, id: &str) {
    world.ok(
        WEST,
        "CreateDBSnapshot",
        &[SOURCE, ("DBSnapshotIdentifier", id)],
    );
    world.settle();
}

fn copy(world: &mut World, id: &str, target: &str, more: &[(&str, &str)]) {
    let source = format!("arn:aws:rds:us-west-2:123456789012:snapshot:{id}");
    let copy = [
        ("SourceDBSnapshotIdentifier", &*source),
        ("TargetDBSnapshotIdentifier", target),
    ];
    world.ok(EAST, "CopyDBSnapshot", &[&copy[..], more].concat());
}

fn percent(world: &mut World, region: &str, id: &str) -> String {
    let answer = world.ok(
        region,
        "DescribeDBSnapshots",
        &[("DBSnapshotIdentifier", id)],
    );
    World::text_at(&answer, "DBSnapshots.0.PercentProgress").unwrap()
}

fn transfer(world: &World, id: &str) -> Transfer {
    world.model.transfer(&ClusterKey::new(EAST, id)).unwrap()
}

fn since(id: &str) -> Option<ClusterKey> {
    Some(ClusterKey::new(EAST, id))
}

#[test]
fn progress_grows_with_the_clock_while_a_snapshot_is_taken_and_copied() {
    let mut world = World::source();
    world.ok(
        WEST,
        "CreateDBSnapshot",
        &[SOURCE, ("DBSnapshotIdentifier", "kept")],
    );
    let mut seen = vec![percent(&mut world, WEST, "kept")];
    for _ in 0..3 {
        world.pass(200);
        seen.push(percent(&mut world, WEST, "kept"));
    }
    assert_eq!(seen, ["0", "40", "80", "100"]);
    copy(&mut world, "kept", "copied", &[]);
    let mut seen = vec![percent(&mut world, EAST, "copied")];
    for _ in 0..3 {
        world.pass(200);
        seen.push(percent(&mut world, EAST, "copied"));
    }
    assert_eq!(seen, ["0", "40", "80", "100"]);
}

#[test]
fn a_copy_comes_no_further_while_its_source_is_lost_or_its_storage_fails() {
    let mut world = World::source();
    keep(&mut world, "kept");
    copy(&mut world, "kept", "copied", &[]);
    world.pass(100);
    world.lose(WEST);
    world.settle();
    assert_eq!(percent(&mut world, EAST, "copied"), "20");
    world.regain(WEST);
    world.settle();
    assert_eq!(percent(&mut world, EAST, "copied"), "100");
    world.broken = true;
    copy(&mut world, "kept", "second", &[]);
    world.pass(5_000);
    assert_eq!(percent(&mut world, EAST, "second"), "99");
}

#[test]
fn a_copy_is_as_new_as_it_is_and_its_source_as_old_as_that_is() {
    let mut world = World::source();
    keep(&mut world, "kept");
    copy(&mut world, "kept", "copied", &[]);
    let times = |world: &mut World, region: &str, id: &str| {
        let answer = world.ok(
            region,
            "DescribeDBSnapshots",
            &[("DBSnapshotIdentifier", id)],
        );
        ["SnapshotCreateTime", "OriginalSnapshotCreateTime"]
            .map(|field| World::text_at(&answer, &format!("DBSnapshots.0.{field}")).unwrap())
    };
    let [kept, original] = times(&mut world, WEST, "kept");
    assert_eq!(kept, original);
    let [copied, original] = times(&mut world, EAST, "copied");
    assert_eq!(original, kept);
    assert!(copied > kept, "{copied} {kept}");
}

#[test]
fn the_first_copy_is_full_and_the_next_one_has_what_changed() {
    let mut world = World::source();
    keep(&mut world, "first");
    keep(&mut world, "second");
    copy(&mut world, "first", "one", &[]);
    assert_eq!(transfer(&world, "one").bytes, None, "not done yet");
    world.settle();
    let one = transfer(&world, "one");
    assert_eq!((one.since, one.bytes), (None, Some(20 * GIB)));
    world.counts = Some(4_096);
    copy(&mut world, "second", "two", &[]);
    world.settle();
    let two = transfer(&world, "two");
    assert_eq!((two.since, two.bytes), (since("one"), Some(4_096)));
    world.counts = None;
    keep(&mut world, "third");
    copy(&mut world, "third", "three", &[]);
    world.settle();
    let three = transfer(&world, "three");
    assert_eq!((three.since, three.bytes), (since("two"), Some(0)));
    assert_eq!(world.model.transfer(&ClusterKey::new(WEST, "first")), None);
}

#[test]
fn a_copy_is_full_where_the_earlier_one_is_gone_or_of_another_key_or_instance() {
    let mut world = World::source();
    world.alone(WEST, "other", &[]);
    world.settle();
    keep(&mut world, "first");
    let other = ("DBInstanceIdentifier", "other");
    world.ok(
        WEST,
        "CreateDBSnapshot",
        &[other, ("DBSnapshotIdentifier", "of-other")],
    );
    world.settle();
    copy(&mut world, "first", "one", &[]);
    world.settle();
    for (id, target, more) in [("first", "keyed", &[KEY][..]), ("of-other", "others", &[])] {
        copy(&mut world, id, target, more);
        world.settle();
        assert_eq!(transfer(&world, target).since, None, "{target}");
    }
    copy(&mut world, "first", "keyed-again", &[KEY]);
    world.settle();
    assert_eq!(transfer(&world, "keyed-again").since, since("keyed"));
    world.ok(EAST, "DeleteDBSnapshot", &[("DBSnapshotIdentifier", "one")]);
    copy(&mut world, "first", "anew", &[]);
    world.settle();
    assert_eq!(transfer(&world, "anew").since, None);
}

#[test]
fn a_region_takes_twenty_copies_from_other_ones_at_once() {
    let mut world = World::source();
    keep(&mut world, "kept");
    for number in 0..20 {
        copy(&mut world, "kept", &format!("copy-{number}"), &[]);
    }
    let one_more = [
        (
            "SourceDBSnapshotIdentifier",
            "arn:aws:rds:us-west-2:123456789012:snapshot:kept",
        ),
        ("TargetDBSnapshotIdentifier", "one-more"),
    ];
    let fault = world.refused(EAST, "CopyDBSnapshot", &one_more);
    expect(&fault, 400, "SnapshotQuotaExceeded", "20");
    let near = [("SourceDBSnapshotIdentifier", "kept"), one_more[1]];
    world.ok(WEST, "CopyDBSnapshot", &near);
    world.settle();
    world.ok(EAST, "CopyDBSnapshot", &one_more);
}

#[test]
fn a_region_keeps_a_hundred_snapshots_that_somebody_made() {
    let mut world = World::source();
    keep(&mut world, "kept");
    for number in 0..99 {
        let near = [
            ("SourceDBSnapshotIdentifier", "kept"),
            ("TargetDBSnapshotIdentifier", &*format!("copy-{number}")),
        ];
        world.ok(WEST, "CopyDBSnapshot", &near);
    }
    world.settle();
    let one_more = ("DBSnapshotIdentifier", "one-more");
    let fault = world.refused(WEST, "CreateDBSnapshot", &[SOURCE, one_more]);
    expect(&fault, 400, "SnapshotQuotaExceeded", "allowed number");
    let copy = [
        ("SourceDBSnapshotIdentifier", "kept"),
        ("TargetDBSnapshotIdentifier", "one-more"),
    ];
    let fault = world.refused(WEST, "CopyDBSnapshot", &copy);
    expect(&fault, 400, "SnapshotQuotaExceeded", "allowed number");
    let last = [SOURCE, ("FinalDBSnapshotIdentifier", "one-more")];
    let fault = world.refused(WEST, "DeleteDBInstance", &last);
    expect(&fault, 400, "SnapshotQuotaExceeded", "allowed number");
    assert_eq!(world.instance_status(WEST, SOURCE.1), "available");
    world.ok(
        WEST,
        "DeleteDBSnapshot",
        &[("DBSnapshotIdentifier", "copy-0")],
    );
    world.settle();
    world.ok(WEST, "CreateDBSnapshot", &[SOURCE, one_more]);
}

#[test]
fn a_copy_that_is_under_way_ends_with_its_target() {
    let mut world = World::source();
    keep(&mut world, "kept");
    copy(&mut world, "kept", "copied", &[]);
    let name = [("DBSnapshotIdentifier", "copied")];
    world.ok(EAST, "DeleteDBSnapshot", &name);
    let shown = world.ok(EAST, "DescribeDBSnapshots", &name);
    assert_eq!(
        World::text_at(&shown, "DBSnapshots.0.Status").unwrap(),
        "deleting"
    );
    world.settle();
    let gone = world.refused(EAST, "DescribeDBSnapshots", &name);
    expect(&gone, 404, "DBSnapshotNotFound", "copied");
    // One that is being taken ends by itself.
    world.ok(WEST, "CreateDBSnapshot", &[SOURCE, name[0]]);
    let taken = world.refused(WEST, "DeleteDBSnapshot", &name);
    expect(&taken, 400, "InvalidDBSnapshotState", "available state");
}

#[test]
fn a_snapshot_that_is_being_copied_is_not_deleted() {
    let mut world = World::source();
    keep(&mut world, "kept");
    world.broken = true;
    copy(&mut world, "kept", "copied", &[]);
    let kept = [("DBSnapshotIdentifier", "kept")];
    let busy = world.refused(WEST, "DeleteDBSnapshot", &kept);
    expect(&busy, 400, "InvalidDBSnapshotState", "copied");
    world.broken = false;
    world.settle();
    world.ok(WEST, "DeleteDBSnapshot", &kept);
}

#[test]
fn a_copy_is_encrypted_with_a_key_of_its_own_region_alone() {
    let mut world = World::source_with(Settings::default(), &[("StorageEncrypted", "true")]);
    keep(&mut world, "kept");
    let afar = "arn:aws:kms:us-west-2:123456789012:key/orders";
    let given = [
        (
            "SourceDBSnapshotIdentifier",
            "arn:aws:rds:us-west-2:123456789012:snapshot:kept",
        ),
        ("TargetDBSnapshotIdentifier", "copied"),
        ("KmsKeyId", afar),
    ];
    let fault = world.refused(EAST, "CopyDBSnapshot", &given);
    expect(&fault, 400, "KMSKeyNotAccessibleFault", afar);
    world.ok(EAST, "CopyDBSnapshot", &[given[0], given[1], KEY]);
    world.settle();
    let home = [
        ("DBInstanceIdentifier", "home"),
        ("DBSnapshotIdentifier", "copied"),
    ];
    world.ok(EAST, "RestoreDBInstanceFromDBSnapshot", &home);
    assert_eq!(world.shown(EAST, "home", "KmsKeyId").unwrap(), KEY.1);
    assert_eq!(
        world.shown(EAST, "home", "StorageEncrypted").unwrap(),
        "true"
    );
}
