//! What readiness tells of the backups that outlive the writer's Region.

use aws_sdk_rds::{primitives::DateTime, types::DbSnapshot};
use failover::installation::named;
use serde_json::{Value, json};

use crate::{
    profile::{ACCOUNT, PLAN, cluster},
    scenario::{Drill, Played, SOON},
    scenarios::rds::rds,
    world::Trouble,
};

/// Why the first export fails.
const CAUSE: &str = "the key of the export is disabled";

/// Nothing outlives the writer's Region until a snapshot of its replica is exported where that is: an export that fails is told with its
/// cause, and one that is complete is the newest backup.
pub(crate) async fn exports_are_told(
    drill: &Drill<'_>,
    played: &mut Played,
    standby: &str,
) -> Result<(), Trouble> {
    let found = readiness(drill, standby).await?;
    let warns = warnings(&found).contains("RDS lists neither an automated backup");
    played.check(
        "readiness tells that no backup outlives the writer's Region",
        said(&found),
        found["observed"]["newest_backup"].is_null() && warns,
    );
    let snapshot = snapshot(drill, standby).await?;
    drill.world.simulator.fail_export(standby, CAUSE);
    export(drill, standby, (&snapshot, "orders-1"), "FAILED").await?;
    let found = readiness(drill, standby).await?;
    let told = warnings(&found).contains(&format!("is FAILED: {CAUSE}"));
    played.check(
        "it tells of the export that failed, with its cause",
        said(&found),
        found["observed"]["newest_backup"].is_null() && told,
    );
    export(drill, standby, (&snapshot, "orders-2"), "COMPLETE").await?;
    let found = readiness(drill, standby).await?;
    let newest = &found["observed"]["newest_backup"];
    let told = warnings(&found);
    let warns = ["RDS lists neither", "is FAILED", "newest backup"];
    played.check(
        format!("the complete one in {standby} is the newest backup, and nothing is warned of"),
        said(&found),
        newest["region"] == standby
            && newest["kind"] == "export"
            && newest["seconds"].as_f64().is_some_and(|age| age < 3_600.0)
            && !warns.iter().any(|words| told.contains(words)),
    );
    Ok(())
}

/// The answer of a dry run of the move to a Region.
async fn readiness(drill: &Drill<'_>, region: &str) -> Result<Value, Trouble> {
    let asked = json!({"plan": PLAN});
    let answer = drill
        .world
        .call(region, &named("stop-writes"), &asked)
        .await?;
    Ok(answer.map_err(|error| error.to_string())?)
}

fn warnings(answer: &Value) -> String {
    let all = answer["observed"]["warnings"].as_array();
    let all = all.into_iter().flatten().filter_map(Value::as_str);
    all.collect::<Vec<_>>().join("; ")
}

fn said(answer: &Value) -> String {
    format!(
        "{}, warnings: {}",
        answer["observed"]["newest_backup"],
        warnings(answer)
    )
}

/// The newest snapshot that RDS took itself of a Region's instance, once it is there.
async fn snapshot(drill: &Drill<'_>, region: &str) -> Result<String, Trouble> {
    let rds = rds(drill, region);
    let automated = rds.describe_db_snapshots().snapshot_type("automated");
    let automated = automated.db_instance_identifier(cluster(region));
    let newest = async || {
        let answer = automated.clone().send().await.ok()?;
        let found = answer.db_snapshots.unwrap_or_default().into_iter();
        let newest = found.max_by_key(taken_at)?;
        let is_there = newest.status() == Some("available");
        newest.db_snapshot_arn.filter(|_| is_there)
    };
    let is_there = async || newest().await.is_some();
    drill.until(SOON, "a snapshot of RDS's own", is_there).await;
    Ok(newest().await.ok_or("RDS took no snapshot")?)
}

fn taken_at(snapshot: &DbSnapshot) -> Option<i128> {
    snapshot.snapshot_create_time().map(DateTime::as_nanos)
}

/// Exports a snapshot under a name to a bucket of its Region, and waits until it has ended.
async fn export(
    drill: &Drill<'_>,
    region: &str,
    (snapshot, name): (&str, &str),
    ends: &str,
) -> Result<(), Trouble> {
    let bucket = format!("orders-exports-{ACCOUNT}-{region}");
    let role = format!("arn:aws:iam::{ACCOUNT}:role/orders-exports");
    let simulator = &drill.world.simulator;
    simulator.admit_exports(region, &bucket, &role);
    let rds = rds(drill, region);
    let start = rds.start_export_task().export_task_identifier(name);
    let start = start.source_arn(snapshot).s3_bucket_name(bucket);
    let start = start.iam_role_arn(role).kms_key_id("alias/orders");
    start.send().await?;
    let look = rds.describe_export_tasks().export_task_identifier(name);
    let has_ended = async || {
        let found = look.clone().send().await.ok();
        let found = found
            .and_then(|found| found.export_tasks)
            .unwrap_or_default();
        found.iter().any(|task| task.status() == Some(ends))
    };
    drill.until(SOON, "the end of an export", has_ended).await;
    Ok(())
}
