//! What is seen, and in which order, while something happens.

use super::world::{EAST, EAST_ARN, GLOBAL, OHIO, WEST, WEST_ARN, World};
use crate::model::Settings;

#[test]
fn a_new_cluster_is_creating_until_its_time_has_passed() {
    let mut world = World::empty(Settings::default());
    world.ok(
        WEST,
        "CreateGlobalCluster",
        &[
            ("GlobalClusterIdentifier", GLOBAL),
            ("Engine", "aurora-postgresql"),
        ],
    );
    world.primary(WEST, "orders-west");
    assert_eq!(world.status(WEST, "orders-west"), "creating");
    world.pass(499);
    assert_eq!(world.status(WEST, "orders-west"), "creating");
    world.pass(1);
    assert_eq!(world.status(WEST, "orders-west"), "available");
}

#[test]
fn a_new_standby_is_pending_resync_until_it_is_available() {
    let mut world = World::two_members();
    world.standby(OHIO, "orders-ohio");
    assert_eq!(
        world.members(WEST).last().unwrap(),
        "orders-ohio standby pending-resync"
    );
    world.pass(500);
    assert_eq!(
        world.members(WEST).last().unwrap(),
        "orders-ohio standby connected"
    );
    assert_eq!(
        world
            .cluster(OHIO, "orders-ohio", "ReplicationSourceIdentifier")
            .unwrap(),
        WEST_ARN
    );
}

#[test]
fn a_detached_standby_leaves_at_once_and_takes_writes_only_when_promoted() {
    let mut world = World::two_members();
    world.detach(EAST, EAST_ARN).unwrap();
    assert_eq!(world.members(WEST), ["orders-west writer connected"]);
    assert_eq!(
        world.cluster(EAST, "orders-east", "GlobalClusterIdentifier"),
        None
    );
    assert_eq!(world.status(EAST, "orders-east"), "promoting");
    assert_eq!(world.instance_status(EAST, "orders-east-1"), "rebooting");
    world.pass(1_999);
    assert!(!world.takes_writes(EAST, "orders-east"));
    world.pass(1);
    assert!(world.takes_writes(EAST, "orders-east"));
    assert_eq!(world.status(EAST, "orders-east"), "available");
    assert_eq!(world.instance_status(EAST, "orders-east-1"), "available");
    assert_eq!(
        world
            .cluster(EAST, "orders-east", "DBClusterMembers.0.IsClusterWriter")
            .unwrap(),
        "true"
    );
}

#[test]
fn detaching_does_not_fence_the_old_primary() {
    let mut world = World::two_members();
    world.detach(EAST, EAST_ARN).unwrap();
    world.settle();
    assert!(world.takes_writes(WEST, "orders-west"));
    assert!(world.takes_writes(EAST, "orders-east"));
}

#[test]
fn a_detach_with_the_home_region_lost_strands_the_primary_in_the_old_global_cluster() {
    let mut world = World::two_members();
    world.lose(WEST);
    world.detach(EAST, EAST_ARN).unwrap();
    world.settle();
    assert_eq!(world.status(EAST, "orders-east"), "available");
    // The Region that left no longer sees it, and nobody may take its name.
    let describe = [("GlobalClusterIdentifier", GLOBAL)];
    assert_eq!(
        world
            .refused(EAST, "DescribeGlobalClusters", &describe)
            .code,
        "GlobalClusterNotFoundFault"
    );
    let again = [
        ("GlobalClusterIdentifier", GLOBAL),
        ("SourceDBClusterIdentifier", EAST_ARN),
    ];
    assert_eq!(
        world.refused(EAST, "CreateGlobalCluster", &again).code,
        "GlobalClusterAlreadyExistsFault"
    );
    // A new name works, with the promoted cluster as its primary.
    let renamed = [
        ("GlobalClusterIdentifier", "orders-global-2"),
        ("SourceDBClusterIdentifier", EAST_ARN),
    ];
    world.ok(EAST, "CreateGlobalCluster", &renamed);
    assert_eq!(
        world
            .cluster(EAST, "orders-east", "GlobalClusterIdentifier")
            .unwrap(),
        "orders-global-2"
    );
    world.regain(WEST);
    assert_eq!(world.members(WEST), ["orders-west writer connected"]);
    assert!(world.takes_writes(WEST, "orders-west"), "nothing fenced it");
}

#[test]
fn a_transition_stands_still_with_its_region_and_starts_over_when_it_returns() {
    let mut world = World::two_members();
    world.detach(EAST, EAST_ARN).unwrap();
    world.pass(1_900);
    world.lose(EAST);
    world.settle();
    world.regain(EAST);
    assert_eq!(world.status(EAST, "orders-east"), "promoting");
    world.pass(2_000);
    assert_eq!(world.status(EAST, "orders-east"), "available");
}

#[test]
fn a_storage_that_never_recovers_ends_in_failed() {
    let mut world = World::two_members();
    world.broken = true;
    world.detach(EAST, EAST_ARN).unwrap();
    world.settle();
    assert_eq!(world.status(EAST, "orders-east"), "failed");
}

