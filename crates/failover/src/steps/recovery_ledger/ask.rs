//! Asks a human whether the run may go on. The lease is kept meanwhile; a run that needs no answer may take it over.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{AskInput, Here, KeepInput, Ledger, World};
use crate::{
    Error,
    domain::{Epoch, PlanName, Region, RunId},
    ledger::{self, Run, RunKind},
    notify::Message,
    steps::{Input, Output, Pass, Progress},
};

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Observed {
    /// Until when an answer is waited for.
    until: Timestamp,
}

pub(super) async fn run(world: &impl World, input: &AskInput) -> Result<Output<Observed>, Error> {
    let AskInput {
        plan,
        run_id,
        from_region,
        target_region,
        epoch,
        ..
    } = input.clone();
    let run = of_run(plan, run_id, (from_region, target_region), epoch);
    let mut pass = Pass::open(world, &run).await?;
    let minutes = i64::try_from(pass.run.plan.unplanned.approval_minutes).unwrap_or(i64::MAX);
    let until = pass.now + SignedDuration::from_mins(minutes);
    let topic = pass.run.plan.notify.get(world.region()).ok_or_else(|| {
        Error::NotReady(format!(
            "notify names no topic in {}: nobody can be asked",
            world.region()
        ))
    })?;
    let message = message(&pass.run, &input.token, minutes);
    let (subject, text) = (message.subject(&input.plan), message.text());
    // Whoever cannot be reached cannot answer: unlike other news this one must be sent.
    world.publish(topic, &subject, &text).await?;
    wait(world, &pass.run, until).await?;
    let reason = format!("a human is asked until {until}");
    pass.record(world, super::STEP, "ask", &reason).await?;
    tracing::info!(plan = %input.plan, run_id = %input.run_id, %until, "asked");
    Ok(Output {
        progress: Progress::Done,
        wait_seconds: 0,
        action: "ask",
        reason,
        observed: Observed { until },
    })
}

/// What a pass of that run takes.
fn of_run(plan: PlanName, run_id: RunId, (from, to): (Region, Region), epoch: Epoch) -> Input {
    Input {
        run_id: Some(run_id),
        from_region: Some(from),
        target_region: Some(to),
        epoch: Some(epoch),
        ..Input::of(plan)
    }
}

/// The longest that a window is waited for.
const WINDOW_MAX: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Keeps the leases until a maintenance window opens, as while a human is asked.
pub(super) async fn keep(world: &impl World, input: &KeepInput) -> Result<Output<Observed>, Error> {
    let KeepInput {
        plan,
        run_id,
        from_region,
        target_region,
        epoch,
        until,
    } = input.clone();
    let run = of_run(plan, run_id, (from_region, target_region), epoch);
    let mut pass = Pass::open(world, &run).await?;
    if until.duration_since(pass.now) > WINDOW_MAX {
        return Err(Error::InvalidRequest(format!(
            "not_before is {until}, more than 14 days away; start the run nearer to it"
        )));
    }
    wait(world, &pass.run, until).await?;
    let reason = format!("the writer is not moved before {until}");
    pass.record(world, super::STEP, "keep", &reason).await?;
    Ok(Output {
        progress: Progress::Done,
        wait_seconds: 0,
        action: "keep",
        reason,
        observed: Observed { until },
    })
}

/// Keeps the leases while the answer is waited for.
async fn wait(world: &(impl Ledger + Here), run: &Run, until: Timestamp) -> Result<(), Error> {
    for region in &run.leased {
        let kept =
            ledger::update(world, region, run.name(), |row| row.ask(&run.run_id, until)).await;
        match kept {
            // The Region that is left may have fallen silent: its lease lapses, which the run notices.
            Err(Error::Unavailable(_)) if *region == run.from => {}
            other => drop(other?),
        }
    }
    Ok(())
}

fn message(run: &Run, token: &str, minutes: i64) -> Message {
    let last = run.timeline.last().map(|entry| entry.reason.as_str());
    let answer = format!(
        "aws stepfunctions send-task-{{}} --region {} --task-token '{token}'",
        run.to
    );
    let again = match run.kind {
        RunKind::UnplannedFailover => "the outage is confirmed",
        RunKind::PlannedFailover | RunKind::Failback => "readiness is checked",
    };
    Message {
        what: format!("shall {} take over from {}?", run.to, run.from),
        evidence: last.unwrap_or_default().to_owned(),
        execution: run.execution.clone(),
        next: format!(
            "answer within {minutes} minutes; {again} again before the writer is changed.\n\n\
             To approve:\n{} --task-output '{{\"approved\": true}}'\n\n\
             To refuse:\n{} --error Refused --cause 'why'",
            answer.replace("{}", "success"),
            answer.replace("{}", "failure"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_says_why_and_holds_both_answers() {
        let mut run = crate::steps::fake::run();
        run.note(
            Timestamp::UNIX_EPOCH,
            "confirm_outage",
            "region_down",
            "us-west-2 is silent",
        );
        let text = message(&run, "AAAA", 60).text();
        for part in [
            "shall us-east-1 take over from us-west-2?",
            "us-west-2 is silent",
            "send-task-success --region us-east-1 --task-token 'AAAA' --task-output '{\"approved\": true}'",
            "send-task-failure --region us-east-1 --task-token 'AAAA' --error Refused",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
