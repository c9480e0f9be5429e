//! Timelines as drills recorded them, in milliseconds from the drill's beginning.

use super::*;
use crate::report::{Allowances, Rto, RunState, timestamp};

fn run(machine: &str, outcome: &str, states: &[(&str, i64, i64)]) -> Run {
    Run {
        name: format!("{machine}-1"),
        machine: machine.into(),
        region: "us-east-1".into(),
        status: "SUCCEEDED".into(),
        outcome: Some(outcome.into()),
        left: Vec::new(),
        states: states
            .iter()
            .map(|(name, from, until)| RunState {
                name: (*name).into(),
                entered_at: timestamp(*from),
                exited_at: Some(timestamp(*until)),
                passes: 1,
            })
            .collect(),
    }
}

fn outage(from_ms: i64, until_ms: Option<i64>) -> Outage {
    Outage {
        from_ms,
        until_ms,
        before: Some("west".into()),
        after: until_ms.map(|_| "east".into()),
    }
}

/// The failover of `failback-after-detach`.
fn failover() -> Run {
    run(
        "unplanned-failover",
        "succeeded",
        &[
            ("OpenRun", 24_110, 24_190),
            ("ConfirmOutage", 24_200, 27_310),
            ("DetachAndPromote", 27_320, 31_850),
            ("ProveWriter", 31_860, 31_960),
            ("FlipDns", 31_970, 34_000),
        ],
    )
}

/// Its failback, which moves the writer home 25 s later.
fn failback() -> Run {
    run(
        "failback",
        "succeeded",
        &[
            ("OpenRun", 40_000, 40_100),
            ("PlannedFailover", 52_000, 56_300),
            ("ProveWriter", 56_310, 56_400),
            ("FlipDns", 56_410, 58_500),
        ],
    )
}

fn seen() -> Seen {
    Seen {
        suspected: vec![24_000],
        dns_changed: vec![(31_980, 32_010), (56_420, 56_450)],
        promotion_taken: vec![27_400],
        promotion_completed: vec![31_400, 56_000],
    }
}

fn phases(recovery: &Recovery<'_>) -> [Option<f64>; 5] {
    let allowances = Allowances::default();
    let phases = Rto::measure(None, recovery.moments.clone(), &allowances).phases;
    [
        phases.noticing,
        phases.confirming,
        phases.promotion,
        phases.dns,
        phases.reconnecting,
    ]
}

#[test]
fn a_failback_lends_none_of_its_moments_to_the_failover_before_it() {
    let outages = [outage(17_000, Some(32_980)), outage(54_100, Some(56_700))];
    let runs = [failover(), failback()];
    let found = recovery(&outages, &runs, &seen()).unwrap();
    assert_eq!(found.run.machine, "unplanned-failover");
    assert_eq!(
        phases(&found),
        [Some(7.0), Some(3.31), Some(4.65), Some(0.05), Some(0.97)]
    );
    assert_eq!(found.promotion_ms, Some(4_000));
}

#[test]
fn a_later_and_longer_outage_is_not_the_one_that_was_recovered_from() {
    let outages = [outage(17_000, Some(32_980)), outage(60_000, None)];
    let runs = [failover()];
    let found = recovery(&outages, &runs, &seen()).unwrap();
    assert_eq!(found.moments.first_write, Some(timestamp(32_980)));
}

#[test]
fn planned_moves_are_no_recovery() {
    let outages = [outage(54_100, Some(56_700))];
    assert_eq!(recovery(&outages, &[failback()], &seen()), None);
}

#[test]
fn a_change_of_dns_from_before_the_proof_or_after_the_outage_is_not_its_own() {
    let outages = [outage(17_000, Some(32_980))];
    let seen = Seen {
        dns_changed: vec![(20_000, 20_030), (56_420, 56_450)],
        ..seen()
    };
    let runs = [failover()];
    let found = recovery(&outages, &runs, &seen).unwrap();
    assert_eq!(found.moments.dns_moved, None);
    assert_eq!(phases(&found)[3..], [None, None]);
}

#[test]
fn a_name_that_is_followed_before_the_change_was_answered_makes_no_negative_phase() {
    let outages = [outage(17_000, Some(31_995))];
    let runs = [failover()];
    let found = recovery(&outages, &runs, &seen()).unwrap();
    assert_eq!(phases(&found)[3..], [Some(0.035), Some(0.0)]);
}

#[test]
fn a_run_that_finishes_anothers_promotion_is_measured_from_that_ones_confirmation() {
    let died = run(
        "unplanned-failover",
        "failed",
        &[
            ("ConfirmOutage", 24_200, 27_310),
            ("DetachAndPromote", 27_320, 30_000),
        ],
    );
    let finishes = run(
        "unplanned-failover",
        "succeeded",
        &[("ProveWriter", 90_000, 90_100)],
    );
    let outages = [outage(17_000, Some(91_000))];
    let runs = [died, finishes];
    let found = recovery(&outages, &runs, &seen()).unwrap();
    assert_eq!(found.run.outcome.as_deref(), Some("succeeded"));
    assert_eq!(phases(&found)[..3], [Some(7.0), Some(3.31), Some(62.79)]);
}

#[test]
fn an_outage_that_nobody_ended_is_no_recovery() {
    let stood_down = run(
        "unplanned-failover",
        "stood_down",
        &[("ConfirmOutage", 24_200, 27_310)],
    );
    let outages = [outage(17_000, None)];
    assert_eq!(recovery(&outages, &[stood_down], &seen()), None);
}
