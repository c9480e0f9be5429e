//! What happens after a first failover.

use failover::ledger::Ledger;
use serde_json::json;

use crate::{
    profile::{HOME, PLAN, STANDBY, cluster},
    report::Check,
    scenario::stage::{Acted, SOON, Stage},
    world::Trouble,
};

pub(super) async fn twice_lost(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = stage.failed_over_and_home_is_back().await?;
    home_learns(stage, 2).await;
    let before = stage.runs.seen().len();
    stage.world.lose_region(STANDBY).await?;
    stage.ended(before + 1).await;
    let last = stage.runs.seen().into_iter().next_back();
    let region = last
        .as_ref()
        .map(|run| run.region.clone())
        .unwrap_or_default();
    let outcome = last.and_then(|run| run.outcome).unwrap_or_default();
    acted.check(
        format!("a run in {HOME} is aborted"),
        format!("{region}: {outcome}"),
        region == HOME && outcome == "aborted",
    );
    let told = stage
        .told("stopped before anything was promoted")
        .await
        .unwrap_or_default();
    let why = told.contains("UnexpectedTopology");
    acted.check(
        "people are told that the deposed writer is no standby",
        told.replace('\n', " "),
        why,
    );
    stage.world.return_region(STANDBY).await?;
    let promoted = promotions(stage, HOME);
    acted.check(
        "the deposed writer is not promoted",
        format!("{promoted} promoting calls"),
        promoted == 0,
    );
    Ok(acted)
}

pub(super) async fn flapping(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = stage.failed_over_and_home_is_back().await?;
    home_learns(stage, 2).await;
    let before = stage.runs.seen().len();
    stage.fault(STANDBY, "its writer blinks", "writer away");
    stage.world.simulator.crash(STANDBY, cluster(STANDBY)).await;
    stage.ended(before + 1).await;
    stage
        .world
        .simulator
        .revive(STANDBY, cluster(STANDBY))
        .await?;
    let told = stage.told("cool-down").await.unwrap_or_default();
    let how = told.contains("with the operation acknowledge");
    acted.check(
        "people are told of the cool-down and how to end it",
        told.replace('\n', " "),
        how,
    );
    let promoted = promotions(stage, HOME);
    acted.check(
        "no second failover begins",
        format!("{promoted} promoting calls"),
        promoted == 0,
    );
    acted.checks.extend(writer_is(stage, STANDBY, 2).await);
    stage.writes_in(STANDBY).await;
    let run = stage
        .runs
        .seen()
        .into_iter()
        .find(|run| run.outcome.as_deref() == Some("succeeded"));
    let payload =
        json!({"operation": "acknowledge", "plan": PLAN, "run_id": run.map(|run| run.name)});
    let said = stage.said(STANDBY, "recovery-ledger", &payload).await;
    acted.check(
        "the run is acknowledged by hand",
        &*said,
        said.starts_with("acknowledge"),
    );
    Ok(acted)
}

/// Waits until the home Region has copied an epoch.
pub(super) async fn home_learns(stage: &Stage<'_>, epoch: u64) {
    let learnt = async || {
        let row = stage.world.ledger().row(&HOME.into(), &PLAN.into()).await;
        row.is_ok_and(|row| row.proven_epoch().0 == epoch)
    };
    stage.until(SOON, "what home learns", learnt).await;
}

/// Promoting calls by a Region's functions that RDS took.
pub(super) fn promotions(stage: &Stage<'_>, region: &str) -> usize {
    let calls = stage.world.front_door.calls().into_iter();
    calls
        .filter(|call| call.caller_region == region && call.status == Some(200))
        .filter(|call| {
            [
                "RemoveFromGlobalCluster",
                "FailoverGlobalCluster",
                "SwitchoverGlobalCluster",
            ]
            .contains(&call.operation.as_str())
        })
        .count()
}

/// The ledgers of both Regions name this writer.
pub(super) async fn writer_is(stage: &Stage<'_>, region: &str, epoch: u64) -> Vec<Check> {
    vec![
        ledger_says(stage, HOME, region, epoch).await,
        ledger_says(stage, STANDBY, region, epoch).await,
    ]
}

/// The ledger of one Region, `place`, names this writer.
pub(super) async fn ledger_says(stage: &Stage<'_>, place: &str, region: &str, epoch: u64) -> Check {
    let row = stage.world.ledger().row(&place.into(), &PLAN.into()).await;
    let current = row.ok().and_then(|row| row.current);
    let found = current.map_or("none".to_owned(), |current| {
        format!("{}, epoch {}", current.writer, current.epoch)
    });
    let held = found == format!("{region}, epoch {epoch}");
    Check::new(
        format!("the ledger in {place} says: the writer is {region}'s, of epoch {epoch}"),
        found,
        held,
    )
}
