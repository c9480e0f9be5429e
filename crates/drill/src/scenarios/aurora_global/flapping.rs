//! The new writer blinks within the cool-down.

use serde_json::json;

use crate::{
    profile::{HOME, PLAN, STANDBY, cluster},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::checks::{
        calls::promotions,
        ledgers::{home_learns, writer_is},
    },
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "flapping",
    summary: "After a failover the new writer blinks within the cool-down: no second failover, and people are told.",
    comes_out: "no second failover",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&[
        "us-east-1 took over",
        "no run from us-east-1 to us-west-2: cool-down",
    ]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = drill.failed_over_and_home_is_back().await?;
    home_learns(drill, 2).await;
    let before = drill.runs.seen().len();
    drill.fault(STANDBY, "its writer blinks", "writer away");
    drill.world.simulator.crash(STANDBY, cluster(STANDBY)).await;
    drill.ended(before + 1).await;
    drill
        .world
        .simulator
        .revive(STANDBY, cluster(STANDBY))
        .await?;
    let told = drill.told("cool-down").await.unwrap_or_default();
    let how = told.contains("with the operation acknowledge");
    played.check(
        "people are told of the cool-down and how to end it",
        told.replace('\n', " "),
        how,
    );
    let promoted = promotions(drill, HOME);
    played.check(
        "no second failover begins",
        format!("{promoted} promoting calls"),
        promoted == 0,
    );
    played.checks.extend(writer_is(drill, STANDBY, 2).await);
    drill.writes_in(STANDBY).await;
    let run = drill
        .runs
        .seen()
        .into_iter()
        .find(|run| run.outcome.as_deref() == Some("succeeded"));
    let payload =
        json!({"operation": "acknowledge", "plan": PLAN, "run_id": run.map(|run| run.name)});
    let said = drill.said(STANDBY, "recovery-ledger", &payload).await;
    played.check(
        "the run is acknowledged by hand",
        &*said,
        said.starts_with("acknowledge"),
    );
    Ok(played)
}
