//! What the schedule does for every plan, and what keeps none from it.

use serde_json::{Value, json};

use super::*;
use crate::fence_writer::handle;
use failover::{
    domain::Epoch,
    ledger::{Current, PlanState},
    testing::Books,
};

/// This Region was deposed by epoch 8, and whoever fences its member is answered so.
pub(in crate::fence_writer) fn books(fence: Result<(), Error>) -> Books {
    with_writer("us-west-2", fence)
}

fn with_writer(writer: &str, fence: Result<(), Error>) -> Books {
    let current = Current {
        epoch: Epoch(8),
        writer: writer.into(),
        global_cluster: None,
        run_id: "a".into(),
        proven_at: jiff::Timestamp::UNIX_EPOCH,
        unplanned: true,
        acknowledged_at: None,
    };
    let row = PlanState {
        current: Some(current),
        ..PlanState::new("orders".into())
    };
    Books::with(&row).alone(fence)
}

pub(in crate::fence_writer) async fn sweep_of(books: &Books) -> Result<Value, Error> {
    handle(books, json!({"operation": "sweep"})).await
}

fn denied() -> Result<(), Error> {
    Err(Error::Denied("28P01".into()))
}

#[tokio::test]
async fn a_fence_that_fails_every_minute_fails_each_sweep_and_is_told_once_as_a_split_brain() {
    let books = books(denied());
    for minute in 1..=3 {
        let why = sweep_of(&books).await.unwrap_err();
        assert_eq!(why.name(), "Denied", "minute {minute}");
        let said = why.to_string();
        for part in ["1 of 1 plan(s) could not be swept", "orders: Denied: 28P01"] {
            assert!(said.contains(part), "{said}");
        }
        let told = books.told();
        assert_eq!(told.len(), 1, "minute {minute}: {told:?}");
        assert!(
            told[0].contains("CRITICAL") && told[0].contains("split brain"),
            "{told:?}"
        );
    }
    let row = books.rows()[&"us-east-1".into()].clone();
    assert_eq!(
        (row.unfenced, row.fenced),
        (vec!["8/Denied: 28P01".to_owned()], None)
    );
}

#[tokio::test]
async fn a_deposed_writer_to_which_nothing_logs_in_is_told_once_and_fails_no_sweep() {
    let document = failover::testing::sqlserver_document().to_string();
    let plan = failover::plan::read(&document).unwrap();
    let books = books(denied()).of_plan(plan);
    for minute in 1..=3 {
        let swept = sweep_of(&books).await.unwrap();
        assert_eq!(swept[0]["action"], "none", "minute {minute}");
        let said = swept[0]["reason"].as_str().unwrap();
        assert!(said.contains("to which nothing logs in"), "{said}");
        let told = books.told();
        assert_eq!(told.len(), 1, "minute {minute}: {told:?}");
        assert!(told[0].contains("is not fenced"), "{told:?}");
    }
    // Whoever asks by hand is told why.
    let dry = json!({"operation": "fence", "plan": "orders"});
    let answer = handle(&books, dry).await.unwrap();
    assert_eq!(answer["refusal"]["error"], "NotReady");
}

