//! A human agrees when all is well again.

use failover::evidence::Verdict;
use serde_json::json;

use crate::{
    profile::{HOME, STANDBY},
    scenario::{Drill, Ends, Played, QUESTION, SUSPECTED, Scenario, Told},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "approval-over",
    summary: "A human approves after the Region has come back: it is confirmed again, found healthy, and nothing changes.",
    comes_out: "stands down with nothing changed",
    plan: || json!({"unplanned": {"region_down": "approval"}}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::unchanged(Verdict::Healthy, "stood_down"),
    told: Told::Once(&[SUSPECTED, QUESTION]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let played = drill.lose(HOME).await?;
    drill.told(QUESTION).await;
    drill.world.return_region(HOME).await?;
    drill.writes_in(HOME).await;
    drill.answer(STANDBY, true).await?;
    drill.ended(1).await;
    Ok(played)
}
