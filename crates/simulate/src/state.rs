//! All there is in the simulated world at one moment.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use failover::{
    beat::Vantage,
    domain::{Region, RunId},
    ledger::{KeptPlan, Losses, PlanState, Run},
    ports::{Parameter, Record, Service},
    topology::{Blueprint, Healthy},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    api::Api,
    case::WITNESS,
    database::Database,
    execution::Execution,
    fault::{Faults, PassWay, Passes, Way},
    rds::Rds,
    switch::Switch,
};

/// A Region's ledger.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// The plan's row.
    pub row: Option<PlanState>,
    /// Its probe's record.
    pub vantage: Option<Vantage>,
    /// Runs' records.
    pub runs: BTreeMap<RunId, Run>,
    /// What its probe kept.
    pub known: Option<KeptPlan>,
    /// What was found lost, by cluster.
    pub losses: BTreeMap<String, Losses>,
    /// What the member was when it was retired.
    pub blueprint: Option<Blueprint>,
    /// What it was when it was last healthy.
    pub healthy: Option<Healthy>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// When, by that Region's own clock.
    pub by_its_clock: Timestamp,
    /// On whose topic.
    pub region: Region,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
}

/// An execution of a machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Started {
    /// The machine.
    pub machine: &'static str,
    /// The Region it runs in.
    pub region: Region,
    /// Its name.
    pub name: String,
    /// What it was started with.
    pub input: Value,
    /// When.
    pub at: Timestamp,
    /// The state it ended in, and when.
    pub ended: Option<(String, Timestamp)>,
    /// Whether somebody stopped it.
    pub is_stopped: bool,
}

/// A question that a human may answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// None came yet.
    None,
    /// This came.
    Given(Value),
}

/// The probe's password, by its number: every database has the newest one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Password {
    /// Its number.
    pub number: u64,
    /// Where and since when it is that. In every other Region it is seconds later.
    pub since: Option<Timestamp>,
}

/// How long a secret takes to reach the other Regions.
const REPLICATES: SignedDuration = SignedDuration::from_secs(4);

/// All there is.
#[derive(Debug)]
pub struct State {
    /// Regions that are lost.
    pub lost: BTreeSet<Region>,
    /// The members' Regions, the home first.
    pub members: Vec<Region>,
    /// How much longer each call from a Region and to it takes.
    pub slow: BTreeMap<Region, Duration>,
    /// How far each Region's clock is ahead.
    pub ahead: BTreeMap<Region, SignedDuration>,
    /// The probe's password.
    pub password: Password,
    /// Ways that lead nowhere, from and to.
    pub cut: BTreeSet<(Region, Region)>,
    /// Services of a Region that do not answer.
    pub silent: BTreeSet<(Api, Region)>,
    /// Operations that RDS refuses.
    pub refusing: BTreeSet<String>,
    /// RDS.
    pub rds: Rds,
    /// The rows of each snapshot, by Region and identifier.
    pub snapshots: BTreeMap<(Region, String), BTreeSet<u64>>,
    /// Whether a describe may lag.
    pub keeps_rds: bool,
    /// What RDS was, for a describe that lags.
    pub rds_before: VecDeque<(Timestamp, Rds)>,
    /// The databases, by their clusters' resource ids.
    pub databases: BTreeMap<String, Database>,
    /// The ledgers.
    pub tables: BTreeMap<Region, Table>,
    /// Route 53's records, by name and type.
    pub records: BTreeMap<(String, &'static str), Record>,
    /// Its changes, and when each has reached every server.
    pub changes: BTreeMap<String, Timestamp>,
    /// What resolvers keep, by Region and name.
    pub cached: BTreeMap<(Region, String), (Timestamp, String)>,
    /// What leads the application's name.
    pub switch: Switch,
    /// Endpoint parameters.
    pub parameters: BTreeMap<(Region, String), Parameter>,
    /// The plan's document, alike in every Region.
    pub document: String,
    /// Whether somebody deleted that document.
    pub is_plan_deleted: bool,
    /// The kill switch.
    pub killed: bool,
    /// Services of ECS.
    pub services: BTreeMap<(Region, String), Service>,
    /// What people were told.
    pub told: Vec<Told>,
    /// Executions, by ARN.
    pub executions: BTreeMap<String, Started>,
    /// Those that may be redriven, as they were when they ended.
    pub halted: BTreeMap<String, Execution>,
    /// Those that have begun and do not run yet.
    pub begun: Vec<String>,
    /// Questions, by task token.
    pub questions: BTreeMap<String, Answer>,
    /// How many calls each function has made since the system had settled.
    pub calls: BTreeMap<&'static str, u64>,
    /// Which of them go wrong.
    pub faults: Faults,
    /// How many invocations of each function there were since the system had settled.
    pub invocations: BTreeMap<&'static str, u64>,
    /// Which of them go wrong.
    pub passes: Passes,
    /// How many of those went wrong, and how.
    pub disturbed: BTreeMap<PassWay, u64>,
    /// How many calls went wrong, and how.
    pub faulted: BTreeMap<Way, u64>,
    /// What happened, for whoever reads.
    pub trace: Vec<String>,
    /// Whether a trace is kept.
    pub is_traced: bool,
    /// What only the simulation knows.
    pub truth: crate::truth::Truth,
}

impl State {
    /// Numbers a function's call, and says how it goes wrong.
    pub fn number(&mut self, function: &'static str) -> (u64, Option<Way>) {
        if self.truth.began_at.is_none() {
            return (0, None);
        }
        let calls = self.calls.entry(function).or_default();
        let number = *calls;
        *calls += 1;
        let way = self.faults.of(function, number);
        if let Some(way) = way {
            *self.faulted.entry(way).or_default() += 1;
        }
        (number, way)
    }

