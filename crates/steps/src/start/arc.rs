//! A run as a custom action of an ARC Region switch plan. Its step calls a Lambda function, and calls it again after the step's
//! retry interval until that does not fail: so each call here finds the step's run, or starts it, and fails until the run is over.
//! One execution of a step has one run that changes anything. Another one follows only a run that began nothing.
//!
//! Source of what a step sends: <https://docs.aws.amazon.com/arc-region-switch/latest/api/API_Lambdas.html>. Whether a call may
//! come in while another one is under way is not said anywhere, and harms nothing here.

use failover::{
    Error,
    beat::Beat,
    domain::{PlanName, Region, RunId, stable_hash},
    ledger::{Closed, Outcome, PlanState, Rows, Run, RunKind},
    pass::{SILENCE, by_hand, take},
    ports::{self, Functions, Ledger, Runtime},
};
use serde_json::{Value, json};

use crate::confirm_outage::BEAT_OLD;

use super::{Asked, Call, NAMES, claim, opens, said, short};

/// The longest part of a plan's name that fits into an execution's, beside what tells it from all others: that has 80 characters.
const PLAN_CHARACTERS: usize = 34;

/// A step of an execution, as it says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    execution: String,
    name: String,
}

impl Step {
    /// Takes what ARC adds to a step's own payload out of that; `None` where somebody else calls.
    ///
    /// # Errors
    /// `InvalidRequest` for a field of another form.
    pub(super) fn taken(payload: &mut Value) -> Result<Option<Self>, Error> {
        let mut field = |name| take::<String>(payload, name);
        let is_arcs = [field("InvokedBy")?, field("PlanArn")?] != [None, None];
        let (execution, name) = (field("ExecutionId")?, field("StepName")?);
        match (execution, name) {
            (None, None) if !is_arcs => Ok(None),
            (Some(execution), Some(name)) => Ok(Some(Self { execution, name })),
            (None, _) => Err(missing("ExecutionId")),
            (Some(_), None) => Err(missing("StepName")),
        }
    }

    /// The step's own payload, where it has one, names the plan. Without one the step is called like the plan.
    pub(super) fn of_plan(&self, mut payload: Value) -> Value {
        if payload.get("plan").is_none() {
            payload["plan"] = json!(self.name);
        }
        payload
    }

    /// The run of this step, for a plan in a Region, or the one that follows so many which began nothing.
    fn run_id(&self, asked: &Asked, (kind, here): (RunKind, &Region), before: usize) -> RunId {
        let plan = &asked.plan.0;
        let mut whole = format!("{plan}\n{}\n{}", self.execution, self.name);
        if before > 0 {
            whole.push_str(&format!("\n{before}"));
        }
        let plan: String = plan.chars().take(PLAN_CHARACTERS).collect();
        let (hash, kind) = (stable_hash(&whole), short(kind));
        RunId(format!("{plan}-arc-{hash:016x}-{kind}-{here}"))
    }
}

fn missing(field: &str) -> Error {
    Error::InvalidRequest(format!(
        "{field} is missing; a step of a Region switch plan sends it beside the others"
    ))
}

/// Refuses what moves no writer: the step would be told that it is done.
///
/// # Errors
/// `InvalidRequest`.
pub(super) fn moves(asked: &Asked) -> Result<(), Error> {
    let rehearses = asked.failback.as_ref().is_some_and(|asked| asked.rehearse);
    let given = [("dry_run", asked.dry_run), ("rehearse", rehearses)];
    match given.into_iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((field, _)) => Err(Error::InvalidRequest(format!(
            "{field} is true, and a step of a Region switch plan is there to move the writer; leave it out of the step's payload"
        ))),
    }
}

