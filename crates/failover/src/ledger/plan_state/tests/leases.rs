//! Who may act: one run at a time, and which one takes another's place.

use super::*;

#[test]
fn only_one_run_holds_a_plan() {
    let held = row().claim(&claim("a"), at(0)).unwrap();
    assert!(refused(held.claim(&claim("b"), at(1))));
    assert!(
        held.claim(&claim("a"), at(1)).is_ok(),
        "a run re-enters its own lease"
    );
}

#[test]
fn an_expired_lease_changes_hands_with_a_higher_token_and_stops_the_old_run_for_good() {
    let held = row().claim(&claim("a"), at(0)).unwrap();
    let taken = held.claim(&claim("b"), at(15 * 60)).unwrap();
    assert_eq!(
        (taken.token, taken.lease.as_ref().map(|lease| lease.token)),
        (2, Some(2))
    );
    assert!(refused(taken.renew(&"a".into(), Epoch(7), at(901))));
}

#[test]
fn a_lease_that_lapsed_unseen_is_still_the_runs_own() {
    let held = row().claim(&claim("a"), at(0)).unwrap();
    assert!(held.renew(&"a".into(), Epoch(7), at(16 * 60)).is_ok());
}

#[test]
fn an_incident_whose_epoch_is_past_is_refused() {
    let moved = PlanState {
        current: Some(current(8, "us-east-1")),
        ..row()
    };
    assert!(refused(moved.claim(&claim("late"), at(0))));
}

#[test]
fn a_pass_with_a_stale_epoch_is_refused_unless_the_epoch_is_its_own_work() {
    let held = row().claim(&claim("a"), at(0)).unwrap();
    let proven = held.intend(intent("a", 8)).unwrap().prove(
        &"a".into(),
        Current {
            run_id: "a".into(),
            ..current(8, "us-east-1")
        },
    );
    assert!(proven.unwrap().renew(&"a".into(), Epoch(7), at(1)).is_ok());
    let elsewhere = held.learn(&current(8, "us-east-1")).unwrap();
    assert!(refused(elsewhere.renew(&"a".into(), Epoch(7), at(1))));
}

#[test]
fn only_the_holder_gives_a_lease_back() {
    let held = row().claim(&claim("a"), at(0)).unwrap();
    assert_eq!(held.release(&"b".into()), None);
    assert_eq!(held.release(&"a".into()).and_then(|row| row.lease), None);
}

#[test]
fn a_run_of_the_same_name_to_another_region_is_another_run_even_past_its_lease() {
    let other = Claim {
        to: "us-west-2".into(),
        ..claim("a")
    };
    let asked = held("a").ask(&"a".into(), at(3600)).unwrap();
    // Beside it, past its silence, past its lease, and behind its question.
    let tries = [
        held("a").claim(&other, at(1)),
        held("a").claim(&other, at(600)),
        held("a").claim(&other, at(901)),
        asked.take_over(&other, at(1)),
        held("a").claim_by_hand(&other, None, at(1)),
    ];
    for tried in tries {
        assert_eq!(tried.map_err(|why| why.name()), Err("RunRefused"));
    }
    let why = held("a").claim(&other, at(901)).unwrap_err().to_string();
    assert!(
        why.contains("run_id is a, which is a run of plan orders to us-east-1"),
        "{why}"
    );
    assert!(held("a").claim(&claim("a"), at(901)).is_ok());
    let free = held("a").release(&"a".into()).unwrap();
    assert!(free.claim(&other, at(1)).is_ok());
}

#[test]
fn a_lease_that_waits_for_a_human_outlives_the_question_and_a_pass_ends_the_wait() {
    let asked = held("a").ask(&"a".into(), at(3600)).unwrap();
    let lease = asked.lease.clone().unwrap();
    assert!(lease.waits_for_human && lease.expires_at == at(3600) + LEASE);
    assert!(asked.claim(&claim("b"), at(4000)).is_err());
    let renewed = asked.renew(&"a".into(), Epoch(7), at(4000)).unwrap();
    assert!(!renewed.lease.unwrap().waits_for_human);
    assert!(held("a").ask(&"b".into(), at(1)).is_err());
}

#[test]
fn only_a_lease_that_waits_for_a_human_is_taken_over_and_its_run_never_matches_again() {
    assert!(held("a").take_over(&claim("b"), at(1)).is_err());
    let asked = held("a").ask(&"a".into(), at(3600)).unwrap();
    let taken = asked.take_over(&claim("b"), at(1)).unwrap();
    assert_eq!(taken.lease.as_ref().unwrap().run_id, "b".into());
    assert!(taken.token > asked.token);
    assert!(taken.renew(&"a".into(), Epoch(7), at(2)).is_err());
}

