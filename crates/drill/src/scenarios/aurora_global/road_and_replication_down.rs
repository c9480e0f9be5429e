//! Road and replication stop together.

use failover::evidence::Verdict;

use crate::{
    profile::{HOME, STANDBY, cluster},
    scenario::{Drill, Ends, Played, SUSPECTED, Scenario, Told},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "road-and-replication-down",
    summary: "The road and the replication both stop while the writer commits at home: its own Region's record says so, and nothing changes.",
    comes_out: "`path_impaired` by home's own record",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::harmless(Verdict::PathImpaired),
    told: Told::Once(&[SUSPECTED, "stood down (path_impaired)"]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let text = "loses its road to the writer, and replication with it";
    drill.fault(STANDBY, text, "road cut");
    let played = Played::now();
    drill.world.roads.cut(STANDBY, cluster(HOME))?;
    drill.world.simulator.cut_replication(STANDBY).await;
    drill.ended(1).await;
    Ok(played)
}
