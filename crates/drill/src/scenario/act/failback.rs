//! The way back: the lost Region returns, its writer is fenced, the global database rebuilt, and the writer taken home.

pub(super) mod cron;
mod found;
pub(super) mod locked;
mod look;
pub(super) mod losses;
pub(super) mod properties;
pub(super) mod refused;
pub(super) mod rotated;
pub(super) mod subscriber;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use failover::ledger::Ledger;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use found::{destroying, endpoint, home, members, retired};
use look::{clusters, create_reports, snapshots};

use super::{
    again::{home_learns, writer_is},
    fall_behind,
    planned::unreplicated_by,
};
use crate::{
    front_door::{Fault, Scope},
    profile::{HOME, PLAN, STANDBY, cluster},
    scenario::{
        expect::unreplicated,
        stage::{Acted, SOON, Stage},
    },
    timeline::{Kind, now_ms},
    world::Trouble,
};

/// The longest that a failback may take.
const FAILBACK: Duration = Duration::from_secs(240);
/// The first number of a client that writes on the deposed writer.
const STALE: i64 = 1_000_000_000;

/// What an application that logs in as the administrator calls itself.
const REPORT: &str = "nightly-report";
/// How often `round-trip` goes round.
const ROUNDS: u64 = 3;

/// Lost by detach, back, fenced, rebuilt, and home; a human is asked before the writer moves.
pub(super) async fn after_detach(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = lost_and_back(stage).await?;
    let before = destroying(stage).len();
    let dry = json!({"plan": PLAN});
    let said = stage.said(HOME, "rebuild-global", &dry).await;
    let reads_only = destroying(stage).len() == before && !said.starts_with("no answer");
    acted.check(
        "by hand, rebuild-global says what it would do and does nothing",
        said,
        reads_only,
    );
    let lost = unreplicated_by(stage, STANDBY).await?;
    let run = start(stage, &json!({"plan": PLAN})).await?;
    stage.answer(HOME, true).await?;
    home(stage, &mut acted, (&run, 3), lost).await?;
    losses::equal(stage, &mut acted, &BTreeSet::new()).await?;
    retired(stage, &mut acted).await;
    let again = start(stage, &json!({"plan": PLAN})).await?;
    let says = "us-west-2 is the writer of plan orders already";
    let (found, refused) = ends(stage, &again, "FAILED", says).await;
    acted.check(
        "another failback is refused: the writer is home",
        found,
        refused,
    );
    Ok(acted)
}

/// Lost by a managed failover: RDS brings the old member back, and its snapshot of what it replaced is kept.
pub(super) async fn after_managed(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = lost_and_back(stage).await?;
    rds_could_not_fence(stage, &mut acted).await?;
    losses::of_restored(stage, &mut acted).await?;
    let lost = unreplicated_by(stage, STANDBY).await?;
    let run = start(stage, &json!({"plan": PLAN, "approval": "given"})).await?;
    home(stage, &mut acted, (&run, 3), lost).await?;
    let unknown = losses::listed(stage, cluster(HOME))
        .await?
        .and_then(|losses| losses.unknown);
    acted.check(
        "the loss ledger says that the loss is unknown, and which snapshot holds it",
        unknown.clone().unwrap_or_else(|| "it says nothing".into()),
        unknown.is_some_and(|why| why.contains("rds:unplanned-global-failover-orders-west")),
    );
    let copies = snapshots(stage, "manual").await;
    let held = copies.iter().any(|name| name == "orders-west-unplanned-2");
    acted.check(
        "what the managed failover replaced is kept as a manual snapshot",
        copies.join(", "),
        held,
    );
    Ok(acted)
}

/// RDS says that its own fence timed out, as the rule hands it on: nobody but RDS may put events of that source on a bus.
async fn rds_could_not_fence(stage: &Stage<'_>, acted: &mut Acted) -> Result<(), Trouble> {
    let hint = json!({
        "operation": "hint",
        "event": "RDS-EVENT-0391",
        "instance": "orders-west-1",
        "message": "Write fencing timed out"
    });
    let fence = "aurora-failover-fence-writer";
    stage.world.invoke(HOME, fence, &hint).await?;
    let told = stage
        .told("could not keep writes out")
        .await
        .unwrap_or_default();
    acted.check(
        "people are told that RDS could not fence the old writer",
        told.replace('\n', " "),
        told.contains("RDS-EVENT-0391 of orders-west-1: Write fencing timed out"),
    );
    Ok(())
}

