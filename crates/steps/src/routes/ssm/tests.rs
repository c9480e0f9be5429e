//! When a parameter is written, and what is told of one that is not.

use super::*;
use std::collections::BTreeMap;

use failover::{
    ledger::{Endpoints, PlanState},
    plan::{self, Endpoint},
    testing::Books,
};

use crate::routes::Destination;

fn parameter(value: &str, epoch: Option<u64>) -> Parameter {
    Parameter {
        value: value.into(),
        epoch: epoch.map(Epoch),
    }
}

fn seen(held: Option<Parameter>) -> Seen {
    Seen {
        region: "us-east-1".into(),
        name: "/orders/writer".into(),
        held,
        wanted: parameter("east.example", Some(8)),
        members: vec!["west.example".into(), "east.example".into()],
        stands: None,
    }
}

#[test]
fn a_missing_old_or_unmarked_parameter_is_written_and_a_right_one_stays() {
    for held in [
        None,
        Some(parameter("west.example", Some(7))),
        Some(parameter("east.example", None)),
    ] {
        let wrong = seen(held);
        assert!(wrong.is_wrong() && wrong.later(Epoch(8)).is_ok());
        assert_eq!(wrong.refusal(), None);
    }
    assert!(!seen(Some(parameter("east.example", Some(8)))).is_wrong());
}

/// Parameters of two Regions, one of which tells of none that there is.
fn held(region: &str, name: &str) -> Result<Option<Parameter>, Error> {
    match (region, name) {
        (_, "/orders/new") => Ok(None),
        ("us-east-1", "/orders/writer") => Ok(Some(parameter("proxy.example", None))),
        ("us-east-1", _) => Ok(Some(parameter("west.example", Some(9)))),
        _ => Err(Error::Denied("AccessDenied".into())),
    }
}

#[tokio::test]
async fn every_parameter_that_could_not_be_pointed_is_named_before_the_writer_moves() {
    let mut run = failover::testing::run();
    run.leased = ["us-east-1".into(), "us-west-2".into()].into();
    let record = |name: &str| plan::Route::Ssm {
        parameter: name.into(),
        endpoint: Endpoint::Writer,
    };
    run.plan.routes = ["/orders/writer", "/orders/later", "/orders/new"]
        .map(record)
        .into();
    let pass = Pass {
        run,
        rows: failover::ledger::Rows(BTreeMap::new()),
        now: jiff::Timestamp::UNIX_EPOCH,
        dry_run: true,
    };
    let to = Destination {
        epoch: Epoch(8),
        writer: Endpoints {
            writer: "east.example".into(),
            reader: "east-ro.example".into(),
            port: 5432,
        },
        members: vec!["east.example".into(), "west.example".into()],
        since: pass.now,
    };
    let books = Books::with(&PlanState::new("orders".into())).holding(held);
    let found = refusals(&books, &pass, &to).await;
    assert_eq!(found.len(), 4, "{found:?}");
    for part in [
        "parameter /orders/writer in us-east-1 holds proxy.example, which is no member's endpoint",
        "parameter /orders/later in us-east-1 was pointed in epoch 9, this run is in 8",
        "parameter /orders/writer in us-west-2: ",
        "parameter /orders/later in us-west-2: ",
    ] {
        assert!(found.join("; ").contains(part), "{found:?} lacks {part}");
    }
}

#[test]
fn a_later_epoch_or_a_stranger_stays_as_it_is() {
    let later = seen(Some(parameter("west.example", Some(9)))).later(Epoch(8));
    let stranger = seen(Some(parameter("proxy.example", None)));
    assert!(!stranger.is_wrong() && stranger.later(Epoch(8)).is_ok());
    for (why, part) in [
        (later.unwrap_err(), "epoch 9"),
        (stranger.refusal().unwrap(), "no member's endpoint"),
    ] {
        assert_eq!(why.name(), "UnexpectedTopology");
        assert!(why.to_string().contains(part), "{why}");
    }
}