/// Found by the search of the protocol: the pass that ended first gave the lease back under the other one.
#[test]
fn a_pass_by_hand_does_not_share_the_lease_of_one_beside_it() {
    let held = row().claim_by_hand(&claim("by-hand"), None, at(0)).unwrap();
    let beside = held.claim_by_hand(&claim("by-hand"), None, at(1));
    let why = beside.unwrap_err().to_string();
    assert!(
        why.contains("another pass by hand, by-hand, holds plan orders"),
        "{why}"
    );
    let released = held.release(&"by-hand".into()).unwrap();
    assert!(
        released
            .claim_by_hand(&claim("by-hand"), None, at(1))
            .is_ok()
    );
    let token = held.lease.as_ref().map(|lease| lease.token);
    let ended = held.claim_by_hand(&claim("by-hand"), token, at(1)).unwrap();
    let beside = ended.claim_by_hand(&claim("by-hand"), token, at(2));
    assert!(beside.is_err(), "it is taken again once");
    // One that died lapses like any other.
    assert!(held.claim_by_hand(&claim("by-hand"), None, at(901)).is_ok());
}

/// A second after the longest silence that a living run can keep, counted from the epoch of time.
fn silent() -> Timestamp {
    at(0) + SUPERSEDED_AFTER + jiff::SignedDuration::from_secs(1)
}

#[test]
fn an_unplanned_run_supersedes_another_that_has_been_silent_for_longer_than_it_can_be_and_live() {
    let held = held("a");
    assert!(refused(held.claim(&claim("b"), at(0) + SUPERSEDED_AFTER)));
    let taken = held.claim(&claim("b"), silent()).unwrap();
    assert_eq!(taken.lease.as_ref().unwrap().run_id, "b".into());
    assert_eq!(taken.token, held.token + 1);
    // The old run wakes up, and never matches again.
    assert!(refused(taken.renew(&"a".into(), Epoch(7), silent())));
    assert!(refused(taken.intend(intent("a", 8))));
    assert_eq!(taken.release(&"a".into()), None);
}

#[test]
fn a_renewal_keeps_a_run_from_being_superseded() {
    let renewed = held("a").renew(&"a".into(), Epoch(7), at(300)).unwrap();
    assert!(refused(renewed.claim(&claim("b"), silent())));
}

#[test]
fn a_run_that_has_begun_to_promote_is_not_superseded() {
    let begun = held("a").intend(intent("a", 8)).unwrap();
    assert!(refused(begun.claim(&claim("b"), silent())));
}

#[test]
fn a_run_that_has_promoted_is_not_superseded() {
    let mut proven = held("a");
    proven.current = Some(Current {
        run_id: "a".into(),
        ..current(8, "us-east-1")
    });
    let by_hand = Claim {
        incident: None,
        ..claim("b")
    };
    assert!(refused(proven.claim(&by_hand, silent())));
}

#[test]
fn a_run_that_waits_for_a_human_is_not_silent() {
    let asks = held("a").ask(&"a".into(), at(3_600)).unwrap();
    assert!(refused(asks.claim(&claim("b"), silent())));
}

#[test]
fn a_planned_run_neither_supersedes_nor_is_superseded() {
    let planned = Claim {
        kind: RunKind::PlannedFailover,
        incident: None,
        ..claim("b")
    };
    assert!(refused(held("a").claim(&planned, silent())));
    let moves = row().claim(&planned, at(0)).unwrap();
    assert!(refused(moves.claim(&claim("a"), silent())));
}

#[test]
fn a_pass_by_hand_beside_one_of_its_name_is_refused_however_long_that_is_silent() {
    assert!(refused(held("a").claim_by_hand(
        &claim("a"),
        None,
        silent()
    )));
}

#[test]
fn the_next_run_is_counted_on_once_and_past_a_lease_whose_run_may_come_back() {
    let held = row().claim(&claim("a"), at(0)).unwrap();
    let token = held.token;
    assert_eq!(held.count_on(token + 1), None, "somebody counted");
    let counted = held.count_on(token).unwrap();
    assert_eq!(counted.token, token + 1);
    let back = counted.claim(&claim("a"), at(10)).unwrap();
    let lease = back.lease.as_ref().map(|lease| lease.token);
    assert_eq!((lease, back.token), (Some(token), token + 1));
    let next = back.claim(&claim("b"), at(1_000)).unwrap();
    assert_eq!(next.token, token + 2);
}
