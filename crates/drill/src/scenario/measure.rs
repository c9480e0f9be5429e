//! RTO and RPO: what the client saw, what the ledger measured, and how the outage splits into phases.

mod recovery;

use failover::{ledger::Run, ports::Ledger};

use self::recovery::{Recovery, Seen, recovery};
use super::{outcome::Outcome, suspicions};
use crate::{
    profile::PLAN,
    report::{self, Allowances, PlannedMove, Rpo, Rto, seconds},
    world::World,
};

/// What the run that acted left in the ledger, and what follows from it.
pub(super) struct Measured {
    /// The record of the run that acted, in the ledger of its Region.
    pub(super) run: Option<Run>,
    /// The loss.
    pub(super) rpo: Rpo,
    /// The recovery time.
    pub(super) rto: Rto,
    /// The planned moves of the writer.
    pub(super) planned_moves: Vec<PlannedMove>,
}

/// Measures a failover to `target`, and every planned move.
pub(super) async fn measure(target: &str, world: &World, outcome: &Outcome) -> Measured {
    let seen = seen(world);
    let outages = outcome.record.outages();
    let recovery = recovery(&outages, &outcome.runs, &seen);
    let acted = acted(outcome, recovery.as_ref());
    let run = match acted {
        Some(run) => record(target, world, run).await,
        None => None,
    };
    // What no unplanned run proved is nothing that was recovered from.
    let recovered = recovery.filter(|_| run.as_ref().is_some_and(|run| run.proof.is_some()));
    let closed = run.as_ref().and_then(|run| run.closed.as_ref());
    let closed = closed.filter(|_| recovered.is_some());
    let loss = closed.and_then(|closed| closed.rpo.clone());
    let ledger_seconds = closed.and_then(|closed| closed.rto_seconds);
    Measured {
        rpo: Rpo {
            lost_beats: loss.as_ref().map(|loss| loss.beats),
            lost_window_seconds: loss.map(|loss| loss.seconds),
        },
        rto: recovered.map_or_else(Rto::default, |recovery| {
            rto(target, world, outcome, recovery, ledger_seconds)
        }),
        planned_moves: planned_moves(world, outcome).await,
        run,
    }
}

/// What the front door and the simulated RDS saw.
fn seen(world: &World) -> Seen {
    let calls = world.front_door.calls();
    let history = world.simulator.history();
    let happened = |words: &[&str]| -> Vec<i64> {
        let them = history
            .iter()
            .filter(|transition| words.contains(&transition.what.as_str()));
        them.filter_map(|transition| i64::try_from(transition.at).ok())
            .collect()
    };
    let changed = calls
        .iter()
        .filter(|call| call.operation == "ChangeResourceRecordSets" && call.status == Some(200));
    let suspected = calls.iter().filter(|call| suspicions::is_published(call));
    Seen {
        suspected: suspected.map(suspicions::answered_ms).collect(),
        dns_changed: changed
            .map(|call| {
                let asked = i64::try_from(call.at_ms).unwrap_or(i64::MAX);
                (asked, suspicions::answered_ms(call))
            })
            .collect(),
        promotion_taken: happened(&[
            "detach accepted",
            "managed failover accepted",
            "promotion accepted",
        ]),
        promotion_completed: happened(&["promotion completed"]),
    }
}

/// The run that took over, or else the first that succeeded, or that was admitted: a later one sees what the scenario has mended.
fn acted<'a>(outcome: &'a Outcome, recovery: Option<&Recovery<'a>>) -> Option<&'a report::Run> {
    let runs = || outcome.runs.iter();
    let succeeded = || runs().find(|run| run.outcome.as_deref() == Some("succeeded"));
    let admitted = || runs().find(|run| run.outcome.is_some());
    recovery
        .map(|recovery| recovery.run)
        .or_else(succeeded)
        .or_else(admitted)
        .or(outcome.runs.last())
}

/// What a Region's ledger holds of a run.
async fn record(region: &str, world: &World, run: &report::Run) -> Option<Run> {
    let name = run.name.as_str().into();
    let ledger = world.ledger();
    let read = ledger.run(&region.into(), &PLAN.into(), &name).await;
    read.ok().flatten()
}

fn rto(
    target: &str,
    world: &World,
    outcome: &Outcome,
    recovery: Recovery<'_>,
    ledger_seconds: Option<f64>,
) -> Rto {
    let endpoint = &world.endpoints[target].writer;
    let waited = recovery
        .dns_moved
        .and_then(|moved| outcome.record.ttl_wait_ms(moved, endpoint));
    let allowances = Allowances {
        confirm_timeout_seconds: seconds(
            i64::try_from(world.profile.confirm_timeout_ms).unwrap_or(i64::MAX),
        ),
        promotion_seconds: recovery.promotion_ms.map(seconds),
        ttl_wait_seconds: waited.map(seconds),
    };
    Rto::measure(ledger_seconds, recovery.moments, &allowances)
}

/// Each run that moved the writer as planned, and the pause that the client saw in it.
async fn planned_moves(world: &World, outcome: &Outcome) -> Vec<PlannedMove> {
    let mut moves = Vec::new();
    let succeeded = outcome.runs.iter();
    let succeeded = succeeded.filter(|run| run.outcome.as_deref() == Some("succeeded"));
    for run in succeeded {
        let Some(planned) = planned_move(world, outcome, run) else {
            continue;
        };
        let closed = record(&run.region, world, run)
            .await
            .and_then(|run| run.closed);
        moves.push(PlannedMove {
            rto_seconds: closed.and_then(|closed| closed.rto_seconds),
            ..planned
        });
    }
    moves
}

/// The state that stops a writer before its replica is promoted.
const STOPPING: &str = "StopWrites";
/// The states that begin to move a living writer.
const MOVING: [&str; 2] = ["PlannedFailover", STOPPING];

fn planned_move(world: &World, outcome: &Outcome, run: &report::Run) -> Option<PlannedMove> {
    let mut states = run.states.iter();
    let began = states.find(|state| MOVING.contains(&state.name.as_str()))?;
    let (is_stopped, began) = (began.name == STOPPING, began.entered_at);
    let ended = run
        .states
        .iter()
        .filter_map(|state| state.exited_at)
        .max()?;
    let within = |at: i64| (began.as_millisecond()..=ended.as_millisecond()).contains(&at);
    let planned = PlannedMove::unnoticed(&run.region, (began, ended));
    let mut outages = outcome.record.outages().into_iter();
    let outage = outages.find(|outage| within(outage.from_ms));
    let span = outage.and_then(|outage| Some((outage.from_ms, outage.until_ms?)));
    let Some(span) = span else {
        return Some(planned);
    };
    let seen = seen(world);
    let mut switched = seen.promotion_completed.into_iter();
    let switched = switched.find(|at| within(*at));
    // Where the writer is stopped before the call, only what follows the call is what RDS took.
    let mut taken = seen.promotion_taken.into_iter().filter(|_| is_stopped);
    let taken = taken.find(|at| within(*at)).unwrap_or(span.0);
    let switched = switched.map(|switched| span.0 + (switched - taken));
    let mut moved = seen.dns_changed.into_iter();
    let moved = moved.find(|(_, answered)| within(*answered));
    let endpoint = &world.endpoints[run.region.as_str()].writer;
    let ttl_wait = moved.and_then(|(_, moved)| outcome.record.ttl_wait_ms(moved, endpoint));
    Some(planned.paused(
        span,
        switched.unwrap_or(span.0),
        ttl_wait.unwrap_or_default(),
    ))
}
