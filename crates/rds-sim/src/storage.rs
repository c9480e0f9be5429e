//! What lies beneath the control plane: nothing at all, or real PostgreSQL and MariaDB.

mod blocks;
mod fleet;
mod mariadb;
mod member;
mod port;
mod postgres;
mod process;
mod relay;
mod volume;

use std::{io::Read, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use crate::{
    model::{ClusterKey, Effect, Engine},
    storage::{fleet::Fleet, mariadb::MariaDb, postgres::Postgres, process::Spawner},
};

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
    /// A database of MariaDB refused.
    #[error("{doing}")]
    MariaDb {
        /// What was tried.
        doing: String,
        /// What it said.
        source: mysql_async::Error,
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

    pub(crate) fn mariadb(doing: impl Into<String>) -> impl FnOnce(mysql_async::Error) -> Self {
        let doing = doing.into();
        move |source| Self::MariaDb { doing, source }
    }
}

/// Where the databases live.
#[derive(Debug, Clone)]
pub enum StorageConfig {
    /// There are none: only the control plane is simulated.
    Memory,
    /// They are real: a cluster is PostgreSQL with streaming replication, an instance of its own is what its engine says.
    Servers {
        /// The folder of `initdb`, `postgres` and `pg_basebackup`.
        postgres: PathBuf,
        /// The folder into which MariaDB's packages were unpacked. Without it no instance can have that engine.
        mariadb: Option<PathBuf>,
        /// A folder of the simulator's own, created when missing.
        data: PathBuf,
    },
}

/// The databases of each engine.
#[derive(Debug)]
struct Databases {
    postgres: Postgres,
    mariadb: Option<MariaDb>,
}

/// Carries out what the model asks for. Without databases every effect has already happened.
#[derive(Debug)]
pub(crate) struct Storage(Option<Databases>);

impl Storage {
    /// Prepares a storage; nothing runs yet. Needs a running runtime.
    pub(crate) fn prepare(config: &StorageConfig) -> Result<Self, StorageError> {
        let StorageConfig::Servers {
            postgres,
            mariadb,
            data,
        } = config
        else {
            return Ok(Self(None));
        };
        let spawner = Spawner::start().map_err(StorageError::io("starting the spawner"))?;
        let spawner = Arc::new(spawner);
        let in_folder = |tree: &PathBuf| MariaDb::new(tree, &data.join("mariadb"), &spawner);
        let mariadb = mariadb.as_ref().map(in_folder).transpose()?;
        let postgres = Postgres::new(postgres, data, spawner)?;
        Ok(Self(Some(Databases { postgres, mariadb })))
    }

    /// Does one piece of work; asked again after a failure, it starts over.
    pub(crate) async fn carry_out(&self, effect: Effect) -> Result<(), StorageError> {
        let Some(databases) = &self.0 else {
            return Ok(());
        };
        match databases.engine_of(&effect)? {
            On::Postgres(postgres) => postgres.carry_out(effect).await,
            On::MariaDb(mariadb) => mariadb.carry_out(effect).await,
        }
    }

    /// How many bytes a copy of a snapshot took along that has been made: those that differ from the snapshot since which it is,
    /// or all. Nothing without databases.
    pub(crate) async fn moved_bytes(&self, effect: &Effect) -> Option<u64> {
        let Effect::CopySnapshot { to, since, .. } = effect else {
            return None;
        };
        let mut fleets = self.fleets();
        let fleet = fleets.find(|fleet| fleet.snapshot_folder(to).is_dir())?;
        let since = since.as_ref().map(|since| fleet.snapshot_folder(since));
        let counted = blocks::count(&fleet.snapshot_folder(to), since.as_deref()).await;
        counted
            .inspect_err(|error| tracing::warn!(%error, "the bytes of a copy were not counted"))
            .ok()
    }

    /// Takes down everything in a Region, at once and without a goodbye.
    pub(crate) async fn lose_region(&self, region: &str) {
        let Some(databases) = &self.0 else {
            return;
        };
        let postgres = databases.postgres.lose_region(region);
        match &databases.mariadb {
            None => postgres.await,
            Some(mariadb) => {
                tokio::join!(postgres, mariadb.lose_region(region));
            }
        }
    }

    /// Lets databases run in a Region again; which ones, the model says with [`Effect::Resume`].
    pub(crate) fn return_region(&self, region: &str) {
        self.fleets().for_each(|fleet| fleet.return_region(region));
    }

    /// Kills one cluster's database, at once and without a goodbye; it stays down until [`Storage::revive`].
    pub(crate) async fn crash(&self, cluster: &ClusterKey) {
        match self.beneath(cluster) {
            None => {}
            Some(On::Postgres(postgres)) => postgres.crash(cluster).await,
            Some(On::MariaDb(mariadb)) => mariadb.crash(cluster).await,
        }
    }

    /// Starts a database again that [`Storage::crash`] killed.
    pub(crate) async fn revive(&self, cluster: &ClusterKey) -> Result<(), StorageError> {
        match self.beneath(cluster) {
            None => Ok(()),
            Some(On::Postgres(postgres)) => postgres.revive(cluster).await,
            Some(On::MariaDb(mariadb)) => mariadb.revive(cluster).await,
        }
    }

    /// Holds back, or lets through, what flows to the standbys of a Region.
    pub(crate) fn set_replication(&self, region: &str, flows: bool) {
        self.fleets()
            .for_each(|fleet| fleet.set_replication(region, flows));
    }

    /// Lets a standby replay what it received this much later.
    pub(crate) async fn delay_replay(
        &self,
        standby: &ClusterKey,
        delay: Duration,
    ) -> Result<(), StorageError> {
        match self.beneath(standby) {
            None => Ok(()),
            Some(On::Postgres(postgres)) => postgres.set_replay_delay(standby, delay).await,
            Some(On::MariaDb(mariadb)) => mariadb.set_replay_delay(standby, delay).await,
        }
    }

    /// Where a cluster's database listens.
    pub(crate) fn backend(&self, cluster: &ClusterKey) -> Option<SocketAddr> {
        self.fleets().find_map(|fleet| fleet.backend(cluster))
    }

    /// How many bytes of log a standby has yet to replay, if both ends answer.
    pub(crate) async fn behind_bytes(&self, standby: &ClusterKey) -> Option<u64> {
        let measured = match self.beneath(standby)? {
            On::Postgres(postgres) => postgres.measure_behind(standby).await,
            On::MariaDb(mariadb) => mariadb.measure_behind(standby).await,
        };
        measured.ok()
    }

    /// How far behind a replica is as RDS's `ReplicaLag` counts it for its engine, if it answers and can tell.
    pub(crate) async fn replay_age(&self, replica: &ClusterKey) -> Option<Duration> {
        let age = match self.beneath(replica)? {
            On::Postgres(postgres) => postgres.replay_age(replica).await,
            On::MariaDb(mariadb) => mariadb.replay_age(replica).await,
        };
        age.ok().flatten()
    }

    /// Connects to a database of PostgreSQL as RDS's own user.
    pub(crate) async fn connect_as_rds(
        &self,
        cluster: &ClusterKey,
        database: &str,
    ) -> Result<tokio_postgres::Client, StorageError> {
        match self.beneath(cluster) {
            Some(On::Postgres(postgres)) => postgres.connect_as_rds(cluster, database).await,
            Some(On::MariaDb(_)) => Err(StorageError::Failed(format!("{cluster} is MariaDB"))),
            None => Err(nothing_beneath(cluster)),
        }
    }

    /// Connects to MariaDB as RDS's own user.
    pub(crate) async fn connect_as_rds_to_mariadb(
        &self,
        instance: &ClusterKey,
    ) -> Result<mysql_async::Conn, StorageError> {
        match self.beneath(instance) {
            Some(On::MariaDb(mariadb)) => mariadb.connect_as_rds(instance).await,
            Some(On::Postgres(_)) => Err(StorageError::Failed(format!("{instance} is no MariaDB"))),
            None => Err(nothing_beneath(instance)),
        }
    }

    /// Takes everything down.
    pub(crate) async fn stop(&self) {
        if let Some(databases) = &self.0 {
            databases.postgres.stop().await;
            if let Some(mariadb) = &databases.mariadb {
                mariadb.stop().await;
            }
        }
    }

    /// Whose database a name is; PostgreSQL's, where none has it.
    fn beneath(&self, key: &ClusterKey) -> Option<On<'_>> {
        self.0.as_ref().map(|databases| databases.with(key))
    }

    fn fleets(&self) -> impl Iterator<Item = &Fleet> {
        self.0.iter().flat_map(|databases| {
            let mariadb = databases.mariadb.as_ref();
            let mariadb = mariadb.map(|mariadb| &mariadb.fleet);
            std::iter::once(&databases.postgres.fleet).chain(mariadb)
        })
    }
}

