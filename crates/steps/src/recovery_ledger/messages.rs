//! What a run's opening and closing tell people.

use jiff::Timestamp;

use super::{begun::left_begun, opening::Opening};
use failover::{
    Error,
    ledger::{Closed, NO_RUN, Outcome, PlanState, REFUSED, Run},
    notify::{Message, Severity, parts, tell, tell_news, tool},
    plan::Plan,
    ports::{Ledger, People, Runtime, update_if},
};

mod ending;
mod measured;

use ending::{Ending, ending};
use measured::account;

/// What this Region's probe saw last, as a sentence, and since when writes are out.
async fn seen(world: &(impl Ledger + Runtime), plan: &Plan) -> (String, Option<Timestamp>) {
    let vantage = world.vantage(world.region(), &plan.plan).await;
    match vantage.ok().flatten() {
        None => ("The probe's record cannot be read.".into(), None),
        Some(vantage) => (
            format!(
                "{} attempt(s) in a row did not commit. The last one: {}.",
                vantage.failures, vantage.write
            ),
            vantage.failing_since,
        ),
    }
}

/// A writer is suspected; once until it commits again, and where people were last told that no run is started.
pub(super) async fn suspected(world: &(impl Ledger + Runtime + People), run: &Run) {
    if !run.plan.has_heart() {
        tell(world, &run.plan, &started(run)).await;
        return;
    }
    let (evidence, out_since) = seen(world, &run.plan).await;
    let message = Message {
        severity: Severity::Critical,
        what: format!("the writer in {} {}", run.from, parts::SUSPECTED),
        evidence,
        out_since,
        execution: run.execution.clone(),
        next: "Nothing yet. The outage is being confirmed, and this run tells you what comes of it. The command shows how far it is."
            .into(),
        commands: vec![tool::run(run)],
        ..Message::default()
    };
    tell_news(world, &run.plan, &message, |row| match &row.told {
        Some(told) if !told.starts_with(NO_RUN) => None,
        _ => row.tell("suspected"),
    })
    .await;
}

/// A run of a plan in which no heart beats: somebody started it, and nothing that is seen ends its news.
fn started(run: &Run) -> Message {
    Message {
        severity: Severity::Critical,
        what: format!("a run from {} to {} was started", run.from, run.to),
        evidence: format!(
            "No heart beats in the writer in {}: nobody has seen it fail, and people decide.",
            run.from
        ),
        execution: run.execution.clone(),
        next: "Nothing yet. This run asks before anything is promoted. The command shows how far it is."
            .into(),
        commands: vec![tool::run(run)],
        ..Message::default()
    }
}

/// A run is refused by a switch or the cool-down; once until the writer commits again. Where no heart beats a human asked for each run.
pub(super) async fn refused(
    world: &(impl Ledger + Runtime + People),
    plan: &Plan,
    input: &Opening,
    by: &str,
    why: &Error,
) {
    let (evidence, out_since) = seen(world, plan).await;
    let message = Message {
        severity: Severity::Critical,
        what: format!(
            "no run from {} to {}: {by}",
            input.from_region, input.target_region
        ),
        evidence: format!("{why}.\n{evidence}"),
        out_since,
        execution: input.execution.clone(),
        next: "Look at the writer. Nothing acts by itself now. The command shows the verdict of the moment, and changes nothing.".into(),
        commands: vec![tool::verdict(&plan.plan, world.region())],
        ..Message::default()
    };
    if !plan.has_heart() {
        tell(world, plan, &message).await;
        return;
    }
    tell_news(world, plan, &message, |row| {
        row.tell(&format!("{REFUSED}{by}"))
    })
    .await;
}

/// A run ended; whether nobody is left to be told.
pub(super) async fn closed(
    world: &(impl Ledger + Runtime + People),
    run: &Run,
    closed: &Closed,
) -> bool {
    // A run behind another one that waits for an answer has nothing to say: the question has been asked.
    if run.waits_behind() {
        return true;
    }
    let message = message(run, closed);
    // Whoever started it waits for its end, and no beat makes that news again.
    if !run.plan.has_heart() && closed.outcome != Outcome::HandedOver {
        return tell(world, &run.plan, &message).await;
    }
    let is_told = match closed.outcome {
        Outcome::HandedOver => return true,
        Outcome::Succeeded | Outcome::Rebuilt => tell(world, &run.plan, &message).await,
        Outcome::Failed if !may_end_so_again(run) => tell(world, &run.plan, &message).await,
        // The same end for the same cause is no news, and suspicion comes back every minute.
        Outcome::StoodDown | Outcome::Aborted | Outcome::Failed => {
            let end = end(&message, &closed.left);
            tell_news(world, &run.plan, &message, |row| {
                (!is_a_known_no(row, run, closed)).then(|| row.tell(&end))?
            })
            .await
        }
    };
    if is_told && closed.outcome == Outcome::Failed {
        left_to_lookers(world, run, &message).await;
    }
    is_told
}

/// Under which name people know how a run ended. What is said last is the cause, and begins it: its end is cut off.
fn end(message: &Message, left: &[String]) -> String {
    let causes: Vec<_> = left.iter().rev().map(String::as_str).collect();
    format!("{}: {}", message.what, causes.join("; "))
}

/// What was told of a run's end is no news of the runs behind it that only look at what it began.
async fn left_to_lookers(world: &(impl Ledger + Runtime), run: &Run, message: &Message) {
    let marked = update_if(world, world.region(), run.name(), |row| {
        row.know(&end(message, &[left_begun(row, run)?]))
    });
    if let Err(why) = marked.await {
        tracing::warn!(run_id = %run.run_id, %why, "not marked as told; it may be told again");
    }
}

/// Whether a run has proven no writer, nobody waits for its end who asked for it or approved it, and the next suspicion starts another
/// one that may end just as it does.
const fn may_end_so_again(run: &Run) -> bool {
    run.incident.is_some() && run.approved_at.is_none() && run.proof.is_none()
}

/// Whether a run stood down only since a human had said no to its question before: whoever said it was told then.
fn is_a_known_no(row: &PlanState, run: &Run, closed: &Closed) -> bool {
    let verdict = run.confirmed.as_ref().map(|confirmed| confirmed.verdict);
    let no = row.declined.as_ref().map(|no| no.verdict);
    closed.outcome == Outcome::StoodDown && closed.left.is_empty() && no.is_some() && no == verdict
}

fn message(run: &Run, closed: &Closed) -> Message {
    let Ending {
        severity,
        what,
        next,
        command,
    } = ending(run, closed);
    let writes_are_out = severity == Severity::Critical;
    Message {
        severity,
        what,
        evidence: account(run, closed),
        out_since: run.out_since().filter(|_| writes_are_out),
        until: None,
        execution: run.execution.clone(),
        next,
        commands: command.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests;
