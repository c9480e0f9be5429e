//! A world without an emulator: the probes, the ledgers and the confirmation in this process, on real PostgreSQL and the
//! simulated RDS. What is decided, the functions' own code decides; only the state machine and AWS's other services are
//! stood in for.

mod view;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws::{Aws, Databases, Session, Settings};
use aws_config::{BehaviorVersion, Region as AwsRegion, SdkConfig};
use aws_sdk_rds::config::{Credentials as Keys, SharedCredentialsProvider};
use failover::{
    beat::Vantage,
    domain::{Region, RunId},
    ledger::{KeptPlan, PlanState, Run},
    ports::Suspicion,
};
use rds_sim::Simulator;
use resolver::Resolver;
use serde_json::json;
use steps::{health_probe, recovery_ledger};
use tokio::{
    sync::{Mutex as AsyncMutex, mpsc},
    task::{AbortHandle, JoinSet},
};

use super::{Foundation, Members, Secrets, Trouble};
use crate::{
    dns::Dns,
    profile::{Detection, HOME, PLAN, Profile, STANDBY, WITNESS, cluster},
    roads::Roads,
};

pub use view::View;

/// How long the world may take to be calm again.
const CALM: Duration = Duration::from_secs(60);

/// What one Region keeps.
#[derive(Default)]
struct Table {
    row: Option<PlanState>,
    vantage: Option<Vantage>,
    runs: BTreeMap<RunId, Run>,
    known: Option<KeptPlan>,
}

/// The world.
pub struct InProcess {
    /// The simulated RDS with its databases.
    pub simulator: Simulator,
    /// The roads to the databases.
    pub roads: Roads,
    document: String,
    secrets: Secrets,
    endpoints: Members,
    databases: BTreeMap<Region, Databases>,
    rds: BTreeMap<Region, Aws>,
    tables: Mutex<BTreeMap<Region, Table>>,
    /// From where calls hang, and where to.
    cut: Mutex<BTreeSet<(Region, Region)>>,
    suspicions: mpsc::UnboundedSender<Suspicion>,
    suspected: AsyncMutex<mpsc::UnboundedReceiver<Suspicion>>,
    watches: Mutex<BTreeMap<Region, AbortHandle>>,
    _dns: Dns,
    _route53: JoinSet<std::io::Result<()>>,
}

impl InProcess {
    /// Builds it in `folder`, which is its own: two members, a witness, a beat every second.
    ///
    /// # Errors
    /// When something does not come up.
    pub async fn build(root: &Path, folder: &Path) -> Result<Arc<Self>, Trouble> {
        let profile = Profile {
            detection: Detection {
                interval_seconds: 1,
                failures: 3,
                timeout_seconds: 1,
                in_region_grace_seconds: 60,
            },
            ..Profile::quick("detach")
        };
        let (mut foundation, route53) = Foundation::in_folder(root, folder, &profile).await?;
        let endpoints = foundation.take_members();
        let Foundation {
            simulator,
            secrets,
            certificates,
            roads,
            resolvers,
            dns,
            ..
        } = foundation;
        let regions = || [HOME, STANDBY, WITNESS].into_iter();
        let connect = |(region, resolver): (String, SocketAddr)| {
            let databases = Databases::new(Resolver::new(Some(resolver))?, certificates.bundle())?;
            Ok::<_, Trouble>((Region(region), databases))
        };
        let databases = resolvers
            .into_iter()
            .map(connect)
            .collect::<Result<_, _>>()?;
        let (suspicions, suspected) = mpsc::unbounded_channel();
        let world = Arc::new(Self {
            rds: regions()
                .map(|region| (region.into(), rds(&simulator, region)))
                .collect(),
            simulator,
            roads,
            document: profile.plan(PLAN, "Z0EXAMPLE").to_string(),
            secrets,
            endpoints,
            databases,
            tables: Mutex::default(),
            cut: Mutex::default(),
            suspicions,
            suspected: AsyncMutex::new(suspected),
            watches: Mutex::default(),
            _dns: dns,
            _route53: route53,
        });
        world.open().await?;
        Ok(world)
    }

    /// What an operator does once: `adopt`, and `setup`.
    async fn open(self: &Arc<Self>) -> Result<(), Trouble> {
        let home = self.view(HOME);
        let adopt = json!({"operation": "adopt", "plan": PLAN});
        Box::pin(recovery_ledger::handle(&home, adopt)).await?;
        let setup = json!({"operation": "setup", "plan": PLAN});
        let deadline = jiff::Timestamp::now() + CALM;
        Box::pin(health_probe::handle(&home, setup, deadline)).await?;
        self.calm().await
    }

    /// AWS and the databases as a function in a Region sees them.
    #[must_use]
    pub fn view(self: &Arc<Self>, region: &str) -> View {
        View::new(Arc::clone(self), region.into())
    }

