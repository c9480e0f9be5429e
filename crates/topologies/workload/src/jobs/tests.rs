//! Whole runs over a kind of resource that is as small as can be: what it is asked for is done, once.

mod back;
mod broken;
mod ends;
mod guards;
mod world;

use serde_json::{Value, json};

use crate::{
    phase::Phase,
    testing::{HOME, RECOVERY},
};
use world::{Stage, home_serves, nobody_holds, recovery_serves};

#[tokio::test]
async fn a_run_comes_home_from_open_to_close() {
    let stage = Stage::usual();
    let run = stage.open("restore_home", "a").await;
    assert_eq!((&run["from"], &run["to"]), (&json!(RECOVERY), &json!(HOME)));
    stage.home(&run).await.unwrap();
    let closed = stage.close(&run).await;
    assert_eq!(closed["outcome"], "succeeded", "{closed}");
    home_serves(&stage, 8);
    nobody_holds(&stage);
    for phase in [
        Phase::Sync,
        Phase::LastSync,
        Phase::CutOver,
        Phase::Retire,
        Phase::Conclude,
    ] {
        assert_eq!(stage.calls_in(phase).len(), 4, "{phase}");
    }
    assert!(stage.calls_in(Phase::Rehearse).is_empty());
    let told = stage.shelf.books.told();
    assert_eq!(told.len(), 4, "three questions and the end: {told:?}");
}

#[tokio::test]
async fn the_cut_over_begins_with_a_group_when_the_one_before_it_is_done() {
    let stage = Stage::usual();
    let run = stage.open("restore_home", "a").await;
    stage.home(&run).await.unwrap();
    let order = stage.calls_in(Phase::CutOver);
    let (first, second) = order.split_at(2);
    let of = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    assert_eq!(of(first), ["billing", "sessions"]);
    assert_eq!(of(second), ["carts", "ledger"]);
}

#[tokio::test]
async fn the_change_of_region_is_written_in_both_rows_before_the_first_thing_is_stopped() {
    let stage = Stage::usual();
    let run = stage.open("restore_home", "a").await;
    stage.until(&run, "suspend").await.unwrap();
    for name in ["billing", "carts", "ledger", "sessions"] {
        stage.things.refuse(name, Phase::Suspend);
    }
    let why = stage.pass(&run, "suspend", None).await.unwrap_err();
    assert_eq!(why.name(), "NotReady");
    assert!(stage.calls_in(Phase::Suspend).is_empty());
    for (region, row) in stage.shelf.books.rows() {
        let intent = row.intent.unwrap();
        assert_eq!((intent.epoch.0, intent.to.as_str()), (8, HOME), "{region}");
    }
}

#[tokio::test]
async fn rounds_of_copies_end_where_nothing_large_moves_and_the_run_remembers_them() {
    let stage = Stage::usual();
    let run = stage.open("restore_home", "a").await;
    stage.until(&run, "suspend").await.unwrap();
    for (name, row) in stage.shelf.kept() {
        assert_eq!(row.rounds, 1, "{name}");
    }
}

#[tokio::test]
async fn a_rehearsal_takes_away_what_it_built_and_changes_nothing_else() {
    let stage = Stage::usual();
    let run = stage.open("rehearse", "a").await;
    stage.until(&run, "rehearse").await.unwrap();
    stage.done(&run, "rehearse", None).await.unwrap();
    assert_eq!(stage.calls_in(Phase::Rehearse).len(), 4);
    stage.yes(&run, "rehearsed").await;
    let answered = Some("rehearsed");
    stage.done(&run, "take_away", answered).await.unwrap();
    assert_eq!(stage.calls_in(Phase::Rehearse).len(), 8);
    let again = stage.pass(&run, "take_away", None).await.unwrap();
    assert_eq!(again["progress"], "done");
    assert_eq!(stage.calls_in(Phase::Rehearse).len(), 8);
    assert_eq!(stage.close(&run).await["outcome"], "rehearsed");
    recovery_serves(&stage, 7);
    assert!(stage.calls_in(Phase::Suspend).is_empty());
}

#[tokio::test]
async fn what_was_built_beside_is_taken_away_where_nobody_answers() {
    let stage = Stage::usual();
    let run = stage.open("rehearse", "a").await;
    stage.until(&run, "rehearse").await.unwrap();
    stage.done(&run, "rehearse", None).await.unwrap();
    stage.done(&run, "take_away", None).await.unwrap();
    assert_eq!(stage.calls_in(Phase::Rehearse).len(), 8);
    assert_eq!(stage.close(&run).await["outcome"], "aborted");
}

