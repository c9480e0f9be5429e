//! Asks a human whether the run may go on. The lease is kept meanwhile; a run that needs no answer may take it over.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{AskInput, Here, Ledger, World};
use crate::{
    Error,
    ledger::{self, Run},
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
    let mut pass = Pass::open(
        world,
        &Input {
            run_id: Some(input.run_id.clone()),
            from_region: Some(input.from_region.clone()),
            target_region: Some(input.target_region.clone()),
            epoch: Some(input.epoch),
            ..Input::of(input.plan.clone())
        },
    )
    .await?;
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
    Message {
        what: format!("shall {} take over from {}?", run.to, run.from),
        evidence: last.unwrap_or_default().to_owned(),
        execution: run.execution.clone(),
        next: format!(
            "answer within {minutes} minutes; the outage is confirmed again before anything is changed.\n\n\
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
