//! An instance of its own is changed, renamed, rebooted.

use super::{
    super::world::EAST, super::world::WEST, super::world::World, super::world::expect, AT_ONCE,
    FROM_WEST, REPLICA, SOURCE,
};
use crate::model::{ClusterKey, Effect, Loss, Settings};

const RENAME: (&str, &str) = ("NewDBInstanceIdentifier", "orders-new");

#[test]
fn backups_that_are_turned_on_restart_the_instance_and_begin_with_one() {
    let mut world = World::source_with(Settings::default(), &[("BackupRetentionPeriod", "0")]);
    let on = [SOURCE, ("BackupRetentionPeriod", "7"), AT_ONCE];
    world.ok(WEST, "ModifyDBInstance", &on);
    let seen = world.statuses(WEST, "orders-west");
    assert_eq!(seen, ["modifying", "rebooting", "backing-up", "available"]);
    let restart = Effect::Restart {
        cluster: ClusterKey::new(WEST, "orders-west"),
    };
    assert!(world.effects.contains(&restart));
    let restorable = world.shown(WEST, "orders-west", "LatestRestorableTime");
    assert!(restorable.is_some());
    let off = [SOURCE, ("BackupRetentionPeriod", "0"), AT_ONCE];
    world.ok(WEST, "ModifyDBInstance", &off);
    let seen = world.statuses(WEST, "orders-west");
    assert_eq!(seen, ["modifying", "rebooting", "available"]);
    let restorable = world.shown(WEST, "orders-west", "LatestRestorableTime");
    assert_eq!(restorable, None);
}

#[test]
fn a_change_that_needs_no_restart_has_none() {
    let mut world = World::source();
    for (given, field, value) in [
        ("DeletionProtection", "DeletionProtection", "true"),
        ("MultiAZ", "MultiAZ", "true"),
        ("BackupRetentionPeriod", "BackupRetentionPeriod", "35"),
        ("CopyTagsToSnapshot", "CopyTagsToSnapshot", "true"),
    ] {
        world.effects.clear();
        world.ok(WEST, "ModifyDBInstance", &[SOURCE, (given, value)]);
        let seen = world.statuses(WEST, "orders-west");
        assert_eq!(seen, ["modifying", "available"], "{given}");
        let shown = world.shown(WEST, "orders-west", field);
        assert_eq!(shown.unwrap(), value, "{given}");
        assert_eq!(world.effects, [], "{given}");
        world.ok(WEST, "ModifyDBInstance", &[SOURCE, (given, value)]);
        let same = world.instance_status(WEST, "orders-west");
        assert_eq!(same, "available", "{given} is so already");
    }
}

#[test]
fn another_password_is_given_to_the_database() {
    let mut world = World::source();
    world.effects.clear();
    let password = [SOURCE, ("MasterUserPassword", "another-one")];
    world.ok(WEST, "ModifyDBInstance", &password);
    assert!(matches!(
        &*world.effects,
        [Effect::SetPassword { user, password, .. }]
            if user == "postgres" && password.0 == "another-one"
    ));
}

#[test]
fn a_renamed_instance_is_renaming_under_its_old_name_and_has_another_endpoint_after_that() {
    let mut world = World::pair();
    let resource = world.shown(WEST, "orders-west", "DbiResourceId");
    let before = world.shown(WEST, "orders-west", "Endpoint.Address");
    world.ok(WEST, "ModifyDBInstance", &[SOURCE, RENAME, AT_ONCE]);
    assert_eq!(world.instance_status(WEST, "orders-west"), "renaming");
    // Its database has left the old name already.
    assert!(!world.takes_writes(WEST, "orders-west"));
    world.settle();
    let gone = world.refused(WEST, "DescribeDBInstances", &[SOURCE]);
    expect(&gone, 404, "DBInstanceNotFound", "orders-west");
    assert_eq!(world.shown(WEST, "orders-new", "DbiResourceId"), resource);
    let after = world.shown(WEST, "orders-new", "Endpoint.Address");
    assert_ne!(after, before);
    assert!(after.unwrap().starts_with("orders-new.c"));
    assert!(world.takes_writes(WEST, "orders-new"));
    let arn = "arn:aws:rds:us-west-2:123456789012:db:orders-new";
    assert_eq!(world.follows(EAST, "orders-east").unwrap(), arn);
}

#[test]
fn a_renamed_replica_is_known_to_its_source_by_its_new_name() {
    let mut world = World::pair();
    world.ok(EAST, "ModifyDBInstance", &[REPLICA, RENAME, AT_ONCE]);
    world.settle();
    let arn = "arn:aws:rds:us-east-1:123456789012:db:orders-new";
    assert_eq!(world.followers(WEST, "orders-west"), [arn]);
    let promoted = [("DBInstanceIdentifier", "orders-new")];
    world.ok(EAST, "PromoteReadReplica", &promoted);
    world.settle();
    assert!(world.slots.is_empty(), "{:?}", world.slots);
}

#[test]
fn a_region_that_is_lost_while_an_instance_is_renamed_finishes_it_when_it_returns() {
    for broken in [false, true] {
        let mut world = World::source();
        world.broken = broken;
        world.ok(WEST, "ModifyDBInstance", &[SOURCE, RENAME, AT_ONCE]);
        world.lose(WEST);
        world.broken = false;
        world.settle();
        world.regain(WEST);
        world.settle();
        assert_eq!(world.instance_status(WEST, "orders-new"), "available");
        assert!(world.takes_writes(WEST, "orders-new"), "broken: {broken}");
    }
}

#[test]
fn the_old_name_is_free_for_a_new_instance() {
    let mut world = World::source();
    world.ok(WEST, "ModifyDBInstance", &[SOURCE, RENAME, AT_ONCE]);
    world.settle();
    world.alone(WEST, "orders-west", &[]);
    world.settle();
    assert!(world.takes_writes(WEST, "orders-west"));
    assert!(world.takes_writes(WEST, "orders-new"));
    let back = ("NewDBInstanceIdentifier", "orders-west");
    let new = ("DBInstanceIdentifier", "orders-new");
    let taken = world.refused(WEST, "ModifyDBInstance", &[new, back, AT_ONCE]);
    expect(&taken, 400, "DBInstanceAlreadyExists", "exists");
}

#[test]
fn calls_about_them_meet_the_troubles_of_every_call() {
    let mut world = World::source();
    let action = "CreateDBInstanceReadReplica";
    world.model.lose_answers(EAST, action, 1, Loss::Unanswered);
    world.ok(EAST, action, &[REPLICA, FROM_WEST]);
    let lost = world.model.lost_answer(EAST, action);
    assert_eq!(lost, Some(Loss::Unanswered), "and it took effect");
    world.settle();
    let twice = world.refused(EAST, action, &[REPLICA, FROM_WEST]);
    assert_eq!(twice.code, "DBInstanceAlreadyExists");
    let denied = crate::model::Fault::internal_failure();
    world
        .model
        .refuse_calls(EAST, "PromoteReadReplica", 1, denied);
    let refused = world.refused(EAST, "PromoteReadReplica", &[REPLICA]);
    assert_eq!(refused.code, "InternalFailure");
    assert!(world.follows(EAST, "orders-east").is_some());
    world.model.show_status(
        world.now,
        &ClusterKey::new(EAST, "orders-east"),
        Some("storage-full"),
    );
    assert_eq!(world.instance_status(EAST, "orders-east"), "storage-full");
}
