//! The Regions cannot reach each other, and both reach the witness.

use failover::evidence::Verdict;

use crate::{
    profile::{HOME, STANDBY, cluster},
    scenario::{Drill, Ends, Played, SUSPECTED, Scenario, Told},
    scenarios::actions::network::part,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "regions-parted",
    summary: "The two Regions cannot reach each other, and both reach the witness: people are told, nothing changes.",
    comes_out: "`path_impaired`, nothing changes",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::harmless(Verdict::PathImpaired),
    told: Told::Once(&[SUSPECTED, "stood down (path_impaired)"]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let world = drill.world;
    drill.fault(
        STANDBY,
        &format!("and {HOME} cannot reach each other"),
        "Regions parted",
    );
    let played = Played::now();
    part(drill, STANDBY, HOME);
    part(drill, HOME, STANDBY);
    world.roads.cut(STANDBY, cluster(HOME))?;
    world.roads.cut(HOME, cluster(STANDBY))?;
    world.simulator.cut_replication(STANDBY).await;
    drill.ended(1).await;
    Ok(played)
}
