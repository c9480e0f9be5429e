//! The passes of a run's phases: what stands around the resources' own steps. Each pass finds out where the one before it came to.

mod around;
mod back;

use failover::{
    Error,
    pass::{Progress, Refusal, is_false, wait_seconds},
};
use jiff::Timestamp;
use serde::Serialize;

use self::{
    around::{Beside, anew, beside, is_quiet, may_begin, not_retired},
    back::{given, gone_back},
};
use super::{
    Asks, PhaseInput, Round, Step, World, may_enter, next_round, order, revert, services::Back,
};
use crate::{
    kinds::Serving,
    pass::{Came, End, Pass, Shown, opened, over, save},
    run::{Answered, Kind, Opening, WorkloadRun},
};

/// The longest that a pass asks to wait for the next one, in seconds: five of them fit into a lease.
const WAIT_SECONDS_MAX: u64 = 60;
/// How long it waits where something was called.
const CALLED_SECONDS: u64 = 2;
/// Who answered, where people did so by the state machine's token alone.
const BY_TOKEN: &str = "the task token";
/// Who answered, where nobody did in time.
const NOBODY: &str = "nobody in time";

/// What a pass answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Passed {
    progress: Progress,
    wait_seconds: u64,
    action: &'static str,
    reason: String,
    #[serde(skip_serializing_if = "is_false")]
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal>,
    resources: Vec<Shown>,
}

pub(super) async fn run<W: World, V: Serving<W>>(
    world: &W,
    verbs: V,
    input: &PhaseInput,
    step: Step,
) -> Result<Passed, Error> {
    let made = Box::pin(made(world, verbs, input, step)).await;
    match made {
        Err(why) if input.dry_run => refused(why),
        made => made,
    }
}

/// What a dry run answers of a refusal; where nobody could look it fails like any call.
fn refused(why: Error) -> Result<Passed, Error> {
    if matches!(why, Error::Unavailable(_) | Error::InvalidRequest(_)) {
        return Err(why);
    }
    let reason = why.to_string();
    Ok(Passed {
        progress: Progress::Pending,
        wait_seconds: 0,
        action: "none",
        reason: reason.clone(),
        dry_run: true,
        refusal: Some(Refusal {
            error: why.name(),
            reasons: vec![reason],
        }),
        resources: Vec::new(),
    })
}

async fn made<W: World, V: Serving<W>>(
    world: &W,
    verbs: V,
    input: &PhaseInput,
    step: Step,
) -> Result<Passed, Error> {
    let mut pass = match input.of() {
        Some(of) => opened(world, &of).await?,
        None => without_a_run(world, input, step).await?,
    };
    if !pass.dry_run {
        by_token(world, &mut pass, input.answered).await?;
    }
    may_enter(&pass.run, step, pass.now)?;
    if let Some(at) = is_over(&pass.run, step) {
        let reason = format!("{} was done at {at}", step.name());
        return Ok(said(&pass, step, (Progress::Done, 0, reason)));
    }
    if !pass.dry_run {
        match may_begin(world, &pass, step).await {
            // What the step changes waits until somebody has looked.
            Err(Error::Unavailable(why)) => return Ok(waits(&pass, step, (false, why))),
            looked => looked?,
        }
        enter(world, &mut pass, step).await?;
    }
    let against = match Box::pin(beside(world, &mut pass, step)).await? {
        Beside::AtRest => Vec::new(),
        Beside::Against(reasons) => reasons,
        Beside::Waits(reason) => return Ok(waits(&pass, step, (true, reason))),
        Beside::Until(due) => return Ok(until(&pass, step, due)),
    };
    let known_as = revert::known_as(world, &pass).await?;
    let own = std::mem::replace(&mut pass.run.run_id, known_as);
    let mut came = Box::pin(over(world, verbs, &mut pass, step.phase())).await;
    pass.run.run_id = own;
    came.end = with(came.end, against);
    let back = Box::pin(given(world, verbs, &mut pass, (step, &came.end))).await?;
    ended(world, pass, step, (came, back)).await
}