#[test]
fn a_storage_that_fails_at_first_is_tried_again() {
    let mut world = World::two_members();
    world.broken = true;
    world.detach(EAST, EAST_ARN).unwrap();
    world.pass(3_000);
    assert_eq!(world.status(EAST, "orders-east"), "promoting");
    world.broken = false;
    world.pass(1_000);
    assert_eq!(world.status(EAST, "orders-east"), "available");
}

#[test]
fn modifying_and_upgrading_last_as_long_as_configured() {
    let mut world = World::two_members();
    let cluster = ("DBClusterIdentifier", "orders-west");
    world.ok(
        WEST,
        "ModifyDBCluster",
        &[cluster, ("DeletionProtection", "true")],
    );
    assert_eq!(world.status(WEST, "orders-west"), "modifying");
    world.pass(500);
    assert_eq!(world.status(WEST, "orders-west"), "available");
    assert_eq!(
        world
            .cluster(WEST, "orders-west", "DeletionProtection")
            .unwrap(),
        "true"
    );

    world.ok(
        WEST,
        "ModifyDBCluster",
        &[
            cluster,
            ("EngineVersion", "16.8"),
            ("ApplyImmediately", "true"),
        ],
    );
    assert_eq!(world.status(WEST, "orders-west"), "upgrading");
    assert_eq!(world.global(EAST, "Status").unwrap(), "upgrading");
    world.pass(2_000);
    assert_eq!(
        world.cluster(WEST, "orders-west", "EngineVersion").unwrap(),
        "16.8"
    );
    assert_eq!(world.global(EAST, "Status").unwrap(), "available");
}

#[test]
fn the_history_holds_the_promotion_as_it_was_held() {
    let mut world = World::two_members();
    world.detach(EAST, EAST_ARN).unwrap();
    world.settle();
    let history = world.model.history();
    let at = |what: &str| {
        history
            .iter()
            .find(|t| t.what == what && t.subject == "orders-east")
            .unwrap()
            .at
    };
    assert_eq!(at("promotion completed") - at("detach accepted"), 2_000);
    assert_eq!(
        at("database promotion began") - at("detach accepted"),
        2_000
    );
}

/// A cluster of its own, detached from its global cluster, with its instance.
fn standalone() -> World {
    let mut world = World::two_members();
    world.detach(EAST, EAST_ARN).unwrap();
    world.pass(5_000);
    world
}

#[test]
fn a_renamed_cluster_keeps_its_instances_and_frees_its_name_when_the_renaming_ends() {
    let mut world = standalone();
    let rename = [
        ("DBInstanceIdentifier", "orders-east-1"),
        ("NewDBInstanceIdentifier", "orders-east-1-retired"),
        ("ApplyImmediately", "true"),
    ];
    world.ok(EAST, "ModifyDBInstance", &rename);
    assert_eq!(world.instance_status(EAST, "orders-east-1"), "renaming");
    world.pass(500);
    let rename = [
        ("DBClusterIdentifier", "orders-east"),
        ("NewDBClusterIdentifier", "orders-retired"),
        ("ApplyImmediately", "true"),
    ];
    world.ok(EAST, "ModifyDBCluster", &rename);
    assert_eq!(world.status(EAST, "orders-east"), "renaming");
    world.pass(500);
    assert_eq!(world.status(EAST, "orders-retired"), "available");
    assert!(world.takes_writes(EAST, "orders-retired"));
    let gone = [("DBClusterIdentifier", "orders-east")];
    let fault = world.refused(EAST, "DescribeDBClusters", &gone);
    assert_eq!(fault.code, "DBClusterNotFoundFault");
    assert_eq!(
        world.instance_status(EAST, "orders-east-1-retired"),
        "available"
    );
}

#[test]
fn renaming_waits_for_nothing_or_is_refused_and_a_taken_name_too() {
    let mut world = standalone();
    let later = [
        ("DBClusterIdentifier", "orders-east"),
        ("NewDBClusterIdentifier", "orders-retired"),
    ];
    let fault = world.refused(EAST, "ModifyDBCluster", &later);
    assert_eq!(fault.code, "InvalidParameterValue");
    let taken = [
        ("DBInstanceIdentifier", "orders-east-1"),
        ("NewDBInstanceIdentifier", "orders-east-1"),
        ("ApplyImmediately", "true"),
    ];
    let fault = world.refused(EAST, "ModifyDBInstance", &taken);
    assert_eq!(fault.code, "DBInstanceAlreadyExists");
}

