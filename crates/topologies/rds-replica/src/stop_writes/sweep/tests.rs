//! Which stops the schedule gives back, and which it leaves alone.

use failover::{
    domain::Epoch,
    ledger::Intent,
    ports::ReachOutput,
    testing::{self, Books},
};
use jiff::Timestamp;

use super::*;
use crate::members::stops::tests::{books, member, open as opened, row, shown, stopped};

/// Tests begin at second 1,000.
fn bearing(token: &str, seconds_ago: i64, stage: Stage) -> PlanState {
    PlanState {
        stop: Some(Box::new(Stop {
            token: token.into(),
            epoch: Epoch(8),
            from: "us-east-1".into(),
            to: "us-west-2".into(),
            run_id: "a".into(),
            written_at: Timestamp::from_second(1_000 - seconds_ago).unwrap(),
            stage,
        })),
        ..row()
    }
}

/// What one sweep did, or was refused with.
async fn swept(books: &Books) -> Result<&'static str, &'static str> {
    let swept = sweep(books).await;
    swept.map(|plans| plans[0].action).map_err(|why| why.name())
}

#[tokio::test]
async fn a_stop_is_left_to_its_run_for_a_minute_and_then_withdrawn_before_the_writer_is_opened() {
    member(stopped(7, "a"));
    let young = books(&bearing("a", 60, Stage::Stopping));
    assert_eq!(swept(&young).await, Ok("none"));
    assert_eq!(shown().mark, Some("a".into()));
    let old = books(&bearing("a", 61, Stage::Stopping));
    assert_eq!(swept(&old).await, Ok("opened"));
    let row = &old.rows()[&"us-east-1".into()];
    assert_eq!((row.stop.clone(), row.spent_epoch()), (None, Epoch(8)));
    assert_eq!((shown().mark, shown().roles.len()), (None, 1));
    assert_eq!(old.told().len(), 1, "{:?}", old.told());
    assert_eq!(swept(&old).await, Ok("none"));
    assert_eq!(old.told().len(), 1, "once");
}

#[tokio::test]
async fn a_stop_that_had_not_come_about_is_withdrawn_and_nobody_is_told() {
    member(opened(7));
    let old = books(&bearing("a", 61, Stage::Stopping));
    assert_eq!(swept(&old).await, Ok("withdrawn"));
    assert!(old.rows()[&"us-east-1".into()].stop.is_none());
    assert!(old.told().is_empty());
}

#[tokio::test]
async fn a_mark_that_no_row_bears_is_opened_at_once() {
    for row in [row(), bearing("b", 1, Stage::Stopping)] {
        member(stopped(7, "late"));
        assert_eq!(swept(&books(&row)).await, Ok("opened"));
        assert_eq!(shown().mark, None);
    }
}

#[tokio::test]
async fn under_a_promotion_and_beside_a_later_writer_nothing_is_opened() {
    let begun = |epoch| PlanState {
        intent: Some(Intent {
            epoch: Epoch(epoch),
            from: "us-east-1".into(),
            to: "us-west-2".into(),
            global_cluster: None,
            run_id: "a".into(),
            written_at: Timestamp::UNIX_EPOCH,
        }),
        ..row()
    };
    let old = || bearing("a", 61, Stage::Stopping);
    for (here, there) in [
        (bearing("a", 61, Stage::Promoting), row()),
        (begun(8), row()),
        (old(), begun(8)),
        (old(), bearing("a", 61, Stage::Promoting)),
        (old(), testing::row("us-west-2", 8)),
        (row(), testing::row("us-west-2", 8)),
        (testing::row("us-west-2", 7), row()),
    ] {
        member(stopped(7, "a"));
        let books = books(&here).with_row("us-west-2", &there);
        assert_eq!(swept(&books).await, Ok("none"));
        assert_eq!(shown().mark, Some("a".into()), "{here:?} {there:?}");
    }
}

