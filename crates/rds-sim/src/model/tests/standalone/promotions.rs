//! A replica is promoted: what is seen of it, and of the source that it left.

use super::{
    super::world::EAST, super::world::WEST, super::world::World, super::world::expect, AT_ONCE,
    REPLICA, REPLICA_ARN, SOURCE, SOURCE_ARN,
};
use crate::model::{Durations, PromotingReplica, Settings};

const STALE_MS: u64 = 300;

#[test]
fn a_promotion_still_reads_available_with_its_source_right_after_the_call() {
    let mut world = World::pair();
    let answer = world.ok(EAST, "PromoteReadReplica", &[REPLICA]);
    let status = World::text_at(&answer, "DBInstance.DBInstanceStatus");
    assert_eq!(status.unwrap(), "available");
    world.pass(STALE_MS - 1);
    assert_eq!(world.instance_status(EAST, "orders-east"), "available");
    assert_eq!(world.follows(EAST, "orders-east").unwrap(), SOURCE_ARN);
    assert!(!world.takes_writes(EAST, "orders-east"));
    world.pass(1);
    let seen = world.statuses(EAST, "orders-east");
    assert_eq!(seen, ["modifying", "rebooting", "backing-up", "available"]);
    assert_eq!(world.follows(EAST, "orders-east"), None);
    assert_eq!(world.replication(EAST, "orders-east"), None);
    assert!(world.takes_writes(EAST, "orders-east"));
}

#[test]
fn a_promotion_shows_at_once_where_nothing_is_stale() {
    let settings = Settings {
        durations: Durations {
            promote_stale_ms: 0,
            ..Durations::default()
        },
        ..Settings::default()
    };
    let mut world = World::pair_with(settings);
    world.ok(EAST, "PromoteReadReplica", &[REPLICA]);
    assert_eq!(world.instance_status(EAST, "orders-east"), "modifying");
}

#[test]
fn a_promotion_may_hide_the_source_before_anything_is_promoted() {
    let settings = Settings {
        promoting_replica: PromotingReplica::HidesSource,
        ..Settings::default()
    };
    let mut world = World::pair_with(settings);
    assert_eq!(world.follows(EAST, "orders-east").unwrap(), SOURCE_ARN);
    world.ok(EAST, "PromoteReadReplica", &[REPLICA]);
    assert_eq!(world.instance_status(EAST, "orders-east"), "available");
    assert_eq!(world.follows(EAST, "orders-east"), None);
    assert_eq!(world.replication(EAST, "orders-east"), None);
    assert!(
        !world.takes_writes(EAST, "orders-east"),
        "only a write tells the end"
    );
    world.settle();
    assert!(world.takes_writes(EAST, "orders-east"));
}

#[test]
fn a_describe_that_lags_shows_the_source_longer_still() {
    let mut settings = Settings::default();
    settings.describe_lag_ms.insert(EAST.to_owned(), 60_000);
    let mut world = World::pair_with(settings);
    world.pass(60_000);
    world.ok(EAST, "PromoteReadReplica", &[REPLICA]);
    world.pass(30_000);
    assert!(world.takes_writes(EAST, "orders-east"));
    assert_eq!(world.instance_status(EAST, "orders-east"), "available");
    assert_eq!(world.follows(EAST, "orders-east").unwrap(), SOURCE_ARN);
    world.pass(60_000);
    assert_eq!(world.follows(EAST, "orders-east"), None);
}

#[test]
fn a_second_promotion_is_refused_while_the_first_one_is_not_seen_yet_and_after_it() {
    let mut world = World::pair();
    world.ok(EAST, "PromoteReadReplica", &[REPLICA]);
    for _ in 0..40 {
        let twice = world.refused(EAST, "PromoteReadReplica", &[REPLICA]);
        assert_eq!(twice.code, "InvalidDBInstanceState");
        world.pass(100);
    }
    world.settle();
    let promoted = world.refused(EAST, "PromoteReadReplica", &[REPLICA]);
    expect(
        &promoted,
        400,
        "InvalidDBInstanceState",
        "not a read replica",
    );
}

#[test]
fn a_promotion_needs_nothing_of_the_lost_source_which_learns_of_it_when_it_returns() {
    let mut world = World::pair();
    world.lose(WEST);
    world.ok(EAST, "PromoteReadReplica", &[REPLICA]);
    world.settle();
    assert!(world.takes_writes(EAST, "orders-east"));
    assert_eq!(world.slots_on(WEST, "orders-west"), 1);
    world.regain(WEST);
    assert!(world.takes_writes(WEST, "orders-west"), "RDS fences nobody");
    assert_eq!(world.followers(WEST, "orders-west"), [REPLICA_ARN]);
    // It still counts as a source, so that it cannot be stopped yet.
    let kept = world.refused(WEST, "StopDBInstance", &[SOURCE]);
    expect(&kept, 400, "InvalidDBInstanceState", "has a read replica");
    world.settle();
    assert_eq!(world.followers(WEST, "orders-west"), [""; 0]);
    assert_eq!(world.slots_on(WEST, "orders-west"), 0);
    world.ok(WEST, "StopDBInstance", &[SOURCE]);
}

