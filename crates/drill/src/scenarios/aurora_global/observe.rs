//! The plan only observes.

use failover::evidence::Verdict;
use serde_json::json;

use crate::{
    profile::HOME,
    scenario::{Drill, Ends, Played, SUSPECTED, Scenario, Told},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "observe",
    summary: "The home Region dies, and the plan only observes: what would have been done is said, nothing is done.",
    comes_out: "says what it would have done, nothing changes",
    plan: || json!({"unplanned": {"region_down": "observe"}}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::unchanged(Verdict::RegionDown, "stood_down"),
    told: Told::Once(&[SUSPECTED, "would have failed over to us-east-1"]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let played = drill.lose(HOME).await?;
    drill.ended(1).await;
    drill.world.return_region(HOME).await?;
    Ok(played)
}
