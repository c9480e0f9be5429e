//! RTO and RPO: what the client saw, what the ledger measured, and how the outage splits into phases.

use failover::ledger::{Ledger, Run};

use super::{play::Outcome, story};
use crate::{
    profile::PLAN,
    report::{Allowances, Moments, Rpo, Rto, seconds},
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
    Measured { run, rpo, rto }
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
