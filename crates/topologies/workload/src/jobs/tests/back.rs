//! The way back: the business of the recovery Region does not wait for home, and nothing is said to be back that was not seen.

use failover::{Error, domain::RunId, ports::Runtime};

use super::{
    ends::{serving, size},
    *,
};
use crate::{records::Records, row::Row, row::State, testing::Shelf};

/// A run home that has come to nothing in its cut-over, and the run that undoes it.
async fn fails(stage: &Stage) -> Value {
    let run = stage.open("restore_home", "a").await;
    stage.until(&run, "cut_over").await.unwrap();
    stage.things.refuse("billing", Phase::CutOver);
    stage.done(&run, "cut_over", None).await.unwrap_err();
    stage.close(&run).await;
    assert_eq!(size(stage, "west/shop"), 0);
    run
}

async fn rows_of(stage: &Stage, run: &Value) -> Vec<Row> {
    let run_id: RunId = run["run_id"].as_str().unwrap().into();
    let (home, plan) = (HOME.into(), "orders".into());
    let rows = stage.shelf.rows(&home, &plan, &run_id);
    let rows = rows.await.unwrap().into_iter();
    rows.filter(|row| !row.resource.starts_with('@')).collect()
}

#[tokio::test]
async fn the_business_is_back_before_home_is_undone_where_home_never_served() {
    let stage = serving();
    fails(&stage).await;
    let back = stage.open("revert", "b").await;
    stage.things.stop("ledger");
    let passed = stage.pass(&back, "revert", None).await.unwrap();
    assert_eq!(passed["progress"], "pending");
    assert_eq!(size(&stage, "west/shop"), 0, "what they stand on is away");
    stage.things.start("ledger");
    let passed = stage.pass(&back, "revert", None).await.unwrap();
    assert_eq!(passed["progress"], "pending", "home is not undone");
    assert_eq!(size(&stage, "west/shop"), 3);
}

#[tokio::test]
async fn a_home_that_cannot_be_undone_keeps_nobody_in_the_recovery_region_waiting() {
    let stage = serving();
    fails(&stage).await;
    let back = stage.open("revert", "b").await;
    for name in ["billing", "carts", "ledger", "sessions"] {
        stage.things.refuse(name, Phase::Revert);
    }
    let why = stage.done(&back, "revert", None).await.unwrap_err();
    assert_eq!(why.name(), "NotReady");
    assert_eq!(size(&stage, "west/shop"), 3);
    let closed = stage.close(&back).await;
    assert_eq!(closed["outcome"], "failed");
    let reason = closed["reason"].as_str().unwrap();
    assert!(
        reason.contains("services of us-west-2 run again"),
        "{reason}"
    );
}

#[tokio::test]
async fn nothing_is_reverted_before_every_service_was_seen_to_have_what_it_had() {
    let stage = serving();
    fails(&stage).await;
    let back = stage.open("revert", "b").await;
    let books = &stage.shelf.books;
    let silent = Error::Unavailable("ECS is silent".into());
    books.refuse_scaling("west/shop", Some(silent));
    for _ in 0..4 {
        let passed = stage.pass(&back, "revert", None).await.unwrap();
        assert_eq!(passed["progress"], "pending", "{passed}");
        stage.shelf.pause(std::time::Duration::from_secs(5)).await;
    }
    let denied = Error::Denied("scaling is not allowed".into());
    books.refuse_scaling("west/shop", Some(denied));
    let why = stage.done(&back, "revert", None).await.unwrap_err();
    let said = why.to_string();
    assert!(
        why.name() == "NotReady" && said.contains("back by hand: scaling is not allowed"),
        "{said}"
    );
    let closed = stage.close(&back).await;
    assert_eq!(closed["outcome"], "failed");
    let (_, text) = books.messages().pop().unwrap();
    assert!(text.contains("back by hand"), "{text}");
    books.refuse_scaling("west/shop", None);
    let again = stage.open("revert", "c").await;
    stage.done(&again, "revert", None).await.unwrap();
    assert_eq!(stage.close(&again).await["outcome"], "reverted");
    recovery_serves(&stage, 7);
}

#[tokio::test]
async fn a_way_back_begins_anew_with_all_that_was_remembered() {
    let stage = serving();
    let run = fails(&stage).await;
    let refused = rows_of(&stage, &run).await;
    assert!(
        refused
            .iter()
            .any(|row| matches!(row.state, State::Refused(_)))
    );
    let back = stage.open("revert", "b").await;
    for row in rows_of(&stage, &back).await {
        let stands = (row.phase, &row.state, &row.progress);
        assert_eq!(stands, (Phase::Prepare, &State::Pending, &None));
        assert!(row.kept.contains_key("sync"), "{}", row.resource);
    }
}

#[tokio::test]
async fn a_way_back_takes_the_plan_of_the_run_that_it_undoes() {
    let stage = serving();
    fails(&stage).await;
    let mut today = super::ends::with_services();
    today["revision"] = 4.into();
    today["resources"].as_array_mut().unwrap().remove(0);
    let stage = Stage {
        shelf: stage.shelf.with_document(HOME, Some(&today)),
        things: stage.things,
    };
    let back = stage.open("revert", "b").await;
    stage.done(&back, "revert", None).await.unwrap();
    assert_eq!(stage.calls_in(Phase::Revert).len(), 4);
}

/// A rehearsal to its end, which finds what it looks for in `carts`.
async fn rehearsed(answer: &str) -> Stage {
    let stage = Stage::usual();
    let run = stage.open("rehearse", "r").await;
    stage.until(&run, "rehearse").await.unwrap();
    stage.done(&run, "rehearse", None).await.unwrap();
    stage.ask(&run, "rehearsed").await.unwrap();
    stage.answer(&run, "rehearsed", answer).await.unwrap();
    stage.done(&run, "take_away", None).await.unwrap();
    stage.close(&run).await;
    let rows = rows_of(&stage, &run).await;
    let mut row = rows
        .into_iter()
        .find(|row| row.resource == "carts")
        .unwrap();
    row.kept
        .insert("rehearsed_at".into(), json!("1970-01-01T00:20:00Z"));
    let shelf: Shelf = stage.shelf.with_kept(&row);
    shelf.pause(std::time::Duration::from_secs(60)).await;
    Stage {
        shelf,
        things: stage.things,
    }
}

#[tokio::test]
async fn a_run_home_knows_when_each_resource_was_rehearsed_last_and_well() {
    for (answer, known) in [("approve", true), ("decline", false)] {
        let stage = rehearsed(answer).await;
        let run = stage.open("restore_home", "a").await;
        for row in rows_of(&stage, &run).await {
            let kept: Vec<_> = row.kept.keys().map(String::as_str).collect();
            let expected = known && row.resource == "carts";
            let expected: &[&str] = if expected { &["rehearsed_at"] } else { &[] };
            assert_eq!(kept, expected, "{answer}: {}", row.resource);
        }
    }
}

#[tokio::test]
async fn what_a_failed_rehearsal_built_is_taken_away() {
    let stage = Stage::usual();
    let run = stage.open("rehearse", "a").await;
    stage.until(&run, "rehearse").await.unwrap();
    stage.things.refuse("billing", Phase::Rehearse);
    stage.done(&run, "rehearse", None).await.unwrap_err();
    assert_eq!(stage.calls_in(Phase::Rehearse).len(), 3);
    stage.things.relent("billing", Phase::Rehearse);
    stage.done(&run, "take_away", None).await.unwrap();
    assert_eq!(stage.calls_in(Phase::Rehearse).len(), 7);
    assert_eq!(stage.close(&run).await["outcome"], "aborted");
}
