//! Snapshots that are exported to a bucket of their Region.

use super::{
    super::world::{EAST, WEST, World, expect},
    SOURCE,
};
use crate::model::Settings;

const START: &str = "StartExportTask";
const LIST: &str = "DescribeExportTasks";
const ROLE: &str = "arn:aws:iam::123456789012:role/orders-exports";
const OTHER_ROLE: &str = "arn:aws:iam::123456789012:role/invoices-exports";
const KEPT_ARN: &str = "arn:aws:rds:us-west-2:123456789012:snapshot:kept";
const ID: (&str, &str) = ("ExportTaskIdentifier", "orders-1");
const GIVEN: [(&str, &str); 5] = [
    ID,
    ("SourceArn", KEPT_ARN),
    ("S3BucketName", "orders-exports"),
    ("IamRoleArn", ROLE),
    ("KmsKeyId", "arn:aws:kms:us-west-2:123456789012:key/orders"),
];

/// A source whose snapshot may be exported.
fn kept() -> World {
    let mut world = World::source();
    keep(&mut world);
    world
}

fn keep(world: &mut World) {
    world.model.admit_exports(WEST, "orders-exports", ROLE);
    world
        .model
        .admit_exports(WEST, "invoices-exports", OTHER_ROLE);
    world.model.admit_exports(EAST, "orders-exports-east", ROLE);
    let kept = ("DBSnapshotIdentifier", "kept");
    world.ok(WEST, "CreateDBSnapshot", &[SOURCE, kept]);
    world.settle();
}

/// What is given for an export, with one of it otherwise.
fn but<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let others = GIVEN.into_iter().filter(|(other, _)| *other != name);
    others.chain([(name, value)]).collect()
}

fn shown(world: &mut World, field: &str) -> Option<String> {
    let answer = world.ok(WEST, LIST, &[ID]);
    World::text_at(&answer, &format!("ExportTasks.0.{field}"))
}

#[test]
fn an_export_restores_then_writes_and_is_complete_with_the_time_of_its_snapshot() {
    let mut world = kept();
    let snapshots = world.ok(
        WEST,
        "DescribeDBSnapshots",
        &[("DBSnapshotIdentifier", "kept")],
    );
    let taken = World::text_at(&snapshots, "DBSnapshots.0.SnapshotCreateTime");
    let answer = world.ok(WEST, START, &but("S3Prefix", "orders-west"));
    assert_eq!(
        World::text_at(&answer, "Status").as_deref(),
        Some("STARTING")
    );
    assert_eq!(
        World::text_at(&answer, "S3Prefix").as_deref(),
        Some("orders-west")
    );
    world.pass(300);
    assert_eq!(shown(&mut world, "Status").as_deref(), Some("IN_PROGRESS"));
    assert_eq!(shown(&mut world, "TaskEndTime"), None);
    world.pass(300);
    assert_eq!(shown(&mut world, "Status").as_deref(), Some("COMPLETE"));
    assert_eq!(shown(&mut world, "SnapshotTime"), taken);
    assert_eq!(shown(&mut world, "SourceArn").as_deref(), Some(KEPT_ARN));
    assert_eq!(shown(&mut world, "FailureCause"), None);
    assert!(shown(&mut world, "TaskEndTime").is_some());
    let elsewhere = world.ok(EAST, LIST, &[]);
    assert_eq!(World::text_at(&elsewhere, "ExportTasks.0.Status"), None);
}

#[test]
fn an_export_that_fails_says_why_and_the_one_after_it_does_not() {
    let mut world = kept();
    world.model.fail_export(WEST, "the bucket is gone");
    world.ok(WEST, START, &GIVEN);
    assert_eq!(
        shown(&mut world, "FailureCause"),
        None,
        "not before it ended"
    );
    world.settle();
    assert_eq!(shown(&mut world, "Status").as_deref(), Some("FAILED"));
    let cause = shown(&mut world, "FailureCause");
    assert_eq!(cause.as_deref(), Some("the bucket is gone"));
    world.ok(WEST, START, &but("ExportTaskIdentifier", "orders-2"));
    world.settle();
    let ended = |status| {
        [
            ("Filters.Filter.1.Name", "status"),
            ("Filters.Filter.1.Values.Value.1", status),
        ]
    };
    for (status, wanted) in [("complete", "orders-2"), ("failed", "orders-1")] {
        let answer = world.ok(WEST, LIST, &ended(status));
        let found = World::text_at(&answer, "ExportTasks.0.ExportTaskIdentifier");
        assert_eq!(found.as_deref(), Some(wanted), "{status}");
        assert_eq!(World::text_at(&answer, "ExportTasks.1.Status"), None);
    }
}

