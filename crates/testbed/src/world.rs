//! The drill's world: two member Regions and a witness on one machine, with everything in them, and ways to lose it.

pub mod balancer;
mod databases;
mod deployed;
mod foundation;
mod functions;
mod groups;
mod health_checks;
pub mod in_process;
mod ledgers;
mod logins;
mod loss;
mod names;
mod properties;
mod resources;
mod roads;
mod secrets;
mod start;

use std::{
    collections::{BTreeSet, HashMap},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use failover::installation::named;
use rds_sim::Simulator;
use report::{
    Told,
    timeline::{Kind, Timeline},
};

use crate::{
    certificates::Certificates,
    client::{self, Client, ClientConfig},
    dns::Dns,
    emulator::Emulator,
    front_door::{FaultId, FrontDoor},
    profile::{CLIENT, HOME, PLAN, Profile, WRITER_NAME},
    roads::Roads,
};

pub use databases::{Endpoints, Members, admin_user};
pub use deployed::Deployed;
pub use foundation::{Foundation, members};
pub use secrets::Secrets;

use foundation::Ground;

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
    pub emulator: Arc<Emulator>,
    /// The simulated RDS with its databases.
    pub simulator: Simulator,
    /// What stands before both.
    pub front_door: FrontDoor,
    /// The roads to the databases.
    pub roads: Roads,
    /// The endpoints of the first plan's members by Region.
    pub endpoints: Members,
    /// The hosted zone.
    pub zone_id: String,
    certificates: Certificates,
    resolvers: HashMap<String, SocketAddr>,
    /// Every Region to which something is deployed.
    regions: Vec<&'static str>,
    secrets: Secrets,
    /// The repository's root.
    root: PathBuf,
    folder: PathBuf,
    /// Where processes write: its own folder, and that of what is deployed.
    folders: BTreeSet<PathBuf>,
    /// The faults that stand for lost Regions.
    faults: Mutex<HashMap<String, [FaultId; 2]>>,
    dns: Dns,
}

impl World {
    /// Builds it on what is deployed, in `folder`, which is its own.
    ///
    /// # Errors
    /// When something does not come up; nothing of it is left running then.
    pub async fn build(
        deployed: &Deployed,
        folder: &Path,
        profile: Profile,
        timeline: Timeline,
    ) -> Result<Self, Trouble> {
        let (emulator, zone_id) = (deployed.emulator.clone(), deployed.zone_id.clone());
        let simulator = deployed.take_simulator();
        if simulator.is_none() {
            timeline.say(Kind::Setup, "the drill", databases::created(&profile));
        }
        let regions: Vec<_> = deployed.regions().collect();
        let mut foundation = Foundation::lay(Ground {
            root: &deployed.root,
            folder,
            profile: &profile,
            secrets: deployed.secrets.clone(),
            config: |region: &str| emulator.sdk_config(region),
            route53: aws_sdk_route53::Client::new(&emulator.sdk_config("us-east-1")),
            zone_id: &zone_id,
            regions: &regions,
            simulator,
        })
        .await?;
        // Policies that ask for the tags of a database are judged by those that it has there.
        emulator.know_rds(foundation.simulator.address()).await?;
        resources::reset(
            &emulator,
            &profile,
            &zone_id,
            &foundation.endpoints,
            deployed.members(),
        )
        .await?;
        let front_door = FrontDoor::start(emulator.address(), foundation.simulator.address());
        front_door.hold_deployments(profile.ecs_rollout());
        let world = Self {
            profile,
            timeline,
            emulator,
            front_door,
            endpoints: foundation.take_members(),
            simulator: foundation.simulator,
            roads: foundation.roads,
            zone_id,
            certificates: foundation.certificates,
            resolvers: foundation.resolvers,
            regions,
            secrets: foundation.secrets,
            root: deployed.root.clone(),
            folder: folder.to_owned(),
            folders: [folder.to_owned(), deployed.folder.clone()].into(),
            faults: Mutex::default(),
            dns: foundation.dns,
        };
        world.point_the_functions().await?;
        for plan in world.profile.plans {
            world.open(plan).await?;
        }
        Ok(world)
    }

    /// What an operator does once per plan: adopt the writer, then set the probe up.
    async fn open(&self, plan: &str) -> Result<(), Trouble> {
        let adopt = serde_json::json!({"operation": "adopt", "plan": plan});
        let adopted = self
            .invoke_patiently(HOME, &named("recovery-ledger"), &adopt)
            .await?;
        self.timeline.say(
            Kind::Setup,
            "adopt",
            adopted["reason"].as_str().unwrap_or("adopted").to_owned(),
        );
        if !self.profile.engine.has_heart() {
            return Ok(());
        }
        let setup = serde_json::json!({"operation": "setup", "plan": plan});
        self.invoke_patiently(HOME, &named("health-probe"), &setup)
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
        let admin = self.database(HOME).await?;
        client::prepare(&admin, "app", &self.secrets.app).await?;
        databases::customers(&admin, &self.secrets).await?;
        let config = ClientConfig {
            engine: self.profile.engine,
            resolver: self.resolvers[CLIENT],
            writer_name: WRITER_NAME.to_owned(),
            port: self.roads.port(),
            ca_pem: self.certificates.bundle().to_owned(),
            database: PLAN.to_owned(),
            user: "app".to_owned(),
            password: self.secrets.app.clone(),
            interval: Duration::from_millis(self.profile.client_interval_ms),
            connect_timeout: self.profile.patience(Duration::from_millis(500)),
            statement_timeout: self.profile.patience(Duration::from_millis(1_000)),
        };
        Ok(Client::start(config, self.timeline.clone())?)
    }

