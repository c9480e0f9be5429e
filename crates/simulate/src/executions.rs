//! Step Functions: drives each execution of a machine on the virtual clock.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use failover::domain::{Region, stable_hash};
use futures::channel::oneshot;
use serde_json::Value;

use crate::{
    api::Api,
    clock::pause,
    execution::{Definition, Ended, Execution, Invocation, Next},
    judge,
    state::Answer,
    world::{Failure, Request, Shared},
};

/// How often a lost Region is looked for.
const AGAIN: Duration = Duration::from_secs(1);
/// How long Lambda takes to say that it cannot start a function.
const NO_LAMBDA: Duration = Duration::from_secs(5);
/// Step Functions' own pace from state to state.
const STEP: Duration = Duration::from_millis(30);

/// Every machine, made ready once.
fn definition(machine: &str) -> Option<Arc<Definition>> {
    static ALL: OnceLock<BTreeMap<&'static str, Arc<Definition>>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let all = machines::all().into_iter();
        all.map(|machine| (machine.name, Arc::new(Definition::of(&machine))))
            .collect()
    });
    all.get(machine).cloned()
}

/// Carries an execution out, to its end.
pub async fn drive(shared: Arc<Shared>, arn: String) {
    let Some(started) = shared.state().executions.get(&arn).cloned() else {
        return;
    };
    let Some(definition) = definition(started.machine) else {
        return;
    };
    let region = started.region;
    let begin = || Execution::start(definition, &started.name, &arn, started.input, shared.now());
    let halted = shared.state().halted.remove(&arn);
    let mut execution = halted.map_or_else(begin, |mut halted| {
        halted.redriven(shared.now());
        halted
    });
    let mut seen = 0;
    loop {
        stands(&shared, &region).await;
        if is_stopped(&shared, &arn) {
            end(&shared, &arn, "stopped", None);
            halt(&shared, &arn, execution);
            return;
        }
        reached(&shared, started.machine, &execution, &mut seen);
        match execution.next().clone() {
            Next::Ended(ended) => {
                end(&shared, &arn, &ended.state, Some(&ended));
                halt(&shared, &arn, execution);
                return;
            }
            Next::Wait(until) => {
                wait(&shared, &arn, until).await;
                execution.waited(shared.now());
            }
            Next::Invoke(invocation) => {
                pause(STEP).await;
                match invoke(&shared, &arn, &region, &invocation).await {
                    Ok(answer) => execution.answered(answer, shared.now()),
                    Err(why) => {
                        let random = random(&arn, shared.now().as_millisecond());
                        execution.failed(&why.error, &why.cause, shared.now(), random);
                    }
                }
            }
        }
    }
}

/// A part of one, alike in every run of a case.
fn random(arn: &str, millisecond: i64) -> f64 {
    fastrand::Rng::with_seed(stable_hash(arn) ^ millisecond.unsigned_abs()).f64()
}

/// Waits until a Region is there.
async fn stands(shared: &Shared, region: &Region) {
    while shared.state().lost.contains(region) {
        pause(AGAIN).await;
    }
}

fn is_stopped(shared: &Shared, arn: &str) -> bool {
    let state = shared.state();
    let found = state.executions.get(arn);
    found.is_some_and(|found| found.is_stopped)
}

async fn wait(shared: &Shared, arn: &str, until: jiff::Timestamp) {
    while shared.now() < until && !is_stopped(shared, arn) {
        let next = (shared.now() + jiff::SignedDuration::from_secs(30)).min(until);
        shared.clock.until(next).await;
    }
}

fn reached(shared: &Shared, machine: &'static str, execution: &Execution, seen: &mut usize) {
    let transitions = execution.transitions();
    let mut state = shared.state();
    for (from, to) in transitions.iter().skip(*seen) {
        let taken = (machine, from.clone(), to.clone());
        state.truth.transitions.insert(taken);
    }
    *seen = transitions.len();
}

/// Keeps one that has ended for whoever redrives it.
fn halt(shared: &Shared, arn: &str, execution: Execution) {
    if execution.may_be_redriven() {
        let mut state = shared.state();
        state.halted.insert(arn.to_owned(), execution);
    }
}

fn end(shared: &Shared, arn: &str, at: &str, ended: Option<&Ended>) {
    let now = shared.now();
    let mut state = shared.state();
    let why = ended
        .and_then(|ended| ended.cause.clone())
        .unwrap_or_default();
    state.note(now, || format!("{arn} ends in {at} {why}"));
    if let Some(found) = state.executions.get_mut(arn) {
        found.ended = Some((at.to_owned(), now));
    }
    judge::at_an_end(&mut state, now, arn, at);
}

/// One task of an execution.
async fn invoke(
    shared: &Shared,
    arn: &str,
    region: &Region,
    task: &Invocation,
) -> Result<Value, Failure> {
    let is_silent = {
        let state = shared.state();
        state.silent.contains(&(Api::Lambda, region.clone()))
    };
    if is_silent {
        pause(NO_LAMBDA).await;
        return Err(failed("Lambda.ServiceException"));
    }
    shared.note(|| format!("{} of {arn}", task.state));
    let (answer, answered) = oneshot::channel();
    let _ = shared.requests.unbounded_send(Request {
        region: region.clone(),
        function: task.function.to_owned(),
        payload: task.payload.clone(),
        answer,
    });
    let limit = Duration::try_from_secs_f64(task.seconds).unwrap_or(Duration::MAX);
    let work = async {
        let answered = answered
            .await
            .unwrap_or_else(|_| Err(failed("Lambda.Unknown")))?;
        match &task.token {
            None => Ok(answered),
            Some(token) => answer_of(shared, arn, token).await,
        }
    };
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or_else(|_| Err(failed("States.Timeout")))
}

fn failed(error: &str) -> Failure {
    Failure {
        error: error.to_owned(),
        cause: String::new(),
    }
}

/// What a human answers.
async fn answer_of(shared: &Shared, arn: &str, token: &str) -> Result<Value, Failure> {
    {
        let mut state = shared.state();
        state.questions.insert(token.to_owned(), Answer::None);
    }
    loop {
        pause(AGAIN).await;
        if is_stopped(shared, arn) {
            return Err(failed("States.TaskFailed"));
        }
        let mut state = shared.state();
        if let Some(Answer::Given(answer)) = state.questions.get(token).cloned() {
            state.questions.remove(token);
            return Ok(answer);
        }
    }
}