/// Answers a step whose run has done what it was for, and starts that run where there is none.
///
/// # Errors
/// `Unavailable` while it is under way, or a ledger is silent: the step calls again. `RunRefused` where it ended otherwise or cannot be
/// started. `UnexpectedTopology` where another Region's ledger knows a later writer.
pub(super) async fn answered(
    world: &(impl Ledger + Runtime + Functions),
    call: &Call,
    step: &Step,
) -> Result<Value, Error> {
    let (here, plan) = (world.region(), &call.asked.plan);
    let row = world.row(here, plan).await?;
    if let Some(by) = brought_here(&row, here)
        && has_moved(world, call, (&row, by)).await?
    {
        stands_here(world, call, &row).await?;
        is_seen_here(world, plan, &row).await?;
        let reason = format!("{here} has the writer of plan {plan} already (run {by})");
        return Ok(json!({"action": "none", "reason": reason}));
    }
    let mut last = None;
    for before in 0..NAMES {
        let name = step.run_id(&call.asked, (call.kind, here), before);
        match world.run(here, plan, &name).await? {
            Some(Run {
                closed: Some(closed),
                ..
            }) => last = Some(ended(world, call, &row, (&name, &closed)).await?),
            Some(run) => return Err(open(world, &run).await),
            None => last = Some(started(world, call, (&row, name)).await?),
        }
        if let Some(Ended::Answered(answer)) = last {
            return Ok(answer);
        }
    }
    Err(match last {
        Some(Ended::BeganNothing(why)) => why,
        Some(Ended::Answered(_)) | None => super::again(&call.asked),
    })
}

/// What came of one of the step's runs.
enum Ended {
    /// It did what the step is for.
    Answered(Value),
    /// It began nothing, so that another one may follow; this is said where none may.
    BeganNothing(Error),
}

/// What is answered of a run of the step that is closed.
async fn ended(
    world: &(impl Ledger + Runtime + Functions),
    call: &Call,
    row: &PlanState,
    (name, closed): (&RunId, &Closed),
) -> Result<Ended, Error> {
    match closed.outcome {
        Outcome::Succeeded => {
            stands_here(world, call, row).await?;
            let arn = world.execution(name)?;
            said("none", "has done what the step is for", false, arn).map(Ended::Answered)
        }
        // Whoever said no to a failback is not asked again.
        Outcome::Aborted
            if call.kind != RunKind::Failback && row.intent.is_none() && row.stop.is_none() =>
        {
            Ok(Ended::BeganNothing(over(name, closed)))
        }
        Outcome::Aborted
        | Outcome::StoodDown
        | Outcome::Failed
        | Outcome::Rebuilt
        | Outcome::HandedOver => Err(over(name, closed)),
    }
}

/// The run that proved the writer here, unless another change of writer has begun.
fn brought_here<'a>(row: &'a PlanState, here: &Region) -> Option<&'a RunId> {
    let current = row.current.as_ref()?;
    (current.writer == *here && row.intent.is_none()).then_some(&current.run_id)
}

/// Whether the run that proved the writer here has led applications, too: an outage may have started it before ARC did. Where it died
/// or failed on the way, and no later one has finished it, the step's own run does.
///
/// # Errors
/// `Unavailable` while it is under way.
async fn has_moved(
    world: &(impl Ledger + Runtime),
    call: &Call,
    (row, by): (&PlanState, &RunId),
) -> Result<bool, Error> {
    let Some(run) = world.run(world.region(), &call.asked.plan, by).await? else {
        // Somebody adopted it, or it was so long ago that the record is gone.
        return Ok(true);
    };
    // A pass by hand is closed once its own step is done, with all that follows it left to whoever made it.
    if by_hand::is_by_hand(by) {
        return Ok(run.finished_by.is_some());
    }
    let Some(closed) = &run.closed else {
        let lease = row.live_lease(world.now());
        return match lease.is_some_and(|lease| lease.run_id == *by) {
            true => Err(under_way(by)),
            false => Ok(false),
        };
    };
    Ok(closed.outcome == Outcome::Succeeded || run.finished_by.is_some())
}

/// That this Region has the writer by every member Region's ledger. One that was cut off may take itself for the writer still.
///
/// # Errors
/// `Unavailable` where one is silent, `UnexpectedTopology` where one knows a later writer or change of writer, `RunRefused` where a run
/// that is under way leads elsewhere.
async fn stands_here(
    world: &(impl Ledger + Runtime),
    call: &Call,
    row: &PlanState,
) -> Result<(), Error> {
    let (here, name, now) = (world.region(), &call.asked.plan, world.now());
    let Some(known) = world.known(here, name).await? else {
        return Err(by_hand::unknown(world, name).await);
    };
    let members = known.plan.members().keys();
    let rows = rows(world, members, name).await?;
    let of = row.proven_epoch();
    let is_later = |(region, row): &(&Region, &PlanState)| {
        let stop = row.stop.as_ref().filter(|stop| stop.from == **region);
        row.proven_epoch() > of || stop.is_some_and(|stop| stop.epoch > of)
    };
    let current = rows.current().filter(|current| current.writer == *here);
    if current.is_none() || rows.intent().is_some() || rows.0.iter().any(|row| is_later(&row)) {
        return Err(Error::UnexpectedTopology(format!(
            "this Region's ledger has {here} as the writer of plan {name} at epoch {of}, and another one's knows a later change; look which member is the writer"
        )));
    }
    let mut leases = rows.0.values().filter_map(|row| row.live_lease(now));
    match leases.find(|lease| lease.to != *here) {
        None => Ok(()),
        Some(lease) => Err(Error::RunRefused(format!(
            "run {}, which leads to {}, holds plan {name} until {}; wait for its end",
            lease.run_id, lease.to, lease.expires_at
        ))),
    }
}

