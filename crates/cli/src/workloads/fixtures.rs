//! An account in which a workload lives in us-east-1, and serves in us-west-2 after a disaster.

use failover::domain::Epoch;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use workload::{
    phase::Phase,
    plan::{WorkloadPlan, read},
    row::{Progress, Row},
    run::{Kind, Opening, Question, WorkloadRun},
};

use crate::{
    account::Said,
    clock::now,
    fake::{Fake, Place, row},
};

pub(crate) const AT_HOME: &str = "us-east-1";
pub(crate) const AWAY: &str = "us-west-2";
/// The function that all its jobs are in.
pub(crate) const FUNCTION: &str = "aurora-failover-restore-home";

/// The plan's document.
pub(crate) fn document() -> Value {
    json!({
        "kind": "workload", "plan": "orders", "revision": 3, "home_region": AT_HOME, "recovery_region": AWAY,
        "resources": [
            {"kind": "rds_instance", "name": "billing", "home": "billing", "recovery": "billing-dr"},
            {"kind": "dynamodb_table", "name": "carts", "home": "carts", "recovery": "carts", "order": 2}
        ],
        "notify": {AT_HOME: "arn:aws:sns:us-east-1:123456789012:orders-alerts"}
    })
}

pub(crate) fn plan() -> WorkloadPlan {
    read(&document().to_string(), None).unwrap()
}

/// So many seconds ago.
pub(crate) fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

/// The account, where nothing runs.
pub(crate) fn away() -> Fake {
    let mut fake = Fake::default();
    for region in [AT_HOME, AWAY] {
        let mut row = row(AWAY, 7);
        if let Some(current) = &mut row.current {
            current.proven_at = ago(10_800);
        }
        let parameter = "/aurora-failover/workloads/orders".to_owned();
        let place = Place {
            parameters: [(parameter, document().to_string())].into(),
            row: Some(row),
            ..Place::default()
        };
        fake.places.insert(region.into(), place);
    }
    fake
}

/// A run of a kind that opened two hours ago, by an execution.
pub(crate) fn run(kind: Kind, execution: &str) -> WorkloadRun {
    let mut run = WorkloadRun::opened(Opening {
        run_id: "1f0c9d34a7b2e658".into(),
        kind,
        plan: plan(),
        epoch: Epoch(7),
        opened_at: ago(7_200),
    });
    run.execution = Some(execution.to_owned());
    run.note(
        ago(7_200),
        "open",
        "open",
        "the plan is held in both Regions",
    );
    run.enter(Phase::Sync, ago(3_600));
    run.note(ago(3_600), "sync", "enter", "sync begins");
    run
}

/// A run home that asks whether the business may stop.
pub(crate) fn asking() -> WorkloadRun {
    let mut run = run(Kind::RestoreHome, "arn:of:it");
    run.ask(Question {
        phase: Phase::Suspend,
        token: "secret".into(),
        asked_at: ago(60),
        until: now() + SignedDuration::from_secs(3_600),
        text: "May the business in us-west-2 stop?".into(),
    });
    run
}

/// What is kept of an instance whose copy is under way.
pub(crate) fn copying() -> Row {
    let mut row = Row::new("1f0c9d34a7b2e658".into(), "billing", ago(7_200));
    row.enter(Phase::Sync);
    let progress = Progress {
        percent: Some(42),
        what: "the copy".into(),
        ..Progress::default()
    };
    row.waits(ago(30), "billing-round-1 is copied", Some(progress));
    row.moved(1, 3 << 30);
    row
}

/// The same account, in which that run asks.
pub(crate) fn waiting() -> Fake {
    let mut account = away();
    for region in [AT_HOME, AWAY] {
        account.place(region).workload_runs = vec![asking()];
    }
    account.place(AT_HOME).workload_rows = vec![copying()];
    account
}

/// What the function at home says to everything.
pub(crate) fn says(account: &mut Fake, said: Said) {
    account.place(AT_HOME).says.insert(FUNCTION.into(), said);
}

/// That it would do it.
pub(crate) fn would() -> Said {
    let answer = json!({"action": "open", "reason": "it would be done", "dry_run": true});
    Said::Answer(answer)
}

/// That it refuses.
pub(crate) fn refuses(name: &str, why: &str) -> Said {
    Said::Failure {
        name: name.into(),
        why: why.into(),
    }
}