#[tokio::test]
async fn a_stopped_deposed_cluster_is_named_with_its_status_and_what_to_do() {
    let silent = || {
        Err(Error::Unavailable(
            "no connection to east within 10 s".into(),
        ))
    };
    let stopped = books(silent()).in_status("stopped");
    let dry = json!({"operation": "fence", "plan": "orders"});
    let answer = handle(&stopped, dry).await.unwrap();
    assert_eq!(answer["refusal"]["error"], "NotReady");
    let said = answer["refusal"]["reasons"][0].as_str().unwrap();
    assert_eq!(
        said,
        "cluster orders-east in us-east-1 is stopped, which does not pass by itself; start it, and start again"
    );
    // It takes no writes, so that nobody is told of a split brain; and whatever keeps the fence out later is told by its own name.
    for _minute in 1..=2 {
        assert_eq!(sweep_of(&stopped).await.unwrap_err().name(), "NotReady");
    }
    let told = stopped.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        !told[0].contains("split brain") && told[0].contains("nobody can connect"),
        "{told:?}"
    );
    let row = stopped.rows()[&"us-east-1".into()].clone();
    assert_eq!(
        (row.unfenced, row.fenced),
        (vec!["8/Shut".to_owned()], None)
    );
    // What may be open is tried, and only its silence is explained.
    let unfit = books(silent()).in_status("incompatible-parameters");
    let why = sweep_of(&unfit).await.unwrap_err();
    assert!(
        why.name() == "NotReady" && why.to_string().contains("is incompatible-parameters"),
        "{why}"
    );
    assert!(
        unfit.told()[0].contains("split brain"),
        "it may take writes"
    );
    sweep_of(&books(Ok(())).in_status("incompatible-parameters"))
        .await
        .unwrap();
}

#[tokio::test]
async fn what_could_be_fenced_is_the_answer_and_no_failure() {
    let books = books(Ok(()));
    let answer = sweep_of(&books).await.unwrap();
    assert_eq!(answer[0]["action"], "fence");
    assert_eq!(books.rows()[&"us-east-1".into()].fenced, Some(Epoch(8)));
}

/// Whether this process is the one that is asked what it prints.
const ASKED: &str = "a_sweep_is_asked_what_it_prints";

#[tokio::test]
async fn each_failed_sweep_prints_one_metric_and_a_good_one_prints_none() {
    // What a metric is made of is a line on standard output, so this test runs itself and reads that.
    if std::env::args().any(|argument| argument == ASKED) {
        for books in [books(denied()), books(Ok(()))] {
            for _minute in 1..=2 {
                let _ = sweep_of(&books).await;
            }
        }
        return;
    }
    let module = module_path!().split_once("::").unwrap().1;
    let name = format!("{module}::each_failed_sweep_prints_one_metric_and_a_good_one_prints_none");
    let printed = std::process::Command::new(std::env::current_exe().unwrap())
        .args([&name, "--exact", "--nocapture", "--skip", ASKED])
        .output()
        .unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    let metrics: Vec<Value> = printed
        .lines()
        .filter_map(|line| serde_json::from_str(line.trim_start_matches(|c| c != '{')).ok())
        .filter(|line: &Value| line.get("_aws").is_some())
        .collect();
    assert_eq!(metrics.len(), 2, "{printed}");
    for metric in metrics {
        assert_eq!(
            (&metric["Step"], &metric["Plan"], &metric["Failed"]),
            (&json!(STEP), &json!("orders"), &json!(1.0))
        );
    }
}

#[tokio::test]
async fn while_the_writer_is_here_what_opens_it_is_noted_every_ten_minutes() {
    let books = with_writer("us-east-1", Ok(()));
    let mut logins = Vec::new();
    for _minute in 0..12 {
        sweep_of(&books).await.unwrap();
        logins.push(books.logins());
        books.pause(std::time::Duration::from_secs(60)).await;
    }
    assert_eq!(logins, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2]);
    let row = books.rows()[&"us-east-1".into()].clone();
    assert_eq!(row.served.unwrap().version, "v3");
    // A writer that does not let the administrator in is no fault of the fence: readiness asks for that.
    let shut_out = with_writer("us-east-1", denied());
    sweep_of(&shut_out).await.unwrap();
    assert_eq!((shut_out.logins(), shut_out.told().len()), (1, 0));
}

#[tokio::test]
async fn a_deposed_writer_is_not_asked_for_a_note_beside_the_fence() {
    let books = books(Ok(()));
    sweep_of(&books).await.unwrap();
    assert_eq!(books.logins(), 0);
}

