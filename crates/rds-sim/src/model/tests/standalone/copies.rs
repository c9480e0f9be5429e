//! Automated backups that are copied to another Region.

use super::{
    super::world::{EAST, WEST, World, expect},
    FROM_WEST, REPLICA, REPLICA_ARN, SOURCE_ARN,
};
use crate::model::Settings;

const START: &str = "StartDBInstanceAutomatedBackupsReplication";
const STOP: &str = "StopDBInstanceAutomatedBackupsReplication";
const OF_WEST: (&str, &str) = ("SourceDBInstanceArn", SOURCE_ARN);
const COPY: &str = "DBInstanceAutomatedBackupsReplications.0.DBInstanceAutomatedBackupsArn";

#[test]
fn copies_are_asked_for_where_they_lie_and_the_instance_shows_them_promoted_or_not() {
    let mut world = World::pair();
    world.ok(EAST, START, &[OF_WEST]);
    let copy = world.shown(WEST, "orders-west", COPY).unwrap();
    assert!(copy.starts_with("arn:aws:rds:us-east-1:123456789012:auto-backup:ab-"));
    assert_eq!(world.shown(EAST, "orders-east", COPY), None);
    world.ok(EAST, STOP, &[OF_WEST]);
    assert_eq!(world.shown(WEST, "orders-west", COPY), None);

    let back = ("BackupRetentionPeriod", "7");
    world.ok(EAST, "PromoteReadReplica", &[REPLICA, back]);
    world.settle();
    let of_east = ("SourceDBInstanceArn", REPLICA_ARN);
    world.ok(WEST, START, &[of_east, ("BackupRetentionPeriod", "3")]);
    let copy = world.shown(EAST, "orders-east", COPY).unwrap();
    assert!(copy.starts_with("arn:aws:rds:us-west-2:"), "{copy}");
}

#[test]
fn only_backups_of_an_instance_that_is_there_are_copied_and_once_to_each_region() {
    let mut world = World::source_with(Settings::default(), &[("BackupRetentionPeriod", "0")]);
    let none = world.refused(EAST, START, &[OF_WEST]);
    expect(&none, 400, "InvalidDBInstanceState", "not enabled");
    let mut world = World::source();
    let here = world.refused(WEST, START, &[OF_WEST]);
    expect(
        &here,
        400,
        "InvalidParameterCombination",
        "within the Region",
    );
    let of_cluster = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west";
    let wrong = world.refused(EAST, START, &[("SourceDBInstanceArn", of_cluster)]);
    expect(&wrong, 400, "InvalidParameterValue", "ARN");
    let idle = world.refused(EAST, STOP, &[OF_WEST]);
    expect(&idle, 400, "InvalidDBInstanceState", "not replicated");
    world.ok(EAST, START, &[OF_WEST]);
    let twice = world.refused(EAST, START, &[OF_WEST]);
    expect(&twice, 400, "InvalidDBInstanceState", "already");
    world.lose(WEST);
    let away = world.refused(EAST, STOP, &[OF_WEST]);
    expect(&away, 400, "InvalidDBInstanceState", "can't be reached");
}

#[test]
fn copies_of_an_encrypted_instance_need_a_key_of_their_region() {
    let mut world = World::source_with(Settings::default(), &[("StorageEncrypted", "true")]);
    let keyless = world.refused(EAST, START, &[OF_WEST]);
    expect(&keyless, 400, "InvalidParameterValue", "valid KMS key ID");
    let foreign = ("KmsKeyId", "arn:aws:kms:us-west-2:123456789012:key/orders");
    let foreign = world.refused(EAST, START, &[OF_WEST, foreign]);
    expect(&foreign, 400, "KMSKeyNotAccessibleFault", "us-west-2");
    let own = ("KmsKeyId", "arn:aws:kms:us-east-1:123456789012:key/orders");
    world.ok(EAST, START, &[OF_WEST, own]);
    world.ok(
        EAST,
        "CreateDBInstanceReadReplica",
        &[REPLICA, FROM_WEST, own],
    );
}
