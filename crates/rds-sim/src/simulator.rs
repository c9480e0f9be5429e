//! The model with a clock, a storage and an HTTP face.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use tokio::task::JoinSet;

use crate::{
    connector::Connector,
    control_plane::{ControlPlane, keep_time},
    http,
    model::{
        ClusterKey, Durations, Fault, Following, Loss, PromotingReplica, Settings, Side,
        StalledReplica, SwitchoverFrom, Transfer, Transition, Visibility, WriteFencing,
    },
    storage::{Storage, StorageConfig, StorageError},
};

/// What a simulator is started with.
#[derive(Debug, Clone)]
pub struct SimulatorConfig {
    /// Where the HTTP face listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How long transitions last.
    pub durations: Durations,
    /// What lies beneath.
    pub storage: StorageConfig,
    /// The account of every ARN.
    pub account: String,
    /// Whether a managed failover's write fencing works.
    pub write_fencing: WriteFencing,
    /// Which Regions see a global cluster.
    pub visibility: Visibility,
    /// Whether a standby may be detached while its global cluster has a `FailoverState`.
    pub detach_during_failover: bool,
    /// From which Regions a switchover is taken.
    pub switchover_from: SwitchoverFrom,
    /// What a replica says of its replication that receives nothing.
    pub stalled_replica: StalledReplica,
    /// Until when a replica that is promoted shows its source.
    pub promoting_replica: PromotingReplica,
    /// By how many milliseconds the describes of a Region lag behind its calls; a Region that is missing keeps up.
    pub describe_lag_ms: BTreeMap<String, u64>,
}

impl Default for SimulatorConfig {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            durations: settings.durations,
            storage: StorageConfig::Memory,
            account: settings.account,
            write_fencing: settings.write_fencing,
            visibility: settings.visibility,
            detach_during_failover: settings.detach_during_failover,
            switchover_from: settings.switchover_from,
            stalled_replica: settings.stalled_replica,
            promoting_replica: settings.promoting_replica,
            describe_lag_ms: settings.describe_lag_ms,
        }
    }
}

/// Why a simulator could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address could not be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The storage could not be prepared.
    #[error("cannot prepare the storage")]
    Storage(#[source] StorageError),
}

/// How a read replica's replication goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replication {
    /// What it follows.
    pub source: ClusterKey,
    /// What RDS says of it: `replicating`, `error` or `terminated`; nothing while the replica is being made.
    pub status: Option<&'static str>,
    /// What `ReplicaLag` counts. For PostgreSQL it is `now() - pg_last_xact_replay_timestamp()`, which grows while the
    /// source is idle, and nothing before the first commit is replayed. For MariaDB it is `Seconds_Behind_Master`, and nothing
    /// while the replica does not reach its source. Nothing where the replica does not answer.
    pub replay_age: Option<Duration>,
    /// How many bytes of log it has yet to replay, while both ends answer.
    pub behind_bytes: Option<u64>,
}

/// A running simulator; dropping it ends everything it started.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    plane: Arc<ControlPlane>,
    tasks: JoinSet<()>,
}

impl Simulator {
    /// Starts the clock and the HTTP face; there are no databases yet.
    pub async fn start(config: SimulatorConfig) -> Result<Self, Error> {
        let storage = Storage::prepare(&config.storage).map_err(Error::Storage)?;
        let listen = |source| Error::Listen {
            address: config.listen,
            source,
        };
        let listener = tokio::net::TcpListener::bind(config.listen)
            .await
            .map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let settings = Settings {
            account: config.account,
            durations: config.durations,
            write_fencing: config.write_fencing,
            visibility: config.visibility,
            detach_during_failover: config.detach_during_failover,
            switchover_from: config.switchover_from,
            stalled_replica: config.stalled_replica,
            promoting_replica: config.promoting_replica,
            describe_lag_ms: config.describe_lag_ms,
        };
        let plane = Arc::new(ControlPlane::new(settings, storage));
        let mut tasks = JoinSet::new();
        tasks.spawn(keep_time(Arc::clone(&plane)));
        tasks.spawn(http::serve(listener, Arc::clone(&plane)));
        Ok(Self {
            address,
            plane,
            tasks,
        })
    }

