//! What a simulator can be told: how long things last, and its limits.

use serde::Deserialize;

/// How long transitions last, and how fast bytes move. Times are milliseconds, rates bytes a second.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Durations {
    /// `pending` to `running`.
    pub start_ms: u64,
    /// `stopping` to `stopped`.
    pub stop_ms: u64,
    /// `shutting-down` to `terminated`.
    pub terminate_ms: u64,
    /// From `running` until the status checks have passed.
    pub status_checks_ms: u64,
    /// How long a terminated instance is still shown: an hour at EC2.
    pub terminated_shown_ms: u64,
    /// `attaching` to `attached`.
    pub attach_ms: u64,
    /// `detaching` to detached.
    pub detach_ms: u64,
    /// `creating` to `available`.
    pub create_volume_ms: u64,
    /// `deleting` to gone.
    pub delete_volume_ms: u64,
    /// A snapshot that has nothing to store.
    pub snapshot_ms: u64,
    /// How fast a snapshot stores what changed since the one before it.
    pub snapshot_bytes_per_s: u64,
    /// A copy that has nothing to move.
    pub copy_ms: u64,
    /// How fast a copy moves what it moves.
    pub copy_bytes_per_s: u64,
    /// How fast a restored volume loads where no rate was asked for.
    pub initialization_bytes_per_s: u64,
    /// By how much slower than asked volumes load, so that small ones take a while too.
    pub initialization_slowdown: u64,
    /// How long it takes to read a block that is not loaded yet.
    pub lazy_read_ms: u64,
    /// Until an Auto Scaling group terminates a member that was stopped.
    pub auto_scaling_ms: u64,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            start_ms: 3_000,
            stop_ms: 3_000,
            terminate_ms: 2_000,
            status_checks_ms: 5_000,
            terminated_shown_ms: 3_600_000,
            attach_ms: 800,
            detach_ms: 800,
            create_volume_ms: 1_000,
            delete_volume_ms: 500,
            snapshot_ms: 1_000,
            snapshot_bytes_per_s: 200 << 20,
            copy_ms: 1_000,
            copy_bytes_per_s: 100 << 20,
            initialization_bytes_per_s: 50 << 20,
            initialization_slowdown: 1,
            lazy_read_ms: 20,
            auto_scaling_ms: 2_000,
        }
    }
}

/// How much of something there may be.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Copies of snapshots under way into a Region.
    pub copies_at_once: usize,
    /// Volumes of an instance, its root among them.
    pub attachments: usize,
    /// Pending snapshots of a volume.
    pub snapshots_at_once: usize,
    /// Milliseconds between two snapshots of a volume.
    pub snapshot_spacing_ms: u64,
    /// The rates of initialisation of a Region in sum, in MiB/s.
    pub initialization_mib_per_s: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            copies_at_once: 20,
            attachments: 27,
            snapshots_at_once: 5,
            snapshot_spacing_ms: 15_000,
            initialization_mib_per_s: 5_000,
        }
    }
}

/// What a model is made with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The account of every ARN.
    pub account: String,
    /// How long things last.
    pub durations: Durations,
    /// How much there may be.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            account: "123456789012".to_owned(),
            durations: Durations::default(),
            limits: Limits::default(),
        }
    }
}
