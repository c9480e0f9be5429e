//! Closes a run: reads from the ledger whether the point of no return was passed, measures RTO and RPO, and gives the
//! leases back. A run that closes again answers what it answered first, and its end is published again.

use jiff::SignedDuration;
use serde::Serialize;

use super::{CloseInput, messages, release};
use crate::came_back::{self, CameBack};
use failover::{
    Error,
    ledger::{Closed, Declined, Outcome, PlanState, Run, RunKind},
    pass::{Output, by_hand, calls},
    ports::{self, Functions, Ledger, People, Runtime, update_if},
};

mod answers;
mod ended;
mod measures;
mod outcome;

use answers::is_a_no;
use measures::measures;
use outcome::{left, outcome};

/// For how long a run is closed again whose end could not be told. Behind that its record and its log have it.
const TOLD_WITHIN: SignedDuration = SignedDuration::from_mins(1);

/// What the pass answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Answer {
    #[serde(flatten)]
    output: Output<Closed>,
    outcome: Outcome,
    left: Vec<String>,
}

pub(super) async fn run(
    world: &(impl Ledger + Runtime + Functions + People),
    request: &CloseInput,
) -> Result<Answer, Error> {
    let mut run = recorded(world, request).await?;
    if !request.dry_run {
        close(world, &mut run, request).await?;
        end(world, &mut run, request).await?;
    }
    let closed = run.closed.clone().ok_or_else(|| {
        Error::RunRefused(format!(
            "run {} is open; a dry run closes nothing",
            run.run_id
        ))
    })?;
    if !request.dry_run {
        is_told(&run, &closed, world.now())?;
    }
    tracing::info!(plan = %request.plan, run_id = %run.run_id, outcome = ?closed.outcome, left = ?closed.left, "a run closed");
    Ok(Answer {
        outcome: closed.outcome,
        left: closed.left.clone(),
        output: Output {
            dry_run: request.dry_run,
            ..Output::done("close", sentence(&closed), closed)
        },
    })
}

async fn recorded(world: &(impl Ledger + Runtime), request: &CloseInput) -> Result<Run, Error> {
    let (here, plan, run_id) = (world.region(), &request.plan, &request.run_id);
    world.run(here, plan, run_id).await?.ok_or_else(|| {
        Error::RunRefused(format!(
            "the ledger of {here} holds no run {run_id} of plan {plan}"
        ))
    })
}

/// Writes down once how the run ended.
async fn close(
    world: &(impl Ledger + Runtime),
    run: &mut Run,
    request: &CloseInput,
) -> Result<(), Error> {
    if run.closed.is_some() {
        return Ok(());
    }
    let here = world.region();
    withdraw(world, run).await?;
    let stood = withdraw_stop(world, run).await;
    let row = world.row(here, &request.plan).await?;
    let stop = row.stop.as_deref().filter(|stop| stop.run_id == run.run_id);
    // Without a copy here the run never came to a stop.
    let stopped = stop.and_then(|_| stood.left(run));
    let outcome = outcome(
        &row,
        run,
        (request.verdict, stopped.is_some()),
        &request.trouble,
    );
    let left = left(&row, run, stopped, &request.trouble);
    let came_back = came_back(world, run).await;
    let now = world.now();
    run.note(now, super::STEP, "close", outcome.name());
    let closed = measures(run, (outcome, left), &came_back, now);
    run.closed = Some(closed.clone());
    run.told = !run.plan.notify.contains_key(here);
    // No pass that is still under way writes over it, and none that noted a call meanwhile is written over.
    run.count();
    world.note_call(here, run).await?;
    ended::measure(run, &closed);
    Ok(())
}

/// Whether the old writer came back after it was left, as the run's proof saw it or as it is now. Everything is done by now, so that a
/// Region that may be dead is asked, too.
async fn came_back(world: &impl Ledger, run: &Run) -> CameBack {
    let Some(proof) = run.proof.as_ref() else {
        return CameBack::default();
    };
    let mut now = came_back::ask(world, run, proof.epoch).await;
    now.until = now.until.max(proof.came_back_until);
    now
}

