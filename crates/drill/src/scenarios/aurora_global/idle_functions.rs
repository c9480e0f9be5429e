//! A function cannot be started for forty seconds.

use std::time::Duration;

use failover::installation::named;

use crate::{
    profile::{HOME, STANDBY, WRITER_NAME, cluster},
    scenario::{Drill, Ends, Played, RETURN, SOON, SUSPECTED, Scenario, TOOK_OVER, Told},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "idle-functions",
    summary: "The home Region dies, and Lambda cannot start dns-flip for forty seconds behind the proof: it is tried again until it can, and the names lead over.",
    comes_out: "it is tried again, the names lead over",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&[SUSPECTED, RETURN, TOOK_OVER]),
    ..Scenario::USUAL
};

/// A run that waits for a minute of quiet or of silence, and for what comes after it.
const LONG: Duration = Duration::from_secs(240);

/// Lambda cannot start a function that has been idle, which heals by itself.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    const IDLE: Duration = Duration::from_secs(40);
    let world = drill.world;
    drill.fault(STANDBY, "cannot start dns-flip", "function idle");
    let function: &str = &named("dns-flip");
    world.emulator.take_away(STANDBY, function).await?;
    let mut played = drill.lose(HOME).await?;
    drill
        .until(SOON, "the promoting call", async || {
            drill.called("detach-and-promote", "RemoveFromGlobalCluster")
        })
        .await;
    tokio::time::sleep(IDLE).await;
    let early = drill
        .runs
        .seen()
        .into_iter()
        .any(|run| run.outcome.is_some());
    let found = if early { "it has" } else { "it has not" };
    played.check("no run has ended without the names", found, !early);
    world.emulator.return_region(STANDBY).await?;
    drill
        .until(LONG, "the run's end", async || {
            let runs = drill.runs.seen();
            !runs.is_empty() && runs.iter().all(|run| run.status != "RUNNING")
        })
        .await;
    let outcomes = drill.runs.seen().into_iter().filter_map(|run| run.outcome);
    let outcomes: Vec<_> = outcomes.collect();
    played.check(
        "the run succeeds",
        outcomes.join(", "),
        outcomes
            .first()
            .is_some_and(|outcome| outcome == "succeeded"),
    );
    drill.writes_in(STANDBY).await;
    let leads_to = world.leads_to(WRITER_NAME).await;
    let leads_to = leads_to.unwrap_or_else(|| "nowhere".into());
    played.check(
        format!("{WRITER_NAME} leads to {}", cluster(STANDBY)),
        &*leads_to,
        leads_to == world.endpoints[STANDBY].writer,
    );
    Ok(played)
}
