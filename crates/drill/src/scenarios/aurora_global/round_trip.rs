//! Lost, back and home, again and again.

use std::collections::BTreeSet;

use failover::ports::Ledger;
use serde_json::json;

use crate::{
    profile::{HOME, PLAN, STANDBY},
    scenario::{Drill, Ends, FAILBACK, Played, Scenario, Told},
    scenarios::{
        actions::{failback::start, replication::fall_behind},
        checks::{
            home::{endpoint, home, members},
            ledgers::{home_learns, writer_is},
            losses,
            rows::unreplicated_by,
        },
        rds::create_reports,
    },
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "round-trip",
    summary: "Three times: the Region is lost, comes back, the writer goes home, and is switched over both ways.",
    comes_out: "only the losses lose rows, none is doubled",
    plan: || json!({"unplanned": {"cooldown_minutes": 0}}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::OnceARound,
    by_name_only: true,
    ..Scenario::USUAL
};

/// How often `round-trip` goes round.
const ROUNDS: u64 = 3;

/// Loses the Region, goes home, and switches over both ways, again and again.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    create_reports(drill).await?;
    let mut epoch = 1;
    let mut ever_lost = BTreeSet::new();
    for round in 1..=ROUNDS {
        let text = format!("round {round} of {ROUNDS}");
        drill.world.timeline.say(Kind::Setup, "the drill", text);
        let earlier = unreplicated_by(drill, HOME).await?;
        fall_behind(drill).await;
        let before = drill.runs.seen().len();
        // What earlier rounds lost is lacking still, so that the last count holds it all.
        played.unreplicated = drill.lose(HOME).await?.unreplicated;
        drill.ended(before + 1).await;
        drill.writes_in(STANDBY).await;
        drill.world.simulator.mend_replication(STANDBY).await;
        drill.world.return_region(HOME).await?;
        drill.world.watch_now(HOME).await?;
        home_learns(drill, epoch + 1).await;
        let lost = unreplicated_by(drill, STANDBY).await?;
        let run = start(drill, &json!({"plan": PLAN, "approval": "given"})).await?;
        home(drill, &mut played, (&run, epoch + 2), lost).await?;
        ever_lost = losses::equal(drill, &mut played, &ever_lost).await?;
        epoch += 2;
        for to in [STANDBY, HOME] {
            let run = drill.start_planned(to).await?;
            drill.end_of(&run, FAILBACK).await;
            epoch += 1;
            drill.writes_in(to).await;
            played.checks.extend(writer_is(drill, to, epoch).await);
        }
        let after = unreplicated_by(drill, HOME).await?;
        played.check(
            format!("round {round}: only the loss of the Region loses rows"),
            format!("{earlier} before, {lost} after the loss, {after} at the end"),
            after == lost,
        );
        members(drill, &mut played, 2).await;
        // The cool-down keeps the next loss from being answered.
        let row = drill.world.ledger().row(&HOME.into(), &PLAN.into()).await?;
        played.check(
            format!("round {round}: no lease and no intent is left"),
            format!("{:?}, {:?}", row.lease, row.intent),
            row.lease.is_none() && row.intent.is_none(),
        );
    }
    endpoint(drill, &mut played).await;
    Ok(played)
}
