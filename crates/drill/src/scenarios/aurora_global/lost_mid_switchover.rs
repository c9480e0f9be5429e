//! The Region dies during a planned move.

use std::time::Duration;

use failover::ports::Ledger;
use rds_sim::Durations;

use crate::{
    profile::{HOME, PLAN, Profile, STANDBY, cluster},
    scenario::{DETACHED, Drill, Ends, Played, SOON, SUSPECTED, Scenario, TOOK_OVER, Told},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "lost-mid-switchover",
    summary: "The home Region dies while RDS switches over to the standby: the planned run gives the plan back after a minute of silence, and an unplanned one leaves the operation that hangs by a detach.",
    comes_out: "the planned run gives the plan back, an unplanned one leaves the operation by a detach",
    world,
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&["is not complete", SUSPECTED, DETACHED, TOOK_OVER]),
    ..Scenario::USUAL
};

/// A run that waits for a minute of quiet or of silence, and for what comes after it.
const LONG: Duration = Duration::from_secs(240);

/// RDS shows the switchover as pending, and lets a member leave beside it.
fn world() -> Profile {
    let quick = Profile::quick("detach");
    Profile {
        simulator: Durations {
            failover_pending_ms: 600_000,
            switchover_ms: 600_000,
            ..quick.simulator
        },
        detach_during_failover: true,
        ..quick
    }
}

/// The home Region dies while RDS switches over to the standby.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let run = drill.start_planned(STANDBY).await?;
    drill
        .until(SOON, "RDS takes the switchover", async || {
            drill.called("planned-failover", "SwitchoverGlobalCluster")
        })
        .await;
    let mut played = drill.lose(HOME).await?;
    let planned = drill.end_of(&run, LONG).await;
    let outcome = planned.and_then(|run| run.outcome).unwrap_or_default();
    played.check(
        "the planned run fails, and gives the plan back",
        &*outcome,
        outcome == "failed",
    );
    let recovered = || {
        let mut runs = drill.runs.seen().into_iter();
        runs.any(|run| run.outcome.as_deref() == Some("succeeded"))
    };
    drill
        .until(LONG, "the standby takes over", async || recovered())
        .await;
    let found = if recovered() {
        "it does"
    } else {
        "it does not"
    };
    played.check(
        "a run by suspicion leaves the switchover and takes over",
        found,
        recovered(),
    );
    drill.writes_in(STANDBY).await;
    let row = drill
        .world
        .ledger()
        .row(&STANDBY.into(), &PLAN.into())
        .await?;
    let epoch = row.proven_epoch();
    played.check(
        format!(
            "{} is the proven writer, and no change of writer is open",
            cluster(STANDBY)
        ),
        format!("epoch {epoch}, intent {}", row.intent.is_some()),
        epoch.0 == 2 && row.intent.is_none(),
    );
    Ok(played)
}
