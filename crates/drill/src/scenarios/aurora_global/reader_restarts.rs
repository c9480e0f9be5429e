//! The standby's database goes down with the Region, and is back before anybody is sure.

use std::time::Duration;

use crate::{
    profile::{HOME, STANDBY, cluster},
    scenario::{Drill, Ends, Played, RETURN, SUSPECTED, Scenario, TOOK_OVER, Told},
    scenarios::actions::last_bytes::took_over,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "reader-restarts",
    summary: "The home Region dies and the standby's database restarts at the same moment, and has replayed more when it is back: no sign of life.",
    comes_out: "the standby takes over",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&[SUSPECTED, RETURN, TOOK_OVER]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let world = drill.world;
    let mut played = drill.lose(HOME).await?;
    world.simulator.crash(STANDBY, cluster(STANDBY)).await;
    drill.fault(STANDBY, "its database restarts", "reader restarts");
    tokio::time::sleep(Duration::from_secs(4)).await;
    world.simulator.revive(STANDBY, cluster(STANDBY)).await?;
    took_over(drill, &mut played, Duration::ZERO).await?;
    Ok(played)
}
