//! The RDS control plane of Aurora global databases and of instances with read replicas, simulated: a pure model, an HTTP
//! face, real PostgreSQL and MariaDB beneath.
//!
//! # Snapshots
//!
//! A snapshot is a copy of the server's folder: by a base backup of a PostgreSQL that runs, of a MariaDB that stands still meanwhile.
//! A copy in another Region is a folder of its own there. A restoration starts a server from it under a new identifier, with the
//! rows that were committed when the snapshot was taken, and users and passwords among them.
//!
//! What a restoration does not say has AWS's defaults: default groups, one zone, no deletion protection, no roles, no custom
//! endpoints. Class, port, storage and days of backups come from the snapshot. Tags come from the snapshot's instance, only where
//! that is in the same Region.
//!
//! RDS's API does not tell two things that a drill may want to know, and the simulator does:
//!
//! - [`Simulator::snapshot_side`]: whether a snapshot was read from the standby of a Multi-AZ instance or from the instance itself.
//!   Beneath both sides is one server, so that a failover from one to the other is a restart.
//! - [`Simulator::transfer`] and [`Simulator::cluster_transfer`]: how many bytes a copy took along. A copy of a cluster is full. One
//!   of an instance has what changed since the newest snapshot of it that the Region has under the same key.
//!
//! `PercentProgress` grows with the clock, to 99 while the storage is not done, and stands still with a Region that is lost. How
//! long things last is in [`Durations`]. Storage is not loaded lazily: what is `available` is as fast as it will be.
//!
//! # What of that is unverified
//!
//! AWS's pages leave these open. A client must be safe either way.
//!
//! - The code of a copy that is refused because a Region makes as many at once as it may: `SnapshotQuotaExceeded` here.
//! - The code of a copy of what is encrypted to another Region without a key of it: `KMSKeyNotAccessibleFault` here.
//! - That a snapshot is not deleted while it is copied or restored.
//! - That a copy's status is `creating` until it is `available`.
//! - That an instance which was restored is backed up at once, where its snapshot says that backups are kept.
#![allow(
    clippy::disallowed_methods,
    reason = "a test and drill tool: it keeps time and waits by itself"
)]

pub mod answer;
mod clock;
mod connector;
mod control_plane;
mod http;
pub mod model;
mod simulator;
mod storage;

pub use connector::Connector;
pub use model::{
    ClusterKey, Durations, Fault, Loss, PromotingReplica, Side, StalledReplica, SwitchoverFrom,
    Transfer, Transition, Visibility, WriteFencing,
};
pub use simulator::{Error, Replication, Simulator, SimulatorConfig};
pub use storage::{StorageConfig, StorageError};

/// What the extension `pg_cron` makes in its database, as SQL for RDS's own user: it cannot be installed here.
pub const PG_CRON: &str = include_str!("pg_cron.sql");
