//! The writer is fed by a subscription and feeds a reader of changes, both at a database that no Region of the plan holds.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::{
    profile::{HOME, PLAN, STANDBY, cluster},
    scenario::{Drill, Ends, FENCED, Played, SOON, Scenario, Told},
    scenarios::{
        actions::{
            failback::{deposed_writer, returned_and_fenced},
            loss_ledger,
            upstream::{connect, connected, fed, feed, read, senders, slot, upstream},
        },
        checks::{ledgers::writer_is, losses},
    },
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "subscriber",
    summary: "The writer is fed by a subscription, and feeds a reader of changes by a slot. Its Region is lost and comes back: the fence ends both, and the upstream's slot stays for the new writer.",
    comes_out: "readiness names both, the fence ends both, the upstream's slot serves the new writer, and what the deposed one took of it is listed",
    plan: tables,
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&["the deposed writer in us-west-2 was fenced"]),
    ..Scenario::USUAL
};

/// How long nothing may arrive.
const QUIET: Duration = Duration::from_secs(4);

fn tables() -> Value {
    json!({"loss_ledger": [
        {"table": "app.rows", "key": ["id"]}, {"table": "app.fed", "key": ["n"]}]})
}

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let upstream = upstream(drill).await?;
    let feeder = connect(&upstream).await?;
    connected(drill, &upstream, &feeder).await?;
    let reader = connect(&upstream).await?;
    tokio::select! {
        played = lost_and_back(drill, &reader) => played,
        why = feed(&feeder) => Err(why),
    }
}

async fn lost_and_back(drill: &Drill<'_>, upstream: &Client) -> Result<Played, Trouble> {
    let arrives = async || {
        let standby = drill.world.admin(STANDBY).await.ok();
        let fed = match &standby {
            Some(standby) => fed(standby).await.unwrap_or_default(),
            None => BTreeSet::new(),
        };
        !fed.is_empty() && read(upstream).await.is_ok_and(|rows| rows > 0)
    };
    let both = drill.until(SOON, "changes in and out", arrives).await;
    let dry = json!({"plan": PLAN});
    let said = drill.said(STANDBY, "planned-failover", &dry).await;
    let mut played = drill.lose(HOME).await?;
    played.check(
        "changes are replicated in and out",
        if both { "they are" } else { "they are not" },
        both,
    );
    let named = [
        "would be refused",
        "in us-west-2 the replication slot changes stays behind",
        "in us-west-2 the subscription orders.fed would go on",
    ];
    played.check(
        "before, a planned move is refused, with the slot and the subscription as its reasons",
        &*said,
        named.iter().all(|part| said.contains(part)),
    );
    drill.ended(1).await;
    drill.writes_in(STANDBY).await;
    deposed_eats(drill, &mut played).await?;
    drill.world.watch_now(HOME).await?;
    returned_and_fenced(drill, &mut played).await?;
    ended(drill, upstream, &mut played).await?;
    loss_ledger::by_hand(drill, None).await?;
    goes_on(drill, upstream, &mut played).await?;
    played.checks.extend(writer_is(drill, STANDBY, 2).await);
    Ok(played)
}

/// Somebody holds the new writer's subscription back, so that the returned Region's worker finds the upstream's slot free.
async fn deposed_eats(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    let standby = drill.world.admin(STANDBY).await?;
    standby
        .batch_execute("ALTER SUBSCRIPTION fed DISABLE")
        .await?;
    let text = "disables the new writer's subscription for now";
    drill.world.timeline.say(Kind::Run, "a human", text);
    drill.world.return_region(HOME).await?;
    let home = deposed_writer(drill).await?;
    let first = fed(&home).await?.last().copied();
    let arrives = async || {
        fed(&home)
            .await
            .is_ok_and(|fed| fed.last().copied() > first)
    };
    let eats = drill
        .until(SOON, "rows at the deposed writer", arrives)
        .await;
    let sends = async || senders(&home).await.is_ok_and(|senders| senders > 0);
    let feeds = drill.until(SOON, "the reader of changes", sends).await;
    played.check(
        "when the Region is back, its writer takes what the upstream has, and sends changes to its reader",
        format!("takes: {eats}; sends: {feeds}"),
        eats && feeds,
    );
    Ok(())
}

/// Nothing comes in or goes out any more, and the upstream's slot stays where it is.
async fn ended(drill: &Drill<'_>, upstream: &Client, played: &mut Played) -> Result<(), Trouble> {
    let home = drill.world.admin(HOME).await?;
    let arrived = fed(&home).await?.len();
    let is_free = async || matches!(slot(upstream).await, Ok(Some((_, false))));
    drill.until(SOON, "a free slot", is_free).await;
    let left = slot(upstream).await?;
    tokio::time::sleep(QUIET).await;
    let later = fed(&home).await?.len();
    played.check(
        "nothing replicated arrives after the fence",
        format!("{arrived} rows at the fence, {later} after {QUIET:?}"),
        arrived == later,
    );
    let still = slot(upstream).await?;
    played.check(
        "the upstream's slot is left, free, and not read on",
        format!("{left:?} at the fence, {still:?} after it"),
        left == still && still.is_some_and(|(_, active)| !active),
    );
    let senders = senders(&home).await?;
    played.check(
        "nobody is sent changes by the deposed writer",
        format!("{senders} are"),
        senders == 0,
    );
    let told = drill.told(FENCED).await.unwrap_or_default();
    played.check(
        "people are told which subscription was disabled, and who was sent changes",
        told.replace('\n', " "),
        told.contains("orders.fed") && told.contains("cdc_reader by the slot changes"),
    );
    Ok(())
}

/// The new writer's subscription is enabled again and goes on where the slot is; what the deposed writer took of it is listed.
async fn goes_on(drill: &Drill<'_>, upstream: &Client, played: &mut Played) -> Result<(), Trouble> {
    let losses = losses::listed(drill, cluster(HOME)).await?;
    let losses = losses.ok_or("the loss ledger is not complete")?;
    let listed = losses::numbers(drill, &losses, ("app.fed", 0), "only-here").await?;
    let standby = drill.world.admin(STANDBY).await?;
    standby
        .batch_execute("ALTER SUBSCRIPTION fed ENABLE")
        .await?;
    let all = fed(upstream).await?;
    let newest = all.last().copied();
    let arrives = async || {
        fed(&standby)
            .await
            .is_ok_and(|fed| fed.last().copied() >= newest)
    };
    let on = drill.until(SOON, "rows at the new writer", arrives).await;
    let here = fed(&standby).await?;
    let missing: BTreeSet<_> = all.difference(&here).copied().collect();
    played.check(
        "the upstream's slot serves the new writer",
        format!("up to row {:?} of {newest:?}", here.last()),
        on,
    );
    played.check(
        "the loss ledger lists every row that the deposed writer took instead of it",
        format!(
            "of {} rows {} are missing, {} are listed",
            all.len(),
            missing.len(),
            listed.len()
        ),
        !missing.is_empty() && missing.is_subset(&listed),
    );
    Ok(())
}
