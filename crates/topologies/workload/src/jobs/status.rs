//! Shows a plan's run: how far it and each of its resources are, what is asked, and the next command. It only reads.

use failover::{
    Error,
    domain::{Epoch, Region, RunId},
};
use jiff::Timestamp;
use serde::Serialize;

use super::{Asks, StatusInput, World, commands};
use crate::{
    pass::{Shown, rows_of},
    phase::Phase,
    plan::WorkloadPlan,
    run::{Answered, Kind, WorkloadRun},
};

/// What is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Status {
    serves: Option<Region>,
    epoch: Epoch,
    intended: Option<Region>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<OfRun>,
    resources: Vec<Shown>,
    /// The commands that follow.
    next: Vec<String>,
}

/// What is shown of a run. The token of its question is shown nowhere.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct OfRun {
    run_id: RunId,
    kind: Kind,
    from: Region,
    to: Region,
    opened_at: Timestamp,
    phase: Option<Phase>,
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<Asked>,
    answers: Vec<Answered>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Asked {
    phase: &'static str,
    text: String,
    until: Timestamp,
}

pub(super) async fn run<W: World>(world: &W, input: &StatusInput) -> Result<Status, Error> {
    let here = world.region();
    let plan = world.workload_plan(here, &input.plan).await?;
    let ledger = world.row(here, &input.plan).await?;
    let run = newest(world, &plan, here).await?;
    let resources = match &run {
        // The rows lie in the ledger of home.
        Some(run) if *here == run.plan.home_region => {
            let rows = rows_of(world, run).await?;
            rows.values().map(Shown::of).collect()
        }
        Some(_) | None => Vec::new(),
    };
    let serving = |run: &WorkloadRun| {
        ledger
            .current
            .as_ref()
            .is_some_and(|current| current.run_id == run.run_id)
    };
    let next = run.as_ref().map(|run| next(run, serving(run)));
    let next = next.unwrap_or_default();
    Ok(Status {
        serves: ledger
            .current
            .as_ref()
            .map(|current| current.writer.clone()),
        epoch: ledger.proven_epoch(),
        intended: ledger.intent.map(|intent| intent.to),
        run: run.as_ref().map(shown),
        resources,
        next,
    })
}

/// The run that opened last, of whatever kind.
async fn newest<W: World>(
    world: &W,
    plan: &WorkloadPlan,
    here: &Region,
) -> Result<Option<WorkloadRun>, Error> {
    let mut newest: Option<WorkloadRun> = None;
    for kind in [Kind::RestoreHome, Kind::Rehearse, Kind::Revert] {
        let last = world.last_run(here, &plan.plan, kind).await?;
        newest = newest
            .into_iter()
            .chain(last)
            .max_by_key(|run| run.opened_at);
    }
    Ok(newest)
}

/// The question that waits for an answer.
fn open(run: &WorkloadRun) -> Option<Asks> {
    let question = run
        .question
        .as_ref()
        .filter(|_| run.closed.is_none() && run.closing.is_none())?;
    let answered = run.answered(question.phase);
    let is_open = answered.is_none_or(|answer| answer.at < question.asked_at);
    is_open.then(|| Asks::of(question.phase)).flatten()
}

/// The commands that follow. Home that serves is not to be undone for what was left over elsewhere.
fn next(run: &WorkloadRun, home_serves: bool) -> Vec<String> {
    if open(run).is_some() {
        return commands::answers(run).into();
    }
    let closed = run.closed.as_ref();
    let undone = closed.is_some_and(|closed| closed.outcome != "succeeded")
        && run.kind == Kind::RestoreHome
        && run.entered.contains_key(&Phase::CutOver)
        && !home_serves;
    let revert = undone.then(|| commands::revert(&run.plan));
    revert.into_iter().collect()
}

fn shown(run: &WorkloadRun) -> OfRun {
    let is_open = open(run).is_some();
    let question = run.question.as_ref().filter(|_| is_open);
    let last = run.entered.iter().max_by_key(|(_, at)| **at);
    OfRun {
        run_id: run.run_id.clone(),
        kind: run.kind,
        from: run.from.clone(),
        to: run.to.clone(),
        opened_at: run.opened_at,
        phase: last.map(|(phase, _)| *phase),
        question: question.map(|question| Asked {
            phase: Asks::of(question.phase).map_or(question.phase.name(), Asks::name),
            text: question.text.clone(),
            until: question.until,
        }),
        answers: run.answers.clone(),
        outcome: run.closed.as_ref().map(|closed| closed.outcome.clone()),
        reason: run.closed.as_ref().map(|closed| closed.reason.clone()),
    }
}
