//! RTO and RPO: what the client saw, what the ledger measured, and how the outage splits into phases.

use failover::ledger::{Ledger, Run};

use super::{play::Outcome, story};
use crate::{
    profile::PLAN,
    report::{Allowances, Moments, PlannedMove, Rpo, Rto, seconds},
    world::World,
};

/// What the run that acted left in the ledger, and what follows from it.
pub(super) struct Measured {
    /// The record of the last run in the standby's ledger.
    pub(super) run: Option<Run>,
    /// The loss.
    pub(super) rpo: Rpo,
    /// The recovery time.
    pub(super) rto: Rto,
    /// The planned moves of the writer.
    pub(super) planned_moves: Vec<PlannedMove>,
}

/// Measures a failover to `target`.
pub(super) async fn measure(target: &str, world: &World, outcome: &Outcome) -> Measured {
    let run = recorded(target, world, outcome).await;
    let loss = run
        .as_ref()
        .and_then(|run| run.closed.as_ref()?.rpo.clone());
    let rpo = Rpo {
        lost_beats: loss.as_ref().map(|loss| loss.beats),
        lost_window_seconds: loss.map(|loss| loss.seconds),
    };
    let ledger_seconds = run
        .as_ref()
        .and_then(|run| run.closed.as_ref()?.rto_seconds);
    let promoted = run.as_ref().is_some_and(|run| run.proof.is_some());
    let rto = if promoted {
        rto(target, world, outcome, ledger_seconds)
    } else {
        Rto::default()
    };
    Measured {
        run,
        rpo,
        rto,
        planned_moves: planned_moves(world, outcome),
    }
}

/// Each run that moved the writer as planned, and the pause that the client saw in it.
fn planned_moves(world: &World, outcome: &Outcome) -> Vec<PlannedMove> {
    let succeeded = outcome.runs.iter();
    let succeeded = succeeded.filter(|run| run.outcome.as_deref() == Some("succeeded"));
    let outages = outcome.record.outages();
    let history = world.simulator.history();
    let calls = world.front_door.calls();
    succeeded
        .filter_map(|run| {
            let mut states = run.states.iter();
            let began = states.find(|state| state.name == "PlannedFailover")?;
            let began = began.entered_at.as_millisecond();
            let ended = run
                .states
                .iter()
                .filter_map(|state| state.exited_at)
                .max()?;
            let within = |at: i64| (began..=ended.as_millisecond()).contains(&at);
            let mut outages = outages.iter();
            let outage = outages.find(|outage| within(outage.from_ms));
            let span = outage.and_then(|outage| Some((outage.from_ms, outage.until_ms?)));
            let Some(span) = span else {
                return Some(PlannedMove::unnoticed(&run.region));
            };
            let switched = history.iter().find_map(|happened| {
                let at = i64::try_from(happened.at).ok()?;
                let is_it = happened.what == "promotion completed" && within(at);
                is_it.then_some(at)
            });
            let moved = calls
                .iter()
                .filter(|call| call.operation == "ChangeResourceRecordSets")
                .map(story::answered_ms)
                .find(|at| within(*at));
            let endpoint = &world.endpoints[run.region.as_str()].writer;
            let ttl_wait = moved.and_then(|moved| outcome.record.ttl_wait_ms(moved, endpoint));
            let switched = switched.unwrap_or(span.0);
            Some(PlannedMove::new(
                &run.region,
                span,
                switched,
                ttl_wait.unwrap_or_default(),
            ))
        })
        .collect()
}

/// The record of the run that acted, or of the first that was admitted: a later one sees what the scenario has mended.
async fn recorded(target: &str, world: &World, outcome: &Outcome) -> Option<Run> {
    let acted = outcome
        .runs
        .iter()
        .find(|run| run.outcome.as_deref() == Some("succeeded"));
    let mut runs = outcome.runs.iter();
    let admitted = runs.find(|run| run.outcome.is_some());
    let run = acted.or(admitted).or(outcome.runs.last())?;
    world
        .ledger()
        .run(&target.into(), &PLAN.into(), &run.name.as_str().into())
        .await
        .ok()
        .flatten()
}

fn rto(target: &str, world: &World, outcome: &Outcome, ledger_seconds: Option<f64>) -> Rto {
    let after = |ms: &i64| *ms >= outcome.acted.at_ms;
    let calls = world.front_door.calls();
    let suspected = calls
        .iter()
        .filter(|call| story::is_suspicion(call))
        .map(story::answered_ms)
        .find(after);
    let dns_moved = calls
        .iter()
        .filter(|call| call.operation == "ChangeResourceRecordSets" && call.status == Some(200))
        .map(story::answered_ms)
        .find(after);
    let outage = outcome.record.main_outage();
    let left = |state: &str| {
        let states = outcome.runs.iter().flat_map(|run| &run.states);
        states
            .filter(|seen| seen.name == state)
            .filter_map(|seen| seen.exited_at)
            .map(|at| at.as_millisecond())
            .max()
    };
    let endpoint = &world.endpoints[target].writer;
    let moments = Moments::from_ms([
        outage.as_ref().map(|outage| outage.from_ms),
        suspected,
        left("ConfirmOutage"),
        left("ProveWriter"),
        dns_moved,
        outage.and_then(|outage| outage.until_ms),
    ]);
    let ttl_wait_ms = dns_moved.and_then(|moved| outcome.record.ttl_wait_ms(moved, endpoint));
    let allowances = Allowances {
        confirm_timeout_seconds: seconds(
            i64::try_from(world.profile.confirm_timeout_ms).unwrap_or(i64::MAX),
        ),
        promotion_seconds: promotion_ms(world).map(seconds),
        ttl_wait_seconds: ttl_wait_ms.map(seconds),
    };
    Rto::measure(ledger_seconds, moments, &allowances)
}

/// How long the simulated RDS held the promotion, from accepting the call to its completion.
fn promotion_ms(world: &World) -> Option<i64> {
    let history = world.simulator.history();
    let at = |words: &[&str]| {
        let happened = history
            .iter()
            .find(|transition| words.contains(&transition.what.as_str()))?;
        i64::try_from(happened.at).ok()
    };
    Some(at(&["promotion completed"])? - at(&["detach accepted", "managed failover accepted"])?)
}
