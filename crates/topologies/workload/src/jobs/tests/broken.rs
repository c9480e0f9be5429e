//! Runs that are cut off at any pass, whose answers are lost, or that two passes work on at once.

use std::collections::BTreeMap;

use super::*;
use crate::testing::Shelf;

/// What breaks before one of a run's calls.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// A row is not written.
    Unwritten,
    /// A row is written, and nobody hears it.
    Unheard,
    /// A resource does what it is asked for, and nobody hears it.
    Lost,
}

/// A run home, with a fault before its nth pass.
async fn broken(fault: Fault, before: usize) -> Stage {
    let stage = Stage::usual();
    let run = stage.open("restore_home", "a").await;
    let steps = [
        ("prepare", None, Some("prepared")),
        ("sync", Some("prepared"), Some("suspend")),
        ("suspend", Some("suspend"), None),
        ("last_sync", None, None),
        ("cut_over", None, None),
        ("verify", None, Some("verified")),
        ("retire", Some("verified"), None),
        ("conclude", None, None),
    ];
    let mut passes = 0;
    for (step, answered, question) in steps {
        for _ in 0..40 {
            if passes == before {
                match fault {
                    Fault::Unwritten => stage.shelf.refuse_writes(1),
                    Fault::Unheard => stage.shelf.lose_answers(1),
                    Fault::Lost => stage.things.lose_answers(1),
                }
            }
            passes += 1;
            // What is on its way is waited for.
            let time = std::time::Duration::from_secs(5);
            failover::ports::Runtime::pause(&stage.shelf, time).await;
            match stage.pass(&run, step, answered).await {
                Ok(passed) if passed["progress"] == "done" => break,
                Ok(_) | Err(failover::Error::Unavailable(_)) => {}
                Err(why) => panic!("{fault:?} before pass {before}, {step}: {why}"),
            }
        }
        if let Some(question) = question {
            stage.yes(&run, question).await;
        }
    }
    let closed = stage.close(&run).await;
    assert_eq!(
        closed["outcome"], "succeeded",
        "{fault:?} {before}: {closed}"
    );
    stage
}

#[tokio::test]
async fn cut_off_at_any_pass_and_started_again_a_run_comes_to_the_same_end_and_calls_nothing_twice()
{
    for fault in [Fault::Unwritten, Fault::Unheard, Fault::Lost] {
        for before in 0..24 {
            let stage = broken(fault, before).await;
            home_serves(&stage, 8);
            nobody_holds(&stage);
            let mut times = BTreeMap::new();
            for call in stage.calls() {
                *times.entry(call).or_insert(0) += 1;
            }
            let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
            assert!(twice.is_empty(), "{fault:?} before {before}: {twice:?}");
        }
    }
}

#[tokio::test]
async fn of_two_passes_at_once_one_calls() {
    let stage = Stage::usual();
    let run = stage.open("restore_home", "a").await;
    stage.until(&run, "cut_over").await.unwrap();
    stage.pass(&run, "cut_over", None).await.unwrap();
    assert_eq!(stage.calls_in(Phase::CutOver).len(), 2);
    for _ in 0..4 {
        let passes = [(); 3].map(|()| stage.pass(&run, "cut_over", None));
        futures::future::join_all(passes).await;
        let time = std::time::Duration::from_secs(5);
        failover::ports::Runtime::pause(&stage.shelf, time).await;
    }
    let mut calls = stage.calls_in(Phase::CutOver);
    calls.sort();
    assert_eq!(calls, ["billing", "carts", "ledger", "sessions"]);
}

#[tokio::test]
async fn a_run_that_is_opened_twice_is_one_run_and_another_one_is_refused() {
    let stage = Stage::usual();
    let first = stage.open("restore_home", "a").await;
    let again = stage.open("restore_home", "a").await;
    assert_eq!(first["run"], again["run"]);
    let why = stage.try_open("restore_home", "b").await.unwrap_err();
    assert_eq!(why.name(), "RunRefused");
    assert!(why.to_string().contains("holds plan orders"), "{why}");
}

#[tokio::test]
async fn a_silent_region_is_said_before_anything_is_changed() {
    for (region, says) in [
        (HOME, "us-east-1 is not back yet"),
        (RECOVERY, "us-west-2 does not answer"),
    ] {
        let stage = Stage::on(Shelf::usual().with_books(|books| books.silence(region)));
        let before = stage.everything();
        let why = stage.try_open("restore_home", "a").await.unwrap_err();
        let said = why.to_string();
        assert!(
            said.contains(says) && said.contains("nothing was changed"),
            "{said}"
        );
        assert_eq!(stage.everything(), before);
    }
}

#[tokio::test]
async fn the_recovery_region_may_fall_silent_once_the_business_is_suspended_and_not_before() {
    for (step, goes_on) in [("suspend", false), ("last_sync", true)] {
        let stage = Stage::usual();
        let run = stage.open("restore_home", "a").await;
        stage.until(&run, step).await.unwrap();
        let stage = Stage {
            shelf: stage.shelf.silence(RECOVERY),
            things: stage.things,
        };
        let passed = stage.pass(&run, step, None).await;
        assert_eq!(passed.is_ok(), goes_on, "{step}: {passed:?}");
    }
}

#[tokio::test]
async fn the_kill_switch_and_another_epoch_stop_every_pass() {
    let stage = Stage::usual();
    let mut run = stage.open("restore_home", "a").await;
    run["run"]["epoch"] = 6.into();
    let why = stage.pass(&run, "prepare", None).await.unwrap_err();
    assert!(why.name() == "RunRefused" && why.to_string().contains("epoch"));
    let stage = Stage {
        shelf: stage
            .shelf
            .with_books(failover::testing::Books::switched_on),
        things: stage.things,
    };
    run["run"]["epoch"] = 7.into();
    let why = stage.pass(&run, "prepare", None).await.unwrap_err();
    assert_eq!(why.name(), "RunRefused");
    assert!(stage.calls().is_empty());
}

#[tokio::test]
async fn an_answer_counts_once_and_is_given_again_to_who_has_not_heard_it() {
    use failover::{Error, ports::Sent};
    let stage = Stage::usual();
    let run = stage.open("restore_home", "a").await;
    stage.done(&run, "prepare", None).await.unwrap();
    let early = stage.answer(&run, "prepared", "approve").await.unwrap_err();
    assert_eq!(early.name(), "RunRefused", "nothing is asked yet");
    stage.ask(&run, "prepared").await.unwrap();
    let lost = Err(Error::Unavailable("silence".into()));
    stage.shelf.books.meets_reply(lost);
    assert!(stage.answer(&run, "prepared", "approve").await.is_err());
    let other = stage.answer(&run, "prepared", "decline").await.unwrap_err();
    assert!(other.to_string().contains("first answer counts"), "{other}");
    stage.answer(&run, "prepared", "approve").await.unwrap();
    assert_eq!(stage.shelf.books.given().len(), 1);
    stage.shelf.books.meets_reply(Ok(Sent::NotAwaited));
    stage.answer(&run, "prepared", "approve").await.unwrap();
    assert_eq!(stage.shelf.books.given().len(), 1);
}
