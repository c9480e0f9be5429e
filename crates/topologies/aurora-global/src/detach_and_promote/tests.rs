//! The decision table, row by row.

use super::*;
use failover::topology::{FailoverState, GlobalMember, Instance};

const EAST: &str = "arn:aws:rds:us-east-1:123456789012:cluster:orders-east";
const WEST: &str = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west";

fn instance(status: &str) -> Instance {
    Instance {
        identifier: "orders-east-1".into(),
        status: status.into(),
        is_writer: true,
    }
}

/// The standby follows the lost writer, and the intent is written.
fn standby() -> Observed {
    let member = |arn: &str, is_writer| GlobalMember {
        arn: arn.into(),
        is_writer,
        synchronization: None,
    };
    Observed {
        global: Some(GlobalCluster {
            identifier: "orders-global-1".into(),
            resource_id: None,
            settings: Default::default(),
            status: "available".into(),
            engine_version: "16.4".into(),
            members: vec![member(WEST, true), member(EAST, false)],
            failover: None,
        }),
        target: Cluster {
            identifier: "orders-east".into(),
            arn: EAST.into(),
            resource_id: None,
            status: "available".into(),
            engine_version: "16.4".into(),
            endpoint: "orders-east.cluster-x".into(),
            reader_endpoint: "orders-east.cluster-ro-x".into(),
            port: 5432,
            global_cluster: Some("orders-global-1".into()),
            instances: vec![instance("available")],
        },
        intent: IntentState::OwnIntent,
        led_by_the_writer: true,
        is_between_writers: false,
        strategy: Strategy::Detach,
        refusal: None,
        region_is_down: true,
        may_detach: true,
        tried: Tried {
            evidence_seconds: Some(1.0),
            ..Tried::default()
        },
    }
}

fn detached() -> Observed {
    let mut detached = Observed {
        global: None,
        ..standby()
    };
    detached.target.global_cluster = None;
    detached
}

fn busy_with(to: &str) -> Observed {
    let mut observed = standby();
    let operation = FailoverState {
        status: "failing-over".into(),
        to: to.into(),
        loses: Some(true),
    };
    observed.global = observed.global.map(|global| GlobalCluster {
        failover: Some(operation),
        ..global
    });
    observed
}

fn name(observed: &Observed) -> &'static str {
    next_action(observed).unwrap_err().name()
}

#[test]
fn a_standby_of_another_writer_than_the_ledgers_is_not_promoted() {
    let observed = Observed {
        led_by_the_writer: false,
        ..standby()
    };
    assert_eq!(name(&observed), "UnexpectedTopology");
}

#[test]
fn the_intent_is_written_before_anything_is_promoted() {
    for intent in [
        IntentState::Nothing,
        IntentState::AnotherRunsIntent,
        IntentState::OwnIntentHere,
    ] {
        assert_eq!(
            next_action(&Observed {
                intent,
                ..standby()
            }),
            Ok(Action::WriteIntent)
        );
    }
}

#[test]
fn the_strategy_chooses_the_call() {
    assert_eq!(next_action(&standby()), Ok(Action::Detach));
    assert_eq!(
        next_action(&Observed {
            strategy: Strategy::Managed,
            ..standby()
        }),
        Ok(Action::FailOver)
    );
    assert_eq!(
        name(&Observed {
            strategy: Strategy::Auto,
            ..standby()
        }),
        "NotReady"
    );
}

#[test]
fn stale_evidence_or_too_large_a_loss_stops_before_the_intent() {
    for refusal in [
        Error::EvidenceStale("old".into()),
        Error::DataLossTooLarge("much".into()),
    ] {
        let observed = Observed {
            refusal: Some(refusal.clone()),
            intent: IntentState::Nothing,
            ..standby()
        };
        assert_eq!(next_action(&observed), Err(refusal));
    }
}

