//! Answers a question of a run, once. Rerunning it gives the same answer again to a state machine that has not heard it.

use failover::{Error, pass::is_false, ports::Runtime};
use serde::Serialize;

use super::{AnswerInput, World, ask::tell_machine};
use crate::{
    pass::save,
    records::Records,
    run::{Answered, Question, WorkloadRun},
};

/// What an answer is answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Given {
    action: &'static str,
    reason: String,
    approved: bool,
    #[serde(skip_serializing_if = "is_false")]
    dry_run: bool,
}

pub(super) async fn run<W: World>(
    world: &W,
    input: &AnswerInput,
    yes: bool,
) -> Result<Given, Error> {
    let mut run = recorded(world, input).await?;
    let question = asked(&run, input)?;
    let earlier = run.answered(question.phase).cloned();
    let earlier = earlier.filter(|answer| answer.at >= question.asked_at);
    let answered = answer(world, input, (&question, earlier.as_ref()), yes)?;
    if !input.dry_run {
        if earlier.is_none() {
            run.answers.push(answered.clone());
            let reason = format!("{} says {}", input.by, word(yes));
            run.note(answered.at, input.phase.name(), "answer", &reason);
            save(world, &mut run).await?;
        }
        let heard = tell_machine(world, &question.token, &answered).await?;
        if !heard && earlier.is_none() {
            return Err(Error::RunRefused(format!(
                "run {} waits for no answer to the question {} any more; look at what became of it with the operation status",
                input.run_id,
                input.phase.name()
            )));
        }
    }
    let action = if earlier.is_some() { "none" } else { "answer" };
    let reason = format!(
        "the question {} of run {} has its {} from {}",
        input.phase.name(),
        input.run_id,
        word(yes),
        answered.by
    );
    tracing::info!(plan = %input.plan, run_id = %input.run_id, question = input.phase.name(), yes, by = answered.by, dry_run = input.dry_run, "answered");
    Ok(Given {
        action,
        reason,
        approved: yes,
        dry_run: input.dry_run,
    })
}

async fn recorded<W: Runtime + Records>(
    world: &W,
    input: &AnswerInput,
) -> Result<WorkloadRun, Error> {
    let here = world.region();
    let run = world
        .workload_run(here, &input.plan, &input.run_id)
        .await?
        .filter(|run| run.plan.home_region == *here);
    run.ok_or_else(|| {
        Error::RunRefused(format!(
            "run_id is {}, and {here} is not home to such a run of plan {}; call with the operation status in its home Region",
            input.run_id, input.plan
        ))
    })
}

/// The question that is answered.
fn asked(run: &WorkloadRun, input: &AnswerInput) -> Result<Question, Error> {
    if let Some(closed) = &run.closed {
        return Err(Error::RunRefused(format!(
            "run {} was closed at {} as {}, and waits for no answer",
            run.run_id, closed.at, closed.outcome
        )));
    }
    if let Some(at) = run.closing {
        return Err(Error::RunRefused(format!(
            "run {} is being closed since {at}, and waits for no answer",
            run.run_id
        )));
    }
    if input.by.trim().is_empty() {
        return Err(Error::InvalidRequest("by is empty; say who answers".into()));
    }
    let question = run.question.clone();
    let question = question.filter(|question| question.phase == input.phase.phase());
    question.ok_or_else(|| {
        Error::RunRefused(format!(
            "phase is {}, and run {} asks nothing about it now; see its question with the operation status",
            input.phase.name(),
            run.run_id
        ))
    })
}

/// The answer, which is the first one where there was one. A second one that says otherwise is refused.
fn answer(
    world: &impl Runtime,
    input: &AnswerInput,
    (question, earlier): (&Question, Option<&Answered>),
    yes: bool,
) -> Result<Answered, Error> {
    let now = world.now();
    match earlier {
        Some(earlier) if earlier.yes != yes => Err(Error::RunRefused(format!(
            "the question {} was answered with a {} by {} at {}; the first answer counts",
            input.phase.name(),
            word(earlier.yes),
            earlier.by,
            earlier.at
        ))),
        Some(earlier) => Ok(earlier.clone()),
        None if now > question.until => Err(Error::RunRefused(format!(
            "the question {} was to be answered until {}; start another run",
            input.phase.name(),
            question.until
        ))),
        None => Ok(Answered {
            phase: question.phase,
            yes,
            by: input.by.clone(),
            at: now,
        }),
    }
}

const fn word(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}
