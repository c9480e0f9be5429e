//! Closes a run: reads from the ledger whether the point of no return was passed, measures RTO and RPO, and gives the
//! leases back. A run that closes again answers what it answered first.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Serialize;

use super::{CloseInput, Trouble, news};
use failover::{
    Error,
    beat::Beats,
    domain::seconds_between,
    evidence::Verdict,
    ledger::{Closed, Confirmed, Declined, Entry, Outcome, Row, Run, RunKind},
    pass::{Output, calls},
    policy::{Decision, Human, decide},
    ports::{self, Functions, Here, Ledger, People, update_if},
};

/// The state that asks a human.
const ASKS: &str = "AwaitApproval";

/// What an answer goes by that is neither a yes nor a no.
const UNREADABLE: &str = "Unreadable";

/// What a failure goes by that was given no name.
const UNNAMED: &str = "States.TaskFailed";

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
    world: &(impl Ledger + Here + Functions + People),
    request: &CloseInput,
) -> Result<Answer, Error> {
    let (here, plan, run_id) = (world.region(), &request.plan, &request.run_id);
    let mut run = world.run(here, plan, run_id).await?.ok_or_else(|| {
        Error::RunRefused(format!(
            "the ledger of {here} holds no run {run_id} of plan {plan}"
        ))
    })?;
    if run.closed.is_none() && !request.dry_run {
        withdraw(world, &mut run).await?;
        let row = world.row(here, plan).await?;
        let (outcome, left) = outcome(&row, &run, request.verdict, &request.trouble);
        let now = world.now();
        run.note(now, super::STEP, "close", outcome.name());
        let end = measure(&run, outcome, left, now);
        run.closed = Some(end);
        run.told = !run.plan.notify.contains_key(here);
        world.put_run(here, &run).await?;
    }
    if !request.dry_run {
        tell_end(world, &mut run).await;
        // Each time: the call that closed the run may have died before it came here.
        remember_no(world, &run, request).await?;
        super::release::give_back(world, &run).await;
        hand_over(world, &run).await?;
    }
    let closed = run.closed.clone().ok_or_else(|| {
        Error::RunRefused(format!("run {run_id} is open; a dry run closes nothing"))
    })?;
    if !request.dry_run && !run.told && world.now().duration_since(closed.at) < TOLD_WITHIN {
        return Err(Error::Unavailable(format!(
            "run {run_id} is closed, its leases are given back, and its end could not be told; close it again"
        )));
    }
    tracing::info!(%plan, %run_id, outcome = ?closed.outcome, left = ?closed.left, "a run closed");
    Ok(Answer {
        outcome: closed.outcome,
        left: closed.left.clone(),
        output: Output {
            dry_run: request.dry_run,
            ..Output::done("close", sentence(&closed), closed)
        },
    })
}

/// Tells people of the run's end, until one call of those that close it was taken, and marks that: the call that closed it may
/// have died before it came here.
async fn tell_end(world: &(impl Ledger + Here + People), run: &mut Run) {
    let Some(end) = run.closed.as_ref().filter(|_| !run.told) else {
        return;
    };
    run.told = news::closed(world, run, end).await;
    if run.told
        && let Err(why) = world.put_run(world.region(), run).await
    {
        tracing::warn!(run_id = %run.run_id, %why, "its end is not marked as told; it may be told again");
    }
}

