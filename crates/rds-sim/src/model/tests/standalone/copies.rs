//! Automated backups that are copied to another Region.

use super::{
    super::world::{EAST, WEST, World, expect},
    FROM_WEST, REPLICA, REPLICA_ARN, SOURCE_ARN,
};
use crate::model::Settings;

const START: &str = "StartDBInstanceAutomatedBackupsReplication";
const STOP: &str = "StopDBInstanceAutomatedBackupsReplication";
const LIST: &str = "DescribeDBInstanceAutomatedBackups";
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

/// A field of the only automated backups that a Region lists.
fn listed(world: &mut World, region: &str, field: &str) -> Option<String> {
    let answer = world.ok(region, LIST, &[]);
    assert_eq!(World::text_at(&answer, &of(1, "Status")), None);
    World::text_at(&answer, &of(0, field))
}

fn of(index: usize, field: &str) -> String {
    format!("DBInstanceAutomatedBackups.{index}.{field}")
}

const LATEST: &str = "RestoreWindow.LatestTime";

#[test]
fn copies_are_listed_where_they_lie_and_their_newest_time_stands_still_while_their_home_is_lost() {
    let mut world = World::source();
    assert_eq!(listed(&mut world, EAST, "Status"), None);
    let started = world.ok(EAST, START, &[OF_WEST]);
    let begun = "DBInstanceAutomatedBackup.DBInstanceAutomatedBackupsArn";
    let begun = World::text_at(&started, begun);
    let of_home = ["active", "us-west-2", "orders-west"];
    let of_copy = ["replicating", "us-west-2", "orders-west"];
    for (region, expected) in [(WEST, of_home), (EAST, of_copy)] {
        let fields = ["Status", "Region", "DBInstanceIdentifier"];
        let shown = fields.map(|field| listed(&mut world, region, field));
        assert_eq!(shown, expected.map(|value| Some(value.to_owned())));
    }
    assert_eq!(
        listed(&mut world, EAST, "DBInstanceAutomatedBackupsArn"),
        begun
    );
    let first = listed(&mut world, EAST, LATEST);
    assert!(first.is_some());
    assert_eq!(listed(&mut world, WEST, LATEST), first);
    world.pass(600_000);
    let later = listed(&mut world, EAST, LATEST);
    assert!(later > first, "{later:?}");
    world.lose(WEST);
    world.pass(600_000);
    assert_eq!(listed(&mut world, EAST, LATEST), later);
}

#[test]
fn automated_backups_are_found_by_their_instance_and_what_has_none_is_not_found() {
    let mut world = World::source();
    let id = world.shown(WEST, "orders-west", "DbiResourceId").unwrap();
    let by_id = [("DbiResourceId", id.as_str())];
    let none = world.refused(EAST, LIST, &by_id);
    let code = "DBInstanceAutomatedBackupNotFound";
    expect(&none, 404, code, "not found");
    world.ok(EAST, START, &[OF_WEST]);
    for region in [WEST, EAST] {
        let answer = world.ok(region, LIST, &by_id);
        let found = World::text_at(&answer, &of(0, "DbiResourceId"));
        assert_eq!(found.as_ref(), Some(&id), "{region}");
    }
    let kept = [
        ("Filters.Filter.1.Name", "status"),
        ("Filters.Filter.1.Values.Value.1", "retained"),
    ];
    let answer = world.ok(EAST, LIST, &kept);
    assert_eq!(World::text_at(&answer, &of(0, "Status")), None);
    world.ok(EAST, STOP, &[OF_WEST]);
    let gone = world.refused(EAST, LIST, &by_id);
    expect(&gone, 404, code, "not found");
}

#[test]
fn what_keeps_no_backups_or_has_taken_none_yet_restores_to_no_time() {
    let mut world = World::empty(Settings::default());
    world.alone(WEST, "orders-west", &[]);
    world.ok(EAST, START, &[OF_WEST]);
    assert_eq!(
        listed(&mut world, WEST, "Status").as_deref(),
        Some("creating")
    );
    assert_eq!(
        listed(&mut world, EAST, "Status").as_deref(),
        Some("pending")
    );
    assert_eq!(listed(&mut world, EAST, LATEST), None);
    let mut world = World::source_with(Settings::default(), &[("BackupRetentionPeriod", "0")]);
    assert_eq!(listed(&mut world, WEST, "Status"), None);
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
