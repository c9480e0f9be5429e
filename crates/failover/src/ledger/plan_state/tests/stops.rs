//! How a living writer is stopped for a planned move, promoted behind, and given back.

use super::*;
use crate::domain::StopToken;

fn token(text: &str) -> StopToken {
    text.into()
}

fn stop(run_id: &str, by: &str, epoch: u64) -> Stop {
    Stop {
        token: token(by),
        epoch: Epoch(epoch),
        from: "us-west-2".into(),
        to: "us-east-1".into(),
        run_id: run_id.into(),
        written_at: at(1),
        stage: Stage::Stopping,
    }
}

fn stopped(by: &str) -> PlanState {
    held("a").stop(stop("a", by, 8)).unwrap()
}

fn promoting(by: &str) -> PlanState {
    stopped(by)
        .promote_stopped(&token(by), intent("a", 8))
        .unwrap()
}

#[test]
fn a_stop_needs_the_lease_and_a_higher_epoch_and_is_no_promotion() {
    assert!(refused(row().stop(stop("a", "a1", 8))));
    let low = held("a").stop(stop("a", "a1", 7));
    assert!(matches!(low, Err(Error::UnexpectedTopology(_))));
    let row = stopped("a1");
    assert_eq!((row.epoch(), row.intent.as_ref()), (Epoch(8), None));
    assert!(!row.is_promoting());
}

#[test]
fn the_next_run_takes_a_stop_over_under_its_own_token_and_the_first_ones_promotes_nothing_any_more()
{
    let next = stopped("a1")
        .claim(&claim("b"), at(901))
        .and_then(|held| held.stop(stop("b", "b1", 8)))
        .unwrap();
    assert_eq!(
        next.stop.as_ref().map(|stop| stop.token.as_str()),
        Some("b1")
    );
    assert!(refused(next.promote_stopped(&token("a1"), intent("b", 8))));
    assert_eq!(next.withdraw_stop(&token("a1")), None);
}

#[test]
fn what_was_withdrawn_is_never_promoted_and_its_epoch_is_not_given_out_again() {
    let withdrawn = stopped("a1").withdraw_stop(&token("a1")).unwrap();
    assert_eq!((&withdrawn.stop, withdrawn.withdrawn), (&None, Epoch(8)));
    assert!(refused(
        withdrawn.promote_stopped(&token("a1"), intent("a", 8))
    ));
    assert!(withdrawn.stop(stop("a", "a2", 8)).is_err());
    assert!(withdrawn.stop(stop("a", "a2", 9)).is_ok());
    assert_eq!(withdrawn.withdraw_stop(&token("a1")), None);
}

#[test]
fn whoever_gives_back_needs_no_lease_and_is_too_late_once_a_promotion_has_begun() {
    let lapsed = stopped("a1").release(&"a".into()).unwrap();
    assert!(lapsed.withdraw_stop(&token("a1")).is_some());
    let begun = promoting("a1");
    assert_eq!(begun.withdraw_stop(&token("a1")), None);
    assert!(begun.is_promoting());
    assert!(refused(begun.stop(stop("a", "a2", 9))), "it goes forward");
}

#[test]
fn a_promotion_that_has_begun_is_taken_over_by_the_run_that_continues_it() {
    let next = promoting("a1").claim(&claim("b"), at(901)).unwrap();
    let next = next.promote_stopped(&token("a1"), intent("b", 8)).unwrap();
    let run = |row: &PlanState| row.intent.as_ref().map(|intent| intent.run_id.clone());
    assert_eq!(run(&next), Some("b".into()));
    assert_eq!(
        next.stop.as_ref().map(|stop| stop.stage),
        Some(Stage::Promoting)
    );
    assert!(refused(next.promote_stopped(&token("a1"), intent("a", 8))));
    let other = next.promote_stopped(&token("a1"), intent("b", 9));
    assert!(refused(other), "the epoch of another stop");
}

#[test]
fn a_writer_is_opened_only_where_no_row_bears_its_mark_and_nothing_is_promoted() {
    let home = "us-west-2".into();
    let opens = |row: &PlanState| row.may_open(&token("a1"), &home);
    assert!(opens(&row()), "an orphan");
    assert!(!opens(&stopped("a1")), "not withdrawn");
    assert!(
        opens(&stopped("a2")),
        "another stop's row, and this one's mark"
    );
    assert!(opens(&stopped("a1").withdraw_stop(&token("a1")).unwrap()));
    assert!(!opens(&promoting("a1")));
    let unplanned = held("a").intend(intent("a", 8)).unwrap();
    assert!(!opens(&unplanned));
    let moved = row().learn(&current(8, "us-east-1")).unwrap();
    assert!(!opens(&moved));
}

#[test]
fn a_proof_ends_the_stop_behind_which_it_was_promoted_and_a_withdrawal_by_the_run_takes_both() {
    let proven = promoting("a1").prove(&"a".into(), current(8, "us-east-1"));
    assert_eq!(proven.unwrap().stop, None);
    let learnt = stopped("a1").learn(&current(8, "us-east-1")).unwrap();
    assert_eq!(learnt.stop, None);
    let earlier = held("a").stop(stop("a", "a1", 9)).unwrap();
    let earlier = earlier.learn(&current(8, "us-east-1")).unwrap();
    assert!(earlier.stop.is_some());
    let back = promoting("a1").withdraw(&"a".into()).unwrap();
    assert_eq!((back.stop, back.intent), (None, None));
}
