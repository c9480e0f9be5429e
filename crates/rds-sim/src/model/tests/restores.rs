//! Clusters that are brought home by a snapshot: copied, made room for, restored, and what they lack then.

use super::world::{EAST, ENGINE, WEST, World, expect};
use crate::model::{ClusterKey, Effect, Settings};

const COPY: &str = "CopyDBClusterSnapshot";
const RESTORE: &str = "RestoreDBClusterFromSnapshot";
const AWAY: (&str, &str) = ("DBClusterIdentifier", "orders-west");
const HOME: (&str, &str) = ("DBClusterIdentifier", "orders-east");
const KEPT: (&str, &str) = ("DBClusterSnapshotIdentifier", "kept");
const KEPT_ARN: &str = "arn:aws:rds:us-west-2:123456789012:cluster-snapshot:kept";
const FROM: (&str, &str) = ("SnapshotIdentifier", "kept");
const AT_ONCE: (&str, &str) = ("ApplyImmediately", "true");

/// A cluster away with properties that nothing has by default, one at home, and a snapshot of the first in both Regions.
fn world() -> World {
    let mut world = World::empty(Settings::default());
    for region in [WEST, EAST] {
        let group = [
            ("DBClusterParameterGroupName", "orders"),
            ("DBParameterGroupFamily", "aurora-postgresql16"),
            ("Description", "of orders"),
        ];
        world.ok(region, "CreateDBClusterParameterGroup", &group);
    }
    let owner = [
        ENGINE,
        ("MasterUsername", "postgres"),
        ("MasterUserPassword", "not-a-secret"),
        ("DBClusterParameterGroupName", "orders"),
        ("VpcSecurityGroupIds.VpcSecurityGroupId.1", "sg-orders"),
        ("CopyTagsToSnapshot", "true"),
        ("DeletionProtection", "true"),
        ("EnableIAMDatabaseAuthentication", "true"),
        ("BackupRetentionPeriod", "14"),
        ("Port", "6543"),
        ("Tags.Tag.1.Key", "app"),
        ("Tags.Tag.1.Value", "orders"),
    ];
    for (region, name) in [(WEST, AWAY), (EAST, HOME)] {
        world.ok(region, "CreateDBCluster", &[&[name][..], &owner].concat());
        world.settle();
        world.instance(region, &format!("{}-1", name.1), name.1);
        world.settle();
        let role = ("RoleArn", "arn:aws:iam::123456789012:role/import");
        world.ok(region, "AddRoleToDBCluster", &[name, role]);
        let endpoint = [
            name,
            ("DBClusterEndpointIdentifier", "reports"),
            ("EndpointType", "READER"),
        ];
        world.ok(region, "CreateDBClusterEndpoint", &endpoint);
    }
    world.ok(WEST, "CreateDBClusterSnapshot", &[AWAY, KEPT]);
    world.settle();
    copy(&mut world, "kept");
    world.settle();
    world
}

fn copy(world: &mut World, target: &str) {
    let copy = [
        ("SourceDBClusterSnapshotIdentifier", KEPT_ARN),
        ("TargetDBClusterSnapshotIdentifier", target),
    ];
    world.ok(EAST, COPY, &copy);
}

#[test]
fn a_cluster_is_restored_under_its_old_name_once_the_renaming_is_through() {
    let mut world = world();
    let before = ["Endpoint", "ReaderEndpoint"].map(|field| world.cluster(EAST, HOME.1, field));
    let resource = world.cluster(EAST, HOME.1, "DbClusterResourceId");
    let taken = world.refused(EAST, RESTORE, &[HOME, ENGINE, FROM]);
    expect(&taken, 400, "DBClusterAlreadyExistsFault", "already exists");
    let aside = [HOME, ("NewDBClusterIdentifier", "old-orders"), AT_ONCE];
    world.ok(EAST, "ModifyDBCluster", &aside);
    for name in ["orders-east", "old-orders"] {
        let early = [("DBClusterIdentifier", name), ENGINE, FROM];
        let early = world.refused(EAST, RESTORE, &early);
        expect(&early, 400, "DBClusterAlreadyExistsFault", "already exists");
    }
    world.settle();
    world.ok(EAST, RESTORE, &[HOME, ENGINE, FROM]);
    assert_eq!(world.status(EAST, HOME.1), "creating");
    world.settle();
    let restored = Effect::Restore {
        snapshot: ClusterKey::new(EAST, "kept"),
        cluster: ClusterKey::new(EAST, HOME.1),
    };
    assert!(world.effects.contains(&restored));
    let after = ["Endpoint", "ReaderEndpoint"].map(|field| world.cluster(EAST, HOME.1, field));
    assert_eq!(after, before, "a Region's names differ in nothing else");
    assert_ne!(world.cluster(EAST, HOME.1, "DbClusterResourceId"), resource);
    let instance = world.cluster(EAST, HOME.1, "DBClusterMembers.0.DBInstanceIdentifier");
    assert_eq!(instance, None);
    let kept = world.cluster(
        EAST,
        "old-orders",
        "DBClusterMembers.0.DBInstanceIdentifier",
    );
    assert_eq!(kept.unwrap(), "orders-east-1");
}

