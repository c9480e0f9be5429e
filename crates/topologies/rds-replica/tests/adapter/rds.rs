//! RDS in its own words: what is read of an instance, and what the promoting call comes to.

use failover::{evidence::Rds, topology::Accepted};
use rds_replica::members::{Backups, Instance, Members, Replication, exports::Export};

use crate::replay::{Asked, Next, scripted, scripted_with_retries};

const EAST: &str = "arn:aws:rds:us-east-1:123456789012:db:orders-east";
const WEST: &str = "arn:aws:rds:us-west-2:123456789012:db:orders-west";

fn answer(action: &str, result: &str) -> Next {
    Next::ok(format!(
        "<{action}Response xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><{action}Result>{result}\
         </{action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>"
    ))
}

/// orders-east with what else is shown of it.
fn shown(status: &str, more: &str) -> Next {
    let instance = format!(
        "<DBInstance><DBInstanceIdentifier>orders-east</DBInstanceIdentifier><DBInstanceArn>{EAST}</DBInstanceArn>\
         <DbiResourceId>db-EAST</DbiResourceId><DBInstanceStatus>{status}</DBInstanceStatus><Engine>postgres</Engine>\
         <EngineVersion>16.4</EngineVersion><Endpoint><Address>orders-east.example</Address><Port>5433</Port></Endpoint>\
         <BackupRetentionPeriod>7</BackupRetentionPeriod>{more}</DBInstance>"
    );
    let list = format!("<DBInstances>{instance}</DBInstances>");
    answer("DescribeDBInstances", &list)
}

fn replica() -> Next {
    shown(
        "available",
        &format!(
            "<ReadReplicaSourceDBInstanceIdentifier>{WEST}</ReadReplicaSourceDBInstanceIdentifier><StatusInfos><DBInstanceStatusInfo>\
             <StatusType>read replication</StatusType><Normal>false</Normal><Status>error</Status><Message>no slot</Message>\
             </DBInstanceStatusInfo></StatusInfos>"
        ),
    )
}

#[tokio::test]
async fn a_replica_is_read_with_its_source_its_replication_and_its_backups() {
    let (aws, replay) = scripted([replica(), shown("modifying", "")]);
    let region = "us-east-1".into();
    let found = aws.instance(&region, "orders-east").await.unwrap().unwrap();
    let expected = Instance {
        identifier: "orders-east".into(),
        arn: EAST.into(),
        resource_id: Some("db-EAST".into()),
        status: "available".into(),
        engine: "postgres".into(),
        engine_version: "16.4".into(),
        endpoint: "orders-east.example".into(),
        port: 5433,
        source: Some(WEST.into()),
        replication: Some(Replication {
            status: "error".into(),
            is_normal: false,
            message: Some("no slot".into()),
        }),
        backup_days: Some(7),
        cluster: None,
    };
    assert_eq!(found, expected);
    let alone = aws.instance(&region, "orders-east").await.unwrap().unwrap();
    assert_eq!((alone.source, alone.replication), (None, None));
    assert_eq!(alone.status, "modifying");
    let asked = replay.asked();
    let asks = |asked: &Asked| asked.body.contains("DBInstanceIdentifier=orders-east");
    assert!(asked.iter().all(asks), "{asked:?}");
}

#[tokio::test]
async fn an_instance_that_is_not_there_is_none_and_a_refusal_is_no_absence() {
    let missing = || Next::xml_error(404, "DBInstanceNotFound", "not found");
    let denied = || Next::xml_error(403, "AccessDenied", "not you");
    let (aws, _) = scripted([missing(), denied(), missing()]);
    let region = "us-east-1".into();
    assert_eq!(aws.instance(&region, "orders-east").await, Ok(None));
    let why = aws.instance(&region, "orders-east").await.unwrap_err();
    assert_eq!(why.name(), "Denied");
    let looked = aws.look(&region, "orders-east").await;
    assert!(matches!(looked, Rds::Other { .. }), "{looked:?}");
}

#[tokio::test]
async fn a_look_is_of_one_attempt_and_a_region_that_fails_has_answered() {
    let fails = || Next::xml_error(503, "ServiceUnavailable", "later");
    let (aws, replay) = scripted_with_retries([fails(), shown("rebooting", "")]);
    let region = "us-east-1".into();
    let looked = aws.look(&region, "orders-east").await;
    assert!(matches!(looked, Rds::Other { .. }), "{looked:?}");
    let looked = aws.look(&region, "orders-east").await;
    let expected = Rds::Status {
        cluster: "rebooting".into(),
        instances: vec!["rebooting".into()],
    };
    assert_eq!(looked, expected);
    assert_eq!(replay.asked().len(), 2, "one for each look");
}

