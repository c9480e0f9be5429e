//! Engines beside PostgreSQL: what a call of theirs is answered, and what is other of their replicas.

use super::{
    super::world::{EAST, WEST, World, expect},
    FROM_WEST, REPLICA, SKIP, SOURCE,
};
use crate::model::{Effect, Engine, Settings};

const GIVEN: [(&str, &str); 4] = [
    ("DBInstanceClass", "db.m6g.large"),
    ("AllocatedStorage", "20"),
    ("MasterUsername", "admin"),
    ("MasterUserPassword", "not-a-secret"),
];

/// A source of an engine in the west.
fn source(engine: &str) -> World {
    let mut world = World::empty(Settings::default());
    let call = [&[SOURCE, ("Engine", engine)][..], &GIVEN].concat();
    world.ok(WEST, "CreateDBInstance", &call);
    world.settle();
    world
}

#[test]
fn an_instance_of_another_engine_shows_its_version_port_and_groups() {
    let of_mariadb = [
        "10.11.14",
        "3306",
        "default.mariadb10.11",
        "default:mariadb-10-11",
    ];
    let of_mysql = ["8.0.44", "3306", "default.mysql8.0", "default:mysql-8-0"];
    for (engine, wanted) in [("mariadb", of_mariadb), ("mysql", of_mysql)] {
        let mut world = source(engine);
        let fields = [
            "EngineVersion",
            "Endpoint.Port",
            "DBParameterGroups.0.DBParameterGroupName",
            "OptionGroupMemberships.0.OptionGroupName",
        ];
        let shown = fields.map(|field| world.shown(WEST, "orders-west", field).unwrap());
        assert_eq!(shown, wanted);
        let shown = world.shown(WEST, "orders-west", "Engine");
        assert_eq!(shown.as_deref(), Some(engine));
        let license = world.shown(WEST, "orders-west", "LicenseModel");
        assert_eq!(license.as_deref(), Some("general-public-license"));
    }
}

#[test]
fn the_storage_is_told_which_engine_it_is() {
    let world = source("mariadb");
    let told = world.effects.iter().any(|effect| {
        matches!(effect, Effect::CreateInstance { engine, .. } if *engine == Engine::MariaDb)
    });
    assert!(told);
}

#[test]
fn an_engine_that_is_not_simulated_is_refused() {
    let mut world = World::empty(Settings::default());
    let call = [&[SOURCE, ("Engine", "oracle-ee")][..], &GIVEN].concat();
    let fault = world.refused(WEST, "CreateDBInstance", &call);
    expect(&fault, 400, "InvalidParameterValue", "oracle-ee");
}

#[test]
fn a_parameter_group_of_another_series_does_not_fit() {
    let mut world = World::empty(Settings::default());
    let group = ("DBParameterGroupName", "default.mariadb10.6");
    let call = [&[SOURCE, ("Engine", "mariadb"), group][..], &GIVEN].concat();
    let fault = world.refused(WEST, "CreateDBInstance", &call);
    expect(&fault, 400, "InvalidParameterCombination", "mariadb10.11");
    let group = ("DBParameterGroupName", "default.mariadb10.11");
    let call = [&[SOURCE, ("Engine", "mariadb"), group][..], &GIVEN].concat();
    world.ok(WEST, "CreateDBInstance", &call);
}

#[test]
fn a_replica_of_mariadb_holds_no_slot_and_is_promoted_when_its_source_is_deleted() {
    let mut world = source("mariadb");
    world.ok(EAST, "CreateDBInstanceReadReplica", &[REPLICA, FROM_WEST]);
    world.settle();
    for field in ["Engine", "EngineVersion"] {
        let of_source = world.shown(WEST, "orders-west", field);
        assert_eq!(world.shown(EAST, "orders-east", field), of_source);
    }
    assert_eq!(
        world.replication(EAST, "orders-east").unwrap(),
        "replicating"
    );
    assert!(!world.takes_writes(EAST, "orders-east"));

    world.ok(WEST, "DeleteDBInstance", &[SOURCE, SKIP]);
    world.settle();
    assert_eq!(world.follows(EAST, "orders-east"), None);
    assert!(world.takes_writes(EAST, "orders-east"));
    let mut effects = world.effects.iter();
    assert!(effects.all(|effect| !matches!(effect, Effect::DropSlot { .. })));
}