/// The standby is rebuilt, and the writer stays; later it is taken home.
pub(super) async fn rehearsal(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = lost_and_back(stage).await?;
    let typo = start(stage, &json!({"plan": PLAN, "rehearsal": true})).await?;
    let (found, refused) = ends(stage, &typo, "FAILED", "rehearsal is not a field here").await;
    acted.check(
        "a field that there is none of is refused, and nothing is changed",
        found,
        refused && destroying(stage).is_empty(),
    );
    let rehearse = json!({"plan": PLAN, "rehearse": true, "retire": "delete"});
    let rehearsal = start(stage, &rehearse).await?;
    let rehearsed = stage.end_of(&rehearsal, FAILBACK).await;
    let outcome = rehearsed.and_then(|run| run.outcome).unwrap_or_default();
    acted.check(
        "the rehearsal ends with the standby rebuilt",
        &*outcome,
        outcome == "rebuilt",
    );
    acted.checks.extend(writer_is(stage, STANDBY, 2).await);
    members(stage, &mut acted, 2).await;
    let snapshots = snapshots(stage, "manual").await;
    let clusters = clusters(stage).await;
    acted.check(
        "the deposed cluster is deleted, its final snapshot stays",
        format!(
            "clusters {}, snapshots {}",
            clusters.join(", "),
            snapshots.join(", ")
        ),
        clusters == [cluster(HOME)] && snapshots == ["orders-west-final-2"],
    );
    let lost = unreplicated_by(stage, STANDBY).await?;
    let run = start(stage, &json!({"plan": PLAN, "approval": "given"})).await?;
    home(stage, &mut acted, (&run, 3), lost).await?;
    Ok(acted)
}

/// A client holds the deposed writer's address and writes there as soon as it answers.
pub(super) async fn region_returns(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = stage.lose(HOME).await?;
    stage.ended(1).await;
    stage.writes_in(STANDBY).await;
    stage.world.return_region(HOME).await?;
    stale_client_until_fenced(stage, &mut acted).await?;
    acted.checks.extend(writer_is(stage, STANDBY, 2).await);
    Ok(acted)
}

/// Every road into the home network is silent, for whoever asks, while RDS answers there and the writer lives on. Then the
/// roads return, and a client that holds the deposed writer's address tries at once.
pub(super) async fn subnets_denied(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let text = "loses every road into its network; RDS answers, and the writer lives";
    stage.fault(HOME, text, "roads denied");
    let mut acted = Acted::now();
    stage.world.roads.lose_member(cluster(HOME));
    acted.unreplicated = unreplicated(stage.world, &stage.client.record()).await;
    // Leaving a Region whose RDS answers is a human's decision.
    stage.answer(STANDBY, true).await?;
    stage.ended(1).await;
    let verdicts: Vec<_> = stage.runs.seen().into_iter().collect();
    let outcomes: Vec<_> = verdicts
        .iter()
        .filter_map(|run| run.outcome.clone())
        .collect();
    acted.check(
        "the standby takes over, once",
        outcomes.join(", "),
        outcomes
            .iter()
            .filter(|outcome| *outcome == "succeeded")
            .count()
            == 1,
    );
    stage.writes_in(STANDBY).await;
    let text = "has its roads back";
    stage
        .world
        .timeline
        .mark(Kind::Fault, HOME, text, "roads back");
    let mended_ms = now_ms();
    stage.world.roads.mend_member(cluster(HOME));
    stale_client_until_fenced(stage, &mut acted).await?;
    let deposed = &stage.world.endpoints[HOME].writer;
    let record = stage.client.record();
    let there = record.acknowledged.iter();
    let there = there.filter(|ack| ack.endpoint == *deposed && ack.acked_ms > mended_ms);
    let there = there.count();
    acted.check(
        "the deposed writer takes no write of the application that follows the names",
        format!("{there} were acknowledged there"),
        there == 0,
    );
    acted.checks.extend(writer_is(stage, STANDBY, 2).await);
    Ok(acted)
}

