//! What a kind of resource knows to do: it looks, decides by what it saw, and makes one call.

use failover::Error;
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    phase::Phase,
    plan::{Resource, WorkloadPlan},
    row::Row,
    run::WorkloadRun,
};

pub use crate::row::{Kept, Progress};

/// What a pass is about: one resource in one phase of one run.
#[derive(Debug, Clone, Copy)]
pub struct On<'a> {
    /// The plan as it stood when the run opened.
    pub plan: &'a WorkloadPlan,
    /// The resource.
    pub resource: &'a Resource,
    /// The run.
    pub run: &'a WorkloadRun,
    /// The phase that the run is in.
    pub phase: Phase,
    /// What is kept of the resource.
    pub row: &'a Row,
    /// The time of the pass.
    pub now: Timestamp,
    /// Whether nothing is written or called.
    pub dry_run: bool,
}

/// What a kind of resource does in a world `W`.
pub trait Verbs<W: Sync>: Copy + Send + Sync {
    /// What is there.
    type Seen: Serialize + Send + Sync;
    /// A call that changes something.
    type Call: Send + Sync;

    /// Looks. Changes nothing, whoever calls.
    ///
    /// # Errors
    /// `Unavailable` and `Denied`, where AWS does not tell.
    fn look(self, world: &W, on: &On<'_>)
    -> impl Future<Output = Result<Self::Seen, Error>> + Send;

    /// Decides by what is seen and what the row remembers, and by nothing else.
    ///
    /// # Errors
    /// `NotReady` and `UnexpectedTopology`: this resource's refusal.
    fn decide(self, on: &On<'_>, seen: &Self::Seen) -> Result<Next<Self::Call>, Error>;

    /// Every reason against it in `Prepare`, one sentence each.
    fn reasons(self, _on: &On<'_>, _seen: &Self::Seen) -> Vec<String> {
        Vec::new()
    }

    /// Makes the one call.
    ///
    /// # Errors
    /// What AWS answers. An answer that was lost is `Unavailable`: the next pass looks.
    fn call(
        self,
        world: &W,
        on: &On<'_>,
        call: &Self::Call,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// What comes next for a resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Next<C> {
    /// Its phase is done.
    Done {
        /// Why, in a sentence.
        reason: String,
        /// What later phases have to know.
        keep: Kept,
    },
    /// AWS works; the next pass looks again.
    Wait {
        /// What for, in a sentence.
        reason: String,
        /// How far that is.
        progress: Option<Progress>,
    },
    /// Only the row is written; the next pass goes on.
    Remember {
        /// Why, in a sentence.
        reason: String,
        /// What is kept.
        keep: Kept,
    },
    /// One call is made.
    Call {
        /// What it is called in records.
        name: &'static str,
        /// Why, in a sentence.
        reason: String,
        /// What is kept before it is made.
        keep: Kept,
        /// The call.
        call: C,
    },
}
