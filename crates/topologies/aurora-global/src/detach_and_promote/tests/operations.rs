//! An operation of RDS is under way, or a call of the run may have begun one.

use super::*;

#[test]
fn a_managed_failover_to_the_target_is_waited_for() {
    let observed = Observed {
        strategy: Strategy::Managed,
        ..busy_with(EAST)
    };
    assert!(matches!(next_action(&observed), Ok(Action::Wait(_))));
}

/// RDS has shown an operation to a member, unchanged for so long.
fn hanging(to: &str, loses: bool, seconds: f64) -> Observed {
    let mut observed = busy_with(to);
    observed.tried.unchanged_seconds = Some(seconds);
    let operation = observed
        .global
        .as_mut()
        .and_then(|global| global.failover.as_mut());
    operation.unwrap().loses = Some(loses);
    observed
}

#[test]
fn an_operation_that_hangs_with_a_dead_region_is_left_by_one_detach_on_new_evidence() {
    for to in [EAST, WEST] {
        for (loses, seconds) in [(false, 60.0), (true, 600.0)] {
            let early = next_action(&hanging(to, loses, seconds - 1.0));
            assert!(
                matches!(early, Ok(Action::Wait(_))),
                "{to} {loses}: {early:?}"
            );
            assert_eq!(name(&hanging(to, loses, seconds)), "EvidenceStale");
            let anew = hanging(to, loses, seconds + 2.0);
            assert_eq!(next_action(&anew), Ok(Action::Detach), "{to} {loses}");
        }
    }
}

/// RDS may promote the third member yet: a detach beside that makes two writers.
#[test]
fn an_operation_towards_a_third_member_is_never_left_by_a_detach() {
    const THIRD: &str = "arn:aws:rds:eu-west-1:123456789012:cluster:orders-eu";
    for (loses, seconds) in [(false, 9_999.0), (true, 9_999.0)] {
        let mut led = hanging(THIRD, loses, seconds);
        led.global.as_mut().unwrap().members.push(GlobalMember {
            arn: THIRD.into(),
            is_writer: false,
            synchronization: None,
        });
        let why = next_action(&led).unwrap_err();
        assert_eq!(why.name(), "UnexpectedTopology");
        assert!(why.to_string().contains(THIRD), "{why}");
    }
}

#[test]
fn a_detach_that_rds_refuses_beside_an_operation_is_looked_at_again() {
    let mut refused = hanging(EAST, false, 100.0);
    refused.tried.refused_seconds = Some(1.0);
    assert!(matches!(next_action(&refused), Ok(Action::Wait(_))));
    refused.tried.refused_seconds = Some(6.0);
    assert_eq!(next_action(&refused), Ok(Action::Detach));
}

#[test]
fn an_operation_is_not_left_while_its_region_answers_or_the_plan_says_managed() {
    for (region_is_down, may_detach) in [(false, true), (true, false)] {
        let observed = |to| Observed {
            region_is_down,
            may_detach,
            ..hanging(to, false, 9_999.0)
        };
        assert!(matches!(next_action(&observed(EAST)), Ok(Action::Wait(_))));
        assert_eq!(name(&observed(WEST)), "UnexpectedTopology");
    }
}

#[test]
fn a_managed_failover_that_rds_refuses_for_good_is_confirmed_again_before_another_way() {
    let mut refused = Observed {
        strategy: Strategy::Managed,
        ..standby()
    };
    refused.tried.refused_seconds = Some(1.0);
    assert!(matches!(next_action(&refused), Ok(Action::Wait(_))));
    refused.tried.refused_seconds = Some(6.0);
    assert_eq!(next_action(&refused), Ok(Action::FailOver));
    refused.tried.given_up = Some("RDS refused it".into());
    assert_eq!(name(&refused), "EvidenceStale");
    refused.strategy = Strategy::Detach;
    assert_eq!(next_action(&refused), Ok(Action::Detach));
}