/// The engine that something is beneath of.
enum On<'a> {
    Postgres(&'a Postgres),
    MariaDb(&'a MariaDb),
}

impl Databases {
    /// The engine that a piece of work is about: what makes a database says it, the rest follows from whose it is.
    fn engine_of(&self, effect: &Effect) -> Result<On<'_>, StorageError> {
        if let Effect::CreateInstance { engine, .. } = effect {
            return match (engine, &self.mariadb) {
                (Engine::Postgres | Engine::SqlServer, _) => Ok(On::Postgres(&self.postgres)),
                (Engine::MariaDb, Some(mariadb)) => Ok(On::MariaDb(mariadb)),
                (Engine::MariaDb | Engine::MySql, _) => Err(StorageError::Failed(format!(
                    "there are no programs of {} here",
                    engine.as_str()
                ))),
            };
        }
        match (effect.snapshot(), &self.mariadb) {
            (Some(snapshot), Some(mariadb)) if mariadb.has_snapshot(snapshot) => {
                return Ok(On::MariaDb(mariadb));
            }
            (_, _) => {}
        }
        // Asked again, a renamed one goes by its new name already.
        let new_name = effect.new_name().map(|key| self.with(key));
        match new_name {
            Some(On::MariaDb(mariadb)) => Ok(On::MariaDb(mariadb)),
            Some(On::Postgres(_)) | None => Ok(self.with(effect.subject())),
        }
    }

    fn with(&self, key: &ClusterKey) -> On<'_> {
        match &self.mariadb {
            Some(mariadb) if mariadb.fleet.has(key) => On::MariaDb(mariadb),
            Some(_) | None => On::Postgres(&self.postgres),
        }
    }
}

fn nothing_beneath(key: &ClusterKey) -> StorageError {
    StorageError::Failed(format!(
        "{key} has no database: nothing is simulated but the control plane"
    ))
}

fn random_password() -> Result<String, StorageError> {
    let mut bytes = [0_u8; 16];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(StorageError::io("reading random bytes"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
