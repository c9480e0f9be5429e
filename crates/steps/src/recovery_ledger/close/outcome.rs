//! How far a run went, told from the ledger and not from who complained, and what is left to be done.

use super::answers::{is_a_no, is_silence};
use crate::recovery_ledger::{
    Trouble,
    begun::{begun, left_begun},
};
use failover::{
    evidence::Verdict,
    ledger::{Confirmed, Outcome, PlanState, Run, RunKind},
    pass::calls,
    plan::Phase,
    policy::{Decision, Human, decide},
};

/// What came of a run. What an earlier run to the same target began counts as this run's: it took it over. One whose writer may stay
/// stopped for a promotion has failed.
pub(super) fn outcome(
    row: &PlanState,
    run: &Run,
    (verdict, is_stopped): (Option<Verdict>, bool),
    trouble: &[Trouble],
) -> Outcome {
    if is_proven(row, run) {
        return after_the_proof(trouble);
    }
    if is_stopped || begun(row, run).is_some() {
        return Outcome::Failed;
    }
    match trouble {
        [] if run.hand_over.is_some() => Outcome::HandedOver,
        // The state machine comes here without a move and without trouble after a rehearsal only.
        [] if run.kind == RunKind::Failback => Outcome::Rebuilt,
        _ if is_answered(run, trouble) && stands_down(run, verdict) => Outcome::StoodDown,
        _ => Outcome::Aborted,
    }
}

fn after_the_proof(trouble: &[Trouble]) -> Outcome {
    if trouble.iter().all(is_told_only) {
        Outcome::Succeeded
    } else {
        Outcome::Failed
    }
}

/// Whether a plan's own function failed behind its phase: people are told, and the run did all of its own.
fn is_told_only(trouble: &Trouble) -> bool {
    let mut phases = Phase::ALL.into_iter().filter(|phase| !phase.stops());
    phases.any(|phase| phase.state() == trouble.state)
}

/// What is left to be done, one sentence each.
pub(super) fn left(
    row: &PlanState,
    run: &Run,
    stopped: Option<String>,
    trouble: &[Trouble],
) -> Vec<String> {
    let mut left: Vec<_> = trouble.iter().map(complaint).collect();
    if is_proven(row, run) {
        return left;
    }
    left.extend(left_begun(row, run).or(stopped));
    left.extend(refusal(run, &left));
    left
}

/// Whether the target is proven by this run.
fn is_proven(row: &PlanState, run: &Run) -> bool {
    let current = row.current.as_ref();
    run.proof.is_some() || current.is_some_and(|current| current.run_id == run.run_id)
}

/// Whether all that went wrong is that nobody answered, or that somebody refused: a human's word is no trouble.
fn is_answered(run: &Run, trouble: &[Trouble]) -> bool {
    trouble
        .iter()
        .all(|trouble| is_a_no(run, trouble) || is_silence(trouble))
}

/// Whether the last verdict leads to nothing.
fn stands_down(run: &Run, verdict: Option<Verdict>) -> bool {
    let confirmed = run.confirmed.as_ref();
    let human = confirmed.map_or(Human::default(), Confirmed::human);
    verdict.is_some_and(|verdict| decide(verdict, &run.plan, human) != Decision::GoOn)
}

fn complaint(trouble: &Trouble) -> String {
    let said = said(&trouble.cause);
    format!("{}: {} {said}", trouble.state, trouble.error)
}

/// With which words RDS last refused to promote the target, unless that is said already.
fn refusal(run: &Run, left: &[String]) -> Option<String> {
    let (attempt, words) = calls::last_refusal(run)?;
    let is_said = left.iter().any(|left| left.contains(words));
    (!is_said).then(|| {
        format!(
            "RDS refused {} of {} {} time(s), the last time with: {words}",
            attempt.action, run.to, attempt.times
        )
    })
}

/// The sentence in a cause: a function's answer to a state machine is JSON around it, which may be cut off.
pub(super) fn said(cause: &str) -> String {
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
