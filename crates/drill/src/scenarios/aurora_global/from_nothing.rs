//! Stacks build everything from nothing, by the guide's own example; a Region dies, and is still no reason to replace anything.

use failover::{evidence::Verdict, plan::Strategy};

use crate::{
    profile::{HOME, Profile, STANDBY},
    scenario::{Drill, Ends, Played, RETURN, SUSPECTED, Scenario, TOOK_OVER, Told},
    scenarios::actions::{
        replication::fall_behind,
        stacks::{BOTH, tag_changes_nothing_else},
    },
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "from-nothing",
    summary: "Stacks build two Regions, a witness and the database from nothing, by the guide's own example. The home Region dies, the standby takes over, and a deployment in the Region that is left changes tags only.",
    comes_out: "as region-loss. Stacks replace nothing, before and after",
    world: || Profile {
        from_nothing: true,
        ..Profile::quick("detach")
    },
    play: |drill| Box::pin(play(drill)),
    ends: Ends::Recovered(Verdict::RegionDown, Some(Strategy::Detach)),
    told: Told::Once(&[SUSPECTED, RETURN, TOOK_OVER]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut before = Played::now();
    let first = ("as they were built", "orders");
    tag_changes_nothing_else(drill, &mut before, first, &BOTH).await?;
    fall_behind(drill).await;
    let mut played = drill.lose(HOME).await?;
    played.checks.append(&mut before.checks);
    drill.ended(1).await;
    let left = (
        "after the failover, in the Region that is left",
        "night-shift",
    );
    tag_changes_nothing_else(drill, &mut played, left, &[STANDBY]).await?;
    Ok(played)
}