#[tokio::test]
async fn a_promotion_is_asked_for_once_and_leaves_the_backups_as_they_are() {
    let fails = || Next::xml_error(500, "InternalFailure", "what now");
    let taken = || answer("PromoteReadReplica", "<DBInstance></DBInstance>");
    let (aws, replay) = scripted_with_retries([taken(), fails()]);
    let region = "us-east-1".into();
    let promoted = aws.promote(&region, "orders-east", Some(7)).await;
    assert_eq!(promoted, Ok(Accepted::Yes));
    let unknown = aws.promote(&region, "orders-east", Some(7)).await;
    assert_eq!(unknown.unwrap_err().name(), "Unavailable");
    let asked = replay.asked();
    assert_eq!(asked.len(), 2, "what was cut off may have been carried out");
    assert!(
        asked[0].body.contains("BackupRetentionPeriod=7"),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_promotion_that_is_not_taken_is_told_apart_by_what_comes_next() {
    let errors = [
        (400, "InvalidDBInstanceState", "it is backing up"),
        (400, "Throttling", "slow down"),
        (404, "DBInstanceNotFound", "not found"),
    ];
    let (aws, _) = scripted(errors.map(|(status, code, said)| Next::xml_error(status, code, said)));
    let region = "us-east-1".into();
    let mut asked = Vec::new();
    for _ in errors {
        asked.push(aws.promote(&region, "orders-east", None).await);
    }
    assert_eq!(asked[0], Ok(Accepted::NotNow("it is backing up".into())));
    assert!(matches!(asked[1], Ok(Accepted::Throttled(_))), "{asked:?}");
    assert_eq!(asked[2].clone().unwrap_err().name(), "NotReady");
}

/// Automated backups of orders-west, as another Region lists them.
fn listed(backups: &[(&str, Option<&str>)]) -> Next {
    let all = backups.iter().map(|(status, latest)| {
        let window = latest.map(|latest| {
            format!(
                "<RestoreWindow><EarliestTime>2026-01-01T00:00:00Z</EarliestTime><LatestTime>{latest}</LatestTime></RestoreWindow>"
            )
        });
        format!(
            "<DBInstanceAutomatedBackup><DBInstanceArn>{WEST}</DBInstanceArn><DbiResourceId>db-WEST</DbiResourceId><Region>us-west-2</Region>\
             <Status>{status}</Status>{}</DBInstanceAutomatedBackup>",
            window.unwrap_or_default()
        )
    });
    let all: String = all.collect();
    let list = format!("<DBInstanceAutomatedBackups>{all}</DBInstanceAutomatedBackups>");
    answer("DescribeDBInstanceAutomatedBackups", &list)
}

#[tokio::test]
async fn of_several_backups_those_count_that_restore_to_the_newest_moment() {
    let older = ("retained", Some("2026-01-05T12:00:00Z"));
    let newer = ("replicating", Some("2026-01-06T12:00:00.123Z"));
    let pending = ("pending", None);
    let (aws, replay) = scripted([listed(&[older, newer, pending]), listed(&[pending])]);
    let region = "us-east-1".into();
    let expected = |status: &str, latest: Option<&str>| Backups {
        status: status.into(),
        latest: latest.map(|latest| latest.parse().unwrap()),
    };
    let newest = expected(newer.0, newer.1);
    assert_eq!(aws.backups(&region, "db-WEST").await, Ok(Some(newest)));
    let begun = expected(pending.0, None);
    assert_eq!(aws.backups(&region, "db-WEST").await, Ok(Some(begun)));
    let asks = |asked: &Asked| {
        asked.body.contains("DbiResourceId=db-WEST") && asked.uri.contains("us-east-1")
    };
    assert!(replay.asked().iter().all(asks), "{:?}", replay.asked());
}

#[tokio::test]
async fn a_region_without_backups_has_none_and_a_refusal_is_no_absence() {
    let missing = Next::xml_error(404, "DBInstanceAutomatedBackupNotFound", "not found");
    let denied = Next::xml_error(403, "AccessDenied", "not you");
    let (aws, _) = scripted([listed(&[]), missing, denied]);
    let region = "us-east-1".into();
    assert_eq!(aws.backups(&region, "db-WEST").await, Ok(None));
    assert_eq!(aws.backups(&region, "db-WEST").await, Ok(None));
    let why = aws.backups(&region, "db-WEST").await.unwrap_err();
    assert_eq!(why.name(), "Denied");
}

/// Exports as RDS lists them: the snapshot's name, the export's status, and more. A page but the last has a marker.
fn exported(exports: &[(&str, &str, &str)], marker: Option<&str>) -> Next {
    let all = exports.iter().map(|(snapshot, status, more)| {
        format!(
            "<ExportTask><ExportTaskIdentifier>{status}-1</ExportTaskIdentifier>\
             <SourceArn>arn:aws:rds:us-east-1:123456789012:snapshot:{snapshot}</SourceArn><SourceType>SNAPSHOT</SourceType>\
             <S3Bucket>orders-exports</S3Bucket><Status>{status}</Status>{more}</ExportTask>"
        )
    });
    let all: String = all.collect();
    let marker = marker.map(|marker| format!("<Marker>{marker}</Marker>"));
    let marker = marker.unwrap_or_default();
    answer(
        "DescribeExportTasks",
        &format!("{marker}<ExportTasks>{all}</ExportTasks>"),
    )
}

const OWN: &str = "rds:orders-east-2026-01-06-04-12";

#[tokio::test]
async fn the_exports_of_a_members_own_snapshots_are_read_from_every_page() {
    let made_at = "<InstanceCreateTime>2026-01-01T00:00:00Z</InstanceCreateTime>";
    let taken = "<SnapshotTime>2026-01-06T04:12:30Z</SnapshotTime>";
    let first = [
        (OWN, "COMPLETE", taken),
        ("rds:orders-east-eu-2026-01-06-04-12", "COMPLETE", taken),
        ("orders-east-by-hand", "COMPLETE", taken),
    ];
    let failed = format!("{taken}<FailureCause>no such key</FailureCause>");
    let second = [(OWN, "FAILED", &*failed), (OWN, "STARTING", "")];
    let (aws, replay) = scripted([
        shown("available", made_at),
        exported(&first, Some("next")),
        exported(&second, None),
    ]);
    let region = "us-east-1".into();
    let found = aws.exports(&region, "orders-east").await.unwrap().unwrap();
    assert_eq!(found.of.identifier, "orders-east");
    assert_eq!(found.made_at, Some("2026-01-01T00:00:00Z".parse().unwrap()));
    let export = |status: &str, taken_at: Option<&str>, cause: Option<&str>| Export {
        snapshot: OWN.into(),
        taken_at: taken_at.map(|taken| taken.parse().unwrap()),
        status: status.into(),
        cause: cause.map(Into::into),
    };
    let at = Some("2026-01-06T04:12:30Z");
    let expected = [
        export("COMPLETE", at, None),
        export("FAILED", at, Some("no such key")),
        export("STARTING", None, None),
    ];
    assert_eq!(found.exports, expected);
    let asked = replay.asked();
    assert!(asked[1].body.contains("SourceType=SNAPSHOT"), "{asked:?}");
    assert!(asked[2].body.contains("Marker=next"), "{asked:?}");
    assert!(asked.iter().all(|asked| asked.uri.contains("us-east-1")));
}

#[tokio::test]
async fn a_member_that_is_not_there_has_no_exports_and_a_refusal_is_no_absence() {
    let missing = Next::xml_error(404, "DBInstanceNotFound", "not found");
    let denied = Next::xml_error(403, "AccessDenied", "not you");
    let (aws, _) = scripted([missing, shown("available", ""), denied]);
    let region = "us-east-1".into();
    assert_eq!(aws.exports(&region, "orders-east").await, Ok(None));
    let why = aws.exports(&region, "orders-east").await.unwrap_err();
    assert_eq!(why.name(), "Denied");
}

#[tokio::test]
async fn exports_without_an_end_are_given_up() {
    // The last of these is asked for, and not one more.
    let pages = (0..=30).map(|page| exported(&[], Some(&page.to_string())));
    let script: Vec<_> = std::iter::once(shown("available", ""))
        .chain(pages)
        .collect();
    let (aws, _) = scripted(script);
    let why = aws.exports(&"us-east-1".into(), "orders-east").await;
    assert_eq!(why.unwrap_err().name(), "NotReady");
}
