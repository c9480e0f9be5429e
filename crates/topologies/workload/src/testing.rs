//! The world in memory that tests of this topology share: ledgers, records, the clock and people, and no AWS.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    missing_docs,
    reason = "only tests stand on it, and they say what goes wrong by failing"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use failover::{
    Error,
    domain::{Epoch, PlanName, Region, RunId},
    ledger::PlanState,
    testing::{self, Books},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    plan::{self, WorkloadPlan},
    records::{Records, newest},
    row::Row,
    run::{Kind, Opening, WorkloadRun},
};

mod ports;

/// Where the workload of [`document`] normally lives. It is the Region that acts.
pub const HOME: &str = "us-east-1";
/// Where it runs.
pub const RECOVERY: &str = "us-west-2";

/// A plan of an instance, a cluster and two tables that has nothing wrong with it.
pub fn document() -> Value {
    json!({
        "kind": "workload", "plan": "orders", "revision": 3,
        "home_region": HOME, "recovery_region": RECOVERY,
        "resources": [
            {"kind": "rds_instance", "name": "billing", "home": "billing", "recovery": "billing-dr"},
            {"kind": "aurora_cluster", "name": "ledger", "home": "ledger", "recovery": "ledger-dr", "order": 2},
            {"kind": "dynamodb_table", "name": "carts", "home": "carts", "recovery": "carts", "order": 2, "deny_writes": true},
            {"kind": "dynamodb_table", "name": "sessions", "home": "sessions", "recovery": "sessions-dr"}
        ],
        "notify": {HOME: "arn:aws:sns:us-east-1:123456789012:orders-alerts"}
    })
}

/// That plan.
pub fn plan() -> WorkloadPlan {
    plan::read(&document().to_string(), None).unwrap()
}

/// A run of that plan that brings it home, freshly opened.
pub fn run() -> WorkloadRun {
    run_of(Kind::RestoreHome, plan())
}

/// A run of a kind and a plan, freshly opened.
pub fn run_of(kind: Kind, plan: WorkloadPlan) -> WorkloadRun {
    WorkloadRun::opened(Opening {
        run_id: "restore-20261121".into(),
        kind,
        plan,
        epoch: Epoch(7),
        opened_at: Timestamp::from_second(900).unwrap(),
    })
}

/// The row of the plan, which somebody adopted where it serves, in the recovery Region.
pub fn ledger_row() -> PlanState {
    testing::row(RECOVERY, 7)
}

/// Ledgers, records and people in memory. What of [`Books`] this world does not change is asked of them.
pub struct Shelf {
    /// What it delegates to.
    pub books: Books,
    silent: BTreeSet<Region>,
    /// What the parameter of the destructive rights says at home.
    rights: Mutex<Option<String>>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    documents: BTreeMap<Region, String>,
    runs: BTreeMap<(Region, RunId), WorkloadRun>,
    rows: BTreeMap<(Region, RunId, String), Row>,
    /// Every row that was written, in order.
    written: Vec<Row>,
    /// So many writes of rows are carried out and not answered.
    lost: u32,
    /// So many are neither.
    refused: u32,
    /// What somebody else writes before the next write of a row.
    beside: Option<Row>,
}

impl Shelf {
    /// Both Regions' ledgers with the same row and the same document; this Region is us-east-1.
    pub fn with(row: &PlanState, document: &Value) -> Self {
        let documents = [HOME, RECOVERY].map(|region| (region.into(), document.to_string()));
        Self {
            books: Books::with(row),
            silent: BTreeSet::new(),
            rights: Mutex::new(Some("*".into())),
            kept: Mutex::new(Kept {
                documents: documents.into(),
                ..Kept::default()
            }),
        }
    }

    /// The usual plan, adopted in the recovery Region.
    pub fn usual() -> Self {
        Self::with(&ledger_row(), &document())
    }

    /// The same, whose books are otherwise.
    pub fn with_books(mut self, change: impl FnOnce(Books) -> Books) -> Self {
        self.books = change(self.books);
        self
    }

    /// A Region's parameter holds another document, or none.
    pub fn with_document(self, region: &str, document: Option<&Value>) -> Self {
        let mut kept = self.kept.lock().unwrap();
        match document {
            Some(document) => kept.documents.insert(region.into(), document.to_string()),
            None => kept.documents.remove(&Region::from(region)),
        };
        drop(kept);
        self
    }

    /// The destructive rights are there for these plans, or not at all.
    pub fn give_rights(&self, plans: Option<&str>) {
        *self.rights.lock().unwrap() = plans.map(str::to_owned);
    }

    /// A run lies in the ledger of home, as it stands.
    pub fn with_run(self, run: &WorkloadRun) -> Self {
        let key = (run.plan.home_region.clone(), run.run_id.clone());
        self.kept.lock().unwrap().runs.insert(key, run.clone());
        self
    }

    /// A row lies in the ledger of home, as it stands.
    pub fn with_kept(self, row: &Row) -> Self {
        self.keep(HOME.into(), row.clone());
        self
    }

    /// A Region whose ledger answers nobody.
    pub fn silence(mut self, region: &str) -> Self {
        self.silent.insert(region.into());
        self.books = self.books.silence(region);
        self
    }

