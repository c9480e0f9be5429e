//! What lies beneath the control plane: nothing at all, or real PostgreSQL.

mod postgres;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

pub(crate) use self::postgres::Postgres;

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

/// Carries out what the model asks for. Without databases every effect has already happened.
#[derive(Debug)]
pub(crate) struct Storage(pub(crate) Option<Postgres>);

impl Storage {
    /// Does one piece of work; asked again after a failure, it starts over.
    pub(crate) async fn carry_out(&self, effect: Effect) -> Result<(), StorageError> {
        match &self.0 {
            None => Ok(()),
            Some(databases) => databases.carry_out(effect).await,
        }
    }

    /// Takes down everything in a Region, at once and without a goodbye.
    pub(crate) async fn lose_region(&self, region: &str) {
        if let Some(databases) = &self.0 {
            databases.lose_region(region).await;
        }
    }

    /// Lets databases run in a Region again; which ones, the model says with [`Effect::Resume`].
    pub(crate) fn return_region(&self, region: &str) {
        if let Some(databases) = &self.0 {
            databases.return_region(region);
        }
    }

    /// Kills one cluster's database, at once and without a goodbye; it stays down until [`Storage::revive`].
    pub(crate) async fn crash(&self, cluster: &ClusterKey) {
        if let Some(databases) = &self.0 {
            databases.crash(cluster).await;
        }
    }

    /// Starts a database again that [`Storage::crash`] killed.
    pub(crate) async fn revive(&self, cluster: &ClusterKey) -> Result<(), StorageError> {
        match &self.0 {
            None => Ok(()),
            Some(databases) => databases.revive(cluster).await,
        }
    }

    /// Holds back, or lets through, what flows to the standbys of a Region.
    pub(crate) fn set_replication(&self, region: &str, flows: bool) {
        if let Some(databases) = &self.0 {
            databases.set_replication(region, flows);
        }
    }

    /// Lets a standby replay what it received this much later.
    pub(crate) async fn delay_replay(
        &self,
        standby: &ClusterKey,
        delay: Duration,
    ) -> Result<(), StorageError> {
        match &self.0 {
            None => Ok(()),
            Some(databases) => databases.set_replay_delay(standby, delay).await,
        }
    }

    /// Where a cluster's database listens.
    pub(crate) fn backend(&self, cluster: &ClusterKey) -> Option<SocketAddr> {
        self.0.as_ref()?.backend(cluster)
    }

    /// How many bytes of log a standby has yet to replay, if both ends answer.
    pub(crate) async fn behind_bytes(&self, standby: &ClusterKey) -> Option<u64> {
        self.0.as_ref()?.measure_behind(standby).await.ok()
    }

    /// How long ago the last commit was made that a replica replayed, if it answers and replayed one.
    pub(crate) async fn replay_age(&self, replica: &ClusterKey) -> Option<Duration> {
        let age = self.0.as_ref()?.replay_age(replica).await;
        age.ok().flatten()
    }

    /// Connects to a database of a cluster as RDS's own user.
    pub(crate) async fn connect_as_rds(
        &self,
        cluster: &ClusterKey,
        database: &str,
    ) -> Result<tokio_postgres::Client, StorageError> {
        match &self.0 {
            None => Err(StorageError::Failed(format!(
                "{cluster} has no database: nothing is simulated but the control plane"
            ))),
            Some(databases) => databases.connect_as_rds(cluster, database).await,
        }
    }

    /// Takes everything down.
    pub(crate) async fn stop(&self) {
        if let Some(databases) = &self.0 {
            databases.stop().await;
        }
    }
}
