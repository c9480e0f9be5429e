//! When the proven writer is opened, and by what.

use failover::{
    domain::Epoch,
    ledger::{Current, PlanState, Run},
    testing::{self, Books},
};

use super::*;
use crate::members::{
    stops::tests::{Database, member, open as opened, shown, stopped},
    tests::plan,
};

/// A run that has proven the writer here, under epoch 8.
async fn proven() -> (Books, Input) {
    let run = Run {
        plan: plan(),
        ..testing::run()
    };
    let row = testing::row("us-east-1", 8);
    let current = row.current.map(|current| Current {
        run_id: run.run_id.clone(),
        ..current
    });
    let row = PlanState {
        current,
        ..testing::row("us-east-1", 8)
    };
    books_of(run, row).await
}

async fn books_of(run: Run, row: PlanState) -> (Books, Input) {
    let books = Books::leased(&run, &row).await.of_plan(plan());
    let input = Input {
        run_id: Some(run.run_id),
        from_region: Some(run.from),
        target_region: Some(run.to),
        epoch: Some(run.epoch),
        ..Input::of(run.plan.plan)
    };
    (books, input)
}

#[tokio::test]
async fn what_a_stop_took_is_given_back_and_seen_so_in_one_pass() {
    let (books, input) = proven().await;
    member(stopped(8, "late"));
    let first = run(&books, &input).await.unwrap();
    assert_eq!(first.action, "open");
    assert_eq!((shown().mark, shown().roles.len()), (None, 1));
    assert_eq!(first.progress, failover::pass::Progress::Done);
    let second = run(&books, &input).await.unwrap();
    assert_eq!(second.action, "none");
    assert_eq!(second.progress, failover::pass::Progress::Done);
}

#[tokio::test]
async fn a_writer_to_which_nothing_logs_in_is_not_looked_at() {
    let (books, input) = proven().await;
    let books = books.of_plan(crate::members::tests::heartless());
    member(stopped(8, "late"));
    let pass = run(&books, &input).await.unwrap();
    assert_eq!((pass.action, shown().mark.is_some()), ("none", true));
}

#[tokio::test]
async fn where_no_stop_came_along_nothing_is_done() {
    let (books, input) = proven().await;
    member(opened(8));
    let done = run(&books, &input).await.unwrap();
    assert_eq!(done.action, "none");
    assert!(books.runs()[&"a".into()].attempts.is_empty());
}

#[tokio::test]
async fn a_database_of_another_epoch_is_not_opened() {
    let (books, input) = proven().await;
    member(stopped(9, "a"));
    let why = run(&books, &input).await.unwrap_err();
    assert_eq!(why.name(), "UnexpectedTopology");
    assert_eq!(shown().mark, Some("a".into()));
}

#[tokio::test]
async fn no_name_moves_to_a_writer_at_which_no_role_can_log_in() {
    let (books, input) = proven().await;
    member(Database {
        keeps: true,
        ..stopped(8, "a")
    });
    for _ in 0..5 {
        let tried = run(&books, &input).await.unwrap();
        assert_eq!(tried.progress, failover::pass::Progress::Pending);
        assert!(tried.reason.contains("app: no right"), "{}", tried.reason);
    }
    let why = run(&books, &input).await.unwrap_err();
    assert_eq!(why.name(), "NotReady");
    assert!(
        why.to_string().contains("no application can log in"),
        "{why}"
    );
}

#[tokio::test]
async fn a_writer_that_is_not_proven_is_not_opened() {
    let before = Run {
        plan: plan(),
        ..testing::run()
    };
    let (books, input) = books_of(before, testing::row("us-west-2", 7)).await;
    member(stopped(7, "a"));
    let why = run(&books, &input).await.unwrap_err();
    assert_eq!(why.name(), "UnexpectedTopology");
    assert_eq!(shown().epoch, Some(Epoch(7)));
    assert_eq!(shown().mark, Some("a".into()));
}
