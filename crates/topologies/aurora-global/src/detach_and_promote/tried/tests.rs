//! When a call is made again, and when a managed failover is given up.

use super::*;
use failover::{testing, topology::GlobalMember};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn quiet_since(second: i64) -> Looks {
    Looks::default().after(Seen::Rest, at(second))
}

fn refused(run: &mut Run, seconds: &[i64]) {
    for second in seconds {
        run.attempt(at(*second), STEP, FAIL_OVER);
        run.answered(Answer::Refused("not in this state".into()));
    }
}

#[test]
fn a_managed_failover_is_given_up_after_refusals_half_a_minute_apart_with_nothing_else_seen() {
    let given_up = |seconds: &[i64], looks: Looks| {
        let mut run = testing::run();
        refused(&mut run, seconds);
        gives_up(&run, &looks, at(100)).map(|(_, why)| why)
    };
    assert_eq!(given_up(&[], quiet_since(0)), None);
    assert_eq!(given_up(&[10, 39], quiet_since(0)), None);
    let why = given_up(&[10, 20, 40], quiet_since(0)).unwrap();
    assert!(
        why.contains("3 times in 30 s") && why.contains("not in this state"),
        "{why}"
    );
    assert_eq!(
        given_up(&[10, 40], quiet_since(11)),
        None,
        "something was under way"
    );
    assert_eq!(given_up(&[10, 40], Looks::default()), None);
    let why = given_up(&[10, 20, 26, 55], quiet_since(21));
    assert!(why.is_some(), "a busy look begins the half minute anew");
}

#[test]
fn a_managed_failover_that_rds_never_answers_is_asked_for_three_times_and_given_up_after_a_minute_of_quiet()
 {
    let mut run = testing::run();
    let judged = |run: &Run, now| {
        let tried = Tried::of(run, None, at(now));
        let quiet = gives_up(run, &quiet_since(0), at(now));
        (tried.is_spent, quiet.map(|(_, why)| why))
    };
    run.attempt(at(10), STEP, FAIL_OVER);
    run.attempt(at(20), STEP, FAIL_OVER);
    assert_eq!(judged(&run, 200), (false, None));
    run.attempt(at(30), STEP, FAIL_OVER);
    run.attempt(at(40), STEP, FAIL_OVER);
    let (is_spent, given_up) = judged(&run, 99);
    assert_eq!((is_spent, given_up), (true, None), "it may show yet");
    let (_, given_up) = judged(&run, 100);
    assert!(given_up.unwrap().contains("answered none of"));
    *run.plan.topology.strategy_mut().unwrap() = Strategy::Managed;
    assert_eq!(judged(&run, 200), (false, None), "there is no other way");
}

#[test]
fn a_managed_failover_that_rds_takes_and_calls_off_is_made_once_and_given_up_after_a_minute_of_quiet()
 {
    let mut run = testing::run();
    run.attempt(at(10), STEP, FAIL_OVER);
    run.answered(Answer::Taken);
    let operation = FailoverState {
        status: "failing-over".into(),
        to: "arn".into(),
        loses: Some(true),
    };
    let shown = Looks::default().after(Seen::Busy(Some(operation)), at(20));
    let called_off = shown.after(Seen::Rest, at(300));
    let given_up = |run: &Run, looks: &Looks, now| {
        let why = gives_up(run, looks, at(now));
        why.map(|(attempt, why)| (attempt.at, why))
    };
    assert_eq!(given_up(&run, &shown, 9_999), None, "it is under way");
    assert_eq!(given_up(&run, &called_off, 359), None);
    let (last, why) = given_up(&run, &called_off, 360).unwrap();
    assert!(last == at(10) && why.contains("called it off"), "{why}");
    *run.plan.topology.strategy_mut().unwrap() = Strategy::Managed;
    assert_eq!(given_up(&run, &called_off, 360), None, "no other way");
}

#[test]
fn a_look_that_names_no_writer_or_several_is_no_quiet() {
    let shown = |writers: &[bool]| {
        let members = writers.iter().map(|is_writer| GlobalMember {
            arn: "arn".into(),
            is_writer: *is_writer,
            synchronization: None,
        });
        seen(Some(&GlobalCluster {
            identifier: "orders-global-1".into(),
            resource_id: None,
            settings: Default::default(),
            status: "available".into(),
            engine_version: "16.4".into(),
            members: members.collect(),
            failover: None,
        }))
    };
    assert_eq!(shown(&[true, false]), Seen::Rest);
    for between in [[false, false], [true, true]] {
        assert_eq!(shown(&between), Seen::Busy(None));
    }
}

#[test]
fn a_call_without_an_answer_keeps_the_managed_failover_from_being_given_up_until_a_minute_was_quiet()
 {
    let mut run = testing::run();
    run.attempt(at(5), STEP, FAIL_OVER);
    refused(&mut run, &[10, 45]);
    let looks = quiet_since(0);
    assert!(gives_up(&run, &looks, at(64)).is_none());
    assert!(gives_up(&run, &looks, at(65)).is_some());
}

#[test]
fn a_plan_that_says_managed_is_never_detached() {
    let mut run = testing::run();
    *run.plan.topology.strategy_mut().unwrap() = Strategy::Managed;
    refused(&mut run, &[10, 400]);
    assert!(gives_up(&run, &quiet_since(0), at(500)).is_none());
}

#[test]
fn nothing_is_asked_for_again_while_a_call_may_show_and_a_refused_one_rests() {
    let rests = |open, refused| {
        let tried = Tried {
            open_seconds: open,
            refused_seconds: refused,
            ..Tried::default()
        };
        tried.may_be_taken().or(tried.was_refused()).is_some()
    };
    assert!(!rests(None, None));
    assert!(rests(Some(9.0), None) && !rests(Some(10.0), None));
    assert!(rests(None, Some(4.0)) && !rests(None, Some(5.0)));
}

#[test]
fn an_operation_hangs_a_minute_after_its_first_sight_and_somebodys_failover_ten() {
    let hangs = |seconds, loses| {
        let tried = Tried {
            unchanged_seconds: Some(seconds),
            ..Tried::default()
        };
        let operation = FailoverState {
            status: "pending".into(),
            to: "arn".into(),
            loses,
        };
        tried.hanging_seconds(&operation).is_some()
    };
    assert!(!hangs(59.0, Some(false)) && hangs(60.0, Some(false)));
    for losing in [Some(true), None] {
        assert!(!hangs(599.0, losing) && hangs(600.0, losing));
    }
}
