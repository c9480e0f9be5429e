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
