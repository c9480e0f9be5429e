//! Services under a stop: what is written before they are brought down, and who gives back what they had, and when.

use std::collections::BTreeMap;

use failover::{
    domain::{Epoch, Region},
    ledger::{BroughtDown, Claim, Current, Run, RunKind, Stage, Stop},
    plan::{self, Plan},
    testing::{self, Books},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::*;
use crate::{
    members::stops::{
        Asked, Stands,
        tests::{member, open as opened, row, shown},
    },
    stop_writes::{sweep, there},
};

const API: &str = "orders/api";
const WEB: &str = "asg:web";

fn here() -> Region {
    "us-east-1".into()
}

/// The plan that stops its services of both Regions.
fn stopping_services() -> Plan {
    let mut document = testing::plan_document();
    document["topology"] = json!({"kind": "rds_replica", "stop_services": true, "members": {
        "us-west-2": {"instance": "orders-west"}, "us-east-1": {"instance": "orders-east"}}});
    document["services"] = json!([
        {"kind": "ecs", "region": "us-east-1", "cluster": "orders", "services": ["api", {"service": "worker", "takeover_count": 2}]},
        {"kind": "asg", "region": "us-east-1", "groups": ["web"]},
        {"kind": "ecs", "region": "us-west-2", "cluster": "elsewhere", "services": ["api"]}]);
    plan::read(&document.to_string()).unwrap()
}

/// The Region that is left, under a stop, with its services running.
fn under(stop: &str) -> Books {
    of(&bearing(stop, &row()))
}

fn of(row: &PlanState) -> Books {
    let books = Books::with(row).of_plan(stopping_services());
    for (key, size) in [(API, (0, 5)), ("orders/worker", (0, 0)), (WEB, (1, 3))] {
        books.scaled(key, size);
    }
    member(opened(7));
    books
}

fn bearing(stop: &str, row: &PlanState) -> PlanState {
    PlanState {
        stop: Some(Box::new(Stop {
            token: stop.into(),
            epoch: Epoch(8),
            from: here(),
            to: "us-west-2".into(),
            run_id: "a".into(),
            written_at: Timestamp::from_second(900).unwrap(),
            stage: Stage::Stopping,
        })),
        ..row.clone()
    }
}

async fn asked(books: &Books, asked: fn(OfStop) -> Asked) -> Result<Stands, Error> {
    let of = OfStop {
        plan: "orders".into(),
        epoch: Epoch(7),
        token: "a".into(),
    };
    there::answer(books, &asked(of)).await
}

async fn stopped(books: &Books) {
    asked(books, Asked::Stop).await.unwrap();
}

/// What the row of the Region that is left says that services had.
fn written(books: &Books) -> Vec<String> {
    let rows = books.rows();
    let down = rows[&here()].brought_down.as_deref();
    let services = down.map(|down| down.lacking().map(Former::said).collect());
    services.unwrap_or_default()
}

/// The look of the schedule once no call of the stop can come late.
async fn later(mut books: Books) -> BTreeMap<Region, PlanState> {
    books.set_time(Timestamp::from_second(1_091).unwrap());
    sweep::sweep(&books).await.unwrap();
    books.rows()
}

fn sizes(books: &Books) -> [(u32, u32); 2] {
    [API, WEB].map(|key| books.size(key).unwrap())
}

const RUNNING: [(u32, u32); 2] = [(0, 5), (1, 3)];
const DOWN: [(u32, u32); 2] = [(0, 0), (0, 0)];
const HAD: [&str; 2] = [
    "orders/api (5 task(s))",
    "asg:web (3 instance(s), 1 at least)",
];

async fn withdrawn(books: &Books) {
    let change = |row: &PlanState| row.withdraw_stop(&"a".into());
    let withdrawn = update_if(books, &here(), &"orders".into(), change).await;
    withdrawn.unwrap().unwrap();
}

fn denied() -> Option<Error> {
    Some(Error::Denied("no right".into()))
}

#[tokio::test]
async fn services_of_the_region_that_is_left_are_brought_to_none_and_the_writer_is_stopped_behind_them()
 {
    let books = under("a");
    stopped(&books).await;
    assert_eq!(sizes(&books), DOWN);
    assert_eq!(written(&books), HAD);
    assert_eq!(shown().mark, Some("a".into()));
    let keys: Vec<_> = books.scalings().into_iter().map(|(key, _)| key).collect();
    assert_eq!(
        keys,
        [API, WEB],
        "one at none is not asked, nor one elsewhere"
    );
}

#[tokio::test]
async fn a_plan_that_does_not_say_so_leaves_them_alone() {
    member(opened(7));
    let books = crate::members::stops::tests::books(&bearing("a", &row()));
    books.scaled(API, (0, 5));
    stopped(&books).await;
    assert!(books.scalings().is_empty());
    assert!(written(&books).is_empty());
    assert_eq!(shown().mark, Some("a".into()));
}

#[tokio::test]
async fn what_was_written_before_a_crash_stands_and_none_is_never_what_a_service_had() {
    let books = under("a");
    books.refuse_scaling(API, Some(Error::Unavailable("cut off".into())));
    let crashed = asked(&books, Asked::Stop).await;
    assert_eq!(crashed.unwrap_err().name(), "Unavailable");
    assert_eq!(written(&books), HAD, "before anything is changed");
    assert_eq!(shown().mark, None);
    books.refuse_scaling(API, None);
    for _ in 0..2 {
        stopped(&books).await;
        assert_eq!(sizes(&books), DOWN);
        assert_eq!(written(&books), HAD);
    }
}

#[tokio::test]
async fn a_row_that_does_not_take_it_leaves_every_service_as_it_is() {
    let of = of(&bearing("another", &row()));
    let refused = asked(&of, Asked::Stop).await;
    assert_eq!(refused.unwrap_err().name(), "RunRefused");
    let stop = OfStop {
        plan: "orders".into(),
        epoch: Epoch(7),
        token: "a".into(),
    };
    let known = of.known(&here(), &"orders".into()).await.unwrap().unwrap();
    let refused = bring_down(&of, &known, &stop).await;
    assert_eq!(refused.unwrap_err().name(), "RunRefused");
    assert_eq!((sizes(&of), of.scalings().len()), (RUNNING, 0));
}

#[tokio::test]
async fn a_refusal_takes_nobodys_login_is_kept_for_the_run_and_all_is_given_back() {
    let books = under("a");
    books.refuse_scaling(WEB, denied());
    let refused = asked(&books, Asked::Stop).await.unwrap_err();
    assert_eq!(refused.name(), "Denied");
    assert_eq!((shown().mark, shown().roles.len()), (None, 1));
    assert_eq!(sizes(&books), [(0, 0), (1, 3)]);
    let pass = Pass {
        run: Run {
            from: here(),
            to: "us-west-2".into(),
            ..testing::run()
        },
        rows: failover::ledger::Rows(books.rows()),
        now: Timestamp::UNIX_EPOCH,
        dry_run: false,
    };
    let (services, why) = down(&pass);
    assert_eq!(services, HAD);
    assert_eq!(why.as_deref(), Some("us-east-1/asg:web: no right"));
    withdrawn(&books).await;
    let said = asked(&books, Asked::Open).await.unwrap().said;
    let api_alone = said.contains("orders/api (5 task(s)) has that") && !said.contains("web");
    assert!(api_alone, "{said}");
    assert_eq!(sizes(&books), RUNNING);
    assert!(written(&books).is_empty());
    assert!(later(books).await[&here()].brought_down.is_none());
}

#[tokio::test]
async fn a_call_that_comes_late_is_made_up_for_by_the_next_look() {
    let books = under("a");
    stopped(&books).await;
    withdrawn(&books).await;
    asked(&books, Asked::Open).await.unwrap();
    assert_eq!(sizes(&books), RUNNING);
    books.scaled(API, (0, 0));
    let swept = sweep::sweep(&books).await.unwrap();
    assert_eq!(swept[0].action, "given_back", "{swept:?}");
    assert_eq!(sizes(&books), RUNNING);
    assert!(later(books).await[&here()].brought_down.is_none());
}

#[tokio::test]
async fn one_that_cannot_be_read_is_named_and_none_is_changed() {
    let books = under("a");
    books.hide_service(API, Error::NotReady("there is none".into()));
    let refused = asked(&books, Asked::Stop).await.unwrap_err();
    assert_eq!(refused.to_string(), "us-east-1/orders/api: there is none");
    assert!(books.scalings().is_empty());
    let rows = books.rows();
    let down = rows[&here()].brought_down.as_deref();
    let expected = BroughtDown {
        by: "a".into(),
        at: Timestamp::from_second(1_000).unwrap(),
        services: Vec::new(),
        back: Vec::new(),
        refused: Some("us-east-1/orders/api: there is none".into()),
    };
    assert_eq!(down, Some(&expected));
}

#[tokio::test]
async fn an_aborted_move_gives_the_logins_back_and_then_the_services() {
    let books = under("a");
    stopped(&books).await;
    withdrawn(&books).await;
    let said = asked(&books, Asked::Open).await.unwrap().said;
    assert!(
        said.starts_with("1 role(s) have their login again. orders/api"),
        "{said}"
    );
    assert_eq!((sizes(&books), shown().mark), (RUNNING, None));
    assert!(written(&books).is_empty());
}

#[tokio::test]
async fn services_that_cannot_be_given_back_keep_nobody_out_and_are_told_with_a_command_until_they_are()
 {
    let books = under("a");
    stopped(&books).await;
    withdrawn(&books).await;
    books.refuse_scaling(API, denied());
    let command = "type: aws ecs update-service --region us-east-1 --cluster orders --service api --desired-count 5";
    let said = asked(&books, Asked::Open).await.unwrap().said;
    assert!(said.contains(command), "{said}");
    assert_eq!((shown().mark, shown().roles.len()), (None, 1));
    assert_eq!(written(&books), HAD[..1]);
    let failed = sweep::sweep(&books).await.unwrap_err();
    assert!(failed.to_string().contains(command), "{failed}");
    books.refuse_scaling(API, None);
    let swept = sweep::sweep(&books).await.unwrap();
    assert_eq!(swept[0].action, "given_back", "{swept:?}");
    assert_eq!(sizes(&books), RUNNING);
    assert_eq!(sweep::sweep(&books).await.unwrap()[0].action, "none");
}

#[tokio::test]
async fn a_stop_that_nobody_gives_back_is_swept_with_its_services() {
    let books = under("a");
    stopped(&books).await;
    let swept = sweep::sweep(&books).await.unwrap();
    assert_eq!(swept[0].action, "opened", "{swept:?}");
    assert_eq!((sizes(&books), shown().mark), (RUNNING, None));
    let crashed = under("a");
    crashed.refuse_scaling(WEB, denied());
    asked(&crashed, Asked::Stop).await.unwrap_err();
    assert_eq!(crashed.size(API), Some((0, 0)));
    let swept = sweep::sweep(&crashed).await.unwrap();
    assert_eq!(swept[0].action, "withdrawn", "{swept:?}");
    assert_eq!(sizes(&crashed), RUNNING);
}

#[tokio::test]
async fn what_a_run_withdrew_before_the_writer_was_stopped_is_given_back_by_the_schedule_and_by_hand()
 {
    let books = under("a");
    books.refuse_scaling(WEB, denied());
    asked(&books, Asked::Stop).await.unwrap_err();
    withdrawn(&books).await;
    let by_hand = async |force: serde_json::Value| {
        let asked = json!({"operation": "give_back", "plan": "orders", "force": force});
        let asked = failover::pass::read(asked).unwrap();
        sweep::by_hand(&books, &asked).await.unwrap()
    };
    let dry = by_hand(json!(null)).await;
    assert_eq!(dry.action, "would_give_back", "{dry:?}");
    assert!(dry.reason.contains(HAD[0]), "{dry:?}");
    assert_eq!(books.size(API), Some((0, 0)));
    let done = by_hand(json!("orders@7")).await;
    assert_eq!(done.action, "given_back", "{done:?}");
    assert_eq!(sizes(&books), RUNNING);
}

#[tokio::test]
async fn whoever_scaled_a_service_meanwhile_wins() {
    let books = under("a");
    stopped(&books).await;
    books.scaled(API, (0, 8));
    withdrawn(&books).await;
    asked(&books, Asked::Open).await.unwrap();
    assert_eq!(sizes(&books), [(0, 8), (1, 3)]);
    assert!(written(&books).is_empty());
}

/// The row once the other member was proven behind the stop.
fn moved(books: &Books, epoch: u64, writer: &str) -> PlanState {
    let row = books.rows()[&here()].clone();
    let current = Current {
        epoch: Epoch(epoch),
        writer: writer.into(),
        ..row.current.clone().unwrap()
    };
    row.learn(&current).unwrap()
}

#[tokio::test]
async fn a_move_that_came_about_leaves_them_at_none_until_the_writer_is_back() {
    let books = under("a");
    stopped(&books).await;
    let away = moved(&books, 8, "us-west-2");
    let gone = of(&away);
    for key in [API, WEB] {
        gone.scaled(key, (0, 0));
    }
    assert_eq!(sweep::sweep(&gone).await.unwrap()[0].action, "none");
    assert_eq!((sizes(&gone), written(&gone).len()), (DOWN, 2));
    let back = moved(&gone, 9, "us-east-1");
    let claim = Claim {
        run_id: "home".into(),
        kind: RunKind::Failback,
        incident: None,
        from: "us-west-2".into(),
        to: here(),
    };
    let held = |proven_seconds_ago| {
        let mut row = back.clone();
        let ago = SignedDuration::from_secs(proven_seconds_ago);
        row.current.as_mut().unwrap().proven_at = gone.now() - ago;
        row.claim(&claim, gone.now()).unwrap()
    };
    for (row, action, expected) in [
        (held(60), "none", DOWN),
        (held(901), "given_back", RUNNING),
        (back.clone(), "given_back", RUNNING),
    ] {
        let home = of(&row);
        member(opened(9));
        for key in [API, WEB] {
            home.scaled(key, (0, 0));
        }
        let swept = sweep::sweep(&home).await.unwrap();
        assert_eq!((swept[0].action, sizes(&home)), (action, expected));
    }
}

#[tokio::test]
async fn a_dry_run_names_what_would_be_brought_down_and_changes_nothing() {
    let books = under("a");
    let run = Run {
        plan: stopping_services(),
        from: here(),
        to: "us-west-2".into(),
        ..testing::run()
    };
    let pass = |run: Run| Pass {
        run,
        rows: failover::ledger::Rows(books.rows()),
        now: Timestamp::UNIX_EPOCH,
        dry_run: true,
    };
    assert_eq!(first(&books, &pass(run.clone())).await, HAD);
    let silent = Run {
        plan: crate::members::tests::plan(),
        ..run
    };
    assert!(first(&books, &pass(silent)).await.is_empty());
    assert_eq!((sizes(&books), books.scalings().len()), (RUNNING, 0));
}
