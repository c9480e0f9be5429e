//! What a pass decides, and what the tests of passes stand on.

mod accounts;
mod again;
mod fenced_member;
mod passes;
mod third;
mod unknown;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::*;
use failover::{
    beat::{Beat, Beats},
    ledger::{PlanState, Run, RunKind, TableIn, TableLoss},
    plan::KeyedTable,
    ports::{ListedRows, Reached, RowBatch},
    testing::Books,
    topology::{Blueprint, Group, Healthy, Instance, Shape},
};
use fenced_member::FencedMember;

fn orders() -> KeyedTable {
    KeyedTable {
        table: "public.orders".into(),
        key: vec!["id".into()],
    }
}

/// When the plan's tables were corrected.
const LATER: Timestamp = Timestamp::constant(3_600, 0);

fn losses() -> Losses {
    let under = (Epoch(8), Some(fence(100)));
    let cluster = ("orders-east", Some("cluster-A"));
    Losses::of(cluster, under, &[orders()], Timestamp::UNIX_EPOCH)
}

/// A fence that was noted then.
fn fence(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn observed(standing: Option<Standing>) -> Observed {
    Observed {
        cluster: "orders-east".into(),
        resource_id: Some("cluster-A".into()),
        standing,
        writer: "us-west-2".into(),
        epoch: Epoch(8),
        fenced_at: Some(fence(100)),
        planned_from: None,
        kept: None,
        unreachable: None,
        losses: None,
    }
}

#[test]
fn tables_are_compared_one_after_the_other_and_summarized_once() {
    let mut seen = observed(Some(Standing::Deposed));
    let next = |seen: &Observed| next_action(seen, 1).unwrap();
    assert_eq!(next(&seen), Action::Compare(0));
    let mut found = losses();
    seen.losses = Some(found.clone());
    assert_eq!(next(&seen), Action::Compare(0));
    found.tables[0].is_done = true;
    seen.losses = Some(found.clone());
    assert_eq!(next(&seen), Action::Summarize);
    found.summary = Some("s3://kept/orders/summary.json".into());
    seen.losses = Some(found);
    assert_eq!(next(&seen).acting().name, "none");
    assert_eq!(
        next_action(&observed(Some(Standing::Deposed)), 0),
        Ok(Action::Summarize)
    );
}

#[test]
fn a_deposed_writer_that_may_still_take_rows_is_not_compared() {
    let mut seen = observed(Some(Standing::Deposed));
    seen.fenced_at = None;
    let why = next_action(&seen, 1).unwrap_err();
    assert!(
        why.name() == "NotReady" && why.to_string().contains("fence-writer"),
        "{why}"
    );
    seen.standing = None;
    assert_eq!(
        next_action(&seen, 1),
        Ok(Action::Compare(0)),
        "a restored one takes none"
    );
}

#[test]
fn a_stopped_deposed_cluster_is_said_before_anything_is_compared_and_needs_nothing_more_afterwards()
{
    let mut seen = observed(Some(Standing::Deposed));
    seen.unreachable = Some("cluster orders-east in us-east-1 is stopped".into());
    for fenced_at in [None, Some(fence(100))] {
        seen.fenced_at = fenced_at;
        let why = next_action(&seen, 1).unwrap_err();
        assert!(
            why.name() == "NotReady" && why.to_string().contains("is stopped"),
            "{why}"
        );
    }
    let mut found = losses();
    found.summary = Some("s3://kept/orders/summary.json".into());
    seen.losses = Some(found);
    assert_eq!(next_action(&seen, 1).unwrap().acting().name, "none");
}

#[test]
fn what_nobody_can_know_is_said_to_be_unknown() {
    for (standing, says) in [
        (
            Standing::Follows,
            "rds:unplanned-global-failover-orders-east",
        ),
        (Standing::Gone, "final snapshot"),
    ] {
        let action = next_action(&observed(Some(standing)), 1).unwrap();
        let Action::Unknown(why) = action else {
            panic!("{standing:?}: {action:?}");
        };
        assert!(why.contains(says), "{why}");
    }
    let home = next_action(&observed(Some(Standing::Endorsed)), 1).unwrap();
    assert_eq!(home.acting().name, "none");
}

fn beat(seq: u64) -> Beat {
    Beat {
        seq,
        epoch: Epoch(7),
        at: Timestamp::from_second(i64::try_from(seq).unwrap()).unwrap(),
    }
}

fn batch(after: Option<&str>, only_here: u64, differs: u64) -> RowBatch {
    let found = |count| ListedRows {
        count,
        csv: if count > 0 {
            b"id\n1\n".to_vec()
        } else {
            Vec::new()
        },
        ..ListedRows::default()
    };
    RowBatch {
        reached: after.map_or(Reached::End, |key| Reached::Key(vec![key.to_owned()])),
        rows: 5,
        compared: 10,
        only_here: found(only_here),
        differs: found(differs),
        ..RowBatch::default()
    }
}
