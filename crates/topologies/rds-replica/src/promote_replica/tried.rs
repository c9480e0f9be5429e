//! What was tried to promote the replica, and for how long RDS's silence about it means nothing.

use jiff::Timestamp;
use serde::Serialize;

use super::STEP;
use failover::{
    domain::seconds_between,
    ledger::{Answer, Attempt, Run},
    pass::calls,
};

/// How long nothing is asked for again after a call that RDS took, or whose answer was not seen: it shows `available` on until it
/// begins.
const OPEN_SECONDS: f64 = 60.0;
/// How long a refused call rests before it is made again.
const REFUSED_SECONDS: f64 = 5.0;

/// What the run's record says of its calls.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Tried {
    /// Seconds since the last call that may have been taken.
    pub open_seconds: Option<f64>,
    /// Whether RDS said that it took that one.
    pub is_taken: bool,
    /// Seconds since the last refusal.
    pub refused_seconds: Option<f64>,
}

impl Tried {
    pub(super) fn of(run: &Run, now: Timestamp) -> Self {
        let since = |attempt: &Attempt| seconds_between(attempt.at, now);
        let is_refused = |attempt: &&Attempt| {
            attempt.step == STEP && matches!(attempt.answer, Some(Answer::Refused(_)))
        };
        let open = calls::open(run);
        let refused = run.attempts.iter().filter(is_refused);
        Self {
            open_seconds: open.map(since),
            is_taken: open.is_some_and(|open| open.answer == Some(Answer::Taken)),
            refused_seconds: refused.map(since).reduce(f64::min),
        }
    }

    /// Why nothing is decided yet: the last call may have been taken, and RDS does not show it.
    pub(super) fn may_be_taken(&self) -> Option<&'static str> {
        let why = if self.is_taken {
            "RDS took the call and does not show it yet"
        } else {
            "RDS may have taken the call and does not show it yet"
        };
        self.open_seconds
            .is_some_and(|age| age < OPEN_SECONDS)
            .then_some(why)
    }

    /// Why the next call waits: RDS refused the last one.
    pub(super) fn was_refused(&self) -> Option<&'static str> {
        self.refused_seconds
            .is_some_and(|age| age < REFUSED_SECONDS)
            .then_some("RDS refused the call a moment ago")
    }
}
