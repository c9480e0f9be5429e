//! The drill's world: two member Regions and a witness on one machine, with everything in them, and ways to lose it.

mod databases;
mod deployed;
mod foundation;
mod functions;
pub mod lab;
mod ledgers;
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
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

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
    front_door::{Caller, FaultId, FrontDoor},
    profile::{CLIENT, HOME, PLAN, Profile, WRITER_NAME, member},
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
    /// Where processes write: its own folder, and that of what is deployed.
    folders: BTreeSet<PathBuf>,
    /// Whether the probes wait for their schedule instead of being called at once.
    scheduled: bool,
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
        let text = "creates a global database on real PostgreSQL, with a writer and a standby";
        timeline.say(Kind::Setup, "the drill", text);
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
        })
        .await?;
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
            folders: [folder.to_owned(), deployed.folder.clone()].into(),
            scheduled: deployed.first_use(),
            faults: Mutex::default(),
            dns: foundation.dns,
        };
        world.point_the_functions().await?;
        for plan in world.profile.plans {
            world.open(plan).await?;
        }
        Ok(world)
    }

    /// Points every function at its own port of the front door and at its Region's resolver.
    async fn point_the_functions(&self) -> Result<(), Trouble> {
        for region in &self.regions {
            for function in self.emulator.functions(region).await? {
                let caller = Caller {
                    function: function.clone(),
                    region: (*region).to_owned(),
                };
                let door = format!("http://{}", self.front_door.open(caller).await?);
                let mut variables: HashMap<String, String> = functions::SERVICES
                    .map(|service| (format!("AWS_ENDPOINT_URL_{service}"), door.clone()))
                    .into();
                variables.insert(
                    "AURORA_FAILOVER_RESOLVER".into(),
                    self.resolvers[*region].to_string(),
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
    async fn open(&self, plan: &str) -> Result<(), Trouble> {
        let adopt = serde_json::json!({"operation": "adopt", "plan": plan});
        let adopted = self
            .invoke_patiently(HOME, "aurora-failover-recovery-ledger", &adopt)
            .await?;
        self.timeline.say(
            Kind::Setup,
            "adopt",
            adopted["reason"].as_str().unwrap_or("adopted").to_owned(),
        );
        let setup = serde_json::json!({"operation": "setup", "plan": plan});
        self.invoke_patiently(HOME, "aurora-failover-health-probe", &setup)
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
        databases::customers(&admin, &self.secrets).await?;
        let config = ClientConfig {
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

    /// Waits until the probes of both member Regions have committed a beat.
    ///
    /// # Errors
    /// When they do not in time.
    pub async fn first_beats(&self) -> Result<(), Trouble> {
        if self.scheduled {
            self.timeline.say(
                Kind::Setup,
                "the drill",
                "waits for the probes' first scheduled minute (about 60 s)",
            );
        } else {
            for region in self.profile.members {
                self.watch_now(region).await?;
            }
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
        for region in self.profile.members {
            let vantage = ledger.vantage(&(*region).into(), &plan.into()).await;
            if !matches!(vantage, Ok(Some(vantage)) if !vantage.write.is_failure()) {
                return false;
            }
        }
        true
    }

    /// How a role that holds a member's address logs in there, past every road: the administrator, or an application's.
    ///
    /// # Errors
    /// When the member has no database.
    pub fn login(&self, region: &str, role: &str) -> Result<tokio_postgres::Config, Trouble> {
        let password = if role == databases::admin_user() {
            &self.secrets.admin
        } else {
            &self.secrets.app
        };
        let backend = self
            .simulator
            .backend(region, &member(PLAN, region))
            .ok_or("there is no such database")?;
        let mut config = tokio_postgres::Config::new();
        config
            .hostaddr(backend.ip())
            .port(backend.port())
            .user(role)
            .password(password)
            .dbname(PLAN)
            .connect_timeout(Duration::from_secs(1));
        Ok(config)
    }

    /// An administrator's connection to the first plan's database in a Region, past every road.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn admin(&self, region: &str) -> Result<tokio_postgres::Client, Trouble> {
        let backend = self
            .simulator
            .backend(region, &member(PLAN, region))
            .ok_or("there is no such database")?;
        match databases::connect(backend, PLAN, &self.secrets.admin).await {
            // A writer may have been given the rotated password, and whatever followed it has that too.
            Err(why) if databases::is_wrong_password(&why) => {
                databases::connect(backend, PLAN, &self.secrets.rotated_in[1]).await
            }
            came => came,
        }
    }

    /// Rotates the administrator's secret twice in every member Region, as a replicated secret is; only the writer in `region`
    /// gets the new passwords.
    ///
    /// # Errors
    /// When the writer or the emulator does not answer.
    pub async fn rotate_admin_twice(&self, region: &str) -> Result<(), Trouble> {
        let admin = self.admin(region).await?;
        for password in &self.secrets.rotated_in {
            let statement = format!("ALTER USER CURRENT_USER PASSWORD '{password}'");
            admin.batch_execute(&statement).await?;
            self.put_admin_secret(password).await?;
        }
        Ok(())
    }

    /// Puts the first password back into the administrator's secret, for the next world.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub async fn put_first_admin_secret(&self) -> Result<(), Trouble> {
        self.put_admin_secret(&self.secrets.admin).await
    }

    async fn put_admin_secret(&self, password: &str) -> Result<(), Trouble> {
        let user = databases::admin_user();
        for region in self.endpoints.keys() {
            resources::put_login(&self.emulator, region, "orders/admin", (user, password)).await?;
        }
        Ok(())
    }

    /// The zone's CNAME and TXT records: name and value.
    pub async fn records(&self) -> Vec<(String, String)> {
        let route53 = aws_sdk_route53::Client::new(&self.emulator.sdk_config("us-east-1"));
        let answer = route53
            .list_resource_record_sets()
            .hosted_zone_id(&self.zone_id)
            .send()
            .await;
        let sets = answer.map(|answer| answer.resource_record_sets);
        let sets = sets.unwrap_or_default().into_iter();
        let named = sets.filter(|set| matches!(set.r#type.as_str(), "CNAME" | "TXT"));
        named
            .filter_map(|set| {
                let value = set.resource_records?.into_iter().next()?.value;
                Some((set.name.trim_end_matches('.').to_owned(), value))
            })
            .collect()
    }

    /// Where a name of the zone leads.
    pub async fn leads_to(&self, name: &str) -> Option<String> {
        let records = self.records().await.into_iter();
        let mut found = records.filter(|(record, _)| record == name);
        found.next().map(|(_, value)| value)
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
        let faults = self.front_door.lose_region(region);
        self.faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(region.to_owned(), faults);
        for plan in self.plans_in(region) {
            self.roads.lose_member(&member(plan, region));
        }
        let (killed, ()) = tokio::join!(
            self.emulator.kill_region(region),
            self.simulator.lose_region(region)
        );
        Ok(killed?)
    }

    /// The plans that have a member in a Region; the witness has none.
    fn plans_in(&self, region: &str) -> impl Iterator<Item = &'static str> {
        let is_member = self.profile.members.contains(&region);
        let plans = self.profile.plans.iter().copied();
        plans.filter(move |_| is_member)
    }

    /// Every Region to which something is deployed.
    #[must_use]
    pub fn regions(&self) -> &[&'static str] {
        &self.regions
    }

    /// The Regions that are lost.
    #[must_use]
    pub fn lost(&self) -> Vec<String> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.keys().cloned().collect()
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
        let function = "aurora-failover-health-probe";
        self.emulator
            .set_environment(region, function, variables)
            .await?;
        // A process that runs keeps what it has read.
        self.emulator.kill_region(region).await?;
        Ok(self.emulator.return_region(region).await?)
    }

    /// Gives a lost Region back: everything as it was when it was lost.
    ///
    /// # Errors
    /// When its functions would not come back.
    pub async fn return_region(&self, region: &str) -> Result<(), Trouble> {
        self.timeline
            .mark(Kind::Fault, region, "is back", "Region back");
        let faults = self
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(region);
        for fault in faults.into_iter().flatten() {
            self.front_door.remove(fault);
        }
        self.simulator.return_region(region).await;
        for plan in self.plans_in(region) {
            self.roads.mend_member(&member(plan, region));
        }
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

    /// Whether a password of this drill stands in a text.
    #[must_use]
    pub fn holds_a_secret(&self, text: &str) -> bool {
        self.secrets.stand_in(text.as_bytes())
    }

    /// How many logs there are, and where a password of this drill stands though it must not: logs of every process, and the
    /// timeline.
    #[must_use]
    pub fn secrets_told(&self) -> (usize, Vec<String>) {
        let events = self.timeline.events();
        let told = events
            .iter()
            .filter(|event| self.secrets.stand_in(event.text.as_bytes()));
        let mut found: Vec<_> = told
            .map(|event| format!("the timeline: {}", event.source))
            .collect();
        let mut files = 0;
        for folder in &self.folders {
            let (searched, told) = self.secrets.search(folder);
            files += searched;
            found.extend(told);
        }
        (files, found)
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
