//! The drill's world: two member Regions and a witness on one machine, with everything in them, and ways to lose it.

mod databases;
mod functions;
mod names;
mod resources;
mod secrets;
mod start;

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use aurora_sim::Simulator;
use failover::aws::{Aws, Settings};

use crate::{
    certificates::Certificates,
    client::{self, Client, ClientConfig},
    dns::Dns,
    emulator::Emulator,
    front_door::{Caller, FrontDoor},
    profile::{CLIENT, DATABASE, HOME, PLAN, Profile, STANDBY, WITNESS, WRITER_NAME, cluster},
    roads::Roads,
    timeline::{Kind, Timeline},
};

pub use databases::Endpoints;
pub use secrets::Secrets;

/// Anything that keeps the drill from being held; what it tests is judged by checks instead.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// How long the first probes are waited for: the schedule first fires about 67 s after its creation.
const FIRST_BEATS: Duration = Duration::from_secs(100);

/// Everything the drill started.
pub struct World {
    /// What was configured.
    pub profile: Profile,
    /// The story so far.
    pub timeline: Timeline,
    /// The local AWS.
    pub emulator: Emulator,
    /// The simulated RDS with its databases.
    pub simulator: Simulator,
    /// What stands before both.
    pub front_door: FrontDoor,
    /// The roads to the databases.
    pub roads: Roads,
    /// The members' endpoints by Region.
    pub endpoints: HashMap<String, Endpoints>,
    /// The hosted zone.
    pub zone_id: String,
    certificates: Certificates,
    resolvers: HashMap<String, SocketAddr>,
    secrets: Secrets,
    folder: PathBuf,
    _dns: Dns,
}

impl World {
    /// Builds it in `folder`, which is the run's own; `root` is the repository's.
    ///
    /// # Errors
    /// When something does not come up; nothing is left running then.
    pub async fn build(
        root: &Path,
        folder: &Path,
        profile: Profile,
        timeline: Timeline,
    ) -> Result<Self, Trouble> {
        let text = "starts a local AWS and a simulated RDS on real PostgreSQL";
        timeline.say(Kind::Setup, "the drill", text);
        let (emulator, simulator) = start::start(root, folder, &profile).await?;
        let zone_id = resources::zone(&emulator).await?;
        let text = "deploys the templates to three Regions and creates a global database";
        timeline.say(Kind::Setup, "the drill", text);
        let secrets = Secrets::new();
        let deployment = start::deployment(root, folder, &zone_id);
        let (deployed, endpoints) = tokio::join!(
            emulator.deploy(&deployment),
            databases::create(&emulator, &simulator, &secrets)
        );
        deployed?;
        let endpoints = endpoints?;
        let certificates = Certificates::create(&folder.join("tls"))?;
        let roads = start::roads(&simulator, &certificates, &endpoints).await?;
        let home = &endpoints[HOME];
        resources::create(&emulator, &profile, &zone_id, home, &secrets).await?;
        let (dns, resolvers) = names::serve(&emulator, &zone_id, &roads, &endpoints).await?;
        let front_door = FrontDoor::start(emulator.address(), simulator.address());
        front_door.hold_deployments(profile.ecs_rollout());
        let world = Self {
            profile,
            timeline,
            emulator,
            simulator,
            front_door,
            roads,
            endpoints,
            zone_id,
            certificates,
            resolvers,
            secrets,
            folder: folder.to_owned(),
            _dns: dns,
        };
        world.point_the_functions().await?;
        world.open_the_plan().await?;
        Ok(world)
    }

    /// Points every function at its own port of the front door and at its Region's resolver.
    async fn point_the_functions(&self) -> Result<(), Trouble> {
        for region in [HOME, STANDBY, WITNESS] {
            for function in self.emulator.functions(region).await? {
                let caller = Caller {
                    function: function.clone(),
                    region: region.to_owned(),
                };
                let door = format!("http://{}", self.front_door.open(caller).await?);
                let mut variables: HashMap<String, String> = functions::SERVICES
                    .map(|service| (format!("AWS_ENDPOINT_URL_{service}"), door.clone()))
                    .into();
                variables.insert(
                    "AURORA_FAILOVER_RESOLVER".into(),
                    self.resolvers[region].to_string(),
                );
                let bundle = std::path::absolute(self.certificates.bundle())?;
                variables.insert(
                    "AURORA_FAILOVER_CA_BUNDLE".into(),
                    bundle.display().to_string(),
                );
                self.emulator
                    .set_environment(region, &function, variables)
                    .await?;
            }
        }
        Ok(())
    }

