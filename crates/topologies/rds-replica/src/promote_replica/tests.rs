//! The decision table, row by row.

use failover::{
    ledger::{Answer, Rows, Run},
    testing,
};
use jiff::Timestamp;

use super::*;
use crate::members::tests::{WEST, east, plan};

mod planned;

/// The replica follows the lost writer, and the intent is written.
fn replica() -> Observed {
    Observed {
        target: east(Some(WEST)),
        intent: IntentState::OwnIntent,
        follows_the_writer: true,
        refusal: None,
        stop: None,
        tried: Tried::default(),
        warnings: Vec::new(),
    }
}

fn promoted() -> Observed {
    Observed {
        target: east(None),
        follows_the_writer: false,
        ..replica()
    }
}

fn with_status(mut observed: Observed, status: &str) -> Observed {
    observed.target.status = status.into();
    observed
}

fn pass() -> Pass {
    let mut run = testing::run();
    run.plan = plan();
    Pass {
        run,
        rows: Rows([("us-east-1".into(), testing::row("us-west-2", 7))].into()),
        now: Timestamp::from_second(1_000).unwrap(),
        dry_run: false,
    }
}

fn decided(observed: &Observed) -> Result<Action, &'static str> {
    next_action(&pass(), observed).map_err(|why| why.name())
}

#[test]
fn a_replica_of_the_lost_writer_is_promoted_once_the_intent_is_written_everywhere() {
    for intent in [
        IntentState::Nothing,
        IntentState::AnotherRunsIntent,
        IntentState::OwnIntentHere,
    ] {
        let observed = Observed {
            intent,
            ..replica()
        };
        assert_eq!(decided(&observed), Ok(Action::WriteIntent));
    }
    assert_eq!(decided(&replica()), Ok(Action::Promote));
}

#[test]
fn a_replica_of_another_source_is_never_promoted() {
    for intent in [IntentState::Nothing, IntentState::OwnIntent] {
        let observed = Observed {
            follows_the_writer: false,
            intent,
            ..replica()
        };
        assert_eq!(decided(&observed), Err("UnexpectedTopology"));
    }
}

#[test]
fn stale_evidence_or_too_large_a_loss_stops_before_the_intent_and_before_the_call() {
    for refusal in [
        Error::EvidenceStale("old".into()),
        Error::DataLossTooLarge("much".into()),
    ] {
        for intent in [IntentState::Nothing, IntentState::OwnIntent] {
            let observed = Observed {
                refusal: Some(refusal.clone()),
                intent,
                ..replica()
            };
            assert_eq!(decided(&observed), Err(refusal.name()));
        }
    }
}

#[test]
fn an_available_replica_with_its_source_right_after_the_call_is_the_old_answer() {
    let called = |is_taken, seconds| {
        let tried = Tried {
            open_seconds: Some(seconds),
            is_taken,
            refused_seconds: None,
        };
        let observed = Observed {
            tried,
            // What makes evidence stale meanwhile ends no run whose call may come about.
            refusal: Some(Error::EvidenceStale("old".into())),
            ..replica()
        };
        decided(&observed)
    };
    for (is_taken, seconds) in [(true, 0.0), (true, 59.0), (false, 59.0)] {
        let waits = matches!(called(is_taken, seconds), Ok(Action::Wait(_)));
        assert!(waits, "{is_taken} {seconds}");
    }
    for (is_taken, seconds) in [(true, 60.0), (false, 60.0)] {
        assert_eq!(called(is_taken, seconds), Err("EvidenceStale"));
    }
}

#[test]
fn a_call_of_which_rds_shows_nothing_for_long_is_made_again() {
    let observed = Observed {
        tried: Tried {
            open_seconds: Some(60.0),
            is_taken: true,
            refused_seconds: None,
        },
        ..replica()
    };
    assert_eq!(decided(&observed), Ok(Action::Promote));
}