/// Takes a change of writer back that the run wrote down and never asked anybody to carry out. One with a call that may have
/// been taken stays on record, with that call: the next run to its target takes both over.
async fn withdraw(world: &(impl Ledger + Here), run: &mut Run) -> Result<(), Error> {
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

/// Tells from the ledger, not from who complained, how far the run went. What an earlier run to the same target began
/// counts as this run's: it took it over.
fn outcome(
    row: &Row,
    run: &Run,
    verdict: Option<Verdict>,
    trouble: &[Trouble],
) -> (Outcome, Vec<String>) {
    let mut left: Vec<_> = trouble
        .iter()
        .map(|trouble| {
            let said = said(&trouble.cause);
            format!("{}: {} {said}", trouble.state, trouble.error)
        })
        .collect();
    let current = row.current.as_ref();
    let proven = run.proof.is_some() || current.is_some_and(|current| current.run_id == run.run_id);
    // A run that lost its lease to another one does not answer for what that one began.
    let superseded = row
        .lease
        .as_ref()
        .is_some_and(|lease| lease.run_id != run.run_id);
    let begun = row
        .intent
        .as_ref()
        .filter(|intent| intent.to == run.to && (intent.run_id == run.run_id || !superseded));
    let confirmed = run.confirmed.as_ref();
    let human = confirmed.map_or(Human::default(), Confirmed::human);
    let stands_down =
        verdict.is_some_and(|verdict| decide(verdict, &run.plan, human) != Decision::GoOn);
    // No answer, or a refusal, is a human's word and no trouble.
    let answered = trouble
        .iter()
        .all(|trouble| is_a_no(run, trouble) || is_silence(trouble));
    let outcome = match (proven, begun) {
        (true, _) if trouble.is_empty() => Outcome::Succeeded,
        (true, _) => Outcome::Failed,
        (false, Some(intent)) => {
            left.push(format!(
                "the promotion of {} (epoch {}) is begun and not proven; start a new run to it",
                intent.to, intent.epoch
            ));
            Outcome::Failed
        }
        (false, None) if trouble.is_empty() && run.hand_over.is_some() => Outcome::HandedOver,
        // The state machine comes here without a move and without trouble after a rehearsal only.
        (false, None) if trouble.is_empty() && run.kind == RunKind::Failback => Outcome::Rebuilt,
        (false, None) if answered && stands_down => Outcome::StoodDown,
        (false, None) => Outcome::Aborted,
    };
    if !proven
        && let Some((attempt, words)) = calls::last_refusal(run)
        && !left.iter().any(|left| left.contains(words))
    {
        left.push(format!(
            "RDS refused {} of {} {} time(s), the last time with: {words}",
            attempt.action, run.to, attempt.times
        ));
    }
    (outcome, left)
}

/// Whether nobody answered in time.
fn is_silence(trouble: &Trouble) -> bool {
    trouble.state == ASKS && trouble.error == "States.Timeout"
}

/// Whether a human said no, under whatever name, or under none. Nobody can who was sent no question, and what a function, Lambda or
/// the state machine fails with is nobody's word, and a word that nobody can read is none.
fn is_a_no(run: &Run, trouble: &Trouble) -> bool {
    let is_sent = run.asked.as_ref().is_some_and(|asked| asked.is_sent);
    let error = trouble.error.as_str();
    let of_the_machine = error.starts_with("States.") && error != UNNAMED;
    let failed = is_of_a_function(trouble) || of_the_machine || error.starts_with("Lambda.");
    trouble.state == ASKS && is_sent && !failed && error != UNREADABLE
}

/// Whether it is a function's own error, which is JSON in the cause: people may type the same name.
fn is_of_a_function(trouble: &Trouble) -> bool {
    let cause = trouble.cause.trim_start();
    cause.starts_with('{') && cause.contains("\"errorType\"")
}

/// Keeps a human's no before the plan is free, so that the next suspicion does not ask the same again. Silence is no answer.
async fn remember_no(
    world: &(impl Ledger + Here),
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
        "incident": run.incident,
        "observer_region": better.to,
        "writer_region": run.from,
        "handed_over_by": run.run_id,
    });
    world.suspect_in(&better.to, &detail).await
}

fn measure(run: &Run, outcome: Outcome, left: Vec<String>, now: jiff::Timestamp) -> Closed {
    let confirmed = run.confirmed.as_ref();
    let last = out_since(run);
    let proof = run.proof.as_ref();
    Closed {
        at: now,
        outcome,
        left,
        rto_seconds: last
            .zip(proof)
            .map(|(last, proof)| seconds_between(last, proof.beat.at)),
        rpo: proof.and_then(|proof| proof.loss.clone()),
        at_most_seconds: proof
            .and(confirmed)
            .zip(run.held.as_ref())
            .and_then(|(confirmed, held)| confirmed.at_most_seconds(held)),
        step_seconds: step_seconds(run.opened_at, &run.timeline),
    }
}

/// Since when writes were out: where an outage was confirmed, since that began. A planned move loses nothing, so that the new
/// writer holds the old one's last beat.
fn out_since(run: &Run) -> Option<jiff::Timestamp> {
    let newest = |beats: &Beats| beats.values().map(|beat| beat.at).max();
    match &run.confirmed {
        Some(confirmed) => confirmed.outage_since.or(newest(&confirmed.acknowledged)),
        None if run.kind == RunKind::UnplannedFailover => None,
        None => run.held.as_ref().and_then(newest),
    }
}

/// Seconds from each step's previous entry to its own, summed per step.
fn step_seconds(opened_at: jiff::Timestamp, timeline: &[Entry]) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    let mut before = opened_at;
    for entry in timeline {
        *sums.entry(entry.step.clone()).or_insert(0.0) += seconds_between(before, entry.at);
        before = entry.at;
    }
    sums
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

/// The sentence in a cause: a function's answer to a state machine is JSON around it, which may be cut off.
fn said(cause: &str) -> String {
    if !cause.starts_with('{') {
        return cause.to_owned();
    }
    let whole = serde_json::from_str::<serde_json::Value>(cause).unwrap_or_default();
    let sentence = ["errorMessage", "message", "Message"]
        .iter()
        .find_map(|field| whole.get(field)?.as_str());
    sentence.map_or_else(
        || "the execution's history has the cause".to_owned(),
        str::to_owned,
    )
}

#[cfg(test)]
mod tests;
