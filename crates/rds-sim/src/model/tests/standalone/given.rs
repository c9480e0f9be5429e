//! What an instance of its own is given is kept and shown; groups that it uses are kept.

use super::{
    super::world::EAST, super::world::WEST, super::world::World, super::world::expect, FROM_WEST,
    REPLICA, SOURCE,
};
use crate::model::Settings;

const GROUP: (&str, &str) = ("DBParameterGroupName", "orders");

fn group(world: &mut World, region: &str, family: &str) {
    let given = [
        GROUP,
        ("DBParameterGroupFamily", family),
        ("Description", "orders"),
    ];
    world.ok(region, "CreateDBParameterGroup", &given);
}

#[test]
fn every_property_of_an_instance_of_its_own_is_shown_as_given() {
    let given = [
        ("DBName", "orders"),
        ("Port", "5433"),
        ("EngineVersion", "15.10"),
        ("MultiAZ", "true"),
        ("DeletionProtection", "true"),
        ("BackupRetentionPeriod", "9"),
        ("PreferredBackupWindow", "01:00-01:30"),
        ("StorageType", "gp3"),
        ("CopyTagsToSnapshot", "true"),
        ("PubliclyAccessible", "true"),
        ("EnableIAMDatabaseAuthentication", "true"),
        ("AvailabilityZone", "us-west-2c"),
        ("VpcSecurityGroupIds.VpcSecurityGroupId.1", "sg-1"),
        ("EnableCloudwatchLogsExports.member.1", "postgresql"),
        ("Tags.Tag.1.Key", "app"),
        ("Tags.Tag.1.Value", "orders"),
    ];
    let mut world = World::source_with(Settings::default(), &given);
    for (field, wanted) in [
        ("DBName", "orders"),
        ("Endpoint.Port", "5433"),
        ("EngineVersion", "15.10"),
        ("Engine", "postgres"),
        ("MultiAZ", "true"),
        ("DeletionProtection", "true"),
        ("BackupRetentionPeriod", "9"),
        ("PreferredBackupWindow", "01:00-01:30"),
        ("StorageType", "gp3"),
        ("CopyTagsToSnapshot", "true"),
        ("PubliclyAccessible", "true"),
        ("IAMDatabaseAuthenticationEnabled", "true"),
        ("AvailabilityZone", "us-west-2c"),
        ("VpcSecurityGroups.0.VpcSecurityGroupId", "sg-1"),
        ("EnabledCloudwatchLogsExports.0", "postgresql"),
        ("TagList.0.Value", "orders"),
        ("DBSubnetGroup.DBSubnetGroupName", "default"),
        (
            "DBParameterGroups.0.DBParameterGroupName",
            "default.postgres15",
        ),
        (
            "OptionGroupMemberships.0.OptionGroupName",
            "default:postgres-15",
        ),
    ] {
        let shown = world.shown(WEST, "orders-west", field);
        assert_eq!(shown.as_deref(), Some(wanted), "{field}");
    }
}

#[test]
fn a_parameter_group_must_be_of_the_engine_and_is_kept_while_it_is_used() {
    let mut world = World::source();
    group(&mut world, WEST, "aurora-postgresql16");
    let wrong = world.refused(WEST, "ModifyDBInstance", &[SOURCE, GROUP]);
    expect(&wrong, 400, "InvalidParameterCombination", "postgres16");
    world.ok(WEST, "DeleteDBParameterGroup", &[GROUP]);
    let unknown = world.refused(WEST, "ModifyDBInstance", &[SOURCE, GROUP]);
    expect(&unknown, 404, "DBParameterGroupNotFound", "orders");
    group(&mut world, WEST, "postgres16");
    world.ok(WEST, "ModifyDBInstance", &[SOURCE, GROUP]);
    let used = world.refused(WEST, "DeleteDBParameterGroup", &[GROUP]);
    expect(&used, 400, "InvalidDBParameterGroupState", "orders");
}

#[test]
fn a_replica_takes_its_sources_parameter_group_in_its_region_and_the_default_one_elsewhere() {
    let mut world = World::empty(Settings::default());
    group(&mut world, WEST, "postgres16");
    world.alone(WEST, "orders-west", &[GROUP]);
    world.settle();
    let near = [
        ("DBInstanceIdentifier", "orders-near"),
        ("SourceDBInstanceIdentifier", "orders-west"),
    ];
    world.ok(WEST, "CreateDBInstanceReadReplica", &near);
    world.settle();
    world.ok(EAST, "CreateDBInstanceReadReplica", &[REPLICA, FROM_WEST]);
    world.settle();
    let field = "DBParameterGroups.0.DBParameterGroupName";
    assert_eq!(world.shown(WEST, "orders-near", field).unwrap(), "orders");
    let elsewhere = world.shown(EAST, "orders-east", field);
    assert_eq!(elsewhere.unwrap(), "default.postgres16");
}

#[test]
fn tags_of_an_instance_of_its_own_are_found_by_its_arn() {
    let mut world = World::source();
    let resource = ("ResourceName", super::SOURCE_ARN);
    let tag = [("Tags.Tag.1.Key", "app"), ("Tags.Tag.1.Value", "orders")];
    world.ok(WEST, "AddTagsToResource", &[&[resource][..], &tag].concat());
    let shown = world.shown(WEST, "orders-west", "TagList.0.Value");
    assert_eq!(shown.unwrap(), "orders");
    let elsewhere = world.refused(EAST, "ListTagsForResource", &[resource]);
    assert_eq!(elsewhere.code, "DBInstanceNotFound");
}

#[test]
fn instances_of_their_own_count_against_the_quota() {
    let mut world = World::empty(Settings::default());
    for number in 0..40 {
        world.alone(WEST, &format!("orders-{number}"), &[]);
    }
    let one_more = [&[("DBInstanceIdentifier", "orders-40")][..], &super::NEW].concat();
    let full = world.refused(WEST, "CreateDBInstance", &one_more);
    expect(&full, 400, "InstanceQuotaExceeded", "quota");
    let quotas = world.ok(WEST, "DescribeAccountAttributes", &[]);
    let used = World::text_at(&quotas, "AccountQuotas.0.Used");
    assert_eq!(used.unwrap(), "40");
}