#[test]
fn a_promotion_under_way_is_waited_for_however_long_it_takes() {
    for is_taken in [true, false] {
        let observed = Observed {
            tried: Tried {
                open_seconds: Some(3_000.0),
                is_taken,
                refused_seconds: None,
            },
            // A run that ended now would leave the promotion behind it.
            refusal: Some(Error::EvidenceStale("old".into())),
            ..replica()
        };
        for status in ["modifying", "rebooting", "a-status-of-next-year"] {
            let decided = decided(&with_status(observed.clone(), status));
            assert!(
                matches!(decided, Ok(Action::Wait(_))),
                "{status} {is_taken}"
            );
        }
    }
}

#[test]
fn what_rds_refused_is_asked_for_again_after_a_moment() {
    let refused = |seconds| Observed {
        tried: Tried {
            refused_seconds: Some(seconds),
            ..Tried::default()
        },
        ..replica()
    };
    assert!(matches!(decided(&refused(4.0)), Ok(Action::Wait(_))));
    assert_eq!(decided(&refused(5.0)), Ok(Action::Promote));
}

#[test]
fn work_of_rds_keeps_no_promotion_from_being_asked_for_and_what_does_not_pass_is_told() {
    for status in ["storage-optimization", "backing-up"] {
        let decided = decided(&with_status(replica(), status));
        assert_eq!(decided, Ok(Action::Promote), "RDS says whether: {status}");
    }
    for status in ["stopped", "storage-full", "incompatible-parameters"] {
        let decided = decided(&with_status(replica(), status));
        assert_eq!(decided, Err("NotReady"), "{status}");
    }
}

#[test]
fn it_is_done_only_when_it_serves_without_a_source_and_a_ledger_says_that_it_was_promoted() {
    for intent in [
        IntentState::Proven,
        IntentState::OwnIntent,
        IntentState::OwnIntentHere,
    ] {
        let observed = Observed {
            intent,
            ..promoted()
        };
        // What RDS is at may take hours, and a word of next year may mean anything: the next step tries to commit.
        for status in [
            "available",
            "backing-up",
            "storage-optimization",
            "a-status-of-next-year",
        ] {
            let decided = decided(&with_status(observed.clone(), status));
            assert_eq!(decided, Ok(Action::Done), "{status}");
        }
        let rebooting = decided(&with_status(observed.clone(), "rebooting"));
        assert!(matches!(rebooting, Ok(Action::Wait(_))));
        let full = decided(&with_status(observed, "storage-full"));
        assert_eq!(full, Err("NotReady"), "it does not pass by itself");
    }
    let of = |intent| {
        decided(&Observed {
            intent,
            ..promoted()
        })
    };
    assert_eq!(of(IntentState::AnotherRunsIntent), Ok(Action::WriteIntent));
    assert_eq!(of(IntentState::Nothing), Err("UnexpectedTopology"));
}

#[test]
fn a_refusal_after_a_call_that_was_taken_leaves_that_one_open() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let mut run = Run {
        plan: plan(),
        ..testing::run()
    };
    run.attempt(at(100), STEP, PROMOTE);
    run.answered(Answer::Taken);
    run.attempt(at(160), STEP, PROMOTE);
    run.answered(Answer::Refused("not in this state".into()));
    let tried = Tried::of(&run, at(170));
    assert_eq!(tried.open_seconds, Some(70.0));
    assert!(tried.is_taken);
    assert_eq!(tried.refused_seconds, Some(10.0));
}

#[test]
fn a_step_of_another_topology_refuses_the_plan_in_one_sentence_and_this_one_those_of_others() {
    let why = plan().admits("detach_and_promote").unwrap_err();
    assert_eq!(
        why.to_string(),
        "detach-and-promote is for plans of the kind aurora_global, and plan orders is of the kind rds_replica; call \
         promote-replica for it"
    );
    assert_eq!(
        testing::run().plan.admits(STEP).unwrap_err().name(),
        "InvalidRequest"
    );
    assert_eq!(plan().admits(STEP), Ok(()));
}
