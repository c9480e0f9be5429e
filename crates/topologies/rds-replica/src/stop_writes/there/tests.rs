//! What the writer's own Region does for another one, and what it does not.

use failover::{
    domain::Epoch,
    ledger::{Stage, Stop},
    testing::Books,
};
use jiff::Timestamp;

use super::*;
use crate::members::stops::tests::{Database, books, member, open as opened, row, shown, stopped};

fn of(token: &str) -> OfStop {
    OfStop {
        plan: "orders".into(),
        epoch: Epoch(7),
        token: token.into(),
    }
}

/// This Region's row, which bears a stop.
fn bearing(token: &str, stage: Stage) -> PlanState {
    PlanState {
        stop: Some(Box::new(Stop {
            token: token.into(),
            epoch: Epoch(8),
            from: "us-east-1".into(),
            to: "us-west-2".into(),
            run_id: "a".into(),
            written_at: Timestamp::UNIX_EPOCH,
            stage,
        })),
        ..row()
    }
}

async fn asked(books: &Books, asked: Asked) -> Result<Stands, &'static str> {
    answer(books, &asked).await.map_err(|why| why.name())
}

#[tokio::test]
async fn a_writer_is_stopped_only_by_the_mark_that_this_regions_row_bears() {
    let books = |row: &PlanState| books(row);
    let another_epoch = OfStop {
        epoch: Epoch(6),
        ..of("a")
    };
    for (row, of) in [
        (row(), of("a")),
        (bearing("b", Stage::Stopping), of("a")),
        (bearing("a", Stage::Promoting), of("a")),
        (bearing("a", Stage::Stopping), another_epoch),
    ] {
        member(opened(7));
        let refused = asked(&books(&row), Asked::Stop(of)).await;
        assert_eq!(refused, Err("RunRefused"));
        assert_eq!(shown().mark, None);
        assert_eq!(shown().roles, ["app"]);
    }
    member(opened(7));
    let stops = books(&bearing("a", Stage::Stopping));
    let said = asked(&stops, Asked::Stop(of("a"))).await.unwrap();
    assert_eq!(said.open, Vec::<String>::new());
    assert_eq!((shown().mark, shown().roles.len()), (Some("a".into()), 0));
}

#[tokio::test]
async fn a_database_of_another_epoch_is_not_stopped() {
    member(opened(8));
    let stops = books(&bearing("a", Stage::Stopping));
    assert_eq!(asked(&stops, Asked::Stop(of("a"))).await, Err("NotReady"));
    assert_eq!(shown().mark, None);
}

#[tokio::test]
async fn a_mark_that_no_row_bears_is_opened_before_the_next_stop() {
    member(stopped(7, "late"));
    let stops = books(&bearing("a", Stage::Stopping));
    let said = asked(&stops, Asked::Stop(of("a"))).await.unwrap();
    assert!(said.said.contains("late"), "{said:?}");
    assert_eq!((shown().mark, shown().roles.len()), (None, 1));
    asked(&stops, Asked::Stop(of("a"))).await.unwrap();
    assert_eq!(shown().mark, Some("a".into()));
}

#[tokio::test]
async fn how_far_it_has_written_is_told_only_of_a_writer_that_is_shut_under_this_mark() {
    let looks = books(&bearing("a", Stage::Stopping));
    let look = async || asked(&looks, Asked::Position(of("a"))).await.unwrap();
    member(opened(7));
    assert_eq!(look().await.position, None);
    member(stopped(7, "b"));
    assert_eq!(look().await.position, None);
    member(Database {
        prepared: vec!["transfer".into()],
        ..stopped(7, "a")
    });
    let open = look().await;
    assert_eq!((open.position, open.open.len()), (None, 1));
    member(stopped(7, "a"));
    let shut = look().await;
    assert_eq!((shut.position, shut.open.len()), (Some(4_096), 0));
    let looked = asked(&looks, Asked::Look(of("a"))).await.unwrap();
    assert_eq!(looked.position, None, "a look commits nothing");
}

#[tokio::test]
async fn a_writer_is_opened_only_once_no_row_here_bears_the_mark_and_nothing_is_promoted() {
    for row in [
        bearing("a", Stage::Stopping),
        bearing("a", Stage::Promoting),
        failover::testing::row("us-west-2", 7),
    ] {
        member(stopped(7, "a"));
        let refused = asked(&books(&row), Asked::Open(of("a"))).await;
        assert_eq!(refused, Err("RunRefused"));
        assert_eq!(shown().mark, Some("a".into()));
    }
    member(stopped(7, "b"));
    asked(&books(&row()), Asked::Open(of("a"))).await.unwrap();
    assert_eq!(shown().mark, Some("b".into()), "another stop's");
    member(stopped(7, "a"));
    asked(&books(&row()), Asked::Open(of("a"))).await.unwrap();
    assert_eq!((shown().mark, shown().roles.len()), (None, 1));
}

#[tokio::test]
async fn a_plan_of_another_kind_is_refused() {
    member(opened(7));
    let another = Books::with(&bearing("a", Stage::Stopping));
    assert_eq!(
        asked(&another, Asked::Stop(of("a"))).await,
        Err("InvalidRequest")
    );
    assert_eq!(shown().mark, None);
}