/// A client holds the deposed writer's address and writes there as soon as it answers, until it is fenced.
async fn stale_client_until_fenced(stage: &Stage<'_>, acted: &mut Acted) -> Result<(), Trouble> {
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let stale = tokio::spawn(hold_on(
        stage.world.login(HOME, "app")?,
        acknowledged.clone(),
    ));
    let some = async || !acknowledged.lock().await.is_empty();
    stage
        .until(SOON, "a write that the deposed writer takes", some)
        .await;
    // One that logs in as the administrator cannot be kept out by a fence that has to log in itself: it is named.
    let report = stage.world.admin(HOME).await?;
    report
        .batch_execute(&format!("SET application_name = '{REPORT}'"))
        .await?;
    stage.world.watch_now(HOME).await?;
    returned_and_fenced(stage, acted).await?;
    let fenced_ms = now_ms();
    tokio::time::sleep(Duration::from_secs(3)).await;
    stale.abort();
    let acknowledged = acknowledged.lock().await;
    let late = acknowledged.iter().filter(|at| **at > fenced_ms).count();
    acted.check(
        "it takes no application's write after that",
        format!("{late} of {} came later", acknowledged.len()),
        late == 0 && !acknowledged.is_empty(),
    );
    losses::stale_writes(stage, acted, STALE, acknowledged.len()).await?;
    let told = stage.told("was fenced").await.unwrap_or_default();
    acted.check(
        "people are told",
        told.replace('\n', " "),
        told.contains("the deposed writer in us-west-2 was fenced"),
    );
    acted.check(
        "an application that logs in as the administrator is named to them",
        if told.contains(REPORT) {
            "it is"
        } else {
            "it is not"
        },
        told.contains(REPORT),
    );
    drop(report);
    Ok(())
}

/// The home Region knows who the writer is, and its schedule fences the deposed one.
async fn returned_and_fenced(stage: &Stage<'_>, acted: &mut Acted) -> Result<(), Trouble> {
    home_learns(stage, 2).await;
    stage.world.sweep_now(HOME).await?;
    let fenced = async || {
        let row = stage.world.ledger().row(&HOME.into(), &PLAN.into()).await;
        row.is_ok_and(|row| row.fenced.is_some_and(|epoch| epoch.0 == 2))
    };
    let is_fenced = stage.until(SOON, "the fence", fenced).await;
    let found = if is_fenced { "it is" } else { "it is not" };
    acted.check("the deposed writer is fenced", found, is_fenced);
    Ok(())
}

/// Each function of the failback is killed once in the middle of a pass.
pub(super) async fn interrupted(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = lost_and_back(stage).await?;
    let lost = unreplicated_by(stage, STANDBY).await?;
    let run = start(stage, &json!({"plan": PLAN, "approval": "given"})).await?;
    let mut killed = Vec::new();
    for (state, function) in [
        ("FenceWriter", "fence-writer"),
        ("LossLedger", "loss-ledger"),
        ("RebuildGlobal", "rebuild-global"),
        ("PlannedFailover", "planned-failover"),
        ("ProveWriter", "health-probe"),
        ("FlipDns", "dns-flip"),
        ("RestartEcs", "ecs-restart"),
        ("CloseRun", "recovery-ledger"),
    ] {
        if kill_in(stage, &run, (state, function)).await? {
            killed.push(function);
        }
    }
    home(stage, &mut acted, (&run, 3), lost).await?;
    losses::equal(stage, &mut acted, &BTreeSet::new()).await?;
    acted.check(
        "every step's function was killed in the middle of a pass",
        killed.join(", "),
        killed.len() == 8,
    );
    retired(stage, &mut acted).await;
    Ok(acted)
}

