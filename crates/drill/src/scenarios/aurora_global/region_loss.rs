//! A Region dies, and replication was behind.

use failover::{evidence::Verdict, plan::Strategy};

use crate::{
    profile::HOME,
    report::Check,
    scenario::{Drill, Ends, Outcome, Played, RETURN, SUSPECTED, Scenario, TOOK_OVER, Told},
    scenarios::actions::replication::fall_behind,
    world::Trouble,
};

pub(crate) static SCENARIO: Scenario = Scenario {
    name: "region-loss",
    summary: "The home Region dies whole, replication a few seconds behind: the standby is detached and promoted, the writer's name moves, and writes go on.",
    comes_out: "promoted by detach, writes go on, the lag costs rows",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::Recovered(Verdict::RegionDown, Some(Strategy::Detach)),
    told: Told::Once(&[SUSPECTED, RETURN, TOOK_OVER]),
    checks: lag_costs_rows,
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    fall_behind(drill).await;
    let played = drill.lose(HOME).await?;
    drill.ended(1).await;
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
