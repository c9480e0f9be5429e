//! The Region that would take over reaches only itself.

use failover::evidence::Verdict;

use crate::{
    profile::{HOME, STANDBY, WITNESS, cluster},
    scenario::{Drill, Ends, Played, SUSPECTED, Scenario, Told},
    scenarios::actions::network::part,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "observer-isolated",
    summary: "The standby's Region reaches nothing but itself: it cannot tell, and nothing changes.",
    comes_out: "`observer_isolated`, nothing changes",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::harmless(Verdict::ObserverIsolated),
    told: Told::Once(&[SUSPECTED, "stood down (observer_isolated)"]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let world = drill.world;
    drill.fault(STANDBY, "reaches nothing but itself", "isolated");
    let played = Played::now();
    for other in [HOME, WITNESS] {
        part(drill, STANDBY, other);
        part(drill, other, STANDBY);
    }
    world.roads.cut(STANDBY, cluster(HOME))?;
    world.roads.cut(HOME, cluster(STANDBY))?;
    world.simulator.cut_replication(STANDBY).await;
    drill.ended(1).await;
    Ok(played)
}