/// Loses the Region, goes home, and switches over both ways, again and again.
pub(super) async fn round_trip(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = Acted::now();
    create_reports(stage).await?;
    let mut epoch = 1;
    let mut ever_lost = BTreeSet::new();
    for round in 1..=ROUNDS {
        let text = format!("round {round} of {ROUNDS}");
        stage.world.timeline.say(Kind::Setup, "the drill", text);
        let earlier = unreplicated_by(stage, HOME).await?;
        fall_behind(stage).await;
        let before = stage.runs.seen().len();
        // What earlier rounds lost is lacking still, so that the last count holds it all.
        acted.unreplicated = stage.lose(HOME).await?.unreplicated;
        stage.ended(before + 1).await;
        stage.writes_in(STANDBY).await;
        stage.world.simulator.mend_replication(STANDBY).await;
        stage.world.return_region(HOME).await?;
        stage.world.watch_now(HOME).await?;
        home_learns(stage, epoch + 1).await;
        let lost = unreplicated_by(stage, STANDBY).await?;
        let run = start(stage, &json!({"plan": PLAN, "approval": "given"})).await?;
        home(stage, &mut acted, (&run, epoch + 2), lost).await?;
        ever_lost = losses::equal(stage, &mut acted, &ever_lost).await?;
        epoch += 2;
        for to in [STANDBY, HOME] {
            let run = stage.start_planned(to).await?;
            stage.end_of(&run, FAILBACK).await;
            epoch += 1;
            stage.writes_in(to).await;
            acted.checks.extend(writer_is(stage, to, epoch).await);
        }
        let after = unreplicated_by(stage, HOME).await?;
        acted.check(
            format!("round {round}: only the loss of the Region loses rows"),
            format!("{earlier} before, {lost} after the loss, {after} at the end"),
            after == lost,
        );
        members(stage, &mut acted, 2).await;
        // The cool-down keeps the next loss from being answered.
        let row = stage.world.ledger().row(&HOME.into(), &PLAN.into()).await?;
        acted.check(
            format!("round {round}: no lease and no intent is left"),
            format!("{:?}, {:?}", row.lease, row.intent),
            row.lease.is_none() && row.intent.is_none(),
        );
    }
    endpoint(stage, &mut acted).await;
    Ok(acted)
}

/// A failover by the loss of the home Region, which then returns and knows; with a custom endpoint to be kept.
async fn lost_and_back(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    create_reports(stage).await?;
    fall_behind(stage).await;
    let acted = stage.failed_over_and_home_is_back().await?;
    stage.world.simulator.mend_replication(STANDBY).await;
    home_learns(stage, 2).await;
    Ok(acted)
}

async fn start(stage: &Stage<'_>, input: &Value) -> Result<String, Trouble> {
    let text = format!("starts the failback to {HOME} with {input}");
    stage.start("failback", HOME, input, text).await
}

/// How a run ended, by its outcome or, where it never opened, its status; and whether in this way, saying this.
async fn ends(stage: &Stage<'_>, run: &str, way: &str, says: &str) -> (String, bool) {
    let found = match stage.end_of(run, FAILBACK).await {
        Some(ended) => ended.outcome.unwrap_or(ended.status),
        None => "it did not end".into(),
    };
    let history = stage.runs.histories().remove(run).unwrap_or_default();
    let held = found == way && history.contains(says);
    (found, held)
}

/// Kills a function while a state of the failback is in the middle of a pass; whether that came about.
async fn kill_in(
    stage: &Stage<'_>,
    run: &str,
    (state, function): (&str, &str),
) -> Result<bool, Trouble> {
    let function = format!("aurora-failover-{function}");
    let slow = stage.world.front_door.set(
        Scope {
            caller_region: Some(HOME.into()),
            function: Some(function.clone()),
            ..Scope::default()
        },
        Fault::Slow(Duration::from_millis(300)),
    );
    let entered = async || {
        let mut runs = stage.runs.seen().into_iter();
        let run = runs.find(|seen| seen.name == run);
        run.is_some_and(|run| run.states.iter().any(|seen| seen.name == state))
    };
    let came = stage.until(FAILBACK, state, entered).await;
    // In the middle of a pass: between its first call and its last.
    tokio::time::sleep(Duration::from_millis(450)).await;
    let killed = stage.world.emulator.kill(HOME, &function).await?;
    stage.world.front_door.remove(slow);
    let text = format!("{state}: {killed} process(es) of {function} are killed");
    stage.world.timeline.say(Kind::Fault, HOME, text);
    Ok(came && killed > 0)
}

/// Writes at one address as long as it can, and notes when each write was acknowledged.
async fn hold_on(config: tokio_postgres::Config, acknowledged: Arc<Mutex<Vec<i64>>>) {
    const PAUSE: Duration = Duration::from_millis(50);
    let mut number = STALE;
    // Ends: its task is aborted.
    loop {
        if let Ok((client, connection)) = config.connect(tokio_postgres::NoTls).await {
            let connection = tokio::spawn(connection);
            let write = "INSERT INTO app.rows (n, written_at) VALUES ($1, now())";
            while client.execute(write, &[&number]).await.is_ok() {
                acknowledged.lock().await.push(now_ms());
                number += 1;
                tokio::time::sleep(PAUSE).await;
            }
            connection.abort();
        }
        tokio::time::sleep(PAUSE).await;
    }
}