#[test]
fn a_standby_without_an_instance_is_not_promoted() {
    let mut observed = standby();
    observed.target.instances.clear();
    assert_eq!(name(&observed), "NotReady");
}

#[test]
fn a_standby_of_which_no_instance_serves_or_will_by_itself_is_not_promoted() {
    let seen = |statuses: &[&str]| {
        let mut observed = standby();
        observed.target.instances = statuses.iter().map(|status| instance(status)).collect();
        next_action(&observed)
    };
    for status in ["failed", "storage-full", "incompatible-parameters"] {
        let why = seen(&[status, "stopped"]).unwrap_err();
        assert_eq!(why.name(), "NotReady");
        for part in [status, "orders-east-1", "create another"] {
            assert!(why.to_string().contains(part), "{why} lacks {part}");
        }
        assert_eq!(seen(&[status, "available"]), Ok(Action::Detach));
    }
    assert_eq!(seen(&["rebooting"]), Ok(Action::Detach), "it passes");
}

#[test]
fn the_primary_is_never_detached() {
    let mut observed = Observed {
        intent: IntentState::Nothing,
        ..standby()
    };
    if let Some(global) = &mut observed.global {
        global.members[1].is_writer = true;
    }
    assert_eq!(name(&observed), "UnexpectedTopology");
}

#[test]
fn a_cluster_of_its_own_that_no_ledger_promoted_is_left_alone() {
    assert_eq!(
        name(&Observed {
            intent: IntentState::Nothing,
            ..detached()
        }),
        "UnexpectedTopology"
    );
}

#[test]
fn a_detached_target_is_done_only_when_it_and_its_writer_instance_are_available() {
    assert_eq!(next_action(&detached()), Ok(Action::Done));
    let mut promoting = detached();
    promoting.target.status = "promoting".into();
    assert!(matches!(next_action(&promoting), Ok(Action::Wait(_))));
    let mut rebooting = detached();
    rebooting.target.instances = vec![instance("rebooting")];
    assert!(matches!(next_action(&rebooting), Ok(Action::Wait(_))));
}

#[test]
fn a_target_that_still_says_it_is_a_member_is_not_done() {
    let unsettled = Observed {
        global: None,
        ..standby()
    };
    assert!(matches!(next_action(&unsettled), Ok(Action::Wait(_))));
    let nobodys = Observed {
        intent: IntentState::Nothing,
        ..unsettled
    };
    assert_eq!(name(&nobodys), "UnexpectedTopology");
}

#[test]
fn fresh_evidence_is_not_needed_once_the_target_is_promoted() {
    let observed = Observed {
        refusal: Some(Error::EvidenceStale("old".into())),
        ..detached()
    };
    assert_eq!(next_action(&observed), Ok(Action::Done));
}

#[test]
fn a_ledger_that_falls_silent_after_the_promotion_does_not_stop_the_run() {
    let mut run = failover::testing::run();
    run.leased = ["us-east-1".into(), "us-west-2".into()].into();
    let mut row = failover::ledger::PlanState::new("orders".into());
    row.intent = Some(failover::ledger::Intent {
        epoch: failover::domain::Epoch(8),
        from: run.from.clone(),
        to: run.to.clone(),
        global_cluster: None,
        run_id: run.run_id.clone(),
        written_at: jiff::Timestamp::UNIX_EPOCH,
    });
    let pass = Pass {
        run,
        rows: failover::ledger::Rows([("us-east-1".into(), row)].into()),
        now: jiff::Timestamp::UNIX_EPOCH,
        dry_run: false,
    };
    let observed = Observed {
        intent: look::intent_state(&pass),
        ..detached()
    };
    assert_eq!(next_action(&observed), Ok(Action::Done));
}

#[test]
fn a_promotion_that_another_run_began_is_taken_over() {
    let observed = Observed {
        intent: IntentState::AnotherRunsIntent,
        ..detached()
    };
    assert_eq!(next_action(&observed), Ok(Action::WriteIntent));
}

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
