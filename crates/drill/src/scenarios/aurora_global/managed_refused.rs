//! RDS refuses every managed failover.

use failover::{evidence::Verdict, plan::Strategy};
use rds_sim::Fault;

use crate::{
    profile::{HOME, Profile, STANDBY},
    scenario::{DETACHED, Drill, Ends, Played, RETURN, SUSPECTED, Scenario, TOOK_OVER, Told},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "managed-refused",
    summary: "The home Region dies whole, and RDS refuses every managed failover: after half a minute the outage is confirmed again and the standby is detached instead.",
    comes_out: "after half a minute confirmed again, and detached instead",
    world: || Profile::quick("auto"),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::Recovered(Verdict::RegionDown, Some(Strategy::Detach)),
    told: Told::Once(&[SUSPECTED, RETURN, DETACHED, TOOK_OVER]),
    ..Scenario::USUAL
};

/// RDS refuses every managed failover while the home Region is gone.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    drill.fault(STANDBY, "refuses every FailoverGlobalCluster", "refused");
    let refusal =
        Fault::global_state("Global cluster orders-global-1 is in a state that does not allow it");
    drill
        .world
        .simulator
        .refuse_calls(STANDBY, "FailoverGlobalCluster", u32::MAX, refusal);
    let mut played = drill.lose(HOME).await?;
    drill.ended(1).await;
    let told = drill.told(DETACHED).await.unwrap_or_default();
    played.check(
        "people are told what RDS said, and that the standby is detached instead",
        told.replace('\n', " "),
        told.contains("in a state that does not allow it"),
    );
    let asked = drill.world.front_door.calls().into_iter();
    let asked = asked.filter(|call| call.operation == "FailoverGlobalCluster");
    let asked = asked.count();
    played.check(
        "RDS is asked every few seconds, not every second",
        format!("{asked} times"),
        (2..=12).contains(&asked),
    );
    Ok(played)
}
