//! The one world in memory that the tests share: every port, answered from maps.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    missing_docs,
    reason = "only tests stand on it, and they say what goes wrong by failing"
)]

mod functions;
mod ledger;
pub mod probe;
pub mod topologies;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::Duration,
};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    Error,
    beat::{Vantage, Write},
    domain::{Epoch, PlanName, Region, RunId},
    evidence::{Evidence, HomeVantage, Progress, Rds, Said, Verdict, Witness},
    ledger::{Claim, Closed, Confirmed, Current, Outcome, PlanState, Run, RunKind},
    ports::{Parameter, Parameters, People, ReachOutput, Runtime, Spares},
    switches::Switches,
    topology::{Cluster, GlobalCluster, Instance, Reach},
};

/// The standby of that plan as RDS shows it, with instances of these statuses; the first one leads.
pub fn cluster(statuses: &[&str]) -> Cluster {
    let instances = statuses.iter().enumerate();
    let instances = instances.map(|(number, status)| Instance {
        identifier: format!("orders-east-{}", number + 1),
        status: (*status).into(),
        is_writer: number == 0,
    });
    Cluster {
        identifier: "orders-east".into(),
        arn: "arn".into(),
        resource_id: None,
        status: "available".into(),
        engine_version: "16.4".into(),
        endpoint: String::new(),
        reader_endpoint: String::new(),
        port: 5432,
        global_cluster: None,
        instances: instances.collect(),
    }
}

/// A plan that has nothing wrong with it.
pub fn plan_document() -> Value {
    json!({
        "plan": "orders", "revision": 3,
        "topology": {"kind": "aurora_global", "global_cluster": "orders-global-1", "strategy": "auto",
            "members": {"us-west-2": {"cluster": "orders-west"}, "us-east-1": {"cluster": "orders-east"}}},
        "home_region": "us-west-2",
        "witness_region": "us-east-2",
        "database": {"engine": "postgres", "name": "orders", "admin_secret": "orders/admin",
            "probe": {"user": "failover_probe", "auth": {"kind": "secret", "secret": "orders/probe"}}},
        "detection": {"interval_seconds": 5, "failures": 3, "timeout_seconds": 3},
        "unplanned": {"region_down": "automatic", "writer_down": "automatic", "max_lost_seconds": 30},
        "routes": [{"kind": "cname", "hosted_zone": "Z0EXAMPLE", "name": "writer.orders.internal", "endpoint": "writer",
            "ttl_seconds": 5, "accept_route53_risk": true}],
        "services": [{"kind": "ecs", "region": "us-east-1", "cluster": "orders",
            "services": ["api", {"service": "worker", "takeover_count": 2}]}]
    })
}

/// A run of that plan from us-west-2 to us-east-1, freshly opened.
pub fn run() -> Run {
    let claim = Claim {
        run_id: "a".into(),
        kind: RunKind::UnplannedFailover,
        incident: None,
        from: "us-west-2".into(),
        to: "us-east-1".into(),
    };
    let plan = crate::plan::read(&plan_document().to_string()).unwrap();
    Run {
        leased: ["us-east-1".into()].into(),
        ..Run::opened(claim, plan, Epoch(7), Timestamp::UNIX_EPOCH)
    }
}

/// The row of a plan whose writer somebody adopted in a Region.
pub fn row(writer: &str, epoch: u64) -> PlanState {
    let current = Current {
        epoch: Epoch(epoch),
        writer: writer.into(),
        global_cluster: None,
        run_id: "adopt".into(),
        proven_at: Timestamp::UNIX_EPOCH,
        unplanned: false,
        acknowledged_at: None,
    };
    PlanState {
        current: Some(current),
        ..PlanState::new("orders".into())
    }
}

/// How a run ends that left nothing.
pub fn closed(outcome: Outcome) -> Closed {
    Closed {
        at: Timestamp::UNIX_EPOCH,
        outcome,
        left: Vec::new(),
        rto_seconds: None,
        rpo: None,
        at_most_seconds: None,
        step_seconds: Default::default(),
    }
}

