//! A human does not answer.

use failover::evidence::Verdict;
use serde_json::json;

use crate::{
    profile::HOME,
    scenario::{Drill, Ends, Played, QUESTION, RUN, SUSPECTED, Scenario, Told},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "approval-late",
    summary: "The home Region dies, and nobody answers in time: nothing changes.",
    comes_out: "stands down with nothing changed",
    plan: || json!({"unplanned": {"region_down": "approval", "approval_minutes": 1}}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::unchanged(Verdict::RegionDown, "stood_down"),
    told: Told::Once(&[SUSPECTED, "stood down (region_down)"]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let played = drill.lose(HOME).await?;
    drill.told(QUESTION).await;
    drill
        .until(RUN, "the end of the question", async || {
            let mut runs = drill.runs.seen().into_iter();
            runs.any(|run| {
                run.status != "RUNNING"
                    && run.states.iter().any(|state| state.name == "AwaitApproval")
            })
        })
        .await;
    drill.world.return_region(HOME).await?;
    Ok(played)
}
