//! The way back: the lost Region returns, its writer is fenced, and a failback is started.

use failover::ports::Ledger;
use serde_json::Value;

use crate::{
    profile::{HOME, PLAN, STANDBY},
    scenario::{Drill, FAILBACK, Played, SOON},
    scenarios::{
        actions::replication::fall_behind, checks::ledgers::home_learns, rds::create_reports,
    },
    world::Trouble,
};

/// A failover by the loss of the home Region, which then returns and knows; with a custom endpoint to be kept.
pub(crate) async fn lost_and_back(drill: &Drill<'_>) -> Result<Played, Trouble> {
    create_reports(drill).await?;
    lost_and_back_bare(drill).await
}

/// The same without that.
pub(crate) async fn lost_and_back_bare(drill: &Drill<'_>) -> Result<Played, Trouble> {
    fall_behind(drill).await;
    let played = drill.failed_over_and_home_is_back().await?;
    drill.world.simulator.mend_replication(STANDBY).await;
    home_learns(drill, 2).await;
    Ok(played)
}

/// The administrator's session on the deposed writer, once that answers: it replays its log first.
pub(crate) async fn deposed_writer(drill: &Drill<'_>) -> Result<tokio_postgres::Client, Trouble> {
    let is_back = async || drill.world.admin(HOME).await.is_ok();
    drill
        .until(SOON, "the deposed writer's return", is_back)
        .await;
    drill.world.admin(HOME).await
}

/// The home Region knows who the writer is, and its schedule fences the deposed one.
pub(crate) async fn returned_and_fenced(
    drill: &Drill<'_>,
    played: &mut Played,
) -> Result<(), Trouble> {
    home_learns(drill, 2).await;
    drill.world.sweep_now(HOME).await?;
    let fenced = async || {
        let row = drill.world.ledger().row(&HOME.into(), &PLAN.into()).await;
        row.is_ok_and(|row| row.fenced.is_some_and(|epoch| epoch.0 == 2))
    };
    let is_fenced = drill.until(SOON, "the fence", fenced).await;
    let found = if is_fenced { "it is" } else { "it is not" };
    played.check("the deposed writer is fenced", found, is_fenced);
    Ok(())
}

pub(crate) async fn start(drill: &Drill<'_>, input: &Value) -> Result<String, Trouble> {
    let text = format!("starts the failback to {HOME} with {input}");
    let failback = drill.world.profile.topology.runs().failback;
    let machine = failback.unwrap_or_default();
    drill.start(machine, HOME, input, text).await
}

/// How a run ended, by its outcome or, where it never opened, its status; and whether in this way, saying this.
pub(crate) async fn ends(drill: &Drill<'_>, run: &str, way: &str, says: &str) -> (String, bool) {
    let found = match drill.end_of(run, FAILBACK).await {
        Some(ended) => ended.outcome.unwrap_or(ended.status),
        None => "it did not end".into(),
    };
    let history = drill.runs.histories().remove(run).unwrap_or_default();
    let held = found == way && history.contains(says);
    (found, held)
}
