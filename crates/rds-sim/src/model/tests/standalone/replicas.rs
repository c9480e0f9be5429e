//! Instances and replicas are made, follow, and lose what they follow.

use super::{
    super::world::EAST, super::world::OHIO, super::world::WEST, super::world::World, FROM_WEST,
    NEW, REPLICA, REPLICA_ARN, SKIP, SOURCE, SOURCE_ARN,
};
use crate::model::{Durations, Settings, StalledReplica};

#[test]
fn a_new_instance_is_backed_up_before_it_is_available_and_has_no_endpoint_before_it_is_made() {
    let mut world = World::empty(Settings::default());
    world.alone(WEST, "orders-west", &[]);
    assert_eq!(world.shown(WEST, "orders-west", "Endpoint.Port"), None);
    assert_eq!(
        world.shown(WEST, "orders-west", "LatestRestorableTime"),
        None
    );
    let seen = world.statuses(WEST, "orders-west");
    assert_eq!(seen, ["creating", "backing-up", "available"]);
    let endpoint = world.shown(WEST, "orders-west", "Endpoint.Address");
    assert!(endpoint.unwrap().starts_with("orders-west.c"));
    let restorable = world.shown(WEST, "orders-west", "LatestRestorableTime");
    assert!(restorable.is_some());
    assert!(world.takes_writes(WEST, "orders-west"));
    assert_eq!(
        world.shown(WEST, "orders-west", "DBClusterIdentifier"),
        None
    );
}

#[test]
fn an_instance_without_backups_is_available_as_soon_as_it_is_made() {
    let mut world = World::empty(Settings::default());
    world.alone(WEST, "orders-west", &[("BackupRetentionPeriod", "0")]);
    let seen = world.statuses(WEST, "orders-west");
    assert_eq!(seen, ["creating", "available"]);
    let restorable = world.shown(WEST, "orders-west", "LatestRestorableTime");
    assert_eq!(restorable, None);
}

#[test]
fn a_replica_in_another_region_and_its_source_know_each_other_by_arn() {
    let mut world = World::source();
    world.ok(EAST, "CreateDBInstanceReadReplica", &[REPLICA, FROM_WEST]);
    assert_eq!(world.instance_status(EAST, "orders-east"), "creating");
    assert_eq!(world.replication(EAST, "orders-east"), None);
    assert_eq!(world.instance_status(WEST, "orders-west"), "modifying");
    world.settle();
    assert_eq!(world.instance_status(WEST, "orders-west"), "available");
    assert_eq!(
        world.replication(EAST, "orders-east").unwrap(),
        "replicating"
    );
    assert_eq!(world.follows(EAST, "orders-east").unwrap(), SOURCE_ARN);
    assert_eq!(world.followers(WEST, "orders-west"), [REPLICA_ARN]);
    assert_eq!(world.slots_on(WEST, "orders-west"), 1);
    assert!(!world.takes_writes(EAST, "orders-east"));
    for (field, wanted) in [
        ("BackupRetentionPeriod", "0"),
        ("MasterUsername", "postgres"),
        ("DBInstanceClass", "db.m6g.large"),
        ("StatusInfos.0.StatusType", "read replication"),
        ("StatusInfos.0.Normal", "true"),
    ] {
        let shown = world.shown(EAST, "orders-east", field);
        assert_eq!(shown.unwrap(), wanted, "{field}");
    }
}

#[test]
fn a_replica_beside_its_source_knows_it_by_its_name() {
    let mut world = World::source();
    let near = [
        ("DBInstanceIdentifier", "orders-near"),
        ("SourceDBInstanceIdentifier", "orders-west"),
    ];
    world.ok(WEST, "CreateDBInstanceReadReplica", &near);
    world.settle();
    assert_eq!(world.follows(WEST, "orders-near").unwrap(), "orders-west");
    assert_eq!(world.followers(WEST, "orders-west"), ["orders-near"]);
}

#[test]
fn a_source_has_replicas_in_more_than_one_region() {
    let mut world = World::pair();
    let ohio = [("DBInstanceIdentifier", "orders-ohio"), FROM_WEST];
    world.ok(OHIO, "CreateDBInstanceReadReplica", &ohio);
    world.settle();
    assert_eq!(world.followers(WEST, "orders-west").len(), 2);
    assert_eq!(world.slots_on(WEST, "orders-west"), 2);
}

#[test]
fn a_replica_that_is_cut_off_says_what_it_is_told_to_say() {
    for (says, wanted) in [
        (StalledReplica::SaysReplicating, "replicating"),
        (StalledReplica::SaysError, "error"),
    ] {
        let settings = Settings {
            stalled_replica: says,
            ..Settings::default()
        };
        let mut world = World::pair_with(settings);
        world.model.set_replication(world.now, EAST, false);
        assert_eq!(world.replication(EAST, "orders-east").unwrap(), wanted);
        let normal = world.shown(EAST, "orders-east", "StatusInfos.0.Normal");
        assert_eq!(normal.unwrap(), (wanted == "replicating").to_string());
        world.model.set_replication(world.now, EAST, true);
        assert_eq!(
            world.replication(EAST, "orders-east").unwrap(),
            "replicating"
        );
        world.lose(WEST);
        assert_eq!(world.replication(EAST, "orders-east").unwrap(), wanted);
        world.regain(WEST);
        assert_eq!(
            world.replication(EAST, "orders-east").unwrap(),
            "replicating"
        );
    }
}