    /// Where the HTTP face listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// An HTTP client for the SDK that calls this simulator without a socket.
    pub fn connector(&self) -> Connector {
        Connector::new(Arc::clone(&self.plane))
    }

    /// Takes a Region away: its databases die at once, its RDS answers no more.
    pub async fn lose_region(&self, region: &str) {
        // First the control plane, so that nothing new is started there; the databases follow within milliseconds.
        self.plane
            .change(|model, now| model.lose_region(now, region));
        self.plane.storage.lose_region(region).await;
    }

    /// Gives a Region back, with its databases as they were.
    pub fn return_region(&self, region: &str) {
        self.plane.storage.return_region(region);
        self.plane
            .change(|model, now| model.return_region(now, region));
    }

    /// Kills one cluster's database; its Region and its RDS go on. What RDS shows of it, [`Self::show_status`] says.
    pub async fn crash(&self, region: &str, cluster: &str) {
        let key = ClusterKey::new(region, cluster);
        self.plane.storage.crash(&key).await;
        self.plane
            .change(|model, now| model.note(now, region, cluster, "database killed"));
    }

    /// Starts a database again that [`Self::crash`] killed.
    pub async fn revive(&self, region: &str, cluster: &str) -> Result<(), StorageError> {
        let key = ClusterKey::new(region, cluster);
        self.plane.storage.revive(&key).await?;
        self.plane
            .change(|model, now| model.note(now, region, cluster, "database started"));
        Ok(())
    }

    /// Makes a cluster and its instances show a status, such as `upgrading`; `None` gives them their own back.
    pub fn show_status(&self, region: &str, cluster: &str, status: Option<&str>) {
        let key = ClusterKey::new(region, cluster);
        self.plane
            .change(|model, now| model.show_status(now, &key, status));
    }

    /// Lets the next so many calls of an operation, such as `SwitchoverGlobalCluster`, take effect in a Region and lose
    /// their answers.
    pub fn lose_answers(&self, region: &str, action: &str, calls: u32, how: Loss) {
        self.plane
            .change(|model, _| model.lose_answers(region, action, calls, how));
    }

    /// Refuses the next so many calls of an operation in a Region with this; nothing comes of them.
    pub fn refuse_calls(&self, region: &str, action: &str, calls: u32, with: Fault) {
        self.plane
            .change(|model, _| model.refuse_calls(region, action, calls, with));
    }

    /// Ends what [`Self::lose_answers`] and [`Self::refuse_calls`] began in a Region.
    pub fn end_troubles(&self, region: &str) {
        self.plane.change(|model, _| model.end_troubles(region));
    }

    /// Lets a Region's describes show everything as it was so long ago; no time at all lets them keep up again.
    pub fn lag_describes(&self, region: &str, lag: Duration) {
        let lag_ms = u64::try_from(lag.as_millis()).unwrap_or(u64::MAX);
        self.plane
            .change(|model, now| model.lag_describes(now, region, lag_ms));
    }

    /// There is this bucket in a Region, and this role may write exports to it.
    pub fn admit_exports(&self, region: &str, bucket: &str, role: &str) {
        self.plane
            .change(|model, _| model.admit_exports(region, bucket, role));
    }

    /// Lets the next export of a Region that is begun fail in the end, with this cause.
    pub fn fail_export(&self, region: &str, cause: &str) {
        self.plane
            .change(|model, _| model.fail_export(region, cause));
    }

    /// Limits how many clusters a Region may have; `None` gives it the account's default back.
    pub fn limit_clusters(&self, region: &str, most: Option<usize>) {
        self.plane
            .change(|model, now| model.limit_clusters(now, region, most));
    }

    /// Makes a cluster have a blue/green deployment of a status, until `None` takes it away.
    pub fn show_blue_green(&self, region: &str, cluster: &str, status: Option<&str>) {
        let key = ClusterKey::new(region, cluster);
        self.plane
            .change(|model, now| model.show_blue_green(now, &key, status));
    }

