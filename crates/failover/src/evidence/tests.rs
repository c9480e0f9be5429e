//! The verdict table, row by row.

use super::*;
use crate::{beat::Beat, domain::Epoch};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn detection() -> Detection {
    Detection {
        interval_seconds: 5,
        failures: 3,
        timeout_seconds: 3,
        in_region_grace_seconds: 60,
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
        gathered_at: at(15),
    }
}

fn verdict(evidence: &Evidence) -> Verdict {
    evidence.verdict(&detection())
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

#[test]
fn a_busy_writer_is_restarting_for_as_long_as_the_busy_grace() {
    let busy = Evidence {
        writer_rds: status("upgrading"),
        home_vantage: HomeVantage::FreshFailure,
        gathered_at: at(899),
        ..region_down()
    };
    assert_eq!(verdict(&busy), Verdict::WriterRestarting);
    assert_eq!(
        verdict(&Evidence {
            gathered_at: at(900),
            ..busy
        }),
        Verdict::WriterDown
    );
}

#[test]
fn a_status_never_seen_before_counts_as_busy() {
    let unheard_of = Evidence {
        writer_rds: status("re-shuffling"),
        gathered_at: at(100),
        ..region_down()
    };
    assert_eq!(verdict(&unheard_of), Verdict::WriterRestarting);
}

#[test]
fn a_writer_whose_region_answers_gets_the_grace_and_is_then_down_only_if_its_own_vantage_fails() {
    let within = Evidence {
        writer_rds: status("available"),
        ..region_down()
    };
    let spent = Evidence {
        gathered_at: at(60),
        ..within.clone()
    };
    assert_eq!(verdict(&within), Verdict::WriterRestarting);
    assert_eq!(verdict(&spent), Verdict::Undetermined);
    assert_eq!(
        verdict(&Evidence {
            home_vantage: HomeVantage::FreshFailure,
            ..spent
        }),
        Verdict::WriterDown
    );
}

#[test]
fn a_silent_rds_beside_a_failing_home_vantage_is_a_writer_down() {
    let evidence = Evidence {
        home_vantage: HomeVantage::FreshFailure,
        ..region_down()
    };
    assert_eq!(verdict(&evidence), Verdict::WriterDown);
}

#[test]
fn a_region_whose_ledger_answers_is_not_gone() {
    let evidence = Evidence {
        writer_ledger_answers: true,
        ..region_down()
    };
    assert_eq!(verdict(&evidence), Verdict::Undetermined);
}

#[test]
fn an_unreadable_reader_beside_an_unhealthy_rds_of_its_own_proves_nothing() {
    for local_rds in [
        status("rebooting"),
        Rds::Other {
            why: "denied".into(),
        },
    ] {
        let evidence = Evidence {
            progress: Progress::Unreadable,
            local_rds,
            ..region_down()
        };
        assert_eq!(verdict(&evidence), Verdict::Undetermined);
    }
}

#[test]
fn an_observer_whose_own_rds_or_witness_is_silent_is_isolated() {
    assert_eq!(
        verdict(&Evidence {
            local_rds: silent(),
            ..region_down()
        }),
        Verdict::ObserverIsolated
    );
    assert_eq!(
        verdict(&Evidence {
            witness: Witness::Unreachable,
            ..region_down()
        }),
        Verdict::ObserverIsolated
    );
}

#[test]
fn a_witness_that_reaches_the_writers_region_shows_that_the_regions_are_parted() {
    assert_eq!(
        verdict(&Evidence {
            witness: Witness::Reaches,
            ..region_down()
        }),
        Verdict::PathImpaired
    );
}

#[test]
fn a_region_is_down_when_nobody_reaches_it() {
    assert_eq!(verdict(&region_down()), Verdict::RegionDown);
    assert_eq!(
        verdict(&Evidence {
            progress: Progress::Unreadable,
            ..region_down()
        }),
        Verdict::RegionDown
    );
}

#[test]
fn without_a_witness_it_is_down_unwitnessed_and_undetermined_when_the_reader_is_silent_too() {
    let unwitnessed = Evidence {
        witness: Witness::NotConfigured,
        ..region_down()
    };
    assert_eq!(verdict(&unwitnessed), Verdict::RegionDownUnwitnessed);
    assert_eq!(
        verdict(&Evidence {
            progress: Progress::Unreadable,
            ..unwitnessed
        }),
        Verdict::Undetermined
    );
}

#[test]
fn progress_right_after_the_first_failure_may_be_draining_and_later_is_proof_of_life() {
    let vantage = |failing_since, moved_at| Vantage {
        region: "us-east-1".into(),
        writer_region: "us-west-2".into(),
        at: at(20),
        write: Write::Failed { why: String::new() },
        last_beat: None,
        failing_since: Some(at(failing_since)),
        failures: 3,
        reading: None,
        moved_at: Some(at(moved_at)),
    };
    let progress = |failing_since, moved_at| {
        Progress::of(
            &vantage(failing_since, moved_at),
            true,
            &detection(),
            at(20),
        )
    };
    assert_eq!(progress(15, 14), Progress::Draining);
    assert_eq!(progress(5, 14), Progress::Moving);
    assert_eq!(progress(5, 9), Progress::Still);
    assert_eq!(
        Progress::of(&vantage(5, 19), false, &detection(), at(20)),
        Progress::Unreadable
    );
}

fn home(second: i64, write: Write) -> Vantage {
    Vantage {
        region: "us-west-2".into(),
        writer_region: "us-west-2".into(),
        at: at(second),
        write,
        last_beat: None,
        failing_since: None,
        failures: 0,
        reading: None,
        moved_at: None,
    }
}

fn judged(home: Option<&Vantage>, since: i64, now: i64) -> HomeVantage {
    let writer = Region::from("us-west-2");
    HomeVantage::of(home, &writer, Some(at(since)), &detection(), at(now))
}

#[test]
fn a_home_vantage_counts_when_it_is_from_after_our_first_failure_and_not_old() {
    let beat = Beat {
        seq: 1,
        epoch: Epoch(7),
        at: at(11),
    };
    let success = home(11, Write::Committed { beat });
    assert_eq!(judged(Some(&success), 10, 20), HomeVantage::FreshSuccess);
    assert_eq!(judged(Some(&success), 11, 20), HomeVantage::Unknown);
    assert_eq!(judged(Some(&success), 10, 60), HomeVantage::Unknown);
    assert_eq!(judged(None, 10, 20), HomeVantage::Unknown);
    let other = Vantage {
        writer_region: "us-east-1".into(),
        ..success
    };
    assert_eq!(judged(Some(&other), 10, 20), HomeVantage::Unknown);
}

#[test]
fn only_a_failing_writer_makes_a_home_vantage_bad_news() {
    let failure = home(
        11,
        Write::Failed {
            why: "refused".into(),
        },
    );
    assert_eq!(judged(Some(&failure), 10, 20), HomeVantage::FreshFailure);
    let read_only = home(11, Write::ReadOnly);
    assert_eq!(judged(Some(&read_only), 10, 20), HomeVantage::Unknown);
}
