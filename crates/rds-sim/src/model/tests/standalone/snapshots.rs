//! Snapshots of instances of their own: taken, copied to another Region, described, deleted.

use super::{
    super::world::EAST, super::world::WEST, super::world::World, super::world::expect, SOURCE,
};
use crate::model::Settings;

const KEPT: (&str, &str) = ("DBSnapshotIdentifier", "kept");
const KEPT_ARN: &str = "arn:aws:rds:us-west-2:123456789012:snapshot:kept";

fn named(world: &mut World, region: &str, params: &[(&str, &str)]) -> Vec<String> {
    let answer = world.ok(region, "DescribeDBSnapshots", params);
    let field =
        |index: usize, name| World::text_at(&answer, &format!("DBSnapshots.{index}.{name}"));
    (0..20)
        .map_while(|index| {
            let id = field(index, "DBSnapshotIdentifier")?;
            let kind = field(index, "SnapshotType")?;
            Some(format!("{id} {kind} {}", field(index, "Status")?))
        })
        .collect()
}

#[test]
fn an_instance_is_backing_up_while_a_snapshot_of_it_is_taken() {
    let mut world = World::source();
    let tag = [("Tags.Tag.1.Key", "app"), ("Tags.Tag.1.Value", "orders")];
    world.ok(
        WEST,
        "CreateDBSnapshot",
        &[&[SOURCE, KEPT][..], &tag].concat(),
    );
    assert_eq!(world.instance_status(WEST, "orders-west"), "backing-up");
    assert_eq!(named(&mut world, WEST, &[KEPT]), ["kept manual creating"]);
    let busy = world.refused(
        WEST,
        "CreateDBSnapshot",
        &[SOURCE, ("DBSnapshotIdentifier", "second")],
    );
    expect(&busy, 400, "InvalidDBInstanceState", "backing-up");
    world.settle();
    assert_eq!(world.instance_status(WEST, "orders-west"), "available");
    assert_eq!(named(&mut world, WEST, &[KEPT]), ["kept manual available"]);
    let twice = world.refused(WEST, "CreateDBSnapshot", &[SOURCE, KEPT]);
    expect(&twice, 400, "DBSnapshotAlreadyExists", "kept");
    let tags = [("ResourceName", KEPT_ARN)];
    let tags = world.ok(WEST, "ListTagsForResource", &tags);
    assert_eq!(World::text_at(&tags, "TagList.0.Value").unwrap(), "orders");
}

#[test]
fn what_rds_backs_up_itself_is_told_apart_and_not_deleted_by_hand() {
    let mut world = World::source();
    let automated = [("SnapshotType", "automated")];
    let all = named(&mut world, WEST, &automated);
    assert_eq!(all.len(), 1);
    let name = all[0].split(' ').next().unwrap().to_owned();
    assert!(name.starts_with("rds:orders-west-1970-01-01-00-"), "{name}");
    let fault = world.refused(WEST, "DeleteDBSnapshot", &[("DBSnapshotIdentifier", &name)]);
    expect(&fault, 400, "InvalidDBSnapshotState", "manual");
    assert!(named(&mut world, WEST, &[("SnapshotType", "manual")]).is_empty());
}

#[test]
fn a_snapshot_is_copied_to_another_region_and_outlives_its_instance() {
    let mut world = World::source();
    world.ok(WEST, "CreateDBSnapshot", &[SOURCE, KEPT]);
    let source = ("SourceDBSnapshotIdentifier", KEPT_ARN);
    let target = ("TargetDBSnapshotIdentifier", "kept-too");
    let early = world.refused(EAST, "CopyDBSnapshot", &[source, target]);
    expect(
        &early,
        400,
        "InvalidDBSnapshotState",
        "not in the available",
    );
    world.settle();
    world.ok(EAST, "CopyDBSnapshot", &[source, target]);
    world.lose(WEST);
    world.settle();
    let seen = named(&mut world, EAST, &[]);
    assert_eq!(seen, ["kept-too manual creating"]);
    world.regain(WEST);
    world.settle();
    let seen = named(&mut world, EAST, &[]);
    assert_eq!(seen, ["kept-too manual available"]);
    world.ok(WEST, "DeleteDBInstance", &[SOURCE, super::SKIP]);
    world.ok(WEST, "DeleteDBSnapshot", &[KEPT]);
    world.settle();
    let gone = world.refused(WEST, "DescribeDBSnapshots", &[KEPT]);
    expect(&gone, 404, "DBSnapshotNotFound", "kept");
    let copied = [("DBSnapshotIdentifier", "kept-too")];
    let shown = world.ok(EAST, "DescribeDBSnapshots", &copied);
    for (field, wanted) in [
        ("SourceDBSnapshotIdentifier", KEPT_ARN),
        ("SourceRegion", WEST),
        ("DBInstanceIdentifier", "orders-west"),
        ("Engine", "postgres"),
        ("AllocatedStorage", "20"),
    ] {
        let found = World::text_at(&shown, &format!("DBSnapshots.0.{field}"));
        assert_eq!(found.unwrap(), wanted, "{field}");
    }
}