/// What a confirmation of that run found.
pub fn confirmed(verdict: Verdict) -> Confirmed {
    Confirmed {
        verdict,
        evidence: evidence(Timestamp::UNIX_EPOCH),
        loss: None,
        acknowledged: Default::default(),
        alive_at: None,
        maybe_alive_at: None,
        outage_since: None,
        writes_until: None,
        approved: false,
        by_hand: false,
    }
}

/// Evidence that the Region of that run's writer is gone.
pub fn evidence(gathered_at: Timestamp) -> Evidence {
    let silent = || Rds::Silent {
        why: "timed out".into(),
    };
    Evidence {
        write: Some(Write::Failed {
            why: "timed out".into(),
        }),
        progress: Progress::Still,
        local_rds: Rds::Status {
            cluster: "available".into(),
            instances: Vec::new(),
        },
        writer_rds: silent(),
        writer_ledger_answers: false,
        home_vantage: HomeVantage::Unknown,
        witness: Witness::DoesNotReach,
        failing_since: Some(Timestamp::UNIX_EPOCH),
        grace_since: None,
        said: Said::Nothing,
        stillness_tells: true,
        gathered_at,
    }
}

/// Ledgers in memory, with Regions that may be silent, a clock that only pauses move, and what people were told.
pub struct Books {
    here: Region,
    now: Mutex<Timestamp>,
    silent: BTreeSet<Region>,
    busy: BTreeSet<Region>,
    deaf: Mutex<u32>,
    /// So many suspicions are not taken.
    refuses: Mutex<u32>,
    full: BTreeSet<Region>,
    keeps: BTreeSet<Region>,
    swallows: BTreeSet<Region>,
    third: Option<Region>,
    ignorant: BTreeSet<Region>,
    has_documents: bool,
    spares: Spares<()>,
    /// After so many looks another row lies in every ledger.
    turn: Option<(usize, PlanState)>,
    /// After so many looks the ledger is read no more.
    hangs_after: Option<usize>,
    /// This Region's member, as RDS shows it.
    cluster: Option<Cluster>,
    /// What fencing it is answered.
    fence: Result<(), Error>,
    /// What somebody else writes into this Region's ledger while its doors are given back.
    beside: Option<PlanState>,
    switches: Result<Switches, Error>,
    /// Another plan of this Region, of whose cluster RDS tells nothing.
    unseen: Option<PlanName>,
    /// What of a member this Region's rebuild may make again.
    reach: Option<Reach>,
    /// The one global cluster that RDS shows, in every Region.
    global: Option<GlobalCluster>,
    /// What a dry run of this Region's rebuild is refused.
    rebuild: Result<Vec<String>, Error>,
    /// What the witness hears of a Region.
    hears: fn(&str) -> Result<ReachOutput, Error>,
    /// What an endpoint parameter of a Region holds.
    parameter: fn(&str, &str) -> Result<Option<Parameter>, Error>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    document: Option<String>,
    rows: BTreeMap<Region, PlanState>,
    runs: BTreeMap<RunId, Run>,
    looked: BTreeMap<Region, Vantage>,
    told: Vec<String>,
    looks: Vec<Vantage>,
    logins: u32,
    fencing: probe::Fencing,
    /// What the probe meets at a member.
    heart: probe::Beats,
    /// By name, with what each was started with, and whether it has ended.
    executions: Vec<(String, Value, bool)>,
}

