//! What a member was: kept in a ledger, to be made again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{GlobalCluster, GlobalSettings, shape::Shape};
use crate::domain::Epoch;

/// What a member was: kept in a ledger, to be made again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Blueprint {
    /// The cluster as it was.
    pub shape: Shape,
    /// The epoch that deposed it, or the one it was healthy in.
    pub epoch: Epoch,
    /// When that was seen.
    pub seen_at: Timestamp,
    /// What its global cluster was given.
    #[serde(default)]
    pub global: Option<GlobalSettings>,
    /// How often its successor was given what it could not be made with, where that is a call of its own.
    #[serde(default)]
    pub completions: u32,
    /// When that was last.
    #[serde(default)]
    pub completed_at: Option<Timestamp>,
    /// When its successor was first seen with all of it. From then on what that one is counts.
    #[serde(default)]
    pub succeeded_at: Option<Timestamp>,
}

/// The record of a member that is healthy and in its right role, refreshed on schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Healthy {
    /// As it was last seen so.
    pub newest: Blueprint,
    /// As it was before it was last changed.
    #[serde(default)]
    pub before: Option<Blueprint>,
}

impl Blueprint {
    /// What a member is made of, seen now.
    #[must_use]
    pub fn of(
        shape: Shape,
        global: Option<&GlobalCluster>,
        epoch: Epoch,
        seen_at: Timestamp,
    ) -> Self {
        Self {
            shape,
            epoch,
            seen_at,
            global: global.map(|global| global.settings.clone()),
            completions: 0,
            completed_at: None,
            succeeded_at: None,
        }
    }

    /// The same record with the mark, where another cluster stands in this one's place and lacks nothing of it; `None` where
    /// it is marked already.
    #[must_use]
    pub fn succeeded(&self, by: &Shape, at: Timestamp) -> Option<Self> {
        let is_complete = by.resource_id != self.shape.resource_id
            && by.is_whole()
            && by.missing_role(&self.shape).is_none()
            && by.missing_instance(&self.shape).is_none()
            && by.missing_endpoint(&self.shape).is_none();
        (is_complete && self.succeeded_at.is_none()).then(|| Self {
            succeeded_at: Some(at),
            ..self.clone()
        })
    }

    /// Whether this tells what the member was before the incident of `epoch` took anything from it. What an earlier incident
    /// noted does so as long as it is about the same cluster, which has not been healthy since: what is there now is what that
    /// incident's rebuild has left of it. Once its successor stood complete, only a record of that one is better than this.
    #[must_use]
    pub fn tells_of(&self, epoch: Epoch, live: Option<&Shape>, healthy: Option<&Healthy>) -> bool {
        let seen_after = |at| healthy.is_some_and(|kept| kept.newest.seen_at >= at);
        if self
            .succeeded_at
            .is_some_and(|at| live.is_some() || seen_after(at))
        {
            return false;
        }
        if self.epoch == epoch {
            return true;
        }
        let is_same = live.is_none_or(|live| live.resource_id == self.shape.resource_id);
        let was_healthy_since = healthy.is_some_and(|kept| kept.newest.seen_at > self.seen_at);
        self.epoch < epoch && is_same && !was_healthy_since
    }
}

impl Healthy {
    /// The record after a look: the one before is kept where something has changed.
    #[must_use]
    pub fn after(known: Option<Self>, seen: Blueprint) -> Self {
        let Some(known) = known else {
            return Self {
                newest: seen,
                before: None,
            };
        };
        let has_changed = known.newest.shape.lasting() != seen.shape.lasting()
            || known.newest.global != seen.global;
        Self {
            before: if has_changed {
                Some(known.newest)
            } else {
                known.before
            },
            newest: seen,
        }
    }
}