#[test]
fn a_restored_cluster_lacks_what_the_call_does_not_say() {
    let mut world = world();
    let beside = ("DBClusterIdentifier", "beside");
    world.ok(EAST, RESTORE, &[beside, ENGINE, FROM]);
    world.settle();
    for (field, wanted) in [
        ("DBClusterParameterGroup", "default.aurora-postgresql16"),
        (
            "VpcSecurityGroups.0.VpcSecurityGroupId",
            "sg-0123456789abcdef0",
        ),
        ("DBSubnetGroup", "default"),
        ("DeletionProtection", "false"),
        ("IAMDatabaseAuthenticationEnabled", "false"),
        ("CopyTagsToSnapshot", "false"),
        // These come from the snapshot.
        ("BackupRetentionPeriod", "14"),
        ("Port", "6543"),
        ("MasterUsername", "postgres"),
    ] {
        assert_eq!(
            world.cluster(EAST, "beside", field).unwrap(),
            wanted,
            "{field}"
        );
    }
    for field in ["TagList.0.Key", "AssociatedRoles.0.RoleArn"] {
        assert_eq!(world.cluster(EAST, "beside", field), None, "{field}");
        assert!(world.cluster(EAST, HOME.1, field).is_some(), "{field}");
    }
    let answer = world.ok(EAST, "DescribeDBClusterEndpoints", &[beside]);
    let third = World::text_at(&answer, "DBClusterEndpoints.2.Endpoint");
    assert_eq!(third, None, "the writer's and the readers' alone");
    let own = world.ok(EAST, "DescribeDBClusterEndpoints", &[HOME]);
    assert!(World::text_at(&own, "DBClusterEndpoints.2.Endpoint").is_some());
}

#[test]
fn a_version_that_is_older_than_the_snapshots_is_refused() {
    let mut world = world();
    let beside = ("DBClusterIdentifier", "beside");
    let of = |version| [beside, ENGINE, FROM, ("EngineVersion", version)];
    let fault = world.refused(EAST, RESTORE, &of("16.4"));
    expect(&fault, 400, "InvalidParameterCombination", "16.4");
    world.ok(EAST, RESTORE, &of("16.8"));
    assert_eq!(
        world.cluster(EAST, "beside", "EngineVersion").unwrap(),
        "16.8"
    );
}

#[test]
fn a_key_of_another_region_encrypts_no_restored_cluster() {
    let mut world = world();
    let beside = ("DBClusterIdentifier", "beside");
    let of = |key| [beside, ENGINE, FROM, ("KmsKeyId", key)];
    let afar = of("arn:aws:kms:us-west-2:123456789012:key/orders");
    let fault = world.refused(EAST, RESTORE, &afar);
    expect(&fault, 400, "KMSKeyNotAccessibleFault", "us-west-2");
    world.ok(
        EAST,
        RESTORE,
        &of("arn:aws:kms:us-east-1:123456789012:key/orders"),
    );
    assert_eq!(
        world.cluster(EAST, "beside", "StorageEncrypted").unwrap(),
        "true"
    );
}

