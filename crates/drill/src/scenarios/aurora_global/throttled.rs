//! RDS throttles and fails during the run.

use std::time::Duration;

use failover::{evidence::Verdict, plan::Strategy};

use crate::{
    front_door::{Fault, Scope},
    profile::{HOME, STANDBY},
    scenario::{Drill, Ends, Played, RETURN, SOON, SUSPECTED, Scenario, TOOK_OVER, Told},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "throttled",
    summary: "The home Region dies, and RDS throttles and answers 5xx during the run: it completes all the same.",
    comes_out: "it completes",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::Recovered(Verdict::RegionDown, Some(Strategy::Detach)),
    told: Told::Once(&[SUSPECTED, RETURN, TOOK_OVER]),
    ..Scenario::USUAL
};

/// RDS of the standby's Region throttles, then fails, for a moment each, while the run looks and promotes.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = drill.lose(HOME).await?;
    drill
        .until(SOON, "a run", async || !drill.runs.seen().is_empty())
        .await;
    let scope = || Scope {
        caller_region: Some(STANDBY.into()),
        region: Some(STANDBY.into()),
        service: Some("rds".into()),
        ..Scope::default()
    };
    drill
        .until(SOON, "the pass that promotes", async || {
            drill.runs.that_entered("DetachAndPromote").is_some()
        })
        .await;
    for fault in [Fault::Throttle, Fault::ServerError] {
        drill.fault(
            STANDBY,
            &format!("its RDS answers with {fault:?} for 2 s"),
            "RDS fails",
        );
        let id = drill.world.front_door.set(scope(), fault);
        tokio::time::sleep(Duration::from_secs(2)).await;
        drill.world.front_door.remove(id);
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    drill.ended(1).await;
    let calls = drill.world.front_door.calls();
    for (fault, statuses) in [("throttled", 400..500), ("answered with 5xx", 500..600_u16)] {
        let met = calls.iter().filter(|call| {
            call.service == "rds" && call.status.is_some_and(|status| statuses.contains(&status))
        });
        let met = met.count();
        played.check(
            format!("calls to RDS are {fault}"),
            format!("{met} times"),
            met > 0,
        );
    }
    Ok(played)
}