impl Books {
    /// Both members' ledgers with the same row; this Region is us-east-1.
    pub fn with(row: &PlanState) -> Self {
        let rows = ["us-east-1", "us-west-2"].map(|region| (region.into(), row.clone()));
        Self {
            here: "us-east-1".into(),
            now: Mutex::new(Timestamp::from_second(1_000).unwrap()),
            silent: BTreeSet::new(),
            busy: BTreeSet::new(),
            deaf: Mutex::new(0),
            refuses: Mutex::new(0),
            full: BTreeSet::new(),
            keeps: BTreeSet::new(),
            swallows: BTreeSet::new(),
            third: None,
            ignorant: BTreeSet::new(),
            has_documents: true,
            spares: Spares::default(),
            turn: None,
            hangs_after: None,
            cluster: None,
            fence: Ok(()),
            beside: None,
            switches: Ok(Switches::default()),
            unseen: None,
            reach: None,
            global: None,
            rebuild: Ok(Vec::new()),
            hears: |_| Err(Error::Unavailable("the witness does not answer".into())),
            parameter: |_, _| Ok(None),
            kept: Mutex::new(Kept {
                rows: rows.into(),
                ..Kept::default()
            }),
        }
    }

    /// What of a member this Region's rebuild may make again.
    pub fn reaching(mut self, reach: Reach) -> Self {
        self.reach = Some(reach);
        self
    }

    /// What an endpoint parameter of a Region holds.
    pub fn holding(
        mut self,
        parameter: fn(&str, &str) -> Result<Option<Parameter>, Error>,
    ) -> Self {
        self.parameter = parameter;
        self
    }

    /// RDS shows one global cluster.
    pub fn showing(mut self, global: GlobalCluster) -> Self {
        self.global = Some(global);
        self
    }

    /// What of a member this Region's rebuild may make again.
    pub const fn reach(&self) -> Option<&Reach> {
        self.reach.as_ref()
    }

    /// The global cluster of this name.
    pub fn global(&self, identifier: &str) -> Option<GlobalCluster> {
        let shown = self.global.clone();
        shown.filter(|global| global.identifier == identifier)
    }

    /// What this Region's plan parameter holds.
    pub fn with_document(self, document: &str) -> Self {
        self.kept.lock().unwrap().document = Some(document.into());
        self
    }

    /// One Region's ledger holds another row.
    pub fn with_row(self, region: &str, row: &PlanState) -> Self {
        let mut kept = self.kept.lock().unwrap();
        kept.rows.insert(region.into(), row.clone());
        drop(kept);
        self
    }

    pub fn silence(mut self, region: &str) -> Self {
        self.silent.insert(region.into());
        self
    }

    /// A Region whose ledger answers every call that too much is asked.
    pub fn busy(mut self, region: &str) -> Self {
        self.busy.insert(region.into());
        self
    }

    /// A Region whose ledger does not take that a run waits for an answer.
    pub fn silence_writes(mut self, region: &str) -> Self {
        self.full.insert(region.into());
        self
    }

    /// A Region whose ledger does not take a lease back.
    pub fn keep_leases(mut self, region: &str) -> Self {
        self.keeps.insert(region.into());
        self
    }

    /// A Region whose ledger gives a lease and does not answer.
    pub fn swallow(mut self, region: &str) -> Self {
        self.swallows.insert(region.into());
        self
    }

    /// The plan that is known has a third member.
    pub fn of_three(mut self, region: &str) -> Self {
        self.third = Some(region.into());
        self
    }

    /// A Region that knows no plan.
    pub fn ignorant(mut self, region: &str) -> Self {
        self.ignorant.insert(region.into());
        self
    }

    /// Its topic takes no message so often.
    pub fn deafen(&self, times: u32) {
        *self.deaf.lock().unwrap() = times;
    }

    /// A Region's probe looked then, and the writer failed.
    pub fn looked(self, region: &str, at: Timestamp) -> Self {
        let region = Region::from(region);
        self.kept
            .lock()
            .unwrap()
            .looked
            .insert(region.clone(), probe::vantage(region, at));
        self
    }

    /// Sets the clock, which stands.
    pub fn set_time(&mut self, now: Timestamp) {
        *self.now.lock().unwrap() = now;
    }

