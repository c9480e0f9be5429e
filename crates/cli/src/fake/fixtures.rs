//! What an account for tests holds: a plan, its rows, what probes saw, and runs.

use failover::{
    beat::{Beat, Reading, Signs, Vantage, Write},
    domain::Epoch,
    ledger::{Claim, Closed, Current, Endpoints, Entry, Outcome, PlanState, Run, RunKind},
    plan::Plan,
};
use jiff::{SignedDuration, Timestamp};

use crate::RunSummary;

pub(crate) const HOME: &str = "us-west-2";
pub(crate) const OTHER: &str = "us-east-1";
pub(crate) const TEXT: &str = include_str!("../../tests/plans/good.json");

/// The time of every test.
pub(crate) fn now() -> Timestamp {
    "2026-01-31T02:00:00Z".parse().unwrap()
}

pub(crate) fn before(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

pub(crate) fn plan() -> Plan {
    failover::plan::read(TEXT).unwrap()
}

/// The row of a plan whose writer a Region has.
pub(crate) fn row(writer: &str, epoch: u64) -> PlanState {
    PlanState {
        current: Some(Current {
            epoch: Epoch(epoch),
            writer: writer.into(),
            global_cluster: None,
            run_id: "adopt".into(),
            proven_at: before(10_800),
            unplanned: false,
            acknowledged_at: None,
        }),
        ..PlanState::new("orders".into())
    }
}

/// Where a member is reached.
pub(crate) fn reached(member: &str) -> Endpoints {
    Endpoints {
        writer: format!("{member}.cluster-a1.example"),
        reader: format!("{member}.cluster-ro-a1.example"),
        port: 5432,
    }
}

/// What is deployed.
pub(crate) const VERSION: &str = "4f2a8c01b2d3e4f5";

/// What a probe saw that commits.
pub(crate) fn vantage(region: &str, writer: &str) -> Vantage {
    let beat = Beat {
        seq: 812,
        epoch: Epoch(1),
        at: before(2),
    };
    Vantage {
        region: region.into(),
        writer_region: writer.into(),
        at: before(2),
        write: Write::Committed { beat },
        last_beat: Some(beat),
        failing_since: None,
        failures: 0,
        reading: Some(Reading::default()),
        moved_at: Some(before(2)),
        signs: Signs {
            read_at: Some(before(2)),
            lag_ms: Some(800),
            ..Signs::default()
        },
        version: Some(VERSION.into()),
    }
}

/// A run that ended some seconds ago, as a list shows it.
pub(crate) fn run(id: &str, seconds: i64, outcome: Outcome) -> RunSummary {
    record(id, seconds, outcome).into()
}

/// The record of a run that ended some seconds ago.
pub(crate) fn record(id: &str, seconds: i64, outcome: Outcome) -> Run {
    let claim = Claim {
        run_id: id.into(),
        kind: RunKind::UnplannedFailover,
        incident: None,
        from: HOME.into(),
        to: OTHER.into(),
    };
    let mut run = Run::opened(claim, plan(), Epoch(1), before(seconds + 20));
    run.timeline.push(Entry {
        at: before(seconds + 5),
        step: "flip_dns".into(),
        action: "change".into(),
        reason: "points writer.orders.internal to us-east-1".into(),
    });
    run.closed = Some(Closed {
        at: before(seconds),
        outcome,
        left: Vec::new(),
        rto_seconds: Some(14.8),
        rpo: None,
        at_most_seconds: None,
        came_back_until: None,
        is_heard_again: false,
        step_seconds: [("flip_dns".into(), 2.0)].into(),
    });
    run
}