#[test]
fn what_is_deleted_while_it_changes_or_is_renamed_is_gone_in_the_end_under_either_name() {
    let cluster = ("DBClusterIdentifier", "orders-east");
    let instance = ("DBInstanceIdentifier", "orders-east-1");
    let at_once = ("ApplyImmediately", "true");
    let kept = ("BackupRetentionPeriod", "7");
    let renamed = ("NewDBClusterIdentifier", "orders-late");
    let changes = [
        ("ModifyDBCluster", vec![cluster, kept, at_once]),
        ("ModifyDBCluster", vec![cluster, renamed, at_once]),
        ("StopDBCluster", vec![cluster]),
    ];
    for (action, change) in changes {
        let mut world = standalone();
        let rename = [
            instance,
            ("NewDBInstanceIdentifier", "orders-late-1"),
            at_once,
        ];
        if action == "ModifyDBCluster" {
            world.ok(EAST, "ModifyDBInstance", &rename);
        }
        world.ok(EAST, action, &change);
        world.ok(EAST, "DeleteDBInstance", &[instance]);
        let skip = ("SkipFinalSnapshot", "true");
        world.ok(EAST, "DeleteDBCluster", &[cluster, skip]);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..1_000 {
            world.pass(100);
            let answer = world.ok(EAST, "DescribeDBClusters", &[]);
            seen.extend(World::text_at(&answer, "DBClusters.0.Status"));
        }
        assert_eq!(seen, ["deleting".to_owned()].into(), "{action} {change:?}");
        let answer = world.ok(EAST, "DescribeDBInstances", &[]);
        let left = World::text_at(&answer, "DBInstances.0.DBInstanceIdentifier");
        assert_eq!(left, None, "{action} {change:?}");
    }
}

#[test]
fn custom_endpoints_lead_to_instances_that_there_are_and_are_found_by_their_type() {
    let mut world = World::two_members();
    let create = [
        ("DBClusterIdentifier", "orders-west"),
        ("DBClusterEndpointIdentifier", "reports"),
        ("EndpointType", "READER"),
        ("StaticMembers.member.1", "orders-west-1"),
    ];
    world.ok(WEST, "CreateDBClusterEndpoint", &create);
    let fault = world.refused(WEST, "CreateDBClusterEndpoint", &create);
    assert_eq!(fault.code, "DBClusterEndpointAlreadyExistsFault");
    let unknown = [
        ("DBClusterIdentifier", "orders-west"),
        ("DBClusterEndpointIdentifier", "others"),
        ("EndpointType", "ANY"),
        ("StaticMembers.member.1", "nobody"),
    ];
    let fault = world.refused(WEST, "CreateDBClusterEndpoint", &unknown);
    assert_eq!(fault.code, "DBInstanceNotFound");
    let count = |world: &mut World, filter: &[(&str, &str)]| {
        let answer = world.ok(WEST, "DescribeDBClusterEndpoints", filter);
        match answer.get("DBClusterEndpoints") {
            Some(crate::answer::Node::Fields(found)) => found.len(),
            _ => 0,
        }
    };
    let custom = [
        ("Filters.Filter.1.Name", "db-cluster-endpoint-type"),
        ("Filters.Filter.1.Values.Value.1", "custom"),
    ];
    assert_eq!((count(&mut world, &custom), count(&mut world, &[])), (1, 3));
    let delete = [("DBClusterEndpointIdentifier", "reports")];
    world.settle();
    world.ok(WEST, "DeleteDBClusterEndpoint", &delete);
    world.settle();
    let fault = world.refused(WEST, "DeleteDBClusterEndpoint", &delete);
    assert_eq!(fault.code, "DBClusterEndpointNotFoundFault");
}

#[test]
fn a_managed_failover_keeps_a_snapshot_of_what_it_replaces_which_can_be_copied() {
    let mut world = World::two_members();
    world.failover(EAST, EAST_ARN).unwrap();
    world.settle();
    let automated = [("SnapshotType", "automated")];
    let answer = world.ok(WEST, "DescribeDBClusterSnapshots", &automated);
    let list = answer.get("DBClusterSnapshots").unwrap();
    let kept = list.get("DBClusterSnapshot").unwrap();
    let name = kept.get("DBClusterSnapshotIdentifier").unwrap();
    let name = name.as_text().unwrap().to_owned();
    assert!(
        name.starts_with("rds:unplanned-global-failover-orders-west-"),
        "{name}"
    );
    let copy = [
        ("SourceDBClusterSnapshotIdentifier", name.as_str()),
        ("TargetDBClusterSnapshotIdentifier", "orders-kept"),
    ];
    world.ok(WEST, "CopyDBClusterSnapshot", &copy);
    world.pass(500);
    let wanted = [("DBClusterSnapshotIdentifier", "orders-kept")];
    let answer = world.ok(WEST, "DescribeDBClusterSnapshots", &wanted);
    let copied = answer.get("DBClusterSnapshots").unwrap();
    let copied = copied.get("DBClusterSnapshot").unwrap();
    let field = |name: &str| copied.get(name).and_then(crate::answer::Node::as_text);
    assert_eq!(
        (field("Status"), field("SnapshotType")),
        (Some("available"), Some("manual"))
    );
    let fault = world.refused(WEST, "CopyDBClusterSnapshot", &copy);
    assert_eq!(fault.code, "DBClusterSnapshotAlreadyExistsFault");
}
