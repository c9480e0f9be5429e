//! The RDS control plane of Aurora global databases and of instances with read replicas, simulated: a pure model, an HTTP
//! face, real PostgreSQL and MariaDB beneath.
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
    ClusterKey, Durations, Fault, Loss, PromotingReplica, StalledReplica, SwitchoverFrom,
    Transition, Visibility, WriteFencing,
};
pub use simulator::{Error, Replication, Simulator, SimulatorConfig};
pub use storage::{StorageConfig, StorageError};

/// What the extension `pg_cron` makes in its database, as SQL for RDS's own user: it cannot be installed here.
pub const PG_CRON: &str = include_str!("pg_cron.sql");
