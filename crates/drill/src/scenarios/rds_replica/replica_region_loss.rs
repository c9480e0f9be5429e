//! A Region dies that has the source of a read replica, and replication was behind. When it comes back, the old writer is shut.

use failover::{evidence::Verdict, ledger::PlanState, ports::Ledger};

use crate::{
    profile::{HOME, PLAN, Profile, STANDBY},
    report::Check,
    scenario::{Drill, Ends, Outcome, Played, RETURN, SUSPECTED, Scenario, TOOK_OVER, Told},
    scenarios::actions::replication::fall_behind,
    world::Trouble,
};

pub(crate) static SCENARIO: Scenario = Scenario {
    name: "replica-region-loss",
    summary: "The home Region of an RDS instance dies whole, its read replica a few seconds behind: the replica is promoted, names and services are led over, and the old writer is shut when its Region comes back.",
    comes_out: "promoted, the lag costs rows, the old writer is fenced",
    world: Profile::quick_replica,
    play: |drill| Box::pin(play(drill)),
    ends: Ends::Recovered(Verdict::RegionDown, None),
    told: Told::Once(&[SUSPECTED, RETURN, TOOK_OVER, FENCED]),
    checks: lag_costs_rows,
    ..Scenario::USUAL
};

/// Part of a subject: the deposed writer is shut.
const FENCED: &str = "the deposed writer in us-west-2 was fenced";

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    fall_behind(drill).await;
    let mut played = drill.lose(HOME).await?;
    drill.ended(1).await;
    drill.writes_in(STANDBY).await;
    drill.world.return_region(HOME).await?;
    let fenced = drill.told(FENCED).await.is_some();
    let row = drill.world.ledger().row(&HOME.into(), &PLAN.into()).await;
    let under = row.ok().and_then(|row: PlanState| row.fenced);
    let found = under.map_or("none".to_owned(), |epoch| format!("epoch {epoch}"));
    played.check(
        "the old writer is shut under the new epoch when its Region is back",
        format!("fenced under {found}"),
        fenced && under.is_some_and(|epoch| epoch.0 == 2),
    );
    Ok(played)
}

/// Otherwise the measure of the loss would be tried on nothing.
fn lag_costs_rows(outcome: &Outcome) -> Vec<Check> {
    let bound = outcome.played.unreplicated.unwrap_or_default();
    vec![Check::new(
        "the lag of replication costs rows",
        format!("{bound} had not reached the standby"),
        bound > 0,
    )]
}
