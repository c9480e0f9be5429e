//! What the control plane holds: global clusters, their members, instances, statuses.

mod standalone;

use std::fmt;

use serde::Serialize;

pub(crate) use self::standalone::{
    BackupCopy, ExportTask, InstanceSnapshot, Replica, Replication, Source, Standalone,
};
pub use crate::model::span::Millis;
use crate::model::{kept::Kept, key::ClusterKey, span::Span, transfer::Transfer};

/// A text that no log shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// `DBCluster.Status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClusterStatus {
    Creating,
    Available,
    Promoting,
    FailingOver,
    Modifying,
    Upgrading,
    Renaming,
    Stopping,
    Stopped,
    Starting,
    Deleting,
    Failed,
}

impl ClusterStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Available => "available",
            Self::Promoting => "promoting",
            Self::FailingOver => "failing-over",
            Self::Modifying => "modifying",
            Self::Upgrading => "upgrading",
            Self::Renaming => "renaming",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Deleting => "deleting",
            Self::Failed => "failed",
        }
    }
}

/// `DBInstance.DBInstanceStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InstanceStatus {
    Creating,
    Available,
    Rebooting,
    Modifying,
    BackingUp,
    Renaming,
    Stopping,
    Stopped,
    Starting,
    Deleting,
    Failed,
}

impl InstanceStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Available => "available",
            Self::Rebooting => "rebooting",
            Self::Modifying => "modifying",
            Self::BackingUp => "backing-up",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Renaming => "renaming",
            Self::Deleting => "deleting",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cluster {
    pub(crate) key: ClusterKey,
    pub(crate) resource_id: String,
    pub(crate) engine_version: String,
    pub(crate) status: ClusterStatus,
    pub(crate) port: u32,
    pub(crate) master_username: Option<String>,
    pub(crate) database: Option<String>,
    /// The identifier of the global cluster it belongs to.
    pub(crate) global: Option<String>,
    pub(crate) network: Network,
    pub(crate) deletion_protection: bool,
    pub(crate) backup_retention_days: u32,
    pub(crate) iam_authentication: bool,
    pub(crate) created_at: Millis,
    pub(crate) tags: Vec<(String, String)>,
    /// A managed failover took its writes away, and it is not rebuilt yet.
    pub(crate) fenced: bool,
    /// The instance that writes, where the cluster takes writes.
    pub(crate) writer: Option<ClusterKey>,
    /// The zones it was given; empty for those of its Region.
    pub(crate) zones: Vec<String>,
    /// The logs that go to CloudWatch.
    pub(crate) log_exports: Vec<String>,
    /// Roles, and what each is for.
    pub(crate) roles: Vec<(String, String)>,
    pub(crate) scaling: Option<Scaling>,
    pub(crate) kept: Kept,
}

/// `ServerlessV2ScalingConfiguration`, in half capacity units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scaling {
    pub(crate) min_capacity: Capacity,
    pub(crate) max_capacity: Capacity,
    pub(crate) pause_after_seconds: Option<u32>,
}

/// Aurora capacity units, of which there are halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Capacity {
    pub(crate) halves: u32,
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = if self.halves.is_multiple_of(2) {
            "0"
        } else {
            "5"
        };
        write!(f, "{}.{half}", self.halves / 2)
    }
}

/// What a cluster was given and only keeps: subnets, security groups, parameter group, key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) subnet_group: Option<String>,
    pub(crate) security_groups: Vec<String>,
    pub(crate) parameter_group: Option<String>,
    pub(crate) kms_key: Option<String>,
    pub(crate) encrypted: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) key: ClusterKey,
    pub(crate) cluster: ClusterKey,
    pub(crate) class: String,
    pub(crate) status: InstanceStatus,
    pub(crate) promotion_tier: u32,
    pub(crate) resource_id: String,
    pub(crate) created_at: Millis,
    /// The zone it was given.
    pub(crate) zone: Option<String>,
    pub(crate) parameter_group: Option<String>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) kept: Kept,
}

/// A custom endpoint of a cluster.
#[derive(Debug, Clone)]
pub(crate) struct CustomEndpoint {
    pub(crate) key: ClusterKey,
    pub(crate) cluster: ClusterKey,
    /// `READER` or `ANY`.
    pub(crate) kind: String,
    pub(crate) static_members: Vec<String>,
    pub(crate) excluded_members: Vec<String>,
    pub(crate) status: EndpointStatus,
    pub(crate) resource_id: String,
    pub(crate) tags: Vec<(String, String)>,
}

/// `DBClusterEndpoint.Status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndpointStatus {
    Creating,
    Available,
    Deleting,
}

