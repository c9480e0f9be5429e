//! Instances that are restored from snapshots: what they have of them, what they have of the call, and what of neither.

use super::{
    super::world::{EAST, WEST, World, expect},
    AT_ONCE, SKIP, SOURCE, SOURCE_ARN,
};
use crate::model::{ClusterKey, Effect, Settings};

const RESTORE: &str = "RestoreDBInstanceFromDBSnapshot";
const KEPT: (&str, &str) = ("DBSnapshotIdentifier", "kept");
const KEPT_ARN: &str = "arn:aws:rds:us-west-2:123456789012:snapshot:kept";
const HOME: (&str, &str) = ("DBInstanceIdentifier", "orders-east");

/// A source in the west with properties that nothing has by default.
const SPECIAL: [(&str, &str); 12] = [
    ("MultiAZ", "true"),
    ("DBParameterGroupName", "orders"),
    ("DBSubnetGroupName", "orders"),
    ("VpcSecurityGroupIds.VpcSecurityGroupId.1", "sg-orders"),
    ("DeletionProtection", "true"),
    ("EnableIAMDatabaseAuthentication", "true"),
    ("CopyTagsToSnapshot", "true"),
    ("PubliclyAccessible", "true"),
    ("BackupRetentionPeriod", "7"),
    ("Port", "6543"),
    ("Tags.Tag.1.Key", "app"),
    ("Tags.Tag.1.Value", "orders"),
];

fn groups(world: &mut World, region: &str) {
    let parameters = [
        ("DBParameterGroupName", "orders"),
        ("DBParameterGroupFamily", "postgres16"),
        ("Description", "of orders"),
    ];
    world.ok(region, "CreateDBParameterGroup", &parameters);
    let subnets = [
        ("DBSubnetGroupName", "orders"),
        ("DBSubnetGroupDescription", "of orders"),
        ("SubnetIds.SubnetIdentifier.1", "subnet-1"),
        ("SubnetIds.SubnetIdentifier.2", "subnet-2"),
    ];
    world.ok(region, "CreateDBSubnetGroup", &subnets);
}

/// A snapshot of it in both Regions, called the same.
fn world_with(more: &[(&str, &str)]) -> World {
    let mut world = World::empty(Settings::default());
    groups(&mut world, WEST);
    groups(&mut world, EAST);
    world.alone(WEST, SOURCE.1, more);
    world.settle();
    world.ok(WEST, "CreateDBSnapshot", &[SOURCE, KEPT]);
    world.settle();
    let copy = [
        ("SourceDBSnapshotIdentifier", KEPT_ARN),
        ("TargetDBSnapshotIdentifier", "kept"),
        ("CopyTags", "true"),
    ];
    world.ok(EAST, "CopyDBSnapshot", &copy);
    world.settle();
    world
}

#[test]
fn a_copy_of_another_region_is_restored_under_the_old_name_once_its_renaming_is_through() {
    let mut world = world_with(&[]);
    world.alone(EAST, HOME.1, &[]);
    world.settle();
    let before = world.shown(EAST, HOME.1, "Endpoint.Address").unwrap();
    let resource = world.shown(EAST, HOME.1, "DbiResourceId");
    let taken = world.refused(EAST, RESTORE, &[HOME, KEPT]);
    expect(&taken, 400, "DBInstanceAlreadyExists", "already exists");
    let aside = [HOME, ("NewDBInstanceIdentifier", "old-orders"), AT_ONCE];
    world.ok(EAST, "ModifyDBInstance", &aside);
    let renaming = world.refused(EAST, RESTORE, &[HOME, KEPT]);
    expect(&renaming, 400, "DBInstanceAlreadyExists", "already exists");
    let promised = [("DBInstanceIdentifier", "old-orders"), KEPT];
    let promised = world.refused(EAST, RESTORE, &promised);
    expect(&promised, 400, "DBInstanceAlreadyExists", "already exists");
    world.settle();
    world.ok(EAST, RESTORE, &[HOME, KEPT]);
    assert_eq!(world.shown(EAST, HOME.1, "Endpoint.Address"), None);
    let seen = world.statuses(EAST, HOME.1);
    assert_eq!(seen, ["creating", "backing-up", "available"]);
    let restored = Effect::Restore {
        snapshot: ClusterKey::new(EAST, "db:kept"),
        cluster: ClusterKey::new(EAST, HOME.1),
    };
    assert!(world.effects.contains(&restored));
    assert!(world.takes_writes(EAST, HOME.1));
    let after = world.shown(EAST, HOME.1, "Endpoint.Address").unwrap();
    assert_eq!(after, before, "a Region's names differ in nothing else");
    assert_ne!(world.shown(EAST, HOME.1, "DbiResourceId"), resource);
    assert_eq!(world.instance_status(EAST, "old-orders"), "available");
}