fn heard(reaches: bool) -> Result<ReachOutput, Error> {
    Ok(ReachOutput {
        reaches,
        others_only: false,
        reason: "asked".into(),
    })
}

#[tokio::test]
async fn a_silent_region_may_have_the_writer_unless_the_witness_does_not_hear_it_either() {
    let silent =
        |seconds_ago| books(&bearing("a", seconds_ago, Stage::Stopping)).silence("us-west-2");
    member(stopped(7, "a"));
    for books in [
        silent(61),
        silent(61).hearing(|_| heard(true)),
        silent(301).hearing(|_| heard(false)),
        books(&row()).silence("us-west-2"),
    ] {
        assert_eq!(swept(&books).await, Err("Unavailable"));
        assert_eq!(shown().mark, Some("a".into()));
    }
    let by_hand = |force: Option<&str>| GiveBack {
        _operation: "give_back".into(),
        plan: "orders".into(),
        force: force.map(Into::into),
    };
    let hears = silent(1).hearing(|_| heard(true));
    let dry = super::by_hand(&hears, &by_hand(None)).await.unwrap();
    assert_eq!((dry.action, shown().mark), ("would_open", Some("a".into())));
    let wrong = super::by_hand(&hears, &by_hand(Some("orders@6"))).await;
    assert_eq!(wrong.unwrap_err().name(), "InvalidRequest");
    let promoting = books(&bearing("a", 61, Stage::Promoting)).silence("us-west-2");
    let left = super::by_hand(&promoting, &by_hand(Some("orders@7"))).await;
    assert_eq!(left.unwrap().action, "none");
    assert_eq!(shown().mark, Some("a".into()));
    let word = super::by_hand(&hears, &by_hand(Some("orders@7"))).await;
    assert_eq!((word.unwrap().action, shown().mark), ("opened", None));
    member(stopped(7, "a"));
    let gone = silent(61).hearing(|_| heard(false));
    assert_eq!(swept(&gone).await, Ok("opened"));
    assert_eq!(shown().mark, None);
}

/// A run withdraws its stop before it has the writer opened, and its Region may die in between.
#[tokio::test]
async fn a_mark_whose_stop_was_withdrawn_is_as_old_as_it_is_itself() {
    for (second, expected) in [(299, Ok("opened")), (301, Err("Unavailable"))] {
        member(stopped(7, "a"));
        let gone = books(&row()).silence("us-west-2");
        let mut gone = gone.hearing(|_| heard(false));
        gone.set_time(Timestamp::from_second(second).unwrap());
        assert_eq!(swept(&gone).await, expected, "{second}");
    }
}

#[tokio::test]
async fn a_mark_that_came_along_with_a_promotion_to_here_is_opened_whoever_is_silent() {
    member(stopped(7, "late"));
    let mut row = row();
    if let Some(current) = &mut row.current {
        current.proven_at = Timestamp::from_second(900).unwrap();
    }
    let books = books(&row).silence("us-west-2");
    assert_eq!(swept(&books).await, Ok("opened"));
    assert_eq!(shown().mark, None);
}

#[tokio::test]
async fn nobody_is_told_that_writes_go_on_where_nothing_was_opened() {
    for database in [
        stopped(6, "late"),
        crate::members::stops::tests::Database {
            keeps: true,
            ..stopped(7, "late")
        },
    ] {
        member(database);
        let books = books(&row());
        assert_eq!(swept(&books).await, Err("NotReady"));
        assert!(books.told().is_empty());
        assert_eq!(shown().mark, Some("late".into()));
    }
}

#[test]
fn a_stop_that_is_given_back_is_told_as_its_example_shows() {
    use failover::testing::example;
    let said = "3 role(s) may log in again";
    let stop = "4f2a8c01".into();
    let message = super::opened(&example::plan(), &"us-west-2".into(), (&stop, said));
    example::is("writes-go-on", &message);
}
