//! The two sides of a Multi-AZ instance: which one writes, and which one is read for a snapshot.

use super::{
    super::world::{EAST, WEST, World, expect},
    SOURCE,
};
use crate::model::{ClusterKey, Settings, Side};

const TWO: (&str, &str) = ("MultiAZ", "true");
const ONE: (&str, &str) = ("MultiAZ", "false");

fn keep(world: &mut World, id: &str) -> Option<Side> {
    world.ok(
        WEST,
        "CreateDBSnapshot",
        &[SOURCE, ("DBSnapshotIdentifier", id)],
    );
    world.settle();
    world.model.snapshot_side(&ClusterKey::new(WEST, id))
}

fn zones(world: &mut World) -> [Option<String>; 2] {
    ["AvailabilityZone", "SecondaryAvailabilityZone"]
        .map(|field| world.shown(WEST, SOURCE.1, field))
}

fn both(first: &str, second: &str) -> [Option<String>; 2] {
    [Some(first.to_owned()), Some(second.to_owned())]
}

#[test]
fn a_snapshot_is_read_from_the_standby_where_there_is_one() {
    let mut world = World::source();
    assert_eq!(keep(&mut world, "single"), Some(Side::Instance));
    world.ok(WEST, "ModifyDBInstance", &[SOURCE, TWO]);
    assert_eq!(world.instance_status(WEST, SOURCE.1), "modifying");
    world.settle();
    assert_eq!(keep(&mut world, "double"), Some(Side::Standby));
    world.ok(WEST, "ModifyDBInstance", &[SOURCE, ONE]);
    world.settle();
    assert_eq!(keep(&mut world, "again"), Some(Side::Instance));
    let copy = [
        (
            "SourceDBSnapshotIdentifier",
            "arn:aws:rds:us-west-2:123456789012:snapshot:double",
        ),
        ("TargetDBSnapshotIdentifier", "copied"),
    ];
    world.ok(EAST, "CopyDBSnapshot", &copy);
    let copied = ClusterKey::new(EAST, "copied");
    assert_eq!(world.model.snapshot_side(&copied), None, "not there yet");
    world.settle();
    assert_eq!(world.model.snapshot_side(&copied), Some(Side::Standby));
    let unknown = ClusterKey::new(EAST, "nothing");
    assert_eq!(world.model.snapshot_side(&unknown), None);
}

#[test]
fn sql_server_is_read_from_the_instance_itself_also_with_a_standby() {
    let engine = [("Engine", "sqlserver-ee"), TWO];
    let mut world = World::source_with(Settings::default(), &engine);
    assert_eq!(keep(&mut world, "kept"), Some(Side::Instance));
}

#[test]
fn a_forced_failover_lets_the_standby_write() {
    let mut world = World::source_with(Settings::default(), &[TWO]);
    assert_eq!(zones(&mut world), both("us-west-2a", "us-west-2b"));
    let forced = [SOURCE, ("ForceFailover", "true")];
    world.ok(WEST, "RebootDBInstance", &forced);
    assert_eq!(world.statuses(WEST, SOURCE.1), ["rebooting", "available"]);
    assert_eq!(zones(&mut world), both("us-west-2b", "us-west-2a"));
    let told = world.messages(WEST);
    assert!(
        told.contains(&"Multi-AZ instance failover started.".to_owned()),
        "{told:?}"
    );
    assert!(
        told.contains(&"Multi-AZ instance failover completed.".to_owned()),
        "{told:?}"
    );
    world.ok(WEST, "RebootDBInstance", &[SOURCE]);
    world.settle();
    assert_eq!(
        zones(&mut world),
        both("us-west-2b", "us-west-2a"),
        "a reboot moves nothing"
    );
    world.ok(WEST, "ModifyDBInstance", &[SOURCE, ONE]);
    world.settle();
    let alone = [Some("us-west-2b".to_owned()), None];
    assert_eq!(zones(&mut world), alone, "it stays where it writes");
    let fault = world.refused(WEST, "RebootDBInstance", &forced);
    expect(&fault, 400, "InvalidParameterCombination", "Multi-AZ");
    world.ok(WEST, "ModifyDBInstance", &[SOURCE, TWO]);
    world.settle();
    assert_eq!(zones(&mut world), both("us-west-2b", "us-west-2a"));
}

#[test]
fn the_standby_is_in_another_zone_than_the_one_given() {
    let given = [TWO, ("AvailabilityZone", "us-west-2c")];
    let mut world = World::source_with(Settings::default(), &given);
    assert_eq!(zones(&mut world), both("us-west-2c", "us-west-2a"));
}
