//! What an instance of its own goes through, one phase after the other, and what is true at the end.

use std::collections::VecDeque;

use crate::model::{
    effect::{Effect, When},
    key::ClusterKey,
    state::InstanceStatus,
};

/// A status, how long it is shown at least, and what the storage does meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phase {
    pub(crate) status: InstanceStatus,
    pub(crate) duration_ms: u64,
    pub(crate) effect: Option<(When, Effect)>,
}

impl Phase {
    /// A phase in which the storage has nothing to do.
    pub(crate) const fn idle(status: InstanceStatus, duration_ms: u64) -> Self {
        Self {
            status,
            duration_ms,
            effect: None,
        }
    }

    /// A phase in which the storage begins at once.
    pub(crate) const fn doing(status: InstanceStatus, duration_ms: u64, effect: Effect) -> Self {
        Self {
            status,
            duration_ms,
            effect: Some((When::AtOnce, effect)),
        }
    }
}

/// What is true when the last phase has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    Created,
    /// It follows its source.
    Replicates,
    /// It follows nothing any more, and keeps backups for so many days.
    Promoted(u32),
    /// It has this name.
    Renamed(ClusterKey),
    Changed,
    /// It takes backups, which it did not before.
    BackupsOn,
    /// This snapshot of it is there.
    BackedUp(ClusterKey),
    /// Its standby writes, and it has become the standby.
    FailedOver,
    Stopped,
    /// This last snapshot of it is there.
    LastKept(ClusterKey),
    Deleted,
}

/// The phase that an instance is in, those ahead, and what comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Course {
    pub(crate) instance: ClusterKey,
    pub(crate) phase: Phase,
    pub(crate) ahead: VecDeque<Phase>,
    pub(crate) end: End,
}

impl Course {
    /// The snapshot that its phase takes.
    pub(crate) fn snapshot(&self) -> Option<&ClusterKey> {
        match &self.end {
            End::BackedUp(snapshot) | End::LastKept(snapshot) => Some(snapshot),
            End::Created
            | End::Replicates
            | End::Promoted(_)
            | End::Renamed(_)
            | End::Changed
            | End::BackupsOn
            | End::FailedOver
            | End::Stopped
            | End::Deleted => None,
        }
    }

    /// The name that it leads to.
    pub(crate) fn new_name(&self) -> Option<&ClusterKey> {
        match &self.end {
            End::Renamed(to) => Some(to),
            End::Created
            | End::Replicates
            | End::Promoted(_)
            | End::Changed
            | End::BackupsOn
            | End::BackedUp(_)
            | End::FailedOver
            | End::Stopped
            | End::LastKept(_)
            | End::Deleted => None,
        }
    }

    /// The Regions without which its phase stands still: its own, and the source's while a replica is made of it.
    pub(crate) fn needs(&self) -> Vec<&str> {
        let mut needs = vec![self.instance.region.as_str()];
        if let Some((_, Effect::CreateReplica { source, .. })) = &self.phase.effect {
            needs.push(&source.region);
        }
        needs
    }
}
