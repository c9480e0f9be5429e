//! What is tried again, how often, and how long that may take.

use crate::json::Json;

/// One entry of a Task's `Retry`. The first that names an error decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// The errors it is for.
    pub errors: Vec<&'static str>,
    /// How often it tries again.
    pub attempts: u32,
    /// The longest pause between two attempts, in seconds; pauses begin at one second and double, each of them a random
    /// part of that.
    pub pause_seconds_max: u32,
    /// How long an attempt may take before it fails like this.
    pub takes: Takes,
}

/// How long an attempt takes that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// As long as the Task lets it.
    AsLongAsItMay,
    /// So many seconds: the service answers in the function's place.
    Seconds(u32),
    /// As long as the Task lets them so many, which the step counts, and the others so many seconds.
    Few {
        /// How many of them.
        long: u32,
        /// The others.
        seconds: u32,
    },
}

/// The names by which our functions fail, but for `Unavailable`: looking again changes nothing about them.
pub const ANSWERS: [&str; 7] = [
    "InvalidRequest",
    "NotReady",
    "UnexpectedTopology",
    "EvidenceStale",
    "DataLossTooLarge",
    "RunRefused",
    "Denied",
];

/// What cannot heal by itself within minutes.
pub const PERMANENT: [&str; 9] = [
    "States.DataLimitExceeded",
    "States.Runtime",
    "States.QueryEvaluationError",
    "States.Permissions",
    "Lambda.ResourceNotFoundException",
    "Lambda.AccessDeniedException",
    "Lambda.KMSAccessDeniedException",
    "Lambda.InvalidRequestContentException",
    "Lambda.RequestTooLargeException",
];

/// What comes only when a time-out has passed.
const SLOW: [&str; 2] = ["States.Timeout", "Sandbox.Timedout"];

/// What Lambda answers in the place of a function that it could not start or lost: an idle one among them, whose first
/// call finds it without network or code.
const OF_LAMBDA: [&str; 15] = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Lambda.CodeArtifactUserPendingException",
    "Lambda.ResourceNotReadyException",
    "Lambda.ResourceConflictException",
    "Lambda.ENINotReadyException",
    "Lambda.EC2ThrottledException",
    "Lambda.EC2UnexpectedException",
    "Lambda.SubnetIPAddressLimitReachedException",
    "Sandbox.Timedout",
    "Runtime.ExitError",
];

/// Every error that nobody named before.
const ALL: [&str; 1] = ["States.ALL"];

/// How long Lambda takes to say that it could not start a function, in seconds.
const LAMBDA_SECONDS: u32 = 5;

/// How long a pass takes at most that calls a function of the plan's own which Lambda does not start, in seconds.
const PASS_SECONDS: u32 = 15;

impl Retry {
    /// What a Task is tried again after: for about three minutes whatever may heal.
    #[must_use]
    pub fn usual() -> Vec<Self> {
        vec![
            Self::never(),
            Self::of(&["Unavailable"], 4, 5),
            Self::of(&SLOW, 1, 1),
            Self::of(&ALL, 11, 60).after(LAMBDA_SECONDS),
        ]
    }

    /// The same within the minute for which evidence is good: afterwards it has to be confirmed again anyway.
    #[must_use]
    pub fn within_the_evidence() -> Vec<Self> {
        vec![
            Self::never(),
            Self::of(&["Unavailable"], 3, 5),
            Self::of(&SLOW, 1, 1),
            Self::of(&ALL, 6, 8).after(LAMBDA_SECONDS),
        ]
    }

    /// Before a promotion, where the Task may take long: a run that lives is not silent for so long that another one takes its
    /// place.
    #[must_use]
    pub fn before_the_promotion() -> Vec<Self> {
        vec![
            Self::never(),
            Self::of(&["Unavailable"], 3, 5).lasting(1, PASS_SECONDS),
            Self::of(&SLOW, 1, 1),
            Self::of(&ALL, 6, 8).after(LAMBDA_SECONDS),
        ]
    }

    /// Where names and services wait for a function of the plan's own: a run that gives up leaves a proven writer without them, and
    /// Lambda may turn calls away for minutes. How often one that is slow or fails is called is counted by the step.
    #[must_use]
    pub fn behind_the_proof() -> Vec<Self> {
        vec![
            Self::never(),
            Self::of(&["Unavailable"], 8, 30).lasting(2, PASS_SECONDS),
            Self::of(&SLOW, 1, 1),
            Self::of(&ALL, 11, 60).after(LAMBDA_SECONDS),
        ]
    }

    /// For about ten minutes: what is not closed tells nobody, and what is not given back keeps everybody else waiting.
    #[must_use]
    pub fn long() -> Vec<Self> {
        vec![
            Self::never(),
            Self::of(&["Unavailable"], 25, 60),
            Self::of(&ALL, 25, 60),
        ]
    }

    /// Nobody is asked the same twice: no answer in time is an answer, and so is whatever name a human gives a refusal.
    #[must_use]
    pub fn of_a_question() -> Vec<Self> {
        vec![
            Self::never(),
            Self::of(&["Unavailable"], 4, 5),
            Self::of(&OF_LAMBDA, 11, 60).after(LAMBDA_SECONDS),
        ]
    }

    /// The longest time that all its attempts and pauses take, each attempt of a Task of so many seconds.
    #[must_use]
    pub fn seconds_at_most(&self, task_seconds: u32) -> u32 {
        let (long, seconds) = match self.takes {
            Takes::AsLongAsItMay => (self.attempts, 0),
            Takes::Seconds(seconds) => (0, seconds),
            Takes::Few { long, seconds } => (long.min(self.attempts), seconds),
        };
        let short = (self.attempts - long) * seconds.min(task_seconds);
        self.pauses_at_most() + long * task_seconds + short
    }

    /// The longest time that all its pauses take.
    #[must_use]
    pub fn pauses_at_most(&self) -> u32 {
        let pauses = (0..self.attempts).map(|attempt| {
            let doubled = 1_u32.checked_shl(attempt).unwrap_or(u32::MAX);
            doubled.min(self.pause_seconds_max)
        });
        pauses.sum()
    }

    fn never() -> Self {
        let errors: Vec<_> = ANSWERS.into_iter().chain(PERMANENT).collect();
        Self::of(&errors, 0, 1)
    }

    fn of(errors: &[&'static str], attempts: u32, pause_seconds_max: u32) -> Self {
        Self {
            errors: errors.into(),
            attempts,
            pause_seconds_max,
            takes: Takes::AsLongAsItMay,
        }
    }

    const fn after(mut self, seconds: u32) -> Self {
        self.takes = Takes::Seconds(seconds);
        self
    }

    const fn lasting(mut self, long: u32, seconds: u32) -> Self {
        self.takes = Takes::Few { long, seconds };
        self
    }

    pub(crate) fn json(&self) -> Json {
        let errors = ("ErrorEquals", errors(&self.errors));
        let attempts = ("MaxAttempts", Json::Number(self.attempts));
        if self.attempts == 0 {
            return Json::object([errors, attempts]);
        }
        Json::object([
            errors,
            ("IntervalSeconds", Json::Number(1)),
            attempts,
            ("BackoffRate", Json::Number(2)),
            ("MaxDelaySeconds", Json::Number(self.pause_seconds_max)),
            ("JitterStrategy", Json::text("FULL")),
        ])
    }
}

pub(crate) fn errors(names: &[&'static str]) -> Json {
    Json::List(names.iter().map(|name| Json::text(*name)).collect())
}