    /// Calls the probes of both member Regions at once, whose schedule goes on from the next minute, and waits until each has
    /// committed a beat.
    ///
    /// # Errors
    /// When they do not in time.
    pub async fn first_beats(&self) -> Result<(), Trouble> {
        for region in self.profile.members {
            self.watch_now(region).await?;
        }
        let limit = self.profile.patience(FIRST_BEATS);
        let deadline = tokio::time::Instant::now() + limit;
        let mut silent = self.profile.plans.to_vec();
        while tokio::time::Instant::now() < deadline {
            // One beat of many may be late on a machine that has much to do: a plan that was seen to beat is no more looked at.
            let mut still = Vec::new();
            for plan in silent {
                if !self.beats(plan).await {
                    still.push(plan);
                }
            }
            silent = still;
            if silent.is_empty() {
                self.timeline.say(
                    Kind::Noticing,
                    "every probe",
                    "commits its beats on the writer",
                );
                return Ok(());
            }
            tokio::time::sleep(self.profile.patience(Duration::from_millis(250))).await;
        }
        Err(format!(
            "the probes committed no beat for {} within {limit:?}; see {}",
            silent.join(", "),
            self.folders
                .iter()
                .map(|folder| folder.display().to_string())
                .collect::<Vec<_>>()
                .join(" and ")
        )
        .into())
    }

    /// Whether the probe of every member of a plan commits beats.
    async fn beats(&self, plan: &str) -> bool {
        use failover::ports::Ledger;
        let ledger = self.ledger();
        if !self.profile.engine.has_heart() {
            return self.is_known(plan).await;
        }
        for region in self.profile.members {
            let vantage = ledger.vantage(&(*region).into(), &plan.into()).await;
            if !matches!(vantage, Ok(Some(vantage)) if vantage.write.is_committed()) {
                return false;
            }
        }
        true
    }

    /// Whether the probe of every member of a plan has noted where all of them are reached. Where no heart beats that is all it does.
    async fn is_known(&self, plan: &str) -> bool {
        use failover::ports::Ledger;
        let ledger = self.ledger();
        for region in self.profile.members {
            let known = ledger.known(&(*region).into(), &plan.into()).await;
            let found = known.ok().flatten().map(|known| known.endpoints.len());
            if found != Some(self.profile.members.len()) {
                return false;
            }
        }
        true
    }

    /// Every Region to which something is deployed.
    #[must_use]
    pub fn regions(&self) -> &[&'static str] {
        &self.regions
    }

    /// Lets the probe of a Region trust another authority than the one that signed the databases' certificates.
    ///
    /// # Errors
    /// When its configuration cannot be changed.
    pub async fn trust_another_authority(&self, region: &str) -> Result<(), Trouble> {
        let another = self.certificates.bundle().with_file_name("another");
        let bundle = Certificates::create(&another)?.bundle().to_owned();
        let bundle = std::path::absolute(bundle)?.display().to_string();
        let variables = HashMap::from([("AURORA_FAILOVER_CA_BUNDLE".to_owned(), bundle)]);
        let function: &str = &named("health-probe");
        self.emulator
            .set_environment(region, function, variables)
            .await?;
        // A process that runs keeps what it has read.
        self.emulator.kill_region(region).await?;
        Ok(self.emulator.return_region(region).await?)
    }

    /// What people were told so far, oldest first.
    #[must_use]
    pub fn told(&self) -> Vec<Told> {
        self.front_door
            .calls()
            .iter()
            .filter_map(Told::of)
            .collect()
    }

    /// The same as texts: subject, and text on the lines after it.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        let told = self.told().into_iter();
        told.map(|told| format!("{}\n{}", told.subject, told.text))
            .collect()
    }

    /// Writes the first plan's document in one Region.
    ///
    /// # Errors
    /// When the emulator does not take it.
    pub async fn put_plan(
        &self,
        region: &str,
        document: &serde_json::Value,
    ) -> Result<(), Trouble> {
        resources::put_plan(&self.emulator, region, PLAN, document).await
    }

    /// Takes the services' image out of the registry of a Region.
    ///
    /// # Errors
    /// When the emulator does not take it.
    pub async fn take_image(&self, region: &str) -> Result<(), Trouble> {
        resources::take_image(&self.emulator, region).await
    }

    /// Ends it, and what it left of runs and functions; what is deployed stays. The logs and reports stay, the databases go.
    ///
    /// # Errors
    /// When something would not end or go.
    pub async fn end(self, deployed: &Deployed, folder: &Path) -> Result<(), Trouble> {
        deployed.quiet().await?;
        self.simulator.stop().await;
        Ok(tokio::fs::remove_dir_all(folder.join("postgres")).await?)
    }
}
