//! What the loss ledger lists, held against what the client knows.

use std::collections::BTreeSet;

use failover::{ledger::Losses, ports::Ledger};

use crate::{
    client::compare,
    profile::{HOME, PLAN, cluster},
    scenario::{Drill, Played},
    world::Trouble,
};

/// What has been listed of a cluster in the home Region, once that is complete.
pub(crate) async fn listed(drill: &Drill<'_>, cluster: &str) -> Result<Option<Losses>, Trouble> {
    let ledger = drill.world.ledger_of(HOME);
    let losses = ledger.losses(&HOME.into(), &PLAN.into(), cluster).await?;
    Ok(losses.filter(Losses::is_complete))
}

/// The application's rows in the files of a kind, by their numbers.
pub(crate) async fn rows(
    drill: &Drill<'_>,
    losses: &Losses,
    kind: &str,
) -> Result<BTreeSet<i64>, Trouble> {
    numbers(drill, losses, ("app.rows", 1), kind).await
}

/// The numbers in a table's files of a kind: in this column, counted from 0.
pub(crate) async fn numbers(
    drill: &Drill<'_>,
    losses: &Losses,
    (table, column): (&str, usize),
    kind: &str,
) -> Result<BTreeSet<i64>, Trouble> {
    let mut found = BTreeSet::new();
    for csv in files(drill, losses, table, kind).await? {
        let lines = csv.lines().skip(1);
        found.extend(lines.filter_map(|line| line.split(',').nth(column)?.parse::<i64>().ok()));
    }
    Ok(found)
}

pub(crate) async fn files(
    drill: &Drill<'_>,
    losses: &Losses,
    table: &str,
    kind: &str,
) -> Result<Vec<String>, Trouble> {
    let s3 = aws_sdk_s3::Client::new(&drill.world.emulator.sdk_config(HOME));
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
pub(crate) async fn equal(
    drill: &Drill<'_>,
    played: &mut Played,
    earlier: &BTreeSet<i64>,
) -> Result<BTreeSet<i64>, Trouble> {
    let all = lost_by(drill, HOME).await?;
    let lost: BTreeSet<i64> = all.difference(earlier).copied().collect();
    held_against(drill, played, cluster(HOME), &lost).await?;
    Ok(all)
}

/// Where rows are not compared, no fewer transactions are counted than rows that the last loss cost the client.
pub(crate) async fn counted(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    let lost = lost_by(drill, HOME).await?.len();
    let losses = listed(drill, cluster(HOME)).await?;
    let found = losses
        .as_ref()
        .and_then(|losses| losses.transactions.as_ref());
    let is_enough = found.is_some_and(|found| {
        usize::try_from(found.count).is_ok_and(|count| count >= lost) && found.last.is_some()
    });
    played.check(
        "the loss ledger counts the transactions that only the old writer has",
        losses.map_or_else(
            || "it is not complete".into(),
            |losses| format!("{lost} acknowledged rows are lost; {}", losses.told()),
        ),
        is_enough,
    );
    Ok(())
}

/// The acknowledged rows that a Region's database lacks.
pub(crate) async fn lost_by(drill: &Drill<'_>, region: &str) -> Result<BTreeSet<i64>, Trouble> {
    let admin = drill.world.database(region).await?;
    let comparison = compare(&drill.client.record(), &admin).await?;
    Ok(comparison.lost.into_iter().collect())
}

/// What is listed of a cluster is what is lost.
pub(crate) async fn held_against(
    drill: &Drill<'_>,
    played: &mut Played,
    cluster: &str,
    lost: &BTreeSet<i64>,
) -> Result<(), Trouble> {
    let Some(losses) = listed(drill, cluster).await? else {
        played.check("the loss ledger is complete", "it is not", false);
        return Ok(());
    };
    let only_here = rows(drill, &losses, "only-here").await?;
    let differs = rows(drill, &losses, "differs").await?;
    // A write whose answer the client never saw may be there as well.
    let unknown = drill.client.record().unknown;
    let unknown: BTreeSet<i64> = unknown.iter().map(|number| number.n).collect();
    let acknowledged: BTreeSet<i64> = only_here.difference(&unknown).copied().collect();
    played.check(
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
