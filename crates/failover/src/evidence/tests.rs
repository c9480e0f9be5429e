//! The verdict table, row by row.

use super::*;
use crate::{
    beat::{Beat, Signs, Vantage},
    domain::{Epoch, Region},
};

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
fn an_rds_that_does_not_tell_shortens_no_grace_and_people_are_asked() {
    let throttled = Rds::Other {
        why: "Throttling".into(),
    };
    for writer_rds in [silent(), throttled] {
        let found = [15, 60, 899, 900].map(|second| {
            verdict(&Evidence {
                writer_rds: writer_rds.clone(),
                home_vantage: HomeVantage::FreshFailure,
                gathered_at: at(second),
                ..region_down()
            })
        });
        let wanted = [
            Verdict::WriterRestarting,
            Verdict::WriterDownUnconfirmed,
            Verdict::WriterDownUnconfirmed,
            Verdict::WriterDown,
        ];
        assert_eq!(found, wanted, "{writer_rds}");
    }
}

#[test]
fn an_only_instance_has_its_ten_minutes_where_rds_does_not_tell_and_the_busy_grace_is_short() {
    let hasty = Detection {
        busy_grace_seconds: 180,
        ..detection()
    };
    let of = |second| {
        let seen = Evidence {
            writer_rds: silent(),
            home_vantage: HomeVantage::FreshFailure,
            gathered_at: at(second),
            ..region_down()
        };
        seen.verdict(&hasty)
    };
    assert_eq!(
        [of(599), of(600)],
        [Verdict::WriterDownUnconfirmed, Verdict::WriterDown]
    );
}

