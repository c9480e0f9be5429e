//! An invocation's looks at one plan's writer, one after the other, and what it remembers from look to look.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Action, LedgerWriter, Sessions, Until, WatchedPlan, held, next_action,
    record::record,
    unanswered::{self, Asked},
    unfinished::page,
};
use crate::health_probe::plans::{Fault, tell_fault};
use failover::{
    Error,
    beat::{Vantage, Write},
    domain::Incident,
    guard::not_adopted,
    ledger::{KeptPlan, PlanState},
    plan::Plan,
    ports::{Functions, Heart, Ledger, Parameters, People, Runtime, Secrets, Suspicion, update_if},
};

/// What is remembered from look to look.
struct Remembered {
    row: PlanState,
    vantage: Option<Vantage>,
    asked: Asked,
    /// What is wrong and does not pass with a look.
    fault: Option<String>,
}

/// Looks at the writer at every interval, until the invocation ends.
///
/// # Errors
/// `NotReady` where no ledger names a writer, `Unavailable`.
pub(super) async fn look_until<S>(
    world: &(impl Ledger + Runtime + Parameters + Functions + Secrets + People + Heart<Session = S>),
    (known, fault): (&KeptPlan, Option<&Fault>),
    until: Until,
    sessions: &mut Sessions<S>,
    watched: &mut WatchedPlan,
) -> Result<(), Error> {
    let plan = &known.plan;
    let interval = Duration::from_secs(plan.detection.interval_seconds);
    let (row, vantage) = begin(world, plan, until).await?;
    page(world, plan, &row).await;
    tell_fault(world, plan, &row, fault).await;
    let mut remembered = Remembered {
        row,
        vantage,
        asked: Asked::default(),
        fault: watched.fault.clone(),
    };
    loop {
        let began = world.now();
        let is_undecided = look(world, known, sessions, &mut remembered, watched).await?;
        let next = began + interval;
        if until.is_reached(next, is_undecided) {
            return Ok(());
        }
        world.pause(from_now(world, next)).await;
    }
}

/// What this Region's ledger holds before the first look. One answer that is lost must not leave the plan unwatched for a minute.
async fn begin(
    world: &(impl Ledger + Runtime),
    plan: &Plan,
    until: Until,
) -> Result<(PlanState, Option<Vantage>), Error> {
    let (here, name) = (world.region(), &plan.plan);
    let interval = Duration::from_secs(plan.detection.interval_seconds);
    let read = async || {
        Ok((
            world.row(here, name).await?,
            world.vantage(here, name).await?,
        ))
    };
    loop {
        match read().await {
            Err(Error::Unavailable(why)) if !until.is_reached(world.now() + interval, false) => {
                tracing::warn!(plan = %name, why, "the ledger is read again");
                world.pause(interval).await;
            }
            other => return other,
        }
    }
}

fn from_now(world: &impl Runtime, then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(world.now())).unwrap_or_default()
}

/// One look, what is recorded of it and what it leads to; whether the writer fails and nobody was asked yet.
async fn look<S>(
    world: &(impl Ledger + Runtime + Parameters + Functions + Secrets + People + Heart<Session = S>),
    known: &KeptPlan,
    sessions: &mut Sessions<S>,
    remembered: &mut Remembered,
    watched: &mut WatchedPlan,
) -> Result<bool, Error> {
    let plan = &known.plan;
    let timeout = Duration::from_secs(plan.detection.timeout_seconds);
    let writer = LedgerWriter::of(&remembered.row).ok_or_else(|| not_adopted(&plan.plan))?;
    let (look, _) = sessions.look(world, known, &writer, timeout).await;
    let (before, row) = (remembered.vantage.take(), remembered.row.clone());
    let (seen, row) = record(world, plan, before, (look, &writer), row).await;
    watched.looks += 1;
    remembered.row = settled(world, plan, &seen, row).await;
    let (row, asked) = (&remembered.row, &mut remembered.asked);
    let action = next_action(&seen, row, &plan.detection, asked.last_at, world.now());
    let fault = follow(world, plan, (&seen, row, &writer), asked, action).await;
    remembered.fault = remembered.fault.take().or(fault);
    watched.fault = remembered.fault.clone().or_else(|| blind(&seen.write));
    watched.suspected = asked.last_at.is_some();
    held::tell(world, plan, &seen, row).await;
    let is_elsewhere = seen.region != seen.writer_region;
    let is_undecided = seen.failures > 0 && !watched.suspected && is_elsewhere;
    remembered.vantage = Some(seen);
    Ok(is_undecided)
}

async fn follow(
    world: &(impl Ledger + Runtime + Parameters + Functions + People),
    plan: &Plan,
    (seen, row, writer): (&Vantage, &PlanState, &LedgerWriter),
    asked: &mut Asked,
    action: Action,
) -> Option<String> {
    let suspicion = suspicion(seen, plan, writer);
    unanswered::follow(world, plan, asked, (&suspicion, row), action).await
}

/// The row after a look: where a beat was committed, what people were told of an outage is past, and the next suspicion is news again.
async fn settled(
    world: &(impl Ledger + Runtime),
    plan: &Plan,
    seen: &Vantage,
    row: PlanState,
) -> PlanState {
    if seen.write.is_failure() {
        tracing::warn!(plan = %plan.plan, failures = seen.failures, write = ?seen.write, "a beat failed");
        return row;
    }
    if !clears(seen, &row) {
        return row;
    }
    match update_if(world, world.region(), &plan.plan, PlanState::commits_again).await {
        Ok(next) => next.unwrap_or(row),
        Err(why) => {
            tracing::warn!(plan = %plan.plan, %why, "what people were told stays");
            row
        }
    }
}

/// Why a look saw nothing of the writer, good or bad.
pub(super) fn blind(write: &Write) -> Option<String> {
    match write {
        Write::Misconfigured { .. } | Write::Unattempted { .. } => Some(write.to_string()),
        Write::Committed { .. }
        | Write::Failed { .. }
        | Write::Saturated { .. }
        | Write::Starting { .. }
        | Write::Exhausted { .. }
        | Write::Answered { .. }
        | Write::ReadOnly
        | Write::OtherEpoch { .. }
        | Write::Stopped { .. } => None,
    }
}

/// Whether a look ends what people were told or asked of an outage. A run that closes tells first and marks a no afterwards:
/// a beat in between must not leave the no behind.
pub(super) fn clears(seen: &Vantage, row: &PlanState) -> bool {
    seen.write.is_committed() && row.commits_again().is_some()
}

fn suspicion(vantage: &Vantage, plan: &Plan, writer: &LedgerWriter) -> Suspicion {
    Suspicion {
        plan: plan.plan.clone(),
        topology: plan.kind(),
        incident: Incident {
            plan: plan.plan.clone(),
            epoch: writer.epoch,
        },
        observer_region: vantage.region.clone(),
        writer_region: vantage.writer_region.clone(),
        evidence: vantage.clone(),
        last_beat: vantage.last_beat,
    }
}
