//! The last lines of drills that held and of some that did not.

use crate::{
    PlannedMove, Rpo, Rto,
    fixtures::{path_impaired, region_loss},
};

#[test]
fn a_failover_is_summed_up_with_every_figure_and_reason() {
    let summary = region_loss().summary(false);
    for part in [
        "PASS  region-loss",
        "Writes stopped         22.1 s",
        "  noticing             13.2 s",
        "RTO                    22.0 s",
        "Rows lost                   2",
        "✓ the writer is orders-east",
    ] {
        assert!(summary.contains(part), "{part} is missing in\n{summary}");
    }
    assert!(summary.lines().all(|line| line.chars().count() <= 110));
    assert!(!summary.contains('\u{1b}'));
}

#[test]
fn a_planned_move_shows_its_own_outage_and_no_phases_of_a_failover() {
    let mut report = region_loss();
    report.rto = Rto::default();
    let gap = &report.writes.outages[0];
    let around = (gap.from, gap.until.unwrap());
    let from_ms = gap.from.as_millisecond();
    report.planned_moves = vec![
        PlannedMove {
            rto_seconds: Some(2.9),
            ..PlannedMove::unnoticed("us-east-1", around)
        }
        .paused((from_ms, from_ms + 2_300), from_ms + 1_100, 700),
    ];
    let summary = report.summary(false);
    for part in [
        "Planned move            2.3 s   without writes, to us-east-1:",
        "  switchover            1.1 s",
        "  cached name          0.70 s",
        "  overhead             0.50 s",
        "  RTO                   2.9 s",
    ] {
        assert!(summary.contains(part), "{part} is missing in\n{summary}");
    }
    for foreign in ["noticing", "RPO", "promotion"] {
        assert!(
            !summary.contains(foreign),
            "{foreign} belongs to a failover:\n{summary}"
        );
    }
}

#[test]
fn beside_other_outages_a_failovers_phases_stand_under_its_own() {
    let mut report = region_loss();
    report.planned_moves.clear();
    let again = report.writes.outages[0].clone();
    report.writes.outages.push(again);
    let summary = report.summary(false);
    let failover = "Failover               22.1 s   of that, in one outage:\n  noticing";
    assert!(summary.contains(failover), "{summary}");
    assert!(
        summary.contains("for the application, 2 times"),
        "{summary}"
    );
}

#[test]
fn without_an_outage_no_recovery_is_claimed() {
    let summary = path_impaired().summary(false);
    assert!(
        summary.contains("Writes stopped          never"),
        "{summary}"
    );
    assert!(!summary.contains("RTO"));
    assert!(!summary.contains("unknown,"));
}

#[test]
fn a_failed_check_says_what_was_expected_and_what_was_found() {
    let mut report = region_loss();
    report.checks[0].held = false;
    report.rpo = Rpo::default();
    report.writes.outages[0].until = None;
    let summary = report.summary(true);
    assert!(
        summary.contains("\u{1b}[1;31m✗\u{1b}[0m the writer is"),
        "{summary}"
    );
    assert!(
        summary.contains("Writes stopped    over 30.1 s"),
        "{summary}"
    );
    assert!(
        summary.contains("RPO                   unknown"),
        "{summary}"
    );
}