#[tokio::test]
async fn a_function_of_the_plans_own_answers_in_peoples_place() {
    for (function, yes) in [
        ("says-yes-failover-hook", true),
        ("says-no-failover-hook", false),
    ] {
        let mut document = crate::testing::document();
        document["prepared"] = function.into();
        let stage = Stage::of(&document);
        let run = stage.open("restore_home", "a").await;
        stage.done(&run, "prepare", None).await.unwrap();
        stage.ask(&run, "prepared").await.unwrap();
        assert!(stage.shelf.books.told().is_empty(), "nobody is asked");
        let (_, reply) = stage.shelf.books.given().pop().unwrap();
        assert_eq!(reply.approved, yes);
        let next = stage.pass(&run, "sync", None).await;
        assert_eq!(next.is_ok(), yes, "{next:?}");
    }
}

#[tokio::test]
async fn a_yes_by_the_token_alone_is_kept_by_the_pass_that_it_leads_to() {
    let stage = Stage::usual();
    let run = stage.open("restore_home", "a").await;
    stage.done(&run, "prepare", None).await.unwrap();
    let why = stage.pass(&run, "sync", Some("prepared")).await;
    assert_eq!(why.unwrap_err().name(), "NotReady", "nobody was asked");
    stage.ask(&run, "prepared").await.unwrap();
    stage.pass(&run, "sync", Some("prepared")).await.unwrap();
    let status = stage
        .call(json!({"operation": "status", "plan": "orders"}))
        .await;
    let status = status.unwrap();
    assert_eq!(status["run"]["answers"][0]["yes"], true, "{status}");
    assert!(status["run"]["question"].is_null());
}

#[tokio::test]
async fn what_is_shown_of_a_run_says_what_is_asked_and_the_commands_and_no_token() {
    let stage = Stage::usual();
    let run = stage.open("restore_home", "a").await;
    stage.done(&run, "prepare", None).await.unwrap();
    stage.ask(&run, "prepared").await.unwrap();
    let before = stage.everything();
    let status = stage
        .call(json!({"operation": "status", "plan": "orders"}))
        .await;
    let status = status.unwrap();
    assert_eq!(stage.everything(), before, "it only reads");
    assert_eq!(status["run"]["question"]["phase"], "prepared");
    assert_eq!(status["resources"].as_array().unwrap().len(), 4);
    let next = status["next"][0].as_str().unwrap();
    assert!(next.starts_with("aurora-failover approve "), "{next}");
    assert!(!status.to_string().contains("token-prepared"), "{status}");
}

#[tokio::test]
async fn who_serves_is_adopted_where_it_runs_and_not_against_the_ledgers() {
    let stage = Stage::with_row(&failover::ledger::PlanState::new("orders".into()));
    let adopt = |serves: &str, from: Value| json!({"operation": "adopt", "plan": "orders", "serves": serves, "from_epoch": from});
    stage.things.stop("billing");
    let why = stage.call(adopt(RECOVERY, Value::Null)).await.unwrap_err();
    assert!(why.to_string().contains("billing"), "{why}");
    stage.things.start("billing");
    for action in ["adopt", "none"] {
        let adopted = stage.call(adopt(RECOVERY, Value::Null)).await.unwrap();
        assert_eq!(
            (&adopted["action"], &adopted["epoch"]),
            (&json!(action), &json!(1))
        );
    }
    recovery_serves(&stage, 1);
    let why = stage.call(adopt(HOME, Value::Null)).await.unwrap_err();
    assert_eq!(why.name(), "RunRefused");
    let moved = stage.call(adopt(HOME, json!(1))).await.unwrap();
    assert_eq!(moved["epoch"], 2, "people have moved it, and say so");
    let why = stage
        .call(adopt("eu-west-1", Value::Null))
        .await
        .unwrap_err();
    assert_eq!(why.name(), "InvalidRequest");
}

#[tokio::test]
async fn no_job_takes_a_word_that_it_does_not_know() {
    let stage = Stage::usual();
    for operation in [
        "adopt",
        "open",
        "prepare",
        "sync",
        "rehearse",
        "take_away",
        "window",
        "suspend",
        "last_sync",
        "cut_over",
        "verify",
        "retire",
        "conclude",
        "give_back",
        "revert",
        "ask",
        "approve",
        "decline",
        "close",
        "release",
        "status",
    ] {
        let payload = json!({"operation": operation, "plan": "orders", "colour": 1});
        let why = stage.call(payload).await.unwrap_err();
        assert!(
            why.name() == "InvalidRequest" && why.to_string().contains("colour"),
            "{operation}: {why}"
        );
    }
}
