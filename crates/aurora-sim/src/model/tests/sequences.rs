//! What is seen, and in which order, while something happens.

use super::world::{EAST, EAST_ARN, GLOBAL, OHIO, WEST, WEST_ARN, World};
use crate::model::{Effect, Settings, WriteFencing};

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
fn a_switchover_passes_through_its_statuses_and_keeps_both_members() {
    let mut world = World::two_members();
    let answer = world.switchover(WEST, EAST_ARN).unwrap();
    assert_eq!(
        World::look(&answer, "GlobalCluster.FailoverState.Status").unwrap(),
        "pending"
    );
    assert_eq!(
        World::look(&answer, "GlobalCluster.FailoverState.IsDataLossAllowed").unwrap(),
        "false"
    );
    world.pass(200);
    assert_eq!(
        world.global(EAST, "FailoverState.Status").unwrap(),
        "switching-over"
    );
    assert_eq!(
        world
            .global(EAST, "FailoverState.FromDbClusterArn")
            .unwrap(),
        WEST_ARN
    );
    assert_eq!(
        world.global(EAST, "FailoverState.ToDbClusterArn").unwrap(),
        EAST_ARN
    );
    assert_eq!(world.global(EAST, "Status").unwrap(), "switching-over");
    assert_eq!(
        world.members(EAST),
        [
            "orders-west writer connected",
            "orders-east standby connected"
        ]
    );
    world.pass(1_800);
    assert_eq!(world.global(EAST, "FailoverState.Status"), None);
    assert_eq!(world.global(EAST, "Status").unwrap(), "available");
    assert_eq!(
        world.members(EAST),
        [
            "orders-east writer connected",
            "orders-west standby connected"
        ]
    );
    assert_eq!(
        (
            world.status(WEST, "orders-west"),
            world.status(EAST, "orders-east")
        ),
        ("available".to_owned(), "available".to_owned())
    );
    assert!(world.takes_writes(EAST, "orders-east") && !world.takes_writes(WEST, "orders-west"));
}

#[test]
fn a_switchover_is_called_off_when_a_region_falls_silent_on_the_way() {
    let mut world = World::two_members();
    world.switchover(WEST, EAST_ARN).unwrap();
    world.lose(WEST);
    world.settle();
    assert_eq!(world.global(EAST, "FailoverState.Status"), None);
    assert_eq!(
        world.members(EAST),
        [
            "orders-west writer connected",
            "orders-east standby connected"
        ]
    );
    assert!(
        world
            .messages(EAST)
            .iter()
            .any(|message| message.contains("Global switchover") && message.ends_with("failed."))
    );
}

#[test]
fn a_switchover_whose_storage_fails_is_called_off() {
    let mut world = World::two_members();
    world.switchover(WEST, EAST_ARN).unwrap();
    world.broken = true;
    world.pass(2_000);
    world.broken = false;
    assert_eq!(
        world.members(EAST),
        [
            "orders-west writer connected",
            "orders-east standby connected"
        ]
    );
    assert_eq!(world.status(WEST, "orders-west"), "available");
}

#[test]
fn a_managed_failover_brings_the_old_primary_back_only_after_its_region() {
    let mut world = World::two_members();
    world.lose(WEST);
    world.failover(EAST, EAST_ARN).unwrap();
    world.pass(200);
    assert_eq!(
        world.global(EAST, "FailoverState.Status").unwrap(),
        "failing-over"
    );
    assert_eq!(
        world
            .global(EAST, "FailoverState.IsDataLossAllowed")
            .unwrap(),
        "true"
    );
    assert!(!world.takes_writes(EAST, "orders-east"));
    world.pass(2_300);
    assert_eq!(
        world.members(EAST),
        [
            "orders-east writer connected",
            "orders-west standby pending-resync"
        ]
    );
    assert!(world.takes_writes(EAST, "orders-east"));
    world.settle();
    assert_eq!(
        world.members(EAST),
        [
            "orders-east writer connected",
            "orders-west standby pending-resync"
        ]
    );

    world.regain(WEST);
    assert!(
        !world.takes_writes(WEST, "orders-west"),
        "its volume lost its writes"
    );
    assert_eq!(world.status(WEST, "orders-west"), "modifying");
    world.pass(1_999);
    assert_eq!(
        world.members(WEST),
        [
            "orders-east writer connected",
            "orders-west standby pending-resync"
        ]
    );
    world.pass(1);
    assert_eq!(
        world.members(WEST),
        [
            "orders-east writer connected",
            "orders-west standby connected"
        ]
    );
    assert_eq!(world.status(WEST, "orders-west"), "available");
}

#[test]
fn a_managed_failover_fences_a_reachable_writer_at_once() {
    let mut world = World::two_members();
    world.failover(EAST, EAST_ARN).unwrap();
    assert!(!world.takes_writes(WEST, "orders-west"));
    assert!(
        world
            .messages(WEST)
            .iter()
            .any(|message| message.contains("blocked writes"))
    );
    world.settle();
    assert_eq!(
        world.members(EAST),
        [
            "orders-east writer connected",
            "orders-west standby connected"
        ]
    );
}

#[test]
fn fencing_that_times_out_leaves_a_returning_writer_writable_until_it_is_rebuilt() {
    let settings = Settings {
        write_fencing: WriteFencing::TimesOut,
        ..Settings::default()
    };
    let mut world = World::two_members_with(settings);
    world.failover(EAST, EAST_ARN).unwrap();
    assert!(world.takes_writes(WEST, "orders-west"));
    assert!(
        world
            .messages(WEST)
            .iter()
            .any(|message| message.contains("timed out blocking writes"))
    );
    world.settle();
    assert!(!world.takes_writes(WEST, "orders-west"));
}

#[test]
fn every_other_standby_is_rebuilt_after_a_managed_failover() {
    let mut world = World::two_members();
    world.standby(OHIO, "orders-ohio");
    world.settle();
    world.failover(EAST, EAST_ARN).unwrap();
    world.pass(2_500);
    let rebuilt = |effect: &&Effect| matches!(effect, Effect::Resynchronise { .. });
    assert_eq!(world.effects.iter().filter(rebuilt).count(), 2);
    world.settle();
    assert_eq!(
        world.members(OHIO),
        [
            "orders-east writer connected",
            "orders-ohio standby connected",
            "orders-west standby connected"
        ]
    );
}

#[test]
fn events_tell_a_switchover_in_order() {
    let mut world = World::two_members();
    world.switchover(WEST, EAST_ARN).unwrap();
    world.settle();
    let told = world.messages(EAST);
    let position = |text: &str| {
        told.iter()
            .position(|message| message.contains(text))
            .unwrap()
    };
    let order = [
        "started.",
        "shut down",
        "successfully promoted",
        "finished.",
        "global writer endpoint",
    ]
    .map(position);
    assert!(order.is_sorted(), "{told:?}");
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
