//! How scenarios end, and what people are told in them.

use failover::{evidence::Verdict, plan::Strategy};

/// How a scenario ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// The standby has taken over, after this verdict and by this strategy; `None` where the topology has one way only.
    Recovered(Verdict, Option<Strategy>),
    /// Nothing has changed, and every run that there was ended so.
    Unchanged {
        /// The last verdict; `None` where no run may come as far as one.
        verdict: Option<Verdict>,
        /// How every run that is admitted ends; `None` where there may be none.
        outcome: Option<&'static str>,
        /// Whether the application may notice nothing.
        writes_go_on: bool,
    },
    /// What the scenario's own checks say.
    AsPlayed {
        /// The Region that has the writer then.
        writer: &'static str,
    },
}

impl Ends {
    /// Nothing has changed, and the application has not noticed anything.
    pub(crate) const fn harmless(verdict: Verdict) -> Self {
        Self::Unchanged {
            verdict: Some(verdict),
            outcome: Some("stood_down"),
            writes_go_on: true,
        }
    }

    /// Nothing has changed, though the application could not write for a while.
    pub(crate) const fn unchanged(verdict: Verdict, outcome: &'static str) -> Self {
        Self::Unchanged {
            verdict: Some(verdict),
            outcome: Some(outcome),
            writes_go_on: false,
        }
    }
}

/// What people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// Each of these parts of a subject, once; where there are none, nothing.
    Once(&'static [&'static str]),
    /// What is told is told once a round.
    OnceARound,
}

pub(crate) use failover::notify::parts::{
    DETACHED, FENCED, NOT_KEPT_OUT, NOT_STARTED, NOT_TAKEN, RETURN, STOPPED, SUSPECTED, TOOK_OVER,
    UNFINISHED,
};

/// Part of a subject: a human is asked.
pub(crate) const QUESTION: &str = "shall us-east-1 take over";
