//! The decision table, row by row.

use super::*;
use failover::topology::{FailoverState, GlobalMember, Instance};

const EAST: &str = "arn:aws:rds:us-east-1:123456789012:cluster:orders-east";
const WEST: &str = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west";

/// The target follows a healthy writer, everything is ready, and the intent is written.
fn ready() -> Observed {
    let member = |arn: &str, is_writer| GlobalMember {
        arn: arn.into(),
        is_writer,
        synchronization: Some("connected".into()),
    };
    Observed {
        global: Some(GlobalCluster {
            identifier: "orders-global-1".into(),
            resource_id: None,
            settings: Default::default(),
            status: "available".into(),
            engine_version: "16.6".into(),
            members: vec![member(WEST, true), member(EAST, false)],
            failover: None,
        }),
        target: Cluster {
            identifier: "orders-east".into(),
            arn: EAST.into(),
            resource_id: None,
            status: "available".into(),
            engine_version: "16.6".into(),
            endpoint: "orders-east.cluster-x".into(),
            reader_endpoint: "orders-east.cluster-ro-x".into(),
            port: 5432,
            global_cluster: Some("orders-global-1".into()),
            instances: vec![Instance {
                identifier: "orders-east-1".into(),
                status: "available".into(),
                is_writer: true,
            }],
        },
        intent: IntentState::OwnIntent,
        led_by_the_writer: true,
        is_between_writers: false,
        called: None,
        not_ready: Vec::new(),
        warnings: Vec::new(),
    }
}

/// RDS has moved the writer.
fn switched() -> Observed {
    let mut observed = ready();
    for member in observed
        .global
        .iter_mut()
        .flat_map(|global| &mut global.members)
    {
        member.is_writer = member.arn == EAST;
    }
    observed.led_by_the_writer = false;
    observed
}

fn under_way(status: &str, to: &str) -> Observed {
    let mut observed = ready();
    if let Some(global) = &mut observed.global {
        global.failover = Some(FailoverState {
            status: status.into(),
            to: to.into(),
            loses: Some(false),
        });
    }
    observed
}

fn name(observed: &Observed) -> &'static str {
    next_action(observed).unwrap_err().name()
}

#[test]
fn every_reason_against_it_is_listed_before_anything_is_written() {
    let observed = Observed {
        intent: IntentState::Nothing,
        not_ready: vec![
            "the target is 40 s behind".into(),
            "orders-west is upgrading".into(),
        ],
        ..ready()
    };
    let why = next_action(&observed).unwrap_err();
    assert_eq!(why.name(), "NotReady");
    for part in ["2 reason(s)", "40 s behind", "upgrading"] {
        assert!(why.to_string().contains(part), "{why}");
    }
}

#[test]
fn the_intent_is_written_before_the_call_and_withdrawn_when_it_turns_out_not_ready() {
    let unwritten = Observed {
        intent: IntentState::Nothing,
        ..ready()
    };
    assert_eq!(next_action(&unwritten), Ok(Action::WriteIntent));
    assert_eq!(next_action(&ready()), Ok(Action::SwitchOver));
    let late = Observed {
        not_ready: vec!["it is busy".into()],
        ..ready()
    };
    assert_eq!(next_action(&late), Ok(Action::Withdraw));
    let pass = Pass {
        run: failover::testing::run(),
        rows: Rows([].into()),
        now: jiff::Timestamp::from_second(1_000).unwrap(),
        dry_run: false,
    };
    let said = words::reason(&pass, &late, Action::Withdraw);
    assert_eq!(said, "not ready any more: it is busy");
}

#[test]
fn a_switchover_under_way_is_followed_and_another_one_left_alone() {
    for status in ["pending", "switching-over", "cancelling"] {
        let action = next_action(&under_way(status, EAST));
        assert!(
            matches!(action, Ok(Action::Wait(_))),
            "{status}: {action:?}"
        );
    }
    assert_eq!(
        name(&under_way("switching-over", "arn:other")),
        "UnexpectedTopology"
    );
}

/// A call is out, and RDS shows nothing of it.
fn called() -> Called {
    Called {
        looks: Looks::default(),
        is_quiet: true,
        is_silent: false,
        writer_commits: true,
        untold: None,
    }
}

#[test]
fn a_denial_in_the_region_that_is_left_is_told_as_a_denial_and_only_silence_as_silence() {
    for (error, says) in [
        (Error::Denied("AccessDenied".into()), "Denied: AccessDenied"),
        (
            Error::Unavailable("timed out".into()),
            "no answer: timed out",
        ),
    ] {
        let observed = Observed {
            called: Some(Called {
                is_silent: true,
                is_quiet: false,
                untold: Some(observe::untold(&error)),
                ..called()
            }),
            ..ready()
        };
        let why = next_action(&observed).unwrap_err();
        assert!(
            why.name() == "NotReady" && why.to_string().contains(says),
            "{why}"
        );
    }
}

#[test]
fn an_intent_is_withdrawn_after_a_minute_of_quiet_in_both_regions_while_the_old_writer_commits() {
    let of = |called: Called, intent| {
        next_action(&Observed {
            called: Some(called),
            intent,
            ..ready()
        })
    };
    assert_eq!(of(called(), IntentState::OwnIntent), Ok(Action::Withdraw));
    for open in [
        Called {
            is_quiet: false,
            ..called()
        },
        Called {
            writer_commits: false,
            ..called()
        },
    ] {
        let action = of(open, IntentState::OwnIntent);
        assert!(matches!(action, Ok(Action::Wait(_))), "{action:?}");
    }
    let why = of(called(), IntentState::Nothing).unwrap_err();
    assert!(
        why.name() == "NotReady" && why.to_string().contains("called"),
        "{why}"
    );
}