#[test]
fn a_deleted_source_leaves_a_replica_elsewhere_behind_and_promotes_the_one_beside_it() {
    let mut world = World::pair();
    let near = [
        ("DBInstanceIdentifier", "orders-near"),
        ("SourceDBInstanceIdentifier", "orders-west"),
    ];
    world.ok(WEST, "CreateDBInstanceReadReplica", &near);
    world.settle();
    world.ok(WEST, "DeleteDBInstance", &[SOURCE, SKIP]);
    world.settle();
    assert_eq!(
        world.replication(EAST, "orders-east").unwrap(),
        "terminated"
    );
    let normal = world.shown(EAST, "orders-east", "StatusInfos.0.Normal");
    assert_eq!(normal.unwrap(), "false");
    assert_eq!(world.follows(EAST, "orders-east").unwrap(), SOURCE_ARN);
    assert!(!world.takes_writes(EAST, "orders-east"));
    assert!(world.takes_writes(WEST, "orders-near"));
    assert_eq!(world.follows(WEST, "orders-near"), None);
    assert!(
        world
            .messages(EAST)
            .contains(&"Replication on the read replica was terminated.".to_owned())
    );
    world.ok(EAST, "PromoteReadReplica", &[REPLICA]);
    world.settle();
    assert!(world.takes_writes(EAST, "orders-east"));
}

#[test]
fn a_replica_whose_source_is_gone_does_not_follow_another_one_of_its_name() {
    let mut world = World::pair();
    world.ok(WEST, "DeleteDBInstance", &[SOURCE, SKIP]);
    world.settle();
    world.alone(WEST, "orders-west", &[]);
    world.settle();
    assert_eq!(world.followers(WEST, "orders-west"), [""; 0]);
    assert_eq!(
        world.replication(EAST, "orders-east").unwrap(),
        "terminated"
    );
}

#[test]
fn a_deleted_replica_gives_its_slot_back_once_the_source_is_there() {
    let mut world = World::pair();
    world.lose(WEST);
    world.ok(EAST, "DeleteDBInstance", &[REPLICA, SKIP]);
    world.settle();
    assert_eq!(world.slots_on(WEST, "orders-west"), 1);
    world.regain(WEST);
    assert_eq!(world.followers(WEST, "orders-west"), [REPLICA_ARN]);
    world.settle();
    assert_eq!(world.slots_on(WEST, "orders-west"), 0);
    assert_eq!(world.followers(WEST, "orders-west"), [""; 0]);
}

#[test]
fn what_a_replica_waits_for_stands_still_while_a_region_is_lost() {
    let mut world = World::source();
    world.broken = true;
    world.ok(EAST, "CreateDBInstanceReadReplica", &[REPLICA, FROM_WEST]);
    world.lose(WEST);
    world.broken = false;
    world.settle();
    assert_eq!(world.instance_status(EAST, "orders-east"), "creating");
    world.regain(WEST);
    world.settle();
    assert_eq!(
        world.replication(EAST, "orders-east").unwrap(),
        "replicating"
    );
}

#[test]
fn a_storage_that_fails_for_good_leaves_a_failed_instance_that_can_be_deleted() {
    let mut world = World::empty(Settings::default());
    world.broken = true;
    world.alone(WEST, "orders-west", &[]);
    world.settle();
    assert_eq!(world.instance_status(WEST, "orders-west"), "failed");
    world.broken = false;
    world.ok(WEST, "DeleteDBInstance", &[SOURCE, SKIP]);
    world.settle();
    let gone = world.refused(WEST, "DescribeDBInstances", &[SOURCE]);
    assert_eq!(gone.code, "DBInstanceNotFound");
}

#[test]
fn what_stopped_starts_by_itself_after_its_longest_rest() {
    let settings = Settings {
        durations: Durations {
            stopped_max_ms: 5_000,
            ..Durations::default()
        },
        ..Settings::default()
    };
    let mut world = World::source_with(settings, &[]);
    world.ok(WEST, "StopDBInstance", &[SOURCE]);
    world.pass(500);
    assert_eq!(world.instance_status(WEST, "orders-west"), "stopped");
    assert!(!world.takes_writes(WEST, "orders-west"));
    world.lose(WEST);
    world.regain(WEST);
    assert!(!world.takes_writes(WEST, "orders-west"), "it stays stopped");
    let seen = world.statuses(WEST, "orders-west");
    assert_eq!(seen, ["stopped", "starting", "available"]);
    assert!(world.takes_writes(WEST, "orders-west"));
}

#[test]
fn instances_of_clusters_and_of_their_own_are_described_together_and_apart() {
    let mut world = World::two_members();
    world.ok(
        WEST,
        "CreateDBInstance",
        &[&[("DBInstanceIdentifier", "alone")][..], &NEW].concat(),
    );
    world.settle();
    let named = |world: &mut World, params: &[(&str, &str)]| -> Vec<String> {
        let answer = world.ok(WEST, "DescribeDBInstances", params);
        let name = |index| format!("DBInstances.{index}.DBInstanceIdentifier");
        (0..9)
            .map_while(|index: usize| World::text_at(&answer, &name(index)))
            .collect()
    };
    assert_eq!(named(&mut world, &[]), ["alone", "orders-west-1"]);
    for (filter, value, wanted) in [
        ("engine", "postgres", "alone"),
        ("engine", "aurora-postgresql", "orders-west-1"),
        ("db-cluster-id", "orders-west", "orders-west-1"),
        ("db-instance-id", "alone", "alone"),
    ] {
        let filter = [
            ("Filters.Filter.1.Name", filter),
            ("Filters.Filter.1.Values.Value.1", value),
        ];
        assert_eq!(named(&mut world, &filter), [wanted]);
    }
}
