//! The stop of a living writer, as a run asks for it from another Region, and as the writer's own Region carries it out.

use failover::{
    domain::{Epoch, PlanName, StopToken},
    ports::Mark,
};
use serde::{Deserialize, Serialize};

/// What stop-writes of the writer's Region is asked. Nobody but another Region's stop-writes and promote-replica asks it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case", deny_unknown_fields)]
pub enum Asked {
    /// Stop the applications of the writer here, under the mark that this Region's row bears.
    Stop(OfStop),
    /// Say how the writer here stands.
    Look(OfStop),
    /// The same, and, where it is shut under this mark, how far it has written. That takes a commit, which goes on from there.
    Position(OfStop),
    /// Let the applications in again, by this mark, once no row here bears it any more.
    Open(OfStop),
}

/// Which stop of which plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfStop {
    /// The plan.
    pub plan: PlanName,
    /// The epoch of the writer that is stopped.
    pub epoch: Epoch,
    /// The mark.
    pub token: StopToken,
}

/// How the writer stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stands {
    /// The mark in its database, where one stands.
    pub mark: Option<Mark>,
    /// What stands open to applications, in words; nothing where every door is shut.
    pub open: Vec<String>,
    /// How far it has written, where it is shut under the mark that was asked about: bytes of its log.
    pub position: Option<i64>,
    /// What was done, or why nothing was.
    pub said: String,
}

impl Stands {
    /// Whether it bears this mark.
    #[must_use]
    pub fn bears(&self, token: &StopToken) -> bool {
        self.mark.as_ref().is_some_and(|mark| mark.token == *token)
    }
}

#[cfg(test)]
pub(crate) mod tests;
