//! A start, called once and again.

use std::sync::Mutex;

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::{
    beat::Vantage,
    domain::{PlanName, Region},
    ledger::{Claim, Known, Run},
    steps::fake::Books,
};

/// A ledger and a machine whose executions are kept by name, with whether each has ended.
struct Machine {
    books: Books,
    executions: Mutex<Vec<(String, Value, bool)>>,
}

impl Machine {
    fn with(row: &Row) -> Self {
        Self {
            books: Books::with(row),
            executions: Mutex::new(Vec::new()),
        }
    }

    fn names(&self) -> Vec<String> {
        let executions = self.executions.lock().unwrap();
        executions.iter().map(|(name, ..)| name.clone()).collect()
    }

    fn end(&self) {
        for execution in self.executions.lock().unwrap().iter_mut() {
            execution.2 = true;
        }
    }

    async fn called(&self, payload: Value) -> Result<Value, Error> {
        or(self, RunKind::PlannedFailover, payload, async |_| {
            Ok(json!("a pass"))
        })
        .await
    }
}

impl Here for Machine {
    fn region(&self) -> &Region {
        self.books.region()
    }

    fn now(&self) -> Timestamp {
        self.books.now()
    }
}

impl Ledger for Machine {
    async fn row(&self, region: &Region, plan: &PlanName) -> Result<Row, Error> {
        self.books.row(region, plan).await
    }

    async fn replace_row(&self, region: &Region, row: &Row) -> Result<bool, Error> {
        self.books.replace_row(region, row).await
    }

    async fn vantage(&self, region: &Region, plan: &PlanName) -> Result<Option<Vantage>, Error> {
        self.books.vantage(region, plan).await
    }

    async fn run(
        &self,
        region: &Region,
        plan: &PlanName,
        run: &RunId,
    ) -> Result<Option<Run>, Error> {
        self.books.run(region, plan, run).await
    }

    async fn put_run(&self, region: &Region, run: &Run) -> Result<(), Error> {
        self.books.put_run(region, run).await
    }

    async fn known(&self, region: &Region, plan: &PlanName) -> Result<Option<Known>, Error> {
        self.books.known(region, plan).await
    }

    async fn all_known(&self) -> Result<Vec<Known>, Error> {
        self.books.all_known().await
    }
}

impl Start for Machine {
    async fn start(&self, name: Option<&RunId>, input: &Value) -> Result<Started, Error> {
        let mut executions = self.executions.lock().unwrap();
        let name = name.map_or_else(|| "of-no-name".to_owned(), |name| name.0.clone());
        let found = executions.iter().find(|(known, ..)| *known == name);
        if let Some((_, _, ended)) = found {
            return Ok(if *ended {
                Started::Ended
            } else {
                Started::Runs(format!("arn:execution:{name}"))
            });
        }
        executions.push((name.clone(), input.clone(), false));
        Ok(Started::Runs(format!("arn:execution:{name}")))
    }

    fn execution(&self, name: &RunId) -> Result<String, Error> {
        Ok(format!("arn:execution:{}", name.0))
    }
}

fn free() -> Row {
    Row::new("orders".into())
}

fn held_by(run_id: &str) -> Row {
    let claim = Claim {
        run_id: run_id.into(),
        kind: RunKind::PlannedFailover,
        incident: None,
        from: "us-west-2".into(),
        to: "us-east-1".into(),
    };
    free()
        .claim(&claim, Timestamp::from_second(900).unwrap())
        .unwrap()
}

#[tokio::test]
async fn a_call_without_start_is_a_pass() {
    let machine = Machine::with(&free());
    for payload in [
        json!({"plan": "orders"}),
        json!({"plan": "orders", "start": false}),
    ] {
        assert_eq!(machine.called(payload).await, Ok(json!("a pass")));
    }
    assert_eq!(machine.names(), Vec::<String>::new());
}

#[tokio::test]
async fn a_start_that_is_repeated_finds_the_first_run() {
    let machine = Machine::with(&free());
    let start = json!({"plan": "orders", "start": true});
    let first = machine.called(start.clone()).await.unwrap();
    assert_eq!(
        machine.called(start.clone()).await.unwrap()["execution"],
        first["execution"]
    );
    assert_eq!(machine.names(), ["orders-0-planned-failover-0"]);
    // The machine gets the rest of the payload, whole.
    assert_eq!(
        machine.executions.lock().unwrap()[0].1,
        json!({"plan": "orders"})
    );
    // It has opened by now, and its lease raised the count.
    let opened = Machine::with(&held_by("orders-0-planned-failover-0"));
    let again = opened.called(start).await.unwrap();
    assert_eq!(again["execution"], first["execution"]);
    assert_eq!(opened.names(), Vec::<String>::new());
}

#[tokio::test]
async fn a_run_that_has_ended_does_not_keep_the_next_from_starting() {
    let machine = Machine::with(&free());
    let start = json!({"plan": "orders", "start": true});
    let first = machine.called(start.clone()).await.unwrap();
    machine.end();
    let second = machine.called(start).await.unwrap();
    assert_ne!(first["execution"], second["execution"]);
    assert_eq!(machine.names().len(), 2);
}

#[tokio::test]
async fn a_start_beside_another_run_is_refused() {
    for other in ["a", "orders-0-failback-0", "orders-x-planned-failover-0"] {
        let machine = Machine::with(&held_by(other));
        let why = machine
            .called(json!({"plan": "orders", "start": true}))
            .await
            .unwrap_err();
        assert!(
            why.name() == "RunRefused" && why.to_string().contains(other),
            "{why}"
        );
        assert_eq!(machine.names(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_start_takes_no_word_that_its_machine_does_not_know() {
    let machine = Machine::with(&free());
    for word in ["force", "accept_data_loss", "dryrun"] {
        let mut payload = json!({"plan": "orders", "start": true});
        payload[word] = json!(true);
        let why = machine.called(payload).await.unwrap_err();
        assert!(
            why.name() == "InvalidRequest" && why.to_string().contains(word),
            "{why}"
        );
    }
    let why = machine
        .called(json!({"plan": "orders", "start": "yes"}))
        .await
        .unwrap_err();
    assert!(why.to_string().contains("start is \"yes\""), "{why}");
    assert_eq!(machine.names(), Vec::<String>::new());
}

#[tokio::test]
async fn the_machines_dry_run_is_started_beside_whatever_runs() {
    let machine = Machine::with(&held_by("a"));
    let dry = json!({"plan": "orders", "start": true, "dry_run": true});
    let said = machine.called(dry).await.unwrap();
    assert_eq!(said["action"], "start_dry_run");
    assert_eq!(said["dry_run"], true);
    let executions = machine.executions.lock().unwrap();
    assert_eq!(executions[0].1, json!({"plan": "orders", "dry_run": true}));
}
