//! What the loss ledger lists, held against what the client knows; and how a million rows are listed.

use std::{collections::BTreeSet, time::Duration};

use failover::steps::loss_ledger::{Found, Losses};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    look::{delete_cluster, restore},
    returned_and_fenced,
};
use crate::{
    client::compare,
    profile::{HOME, PLAN, STANDBY, cluster},
    scenario::stage::{Acted, SOON, Stage},
    timeline::Kind,
    world::Trouble,
};

/// What the snapshot of the deposed writer is restored as.
const RESTORED: &str = "orders-west-restored";
/// The rows of the large table.
const ROWS: u64 = 1_000_000;
/// How many of them only the deposed writer has, and how many it has otherwise.
const LOST: u64 = 500;
/// Passes that are made by hand, at the most.
const PASSES_MAX: usize = 60;
/// The most memory that the function may use, in megabytes.
const MEMORY_MB_MAX: f64 = 60.0;
/// The most that it may take.
const TIME_MAX: Duration = Duration::from_secs(60);

/// What has been listed of a cluster in the home Region, once that is complete.
pub(super) async fn listed(stage: &Stage<'_>, cluster: &str) -> Result<Option<Losses>, Trouble> {
    let ledger = stage.world.ledger_of(HOME);
    let losses = ledger.losses(&HOME.into(), &PLAN.into(), cluster).await?;
    Ok(losses.filter(Losses::is_complete))
}

/// The application's rows in the files of a kind, by their numbers.
async fn rows(stage: &Stage<'_>, losses: &Losses, kind: &str) -> Result<BTreeSet<i64>, Trouble> {
    numbers(stage, losses, ("app.rows", 1), kind).await
}

/// The numbers in a table's files of a kind: in this column, counted from 0.
pub(super) async fn numbers(
    stage: &Stage<'_>,
    losses: &Losses,
    (table, column): (&str, usize),
    kind: &str,
) -> Result<BTreeSet<i64>, Trouble> {
    let mut found = BTreeSet::new();
    for csv in files(stage, losses, table, kind).await? {
        let lines = csv.lines().skip(1);
        found.extend(lines.filter_map(|line| line.split(',').nth(column)?.parse::<i64>().ok()));
    }
    Ok(found)
}

async fn files(
    stage: &Stage<'_>,
    losses: &Losses,
    table: &str,
    kind: &str,
) -> Result<Vec<String>, Trouble> {
    let s3 = aws_sdk_s3::Client::new(&stage.world.emulator.sdk_config(HOME));
    let mut found = Vec::new();
    let summary = losses.summary.as_deref().unwrap_or_default();
    let place = summary
        .strip_prefix("s3://")
        .and_then(|rest| rest.split_once('/'));
    let (bucket, summary) = place.ok_or_else(|| format!("{summary:?} is no place in S3"))?;
    let folder = summary.trim_end_matches("summary.json");
    let mut tables = losses.tables.iter();
    let listed = tables.find(|listed| listed.table.table == table);
    let listed = listed.ok_or_else(|| format!("{table} is in no account"))?;
    let objects = s3
        .list_objects_v2()
        .bucket(bucket)
        .prefix(format!("{folder}{}/{kind}-", listed.place()))
        .send()
        .await?;
    for object in objects.contents() {
        let key = object.key().unwrap_or_default();
        let answer = s3.get_object().bucket(bucket).key(key).send().await?;
        let content = answer.body.collect().await?.into_bytes();
        found.push(String::from_utf8(content.to_vec())?);
    }
    Ok(found)
}

/// What the last loss cost the client is what the loss ledger lists, row for row; answers all that was ever lost.
pub(super) async fn equal(
    stage: &Stage<'_>,
    acted: &mut Acted,
    earlier: &BTreeSet<i64>,
) -> Result<BTreeSet<i64>, Trouble> {
    let all = lost_by(stage, HOME).await?;
    let lost: BTreeSet<i64> = all.difference(earlier).copied().collect();
    held_against(stage, acted, cluster(HOME), &lost).await?;
    Ok(all)
}

/// After a managed failover RDS keeps what it replaces as a snapshot: restored, it tells what is lost.
pub(super) async fn of_restored(stage: &Stage<'_>, acted: &mut Acted) -> Result<(), Trouble> {
    restore(stage, RESTORED).await?;
    by_hand(stage, Some(RESTORED)).await?;
    let lost = lost_by(stage, STANDBY).await?;
    held_against(stage, acted, RESTORED, &lost).await?;
    delete_cluster(stage, RESTORED).await
}

/// The acknowledged rows that a Region's database lacks.
pub(super) async fn lost_by(stage: &Stage<'_>, region: &str) -> Result<BTreeSet<i64>, Trouble> {
    let admin = stage.world.admin(region).await?;
    let comparison = compare(&stage.client.record(), &admin).await?;
    Ok(comparison.lost.into_iter().collect())
}

/// What is listed of a cluster is what is lost.
pub(super) async fn held_against(
    stage: &Stage<'_>,
    acted: &mut Acted,
    cluster: &str,
    lost: &BTreeSet<i64>,
) -> Result<(), Trouble> {
    let Some(losses) = listed(stage, cluster).await? else {
        acted.check("the loss ledger is complete", "it is not", false);
        return Ok(());
    };
    let only_here = rows(stage, &losses, "only-here").await?;
    let differs = rows(stage, &losses, "differs").await?;
    // A write whose answer the client never saw may be there as well.
    let unknown = stage.client.record().unknown;
    let unknown: BTreeSet<i64> = unknown.iter().map(|number| number.n).collect();
    let acknowledged: BTreeSet<i64> = only_here.difference(&unknown).copied().collect();
    acted.check(
        format!("the loss ledger of {cluster} lists the lost rows, row for row"),
        format!(
            "{} acknowledged rows are lost; {} are listed, and {} that were not acknowledged; {} differ",
            lost.len(),
            acknowledged.len(),
            only_here.len() - acknowledged.len(),
            differs.len()
        ),
        acknowledged == *lost && !lost.is_empty() && differs.is_empty(),
    );
    Ok(())
}