#[test]
fn the_first_backup_of_what_was_restored_leaves_that_of_the_renamed_one_alone() {
    let mut world = World::source();
    world.ok(WEST, "CreateDBSnapshot", &[SOURCE, KEPT]);
    world.settle();
    let minute = 60_000 - world.now % 60_000;
    world.pass(minute);
    world.ok(WEST, "DeleteDBInstance", &[SOURCE, SKIP]);
    world.pass(1_000);
    let automated = [("SnapshotType", "automated")];
    let count = |world: &mut World| {
        let answer = world.ok(WEST, "DescribeDBSnapshots", &automated);
        let id = |index| World::text_at(&answer, &format!("DBSnapshots.{index}.DbiResourceId"));
        (0..9)
            .map_while(id)
            .collect::<std::collections::BTreeSet<_>>()
    };
    for _ in 0..2 {
        world.ok(WEST, RESTORE, &[SOURCE, KEPT]);
        world.pass(2_000);
        world.ok(WEST, "DeleteDBInstance", &[SOURCE, SKIP]);
        world.pass(1_000);
    }
    assert_eq!(count(&mut world).len(), 3, "one of each instance");
}

#[test]
fn what_a_restoration_does_not_say_has_awss_defaults() {
    let mut world = world_with(&SPECIAL);
    world.ok(EAST, RESTORE, &[HOME, KEPT]);
    world.settle();
    for (field, wanted) in [
        ("MultiAZ", "false"),
        (
            "DBParameterGroups.0.DBParameterGroupName",
            "default.postgres16",
        ),
        ("DBSubnetGroup.DBSubnetGroupName", "default"),
        (
            "VpcSecurityGroups.0.VpcSecurityGroupId",
            "sg-0123456789abcdef0",
        ),
        ("DeletionProtection", "false"),
        ("IAMDatabaseAuthenticationEnabled", "false"),
        ("CopyTagsToSnapshot", "false"),
        ("PubliclyAccessible", "false"),
        // These come from the snapshot.
        ("BackupRetentionPeriod", "7"),
        ("Endpoint.Port", "6543"),
        ("DBInstanceClass", "db.m6g.large"),
        ("AllocatedStorage", "20"),
        ("MasterUsername", "postgres"),
        ("Engine", "postgres"),
    ] {
        assert_eq!(world.shown(EAST, HOME.1, field).unwrap(), wanted, "{field}");
    }
    assert_eq!(world.shown(EAST, HOME.1, "TagList.0.Key"), None);
    assert_eq!(world.shown(EAST, HOME.1, "SecondaryAvailabilityZone"), None);
}

#[test]
fn what_a_restoration_says_is_so() {
    let mut world = world_with(&[]);
    let given = [&[HOME, KEPT][..], &SPECIAL].concat();
    let larger = [
        ("AllocatedStorage", "40"),
        ("DBInstanceClass", "db.m6g.xlarge"),
    ];
    world.ok(EAST, RESTORE, &[&given[..], &larger].concat());
    world.settle();
    for (field, wanted) in [
        ("MultiAZ", "true"),
        ("DBParameterGroups.0.DBParameterGroupName", "orders"),
        ("DBSubnetGroup.DBSubnetGroupName", "orders"),
        ("VpcSecurityGroups.0.VpcSecurityGroupId", "sg-orders"),
        ("DeletionProtection", "true"),
        ("IAMDatabaseAuthenticationEnabled", "true"),
        ("BackupRetentionPeriod", "7"),
        ("Endpoint.Port", "6543"),
        ("AllocatedStorage", "40"),
        ("DBInstanceClass", "db.m6g.xlarge"),
        ("TagList.0.Value", "orders"),
    ] {
        assert_eq!(world.shown(EAST, HOME.1, field).unwrap(), wanted, "{field}");
    }
    let protected = world.refused(EAST, "DeleteDBInstance", &[HOME, SKIP]);
    expect(&protected, 400, "InvalidParameterCombination", "protected");
}

#[test]
fn tags_come_from_the_source_only_where_that_is_in_the_same_region() {
    let mut world = world_with(&SPECIAL);
    let beside = ("DBInstanceIdentifier", "beside");
    world.ok(WEST, RESTORE, &[beside, KEPT]);
    assert_eq!(
        world.shown(WEST, "beside", "TagList.0.Value").unwrap(),
        "orders"
    );
    let own = [
        ("DBInstanceIdentifier", "own"),
        KEPT,
        ("Tags.Tag.1.Key", "other"),
        ("Tags.Tag.1.Value", "one"),
    ];
    world.ok(WEST, RESTORE, &own);
    assert_eq!(world.shown(WEST, "own", "TagList.0.Key").unwrap(), "other");
    assert_eq!(world.shown(WEST, "own", "TagList.1.Key"), None);
}