#[test]
fn a_source_may_name_a_promoted_replica_for_as_long_as_it_is_told_to() {
    let settings = Settings {
        durations: Durations {
            forget_replica_ms: 3_600_000,
            ..Durations::default()
        },
        ..Settings::default()
    };
    let mut world = World::pair_with(settings);
    world.ok(EAST, "PromoteReadReplica", &[REPLICA]);
    world.settle();
    assert_eq!(world.followers(WEST, "orders-west"), [REPLICA_ARN]);
    let kept = world.refused(WEST, "StopDBInstance", &[SOURCE]);
    assert_eq!(kept.code, "InvalidDBInstanceState");
}

#[test]
fn a_source_that_was_renamed_meanwhile_gives_the_slot_back_all_the_same() {
    let mut world = World::pair();
    world.ok(EAST, "PromoteReadReplica", &[REPLICA]);
    // The slot is asked back at 2,800 ms; the name changes at 2,900.
    world.pass(2_400);
    let new = ("NewDBInstanceIdentifier", "orders-old");
    world.ok(WEST, "ModifyDBInstance", &[SOURCE, new, AT_ONCE]);
    world.settle();
    assert_eq!(world.followers(WEST, "orders-old"), [""; 0]);
    assert!(world.slots.is_empty(), "{:?}", world.slots);
}

#[test]
fn backups_are_kept_for_as_long_as_the_promotion_says_and_begin_with_one_where_there_were_none() {
    for (given, wanted, statuses) in [(None, "1", 5), (Some("14"), "14", 5), (Some("0"), "0", 4)] {
        let mut world = World::pair();
        let days = given.map(|days| ("BackupRetentionPeriod", days));
        let params: Vec<_> = [REPLICA].into_iter().chain(days).collect();
        world.ok(EAST, "PromoteReadReplica", &params);
        let seen = world.statuses(EAST, "orders-east");
        assert_eq!(seen.len(), statuses, "{seen:?}");
        assert_eq!(seen.contains(&"backing-up".to_owned()), wanted != "0");
        let days = world.shown(EAST, "orders-east", "BackupRetentionPeriod");
        assert_eq!(days.unwrap(), wanted);
    }
}

#[test]
fn a_replica_that_takes_backups_already_is_promoted_without_another_one() {
    let mut world = World::pair();
    let on = [REPLICA, ("BackupRetentionPeriod", "7"), AT_ONCE];
    world.ok(EAST, "ModifyDBInstance", &on);
    let seen = world.statuses(EAST, "orders-east");
    assert_eq!(seen, ["modifying", "rebooting", "backing-up", "available"]);
    assert_eq!(world.follows(EAST, "orders-east").unwrap(), SOURCE_ARN);
    let keep = [REPLICA, ("BackupRetentionPeriod", "7")];
    world.ok(EAST, "PromoteReadReplica", &keep);
    let seen = world.statuses(EAST, "orders-east");
    assert_eq!(seen, ["available", "modifying", "rebooting", "available"]);
}

#[test]
fn a_promoted_replica_is_a_source_and_the_old_source_makes_room() {
    let mut world = World::pair();
    world.ok(EAST, "PromoteReadReplica", &[REPLICA]);
    world.settle();
    let from_east = ("SourceDBInstanceIdentifier", REPLICA_ARN);
    // An existing instance never becomes a replica.
    let taken = world.refused(WEST, "CreateDBInstanceReadReplica", &[SOURCE, from_east]);
    expect(&taken, 400, "DBInstanceAlreadyExists", "exists");
    let new = ("NewDBInstanceIdentifier", "orders-west-old");
    world.ok(WEST, "ModifyDBInstance", &[SOURCE, new, AT_ONCE]);
    world.settle();
    world.ok(WEST, "CreateDBInstanceReadReplica", &[SOURCE, from_east]);
    world.settle();
    assert_eq!(world.follows(WEST, "orders-west").unwrap(), REPLICA_ARN);
    assert_eq!(world.followers(EAST, "orders-east"), [SOURCE_ARN]);
    assert!(world.takes_writes(WEST, "orders-west-old"));
    assert!(!world.takes_writes(WEST, "orders-west"));
}