#[test]
fn every_copy_of_a_cluster_is_full_and_five_are_made_at_once() {
    let mut world = world();
    let gib = Some(1_073_741_824);
    for number in 1..=5 {
        copy(&mut world, &format!("copy-{number}"));
    }
    let one_more = [
        ("SourceDBClusterSnapshotIdentifier", KEPT_ARN),
        ("TargetDBClusterSnapshotIdentifier", "one-more"),
    ];
    let fault = world.refused(EAST, COPY, &one_more);
    expect(&fault, 400, "SnapshotQuotaExceeded", "5");
    world.settle();
    world.ok(EAST, COPY, &one_more);
    world.settle();
    for name in ["kept", "copy-1", "one-more"] {
        let transfer = world
            .model
            .cluster_transfer(&ClusterKey::new(EAST, name))
            .unwrap();
        assert_eq!((transfer.since, transfer.bytes), (None, gib), "{name}");
    }
    world.counts = Some(8_192);
    copy(&mut world, "counted");
    world.settle();
    let counted = world
        .model
        .cluster_transfer(&ClusterKey::new(EAST, "counted"));
    assert_eq!(counted.unwrap().bytes, Some(8_192));
    let taken = world.model.cluster_transfer(&ClusterKey::new(WEST, "kept"));
    assert_eq!(taken, None, "it is no copy");
}

#[test]
fn progress_grows_while_a_clusters_snapshot_is_copied_and_ends_with_its_target() {
    let mut world = world();
    copy(&mut world, "copied");
    let name = [("DBClusterSnapshotIdentifier", "copied")];
    let percent = |world: &mut World| {
        let answer = world.ok(EAST, "DescribeDBClusterSnapshots", &name);
        World::text_at(&answer, "DBClusterSnapshots.0.PercentProgress").unwrap()
    };
    let mut seen = vec![percent(&mut world)];
    for _ in 0..2 {
        world.pass(200);
        seen.push(percent(&mut world));
    }
    assert_eq!(seen, ["0", "40", "80"]);
    world.ok(EAST, "DeleteDBClusterSnapshot", &name);
    world.settle();
    let gone = world.refused(EAST, "DescribeDBClusterSnapshots", &name);
    expect(&gone, 404, "DBClusterSnapshotNotFoundFault", "copied");
}

#[test]
fn a_key_is_refused_for_a_copy_of_a_cluster_that_is_not_encrypted() {
    let mut world = world();
    let copy = [
        ("SourceDBClusterSnapshotIdentifier", KEPT_ARN),
        ("TargetDBClusterSnapshotIdentifier", "copied"),
        ("KmsKeyId", "alias/orders"),
    ];
    let fault = world.refused(EAST, COPY, &copy);
    expect(&fault, 400, "InvalidParameterCombination", "unencrypted");
}

#[test]
fn a_region_keeps_a_hundred_snapshots_of_clusters_that_somebody_made() {
    let mut world = world();
    for number in 1..100 {
        let near = [
            ("SourceDBClusterSnapshotIdentifier", "kept"),
            (
                "TargetDBClusterSnapshotIdentifier",
                &*format!("copy-{number}"),
            ),
        ];
        world.ok(EAST, COPY, &near);
    }
    let one_more = ("DBClusterSnapshotIdentifier", "one-more");
    let fault = world.refused(EAST, "CreateDBClusterSnapshot", &[HOME, one_more]);
    expect(&fault, 400, "SnapshotQuotaExceeded", "allowed number");
    let fault = world.refused(
        EAST,
        COPY,
        &[
            ("SourceDBClusterSnapshotIdentifier", "kept"),
            ("TargetDBClusterSnapshotIdentifier", "one-more"),
        ],
    );
    expect(&fault, 400, "SnapshotQuotaExceeded", "allowed number");
}

#[test]
fn a_member_of_a_global_cluster_is_renamed_only_after_it_has_left() {
    let mut world = World::two_members();
    let rename = [HOME, ("NewDBClusterIdentifier", "old-orders"), AT_ONCE];
    let fault = world.refused(EAST, "ModifyDBCluster", &rename);
    expect(
        &fault,
        400,
        "InvalidDBClusterStateFault",
        "member of global cluster",
    );
    world.detach(EAST, super::world::EAST_ARN).unwrap();
    world.settle();
    world.ok(EAST, "ModifyDBCluster", &rename);
    world.settle();
    assert_eq!(world.status(EAST, "old-orders"), "available");
}
