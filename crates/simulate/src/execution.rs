//! Executes a machine of `crates/machines` as Step Functions does, as a value: time and answers come in, what comes next goes out.

mod query;
mod redrive;
#[cfg(test)]
mod tests;
mod values;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use machines::{Call, Machine, Retry, Seconds, State, Wait};
use serde_json::{Map, Value, json};

/// States that follow each other without a Task or a Wait at most.
const STRAIGHT: usize = 100;

/// A machine whose states are looked up by name.
#[derive(Debug)]
pub struct Definition {
    states: BTreeMap<String, State>,
    first: String,
}

impl Definition {
    /// Looks up a machine's states.
    #[must_use]
    pub fn of(machine: &Machine) -> Self {
        let states = machine.states();
        let first = states.first().map(|(name, _)| name.to_string());
        Self {
            first: first.unwrap_or_default(),
            states: states
                .into_iter()
                .map(|(name, state)| (name.into_owned(), state))
                .collect(),
        }
    }

    /// Every transition that there is.
    #[must_use]
    pub fn transitions(&self) -> BTreeSet<(String, String)> {
        let mut all = BTreeSet::new();
        for (name, state) in &self.states {
            let nexts = state.json().value();
            nexts_of(&nexts, &mut |next| {
                all.insert((name.clone(), next.to_owned()));
            });
        }
        all
    }
}

