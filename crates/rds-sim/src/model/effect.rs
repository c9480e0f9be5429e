//! What the model asks of the storage, and the tasks that wait for it.

use crate::model::{
    key::ClusterKey,
    state::{Millis, Secret},
};

/// Work for the storage. Each may be asked for again after a failure, so each must be repeatable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Start an empty database that takes writes.
    CreatePrimary {
        /// Where.
        cluster: ClusterKey,
        /// A database to create in it.
        database: Option<String>,
        /// Its master user.
        user: String,
        /// That user's password.
        password: Secret,
    },
    /// Clone a primary and follow it.
    CreateStandby {
        /// The new standby.
        cluster: ClusterKey,
        /// What it follows.
        primary: ClusterKey,
    },
    /// Cut a standby from its primary for good.
    StopReplication {
        /// The standby.
        cluster: ClusterKey,
    },
    /// Make a standby take writes.
    Promote {
        /// The standby.
        cluster: ClusterKey,
    },
    /// Stop a primary from taking writes.
    Fence {
        /// The deposed writer.
        cluster: ClusterKey,
    },
    /// Swap the roles of two members without losing a write.
    SwitchOver {
        /// The old primary.
        from: ClusterKey,
        /// The new primary.
        to: ClusterKey,
    },
    /// Replace a member's volume by a clone of the primary and follow it.
    Resynchronise {
        /// The member to rebuild.
        cluster: ClusterKey,
        /// What it follows from now on.
        primary: ClusterKey,
    },
    /// Stop a cluster that has no instance any more; its volume stays.
    Halt {
        /// The cluster.
        cluster: ClusterKey,
    },
    /// Copy a cluster's volume as it is now.
    Snapshot {
        /// The cluster.
        cluster: ClusterKey,
        /// The copy.
        snapshot: ClusterKey,
    },
    /// Copy a snapshot's volume.
    CopySnapshot {
        /// The snapshot.
        from: ClusterKey,
        /// The copy.
        to: ClusterKey,
    },
    /// Remove a snapshot's volume.
    DropSnapshot {
        /// The snapshot.
        snapshot: ClusterKey,
    },
    /// Start a database that takes writes from a snapshot's volume.
    Restore {
        /// The snapshot.
        snapshot: ClusterKey,
        /// The new cluster.
        cluster: ClusterKey,
    },
    /// Give a cluster's database another name.
    Rename {
        /// The cluster.
        from: ClusterKey,
        /// What it is called from now on.
        to: ClusterKey,
    },
    /// Remove a cluster's volume.
    Destroy {
        /// The cluster.
        cluster: ClusterKey,
    },
    /// Stop a database in good order and start it again in the role it has.
    Restart {
        /// The cluster.
        cluster: ClusterKey,
    },
    /// Give the master user another password.
    SetPassword {
        /// The cluster.
        cluster: ClusterKey,
        /// The master user.
        user: String,
        /// The new password.
        password: Secret,
    },
    /// Start a cluster that went down with its Region or its last instance, in the role it had.
    Resume {
        /// The cluster.
        cluster: ClusterKey,
    },
}

/// The number of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub(crate) u64);

/// When a task's effect is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// At once; the task ends when both its duration and the effect have ended.
    AtOnce,
    /// When the duration has passed, so that nothing of it is seen earlier.
    WhenDue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Waiting,
    Running,
    Carried,
}

/// What becomes true when a task ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Then {
    ClusterCreated(ClusterKey),
    InstanceCreated(ClusterKey),
    Promoted(ClusterKey),
    FailoverBegun(String),
    FailedOver(String),
    SwitchedOver(String),
    Resynchronised(String, ClusterKey),
    Modified(ClusterKey),
    InstanceDeleted(ClusterKey),
    ClusterDeleted(ClusterKey),
    SnapshotTaken(ClusterKey),
    /// The volume that a managed failover is about to replace was kept; the member, its global cluster and its primary.
    DeposedKept(ClusterKey, ClusterKey, String, ClusterKey),
    ClusterRenamed(ClusterKey, ClusterKey),
    InstanceRenamed(ClusterKey, ClusterKey),
    InstanceModified(ClusterKey),
    /// The cluster, and the instance that writes from then on.
    ClusterFailedOver(ClusterKey, ClusterKey),
    ClusterStopped(ClusterKey),
    ClusterStarted(ClusterKey),
    EndpointMade(ClusterKey),
    EndpointDeleted(ClusterKey),
    SnapshotDeleted(ClusterKey),
    Nothing,
}

impl Then {
    /// Whether it would give that cluster a status, or another name.
    pub(crate) fn leads_cluster(&self, key: &ClusterKey) -> bool {
        match self {
            Self::ClusterCreated(cluster)
            | Self::Promoted(cluster)
            | Self::Resynchronised(_, cluster)
            | Self::Modified(cluster)
            | Self::ClusterRenamed(cluster, _)
            | Self::ClusterFailedOver(cluster, _)
            | Self::ClusterStopped(cluster)
            | Self::ClusterStarted(cluster) => cluster == key,
            Self::InstanceCreated(_)
            | Self::FailoverBegun(_)
            | Self::FailedOver(_)
            | Self::SwitchedOver(_)
            | Self::InstanceDeleted(_)
            | Self::ClusterDeleted(_)
            | Self::SnapshotTaken(_)
            | Self::DeposedKept(..)
            | Self::InstanceRenamed(..)
            | Self::InstanceModified(_)
            | Self::EndpointMade(_)
            | Self::EndpointDeleted(_)
            | Self::SnapshotDeleted(_)
            | Self::Nothing => false,
        }
    }

    /// As [`Then::leads_cluster`], for an instance.
    pub(crate) fn leads_instance(&self, key: &ClusterKey) -> bool {
        matches!(
            self,
            Self::InstanceCreated(instance)
                | Self::InstanceRenamed(instance, _)
                | Self::InstanceModified(instance)
            if instance == key
        )
    }

    /// Whether it is part of the failover or switchover of that global cluster.
    pub(crate) fn belongs_to_failover_of(&self, id: &str) -> bool {
        match self {
            Self::FailoverBegun(global) | Self::FailedOver(global) | Self::SwitchedOver(global) => {
                global == id
            }
            Self::ClusterCreated(_)
            | Self::InstanceCreated(_)
            | Self::Promoted(_)
            | Self::Resynchronised(_, _)
            | Self::Modified(_)
            | Self::InstanceDeleted(_)
            | Self::ClusterDeleted(_)
            | Self::SnapshotTaken(_)
            | Self::DeposedKept(..)
            | Self::ClusterRenamed(..)
            | Self::InstanceRenamed(..)
            | Self::InstanceModified(_)
            | Self::ClusterFailedOver(..)
            | Self::ClusterStopped(_)
            | Self::ClusterStarted(_)
            | Self::EndpointMade(_)
            | Self::EndpointDeleted(_)
            | Self::SnapshotDeleted(_)
            | Self::Nothing => false,
        }
    }
}

/// A transition under way.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) id: TaskId,
    /// It stands still while one of these Regions is lost.
    pub(crate) needs: Vec<String>,
    pub(crate) duration_ms: u64,
    pub(crate) due: Millis,
    pub(crate) effect: Option<Effect>,
    pub(crate) when: When,
    pub(crate) progress: Progress,
    pub(crate) failures: u32,
    pub(crate) then: Then,
}
