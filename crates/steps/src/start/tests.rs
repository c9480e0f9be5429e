//! A start, called once and again.

use jiff::Timestamp;
use serde_json::json;

use super::*;
use failover::{
    domain::Epoch,
    ledger::{Claim, Current},
    testing::Books,
};

/// One call of the function.
async fn called(books: &Books, payload: Value) -> Result<Value, Error> {
    called_as(books, RunKind::PlannedFailover, payload).await
}

async fn called_as(books: &Books, kind: RunKind, payload: Value) -> Result<Value, Error> {
    or(books, kind, payload, async |_| Ok(json!("a pass"))).await
}

fn free() -> PlanState {
    PlanState::new("orders".into())
}

fn held_by(run_id: &str) -> PlanState {
    held_since(900, run_id, RunKind::PlannedFailover)
}

/// The clock stands at 1000 seconds.
fn held_since(second: i64, run_id: &str, kind: RunKind) -> PlanState {
    let claim = Claim {
        run_id: run_id.into(),
        kind,
        incident: None,
        from: "us-west-2".into(),
        to: "us-east-1".into(),
    };
    free()
        .claim(&claim, Timestamp::from_second(second).unwrap())
        .unwrap()
}

#[tokio::test]
async fn a_call_without_start_is_a_pass() {
    let machine = Books::with(&free());
    for payload in [
        json!({"plan": "orders"}),
        json!({"plan": "orders", "start": false}),
    ] {
        assert_eq!(called(&machine, payload).await, Ok(json!("a pass")));
    }
    assert_eq!(machine.executions(), Vec::<String>::new());
}

#[tokio::test]
async fn a_start_that_is_repeated_finds_the_first_run() {
    let machine = Books::with(&free());
    let start = json!({"plan": "orders", "start": true});
    let first = called(&machine, start.clone()).await.unwrap();
    assert_eq!(
        called(&machine, start.clone()).await.unwrap()["execution"],
        first["execution"]
    );
    assert_eq!(machine.executions(), ["orders-0-planned-0-us-east-1"]);
    // The machine gets the rest of the payload, whole.
    assert_eq!(machine.inputs(), [json!({"plan": "orders"})]);
    // It has opened by now, and its lease raised the count.
    let opened = Books::with(&held_by("orders-0-planned-0-us-east-1"));
    let opened = opened.began("orders-0-planned-0-us-east-1", json!({"plan": "orders"}));
    let again = called(&opened, start).await.unwrap();
    assert_eq!(again["execution"], first["execution"]);
    assert_eq!(opened.executions().len(), 1);
}

#[test]
fn a_start_in_another_region_has_another_name_and_none_is_too_long() {
    let plan = "o".repeat(PLAN_CHARACTERS);
    let row = PlanState {
        token: 999_999,
        current: Some(Current {
            epoch: Epoch(99_999),
            writer: "ap-southeast-7".into(),
            global_cluster: None,
            run_id: "adopt".into(),
            proven_at: Timestamp::UNIX_EPOCH,
            unplanned: false,
            acknowledged_at: None,
        }),
        ..PlanState::new(plan.as_str().into())
    };
    let [home, away] = ["ap-southeast-7", "us-gov-west-1"].map(Region::from);
    for kind in [
        RunKind::UnplannedFailover,
        RunKind::PlannedFailover,
        RunKind::Failback,
    ] {
        let name = name(&row, (kind, &home));
        assert!(name.0.len() <= 80, "{name} has {}", name.0.len());
        assert!(is_ours(&name, &row, (kind, &home)));
        assert!(!is_ours(&name, &row, (kind, &away)));
    }
}

#[tokio::test]
async fn a_run_that_has_ended_does_not_keep_the_next_from_starting() {
    let machine = Books::with(&free());
    let start = json!({"plan": "orders", "start": true});
    let first = called(&machine, start.clone()).await.unwrap();
    machine.end_executions();
    let second = called(&machine, start).await.unwrap();
    assert_ne!(first["execution"], second["execution"]);
    assert_eq!(machine.executions().len(), 2);
}

