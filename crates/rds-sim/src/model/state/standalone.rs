//! An instance of its own: one server, one name, no cluster. It may follow another one, and others may follow it.

use super::{InstanceStatus, Millis, Network, SnapshotStatus};
use crate::model::{
    engine::Engine, kept::Kept, key::ClusterKey, side::Side, span::Span, transfer::Transfer,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standalone {
    pub(crate) key: ClusterKey,
    /// It keeps this when it is renamed.
    pub(crate) resource_id: String,
    pub(crate) class: String,
    pub(crate) engine: Engine,
    pub(crate) engine_version: String,
    pub(crate) status: InstanceStatus,
    pub(crate) port: u32,
    pub(crate) master_username: String,
    pub(crate) database: Option<String>,
    pub(crate) storage_gib: u32,
    pub(crate) multi_az: bool,
    /// It writes in the zone that its standby had first.
    pub(crate) is_swapped: bool,
    /// 0 where no backups are taken.
    pub(crate) backup_retention_days: u32,
    /// Since when it can be restored to a point in time.
    pub(crate) restorable_since: Option<Millis>,
    pub(crate) deletion_protection: bool,
    pub(crate) iam_authentication: bool,
    pub(crate) created_at: Millis,
    pub(crate) network: Network,
    /// The zone it was given.
    pub(crate) zone: Option<String>,
    pub(crate) log_exports: Vec<String>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) kept: Kept,
    /// What it follows, until it is promoted.
    pub(crate) source: Option<Source>,
    /// Those that follow it, as far as its Region knows.
    pub(crate) replicas: Vec<Replica>,
    /// Where its backups are copied to.
    pub(crate) backup_copies: Vec<BackupCopy>,
}

/// The automated backups of an instance in another Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BackupCopy {
    pub(crate) key: ClusterKey,
    pub(crate) days: u32,
}

/// What a read replica follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) key: ClusterKey,
    pub(crate) resource_id: String,
    pub(crate) replication: Replication,
    /// Its promotion has been asked for.
    pub(crate) is_left: bool,
}

/// A read replica, as its source knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replica {
    pub(crate) key: ClusterKey,
    pub(crate) resource_id: String,
}

impl Replica {
    /// The slot that holds the source's log for it, called as RDS calls its slots. Only PostgreSQL has them.
    pub(crate) fn slot(&self) -> String {
        let name = format!("rds_{}_{}", self.key.region, self.resource_id);
        name.replace('-', "_").to_lowercase()
    }
}

/// What RDS says of a read replica's replication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replication {
    /// The replica is being made.
    Begins,
    Replicates,
    /// The source is gone for good.
    Terminated,
}

/// A snapshot of an instance of its own.
#[derive(Debug, Clone)]
pub(crate) struct InstanceSnapshot {
    pub(crate) key: ClusterKey,
    pub(crate) instance: ClusterKey,
    /// Whether RDS took it of its own accord.
    pub(crate) is_automated: bool,
    /// The ARN of the snapshot that it was copied from.
    pub(crate) copied_from: Option<String>,
    /// The resource of the instance, which keeps it when it is renamed.
    pub(crate) resource_id: String,
    pub(crate) status: SnapshotStatus,
    /// The side of the instance that it was read from.
    pub(crate) read_from: Side,
    pub(crate) made: Span,
    /// What it took along, where it is a copy.
    pub(crate) transfer: Option<Transfer>,
    pub(crate) class: String,
    pub(crate) backup_retention_days: u32,
    pub(crate) engine: Engine,
    pub(crate) engine_version: String,
    pub(crate) master_username: String,
    pub(crate) port: u32,
    pub(crate) storage_gib: u32,
    pub(crate) storage_type: String,
    pub(crate) encrypted: bool,
    pub(crate) kms_key: Option<String>,
    pub(crate) iam_authentication: bool,
    pub(crate) instance_created_at: Millis,
    /// When it was taken first, before any copy.
    pub(crate) taken_at: Millis,
    pub(crate) created_at: Millis,
    pub(crate) tags: Vec<(String, String)>,
}

impl InstanceSnapshot {
    /// What its volume is called, apart from those of clusters' snapshots, which may have the same name.
    pub(crate) fn volume(key: &ClusterKey) -> ClusterKey {
        ClusterKey::new(&key.region, &format!("db:{}", key.id))
    }
}

/// The export of a snapshot to a bucket.
#[derive(Debug, Clone)]
pub(crate) struct ExportTask {
    pub(crate) key: ClusterKey,
    /// The ARN of the snapshot.
    pub(crate) source: String,
    /// When that was taken.
    pub(crate) taken_at: Millis,
    pub(crate) started_at: Millis,
    pub(crate) ended_at: Option<Millis>,
    pub(crate) bucket: String,
    pub(crate) prefix: Option<String>,
    pub(crate) role: String,
    pub(crate) kms_key: String,
    /// What of it is exported; all, where it is empty.
    pub(crate) only: Vec<String>,
    pub(crate) storage_gib: u32,
    /// Why it fails in the end, where it does.
    pub(crate) fails: Option<String>,
}
