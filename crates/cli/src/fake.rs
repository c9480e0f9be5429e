//! An account for tests: what each Region holds, and which of them is dead.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use failover::{
    Error,
    beat::{Beat, Signs, Vantage, Write},
    domain::{Epoch, PlanName, Region},
    ledger::{Claim, Closed, Current, Entry, KeptPlan, Outcome, PlanState, Run, RunKind},
    plan::Plan,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    RunSummary,
    account::{Account, Said},
};

pub(crate) const HOME: &str = "us-west-2";
pub(crate) const OTHER: &str = "us-east-1";
const TEXT: &str = include_str!("../tests/plans/good.json");

/// The time of every test.
pub(crate) fn now() -> Timestamp {
    "2026-01-31T02:00:00Z".parse().unwrap()
}

pub(crate) fn before(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

pub(crate) fn plan() -> Plan {
    failover::plan::read(TEXT).unwrap()
}

/// The row of a plan whose writer a Region has.
pub(crate) fn row(writer: &str, epoch: u64) -> PlanState {
    PlanState {
        current: Some(Current {
            epoch: Epoch(epoch),
            writer: writer.into(),
            global_cluster: None,
            run_id: "adopt".into(),
            proven_at: before(10_800),
            unplanned: false,
            acknowledged_at: None,
        }),
        ..PlanState::new("orders".into())
    }
}

/// What is deployed.
pub(crate) const VERSION: &str = "4f2a8c01b2d3e4f5";

/// What a probe saw that commits.
pub(crate) fn vantage(region: &str, writer: &str) -> Vantage {
    let beat = Beat {
        seq: 812,
        epoch: Epoch(1),
        at: before(2),
    };
    Vantage {
        region: region.into(),
        writer_region: writer.into(),
        at: before(2),
        write: Write::Committed { beat },
        last_beat: Some(beat),
        failing_since: None,
        failures: 0,
        reading: None,
        moved_at: None,
        signs: Signs::default(),
        version: Some(VERSION.into()),
    }
}

/// A run that ended some seconds ago.
pub(crate) fn run(id: &str, seconds: i64, outcome: Outcome) -> RunSummary {
    let claim = Claim {
        run_id: id.into(),
        kind: RunKind::UnplannedFailover,
        incident: None,
        from: HOME.into(),
        to: OTHER.into(),
    };
    let mut run = Run::opened(claim, plan(), Epoch(1), before(seconds + 20));
    run.timeline.push(Entry {
        at: before(seconds + 5),
        step: "flip_dns".into(),
        action: "change".into(),
        reason: "points writer.orders.internal to us-east-1".into(),
    });
    run.closed = Some(Closed {
        at: before(seconds),
        outcome,
        left: Vec::new(),
        rto_seconds: Some(14.8),
        rpo: None,
        at_most_seconds: None,
        came_back_until: None,
        is_heard_again: false,
        step_seconds: BTreeMap::new(),
    });
    run.into()
}

/// What one Region holds.
#[derive(Default)]
pub(crate) struct Place {
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) known: Vec<KeptPlan>,
    pub(crate) row: Option<PlanState>,
    pub(crate) vantage: Option<Vantage>,
    pub(crate) runs: Vec<RunSummary>,
    /// What functions say, by their names.
    pub(crate) says: BTreeMap<String, Said>,
}

/// The account.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) places: BTreeMap<Region, Place>,
    pub(crate) dead: BTreeSet<Region>,
    /// What was asked, as `<Region> <what>`.
    pub(crate) asked: Mutex<Vec<String>>,
}

/// An account in which all is well: the writer at home, and a probe in each Region that commits.
pub(crate) fn well() -> Fake {
    let mut fake = Fake::default();
    for region in [HOME, OTHER] {
        let place = Place {
            parameters: [("/aurora-failover/plans/orders".into(), TEXT.into())].into(),
            known: vec![KeptPlan {
                plan: plan(),
                endpoints: BTreeMap::new(),
            }],
            row: Some(row(HOME, 1)),
            vantage: Some(vantage(region, HOME)),
            ..Place::default()
        };
        fake.places.insert(region.into(), place);
    }
    fake
}

impl Fake {
    pub(crate) fn place(&mut self, region: &str) -> &mut Place {
        self.places.entry(region.into()).or_default()
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn ask(&self, region: &Region, what: &str) -> Result<Option<&Place>, Error> {
        self.asked.lock().unwrap().push(format!("{region} {what}"));
        if self.dead.contains(region) {
            return Err(Error::Unavailable(format!("{what} in {region} timed out")));
        }
        Ok(self.places.get(region))
    }
}

impl Account for Fake {
    fn now(&self) -> Timestamp {
        now()
    }

    async fn parameters(&self, region: &Region) -> Result<BTreeMap<String, String>, Error> {
        let place = self.ask(region, "parameters")?;
        Ok(place.map_or_else(BTreeMap::new, |place| place.parameters.clone()))
    }

    async fn known(&self, region: &Region) -> Result<Vec<KeptPlan>, Error> {
        let place = self.ask(region, "known")?;
        Ok(place.map_or_else(Vec::new, |place| place.known.clone()))
    }

    async fn row(&self, region: &Region, plan: &PlanName) -> Result<PlanState, Error> {
        let row = self.ask(region, "row")?.and_then(|place| place.row.clone());
        Ok(row.unwrap_or_else(|| PlanState::new(plan.clone())))
    }

    async fn vantage(&self, region: &Region, _: &PlanName) -> Result<Option<Vantage>, Error> {
        Ok(self
            .ask(region, "vantage")?
            .and_then(|place| place.vantage.clone()))
    }

    async fn runs(&self, region: &Region, _: &PlanName) -> Result<Vec<RunSummary>, Error> {
        let place = self.ask(region, "runs")?;
        Ok(place.map_or_else(Vec::new, |place| place.runs.clone()))
    }

    async fn dry_run(&self, region: &Region, function: &str, _: &PlanName) -> Result<Said, Error> {
        let place = self.ask(region, function)?;
        let said = place.and_then(|place| place.says.get(function).cloned());
        said.ok_or_else(|| Error::NotReady(format!("{function} is not deployed in {region}")))
    }
}

/// What a function answers that would do something.
pub(crate) fn would(reason: &str) -> Said {
    Said::Answer(
        json!({"progress": "pending", "action": "write_intent", "reason": reason, "dry_run": true}),
    )
}

/// What a function answers that would be refused.
pub(crate) fn refused(reasons: &[&str]) -> Said {
    let refusal: Value = json!({"error": "NotReady", "reasons": reasons});
    Said::Answer(
        json!({"action": "refused", "reason": format!("would be refused: {}", reasons.join("; ")),
        "dry_run": true, "refusal": refusal}),
    )
}