/// This Region's member was fenced at that second.
fn fenced(books: Books, second: i64) -> Books {
    let row = books.rows()[&"us-east-1".into()].clone();
    let at = jiff::Timestamp::from_second(second).unwrap();
    let row = row.fence(Epoch(8), at, false).unwrap();
    books.with_row("us-east-1", &row)
}

fn fence_of(books: &Books) -> Option<i64> {
    let row = books.rows()[&"us-east-1".into()].clone();
    row.fence_under(Epoch(8)).map(|at| at.as_second())
}

#[tokio::test]
async fn a_member_that_stands_open_again_is_fenced_anew_and_what_was_listed_before_is_void() {
    let books = fenced(books(Ok(())), 10);
    sweep_of(&books).await.unwrap();
    assert_eq!(fence_of(&books), Some(1_000), "at the clock of this world");
}

#[tokio::test]
async fn a_fence_that_may_not_act_notes_all_the_same_that_the_member_is_open() {
    let books = fenced(books(Ok(())), 10).switched_on();
    let why = sweep_of(&books).await.unwrap_err();
    assert!(why.to_string().contains("switch is on"), "{why}");
    assert_eq!(fence_of(&books), None);
}

#[tokio::test]
async fn a_switch_that_nobody_can_read_keeps_the_fence_from_acting_and_people_are_told_once() {
    let books = fenced(books(Ok(())), 10).switches_unread();
    for _ in 0..2 {
        let why = sweep_of(&books).await.unwrap_err();
        assert!(why.to_string().contains("/aurora-failover/kill"), "{why}");
        assert_eq!(fence_of(&books), None, "it stands open, and nobody shut it");
        let told = books.told();
        assert_eq!(told.len(), 1, "{told:?}");
    }
}

#[tokio::test]
async fn an_unfence_voids_what_was_listed_before_any_door_opens_and_again_behind_it() {
    let unfence = async |books: &Books| {
        let payload = json!({"operation": "unfence", "plan": "orders", "force": "orders@8"});
        Box::pin(handle(books, payload)).await
    };
    let lost = fenced(books(Ok(())), 10).switched_on();
    let why = unfence(&lost).await.unwrap_err();
    assert_eq!(why, Error::Denied("given back".into()));
    assert_eq!(
        fence_of(&lost),
        None,
        "the answer may have been lost behind the opening"
    );
    let books = fenced(books(Ok(())), 10).switched_on();
    let fenced_beside = fenced(with_writer("us-west-2", Ok(())), 20);
    let row = fenced_beside.rows()[&"us-east-1".into()].clone();
    let books = books.beside_reopening(&row);
    unfence(&books).await.unwrap();
    assert_eq!(fence_of(&books), None);
}

#[tokio::test]
async fn a_plan_that_was_taken_away_fences_no_member_of_its_successor_and_keeps_none_open() {
    let here = "us-east-1".into();
    let proven = |writer: &str, second| {
        let mut row = failover::testing::row(writer, 1);
        let at = jiff::Timestamp::from_second(second).unwrap();
        row.current.as_mut().unwrap().proven_at = at;
        row
    };
    let (taken_away, successor) = (proven("us-west-2", 10), proven("us-east-1", 20));
    assert!(is_succeeded(&here, &taken_away, &successor));
    let (taken_away, successor) = (proven("us-east-1", 10), proven("us-west-2", 20));
    assert!(
        !is_succeeded(&here, &successor, &taken_away),
        "the successor's deposed writer is fenced"
    );
    let books = books(Ok(()));
    let known = books.known(&here, &"orders".into()).await;
    let orders = known.unwrap().unwrap();
    let mut shop = orders.clone();
    shop.plan.plan = "shop".into();
    assert!(shares_member(&here, &orders, &shop));
    assert!(!shares_member(&here, &orders, &orders), "itself");
    let of_both = [orders.clone(), shop];
    assert_eq!(serves_another(&books, &of_both, &orders).await, Ok(None));
}