    /// Cuts the replication to the standbys and replicas of a Region from other ones; nothing else is cut.
    pub async fn cut_replication(&self, region: &str) {
        self.plane.storage.set_replication(region, false);
        self.plane
            .change(|model, now| model.set_replication(now, region, false));
    }

    /// Mends what [`Self::cut_replication`] cut.
    pub async fn mend_replication(&self, region: &str) {
        self.plane.storage.set_replication(region, true);
        self.plane
            .change(|model, now| model.set_replication(now, region, true));
    }

    /// Lets a standby replay what it received this much later, also after its primary has gone. MariaDB counts whole seconds.
    ///
    /// # Errors
    /// When the standby's database does not take it.
    pub async fn delay_replay(
        &self,
        region: &str,
        cluster: &str,
        delay: Duration,
    ) -> Result<(), StorageError> {
        let standby = ClusterKey::new(region, cluster);
        self.plane.storage.delay_replay(&standby, delay).await
    }

    /// Connects to a database of a cluster as RDS's own user, past everything: for what parameter groups and extensions set up, and
    /// for what nobody else may see.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn connect_as_rds(
        &self,
        region: &str,
        cluster: &str,
        database: &str,
    ) -> Result<tokio_postgres::Client, StorageError> {
        let cluster = ClusterKey::new(region, cluster);
        self.plane.storage.connect_as_rds(&cluster, database).await
    }

    /// The same for an instance of MariaDB, whose `rdsadmin` comes over the server's socket alone.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn connect_as_rds_to_mariadb(
        &self,
        region: &str,
        instance: &str,
    ) -> Result<mysql_async::Conn, StorageError> {
        let instance = ClusterKey::new(region, instance);
        let storage = &self.plane.storage;
        storage.connect_as_rds_to_mariadb(&instance).await
    }

    /// Where a cluster's or an instance's database listens; stays the same while it is down.
    pub fn backend(&self, region: &str, cluster: &str) -> Option<SocketAddr> {
        self.plane
            .storage
            .backend(&ClusterKey::new(region, cluster))
    }

    /// How many bytes of log a standby has yet to replay, while both ends answer.
    pub async fn behind_bytes(&self, region: &str, cluster: &str) -> Option<u64> {
        self.plane
            .storage
            .behind_bytes(&ClusterKey::new(region, cluster))
            .await
    }

    /// What a read replica follows, and how far behind it is; nothing for what is no replica. A metric `ReplicaLag` can be
    /// taken from it.
    pub async fn replication(&self, region: &str, instance: &str) -> Option<Replication> {
        let key = ClusterKey::new(region, instance);
        let Following { source, status } = self.plane.change(|model, _| model.following(&key))?;
        Some(Replication {
            source,
            status,
            replay_age: self.plane.storage.replay_age(&key).await,
            behind_bytes: self.plane.storage.behind_bytes(&key).await,
        })
    }

    /// The side of an instance that a snapshot was read from, its standby's or its own; nothing while it is being made, and where
    /// there is none. RDS's API does not tell it.
    pub fn snapshot_side(&self, region: &str, snapshot: &str) -> Option<Side> {
        let key = ClusterKey::new(region, snapshot);
        self.plane.change(|model, _| model.snapshot_side(&key))
    }

    /// What a copy of an instance's snapshot took along; nothing for what is no copy. RDS's API does not tell it.
    pub fn transfer(&self, region: &str, snapshot: &str) -> Option<Transfer> {
        let key = ClusterKey::new(region, snapshot);
        self.plane.change(|model, _| model.transfer(&key))
    }

    /// The same of a copy of a cluster's snapshot.
    pub fn cluster_transfer(&self, region: &str, snapshot: &str) -> Option<Transfer> {
        let key = ClusterKey::new(region, snapshot);
        self.plane.change(|model, _| model.cluster_transfer(&key))
    }

    /// What happened, oldest first.
    pub fn history(&self) -> Vec<Transition> {
        self.plane.change(|model, _| model.history())
    }

    /// Ends the HTTP face, the clock and every process.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        self.plane.storage.stop().await;
    }
}