/// How the step stands with what is against it beside the resources.
fn with(end: End, mut against: Vec<String>) -> End {
    if against.is_empty() {
        return end;
    }
    match end {
        End::Pending => End::Pending,
        End::Done => End::Refused(against.join("; ")),
        End::Refused(why) => {
            against.push(why);
            End::Refused(against.join("; "))
        }
    }
}

/// What stands where there is no run: what one would be that opened now.
async fn without_a_run<W: World>(world: &W, input: &PhaseInput, step: Step) -> Result<Pass, Error> {
    if !input.dry_run || step != Step::Prepare {
        return Err(Error::InvalidRequest(format!(
            "run_id or epoch is missing, and the operation is {}; give it both, or call prepare with \"dry_run\": true",
            step.name()
        )));
    }
    let plan = world.workload_plan(world.region(), &input.plan).await?;
    let ledgers = failover::ports::rows(world, plan.regions(), &input.plan).await?;
    let now = world.now();
    let run = WorkloadRun::opened(Opening {
        run_id: "dry-run".into(),
        kind: Kind::RestoreHome,
        plan,
        epoch: ledgers.proven_epoch(),
        opened_at: now,
    });
    Ok(Pass {
        run,
        ledgers,
        rows: std::collections::BTreeMap::new(),
        now,
        dry_run: true,
    })
}

/// Keeps a yes that the state machine was given and that no job has recorded.
async fn by_token<W: World>(world: &W, pass: &mut Pass, asks: Option<Asks>) -> Result<(), Error> {
    let Some(phase) = asks.map(Asks::phase) else {
        return Ok(());
    };
    let asked = pass.run.question.as_ref();
    let asked = asked.filter(|question| question.phase == phase);
    let Some(asked_at) = asked.map(|question| question.asked_at) else {
        return Ok(());
    };
    let answered = pass.run.answered(phase);
    if answered.is_some_and(|answer| answer.at >= asked_at) {
        return Ok(());
    }
    pass.run.answers.push(Answered {
        phase,
        yes: true,
        by: BY_TOKEN.into(),
        at: pass.now,
    });
    save(world, &mut pass.run).await
}

/// When a step was left that is not taken twice.
fn is_over(run: &WorkloadRun, step: Step) -> Option<Timestamp> {
    let left = run.left.get(&step.phase()).copied();
    match step {
        // Its phase was left once by what was built.
        Step::TakeAway => order::taken_away(run),
        Step::Prepare
        | Step::Sync
        | Step::Rehearse
        | Step::Suspend
        | Step::LastSync
        | Step::CutOver
        | Step::Verify
        | Step::Retire
        | Step::Conclude
        | Step::GiveBack
        | Step::Revert => left,
    }
}

/// Notes that a step is entered, before anything of it is done.
async fn enter<W: World>(world: &W, pass: &mut Pass, step: Step) -> Result<(), Error> {
    let phase = step.phase();
    let begun = match step {
        Step::TakeAway => order::has_entered(&pass.run, step),
        Step::Prepare
        | Step::Sync
        | Step::Rehearse
        | Step::Suspend
        | Step::LastSync
        | Step::CutOver
        | Step::Verify
        | Step::Retire
        | Step::Conclude
        | Step::GiveBack
        | Step::Revert => pass.run.entered.contains_key(&phase),
    };
    if begun {
        return Ok(());
    }
    if step == Step::TakeAway {
        // Whatever was answered, and where nobody did: what was built beside does not stay.
        if pass.run.answered(phase).is_none() {
            pass.run.answers.push(Answered {
                phase,
                yes: false,
                by: NOBODY.into(),
                at: pass.now,
            });
        }
        anew(world, pass, phase).await?;
    }
    if step == Step::Conclude {
        not_retired(pass);
    }
    pass.run.enter(phase, pass.now);
    let reason = format!("{} begins", step.name());
    pass.run.note(pass.now, step.name(), order::ENTER, &reason);
    save(world, &mut pass.run).await
}