/// Every `Next` and `Default` of a state.
fn nexts_of(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match (key.as_str(), member.as_str()) {
                    ("Next" | "Default", Some(next)) => found(next),
                    _ => nexts_of(member, found),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|one| nexts_of(one, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What an execution waits for.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// A function's answer.
    Invoke(Invocation),
    /// A time.
    Wait(Timestamp),
    /// Nothing: it has ended.
    Ended(Ended),
}

/// A Task that is under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// Its state.
    pub state: String,
    /// The function.
    pub function: &'static str,
    /// What that is given.
    pub payload: Value,
    /// Seconds until it times out.
    pub seconds: f64,
    /// The token by which a human ends it, where that is waited for.
    pub token: Option<String>,
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Its last state.
    pub state: String,
    /// Whether it succeeded.
    pub succeeded: bool,
    /// The error's name.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
}

/// One execution.
#[derive(Debug, Clone)]
pub struct Execution {
    definition: Arc<Definition>,
    name: String,
    arn: String,
    variables: Map<String, Value>,
    state: String,
    input: Value,
    next: Next,
    /// How often each entry of the Task's `Retry` was taken.
    retried: Vec<u32>,
    /// How many Tasks were begun.
    tasks: u64,
    transitions: Vec<(String, String)>,
}

impl Execution {
    /// Begins.
    #[must_use]
    pub fn start(
        definition: Arc<Definition>,
        name: &str,
        arn: &str,
        input: Value,
        now: Timestamp,
    ) -> Self {
        let first = definition.first.clone();
        let mut execution = Self {
            definition,
            name: name.to_owned(),
            arn: arn.to_owned(),
            variables: Map::new(),
            state: first.clone(),
            input,
            next: Next::Wait(now),
            retried: Vec::new(),
            tasks: 0,
            transitions: Vec::new(),
        };
        execution.go_on(first, now);
        execution
    }

    /// What it waits for.
    #[must_use]
    pub const fn next(&self) -> &Next {
        &self.next
    }

    /// The transitions that were taken, in order.
    #[must_use]
    pub fn transitions(&self) -> &[(String, String)] {
        &self.transitions
    }

    /// The function, or a human, has answered.
    pub fn answered(&mut self, answer: Value, now: Timestamp) {
        let Some(call) = self.call() else { return };
        let result = if call.asks {
            answer
        } else {
            json!({"Payload": answer})
        };
        let seen = json!({"result": result});
        let output = call
            .output
            .as_ref()
            .map(|output| self.evaluate(&seen, output));
        let assigned = self.assigned(&seen, &call.assign);
        match (output.transpose(), assigned) {
            (Ok(output), Ok(assigned)) => {
                self.variables.extend(assigned);
                self.input = output.unwrap_or(result);
                self.enter(call.next.as_ref(), now);
            }
            (Err(why), _) | (_, Err(why)) => self.caught(&call, QUERY, &why.0, now),
        }
    }

    /// The function, its service or its time-out failed. `random` is a part of one, by which a pause is drawn.
    pub fn failed(&mut self, error: &str, cause: &str, now: Timestamp, random: f64) {
        let Some(call) = self.call() else { return };
        let mut retries = call.retries.iter().zip(&mut self.retried);
        let found = retries.find(|(retry, _)| names(&retry.errors, error));
        if let Some((retry, taken)) = found
            && *taken < retry.attempts
        {
            let pause = pause(retry, *taken) * random;
            *taken += 1;
            let pause = SignedDuration::try_from_secs_f64(pause).unwrap_or_default();
            self.next = Next::Wait(now + pause);
            return;
        }
        self.caught(&call, error, cause, now);
    }

    /// The time that it waited for has come.
    pub fn waited(&mut self, now: Timestamp) {
        match self.definition.states.get(&self.state).cloned() {
            Some(State::Wait(Wait::AsAsked { next } | Wait::Until { next, .. })) => {
                self.enter(next.as_ref(), now);
            }
            Some(State::Call(call)) => self.begin(&call, now),
            Some(State::Choice(_) | State::Succeed { .. } | State::Fail { .. }) | None => {}
        }
    }

    fn call(&self) -> Option<Call> {
        match self.definition.states.get(&self.state)? {
            State::Call(call) => Some((**call).clone()),
            State::Choice(_) | State::Wait(_) | State::Succeed { .. } | State::Fail { .. } => None,
        }
    }

    fn caught(&mut self, call: &Call, error: &str, cause: &str, now: Timestamp) {
        let mut catches = call.catches.iter();
        let Some(catch) = catches.find(|catch| names(&[catch.error], error)) else {
            self.end(false, Some(error), Some(cause));
            return;
        };
        let seen = json!({"errorOutput": {"Error": error, "Cause": cause}});
        let output = catch
            .output
            .as_ref()
            .map(|output| self.evaluate(&seen, output));
        match (output.transpose(), self.assigned(&seen, &catch.assign)) {
            (Ok(output), Ok(assigned)) => {
                self.variables.extend(assigned);
                self.input = output.unwrap_or_else(|| json!({"Error": error, "Cause": cause}));
                self.enter(catch.next.as_ref(), now);
            }
            (Err(why), _) | (_, Err(why)) => self.end(false, Some(QUERY), Some(&why.0)),
        }
    }

    fn end(&mut self, succeeded: bool, error: Option<&str>, cause: Option<&str>) {
        self.next = Next::Ended(Ended {
            state: self.state.clone(),
            succeeded,
            error: error.map(str::to_owned),
            cause: cause.map(str::to_owned),
        });
    }

    fn enter(&mut self, next: &str, now: Timestamp) {
        self.transitions.push((self.state.clone(), next.to_owned()));
        self.go_on(next.to_owned(), now);
    }

    /// Goes from state to state, to the next one that waits for something.
    fn go_on(&mut self, first: String, now: Timestamp) {
        self.state = first;
        for _ in 0..STRAIGHT {
            let Some(state) = self.definition.states.get(&self.state).cloned() else {
                self.end(
                    false,
                    Some("States.Runtime"),
                    Some("there is no such state"),
                );
                return;
            };
            match state {
                State::Call(call) => {
                    self.retried = vec![0; call.retries.len()];
                    self.begin(&call, now);
                    return;
                }
                State::Wait(wait) => {
                    self.wait(&wait, now);
                    return;
                }
                State::Succeed { .. } => {
                    self.end(true, None, None);
                    return;
                }
                State::Fail { error, cause, .. } => {
                    self.fail(error, cause);
                    return;
                }
                State::Choice(choice) => {
                    let mut ways = choice.ways.iter();
                    let way = ways.find(|way| way.when.iter().all(|when| self.holds(when, now)));
                    let (assign, next) = way.map_or((&choice.assign, &choice.default), |way| {
                        (&way.assign, &way.next)
                    });
                    match self.assigned(&json!({}), assign) {
                        Ok(assigned) => self.variables.extend(assigned),
                        Err(why) => {
                            self.end(false, Some(QUERY), Some(&why.0));
                            return;
                        }
                    }
                    self.transitions
                        .push((self.state.clone(), next.to_string()));
                    self.state = next.to_string();
                }
            }
        }
        self.end(
            false,
            Some("States.Runtime"),
            Some("it goes round for ever"),
        );
    }

    fn begin(&mut self, call: &Call, now: Timestamp) {
        self.tasks += 1;
        let token = format!("{}/{}/{}", self.name, self.state, self.tasks);
        let seen = json!({"context": {"Task": {"Token": token}}});
        let payload = self.json(&seen, &call.payload);
        let seconds = match call.seconds {
            Seconds::Fixed(seconds) => Ok(json!(seconds)),
            Seconds::Of(expression) => self.evaluate(&seen, expression),
        };
        match (payload, seconds) {
            (Ok(payload), Ok(seconds)) => {
                self.next = Next::Invoke(Invocation {
                    state: self.state.clone(),
                    function: call.function.0,
                    payload,
                    seconds: seconds.as_f64().unwrap_or_default(),
                    token: call.asks.then_some(token),
                });
            }
            (Err(why), _) | (_, Err(why)) => self.caught(call, QUERY, &why.0, now),
        }
    }

    fn wait(&mut self, wait: &Wait, now: Timestamp) {
        let until = match wait {
            Wait::AsAsked { .. } => {
                let seconds = self.input["wait_seconds"].as_i64();
                seconds.map(|seconds| now + SignedDuration::from_secs(seconds))
            }
            Wait::Until { time, .. } => {
                let time = self.evaluate(&json!({}), time).ok();
                time.and_then(|time| time.as_str()?.parse().ok())
            }
        };
        match until {
            Some(until) => self.next = Next::Wait(until),
            None => self.end(false, Some(QUERY), Some("it says no time to wait for")),
        }
    }

    fn fail(&mut self, error: &str, cause: &str) {
        let seen = json!({});
        let cause = self.evaluate(&seen, cause).ok();
        let cause = cause.and_then(|cause| cause.as_str().map(str::to_owned));
        let named = match bare(error) {
            Some(expression) => self.evaluate(&seen, expression).ok(),
            None => Some(json!(error)),
        };
        let named = named.and_then(|named| named.as_str().map(str::to_owned));
        self.end(false, named.as_deref(), cause.as_deref());
    }
}

/// What a query that comes to nothing is called.
const QUERY: &str = "States.QueryEvaluationError";

/// The JSONata in a text between `{%` and `%}`.
fn bare(text: &str) -> Option<&str> {
    Some(text.strip_prefix("{%")?.strip_suffix("%}")?.trim())
}

/// Whether an error is among those that are named. What the States Language calls `States.TaskFailed` is every error of a Task but a
/// time-out.
fn names(named: &[&str], error: &str) -> bool {
    named.iter().any(|name| {
        *name == error
            || *name == "States.ALL"
            || (*name == "States.TaskFailed" && error != "States.Timeout")
    })
}

/// The longest pause before another attempt, in seconds.
fn pause(retry: &Retry, taken: u32) -> f64 {
    let doubled = 1_u32.checked_shl(taken).unwrap_or(u32::MAX);
    f64::from(doubled.min(retry.pause_seconds_max))
}