#[test]
fn an_encrypted_snapshot_is_copied_under_a_key_of_the_other_region() {
    let mut world = World::source_with(Settings::default(), &[("StorageEncrypted", "true")]);
    world.ok(WEST, "CreateDBSnapshot", &[SOURCE, KEPT]);
    world.settle();
    let source = ("SourceDBSnapshotIdentifier", KEPT_ARN);
    let target = ("TargetDBSnapshotIdentifier", "kept");
    let keyless = world.refused(EAST, "CopyDBSnapshot", &[source, target]);
    expect(&keyless, 400, "KMSKeyNotAccessibleFault", "KmsKeyId");
    let key = ("KmsKeyId", "alias/orders");
    world.ok(EAST, "CopyDBSnapshot", &[source, target, key]);
    let unknown = ("SourceDBSnapshotIdentifier", "nothing");
    let unknown = world.refused(EAST, "CopyDBSnapshot", &[unknown, target]);
    expect(&unknown, 404, "DBSnapshotNotFound", "nothing");
}

#[test]
fn a_last_snapshot_is_there_before_the_instance_is_gone() {
    let mut world = World::source();
    let last = ("FinalDBSnapshotIdentifier", "orders-last");
    world.ok(WEST, "DeleteDBInstance", &[SOURCE, last]);
    world.pass(500);
    let kept = [("DBSnapshotIdentifier", "orders-last")];
    let seen = named(&mut world, WEST, &kept);
    assert_eq!(seen, ["orders-last manual available"]);
    assert_eq!(world.instance_status(WEST, "orders-west"), "deleting");
    world.settle();
    let gone = world.refused(WEST, "DescribeDBInstances", &[SOURCE]);
    assert_eq!(gone.code, "DBInstanceNotFound");
    assert_eq!(named(&mut world, WEST, &kept), seen);
}

#[test]
fn an_instance_whose_last_snapshot_cannot_be_taken_keeps_its_volume() {
    let mut world = World::source();
    world.broken = true;
    let last = ("FinalDBSnapshotIdentifier", "orders-last");
    world.ok(WEST, "DeleteDBInstance", &[SOURCE, last]);
    world.settle();
    assert_eq!(world.instance_status(WEST, "orders-west"), "failed");
    assert!(world.takes_writes(WEST, "orders-west"));
    let none = [("DBSnapshotIdentifier", "orders-last")];
    let none = world.refused(WEST, "DescribeDBSnapshots", &none);
    assert_eq!(none.code, "DBSnapshotNotFound");
}

#[test]
fn snapshots_of_clusters_and_of_instances_share_no_names() {
    let mut world = World::two_members();
    world.alone(WEST, "alone", &[]);
    world.settle();
    let of_a_cluster = [
        ("DBClusterSnapshotIdentifier", "kept"),
        ("DBClusterIdentifier", "orders-west"),
    ];
    world.ok(WEST, "CreateDBClusterSnapshot", &of_a_cluster);
    let alone = ("DBInstanceIdentifier", "alone");
    world.ok(WEST, "CreateDBSnapshot", &[alone, KEPT]);
    world.settle();
    assert_eq!(named(&mut world, WEST, &[KEPT]), ["kept manual available"]);
    world.ok(WEST, "DeleteDBSnapshot", &[KEPT]);
    world.settle();
    let cluster = world.ok(WEST, "DescribeDBClusterSnapshots", &of_a_cluster[..1]);
    let status = World::text_at(&cluster, "DBClusterSnapshots.0.Status");
    assert_eq!(status.unwrap(), "available");
}