/// What a client wrote on the deposed writer before the fence is listed, by hand.
pub(super) async fn stale_writes(
    stage: &Stage<'_>,
    acted: &mut Acted,
    from: i64,
    count: usize,
) -> Result<(), Trouble> {
    by_hand(stage, None).await?;
    let losses = listed(stage, cluster(HOME))
        .await?
        .ok_or("the loss ledger is not complete")?;
    let listed = rows(stage, &losses, "only-here").await?;
    let found = listed.range(from..).count();
    // The write that the fence cut off may have been committed.
    acted.check(
        "the loss ledger lists what it took before that",
        format!("{found} of {count}"),
        found == count || found == count + 1,
    );
    Ok(())
}

/// Passes of `loss-ledger` by hand to the end; the most memory that it used, in megabytes, where that was seen.
pub(super) async fn by_hand(
    stage: &Stage<'_>,
    restored: Option<&str>,
) -> Result<Option<f64>, Trouble> {
    const FUNCTION: &str = "aurora-failover-loss-ledger";
    const LOOK: Duration = Duration::from_millis(10);
    let payload = json!({"plan": PLAN, "force": format!("{PLAN}@2"), "cluster": restored});
    let mut peak: Option<f64> = None;
    for _ in 0..PASSES_MAX {
        let call = stage.world.invoke(HOME, FUNCTION, &payload);
        let mut call = std::pin::pin!(call);
        let answer: Value = loop {
            tokio::select! {
                answer = &mut call => break answer?,
                () = tokio::time::sleep(LOOK) => {
                    let now = stage.world.emulator.peak_mb(HOME, FUNCTION);
                    peak = peak.into_iter().chain(now).reduce(f64::max);
                }
            }
        };
        let text = answer["reason"].as_str().unwrap_or_default().to_owned();
        stage.world.timeline.say(Kind::Run, FUNCTION, text);
        if answer["progress"] == "done" {
            return Ok(peak);
        }
    }
    Err(format!("{FUNCTION} came to no end in {PASSES_MAX} passes").into())
}

/// The administrator's session on the deposed writer, once that answers: it replays its log first.
pub(super) async fn returned(stage: &Stage<'_>) -> Result<tokio_postgres::Client, Trouble> {
    let is_back = async || stage.world.admin(HOME).await.is_ok();
    stage
        .until(SOON, "the deposed writer's return", is_back)
        .await;
    stage.world.admin(HOME).await
}

/// A deposed writer with a large table is compared with the one that replaced it.
pub(in super::super) async fn million_rows(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let home = stage.world.admin(HOME).await?;
    let fill = format!(
        "CREATE TABLE app.big (id bigint PRIMARY KEY, what text NOT NULL);
         INSERT INTO app.big SELECT n, 'row ' || n || ' of a table that is large' FROM generate_series(1, {ROWS}) AS n;
         CREATE TABLE app.filled ()"
    );
    home.batch_execute(&fill).await?;
    let standby = stage.world.admin(STANDBY).await?;
    let arrived = async || {
        let found = "SELECT to_regclass('app.filled') IS NOT NULL";
        let found = standby.query_one(found, &[]).await;
        found.is_ok_and(|row| row.get(0))
    };
    stage
        .until(SOON, "the rows' arrival at the standby", arrived)
        .await;
    let mut acted = stage.failed_over_and_home_is_back().await?;
    let deposed = returned(stage).await?;
    let change = format!(
        "INSERT INTO app.big SELECT {ROWS} + n, 'lost' FROM generate_series(1, {LOST}) AS n;
         UPDATE app.big SET what = 'otherwise' WHERE id % {} = 0 AND id <= {ROWS}",
        ROWS / LOST
    );
    deposed.batch_execute(&change).await?;
    returned_and_fenced(stage, &mut acted).await?;
    let began = Instant::now();
    let peak = by_hand(stage, None).await?;
    let took = began.elapsed();
    let losses = listed(stage, cluster(HOME))
        .await?
        .ok_or("the loss ledger is not complete")?;
    let mut counted = [0, 0];
    for (count, kind) in counted.iter_mut().zip(["only-here", "differs"]) {
        let files = files(stage, &losses, "app.big", kind).await?;
        *count = files.iter().map(|csv| csv.lines().count() - 1).sum();
    }
    let big = losses
        .tables
        .iter()
        .find(|loss| loss.table.table == "app.big");
    let told = big.map(|loss| (loss.compared, loss.only_here, loss.differs));
    acted.check(
        format!(
            "of {} rows {LOST} are listed as lost and {LOST} as otherwise",
            ROWS + LOST
        ),
        format!("{told:?} in the summary, {counted:?} in the files"),
        told == Some((ROWS + LOST, LOST, LOST)) && counted == [500, 500],
    );
    acted.check(
        format!("loss-ledger needs at most {TIME_MAX:?} for that"),
        format!("{:.1} s", took.as_secs_f64()),
        took <= TIME_MAX,
    );
    acted.check(
        format!("and at most {MEMORY_MB_MAX} MB of memory"),
        peak.map_or("unknown".into(), |peak| format!("{peak:.1} MB at its peak")),
        peak.is_some_and(|peak| peak <= MEMORY_MB_MAX),
    );
    Ok(acted)
}