#[test]
fn an_instance_that_does_not_serve_is_none_to_fail_over_to() {
    let mut plan = crate::testing::run().plan;
    plan.unplanned.writer_down = Mode::Automatic;
    let of = |second: i64, instances: &[&str]| {
        let seen = Evidence {
            writer_rds: Rds::Status {
                cluster: "available".into(),
                instances: instances.iter().map(|one| (*one).to_owned()).collect(),
            },
            gathered_at: at(second),
            ..writer_down()
        };
        seen.verdict_under(&plan)
    };
    for broken in ["failed", "stopped", "incompatible-parameters"] {
        let found = [180, 599, 600].map(|second| of(second, &["available", broken]));
        let (waits, down) = (Verdict::WriterRestarting, Verdict::WriterDown);
        assert_eq!(found, [waits, waits, down], "{broken}");
    }
    let several = of(180, &["failed", "available", "available"]);
    assert_eq!(several, Verdict::WriterDown);
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

#[test]
fn a_writer_whose_slots_are_all_used_is_told_and_never_left() {
    let why = "sorry, too many clients already (SQLSTATE 53300)".to_owned();
    let write = Some(Write::Saturated { why });
    let ours = Evidence {
        write,
        ..writer_down()
    };
    let theirs = Evidence {
        home_vantage: HomeVantage::Saturated,
        ..writer_down()
    };
    assert_eq!(verdict(&ours), Verdict::WriterSaturated);
    assert_eq!(verdict(&theirs), Verdict::WriterSaturated);
    let committing = Evidence {
        home_vantage: HomeVantage::FreshSuccess,
        ..ours
    };
    assert_eq!(verdict(&committing), Verdict::PathImpaired);
}

#[test]
fn a_writer_that_says_it_is_starting_is_busy_and_then_asked_about() {
    let why = "the database system is starting up (SQLSTATE 57P03)".to_owned();
    let starting = Evidence {
        write: Some(Write::Starting { why }),
        said: Said::Starting,
        gathered_at: at(899),
        ..writer_down()
    };
    let spent = Evidence {
        gathered_at: at(900),
        ..starting.clone()
    };
    assert_eq!(verdict(&starting), Verdict::WriterRestarting);
    assert_eq!(verdict(&spent), Verdict::WriterDownUnconfirmed);
}

#[test]
fn a_writer_without_disk_is_asked_about_and_its_region_is_not_gone() {
    let why = "could not extend file: No space left on device (SQLSTATE 53100)".to_owned();
    let full = Evidence {
        write: Some(Write::Exhausted { why }),
        said: Said::Exhausted,
        ..writer_down()
    };
    assert_eq!(verdict(&full), Verdict::WriterDownUnconfirmed);
    let elsewhere_silent = Evidence {
        writer_rds: silent(),
        home_vantage: HomeVantage::Unknown,
        ..full
    };
    assert_eq!(verdict(&elsewhere_silent), Verdict::Undetermined);
}

#[test]
fn a_region_of_which_only_other_data_planes_answer_is_neither_parted_nor_gone() {
    let reached = |witness| Evidence {
        witness,
        ..region_down()
    };
    assert_eq!(
        verdict(&reached(Witness::ReachesOthers)),
        Verdict::Undetermined
    );
    assert_eq!(verdict(&reached(Witness::Reaches)), Verdict::PathImpaired);
    assert_eq!(
        verdict(&reached(Witness::DoesNotReach)),
        Verdict::RegionDown
    );
}

#[test]
fn a_writer_that_answers_and_commits_nothing_is_asked_about_and_its_region_is_not_gone() {
    let why = || "no answer within 3s after a login".to_owned();
    let to_us = Evidence {
        write: Some(Write::Answered { why: why() }),
        said: Said::of(&Write::Answered { why: why() }),
        ..writer_down()
    };
    let to_home = Evidence {
        said: Said::Nothing.or(Said::Answered),
        ..writer_down()
    };
    assert_eq!(verdict(&writer_down()), Verdict::WriterDown);
    for answered in [to_us, to_home] {
        assert_eq!(verdict(&answered), Verdict::WriterDownUnconfirmed);
        let elsewhere_silent = Evidence {
            writer_rds: silent(),
            home_vantage: HomeVantage::Unknown,
            ..answered
        };
        assert_eq!(verdict(&elsewhere_silent), Verdict::Undetermined);
    }
}

#[test]
fn probes_that_all_fail_beside_an_unreadable_reader_never_lead_on_by_themselves() {
    for writer_rds in [status("available"), silent()] {
        let blind = Evidence {
            progress: Progress::Unreadable,
            writer_rds,
            ..writer_down()
        };
        assert_eq!(verdict(&blind), Verdict::WriterDownUnconfirmed);
    }
    let only_beats = Evidence {
        stillness_tells: false,
        ..writer_down()
    };
    assert_eq!(verdict(&only_beats), Verdict::WriterDownUnconfirmed);
    assert_eq!(verdict(&writer_down()), Verdict::WriterDown);
}

#[test]
fn an_only_instance_has_its_ten_minutes_under_automatic_whatever_the_plan_says() {
    let mut plan = crate::testing::run().plan;
    plan.detection.in_region_grace_seconds = Some(180);
    let of = |plan: &Plan, instances: usize, second| {
        let seen = Evidence {
            writer_rds: Rds::Status {
                cluster: "available".into(),
                instances: vec!["available".into(); instances],
            },
            gathered_at: at(second),
            ..writer_down()
        };
        seen.verdict_under(plan)
    };
    plan.unplanned.writer_down = Mode::Automatic;
    assert_eq!(of(&plan, 1, 599), Verdict::WriterRestarting);
    assert_eq!(of(&plan, 1, 600), Verdict::WriterDown);
    assert_eq!(of(&plan, 2, 180), Verdict::WriterDown);
    plan.unplanned.writer_down = Mode::Approval;
    assert_eq!(of(&plan, 1, 180), Verdict::WriterDown, "people are asked");
}

#[test]
fn a_failover_within_the_region_has_three_minutes_and_an_only_instance_ten() {
    let by_default = Detection {
        in_region_grace_seconds: None,
        ..detection()
    };
    let of = |instances: usize, second| {
        let writer_rds = Rds::Status {
            cluster: "available".into(),
            instances: vec!["available".into(); instances],
        };
        let seen = Evidence {
            writer_rds,
            gathered_at: at(second),
            ..writer_down()
        };
        seen.verdict(&by_default)
    };
    assert_eq!(
        [of(2, 179), of(2, 180)],
        [Verdict::WriterRestarting, Verdict::WriterDown]
    );
    assert_eq!(
        [of(1, 599), of(1, 600)],
        [Verdict::WriterRestarting, Verdict::WriterDown]
    );
}

#[test]
fn a_cut_road_spends_no_grace() {
    let died_later = Evidence {
        grace_since: Some(at(500)),
        gathered_at: at(559),
        ..writer_down()
    };
    assert_eq!(verdict(&died_later), Verdict::WriterRestarting);
    let spent = Evidence {
        gathered_at: at(560),
        ..died_later
    };
    assert_eq!(verdict(&spent), Verdict::WriterDown);
}

#[test]
fn what_stopped_for_good_is_at_rest_and_not_busy() {
    for rest in [
        "inaccessible-encryption-credentials-recoverable",
        "insufficient-capacity",
        "restore-failed",
        "migration-failed",
        "cloning-failed",
        "incompatible-option-group",
    ] {
        let seen = Evidence {
            writer_rds: status(rest),
            ..writer_down()
        };
        assert_eq!(verdict(&seen), Verdict::WriterDown, "{rest}");
    }
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
        signs: Signs::default(),
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

#[test]
fn a_home_vantage_that_finds_no_slot_has_seen_a_living_writer() {
    let why = "sorry, too many clients already (SQLSTATE 53300)".to_owned();
    let saturated = home(9, Write::Saturated { why });
    assert_eq!(judged(Some(&saturated), 10, 20), HomeVantage::Saturated);
    assert_eq!(judged(Some(&saturated), 10, 60), HomeVantage::Unknown);
}
