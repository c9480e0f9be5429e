//! The decision table, row by row.

mod operations;

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
        intent: IntentState::of(&pass),
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

#[tokio::test]
async fn what_becomes_of_a_promotion_is_told_as_its_examples_show() {
    use failover::{
        ledger::{Answer, Attempt},
        testing::example,
    };
    let books = example::books();
    let mut document = failover::testing::plan_document();
    document["topology"]["strategy"] = "managed".into();
    let refusal =
        "InvalidGlobalClusterStateFault: the global cluster is in a state that does not allow it";
    let attempt = |action: &str, answer| Attempt {
        step: STEP.into(),
        action: action.into(),
        first_at: example::before(40),
        at: example::before(2),
        times: 1,
        answer,
    };
    let refused = attempt("fail_over", Some(Answer::Refused(refusal.into())));
    let mut pass = Pass {
        run: example::run(),
        rows: failover::ledger::Rows(books.rows()),
        now: example::sent(),
        dry_run: false,
    };
    pass.run.attempts = vec![refused.clone()];
    pass.run.plan.topology = failover::plan::read(&document.to_string())
        .unwrap()
        .topology;
    news::refused(&books, &pass, &standby(), Action::FailOver, refusal).await;
    example::is_told("managed-refused", &books);
    pass.run.attempts = vec![refused, attempt(DETACH, None)];
    pass.run.strategy = Some(failover::ledger::Resolved {
        strategy: Strategy::Detach,
        reason: format!(
            "RDS has refused a managed failover for 30 s, the last time with: {refusal}"
        ),
    });
    news::detached_instead(&books, &pass, &standby()).await;
    example::is_told("detached", &books);
    pass.run.attempts.clear();
    let mut by_others = standby();
    by_others.global.as_mut().unwrap().failover = Some(FailoverState {
        status: "failing-over".into(),
        to: EAST.into(),
        loses: Some(true),
    });
    news::under_way(&books, &pass, &by_others).await;
    example::is_told("under-way", &books);
}
