//! The standby lacks more than the plan accepts.

use std::time::Duration;

use failover::evidence::Verdict;

use crate::{
    profile::{HOME, STANDBY},
    scenario::{Drill, Ends, Played, STOPPED, SUSPECTED, Scenario, Told},
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "lagging-standby",
    summary: "Replication stops 60 s before the home Region dies, and the plan accepts 30 s: nothing is promoted, and it says by how much.",
    comes_out: "`DataLossTooLarge`, nothing promoted",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::unchanged(Verdict::RegionDown, "aborted"),
    told: Told::Once(&[SUSPECTED, STOPPED]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    const BEHIND: Duration = Duration::from_secs(60);
    drill.world.timeline.say(
        Kind::Setup,
        STANDBY,
        "falls behind: replication to it stops",
    );
    drill.world.simulator.cut_replication(STANDBY).await;
    tokio::time::sleep(BEHIND).await;
    let mut played = drill.lose(HOME).await?;
    drill.ended(1).await;
    let told = drill.told(STOPPED).await.unwrap_or_default();
    let says =
        told.contains("DataLossTooLarge") && told.contains("unplanned.max_lost_seconds (30)");
    played.check(
        "it says by how much the loss is too large",
        told.replace('\n', " "),
        says,
    );
    drill.world.return_region(HOME).await?;
    Ok(played)
}
