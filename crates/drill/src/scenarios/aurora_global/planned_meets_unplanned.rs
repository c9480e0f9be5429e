//! Somebody starts an unplanned run beside a planned one.

use failover::installation::named;
use serde_json::json;

use crate::{
    front_door::{Fault, Scope},
    profile::{HOME, PLAN, STANDBY},
    scenario::{Drill, Ends, Played, RUN, SOON, Scenario, Told},
    scenarios::checks::ledgers::writer_is,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "planned-meets-unplanned",
    summary: "Somebody starts an unplanned run while a planned one holds the plan in every Region: it is refused, and the planned one goes on.",
    comes_out: "`RunRefused`, the planned run goes on",
    // The grace is spent when the writer is first suspected.
    plan: || json!({"detection": {"in_region_grace_seconds": 3}}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&["us-east-1 took over from us-west-2"]),
    ..Scenario::USUAL
};

/// Somebody starts an unplanned run while a planned one holds the plan in every Region.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let world = drill.world;
    let mut played = Played::now();
    let slow = world.front_door.set(
        Scope {
            function: Some(named("planned-failover")),
            service: Some("rds".into()),
            ..Scope::default()
        },
        Fault::Hang,
    );
    let planned = drill.start_planned(STANDBY).await?;
    drill
        .until(SOON, "the planned run", async || {
            drill.runs.seen().iter().any(|run| run.states.len() > 1)
        })
        .await;
    let run = drill.start_run(HOME, STANDBY).await?;
    drill.end_of(&run, SOON).await;
    let history = drill.runs.histories().remove(&run).unwrap_or_default();
    let says = format!("run {planned} holds plan {PLAN}");
    played.check(
        "the unplanned run is refused, and says which run holds the plan",
        &*run,
        history.contains("RunRefused") && history.contains(&says),
    );
    world.front_door.remove(slow);
    let planned = drill.end_of(&planned, RUN).await;
    let outcome = planned.and_then(|run| run.outcome).unwrap_or_default();
    played.check(
        "the planned run goes on and succeeds",
        &*outcome,
        outcome == "succeeded",
    );
    let forced = drill.called("detach-and-promote", "RemoveFromGlobalCluster");
    let found = if forced { "it is" } else { "it is not" };
    played.check("nothing is detached", found, !forced);
    drill.writes_in(STANDBY).await;
    played.checks.extend(writer_is(drill, STANDBY, 2).await);
    Ok(played)
}