#[test]
fn a_call_that_may_have_been_taken_is_looked_for_before_it_is_made_again() {
    for strategy in [Strategy::Managed, Strategy::Detach] {
        let mut lost = Observed {
            strategy,
            ..standby()
        };
        lost.tried.open_seconds = Some(2.0);
        assert!(matches!(next_action(&lost), Ok(Action::Wait(_))));
        lost.tried.open_seconds = Some(11.0);
        assert!(!matches!(next_action(&lost), Ok(Action::Wait(_))));
    }
}

#[test]
fn a_run_does_not_stand_down_while_rds_may_carry_its_call_out() {
    let lives = Error::EvidenceStale("the writer commits again".into());
    let mut called = Observed {
        refusal: Some(lives.clone()),
        ..standby()
    };
    called.tried.open_seconds = Some(9.0);
    assert!(matches!(next_action(&called), Ok(Action::Wait(_))));
    called.tried.open_seconds = Some(10.0);
    assert_eq!(next_action(&called), Err(lives.clone()));
    called.tried.open_seconds = None;
    called.tried.refused_seconds = Some(1.0);
    assert_eq!(next_action(&called), Err(lives), "RDS said no");
}

#[test]
fn an_operation_that_is_shown_on_for_a_minute_keeps_no_target_that_leads_from_being_proven() {
    let mut observed = busy_with(EAST);
    for member in &mut observed.global.as_mut().unwrap().members {
        member.is_writer = member.arn == EAST;
    }
    observed.tried.unchanged_seconds = Some(59.0);
    assert_eq!(
        next_action(&observed),
        Ok(Action::Wait("RDS is promoting it"))
    );
    observed.tried.unchanged_seconds = Some(60.0);
    assert_eq!(next_action(&observed), Ok(Action::Done));
    observed.target.status = "failing-over".into();
    assert!(matches!(next_action(&observed), Ok(Action::Wait(_))));
}

#[test]
fn while_quiet_is_waited_for_behind_the_last_call_no_new_evidence_is_needed() {
    let mut observed = Observed {
        strategy: Strategy::Managed,
        refusal: Some(Error::EvidenceStale("old".into())),
        ..standby()
    };
    assert_eq!(name(&observed), "EvidenceStale");
    observed.tried.is_spent = true;
    let action = next_action(&observed);
    assert!(matches!(action, Ok(Action::Wait(_))), "{action:?}");
    observed.tried.given_up = Some("RDS called it off".into());
    let why = next_action(&observed).unwrap_err();
    assert!(why.to_string().starts_with("RDS called it off"), "{why}");
}

#[test]
fn a_look_between_two_writers_is_waited_for_while_a_call_of_the_run_may_come_about() {
    let mut between = Observed {
        led_by_the_writer: false,
        is_between_writers: true,
        refusal: Some(Error::EvidenceStale("old".into())),
        ..standby()
    };
    let action = next_action(&between);
    assert!(matches!(action, Ok(Action::Wait(_))), "{action:?}");
    between.is_between_writers = false;
    assert_eq!(name(&between), "UnexpectedTopology");
}

#[test]
fn no_more_than_three_calls_go_unanswered_before_quiet_is_waited_for() {
    let mut observed = Observed {
        strategy: Strategy::Managed,
        ..standby()
    };
    observed.tried.is_spent = true;
    assert!(matches!(next_action(&observed), Ok(Action::Wait(_))));
    observed.tried.given_up = Some("RDS answered none of 3 calls".into());
    assert_eq!(name(&observed), "EvidenceStale");
    observed.strategy = Strategy::Detach;
    assert_eq!(next_action(&observed), Ok(Action::Detach));
}

#[test]
fn a_standby_that_is_promoting_is_not_promoted_again() {
    let mut observed = standby();
    observed.target.status = "promoting".into();
    assert!(matches!(next_action(&observed), Ok(Action::Wait(_))));
}