    /// Lets a Region answer again.
    pub fn wake(&mut self, region: &str) {
        self.silent.remove(&Region::from(region));
        self.books.wake(region);
    }

    /// Sets the clock, which stands.
    pub fn set_time(&mut self, now: Timestamp) {
        self.books.set_time(now);
    }

    /// So many writes of rows are carried out and not answered.
    pub fn lose_answers(&self, times: u32) {
        self.kept.lock().unwrap().lost = times;
    }

    /// So many writes of rows are not carried out, and not answered.
    pub fn refuse_writes(&self, times: u32) {
        self.kept.lock().unwrap().refused = times;
    }

    /// Somebody else writes this row before the next one is written.
    pub fn write_beside(&self, row: Row) {
        self.kept.lock().unwrap().beside = Some(row);
    }

    /// The rows of home, by resource.
    pub fn kept(&self) -> BTreeMap<String, Row> {
        let kept = self.kept.lock().unwrap();
        let rows = kept.rows.iter();
        let of_home = rows.filter(|((region, ..), _)| region.as_str() == HOME);
        of_home
            .map(|((_, _, name), row)| (name.clone(), row.clone()))
            .collect()
    }

    /// Every row that was written, in order.
    pub fn written(&self) -> Vec<Row> {
        self.kept.lock().unwrap().written.clone()
    }

    /// The runs of a Region's ledger, by name.
    pub fn runs_in(&self, region: &str) -> BTreeMap<RunId, WorkloadRun> {
        let kept = self.kept.lock().unwrap();
        let runs = kept.runs.iter();
        let there = runs.filter(|((of, _), _)| of.as_str() == region);
        there
            .map(|((_, run_id), run)| (run_id.clone(), run.clone()))
            .collect()
    }

    fn keep(&self, region: Region, row: Row) {
        let key = (region, row.run_id.clone(), row.resource.clone());
        self.kept.lock().unwrap().rows.insert(key, row);
    }

    fn answers(&self, region: &Region) -> Result<(), Error> {
        if self.silent.contains(region) {
            return Err(Error::Unavailable(format!("{region} is silent")));
        }
        Ok(())
    }
}

impl Records for Shelf {
    async fn workload_run(
        &self,
        region: &Region,
        _: &PlanName,
        run_id: &RunId,
    ) -> Result<Option<WorkloadRun>, Error> {
        self.answers(region)?;
        Ok(self.runs_in(region.as_str()).remove(run_id))
    }

    async fn put_workload_run(&self, region: &Region, run: &WorkloadRun) -> Result<bool, Error> {
        self.answers(region)?;
        let mut kept = self.kept.lock().unwrap();
        let key = (region.clone(), run.run_id.clone());
        let before = kept.runs.get(&key);
        if before.is_some_and(|before| before.version != run.version) {
            return Ok(false);
        }
        let version = run.version + 1;
        let next = WorkloadRun {
            version,
            ..run.clone()
        };
        kept.runs.insert(key, next);
        Ok(true)
    }

    async fn rows(&self, region: &Region, _: &PlanName, run_id: &RunId) -> Result<Vec<Row>, Error> {
        self.answers(region)?;
        let kept = self.kept.lock().unwrap();
        let rows = kept.rows.iter();
        let of_run = rows.filter(|((of, of_run, _), _)| of == region && of_run == run_id);
        Ok(of_run.map(|(_, row)| row.clone()).collect())
    }

    async fn put_row(&self, region: &Region, _: &PlanName, row: &Row) -> Result<bool, Error> {
        self.answers(region)?;
        let beside = self.kept.lock().unwrap().beside.take();
        if let Some(beside) = beside {
            self.keep(region.clone(), beside);
        }
        let mut kept = self.kept.lock().unwrap();
        let silent = || Error::Unavailable(format!("the ledger in {region} does not answer"));
        if kept.refused > 0 {
            kept.refused -= 1;
            return Err(silent());
        }
        let key = (region.clone(), row.run_id.clone(), row.resource.clone());
        let before = kept.rows.get(&key);
        if before.is_some_and(|before| before.version != row.version) {
            return Ok(false);
        }
        let version = row.version + 1;
        let next = Row {
            version,
            ..row.clone()
        };
        kept.written.push(next.clone());
        kept.rows.insert(key, next);
        if kept.lost > 0 {
            kept.lost -= 1;
            return Err(silent());
        }
        Ok(true)
    }

    async fn last_run(
        &self,
        region: &Region,
        _: &PlanName,
        kind: Kind,
    ) -> Result<Option<WorkloadRun>, Error> {
        self.answers(region)?;
        let mut runs = self.runs_in(region.as_str());
        let of_kind = runs.values().filter(|run| run.kind == kind);
        let last = newest(of_kind.map(|run| (run.opened_at, run.run_id.clone())));
        Ok(last.and_then(|run_id| runs.remove(&run_id)))
    }

    async fn workload_plan(&self, region: &Region, name: &PlanName) -> Result<WorkloadPlan, Error> {
        self.answers(region)?;
        let document = self.kept.lock().unwrap().documents.get(region).cloned();
        let document = document.ok_or_else(|| plan::unknown(region, name))?;
        plan::read(&document, Some(name.as_str()))
    }
}

#[cfg(test)]
mod tests;