#[test]
fn a_call_that_may_have_been_taken_stays_on_record_when_the_region_that_is_left_falls_silent() {
    let silent = Observed {
        called: Some(Called {
            is_silent: true,
            is_quiet: false,
            ..called()
        }),
        ..ready()
    };
    let shown = Observed {
        called: silent.called.clone(),
        ..under_way("switching-over", EAST)
    };
    for observed in [&silent, &shown] {
        let why = next_action(observed).unwrap_err();
        assert!(
            why.name() == "NotReady" && why.to_string().contains("stay on record"),
            "{why}"
        );
    }
    let moved = Observed {
        called: silent.called,
        ..switched()
    };
    assert_eq!(next_action(&moved), Ok(Action::Done), "the target leads");
}

#[test]
fn a_status_alone_is_no_rest() {
    let run = failover::testing::run();
    let seen = ready();
    let rests = |observed: &Observed| {
        observe::is_at_rest(&run, observed.global.as_ref(), Some(&observed.target))
    };
    assert!(rests(&seen));
    let mut status = ready();
    status.target.status = "switching-over".into();
    assert!(!rests(&status));
    let mut global = ready();
    if let Some(global) = &mut global.global {
        global.status = "switching-over".into();
    }
    assert!(!rests(&global));
    assert!(!rests(&under_way("pending", EAST)) && !rests(&switched()));
    assert!(!observe::is_at_rest(&run, None, Some(&seen.target)));
}

#[test]
fn the_target_leads_only_when_a_ledger_says_so_and_it_is_available() {
    assert_eq!(next_action(&switched()), Ok(Action::Done));
    let mut busy = switched();
    busy.target.status = "failing-over".into();
    assert!(matches!(next_action(&busy), Ok(Action::Wait(_))));
    let foreign = Observed {
        intent: IntentState::Nothing,
        ..switched()
    };
    assert_eq!(name(&foreign), "UnexpectedTopology");
    let resumed = Observed {
        intent: IntentState::AnotherRunsIntent,
        ..switched()
    };
    assert_eq!(next_action(&resumed), Ok(Action::WriteIntent));
}

#[test]
fn a_writer_that_moved_past_the_ledger_is_not_switched_over() {
    let moved = Observed {
        led_by_the_writer: false,
        ..ready()
    };
    assert_eq!(name(&moved), "UnexpectedTopology");
}

/// A look between the two steps of a switchover, and no operation with it.
fn between(primaries: &[&str]) -> Observed {
    let mut observed = Observed {
        led_by_the_writer: false,
        is_between_writers: true,
        called: Some(Called {
            is_quiet: false,
            ..called()
        }),
        ..ready()
    };
    let members = observed.global.iter_mut();
    for member in members.flat_map(|global| &mut global.members) {
        member.is_writer = primaries.contains(&member.arn.as_str());
    }
    observed
}

#[test]
fn a_look_between_the_two_steps_of_a_switchover_is_waited_for_while_its_call_may_come_about() {
    for primaries in [&[][..], &[WEST, EAST][..]] {
        let mut observed = between(primaries);
        let global = observed.global.as_ref().unwrap();
        assert!(global.is_between_writers());
        let action = next_action(&observed);
        assert!(matches!(action, Ok(Action::Wait(_))), "{action:?}");
        let run = failover::testing::run();
        assert!(!observe::is_at_rest(
            &run,
            Some(global),
            Some(&observed.target)
        ));
        let mut silent = observed.clone();
        silent.called.as_mut().unwrap().is_silent = true;
        observed.is_between_writers = false;
        match primaries {
            [] => {
                let why = next_action(&silent).unwrap_err();
                assert!(why.to_string().contains("stay on record"), "{why}");
                assert_eq!(name(&observed), "UnexpectedTopology", "the call is old");
            }
            _ => {
                assert_eq!(next_action(&silent), Ok(Action::Done), "the target leads");
                assert_eq!(next_action(&observed), Ok(Action::Done));
            }
        }
    }
}

#[test]
fn a_cluster_that_left_the_global_database_is_not_ready() {
    let mut alone = ready();
    alone.global = None;
    alone.target.global_cluster = None;
    assert_eq!(name(&alone), "NotReady");
}

#[test]
fn a_warning_is_told_and_stands_in_no_way() {
    let observed = Observed {
        intent: IntentState::Nothing,
        warnings: vec!["the witness in us-east-2 does not answer".into()],
        ..ready()
    };
    assert_eq!(next_action(&observed), Ok(Action::WriteIntent));
    let pass = Pass {
        run: failover::testing::run(),
        rows: Rows([].into()),
        now: jiff::Timestamp::UNIX_EPOCH,
        dry_run: true,
    };
    let says = "the witness in us-east-2 does not answer";
    assert!(words::reason(&pass, &observed, Action::WriteIntent).contains(says));
    assert!(words::takes_over(&pass, &observed).evidence.contains(says));
    assert!(!words::takes_over(&pass, &ready()).evidence.ends_with(' '));
}

#[test]
fn a_planned_move_is_told_as_its_example_shows() {
    use failover::{ledger::RunKind, testing::example};
    let run = failover::ledger::Run {
        kind: RunKind::PlannedFailover,
        execution: example::execution("us-east-1", "planned-failover"),
        confirmed: None,
        ..example::run()
    };
    let pass = Pass {
        run,
        rows: failover::ledger::Rows(example::books().rows()),
        now: example::sent(),
        dry_run: false,
    };
    example::is("takes-over", &words::takes_over(&pass, &ready()));
}
