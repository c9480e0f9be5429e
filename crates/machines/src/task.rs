//! A loop: a Task, the Choice that asks for its progress, and the Wait before its next pass.

use std::borrow::Cow;

use crate::{
    json::Json,
    retry::Retry,
    state::{Call, Catch, Choice, Function, Seconds, State, Wait, Way},
    when::When,
};

/// How long a pass may ask to wait for the next one, but for those that say otherwise.
pub const WAIT_SECONDS: u32 = 60;

/// What a run does when a loop failed for good or came to no end; either is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The run ends.
    Closes,
    /// It is recorded, and the run goes on.
    GoesOn,
    /// It is recorded, and the run goes to the state that gives back what it had taken.
    LeadsTo(&'static str),
}

/// A loop of passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The name of its Task.
    pub state: &'static str,
    /// What it is for.
    pub comment: &'static str,
    /// The function.
    pub function: Function,
    /// What the function is told beside the run, as a member of an object in JSONata.
    pub told: Option<&'static str>,
    /// Passes at most.
    pub passes: u32,
    /// How long one may take.
    pub seconds: u32,
    /// How long a pass may ask to wait for the next one.
    pub wait_seconds: u32,
    /// What is tried again.
    pub retries: Vec<Retry>,
    /// What a failure leads to.
    pub failure: Failure,
    /// The loop that tries a failure again: it leads there, and nothing is recorded yet.
    pub tried_again_in: Option<&'static str>,
    /// What follows when it is done, where that is not the next part.
    pub then: Option<&'static str>,
    /// The state that asks a human where the pass does: the state, the variable that counts questions, and how many there may be.
    pub asks_in: Option<(&'static str, &'static str, u32)>,
    /// An error that leads elsewhere: its name, the variable that counts it, and the state.
    pub but: Option<(&'static str, &'static str, &'static str)>,
}

impl Task {
    /// The usual loop: nothing told beside the run, 35 seconds, a failure ends the run.
    #[must_use]
    pub fn of(state: &'static str, function: Function, passes: u32, comment: &'static str) -> Self {
        Self {
            state,
            comment,
            function,
            told: None,
            passes,
            seconds: 35,
            wait_seconds: WAIT_SECONDS,
            retries: Retry::usual(),
            failure: Failure::Closes,
            tried_again_in: None,
            then: None,
            asks_in: None,
            but: None,
        }
    }

    /// The longest time from one pass's end to the next one's: the wait, and a pass with every attempt.
    #[must_use]
    pub fn gap_seconds(&self) -> u32 {
        self.call("", "").gap_seconds(self.wait_seconds)
    }

    /// Its three states, the first of which is the Task; `next` follows when it is done.
    #[must_use]
    pub fn states(&self, next: &str) -> Vec<(Cow<'static, str>, State)> {
        let next = self.then.unwrap_or(next);
        let after_failure: Cow<'static, str> = match self.failure {
            Failure::Closes => "CloseRun".into(),
            Failure::GoesOn => next.to_owned().into(),
            Failure::LeadsTo(state) => state.into(),
        };
        let [progress, wait] = ["Progress", "Wait"].map(|end| format!("{}{end}", self.state));
        vec![
            (
                self.state.into(),
                State::Call(Box::new(self.call(&progress, &after_failure))),
            ),
            (
                progress.into(),
                State::Choice(self.choice(next, &wait, after_failure)),
            ),
            (
                wait.into(),
                State::Wait(Wait::AsAsked {
                    next: self.state.into(),
                }),
            ),
        ]
    }

    fn call(&self, progress: &str, after_failure: &str) -> Call {
        let payload = self.told.map_or_else(
            || Json::expression("$run"),
            |told| Json::expression(&format!("$merge([$run, {{{told}}}])")),
        );
        let but = self.but.map(|(error, counter, next)| Catch {
            error,
            assign: vec![
                ("passes".into(), Json::Number(0)),
                (counter.into(), Json::expression(&format!("${counter} + 1"))),
            ],
            output: None,
            next: next.into(),
        });
        let mut failed = Catch {
            error: "States.ALL",
            assign: vec![("passes".into(), Json::Number(0))],
            output: None,
            next: after_failure.to_owned().into(),
        };
        match self.tried_again_in {
            Some(again) => failed.next = again.into(),
            None => failed.assign.push(("trouble".into(), trouble(self.state))),
        }
        Call {
            comment: self.comment.into(),
            function: self.function,
            payload,
            asks: false,
            seconds: Seconds::Fixed(self.seconds),
            retries: self.retries.clone(),
            catches: but.into_iter().chain([failed]).collect(),
            assign: vec![("passes".into(), Json::expression("$passes + 1"))],
            output: Some("$states.result.Payload".into()),
            next: progress.to_owned().into(),
        }
    }

    fn choice(&self, next: &str, wait: &str, after_failure: Cow<'static, str>) -> Choice {
        let cause = format!("no end after {} passes", self.passes);
        let asks = self.asks_in.map(|(state, counter, most)| {
            let asks = vec![When::Acts("ask"), When::Below(counter, most)];
            Way::out(asks, state)
        });
        let goes_on = [
            Way::out(vec![When::Done], next.to_owned()),
            Way::to(
                vec![When::Pending, When::Below("passes", self.passes)],
                wait.to_owned(),
            ),
        ];
        Choice {
            comment: None,
            ways: asks.into_iter().chain(goes_on).collect(),
            assign: vec![
                ("passes".into(), Json::Number(0)),
                ("trouble".into(), told(self.state, "LoopExhausted", &cause)),
            ],
            default: after_failure,
        }
    }
}

/// The list of troubles, with the error that was caught in `state`. Who fails a task by its token need give neither a name nor a
/// cause.
pub(crate) fn trouble(state: &str) -> Json {
    Json::expression(&format!(
        "$append($trouble, [{{'state': '{state}', 'error': $states.errorOutput.Error ? $states.errorOutput.Error : \
         'States.TaskFailed', 'cause': $states.errorOutput.Cause ? $substring($states.errorOutput.Cause, 0, 2000) : ''}}])"
    ))
}

/// The list of troubles, with one of the machine's own.
pub(crate) fn told(state: &str, error: &str, cause: &str) -> Json {
    Json::expression(&format!(
        "$append($trouble, [{{'state': '{state}', 'error': '{error}', 'cause': '{cause}'}}])"
    ))
}