/// What follows the end, each time that it is closed: the call that closed the run may have died before it came here.
async fn end(
    world: &(impl Ledger + Runtime + Functions + People),
    run: &mut Run,
    request: &CloseInput,
) -> Result<(), Error> {
    tell_end(world, run).await;
    remember_no(world, run, request).await?;
    if let Err(why) = finished(world, run).await {
        tracing::warn!(run_id = %run.run_id, %why, "that it finished another run is not noted there");
    }
    release::give_back(world, run).await;
    ended::publish(world, run).await;
    hand_over(world, run).await
}

/// Notes with the run that proved the writer that this one did what that one had left, for whoever asks what came of it later.
async fn finished(world: &(impl Ledger + Runtime), run: &Run) -> Result<(), Error> {
    let has_succeeded = |run: &Run| {
        let closed = run.closed.as_ref();
        closed.is_some_and(|closed| closed.outcome == Outcome::Succeeded)
    };
    if !has_succeeded(run) {
        return Ok(());
    }
    let (here, plan) = (world.region(), run.name());
    let current = world.row(here, plan).await?.current;
    let current = current.filter(|current| current.writer == run.to);
    let Some(current) = current.filter(|current| current.run_id != run.run_id) else {
        return Ok(());
    };
    let brought = world.run(here, plan, &current.run_id).await?;
    // A pass by hand ends with its own step, and a run that died with none.
    let is_left = |run: &Run| by_hand::is_by_hand(&run.run_id) || !has_succeeded(run);
    let brought = brought.filter(|brought| is_left(brought) && brought.finished_by.is_none());
    let Some(brought) = brought else {
        return Ok(());
    };
    let finished = Run {
        finished_by: Some(run.run_id.clone()),
        ..brought
    };
    world.put_run(here, &finished).await
}

/// Whether people were told of the end, or it is past that.
fn is_told(run: &Run, closed: &Closed, now: jiff::Timestamp) -> Result<(), Error> {
    if run.told || now.duration_since(closed.at) >= TOLD_WITHIN {
        return Ok(());
    }
    Err(Error::Unavailable(format!(
        "run {} is closed, its leases are given back, and its end could not be told; close it again",
        run.run_id
    )))
}

/// Tells people of the run's end, until one call of those that close it was taken, and marks that: the call that closed it may
/// have died before it came here.
async fn tell_end(world: &(impl Ledger + Runtime + People), run: &mut Run) {
    let Some(end) = run.closed.as_ref().filter(|_| !run.told) else {
        return;
    };
    run.told = messages::closed(world, run, end).await;
    if run.told
        && let Err(why) = world.put_run(world.region(), run).await
    {
        tracing::warn!(run_id = %run.run_id, %why, "its end is not marked as told; it may be told again");
    }
}

/// Takes a change of writer back that the run wrote down and never asked anybody to carry out. One with a call that may have
/// been taken stays on record, with that call: the next run to its target takes both over.
async fn withdraw(world: &(impl Ledger + Runtime), run: &mut Run) -> Result<(), Error> {
    if run.proof.is_some() || calls::open(run).is_some() || !ports::withdraw(world, run).await? {
        return Ok(());
    }
    let now = world.now();
    run.note(
        now,
        super::STEP,
        "withdraw",
        "nobody was asked to carry it out",
    );
    Ok(())
}

/// What became of the stop of a run that moves the writer as planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stood {
    /// There is none, or none any more.
    Withdrawn,
    /// The Region that is left has agreed to the promotion, which goes forward from there.
    Agreed,
    /// That Region's ledger is silent.
    Unknown,
}

impl Stood {
    /// What of it is left to be done, where nothing else says that the promotion has begun.
    fn left(self, run: &Run) -> Option<String> {
        match self {
            Self::Withdrawn => None,
            Self::Agreed => Some(format!(
                "the writer in {} is stopped and has agreed to the promotion of {}, which is begun nowhere else yet",
                run.from, run.to
            )),
            Self::Unknown => Some(format!(
                "the ledger of {} does not say whether the writer there, which is stopped, has agreed to the promotion of {}; it gives the \
                 logins back itself where it has not",
                run.from, run.to
            )),
        }
    }
}