/// That this Region's probe sees the writer here. Somebody may have moved it past the ledgers, by the console or by a step of another
/// kind. Where no heart beats there is nothing to see.
///
/// # Errors
/// `Unavailable` where it has committed no beat of this epoch of late.
async fn is_seen_here(
    world: &(impl Ledger + Runtime),
    name: &PlanName,
    row: &PlanState,
) -> Result<(), Error> {
    let (here, now) = (world.region(), world.now());
    let known = world.known(here, name).await?;
    if known.is_some_and(|known| !known.plan.has_heart()) {
        return Ok(());
    }
    let vantage = world.vantage(here, name).await?;
    let vantage = vantage.filter(|vantage| vantage.writer_region == *here);
    let beat = vantage.and_then(|vantage| vantage.last_beat);
    let is_new =
        |beat: &Beat| beat.epoch == row.proven_epoch() && now.duration_since(beat.at) < BEAT_OLD;
    if beat.as_ref().is_some_and(is_new) {
        return Ok(());
    }
    Err(Error::Unavailable(format!(
        "the ledgers have {here} as the writer of plan {name} at epoch {}, and its probe has committed no beat of that there for {} s; the next call looks again",
        row.proven_epoch(),
        BEAT_OLD.as_secs()
    )))
}

/// Every member Region's row, all within the time that silence is waited for.
async fn rows<'a>(
    world: &impl Ledger,
    members: impl Iterator<Item = &'a Region>,
    plan: &PlanName,
) -> Result<Rows, Error> {
    let read = ports::rows(world, members, plan);
    let read = tokio::time::timeout(SILENCE, read).await;
    read.unwrap_or_else(|_| {
        Err(Error::Unavailable(format!(
            "not every ledger of plan {plan} answers, so nobody knows whether the writer is here; the next call asks again"
        )))
    })
}

/// What is answered of a run of the step that is not closed.
async fn open(world: &impl Functions, run: &Run) -> Error {
    match world.look_at_execution(&run.run_id).await {
        Ok(found) if found.ended => unclosed(&run.run_id, &found.arn),
        // Nobody knows, and the next call looks again.
        Ok(_) | Err(_) => under_way(&run.run_id),
    }
}

/// Starts a run of the step; that of its name may have ended before it opened.
async fn started(
    world: &(impl Ledger + Runtime + Functions),
    call: &Call,
    (row, name): (&PlanState, RunId),
) -> Result<Ended, Error> {
    let here = world.region();
    opens(row, &claim(call, &name, here), false, world.now())?;
    if world.start(Some(&name), &call.payload).await?.is_some() {
        return Err(under_way(&name));
    }
    let found = world.look_at_execution(&name).await?;
    if !found.ended {
        return Err(under_way(&name));
    }
    // It has ended before it opened. Or it opened and closed since this call asked for its record.
    match world.run(here, &call.asked.plan, &name).await? {
        None => Ok(Ended::BeganNothing(unclosed(&name, &found.arn))),
        Some(_) => Err(under_way(&name)),
    }
}

fn under_way(run: &RunId) -> Error {
    Error::Unavailable(format!(
        "run {run} is under way; the step is answered when it has ended"
    ))
}

fn unclosed(run: &RunId, arn: &str) -> Error {
    Error::RunRefused(format!(
        "run {run} has ended without an outcome, and this step starts no other one; look at {arn}, then start the Region switch plan anew"
    ))
}

fn over(run: &RunId, closed: &Closed) -> Error {
    let left = match closed.left.as_slice() {
        [] => String::new(),
        left => format!(" ({})", left.join("; ")),
    };
    Error::RunRefused(format!(
        "run {run} has ended as {}{left}, and this step starts no other one; put that right, then start the Region switch plan anew",
        closed.outcome.name()
    ))
}

#[cfg(test)]
mod tests;
