//! What the model asks of the storage.

use crate::model::{engine::Engine, key::ClusterKey, state::Secret};

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
    /// Start an empty database of an instance of its own, which takes writes.
    CreateInstance {
        /// Where.
        instance: ClusterKey,
        /// What it is a database of.
        engine: Engine,
        /// A database to create in it.
        database: Option<String>,
        /// Its master user.
        user: String,
        /// That user's password.
        password: Secret,
    },
    /// Clone an instance and follow it, through a slot on it where its engine has slots.
    CreateReplica {
        /// The new replica.
        replica: ClusterKey,
        /// What it follows.
        source: ClusterKey,
        /// The slot's name.
        slot: String,
    },
    /// Make a replica take writes, and start it anew.
    PromoteReplica {
        /// The replica.
        replica: ClusterKey,
    },
    /// Give up the slot that a source holds for a replica.
    DropSlot {
        /// The source.
        source: ClusterKey,
        /// The slot's name.
        slot: String,
    },
    /// Give an instance's database another name at once, and start it anew.
    RenameInstance {
        /// The instance.
        from: ClusterKey,
        /// What it is called from now on.
        to: ClusterKey,
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
        /// The snapshot since which it is to have what changed. It is whole all the same, as is one that is full.
        since: Option<ClusterKey>,
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
        /// The new cluster, or instance of its own.
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

impl Effect {
    /// Whose database it is about: that of what is followed, where a replica is to be made.
    pub(crate) fn subject(&self) -> &ClusterKey {
        match self {
            Self::CreatePrimary { cluster, .. }
            | Self::CreateStandby { cluster, .. }
            | Self::StopReplication { cluster }
            | Self::Promote { cluster }
            | Self::Fence { cluster }
            | Self::Resynchronise { cluster, .. }
            | Self::Halt { cluster }
            | Self::Snapshot { cluster, .. }
            | Self::Restore { cluster, .. }
            | Self::Destroy { cluster }
            | Self::Restart { cluster }
            | Self::SetPassword { cluster, .. }
            | Self::Resume { cluster } => cluster,
            Self::CreateInstance { instance, .. } => instance,
            Self::CreateReplica { source, .. } | Self::DropSlot { source, .. } => source,
            Self::PromoteReplica { replica } => replica,
            Self::RenameInstance { from, .. }
            | Self::Rename { from, .. }
            | Self::SwitchOver { from, .. }
            | Self::CopySnapshot { from, .. } => from,
            Self::DropSnapshot { snapshot } => snapshot,
        }
    }

    /// The snapshot that it takes from, or takes away.
    pub(crate) fn snapshot(&self) -> Option<&ClusterKey> {
        if let Self::CopySnapshot { from: snapshot, .. }
        | Self::DropSnapshot { snapshot }
        | Self::Restore { snapshot, .. } = self
        {
            return Some(snapshot);
        }
        None
    }

    /// The name that it gives.
    pub(crate) fn new_name(&self) -> Option<&ClusterKey> {
        if let Self::RenameInstance { to, .. } | Self::Rename { to, .. } = self {
            return Some(to);
        }
        None
    }
}

/// When a task's effect is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// At once; the task ends when both its duration and the effect have ended.
    AtOnce,
    /// When the duration has passed, so that nothing of it is seen earlier.
    WhenDue,
}