/// Withdraws a stop of the writer that the run wrote and did not promote behind, in the row of the Region that it leaves first: from there on
/// that Region opens its writer by the mark. Where the row cannot be written the same Region withdraws the stop itself.
async fn withdraw_stop(world: &impl Ledger, run: &Run) -> Stood {
    if run.plan.kind().runs().opening.is_none() || run.kind == RunKind::UnplannedFailover {
        return Stood::Withdrawn;
    }
    let own = |row: &PlanState| {
        let stop = row.stop.as_deref();
        stop.filter(|stop| stop.run_id == run.run_id).cloned()
    };
    let change = |row: &PlanState| row.withdraw_stop(&own(row)?.token);
    for region in [&run.from, &run.to] {
        match update_if(world, region, run.name(), change).await {
            Ok(Some(_)) => {}
            // It was withdrawn, or has become a promotion: the target's copy is left as it is.
            Ok(None) => {
                let row = world.row(region, run.name()).await;
                let is_agreed = row.is_ok_and(|row| own(&row).is_some());
                return if is_agreed {
                    Stood::Agreed
                } else {
                    Stood::Withdrawn
                };
            }
            Err(why) => {
                tracing::warn!(run_id = %run.run_id, %region, %why, "a stop stays in this Region's row, which its own schedule withdraws");
                return if *region == run.from {
                    Stood::Unknown
                } else {
                    Stood::Withdrawn
                };
            }
        }
    }
    Stood::Withdrawn
}

/// Keeps a human's no before the plan is free, so that the next suspicion does not ask the same again. Silence is no answer.
async fn remember_no(
    world: &(impl Ledger + Runtime),
    run: &Run,
    request: &CloseInput,
) -> Result<(), Error> {
    let no = request.trouble.iter().any(|trouble| is_a_no(run, trouble));
    let Some(verdict) = request.verdict.filter(|_| no) else {
        return Ok(());
    };
    let declined = Declined {
        run_id: run.run_id.clone(),
        verdict,
    };
    update_if(world, world.region(), run.name(), |row| {
        row.decline(&declined)
    })
    .await?;
    Ok(())
}

/// Starts the run in the Region whose standby is the better one, now that the leases are free.
async fn hand_over(world: &impl Functions, run: &Run) -> Result<(), Error> {
    let handed = run
        .closed
        .as_ref()
        .is_some_and(|closed| closed.outcome == Outcome::HandedOver);
    let Some(better) = run.hand_over.as_ref().filter(|_| handed) else {
        return Ok(());
    };
    let detail = serde_json::json!({
        "plan": run.name(),
        "topology": run.plan.kind(),
        "incident": run.incident,
        "observer_region": better.to,
        "writer_region": run.from,
        "handed_over_by": run.run_id,
    });
    world.suspect_in(&better.to, &detail).await
}

fn sentence(closed: &Closed) -> String {
    let known = |seconds: Option<f64>| {
        seconds.map_or("unknown".to_owned(), |seconds| format!("{seconds:.1} s"))
    };
    match closed.outcome {
        Outcome::Succeeded => format!(
            "the new writer is proven; RTO {}, RPO {}",
            known(closed.rto_seconds),
            known(closed.rpo.as_ref().map(|loss| loss.seconds))
        ),
        Outcome::HandedOver => {
            "another Region's standby is the better one; a run there goes on".into()
        }
        Outcome::StoodDown => "nothing was changed".into(),
        Outcome::Rebuilt => "every member follows the writer, which stays where it is".into(),
        Outcome::Aborted => format!(
            "stopped before the point of no return: {}",
            closed.left.join("; ")
        ),
        Outcome::Failed => format!("left to be done: {}", closed.left.join("; ")),
    }
}

#[cfg(test)]
mod tests;
