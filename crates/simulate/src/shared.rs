//! What everything in a case shares, and how one part of it asks for another.

use std::sync::{Mutex, MutexGuard, PoisonError};

use failover::domain::Region;
use futures::channel::{mpsc, oneshot};
use jiff::Timestamp;
use serde_json::Value;

use crate::{case::Depth, clock::Clock, state::State};

/// Asks for an invocation.
pub struct Request {
    /// In which Region.
    pub region: Region,
    /// Which function.
    pub function: String,
    /// What it is given.
    pub payload: Value,
    /// Where its answer goes.
    pub answer: oneshot::Sender<Result<Value, Failure>>,
}

/// How an invocation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The error's name.
    pub error: String,
    /// Its cause.
    pub cause: String,
}

/// What everything in a case shares.
pub struct Shared {
    /// The clock.
    pub clock: Clock,
    /// How deep it is played.
    pub depth: Depth,
    /// All there is.
    pub state: Mutex<State>,
    /// Invocations that are asked for.
    pub requests: mpsc::UnboundedSender<Request>,
    /// Executions that are asked for.
    pub starts: mpsc::UnboundedSender<String>,
}

impl Shared {
    /// All there is. It is never kept over a wait.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets the executions run that have begun.
    pub(crate) fn start_what_began(&self) {
        let begun = std::mem::take(&mut self.state().begun);
        for arn in begun {
            let _ = self.starts.unbounded_send(arn);
        }
    }

    /// Notes what happened.
    pub fn note(&self, what: impl FnOnce() -> String) {
        let now = self.now();
        self.state().note(now, what);
    }
}