    /// Numbers an invocation of a function, and says how it goes wrong.
    pub fn number_pass(&mut self, function: &'static str) -> Option<PassWay> {
        self.truth.began_at?;
        let invocations = self.invocations.entry(function).or_default();
        let number = *invocations;
        *invocations += 1;
        let way = self.passes.of(function, number)?;
        *self.disturbed.entry(way).or_default() += 1;
        Some(way)
    }

    /// Whether objects lead an application's name in the plan.
    #[must_use]
    pub fn has_switch(&self) -> bool {
        self.document.contains("health_switch")
    }

    /// The plan's parameter, if it is there.
    #[must_use]
    pub fn plan_document(&self) -> Option<String> {
        (!self.is_plan_deleted).then(|| self.document.clone())
    }

    /// Every Region that there is.
    pub fn regions(&self) -> impl Iterator<Item = Region> {
        self.members.iter().cloned().chain([WITNESS.into()])
    }

    /// Whether every call goes right, and none is slow.
    #[must_use]
    pub fn is_unhindered(&self) -> bool {
        self.faults.is_empty() && self.silent.is_empty() && self.slow.is_empty()
    }

    /// Whether RDS refuses what is called so.
    #[must_use]
    pub fn refuses(&self, what: &str) -> bool {
        let mut refusing = self.refusing.iter();
        refusing.any(|operation| what.ends_with(operation.as_str()))
    }

    /// How much longer a call takes.
    #[must_use]
    pub fn slowness(&self, region: &Region) -> Duration {
        self.slow.get(region).copied().unwrap_or_default()
    }

    /// How far a Region's clock is ahead.
    #[must_use]
    pub fn ahead(&self, region: &Region) -> SignedDuration {
        self.ahead.get(region).copied().unwrap_or_default()
    }

    /// The probe's passwords as a Region's secret holds them, the current one first.
    #[must_use]
    pub fn passwords(&self, region: &Region, now: Timestamp) -> [u64; 2] {
        let Password { number, since } = self.password;
        let is_there = self.members.first() == Some(region)
            || since.is_none_or(|since| now.duration_since(since) >= REPLICATES);
        let current = if is_there {
            number
        } else {
            number.saturating_sub(1)
        };
        [current, current.saturating_sub(1)]
    }

    /// Whether a Region hears another one.
    #[must_use]
    pub fn reaches(&self, from: &Region, to: &Region) -> bool {
        !self.lost.contains(from)
            && !self.lost.contains(to)
            && !self.cut.contains(&(from.clone(), to.clone()))
    }

    /// Whether a service of a Region answers whoever is in another one.
    #[must_use]
    pub fn answers(&self, from: &Region, to: &Region, service: Api) -> bool {
        self.reaches(from, to) && !self.silent.contains(&(service, to.clone()))
    }

    /// Notes what happened.
    pub fn note(&mut self, now: Timestamp, what: impl FnOnce() -> String) {
        if self.is_traced {
            let line = format!("{} {}", now.strftime("%H:%M:%S%.3f"), what());
            self.trace.push(line);
        }
    }

    /// RDS as it was so long ago.
    #[must_use]
    pub fn rds_of(&self, now: Timestamp, age: SignedDuration) -> &Rds {
        let mut before = self.rds_before.iter().rev();
        let found = before.find(|(at, _)| now.duration_since(*at) >= age);
        found.map_or(&self.rds, |(_, rds)| rds)
    }
}
