//! A schedule that looks whether plans are ready: what it notes, what people are told, and what it leaves alone.

use std::cell::{Cell, RefCell};

use super::*;
use failover::{
    domain::Region,
    ledger::Lease,
    metric::measured,
    testing::{self, Books},
};

/// A topology whose members form a group.
const GROUPS: Schedule = Schedule {
    step: "planned_failover",
    is_due: |current| {
        let leads = current.global_cluster.is_some();
        (!leads).then_some("a failback is due")
    },
    begins: "write_intent",
};

/// A standby is here, and the writer is in us-west-2.
fn books() -> Books {
    Books::with(&of_writer("us-west-2"))
}

fn of_writer(region: &str) -> PlanState {
    let mut row = testing::row(region, 7);
    let current = row.current.as_mut().unwrap();
    current.global_cluster = Some("orders-global-1".into());
    row
}

fn row(books: &Books) -> PlanState {
    books.rows()[&Region::from("us-east-1")].clone()
}

/// A look of the schedule, whose dry run finds these reasons.
async fn looked(books: &Books, reasons: &[&str]) -> Vec<Looked> {
    let found = async |_: &PlanName, _| Found::All {
        reasons: reasons.iter().map(|one| (*one).to_owned()).collect(),
        warnings: vec!["the witness is silent".into()],
    };
    let looked = sweep(books, GROUPS, found).await.unwrap();
    books.pause(Duration::from_secs(900)).await;
    looked
}

/// A look that must find nobody to ask.
async fn not_looked(books: &Books) -> String {
    let found = async |_: &PlanName, _| panic!("it was looked");
    let looked = sweep(books, GROUPS, found).await.unwrap();
    assert_eq!(looked[0].action, "none");
    looked[0].reason.clone()
}

#[tokio::test]
async fn what_is_found_is_noted_and_measured_and_what_lasts_is_told_once() {
    let books = books();
    let lag = |seconds: u8| format!("the target is {seconds} s behind");
    drop(measured());
    let steps: [(&[&str], &str, usize); 5] = [
        (&[], "ready", 0),
        (&[&lag(40)], "not_ready", 0),
        (&[&lag(50)], "not_ready", 1),
        (&[&lag(60)], "not_ready", 1),
        (&[], "ready", 2),
    ];
    for (reasons, action, told) in steps {
        let looked = looked(&books, reasons).await;
        assert_eq!(looked[0].action, action);
        assert_eq!(looked[0].reasons, reasons);
        assert_eq!(books.told().len(), told, "{reasons:?}");
        let noted = row(&books).readiness.unwrap();
        assert_eq!(noted.reasons, reasons);
        assert_eq!(noted.warnings, ["the witness is silent"]);
        let ready = f64::from(u8::from(reasons.is_empty()));
        assert_eq!(measured(), [("Ready", ready)]);
    }
    assert_eq!(
        books.told(),
        [
            "ACTION orders: the writer could not be moved to us-east-1 by plan",
            "NOTICE orders: the writer could be moved to us-east-1 by plan again"
        ]
    );
}

#[tokio::test]
async fn who_could_not_be_told_is_told_at_the_next_look() {
    let books = books();
    looked(&books, &["no key"]).await;
    books.deafen(1);
    looked(&books, &["no key"]).await;
    assert_eq!(books.told().len(), 0);
    looked(&books, &["no key"]).await;
    assert_eq!(books.told().len(), 1);
}

#[tokio::test]
async fn a_plan_is_left_alone_whose_writer_is_here_or_that_a_run_or_a_switch_holds() {
    let writes_here = Books::with(&of_writer("us-east-1").note_readiness(
        &["no key".into()],
        &[],
        Timestamp::UNIX_EPOCH,
    ));
    assert_eq!(not_looked(&writes_here).await, "the writer is here");
    assert_eq!(row(&writes_here).readiness, None);
    let unadopted = Books::with(&PlanState::new("orders".into()));
    assert_eq!(not_looked(&unadopted).await, "no writer was adopted yet");
    let held = Books::with(&leased(of_writer("us-west-2")));
    assert_eq!(not_looked(&held).await, "a run holds the plan");
    let switched = books().switched_on();
    assert_eq!(not_looked(&switched).await, "a switch is on");
    assert_eq!(row(&switched).readiness, None);
    let gone = books().without_documents();
    assert_eq!(not_looked(&gone).await, "its parameter is not here");
    let alone = Books::with(&testing::row("us-west-2", 7));
    let why = not_looked(&alone).await;
    assert!(why.contains("a failback is due"), "{why}");
}

