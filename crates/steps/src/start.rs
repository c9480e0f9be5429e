//! Starts a state machine's run by one call of the function that the run is about: who repeats the call finds the first run.

mod arc;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::recovery_ledger::Asked;
use failover::{
    Error,
    domain::{Region, RunId},
    ledger::{Claim, PlanState, RunKind},
    pass::{answer, is_false, take},
    ports::{Execution, Functions, Ledger, Runtime, update_if},
};

/// How often another name is tried where the last one's run has ended.
const NAMES: usize = 3;
/// The longest plan name that fits into an execution's, which has 80 characters at most: a kind has nine, a Region fourteen.
const PLAN_CHARACTERS: usize = 40;

/// What a start answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Answer {
    action: &'static str,
    reason: String,
    #[serde(skip_serializing_if = "is_false")]
    dry_run: bool,
    execution: String,
}

/// Starts the machine where the payload says `start` or a step of a Region switch plan calls, or else makes a pass.
///
/// # Errors
/// `InvalidRequest` for a word that the machine does not take, `RunRefused` while another run holds the plan, and those of
/// the ledger and of the pass.
pub async fn or<W: Ledger + Runtime + Functions>(
    world: &W,
    kind: RunKind,
    mut payload: Value,
    pass: impl AsyncFnOnce(Value) -> Result<Value, Error>,
) -> Result<Value, Error> {
    let step = arc::Step::taken(&mut payload)?;
    let starts: bool = take(&mut payload, "start")?.unwrap_or_default();
    if !starts && step.is_none() {
        return pass(payload).await;
    }
    if let Some(step) = &step {
        payload = step.of_plan(payload);
    }
    let call = Call {
        kind,
        asked: Asked::read(kind, payload.clone())?,
        payload,
    };
    if step.is_some() {
        arc::moves(&call.asked)?;
    }
    if call.asked.dry_run {
        let execution = world.start(None, &call.payload).await?;
        let execution = execution.ok_or_else(|| again(&call.asked))?;
        return said("start_dry_run", "the machine's dry run", true, execution);
    }
    if let Some(step) = &step {
        return arc::answered(world, &call, step).await;
    }
    for _ in 0..NAMES {
        if let Some(answered) = started(world, &call).await? {
            return Ok(answered);
        }
    }
    Err(again(&call.asked))
}

/// What the machine is to be started for.
struct Call {
    kind: RunKind,
    asked: Asked,
    payload: Value,
}

/// Starts a run under the next name, or answers the one that is under way; `None` where the run of that name has ended.
async fn started(
    world: &(impl Ledger + Runtime + Functions),
    call: &Call,
) -> Result<Option<Value>, Error> {
    let here = world.region();
    let (row, now) = (world.row(here, &call.asked.plan).await?, world.now());
    let own = row.live_lease(now);
    let own = own.filter(|lease| is_ours(&lease.run_id, &row, (call.kind, here)));
    if let Some(lease) = own
        && let Some(answered) = holder(world, call, &lease.run_id).await?
    {
        return Ok(Some(answered));
    }
    let name = name(&row, (call.kind, here));
    opens(&row, &claim(call, &name, here), own.is_some(), now)?;
    if let Some(execution) = world.start(Some(&name), &call.payload).await? {
        return said("start", "is under way", false, execution).map(Some);
    }
    let found = world.look_at_execution(&name).await?;
    if !found.ended {
        return repeated(call, &name, found).map(Some);
    }
    update_if(world, here, &call.asked.plan, |kept| {
        kept.count_on(row.token)
    })
    .await?;
    Ok(None)
}

/// What is answered of the run that holds the plan and was started like this; `None` where it has ended.
async fn holder(world: &impl Functions, call: &Call, run: &RunId) -> Result<Option<Value>, Error> {
    let arn = world.execution(run)?;
    match world.look_at_execution(run).await {
        Ok(found) if found.ended => Ok(None),
        Ok(found) => repeated(call, run, found).map(Some),
        Err(why) => {
            let what = format!(
                "holds the plan, and nobody knows whether it is under way, nor with which input: {why}"
            );
            said("none", &what, false, arn).map(Some)
        }
    }
}

fn claim(call: &Call, name: &RunId, here: &Region) -> Claim {
    Claim {
        run_id: name.clone(),
        kind: call.kind,
        incident: call.asked.incident.clone(),
        from: call.asked.from_region.as_ref().unwrap_or(here).clone(),
        to: here.clone(),
    }
}

