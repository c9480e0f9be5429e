//! A shop whose workload comes home: runs of it, and what people answer.

pub(crate) mod application;

use std::time::Duration;

use ::workload::{
    jobs::Asks,
    phase::Phase,
    records::Records,
    run::{Kind as Does, WorkloadRun},
};
use failover::installation::named;
use serde_json::{Value, json};

pub(crate) use crate::scenarios::shop::{self, FUNCTION};
use crate::{
    profile::{HOME, STANDBY},
    scenario::{Drill, Played},
    shop::PLAN,
    timeline::Kind,
    world::Trouble,
};

/// The machine that brings home, or rehearses that.
pub(crate) const MACHINE: &str = "restore-home";
/// The machine that undoes a cut-over.
pub(crate) const REVERT: &str = "revert-home";
/// The stack with what only a way home may do.
pub(crate) const RIGHTS: &str = "workload-failback";
/// The longest that a run may take, and any part of it.
pub(crate) const LIMIT: Duration = Duration::from_secs(900);

/// Between two looks at the ledger.
const LOOK: Duration = Duration::from_millis(300);

/// Says that the recovery Region serves, as a human does before the first run.
pub(crate) async fn adopt(drill: &Drill<'_>, played: &mut Played) {
    let payload = json!({"operation": "adopt", "plan": PLAN, "serves": STANDBY});
    let said = drill.said(HOME, FUNCTION, &payload).await;
    played.check(
        format!("adopt finds that {STANDBY} serves the shop"),
        &*said,
        said.starts_with("adopt: ") && said.contains("at epoch 1"),
    );
}

/// Starts a machine of the home Region; answers the execution's name.
pub(crate) async fn start(
    drill: &Drill<'_>,
    machine: &str,
    input: &Value,
) -> Result<String, Trouble> {
    let text = format!("starts {machine} in {HOME} with {input}");
    drill.start(machine, HOME, input, text).await
}

/// The record of the run of a kind that opened last.
pub(crate) async fn record(drill: &Drill<'_>, does: Does) -> Option<WorkloadRun> {
    let ledger = drill.world.ledger();
    let found = ledger.last_run(&HOME.into(), &PLAN.into(), does).await;
    found.ok().flatten()
}

/// The same, where it is open and waits for an answer about a phase.
async fn asking(drill: &Drill<'_>, (does, phase): (Does, Phase)) -> Option<WorkloadRun> {
    let run = record(drill, does)
        .await
        .filter(|run| run.closed.is_none())?;
    let question = run.question.as_ref().filter(|open| open.phase == phase)?;
    let answered = run.answered(phase);
    let is_open = answered.is_none_or(|answer| answer.at < question.asked_at);
    is_open.then_some(run)
}

/// Waits until a run asks a question; whether it did.
pub(crate) async fn asks(
    drill: &Drill<'_>,
    played: &mut Played,
    execution: &str,
    question: (Does, Asks),
) -> bool {
    let (does, asks) = question;
    let what = format!("the question {}", asks.name());
    let comes = async || {
        tokio::time::sleep(LOOK).await;
        asking(drill, (does, asks.phase())).await.is_some()
    };
    drill
        .until(LIMIT, &what, async || {
            comes().await || has_ended(drill, execution)
        })
        .await;
    let came = comes().await;
    let found = if came { "it does" } else { "it does not" };
    played.check(format!("the run asks: {}", asks.name()), found, came);
    came
}

/// Answers a question once it is asked, as a human does: by the call that the message holds.
pub(crate) async fn answer(
    drill: &Drill<'_>,
    played: &mut Played,
    execution: &str,
    (question, yes): ((Does, Asks), bool),
) {
    let (does, asked) = question;
    if !asks(drill, played, execution, question).await {
        return;
    }
    let Some(run) = record(drill, does).await else {
        return;
    };
    let operation = if yes { "approve" } else { "decline" };
    let payload = json!({"operation": operation, "plan": PLAN, "run_id": run.run_id, "phase": asked.name(), "by": "ada"});
    let said = drill.said(HOME, FUNCTION, &payload).await;
    played.check(
        format!("{operation} answers the question {}", asked.name()),
        &*said,
        said.starts_with("answer: "),
    );
}

/// A yes to each of these questions of a run home.
pub(crate) async fn yes(drill: &Drill<'_>, played: &mut Played, execution: &str, all: &[Asks]) {
    for asked in all {
        let question = (Does::RestoreHome, *asked);
        answer(drill, played, execution, (question, true)).await;
    }
}

/// Whether an execution is over.
pub(crate) fn has_ended(drill: &Drill<'_>, execution: &str) -> bool {
    let mut runs = drill.runs.seen().into_iter();
    runs.any(|run| run.name == execution && run.status != "RUNNING")
}

/// How a run ended: by its outcome or, where it never opened, its status.
pub(crate) async fn ends(
    drill: &Drill<'_>,
    played: &mut Played,
    execution: &str,
    (way, what): (&str, &str),
) {
    let found = match drill.end_of(execution, LIMIT).await {
        Some(ended) => ended.outcome.unwrap_or(ended.status),
        None => "it did not end".into(),
    };
    let history = drill.runs.histories().remove(execution);
    let why = record_of(drill, execution).await;
    let why = why.and_then(|run| run.closed).map(|closed| closed.reason);
    let read = history.is_some();
    let text = format!("{found}; {}", why.unwrap_or_default());
    played.check(what, text, found == way && read);
}

/// The record of an execution's run, whatever it does.
async fn record_of(drill: &Drill<'_>, execution: &str) -> Option<WorkloadRun> {
    for does in [Does::RestoreHome, Does::Rehearse, Does::Revert] {
        let run = record(drill, does).await;
        let is_it = |run: &WorkloadRun| {
            let of_it = run.execution.as_deref();
            of_it.is_some_and(|arn| arn.ends_with(&format!(":{execution}")))
        };
        if let Some(run) = run.filter(is_it) {
            return Some(run);
        }
    }
    None
}

/// Waits until an execution's history holds a sentence, or the execution has ended.
pub(crate) async fn says(
    drill: &Drill<'_>,
    played: &mut Played,
    execution: &str,
    (what, sentence): (&str, &str),
) {
    let holds = || {
        let history = drill.runs.histories().remove(execution);
        history.is_some_and(|history| history.contains(sentence))
    };
    drill
        .until(LIMIT, sentence, async || {
            holds() || has_ended(drill, execution)
        })
        .await;
    let found = if holds() { sentence } else { "it is not said" };
    played.check(format!("{what} is said in a sentence"), found, holds());
}

/// Takes the rights away that only a way home needs.
pub(crate) async fn take_rights(drill: &Drill<'_>) -> Result<(), Trouble> {
    let text = format!("deletes the stack {}", named(RIGHTS));
    let timeline = &drill.world.timeline;
    timeline.say(Kind::Run, "a human", text);
    let emulator = &drill.world.emulator;
    Ok(emulator.delete_stack(HOME, &named(RIGHTS)).await?)
}

/// Gives them back, as the next world expects them.
pub(crate) async fn give_rights(drill: &Drill<'_>) -> Result<(), Trouble> {
    let text = format!("deploys the stack {}", named(RIGHTS));
    let timeline = &drill.world.timeline;
    timeline.say(Kind::Run, "a human", text);
    Ok(drill.world.emulator.give_failback(HOME).await?)
}
