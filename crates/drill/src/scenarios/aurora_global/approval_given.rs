//! A human agrees.

use failover::{evidence::Verdict, plan::Strategy};
use serde_json::json;

use crate::{
    profile::{HOME, STANDBY},
    scenario::{Drill, Ends, Played, QUESTION, RETURN, SUSPECTED, Scenario, TOOK_OVER, Told},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "approval-given",
    summary: "The home Region dies, and the plan asks a human, who approves: it is confirmed again, and the standby takes over.",
    comes_out: "takes over",
    plan: || json!({"unplanned": {"region_down": "approval"}}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::Recovered(Verdict::RegionDown, Some(Strategy::Detach)),
    told: Told::Once(&[SUSPECTED, QUESTION, RETURN, TOOK_OVER]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let played = drill.lose(HOME).await?;
    drill.answer(STANDBY, true).await?;
    drill.ended(1).await;
    Ok(played)
}
