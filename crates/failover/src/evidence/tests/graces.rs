//! How long a writer may be gone while its Region answers, and when it is down.

use super::*;

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
