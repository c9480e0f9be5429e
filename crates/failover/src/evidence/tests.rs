//! The verdict table, row by row.

use super::*;
use crate::{beat::Beat, domain::Epoch};

mod answering;
mod graces;
mod homes;
mod regions;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn detection() -> Detection {
    Detection {
        interval_seconds: 5,
        failures: 3,
        timeout_seconds: 3,
        in_region_grace_seconds: Some(60),
        busy_grace_seconds: 900,
    }
}

fn status(cluster: &str) -> Rds {
    Rds::Status {
        cluster: cluster.into(),
        instances: vec!["available".into()],
    }
}

fn silent() -> Rds {
    Rds::Silent {
        why: "timed out".into(),
    }
}

/// The writer's Region is gone, and everybody who could say otherwise was asked.
fn region_down() -> Evidence {
    Evidence {
        write: Some(Write::Failed {
            why: "timed out".into(),
        }),
        progress: Progress::Still,
        local_rds: status("available"),
        writer_rds: silent(),
        writer_ledger_answers: false,
        home_vantage: HomeVantage::Unknown,
        witness: Witness::DoesNotReach,
        failing_since: Some(at(0)),
        grace_since: None,
        said: Said::Nothing,
        stillness_tells: true,
        gathered_at: at(15),
    }
}

/// The writer's Region answers, the writer fails there and here, and the grace is spent.
fn writer_down() -> Evidence {
    Evidence {
        writer_rds: status("available"),
        home_vantage: HomeVantage::FreshFailure,
        gathered_at: at(60),
        ..region_down()
    }
}

fn verdict(evidence: &Evidence) -> Verdict {
    evidence.verdict(&detection())
}

#[test]
fn nothing_that_answers_for_a_writer_without_a_heart_rules_a_humans_word_out() {
    let document = crate::testing::sqlserver_document();
    let plan = crate::plan::read(&document.to_string()).unwrap();
    let gone = Evidence {
        write: None,
        progress: Progress::Unreadable,
        ..crate::testing::evidence(Timestamp::UNIX_EPOCH)
    };
    let silent = gone.writer_rds.clone();
    let under = |change: &dyn Fn(&mut Evidence)| {
        let mut evidence = gone.clone();
        change(&mut evidence);
        evidence.verdict_under(&plan)
    };
    assert_eq!(under(&|_| {}), Verdict::RegionDown);
    let unwitnessed = |seen: &mut Evidence| seen.witness = Witness::NotConfigured;
    assert_eq!(under(&unwitnessed), Verdict::RegionDownUnwitnessed);
    let unheard = |seen: &mut Evidence| seen.witness = Witness::Unreachable;
    assert_eq!(under(&unheard), Verdict::ObserverIsolated);
    assert_eq!(
        under(&|seen| seen.local_rds = silent.clone()),
        Verdict::ObserverIsolated
    );
    for answers in [
        |seen: &mut Evidence| seen.writer_rds = seen.local_rds.clone(),
        |seen: &mut Evidence| seen.writer_ledger_answers = true,
        |seen: &mut Evidence| seen.witness = Witness::Reaches,
        |seen: &mut Evidence| seen.witness = Witness::ReachesOthers,
    ] {
        assert_eq!(under(&answers), Verdict::Undetermined);
    }
}

#[test]
fn a_writer_that_commits_is_healthy_whatever_else_is_seen() {
    let beat = Beat {
        seq: 1,
        epoch: Epoch(7),
        at: at(15),
    };
    assert_eq!(
        verdict(&Evidence {
            write: Some(Write::Committed { beat }),
            ..region_down()
        }),
        Verdict::Healthy
    );
}

#[test]
fn a_wrong_password_says_nothing_about_the_writer() {
    let write = Some(Write::Misconfigured {
        why: "password".into(),
    });
    assert_eq!(
        verdict(&Evidence {
            write,
            ..region_down()
        }),
        Verdict::ProbeMisconfigured
    );
}

#[test]
fn a_writer_in_recovery_or_with_another_epoch_has_moved() {
    for write in [Write::ReadOnly, Write::OtherEpoch { epoch: Epoch(8) }] {
        assert_eq!(
            verdict(&Evidence {
                write: Some(write),
                ..region_down()
            }),
            Verdict::WriterMoved
        );
    }
}

#[test]
fn a_probe_that_does_not_answer_proves_nothing() {
    assert_eq!(
        verdict(&Evidence {
            write: None,
            ..region_down()
        }),
        Verdict::Undetermined
    );
}

#[test]
fn replication_that_moves_shows_that_only_the_road_is_cut() {
    assert_eq!(
        verdict(&Evidence {
            progress: Progress::Moving,
            ..region_down()
        }),
        Verdict::PathImpaired
    );
}

#[test]
fn replication_that_may_still_drain_is_looked_at_again() {
    assert_eq!(
        verdict(&Evidence {
            progress: Progress::Draining,
            ..region_down()
        }),
        Verdict::Draining
    );
}

#[test]
fn a_beat_committed_at_home_shows_that_only_the_road_is_cut() {
    let evidence = Evidence {
        home_vantage: HomeVantage::FreshSuccess,
        ..region_down()
    };
    assert_eq!(verdict(&evidence), Verdict::PathImpaired);
}
