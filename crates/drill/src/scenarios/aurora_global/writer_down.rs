//! The writer is gone, and its Region answers.

use failover::{evidence::Verdict, plan::Strategy};
use serde_json::json;

use crate::{
    profile::{HOME, STANDBY, cluster},
    scenario::{Drill, Ends, Played, RETURN, SUSPECTED, Scenario, TOOK_OVER, Told},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "writer-down",
    summary: "The writer is gone beyond the grace while its Region answers, and its own Region's probe fails too: the standby takes over.",
    comes_out: "`writer_down`, a human approves, the standby takes over",
    // The grace is spent when the writer is first suspected.
    plan: || json!({"detection": {"in_region_grace_seconds": 3}}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::Recovered(Verdict::WriterDown, Some(Strategy::Detach)),
    told: Told::Once(&[SUSPECTED, RETURN, TOOK_OVER]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    drill.fault(
        HOME,
        "loses its writer for good; its Region answers",
        "writer gone",
    );
    let mut played = Played::now();
    drill.world.simulator.crash(HOME, cluster(HOME)).await;
    played.unreplicated = drill.unreplicated().await;
    // Leaving a Region that answers is a human's decision, unless the plan says otherwise.
    drill.answer(STANDBY, true).await?;
    drill.ended(1).await;
    Ok(played)
}
