//! Asks whether a run may go on: people by a task token, or the function that the plan names in their place. The lease is kept meanwhile.

use failover::{
    Error,
    ledger::{Fate, PlanState, Reply},
    pass::{Progress, briefly, is_false},
    ports::{self, Sent, TaskToken},
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;

use super::{AskInput, Asks, World, evidence::Evidence, messages};
use crate::{
    pass::{Of, Pass, may_be_silent, opened, save},
    run::{Answered, Question, WorkloadRun},
};

/// What asking answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Asking {
    progress: Progress,
    wait_seconds: u64,
    action: &'static str,
    reason: String,
    #[serde(skip_serializing_if = "is_false")]
    dry_run: bool,
    until: Timestamp,
}

pub(super) async fn run<W: World>(world: &W, input: &AskInput) -> Result<Asking, Error> {
    let of = Of {
        plan: input.plan.clone(),
        run_id: input.run_id.clone(),
        epoch: input.epoch,
        dry_run: input.dry_run,
    };
    let mut pass = opened(world, &of).await?;
    let (asks, phase) = (input.phase, input.phase.phase());
    if let Some(answered) = pass.run.answered(phase).cloned() {
        // It was answered, and the state machine has not heard.
        let said = format!("{} has answered already", answered.by);
        if !input.dry_run {
            tell_machine(world, &input.token, &answered).await?;
        }
        return Ok(asking(("none", said), &pass, pass.now));
    }
    let judge = match asks {
        Asks::Prepared => pass.run.plan.prepared.clone(),
        Asks::Verified => pass.run.plan.verify.clone(),
        Asks::Rehearsed | Asks::Suspend => None,
    };
    match judge {
        Some(function) => judged(world, pass, input, &function).await,
        None => people(world, &mut pass, input).await,
    }
}

/// Lets the function of the plan's own answer.
async fn judged<W: World>(
    world: &W,
    mut pass: Pass,
    input: &AskInput,
    function: &str,
) -> Result<Asking, Error> {
    if input.dry_run {
        let said = format!("the function {function} would be asked");
        return Ok(asking(("ask", said), &pass, pass.now));
    }
    let (run, evidence) = (&pass.run, Evidence::of(&pass));
    let payload = json!({
        "plan": run.name(), "run_id": run.run_id, "question": input.phase, "home_region": run.plan.home_region,
        "recovery_region": run.plan.recovery_region, "text": messages::text(run, &evidence, input.phase),
        "observed": evidence,
    });
    let said = world.judge(world.region(), function, &payload).await?;
    let answered = Answered {
        phase: input.phase.phase(),
        yes: said.yes,
        by: format!("the function {function}"),
        at: world.now(),
    };
    pass.run.answers.push(answered.clone());
    let word = if said.yes { "yes" } else { "no" };
    let reason = format!("the function {function} says {word}: {}", said.reason);
    pass.run
        .note(world.now(), input.phase.name(), "answer", &reason);
    save(world, &mut pass.run).await?;
    tell_machine(world, &input.token, &answered).await?;
    Ok(asking(("judge", reason), &pass, pass.now))
}

/// Asks people. All that may fail comes first: whoever is asked holds the token of an attempt that stands.
async fn people<W: World>(world: &W, pass: &mut Pass, input: &AskInput) -> Result<Asking, Error> {
    let minutes = i64::try_from(pass.run.plan.approval_minutes).unwrap_or(i64::MAX);
    let until = pass.now + SignedDuration::from_mins(minutes);
    let topic = messages::topic(&pass.run.plan, world.region())?.to_owned();
    let reason = format!("people are asked until {until}");
    if input.dry_run {
        return Ok(asking(("ask", reason), pass, until));
    }
    keep(world, &pass.run, until).await?;
    let evidence = Evidence::of(pass);
    let earlier = pass.run.question.take();
    let is_same = earlier.is_some_and(|earlier| earlier.token == input.token);
    pass.run.ask(Question {
        phase: input.phase.phase(),
        token: input.token.clone(),
        asked_at: pass.now,
        until,
        text: messages::text(&pass.run, &evidence, input.phase),
    });
    let message = messages::question(&pass.run, &evidence, (input.phase, until));
    pass.run.note(pass.now, input.phase.name(), "ask", &reason);
    save(world, &mut pass.run).await?;
    if !is_same {
        let (subject, text) = (message.subject(pass.run.name()), message.text(pass.now));
        // Whoever cannot be reached cannot answer: unlike other news this one must be sent.
        world.publish(&topic, &subject, &text).await?;
    }
    tracing::info!(plan = %input.plan, run_id = %input.run_id, %until, question = input.phase.name(), "asked");
    Ok(asking(("ask", reason), pass, until))
}

/// Keeps the leases while an answer or a window is waited for.
pub(super) async fn keep<W: World>(
    world: &W,
    run: &WorkloadRun,
    until: Timestamp,
) -> Result<(), Error> {
    let keep = |row: &PlanState| row.ask(&run.run_id, until);
    let (home, recovery) = (&run.plan.home_region, &run.plan.recovery_region);
    ports::update(world, home, run.name(), keep).await?;
    let kept = ports::update(world, recovery, run.name(), keep);
    if !may_be_silent(run) {
        return kept.await.map(drop);
    }
    match briefly(recovery, kept).await {
        Err(Error::Unavailable(why)) => {
            tracing::warn!(region = %recovery, why, "its lease is not kept, and nothing there is needed any more");
            Ok(())
        }
        other => other.map(drop),
    }
}

/// Gives an answer to the state machine that waits. What it has heard already it does not hear twice.
pub(super) async fn tell_machine<W: World>(
    world: &W,
    token: &str,
    answered: &Answered,
) -> Result<bool, Error> {
    let reply = Reply {
        approved: answered.yes,
        why: format!("{} says so", answered.by),
        at: answered.at,
        from: answered.by.clone(),
        fate: Fate::UnderWay,
    };
    match world
        .give_reply(&TaskToken(token.to_owned()), &reply)
        .await?
    {
        Sent::Taken => Ok(true),
        Sent::NotAwaited => Ok(false),
        Sent::TurnedAway(why) => Err(why),
    }
}

fn asking((action, reason): (&'static str, String), pass: &Pass, until: Timestamp) -> Asking {
    Asking {
        progress: Progress::Done,
        wait_seconds: 0,
        action,
        reason,
        dry_run: pass.dry_run,
        until,
    }
}