/// What follows once the resources have had their turn, and the services that are given back.
async fn ended<W: World>(
    world: &W,
    mut pass: Pass,
    step: Step,
    (came, back): (Came, Back),
) -> Result<Passed, Error> {
    let rows = pass.resources();
    let done = rows.iter().filter(|row| !row.is_pending(step.phase()));
    let so_far = format!("{} of {} resource(s) are done", done.count(), rows.len());
    match came.end {
        End::Pending => Ok(waits(&pass, step, (came.acted, so_far))),
        End::Refused(_) | End::Done if back.is_pending() => {
            let reason = format!("{so_far}; {}", back.waited_for());
            Ok(waits(&pass, step, (came.acted, reason)))
        }
        End::Refused(why) => {
            let all = std::iter::once(why).chain(back.left);
            Err(Error::NotReady(all.collect::<Vec<_>>().join("; ")))
        }
        End::Done if !back.left.is_empty() => Err(Error::NotReady(back.left.join("; "))),
        End::Done if pass.dry_run => {
            let reason = format!("{} has nothing left to do", step.name());
            Ok(said(&pass, step, (Progress::Done, 0, reason)))
        }
        End::Done => Box::pin(leave(world, &mut pass, step)).await,
    }
}

/// What a step does once every resource is done, and the note that it is over.
async fn leave<W: World>(world: &W, pass: &mut Pass, step: Step) -> Result<Passed, Error> {
    let mut reason = format!(
        "{} is done for {} resource(s)",
        step.name(),
        pass.run.plan.resources.len()
    );
    match step {
        Step::Sync => {
            let rows = pass.resources();
            match next_round(&pass.run, &rows, pass.now) {
                Round::Enough(why) => reason = why,
                Round::Again(due) => return Ok(until(pass, step, due)),
            }
        }
        Step::Revert => reason.push_str(&gone_back(world, pass).await?),
        // Whoever has raised a service meanwhile has written past the last copy.
        Step::LastSync => match is_quiet(world, pass).await {
            Err(Error::Unavailable(why)) => return Ok(waits(pass, step, (false, why))),
            looked => looked?,
        },
        Step::Prepare
        | Step::Rehearse
        | Step::TakeAway
        | Step::Suspend
        | Step::CutOver
        | Step::Verify
        | Step::Retire
        | Step::Conclude
        | Step::GiveBack => {}
    }
    pass.run.leave(step.phase(), pass.now);
    pass.run.note(pass.now, step.name(), order::LEAVE, &reason);
    save(world, &mut pass.run).await?;
    tracing::info!(plan = %pass.run.name(), run_id = %pass.run.run_id, step = step.name(), reason, "left");
    Ok(said(pass, step, (Progress::Done, 0, reason)))
}

/// Until the next round of copies.
fn until(pass: &Pass, step: Step, due: Timestamp) -> Passed {
    let seconds = due.duration_since(pass.now).as_secs().max(1).unsigned_abs();
    let reason = format!("the next round begins at {due}");
    let said_of = (Progress::Pending, seconds.min(WAIT_SECONDS_MAX), reason);
    said(pass, step, said_of)
}

fn waits(pass: &Pass, step: Step, (acted, reason): (bool, String)) -> Passed {
    let entered = pass.run.entered.get(&step.phase());
    let since = entered.copied().unwrap_or(pass.now);
    let grown = wait_seconds(since, pass.now).min(WAIT_SECONDS_MAX);
    let seconds = match acted {
        // Calls of a hundred resources at a hundred moments leave the loop of the rounds its time.
        true if step == Step::Sync => grown.max(CALLED_SECONDS),
        true => CALLED_SECONDS,
        false => grown,
    };
    said(pass, step, (Progress::Pending, seconds, reason))
}

fn said(pass: &Pass, step: Step, (progress, seconds, reason): (Progress, u64, String)) -> Passed {
    tracing::info!(plan = %pass.run.name(), run_id = %pass.run.run_id, step = step.name(), reason, dry_run = pass.dry_run, "pass");
    Passed {
        progress,
        wait_seconds: seconds,
        action: step.name(),
        reason,
        dry_run: pass.dry_run,
        refusal: None,
        resources: pass.shown(),
    }
}
