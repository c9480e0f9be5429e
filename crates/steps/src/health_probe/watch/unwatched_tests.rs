//! What an invocation says of a plan that it cannot watch.

use super::{looks::blind, *};
use failover::{
    beat::Write,
    ports::Runtime,
    testing::{self, Books},
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn row() -> PlanState {
    testing::row("us-west-2", 7)
}

/// One invocation with room for one look.
async fn watched(books: &Books) -> WatchedPlan {
    let deadline = books.now() + RESERVE + SignedDuration::from_secs(1);
    let watched = run(books, Shard::WHOLE, deadline).await.unwrap();
    let [watched] = <[_; 1]>::try_from(watched.plans).unwrap();
    watched
}

#[tokio::test]
async fn a_plan_that_cannot_be_watched_is_counted_and_the_answer_says_why() {
    let nobody_writes = Books::with(&PlanState::new("orders".into()));
    let broken = Books::with(&row()).with_document("{\"plan\": \"orders\",,}");
    let nowhere = Books::with(&row());
    for (books, why, looks, counted) in [
        (nobody_writes, "no ledger names a writer", 0, Counted::Watch),
        (broken, "the document is not JSON", 1, Counted::Plan),
        (
            nowhere,
            "no endpoint of the member in us-west-2 is known",
            1,
            Counted::Watch,
        ),
    ] {
        drop(metric::counted());
        let watched = watched(&books).await;
        let fault = watched.fault.unwrap();
        assert!(fault.contains(why), "{fault} lacks {why}");
        assert_eq!(watched.looks, looks, "{why}");
        assert_eq!(metric::counted(), [(counted, "orders".into())], "{why}");
    }
}

#[tokio::test]
async fn a_plan_without_a_heart_is_kept_and_nobody_looks_suspects_or_misses_a_beat() {
    let document = testing::sqlserver_document().to_string();
    let mut books = Books::with(&row()).with_document(&document);
    drop(metric::counted());
    for second in [1_000, 2_000, 2_090] {
        books.set_time(at(second));
        let watched = watched(&books).await;
        assert_eq!((watched.looks, watched.suspected), (0, false));
        assert_eq!(watched.fault, None);
    }
    assert_eq!(books.told(), Vec::<String>::new());
    assert_eq!(metric::counted(), []);
    let nobody = Books::with(&PlanState::new("orders".into())).with_document(&document);
    let fault = watched(&nobody).await.fault.unwrap();
    assert!(fault.contains("no ledger names a writer"), "{fault}");
}

#[test]
fn a_writer_that_fails_is_watched_and_one_that_nothing_was_seen_of_is_not() {
    let why = || "it said so".to_owned();
    assert!(blind(&Write::Misconfigured { why: why() }).is_some());
    assert!(blind(&Write::Unattempted { why: why() }).is_some());
    for seen in [
        Write::Failed { why: why() },
        Write::Saturated { why: why() },
        Write::Starting { why: why() },
        Write::Exhausted { why: why() },
        Write::Answered { why: why() },
        Write::ReadOnly,
    ] {
        assert_eq!(blind(&seen), None, "{seen}");
    }
}

#[tokio::test]
async fn an_invocation_minds_the_other_regions_probes() {
    let mut document = failover::testing::plan_document();
    document["notify"] =
        serde_json::json!({"us-east-1": "arn:aws:sns:us-east-1:123456789012:orders-alerts"});
    let books = Books::with(&row()).with_document(&document.to_string());
    let mut books = books.looked("us-west-2", at(1_000));
    for second in [2_000, 2_090] {
        books.set_time(at(second));
        watched(&books).await;
    }
    let told = books.told().join(". ");
    let silent = "the probe in us-west-2 has not looked since";
    assert_eq!(told.matches(silent).count(), 1, "{told}");
}
