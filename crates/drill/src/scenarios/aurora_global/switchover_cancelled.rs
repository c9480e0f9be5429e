//! RDS calls a planned move off.

use crate::{
    profile::{HOME, STANDBY},
    scenario::{Drill, Ends, Played, RUN, STOPPED, Scenario, Told},
    scenarios::checks::planned::stays,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "switchover-cancelled",
    summary: "Replication stops as a planned move begins, and RDS calls the switchover off: that is told as what it is, and the old writer leads on.",
    comes_out: "told as such, the intent is withdrawn, the old writer leads on",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[STOPPED]),
    ..Scenario::USUAL
};

/// RDS takes the switchover and calls it off, because the target does not catch up.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    drill.fault(STANDBY, "gets no replication any more", "replication stops");
    drill.world.simulator.cut_replication(STANDBY).await;
    let run = drill.start_planned(STANDBY).await?;
    // RDS gives up, and both Regions are quiet for a minute.
    drill.end_of(&run, RUN * 2).await;
    drill.world.simulator.mend_replication(STANDBY).await;
    let asked = drill.called("planned-failover", "SwitchoverGlobalCluster");
    let found = if asked { "it did" } else { "it did not" };
    played.check("RDS took the switchover", found, asked);
    let told = drill.told(STOPPED).await.unwrap_or_default();
    played.check(
        "people are told that RDS called it off",
        told.replace('\n', " "),
        told.contains("RDS called the switchover off"),
    );
    stays(drill, &mut played).await?;
    let writes = drill.writes_in(HOME).await;
    let found = if writes { "they do" } else { "they do not" };
    played.check("writes go on there", found, writes);
    Ok(played)
}