    /// Lets a Region answer again.
    pub fn wake(&mut self, region: &str) {
        self.silent.remove(&region.into());
        self.full.remove(&region.into());
        self.keeps.remove(&region.into());
    }

    /// Every plan's parameter was taken away.
    pub fn without_documents(mut self) -> Self {
        self.has_documents = false;
        self
    }

    /// The kill switch of this Region is on.
    pub fn switched_on(mut self) -> Self {
        self.switches = Ok(Switches {
            kill: Some("on".into()),
            ..Switches::default()
        });
        self
    }

    /// Nobody can tell whether the kill switch of this Region is on.
    pub fn switches_unread(mut self) -> Self {
        let why = "SSM GetParameters /aurora-failover/kill in us-east-1: timed out";
        self.switches = Err(Error::Unavailable(why.into()));
        self
    }

    /// Beside another plan, of whose cluster of the same name RDS tells nothing.
    pub fn beside_unseen(mut self, plan: &str) -> Self {
        self.unseen = Some(plan.into());
        self
    }

    pub fn rows(&self) -> BTreeMap<Region, PlanState> {
        self.kept.lock().unwrap().rows.clone()
    }

    pub fn runs(&self) -> BTreeMap<RunId, Run> {
        self.kept.lock().unwrap().runs.clone()
    }

    pub fn told(&self) -> Vec<String> {
        self.kept.lock().unwrap().told.clone()
    }

    fn answers(&self, region: &Region) -> Result<(), Error> {
        if self.silent.contains(region) || self.busy.contains(region) {
            return Err(Error::Unavailable(format!("{region} is silent")));
        }
        Ok(())
    }
}

impl Runtime for Books {
    fn region(&self) -> &Region {
        &self.here
    }

    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    async fn pause(&self, time: Duration) {
        let mut now = self.now.lock().unwrap();
        *now += time;
    }

    /// Its seconds pass as milliseconds.
    async fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        tokio::time::timeout(limit / 1_000, work).await.ok()
    }
}

impl Parameters for Books {
    async fn plans(&self) -> Result<Vec<(PlanName, String)>, Error> {
        let name = PlanName::from("orders");
        let document = self.plan(&name).await?;
        Ok(vec![(name, document)])
    }

    async fn plan(&self, plan: &PlanName) -> Result<String, Error> {
        if let Some(document) = self.kept.lock().unwrap().document.clone() {
            return Ok(document);
        }
        if self.has_documents {
            return Ok(plan_document().to_string());
        }
        Err(Error::InvalidRequest(format!("there is no plan {plan}")))
    }

    async fn plan_in(&self, _: &Region, plan: &PlanName) -> Result<String, Error> {
        self.plan(plan).await
    }

    async fn switches(&self, _: &PlanName) -> Result<Switches, Error> {
        self.stall(probe::Stall::Before).await;
        self.switches.clone()
    }

    async fn parameter(&self, region: &Region, name: &str) -> Result<Option<Parameter>, Error> {
        (self.parameter)(region.as_str(), name)
    }

    async fn put_parameter(&self, _: &Region, _: &str, _: &Parameter) -> Result<(), Error> {
        Ok(())
    }
}

impl People for Books {
    /// Only topics of this account are there.
    async fn topic(&self, region: &Region, topic: &str) -> Result<(), Error> {
        self.answers(region)?;
        if topic.contains(":123456789012:") {
            return Ok(());
        }
        Err(Error::NotReady(format!("NotFound: {topic} does not exist")))
    }

    /// It takes a while, in which others come in.
    async fn publish(&self, _topic: &str, subject: &str, _text: &str) -> Result<(), Error> {
        tokio::task::yield_now().await;
        let mut deaf = self.deaf.lock().unwrap();
        if *deaf > 0 {
            *deaf -= 1;
            return Err(Error::Unavailable("SNS does not answer".into()));
        }
        self.kept.lock().unwrap().told.push(subject.to_owned());
        Ok(())
    }
}
