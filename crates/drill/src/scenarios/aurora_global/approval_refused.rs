//! A human refuses.

use failover::evidence::Verdict;
use serde_json::json;

use crate::{
    profile::{HOME, STANDBY},
    scenario::{Drill, Ends, Played, QUESTION, SUSPECTED, Scenario, Told},
    scenarios::actions::suspicion::suspect,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "approval-refused",
    summary: "The home Region dies, and the human who is asked refuses: nothing changes.",
    comes_out: "stands down with nothing changed, the same outage is not asked about again",
    plan: || json!({"unplanned": {"region_down": "approval"}}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::unchanged(Verdict::RegionDown, "stood_down"),
    told: Told::Once(&[SUSPECTED, QUESTION, "stood down (region_down)"]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = drill.lose(HOME).await?;
    drill.answer(STANDBY, false).await?;
    drill.ended(1).await;
    let before = drill.runs.seen().len();
    suspect(drill, 1).await?;
    drill.ended(before + 1).await;
    let questions = drill.world.messages().into_iter();
    let questions = questions.filter(|text| text.contains(QUESTION)).count();
    played.check(
        "the same outage is not asked about again",
        format!("asked {questions} times"),
        questions == 1,
    );
    drill.world.return_region(HOME).await?;
    Ok(played)
}