impl EndpointStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Available => "available",
            Self::Deleting => "deleting",
        }
    }
}

/// `DBClusterSnapshot.Status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SnapshotStatus {
    Creating,
    Available,
    Deleting,
}

impl SnapshotStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Available => "available",
            Self::Deleting => "deleting",
        }
    }
}

/// A snapshot of a cluster.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) key: ClusterKey,
    pub(crate) cluster: ClusterKey,
    /// Whether RDS took it of its own accord.
    pub(crate) is_automated: bool,
    /// The ARN of the snapshot that it was copied from.
    pub(crate) copied_from: Option<String>,
    /// The resource of the cluster, which keeps it when it is renamed.
    pub(crate) resource_id: String,
    pub(crate) status: SnapshotStatus,
    pub(crate) engine_version: String,
    pub(crate) master_username: Option<String>,
    pub(crate) port: u32,
    pub(crate) encrypted: bool,
    pub(crate) kms_key: Option<String>,
    pub(crate) iam_authentication: bool,
    pub(crate) backup_retention_days: u32,
    pub(crate) made: Span,
    /// What it took along, where it is a copy.
    pub(crate) transfer: Option<Transfer>,
    pub(crate) cluster_created_at: Millis,
    pub(crate) created_at: Millis,
    pub(crate) tags: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Global {
    pub(crate) id: String,
    pub(crate) resource_id: String,
    pub(crate) engine_version: String,
    pub(crate) database: Option<String>,
    pub(crate) encrypted: bool,
    pub(crate) lifecycle_support: Option<String>,
    pub(crate) deletion_protection: bool,
    pub(crate) tags: Vec<(String, String)>,
    /// The Region it was created in.
    pub(crate) origin: String,
    /// The one member that takes writes; a second one cannot be expressed.
    pub(crate) writer: Option<ClusterKey>,
    pub(crate) standbys: Vec<Standby>,
    pub(crate) failover: Option<Failover>,
    /// From when on RDS knows that the last leaver has left.
    pub(crate) emptied_at: Millis,
}

impl Global {
    pub(crate) fn members(&self) -> impl Iterator<Item = &ClusterKey> {
        self.writer
            .iter()
            .chain(self.standbys.iter().map(|standby| &standby.cluster))
    }

    pub(crate) fn standby(&self, cluster: &ClusterKey) -> Option<&Standby> {
        self.standbys
            .iter()
            .find(|standby| standby.cluster == *cluster)
    }

    pub(crate) fn set_synchronization(&mut self, cluster: &ClusterKey, to: Synchronization) {
        for standby in self
            .standbys
            .iter_mut()
            .filter(|standby| standby.cluster == *cluster)
        {
            standby.synchronization = to;
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Standby {
    pub(crate) cluster: ClusterKey,
    pub(crate) synchronization: Synchronization,
}

/// `GlobalClusterMember.SynchronizationStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Synchronization {
    Connected,
    PendingResync,
}

impl Synchronization {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::PendingResync => "pending-resync",
        }
    }
}

/// Which of the two global operations runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailoverKind {
    Switchover,
    DataLossAllowed,
}

/// `GlobalCluster.FailoverState`.
#[derive(Debug, Clone)]
pub(crate) struct Failover {
    pub(crate) kind: FailoverKind,
    pub(crate) begun: bool,
    pub(crate) from: ClusterKey,
    pub(crate) to: ClusterKey,
}

impl Failover {
    pub(crate) fn status(&self) -> &'static str {
        match (self.begun, self.kind) {
            (false, _) => "pending",
            (true, FailoverKind::Switchover) => "switching-over",
            (true, FailoverKind::DataLossAllowed) => "failing-over",
        }
    }
}

/// An RDS event, as DescribeEvents tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, in Unix milliseconds.
    pub at: Millis,
    /// The Region whose RDS recorded it.
    pub region: String,
    /// The cluster or instance it is about.
    pub source: String,
    /// Its ARN.
    pub source_arn: String,
    /// `db-cluster` or `db-instance`.
    pub source_type: &'static str,
    /// E.g. `global failover`.
    pub category: &'static str,
    /// The text; DescribeEvents carries no event number, so clients match this.
    pub message: String,
}

/// Something that happened, for whoever reads the simulator's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transition {
    /// When, in Unix milliseconds.
    pub at: Millis,
    /// The Region it happened in.
    pub region: String,
    /// The global cluster, cluster, instance or Region it happened to.
    pub subject: String,
    /// What happened, in a few words that stay the same from run to run.
    pub what: String,
}