    /// What an operator does once per plan: adopt the writer, then set the probe up.
    async fn open_the_plan(&self) -> Result<(), Trouble> {
        let adopt = serde_json::json!({"operation": "adopt", "plan": PLAN});
        let adopted = self
            .invoke(HOME, "aurora-failover-recovery-ledger", &adopt)
            .await?;
        self.timeline.say(
            Kind::Setup,
            "adopt",
            adopted["reason"].as_str().unwrap_or("adopted").to_owned(),
        );
        let setup = serde_json::json!({"operation": "setup", "plan": PLAN});
        self.invoke(HOME, "aurora-failover-health-probe", &setup)
            .await?;
        self.timeline.say(
            Kind::Setup,
            "setup",
            "created the heartbeat schema and the probe's role",
        );
        Ok(())
    }

    /// Starts the application's client; it writes through the plan's DNS name.
    ///
    /// # Errors
    /// When its table cannot be created or it cannot start.
    pub async fn start_client(&self) -> Result<Client, Trouble> {
        let admin = self.admin(HOME).await?;
        client::prepare(&admin, "app", &self.secrets.app).await?;
        let config = ClientConfig {
            resolver: self.resolvers[CLIENT],
            writer_name: WRITER_NAME.to_owned(),
            port: self.roads.port(),
            ca_pem: self.certificates.bundle().to_owned(),
            database: DATABASE.to_owned(),
            user: "app".to_owned(),
            password: self.secrets.app.clone(),
            interval: Duration::from_millis(self.profile.client_interval_ms),
            connect_timeout: Duration::from_millis(500),
            statement_timeout: Duration::from_millis(1_000),
        };
        Ok(Client::start(config, self.timeline.clone())?)
    }

    /// Waits until the probes of both member Regions have committed a beat.
    ///
    /// # Errors
    /// When they do not in time.
    pub async fn first_beats(&self) -> Result<(), Trouble> {
        self.timeline.say(
            Kind::Setup,
            "the drill",
            "waits for the probes' first scheduled minute (about 60 s)",
        );
        let deadline = tokio::time::Instant::now() + FIRST_BEATS;
        while tokio::time::Instant::now() < deadline {
            if self.beats(HOME).await && self.beats(STANDBY).await {
                self.timeline.say(
                    Kind::Noticing,
                    "both probes",
                    "commit their beats on the writer",
                );
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        Err(format!(
            "the probes committed no beat within {FIRST_BEATS:?}; see {}",
            self.folder.display()
        )
        .into())
    }

    async fn beats(&self, region: &str) -> bool {
        use failover::ledger::Ledger;
        let vantage = self.ledger().vantage(&region.into(), &PLAN.into()).await;
        vantage
            .ok()
            .flatten()
            .is_some_and(|vantage| !vantage.write.is_failure())
    }

    /// The ledgers, read past the front door.
    #[must_use]
    pub fn ledger(&self) -> Aws {
        let settings = Settings {
            ledger_table: "aurora-failover-ledger".into(),
            resolver: None,
            ca_bundle: PathBuf::new(),
        };
        Aws::new(self.emulator.sdk_config(STANDBY), settings)
    }

    /// An administrator's connection to a Region's database, past every road.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn admin(&self, region: &str) -> Result<tokio_postgres::Client, Trouble> {
        let backend = self
            .simulator
            .backend(region, cluster(region))
            .ok_or("there is no such database")?;
        databases::connect(backend, &self.secrets.admin).await
    }

    /// Loses a Region whole: its databases, its roads, its endpoints and its functions.
    ///
    /// # Errors
    /// When its functions would not end.
    pub async fn lose_region(&self, region: &str) -> Result<(), Trouble> {
        self.timeline.mark(
            Kind::Fault,
            region,
            "is lost: databases, endpoints, roads and functions",
            "Region lost",
        );
        let _ = self.front_door.lose_region(region);
        self.roads.lose_member(cluster(region));
        let (killed, ()) = tokio::join!(
            self.emulator.kill_region(region),
            self.simulator.lose_region(region)
        );
        Ok(killed?)
    }

    /// Where a password of this drill stands though it must not: logs of every process, and the timeline.
    #[must_use]
    pub fn secrets_told(&self) -> Vec<String> {
        let events = self.timeline.events();
        let told = events
            .iter()
            .filter(|event| self.secrets.stand_in(event.text.as_bytes()));
        let mut found: Vec<_> = told
            .map(|event| format!("the timeline: {}", event.source))
            .collect();
        found.extend(self.secrets.search(&self.folder));
        found
    }

    /// Ends everything. The logs and reports stay, the databases go.
    ///
    /// # Errors
    /// When something would not end or go.
    pub async fn end(self) -> Result<(), Trouble> {
        self.simulator.stop().await;
        self.emulator.stop().await?;
        Ok(tokio::fs::remove_dir_all(self.folder.join("postgres")).await?)
    }
}