#[tokio::test]
async fn a_start_beside_another_run_is_refused() {
    for other in [
        "a",
        "orders-0-failback-0-us-east-1",
        "orders-x-planned-0-us-east-1",
        "orders-0-planned-0-us-west-2",
    ] {
        let machine = Books::with(&held_by(other));
        let why = called(&machine, json!({"plan": "orders", "start": true}))
            .await
            .unwrap_err();
        assert!(
            why.name() == "RunRefused" && why.to_string().contains(other),
            "{why}"
        );
        assert_eq!(machine.executions(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_start_takes_no_word_that_its_machine_does_not_know() {
    let machine = Books::with(&free());
    for word in ["force", "accept_data_loss", "dryrun"] {
        let mut payload = json!({"plan": "orders", "start": true});
        payload[word] = json!(true);
        let why = called(&machine, payload).await.unwrap_err();
        assert!(
            why.name() == "InvalidRequest" && why.to_string().contains(word),
            "{why}"
        );
    }
    let why = called(&machine, json!({"plan": "orders", "start": "yes"}))
        .await
        .unwrap_err();
    assert!(why.to_string().contains("start is \"yes\""), "{why}");
    assert_eq!(machine.executions(), Vec::<String>::new());
}

#[tokio::test]
async fn the_machines_dry_run_is_started_beside_whatever_runs() {
    let machine = Books::with(&held_by("a"));
    let dry = json!({"plan": "orders", "start": true, "dry_run": true});
    let said = called(&machine, dry).await.unwrap();
    assert_eq!(said["action"], "start_dry_run");
    assert_eq!(said["dry_run"], true);
    let input = json!({"plan": "orders", "dry_run": true});
    assert_eq!(machine.inputs(), [input]);
}

const OWN: &str = "orders-0-planned-0-us-east-1";

#[tokio::test]
async fn a_run_that_has_ended_and_holds_the_plan_is_not_answered_as_under_way() {
    let start = json!({"plan": "orders", "start": true});
    let dead = Books::with(&held_by(OWN)).began(OWN, json!({"plan": "orders"}));
    dead.end_executions();
    let why = called(&dead, start).await.unwrap_err();
    assert_eq!(why.name(), "RunRefused");
    for part in [OWN, "has ended", "operation release"] {
        assert!(why.to_string().contains(part), "{why} lacks {part}");
    }
    assert_eq!(dead.executions(), [OWN]);
}

#[tokio::test]
async fn a_run_whose_execution_is_not_shown_is_taken_for_one_under_way_and_that_is_said() {
    let hidden = Books::with(&held_by(OWN));
    let start = json!({"plan": "orders", "start": true});
    let said = called(&hidden, start).await.unwrap();
    assert_eq!(said["action"], "none");
    let reason = said["reason"].as_str().unwrap();
    assert!(reason.contains("nobody knows whether it is"), "{reason}");
    assert_eq!(hidden.executions(), Vec::<String>::new());
}

#[tokio::test]
async fn a_repeated_start_with_another_input_is_refused_and_the_difference_named() {
    let other = json!({"plan": "orders", "start": true, "from_region": "eu-west-1"});
    let first = json!({"plan": "orders", "from_region": "us-west-2"});
    // Before it has opened, and after.
    for row in [free(), held_by(OWN)] {
        let machine = Books::with(&row).began(OWN, first.clone());
        let why = called(&machine, other.clone()).await.unwrap_err();
        assert_eq!(why.name(), "RunRefused");
        let says = "from_region \"us-west-2\" where this call has \"eu-west-1\"";
        assert!(why.to_string().contains(says), "{why}");
        assert_eq!(machine.executions(), [OWN]);
        let mut same = first.clone();
        same["start"] = json!(true);
        same["dry_run"] = json!(false);
        assert_eq!(called(&machine, same).await.unwrap()["action"], "none");
    }
    let failback = |retire: Option<&str>| {
        let mut payload = json!({"plan": "orders"});
        if let Some(retire) = retire {
            payload["retire"] = json!(retire);
        }
        payload
    };
    let machine = Books::with(&free()).began("orders-0-failback-0-us-east-1", failback(None));
    let called = async |retire| {
        let mut payload = failback(Some(retire));
        payload["start"] = json!(true);
        called_as(&machine, RunKind::Failback, payload).await
    };
    // What it is without the word is the same run.
    assert!(called("rename").await.is_ok());
    let why = called("delete").await.unwrap_err();
    let says = "retire nothing where this call has \"delete\"";
    assert!(why.to_string().contains(says), "{why}");
}

#[tokio::test]
async fn a_start_takes_the_place_of_a_silent_run_where_openrun_would() {
    let kind = RunKind::UnplannedFailover;
    let own = "orders-0-unplanned-0-us-east-1";
    let start = json!({"plan": "orders", "start": true});
    for run in ["a", own] {
        for (since, is_taken) in [(600, true), (900, false)] {
            let machine = Books::with(&held_since(since, run, kind));
            let machine = machine.began(own, json!({"plan": "orders"}));
            machine.end_executions();
            let came = called_as(&machine, kind, start.clone()).await;
            let came = came.map(|said| said["action"] == "start");
            let expected = if is_taken {
                Ok(true)
            } else {
                Err("RunRefused")
            };
            assert_eq!(came.map_err(|why| why.name()), expected, "{run} {since}");
        }
        // It does not take the place of one that lives.
        let machine = Books::with(&held_since(600, own, kind));
        let machine = machine.began(own, json!({"plan": "orders"}));
        let said = called_as(&machine, kind, start.clone()).await.unwrap();
        assert_eq!(said["action"], "none");
    }
}

#[tokio::test]
async fn a_start_behind_a_run_that_waits_for_a_human_opens_as_often_as_it_is_wanted() {
    let waiting = held_since(900, "a", RunKind::Failback);
    let until = Timestamp::from_second(90_000).unwrap();
    let waiting = waiting.ask(&"a".into(), until).unwrap();
    let start = json!({"plan": "orders", "start": true});
    let machine = Books::with(&waiting);
    for count in 1..=2 {
        let kind = RunKind::UnplannedFailover;
        let said = called_as(&machine, kind, start.clone()).await.unwrap();
        assert_eq!(said["action"], "start");
        assert_eq!(machine.executions().len(), count);
        machine.end_executions();
    }
    let why = called(&machine, start).await.unwrap_err();
    assert!(why.to_string().contains("of the kind failback"), "{why}");
}