#[test]
fn a_restoration_that_cannot_be_is_refused() {
    let mut world = world_with(&[]);
    for (more, status, code, words) in [
        (
            &[("DBSnapshotIdentifier", "nothing")][..],
            404,
            "DBSnapshotNotFound",
            "nothing",
        ),
        // It has to be copied first.
        (
            &[("DBSnapshotIdentifier", KEPT_ARN)],
            404,
            "DBSnapshotNotFound",
            "us-west-2",
        ),
        (
            &[KEPT, ("Engine", "mysql")],
            400,
            "InvalidParameterCombination",
            "mysql",
        ),
        (
            &[KEPT, ("DBParameterGroupName", "none")],
            404,
            "DBParameterGroupNotFound",
            "none",
        ),
        (
            &[KEPT, ("DBSubnetGroupName", "none")],
            404,
            "DBSubnetGroupNotFoundFault",
            "none",
        ),
        (
            &[KEPT, ("DBName", "orders")],
            400,
            "InvalidParameterValue",
            "DBName",
        ),
        (
            &[
                KEPT,
                ("MultiAZ", "true"),
                ("AvailabilityZone", "us-east-1a"),
            ],
            400,
            "InvalidParameterCombination",
            "AvailabilityZone",
        ),
    ] {
        let fault = world.refused(EAST, RESTORE, &[&[HOME][..], more].concat());
        expect(&fault, status, code, words);
        let none = world.refused(EAST, "DescribeDBInstances", &[HOME]);
        assert_eq!(none.code, "DBInstanceNotFound");
    }
    let mut world = world_with(&[("AllocatedStorage", "30")]);
    let less = world.refused(EAST, RESTORE, &[HOME, KEPT, ("AllocatedStorage", "20")]);
    expect(&less, 400, "InvalidParameterCombination", "30 GiB");
}

#[test]
fn a_snapshot_that_is_not_there_yet_is_not_restored() {
    let mut world = World::source();
    world.ok(WEST, "CreateDBSnapshot", &[SOURCE, KEPT]);
    let beside = ("DBInstanceIdentifier", "beside");
    let early = world.refused(WEST, RESTORE, &[beside, KEPT]);
    expect(
        &early,
        400,
        "InvalidDBSnapshotState",
        "not in the available",
    );
}

#[test]
fn a_snapshot_is_not_deleted_while_it_is_restored() {
    let mut world = world_with(&[]);
    world.ok(
        EAST,
        "CopyDBSnapshot",
        &[
            ("SourceDBSnapshotIdentifier", "kept"),
            ("TargetDBSnapshotIdentifier", "other"),
        ],
    );
    world.settle();
    world.broken = true;
    world.ok(EAST, RESTORE, &[HOME, KEPT]);
    let busy = world.refused(EAST, "DeleteDBSnapshot", &[KEPT]);
    expect(&busy, 400, "InvalidDBSnapshotState", "restored");
    world.ok(
        EAST,
        "DeleteDBSnapshot",
        &[("DBSnapshotIdentifier", "other")],
    );
    world.broken = false;
    world.settle();
    world.ok(EAST, "DeleteDBSnapshot", &[KEPT]);
    assert_eq!(world.instance_status(EAST, HOME.1), "available");
}

#[test]
fn a_restoration_stands_still_with_its_region_and_fails_with_its_storage() {
    let mut world = world_with(&[]);
    world.lose(EAST);
    world.regain(EAST);
    world.broken = true;
    world.ok(EAST, RESTORE, &[HOME, KEPT]);
    world.lose(EAST);
    world.broken = false;
    world.settle();
    world.regain(EAST);
    world.settle();
    assert_eq!(world.instance_status(EAST, HOME.1), "available");
    world.broken = true;
    world.ok(EAST, RESTORE, &[("DBInstanceIdentifier", "second"), KEPT]);
    world.settle();
    assert_eq!(world.instance_status(EAST, "second"), "failed");
}

#[test]
fn what_is_restored_can_have_replicas_and_the_renamed_one_keeps_its_own() {
    let mut world = World::pair();
    world.ok(WEST, "CreateDBSnapshot", &[SOURCE, KEPT]);
    world.settle();
    let aside = [SOURCE, ("NewDBInstanceIdentifier", "old-orders"), AT_ONCE];
    world.ok(WEST, "ModifyDBInstance", &aside);
    world.settle();
    world.ok(WEST, RESTORE, &[SOURCE, KEPT]);
    world.settle();
    assert_eq!(
        world.follows(EAST, "orders-east").unwrap(),
        SOURCE_ARN.replace("orders-west", "old-orders")
    );
    assert!(world.followers(WEST, SOURCE.1).is_empty());
    let stop = world.refused(
        WEST,
        "StopDBInstance",
        &[("DBInstanceIdentifier", "old-orders")],
    );
    expect(&stop, 400, "InvalidDBInstanceState", "has a read replica");
    let follow = [
        ("DBInstanceIdentifier", "orders-new"),
        ("SourceDBInstanceIdentifier", SOURCE_ARN),
    ];
    world.ok(EAST, "CreateDBInstanceReadReplica", &follow);
    world.settle();
    assert_eq!(
        world.replication(EAST, "orders-new").unwrap(),
        "replicating"
    );
}
