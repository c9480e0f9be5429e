//! A Region dies, and the plan fails over managed.

use failover::{evidence::Verdict, plan::Strategy};

use crate::{
    profile::{HOME, Profile},
    scenario::{Drill, Ends, Played, RETURN, SUSPECTED, Scenario, TOOK_OVER, Told},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "region-loss-managed",
    summary: "The home Region dies whole: a managed failover promotes the standby and keeps the global cluster together.",
    comes_out: "promoted by managed failover, both members stay",
    world: || Profile::usual("managed"),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::Recovered(Verdict::RegionDown, Some(Strategy::Managed)),
    told: Told::Once(&[SUSPECTED, RETURN, TOOK_OVER]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let played = drill.lose(HOME).await?;
    drill.ended(1).await;
    Ok(played)
}
