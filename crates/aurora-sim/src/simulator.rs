//! The model with a clock, a storage and an HTTP face.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{sync::Notify, task::JoinSet, time::Instant};

use crate::{
    answer::Node,
    connector::Connector,
    http,
    model::{
        ClusterKey, Durations, Fault, Millis, Model, Params, Settings, Transition, Visibility,
        WriteFencing,
    },
    storage::{AnyStorage, Memory, Postgres, Storage, StorageConfig, StorageError},
};

/// A lost Region keeps a request open this long and then closes the connection without a word.
const SILENCE: Duration = Duration::from_secs(60);
/// The clock looks at least this often, so that a missed wake-up costs little.
const TICK_MAX: Duration = Duration::from_millis(500);

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

/// How a call ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Answered(Node),
    Refused(Fault),
    /// The Region is lost; no answer ever comes.
    Silent,
}

/// A running simulator; dropping it ends everything it started.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    world: Arc<World>,
    tasks: JoinSet<()>,
}

/// What the HTTP face, the connector and the clock share.
#[derive(Debug)]
pub(crate) struct World {
    model: Mutex<Model>,
    storage: AnyStorage,
    clock: Clock,
    wake: Notify,
}

/// Unix time that never jumps; it follows tokio's clock, so a paused runtime makes it virtual.
#[derive(Debug)]
struct Clock {
    started: Instant,
    started_ms: Millis,
}

impl Clock {
    fn start() -> Self {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            started: Instant::now(),
            started_ms: millis(since_epoch),
        }
    }

    fn now(&self) -> Millis {
        self.started_ms
            .saturating_add(millis(self.started.elapsed()))
    }

    fn instant(&self, at: Millis) -> Instant {
        self.started + Duration::from_millis(at.saturating_sub(self.started_ms))
    }
}

fn millis(duration: Duration) -> Millis {
    u64::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

impl Simulator {
    /// Starts the clock and the HTTP face; there are no databases yet.
    pub async fn start(config: SimulatorConfig) -> Result<Self, Error> {
        let storage = match &config.storage {
            StorageConfig::Memory => AnyStorage::Memory(Memory),
            StorageConfig::Postgres { binaries, data } => {
                AnyStorage::Postgres(Postgres::new(binaries, data).map_err(Error::Storage)?)
            }
        };
        let listen = |source| Error::Listen {
            address: config.listen,
            source,
        };
        let listener = tokio::net::TcpListener::bind(config.listen)
            .await
            .map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let clock = Clock::start();
        let settings = Settings {
            account: config.account,
            durations: config.durations,
            write_fencing: config.write_fencing,
            visibility: config.visibility,
            detach_during_failover: config.detach_during_failover,
        };
        let world = Arc::new(World {
            model: Mutex::new(Model::new(settings, clock.now())),
            storage,
            clock,
            wake: Notify::new(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(keep_time(Arc::clone(&world)));
        tasks.spawn(http::serve(listener, Arc::clone(&world)));
        Ok(Self {
            address,
            world,
            tasks,
        })
    }

    /// Where the HTTP face listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// An HTTP client for the SDK that calls this simulator without a socket.
    pub fn connector(&self) -> Connector {
        Connector::new(Arc::clone(&self.world))
    }

    /// Takes a Region away: its databases die at once, its RDS answers no more.
    pub async fn lose_region(&self, region: &str) {
        // First the control plane, so that nothing new is started there; the databases follow within milliseconds.
        self.world
            .change(|model, now| model.lose_region(now, region));
        self.world.storage.lose_region(region).await;
    }

    /// Gives a Region back, with its databases as they were.
    pub async fn return_region(&self, region: &str) {
        self.world.storage.return_region(region).await;
        self.world
            .change(|model, now| model.return_region(now, region));
    }

    /// Cuts the replication to the standbys of a Region; nothing else is cut.
    pub async fn cut_replication(&self, region: &str) {
        self.world.storage.set_replication(region, false);
        self.world
            .change(|model, now| model.note(now, region, region, "replication cut"));
    }

    /// Mends what [`Self::cut_replication`] cut.
    pub async fn mend_replication(&self, region: &str) {
        self.world.storage.set_replication(region, true);
        self.world
            .change(|model, now| model.note(now, region, region, "replication mended"));
    }

    /// Where a cluster's PostgreSQL listens; stays the same while it is down.
    pub fn backend(&self, region: &str, cluster: &str) -> Option<SocketAddr> {
        self.world
            .storage
            .backend(&ClusterKey::new(region, cluster))
    }

    /// How many bytes of log a standby has yet to replay, while both ends answer.
    pub async fn behind_bytes(&self, region: &str, cluster: &str) -> Option<u64> {
        self.world
            .storage
            .behind_bytes(&ClusterKey::new(region, cluster))
            .await
    }

    /// What happened, oldest first.
    pub fn history(&self) -> Vec<Transition> {
        self.world.change(|model, _| model.history())
    }

    /// Ends the HTTP face, the clock and every process.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        self.world.storage.stop().await;
    }
}

impl World {
    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Model, Millis) -> T) -> T {
        let result = change(&mut self.model(), self.clock.now());
        self.wake.notify_one();
        result
    }

    /// Carries out a call, unless its Region is lost.
    pub(crate) fn call(&self, region: &str, action: &str, params: &Params) -> Outcome {
        self.change(|model, now| {
            if !model.answers(region) {
                return Outcome::Silent;
            }
            match model.call(now, region, action, params) {
                Ok(node) => Outcome::Answered(node),
                Err(fault) => Outcome::Refused(fault),
            }
        })
    }

    pub(crate) fn answers(&self, region: &str) -> bool {
        self.model().answers(region)
    }

    /// How a lost Region behaves towards a caller: it says nothing, for a long time.
    pub(crate) async fn stay_silent(&self) {
        tokio::time::sleep(SILENCE).await;
    }
}

/// Lets the model's time pass and has its effects carried out, until the simulator ends.
async fn keep_time(world: Arc<World>) {
    let mut effects = JoinSet::new();
    loop {
        let (asked, due) = {
            let mut model = world.model();
            model.advance(world.clock.now());
            (model.take_effects(), model.next_due())
        };
        for (id, effect) in asked {
            let world = Arc::clone(&world);
            effects.spawn(async move {
                let name = format!("{effect:?}");
                let outcome = world
                    .storage
                    .carry_out(effect)
                    .await
                    .map_err(|error| chain(&error));
                if let Err(reason) = &outcome {
                    tracing::warn!(effect = name, reason, "the storage failed");
                }
                world.change(|model, now| model.finished(now, id, outcome));
            });
        }
        while effects.try_join_next().is_some() {}
        let latest = Instant::now() + TICK_MAX;
        let next = due.map_or(latest, |due| world.clock.instant(due).min(latest));
        tokio::select! {
            () = world.wake.notified() => {}
            () = tokio::time::sleep_until(next) => {}
        }
    }
}

/// An error with all its sources.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