/// Whether OpenRun would let the run open beside what this Region's ledger holds: free, lapsed, or silent for longer than a run
/// can be and live. An unplanned run also opens behind one that waits for a human's answer.
fn opens(row: &PlanState, claim: &Claim, has_ended: bool, now: Timestamp) -> Result<(), Error> {
    let Err(why) = row.claim(claim, now) else {
        return Ok(());
    };
    let Some(lease) = row.held_by_another(&claim.run_id, now) else {
        return Err(why);
    };
    if lease.waits_for_human && claim.kind == RunKind::UnplannedFailover {
        return Ok(());
    }
    let (run, plan, until) = (&lease.run_id, &row.plan, lease.expires_at);
    Err(Error::RunRefused(if has_ended {
        format!(
            "run {run} has ended and did not give plan {plan} back, which it holds until {until}; call recovery-ledger with the operation release and that run_id, then call again"
        )
    } else {
        format!(
            "run {run}, of the kind {}, holds plan {plan} until {until}; wait for its end",
            word(lease.kind)
        )
    }))
}

/// Answers the run that is under way, if it is the one that is asked for.
fn repeated(call: &Call, run: &RunId, found: Execution) -> Result<Value, Error> {
    let Some(first) = &found.input else {
        let what = "is under way already; what it was started with is not shown, so look at it";
        return said("none", what, false, found.arn);
    };
    if Asked::read(call.kind, first.clone()).is_ok_and(|first| first == call.asked) {
        return said("none", "is under way already", false, found.arn);
    }
    Err(Error::RunRefused(format!(
        "run {run} of plan {} is under way with another input, which has {}; wait for its end, or repeat its input",
        call.asked.plan,
        difference(first, &call.payload)
    )))
}

/// The fields in which two inputs differ, each with both values.
fn difference(first: &Value, second: &Value) -> String {
    let given = |input: &Value, field: &str| {
        let value = input.get(field).filter(|value| !value.is_null());
        value.map_or("nothing".to_owned(), ToString::to_string)
    };
    let objects = [first, second].into_iter().filter_map(Value::as_object);
    let fields: BTreeSet<_> = objects.flat_map(|object| object.keys()).collect();
    let differ = fields.into_iter().filter_map(|field| {
        let [first, second] = [first, second].map(|input| given(input, field));
        (first != second).then(|| format!("{field} {first} where this call has {second}"))
    });
    differ.collect::<Vec<_>>().join(", and ")
}

fn again(asked: &Asked) -> Error {
    Error::Unavailable(format!(
        "the run of plan {} could not be named: others start and end meanwhile; call again",
        asked.plan
    ))
}

fn said(
    action: &'static str,
    what: &str,
    dry_run: bool,
    execution: String,
) -> Result<Value, Error> {
    let name = execution.rsplit(':').next().unwrap_or_default();
    let reason = format!("{name}: {what}");
    tracing::info!(action, reason, execution, "start");
    answer(Answer {
        action,
        reason,
        dry_run,
        execution,
    })
}

const fn word(kind: RunKind) -> &'static str {
    match kind {
        RunKind::UnplannedFailover => "unplanned-failover",
        RunKind::PlannedFailover => "planned-failover",
        RunKind::Failback => "failback",
    }
}

/// The kind in an execution's name.
const fn short(kind: RunKind) -> &'static str {
    match kind {
        RunKind::UnplannedFailover => "unplanned",
        RunKind::PlannedFailover => "planned",
        RunKind::Failback => "failback",
    }
}

/// The execution's name: the plan, its epoch, the kind, the ledger's count of leases, and this Region, since another one's count
/// may stand where this one's does. Until a run has opened, every call finds the same name.
fn name(row: &PlanState, (kind, here): (RunKind, &Region)) -> RunId {
    let plan: String = row.plan.0.chars().take(PLAN_CHARACTERS).collect();
    RunId(format!(
        "{plan}-{}-{}-{}-{here}",
        row.proven_epoch(),
        short(kind),
        row.token
    ))
}

/// Whether a lease belongs to a run of this kind that was started like this in this Region.
fn is_ours(run_id: &RunId, row: &PlanState, (kind, here): (RunKind, &Region)) -> bool {
    let plan: String = row.plan.0.chars().take(PLAN_CHARACTERS).collect();
    let rest = run_id.0.strip_prefix(&format!("{plan}-"));
    let rest = rest.and_then(|rest| rest.strip_suffix(&format!("-{here}")));
    let rest = rest.and_then(|rest| rest.split_once(&format!("-{}-", short(kind))));
    rest.is_some_and(|(epoch, count)| is_number(epoch) && is_number(count))
}

fn is_number(text: &str) -> bool {
    text.parse::<u64>().is_ok()
}

#[cfg(test)]
mod tests;
