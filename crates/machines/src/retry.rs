//! What is tried again, how often, and how long that may take.

use crate::json::Json;

/// One entry of a Task's `Retry`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// The errors it is for.
    pub errors: Vec<&'static str>,
    /// How often it tries again.
    pub attempts: u32,
    /// The longest pause between two attempts, in seconds; pauses begin at one second and double.
    pub pause_seconds_max: u32,
}

/// What AWS advises to try again, and what a function that was ended answers.
const TRANSIENT: [&str; 7] = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "Runtime.ExitError",
];

impl Retry {
    /// What a Task is tried again after.
    #[must_use]
    pub fn usual() -> Vec<Self> {
        let mut retries = Self::of_a_question();
        if let Some(transient) = retries.last_mut() {
            transient.errors.push("States.Timeout");
        }
        retries
    }

    /// Nobody is asked the same twice: no answer in time is an answer.
    #[must_use]
    pub fn of_a_question() -> Vec<Self> {
        vec![
            Self {
                errors: vec!["Unavailable"],
                attempts: 4,
                pause_seconds_max: 5,
            },
            Self {
                errors: TRANSIENT.into(),
                attempts: 3,
                pause_seconds_max: 5,
            },
        ]
    }

    pub(crate) fn json(&self) -> Json {
        Json::object([
            ("ErrorEquals", errors(&self.errors)),
            ("IntervalSeconds", Json::Number(1)),
            ("MaxAttempts", Json::Number(self.attempts)),
            ("BackoffRate", Json::Number(2)),
            ("MaxDelaySeconds", Json::Number(self.pause_seconds_max)),
            ("JitterStrategy", Json::text("FULL")),
        ])
    }
}

pub(crate) fn errors(names: &[&'static str]) -> Json {
    Json::List(names.iter().map(|name| Json::text(*name)).collect())
}
