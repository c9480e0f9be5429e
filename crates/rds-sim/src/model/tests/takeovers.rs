//! What is seen, and in which order, while one member takes over from another.

use super::world::{EAST, EAST_ARN, OHIO, WEST, WEST_ARN, World};
use crate::model::{Effect, Settings, WriteFencing};

#[test]
fn a_switchover_passes_through_its_statuses_and_keeps_both_members() {
    let mut world = World::two_members();
    let answer = world.switchover(WEST, EAST_ARN).unwrap();
    assert_eq!(
        World::text_at(&answer, "GlobalCluster.FailoverState.Status").unwrap(),
        "pending"
    );
    assert_eq!(
        World::text_at(&answer, "GlobalCluster.FailoverState.IsDataLossAllowed").unwrap(),
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
fn a_managed_failover_that_cannot_be_carried_out_gives_the_old_writer_its_writes_back() {
    let mut world = World::two_members();
    world.failover(EAST, EAST_ARN).unwrap();
    assert!(!world.takes_writes(WEST, "orders-west"));
    world.broken = true;
    world.pass(2_500);
    for _ in 0..25 {
        world.pass(500);
    }
    world.broken = false;
    world.settle();
    assert_eq!(
        world.members(WEST),
        [
            "orders-west writer connected",
            "orders-east standby connected"
        ]
    );
    assert!(world.takes_writes(WEST, "orders-west") && !world.takes_writes(EAST, "orders-east"));
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
    // First RDS keeps what it is about to replace.
    world.pass(500);
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
fn a_writer_that_was_fenced_before_its_database_could_start_again_stays_down() {
    let mut world = World::two_members();
    world.broken = true;
    world.lose(WEST);
    world.regain(WEST);
    world.broken = false;
    world.failover(EAST, EAST_ARN).unwrap();
    world.pass(2_500);
    assert!(world.takes_writes(EAST, "orders-east"));
    assert!(!world.takes_writes(WEST, "orders-west"));
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
    // The old writer's volume is kept first.
    world.pass(500);
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
