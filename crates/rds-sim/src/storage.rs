//! What lies beneath the control plane: nothing at all, or real PostgreSQL.

mod memory;
mod postgres;

use std::{future::Future, net::SocketAddr, path::PathBuf};

pub(crate) use self::postgres::Postgres;
pub(crate) use memory::Memory;

use crate::model::{ClusterKey, Effect};

/// Why the storage could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// A file or a process could not be handled.
    #[error("{doing}")]
    Io {
        /// What was tried.
        doing: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A database refused.
    #[error("{doing}")]
    Sql {
        /// What was tried.
        doing: String,
        /// What it said.
        source: tokio_postgres::Error,
    },
    /// It did not come about, for the reason given.
    #[error("{0}")]
    Failed(String),
}

impl StorageError {
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    pub(crate) fn sql(doing: impl Into<String>) -> impl FnOnce(tokio_postgres::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Sql { doing, source }
    }
}

/// Where the databases live.
#[derive(Debug, Clone)]
pub enum StorageConfig {
    /// There are none: only the control plane is simulated.
    Memory,
    /// A member is a PostgreSQL cluster, replication is streaming replication.
    Postgres {
        /// The folder of `initdb`, `postgres` and `pg_basebackup`.
        binaries: PathBuf,
        /// A folder of the simulator's own, created when missing.
        data: PathBuf,
    },
}

/// Carries out what the model asks for.
pub(crate) trait Storage: Send + Sync {
    /// Does one piece of work; asked again after a failure, it starts over.
    fn carry_out(&self, effect: Effect) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Takes down everything in a Region, at once and without a goodbye.
    fn lose_region(&self, region: &str) -> impl Future<Output = ()> + Send;

    /// Lets databases run in a Region again; which ones, the model says with [`Effect::Resume`].
    fn return_region(&self, region: &str) -> impl Future<Output = ()> + Send;

    /// Kills one cluster's database, at once and without a goodbye; it stays down until [`Storage::revive`].
    fn crash(&self, cluster: &ClusterKey) -> impl Future<Output = ()> + Send;

    /// Starts a database again that [`Storage::crash`] killed.
    fn revive(&self, cluster: &ClusterKey)
    -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Holds back, or lets through, what flows to the standbys of a Region.
    fn set_replication(&self, region: &str, flows: bool);

    /// Lets a standby replay what it received this much later.
    fn delay_replay(
        &self,
        standby: &ClusterKey,
        delay: std::time::Duration,
    ) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Where a cluster's database listens.
    fn backend(&self, cluster: &ClusterKey) -> Option<SocketAddr>;

    /// How many bytes of log a standby has yet to replay, if both ends answer.
    fn behind_bytes(&self, standby: &ClusterKey) -> impl Future<Output = Option<u64>> + Send;

    /// Takes everything down.
    fn stop(&self) -> impl Future<Output = ()> + Send;
}

/// One of the two.
#[derive(Debug)]
pub(crate) enum AnyStorage {
    Memory(Memory),
    Postgres(Postgres),
}

impl AnyStorage {
    /// Connects to a database of a cluster as RDS's own user.
    pub(crate) async fn connect_as_rds(
        &self,
        cluster: &ClusterKey,
        database: &str,
    ) -> Result<tokio_postgres::Client, StorageError> {
        match self {
            Self::Memory(_) => Err(StorageError::Failed(format!(
                "{cluster} has no database: nothing is simulated but the control plane"
            ))),
            Self::Postgres(postgres) => postgres.connect_as_rds(cluster, database).await,
        }
    }
}

impl Storage for AnyStorage {
    async fn carry_out(&self, effect: Effect) -> Result<(), StorageError> {
        match self {
            Self::Memory(memory) => memory.carry_out(effect).await,
            Self::Postgres(postgres) => postgres.carry_out(effect).await,
        }
    }

    async fn lose_region(&self, region: &str) {
        match self {
            Self::Memory(memory) => memory.lose_region(region).await,
            Self::Postgres(postgres) => postgres.lose_region(region).await,
        }
    }

    async fn return_region(&self, region: &str) {
        match self {
            Self::Memory(memory) => memory.return_region(region).await,
            Self::Postgres(postgres) => postgres.return_region(region).await,
        }
    }

    async fn crash(&self, cluster: &ClusterKey) {
        match self {
            Self::Memory(memory) => memory.crash(cluster).await,
            Self::Postgres(postgres) => postgres.crash(cluster).await,
        }
    }

    async fn revive(&self, cluster: &ClusterKey) -> Result<(), StorageError> {
        match self {
            Self::Memory(memory) => memory.revive(cluster).await,
            Self::Postgres(postgres) => postgres.revive(cluster).await,
        }
    }

    fn set_replication(&self, region: &str, flows: bool) {
        match self {
            Self::Memory(memory) => memory.set_replication(region, flows),
            Self::Postgres(postgres) => postgres.set_replication(region, flows),
        }
    }

    fn backend(&self, cluster: &ClusterKey) -> Option<SocketAddr> {
        match self {
            Self::Memory(memory) => memory.backend(cluster),
            Self::Postgres(postgres) => postgres.backend(cluster),
        }
    }

    async fn delay_replay(
        &self,
        standby: &ClusterKey,
        delay: std::time::Duration,
    ) -> Result<(), StorageError> {
        match self {
            Self::Memory(memory) => memory.delay_replay(standby, delay).await,
            Self::Postgres(postgres) => postgres.delay_replay(standby, delay).await,
        }
    }

    async fn behind_bytes(&self, standby: &ClusterKey) -> Option<u64> {
        match self {
            Self::Memory(memory) => memory.behind_bytes(standby).await,
            Self::Postgres(postgres) => postgres.behind_bytes(standby).await,
        }
    }

    async fn stop(&self) {
        match self {
            Self::Memory(memory) => memory.stop().await,
            Self::Postgres(postgres) => postgres.stop().await,
        }
    }
}