#[test]
fn an_export_stands_still_while_its_region_is_lost() {
    let mut world = kept();
    world.ok(WEST, START, &GIVEN);
    world.lose(WEST);
    world.pass(600_000);
    world.regain(WEST);
    assert_eq!(shown(&mut world, "Status").as_deref(), Some("IN_PROGRESS"));
    world.settle();
    assert_eq!(shown(&mut world, "Status").as_deref(), Some("COMPLETE"));
}

#[test]
fn a_name_is_given_once_and_a_snapshot_is_exported_once_at_a_time() {
    let mut world = kept();
    world.ok(WEST, START, &GIVEN);
    let running = world.refused(WEST, START, &but("ExportTaskIdentifier", "orders-2"));
    expect(&running, 400, "ExportTaskAlreadyExists", "running");
    world.settle();
    let taken = world.refused(WEST, START, &GIVEN);
    expect(
        &taken,
        400,
        "ExportTaskAlreadyExists",
        "orders-1 already exists",
    );
    let unknown = [("ExportTaskIdentifier", "unheard-of")];
    let unknown = world.refused(WEST, LIST, &unknown);
    expect(&unknown, 404, "ExportTaskNotFound", "unheard-of");
}

#[test]
fn only_what_is_there_in_the_region_of_the_snapshot_takes_an_export() {
    let mut world = kept();
    let rows = [
        (
            "S3BucketName",
            "unheard-of",
            400,
            "InvalidS3BucketFault",
            "unheard-of",
        ),
        (
            "S3BucketName",
            "orders-exports-east",
            400,
            "InvalidS3BucketFault",
            "another Region",
        ),
        (
            "IamRoleArn",
            "arn:aws:iam::123456789012:role/none",
            404,
            "IamRoleNotFound",
            "none",
        ),
        (
            "IamRoleArn",
            OTHER_ROLE,
            400,
            "IamRoleMissingPermissions",
            "isn't authorized",
        ),
        (
            "KmsKeyId",
            "arn:aws:kms:us-east-1:123456789012:key/orders",
            400,
            "KMSKeyNotAccessibleFault",
            "us-east-1",
        ),
        (
            "S3Prefix",
            "rds:orders",
            400,
            "InvalidParameterValue",
            "colon",
        ),
        (
            "SourceArn",
            "arn:aws:rds:us-west-2:123456789012:snapshot:unheard-of",
            404,
            "DBSnapshotNotFound",
            "unheard-of",
        ),
    ];
    for (name, value, status, code, words) in rows {
        let fault = world.refused(WEST, START, &but(name, value));
        expect(&fault, status, code, words);
    }
    let elsewhere = world.refused(EAST, START, &GIVEN);
    expect(&elsewhere, 404, "DBSnapshotNotFound", "kept");
    let listed = world.ok(WEST, LIST, &[]);
    assert_eq!(World::text_at(&listed, "ExportTasks.0.Status"), None);
}

#[test]
fn what_is_being_taken_and_what_is_of_sql_server_cannot_be_exported() {
    let mut world = kept();
    let more = ("DBSnapshotIdentifier", "more");
    world.ok(WEST, "CreateDBSnapshot", &[SOURCE, more]);
    let early = "arn:aws:rds:us-west-2:123456789012:snapshot:more";
    let early = world.refused(WEST, START, &but("SourceArn", early));
    expect(&early, 400, "InvalidExportSourceState", "available");
    let mut world = World::empty(Settings::default());
    let engine = ("Engine", "sqlserver-ee");
    let new = super::NEW.into_iter().filter(|(name, _)| *name != "Engine");
    let new: Vec<_> = new.chain([SOURCE, engine]).collect();
    world.ok(WEST, "CreateDBInstance", &new);
    world.settle();
    keep(&mut world);
    let fault = world.refused(WEST, START, &GIVEN);
    expect(&fault, 400, "InvalidExportSourceState", "sqlserver-ee");
}