    /// Lets a Region's probe watch, one invocation after the other, until the Region is lost.
    fn watch(self: &Arc<Self>, region: &str) {
        let view = self.view(region);
        let watch = tokio::spawn(async move {
            loop {
                let deadline = jiff::Timestamp::now() + Duration::from_secs(63);
                if let Err(why) = Box::pin(health_probe::watch(&view, deadline)).await {
                    tracing::warn!(%why, "the watch ended");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        });
        let before = locked(&self.watches).insert(region.into(), watch.abort_handle());
        if let Some(before) = before {
            before.abort();
        }
    }

    /// The next suspicion, if one comes within `limit`.
    pub async fn suspicion(&self, limit: Duration) -> Option<Suspicion> {
        let mut suspected = self.suspected.lock().await;
        tokio::time::timeout(limit, suspected.recv()).await.ok()?
    }

    /// Loses the home Region whole: databases, roads, endpoints, functions.
    pub async fn lose_home(&self) {
        if let Some(watch) = locked(&self.watches).remove(&HOME.into()) {
            watch.abort();
        }
        for region in [STANDBY, WITNESS] {
            self.part(region, HOME);
        }
        self.roads.lose_member(cluster(HOME));
        self.simulator.lose_region(HOME).await;
    }

    /// Gives it back.
    pub async fn return_home(&self) {
        self.simulator.return_region(HOME);
        self.roads.mend_member(cluster(HOME));
    }

    /// Calls from one Region to another hang, both ways.
    pub fn part(&self, one: &str, other: &str) {
        let mut cut = locked(&self.cut);
        cut.insert((one.into(), other.into()));
        cut.insert((other.into(), one.into()));
    }

    /// Lets calls through again everywhere, forgets what came of earlier troubles, starts both probes anew (an invocation
    /// suspects once), and waits until both commit beats and both have arrived at the standby.
    ///
    /// # Errors
    /// When that does not come about.
    pub async fn calm(self: &Arc<Self>) -> Result<(), Trouble> {
        locked(&self.cut).clear();
        for region in [HOME, STANDBY] {
            self.watch(region);
        }
        let deadline = tokio::time::Instant::now() + CALM;
        let mut since = None;
        while tokio::time::Instant::now() < deadline {
            let now = tokio::time::Instant::now();
            since = if self.is_calm() {
                since.or(Some(now))
            } else {
                None
            };
            // Two beats in a row: the one before may have been under way when the trouble ended.
            if since.is_some_and(|since| now - since > Duration::from_secs(2)) {
                self.forget();
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(format!("the world was not calm again within {CALM:?}").into())
    }

    fn is_calm(&self) -> bool {
        let tables = locked(&self.tables);
        let vantage = |region: &str| tables.get(&region.into())?.vantage.clone();
        let (Some(home), Some(standby)) = (vantage(HOME), vantage(STANDBY)) else {
            return false;
        };
        let commits = !home.write.is_failure() && !standby.write.is_failure();
        let arrived = standby.reading.is_some_and(|reading| {
            let beats = [(HOME, home.last_beat), (STANDBY, standby.last_beat)];
            beats.into_iter().all(|(region, last)| {
                let there = reading.beats.get(&region.into());
                there
                    .zip(last)
                    .is_some_and(|(there, last)| there.seq + 3 > last.seq)
            })
        });
        commits && arrived
    }

    /// Runs, leases and what people were told; the epoch stays.
    fn forget(&self) {
        for table in locked(&self.tables).values_mut() {
            table.runs.clear();
            if let Some(row) = table.row.as_mut() {
                let (version, current) = (row.version + 1, row.current.clone());
                *row = PlanState {
                    version,
                    current,
                    ..PlanState::new(PLAN.into())
                };
            }
        }
        if let Ok(mut suspected) = self.suspected.try_lock() {
            while suspected.try_recv().is_ok() {}
        }
    }

    /// A probe's session on the writer, over the standby's road.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn session(self: &Arc<Self>) -> Result<Session, Trouble> {
        self.view(STANDBY).session().await
    }

    /// Ends it.
    pub async fn end(self: Arc<Self>) -> Result<(), Trouble> {
        for watch in locked(&self.watches).values() {
            watch.abort();
        }
        // The aborted watches let go of it within a few turns of the runtime.
        let mut world = self;
        for _ in 0..200 {
            match Arc::try_unwrap(world) {
                Ok(world) => {
                    world.simulator.stop().await;
                    return Ok(());
                }
                Err(shared) => world = shared,
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err("somebody still looks at the world".into())
    }
}

pub(super) fn config(region: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(AwsRegion::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(Keys::new(
            "AKIAEXAMPLE",
            "example",
            None,
            None,
            "drill",
        )))
        .build()
}

/// The library's own adapter to RDS, with the simulator in place of the network.
pub(super) fn rds(simulator: &Simulator, region: &str) -> Aws {
    let settings = Settings {
        ledger_table: String::new(),
        loss_bucket: None,
        machine: None,
        reach: None,
        resolver: None,
        version: None,
        ca_bundle: std::path::PathBuf::new(),
    };
    let config = config(region).into_builder();
    Aws::new(config.http_client(simulator.connector()).build(), settings)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
