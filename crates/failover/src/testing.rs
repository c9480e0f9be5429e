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

mod conditions;
pub mod example;
mod fixtures;
mod functions;
mod inputs;
mod ledger;
mod links;
mod objects;
pub mod probe;
mod services;
pub mod topologies;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::Duration,
};

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    Error,
    beat::Vantage,
    domain::{PlanName, Region, RunId},
    ledger::{PlanState, Question, Run},
    plan::{Plan, Route},
    ports::{Object, Parameter, Parameters, People, ReachOutput, Runtime, Spares},
    switches::Switches,
    topology::{Cluster, GlobalCluster, Reach},
};

pub use fixtures::{
    closed, cluster, confirmed, evidence, plan_document, row, run, sqlserver_document,
};
pub use inputs::holds;

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
    /// What the functions answer that a plan names as hooks.
    hook: fn(&str, Duration) -> Result<(), Error>,
    /// What the witness hears of a Region.
    hears: fn(&str) -> Result<ReachOutput, Error>,
    /// The plan that is known, where it is another one.
    plan: Option<Plan>,
    /// What the known plan has in place of its own routes.
    routes: Option<Vec<Route>>,
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
    /// Subjects and texts.
    messages: Vec<(String, String)>,
    /// By Region, bucket and key.
    objects: BTreeMap<(Region, String, String), Object>,
    /// The ends of runs that were published.
    ended: Vec<Value>,
    /// With what the plan's hooks were called.
    hooked: Vec<Value>,
    looks: Vec<Vantage>,
    logins: u32,
    fencing: probe::Fencing,
    /// What the probe meets at a member.
    heart: probe::Beats,
    /// What services have, by the keys of [`crate::ledger::Former`], with what the calls of some are refused.
    services: services::Running,
    /// By name, with what each was started with, and whether it has ended.
    executions: Vec<(String, Value, bool)>,
    links: links::Links,
    /// Functions that cannot be called, and why.
    failing: BTreeMap<String, Error>,
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
            hook: |_, _| Ok(()),
            hears: |_| Err(Error::Unavailable("the witness does not answer".into())),
            plan: None,
            routes: None,
            parameter: |_, _| Ok(None),
            kept: Mutex::new(Kept {
                rows: rows.into(),
                ..Kept::default()
            }),
        }
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

    /// Every message, its subject and its text.
    pub fn messages(&self) -> Vec<(String, String)> {
        self.kept.lock().unwrap().messages.clone()
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
    async fn link(&self, question: &Question, token: &str) -> Result<Option<String>, Error> {
        self.kept.lock().unwrap().links.keep(question, token)
    }

    /// Only topics of this account are there.
    async fn topic(&self, region: &Region, topic: &str) -> Result<(), Error> {
        self.answers(region)?;
        if topic.contains(":123456789012:") {
            return Ok(());
        }
        Err(Error::NotReady(format!("NotFound: {topic} does not exist")))
    }

    /// It takes a while, in which others come in.
    async fn publish(&self, _topic: &str, subject: &str, text: &str) -> Result<(), Error> {
        tokio::task::yield_now().await;
        let mut deaf = self.deaf.lock().unwrap();
        if *deaf > 0 {
            *deaf -= 1;
            return Err(Error::Unavailable("SNS does not answer".into()));
        }
        let mut kept = self.kept.lock().unwrap();
        kept.told.push(subject.to_owned());
        kept.messages.push((subject.to_owned(), text.to_owned()));
        Ok(())
    }
}
