//! What can be set: how long things last, and how the rules go that AWS leaves open.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How long each transition lasts at least, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Durations {
    /// A cluster is `creating`.
    pub create_cluster_ms: u64,
    /// An instance is `creating`.
    pub create_instance_ms: u64,
    /// A detached cluster is `promoting`.
    pub promote_ms: u64,
    /// A global operation is `pending` before it begins.
    pub failover_pending_ms: u64,
    /// A managed failover, from its acceptance.
    pub managed_failover_ms: u64,
    /// A switchover, from its acceptance.
    pub switchover_ms: u64,
    /// The other members are rebuilt after a managed failover.
    pub resync_ms: u64,
    /// A cluster is `modifying`.
    pub modify_ms: u64,
    /// A cluster is `upgrading`.
    pub upgrade_ms: u64,
    /// A cluster or an instance is `deleting`.
    pub delete_ms: u64,
    /// A custom endpoint is `creating` or `deleting`.
    pub endpoint_ms: u64,
    /// A cluster is `failing-over` to another instance of its own.
    pub failover_cluster_ms: u64,
    /// A read replica is `creating`.
    pub create_replica_ms: u64,
    /// A replica still shows `available` and its source after PromoteReadReplica was taken.
    pub promote_stale_ms: u64,
    /// A source still names a replica that was promoted or deleted, from when its Region is there.
    pub forget_replica_ms: u64,
    /// An instance stays `stopped` before RDS starts it of its own accord.
    pub stopped_max_ms: u64,
    /// A snapshot is `creating`.
    pub snapshot_ms: u64,
    /// A snapshot is copied.
    pub copy_snapshot_ms: u64,
    /// An instance is `creating` from a snapshot.
    pub restore_instance_ms: u64,
    /// A snapshot is exported to a bucket.
    pub export_ms: u64,
    /// A global cluster counts as not empty after its last member has left.
    pub leave_ms: u64,
    /// The pause before a transition whose storage failed is tried again.
    pub retry_ms: u64,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            create_cluster_ms: 500,
            create_instance_ms: 300,
            promote_ms: 2_000,
            failover_pending_ms: 200,
            managed_failover_ms: 2_500,
            switchover_ms: 2_000,
            resync_ms: 2_000,
            modify_ms: 500,
            upgrade_ms: 2_000,
            delete_ms: 300,
            endpoint_ms: 500,
            failover_cluster_ms: 1_000,
            create_replica_ms: 500,
            promote_stale_ms: 300,
            forget_replica_ms: 500,
            stopped_max_ms: 7 * 24 * 3_600_000,
            snapshot_ms: 500,
            copy_snapshot_ms: 500,
            restore_instance_ms: 500,
            export_ms: 500,
            leave_ms: 500,
            retry_ms: 500,
        }
    }
}

/// What becomes of a deposed writer's writes in a managed failover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum WriteFencing {
    /// The old volume takes no more writes, also when its Region returns.
    #[default]
    Blocks,
    /// Fencing times out: the old writer goes on taking writes until it is rebuilt.
    TimesOut,
}

/// Which Regions can see a global cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Regions that have a member, and the one it was created in.
    #[default]
    Members,
    /// Every Region.
    Everywhere,
}

/// From which Regions SwitchoverGlobalCluster is taken. AWS's guide promises neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum SwitchoverFrom {
    /// The primary's alone.
    #[default]
    Primary,
    /// Every member's.
    Members,
}

/// What a replica says of its replication while nothing comes from its source's Region. AWS's guide promises neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum StalledReplica {
    /// That it replicates.
    #[default]
    SaysReplicating,
    /// That it is in error.
    SaysError,
}

/// Until when a replica that is promoted shows its source. AWS's guide promises neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum PromotingReplica {
    /// Until its database is promoted.
    #[default]
    ShowsSource,
    /// No longer than until the call was taken: it reads `available` without a source, and takes no writes yet.
    HidesSource,
}

/// The rules that AWS leaves open, and the account.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The account that owns everything.
    pub account: String,
    /// How long transitions last.
    pub durations: Durations,
    /// Whether write fencing works in a managed failover.
    pub write_fencing: WriteFencing,
    /// Where DescribeGlobalClusters finds a global cluster.
    pub visibility: Visibility,
    /// Whether a member may be detached while its global cluster has a `FailoverState`.
    pub detach_during_failover: bool,
    /// From which Regions a switchover is taken.
    pub switchover_from: SwitchoverFrom,
    /// What a replica says that receives nothing.
    pub stalled_replica: StalledReplica,
    /// Until when a replica that is promoted shows its source.
    pub promoting_replica: PromotingReplica,
    /// By how many milliseconds the describes of a Region lag behind its calls; a Region that is missing keeps up.
    pub describe_lag_ms: BTreeMap<String, u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            account: "123456789012".to_owned(),
            durations: Durations::default(),
            write_fencing: WriteFencing::default(),
            visibility: Visibility::default(),
            detach_during_failover: false,
            switchover_from: SwitchoverFrom::default(),
            stalled_replica: StalledReplica::default(),
            promoting_replica: PromotingReplica::default(),
            describe_lag_ms: BTreeMap::new(),
        }
    }
}