#[tokio::test]
async fn what_was_found_counts_while_nobody_can_look_and_a_move_of_rds_is_no_readiness() {
    let unready = of_writer("us-west-2").note_readiness(
        &["no key".into()],
        &[],
        Timestamp::from_second(900).unwrap(),
    );
    drop(measured());
    for (before, ready) in [(of_writer("us-west-2"), 1.0), (unready, 0.0)] {
        for found in [false, true] {
            let books = Books::with(&before);
            let at_work = async |_: &PlanName, _| match found {
                true => Found::AtWork("RDS is switching over".into()),
                false => Found::Late,
            };
            let looked = sweep(&books, GROUPS, at_work).await.unwrap();
            let measured = measured();
            if found {
                assert_eq!(
                    (looked[0].action, measured),
                    ("none", vec![("Ready", ready)])
                );
                assert_eq!(row(&books).readiness, before.readiness);
            } else {
                assert_eq!(looked[0].reasons, ["the look did not end in 15 s"]);
                assert_eq!(measured, [("Ready", 0.0)]);
            }
        }
    }
}

fn leased(row: PlanState) -> PlanState {
    let run = testing::run();
    PlanState {
        lease: Some(Lease {
            run_id: run.run_id,
            kind: run.kind,
            from: run.from,
            to: run.to,
            token: 1,
            expires_at: Timestamp::from_second(2_000).unwrap(),
            waits_for_human: false,
        }),
        ..row
    }
}

#[tokio::test]
async fn a_run_that_comes_in_while_it_is_looked_is_no_reason_against_a_move() {
    let books = books();
    let found = async |_: &PlanName, _| {
        let held = |row: &PlanState| Some(leased(row.clone()));
        let here = Region::from("us-east-1");
        update_if(&books, &here, &"orders".into(), held)
            .await
            .unwrap();
        Found::All {
            reasons: vec!["run a holds the plan".into()],
            warnings: Vec::new(),
        }
    };
    let looked = sweep(&books, GROUPS, found).await.unwrap();
    assert_eq!(
        (looked[0].action, looked[0].reason.as_str()),
        ("none", "a run holds the plan")
    );
    assert_eq!(row(&books).readiness, None);
}

#[tokio::test]
async fn a_plan_that_there_was_no_time_for_is_looked_at_first_the_next_time() {
    let books = books().beside_unseen("invoices");
    let (begun, limits) = (RefCell::new(Vec::new()), Cell::new(Duration::ZERO));
    let found = async |plan: &PlanName, limit| {
        begun.borrow_mut().push(plan.to_string());
        limits.set(limit);
        books.pause(Duration::from_secs(18)).await;
        Found::All {
            reasons: Vec::new(),
            warnings: Vec::new(),
        }
    };
    let looked = sweep(&books, GROUPS, found).await.unwrap();
    let said: Vec<_> = looked.iter().map(|one| one.action).collect();
    assert_eq!((said, begun.borrow().len()), (vec!["ready", "none"], 1));
    assert_eq!(limits.get(), Duration::from_secs(15));
    assert!(looked[1].reason.starts_with("no time was left"));
}

#[tokio::test]
async fn a_dry_run_shows_every_reason_or_that_no_move_is_to_be_thought_of_yet() {
    let books = books();
    let looked = async |action: &'static str, seen: fn(u8) -> Result<Vec<String>, String>| {
        let output = Output {
            progress: failover::pass::Progress::Pending,
            wait_seconds: 0,
            action,
            reason: String::new(),
            dry_run: true,
            refusal: None,
            next: Vec::new(),
            observed: Some(0_u8),
        };
        let looks = (std::future::ready(Ok(output)), Duration::from_secs(1));
        found(&books, GROUPS, looks, seen).await
    };
    let well = |_| Ok(vec!["the witness is silent".into()]);
    let begins = looked("write_intent", well).await;
    assert!(matches!(&begins, Found::All { reasons, warnings }
        if reasons.is_empty() && warnings == &["the witness is silent"]));
    assert!(matches!(looked("follow", well).await, Found::AtWork(_)));
    let alone = |_| Err("it follows nobody".into());
    let due = looked("write_intent", alone).await;
    assert!(matches!(due, Found::AtWork(why) if why == "it follows nobody"));
}

#[tokio::test]
async fn whether_a_move_is_ready_is_told_as_its_examples_show() {
    use failover::testing::example;
    let (books, here) = (example::books(), "us-east-1".into());
    let known = books.known(&here, &"orders".into()).await.unwrap().unwrap();
    let reasons = [
        "orders-east is 40 s behind, and 10 s are allowed",
        "the secret orders/probe cannot be read in us-east-1",
    ];
    let of = |news, reasons: &[&str]| message(&books, &known, news, reasons);
    example::is("not-ready", &of(ReadinessNews::NotReady, &reasons));
    example::is("ready-again", &of(ReadinessNews::ReadyAgain, &[]));
}
