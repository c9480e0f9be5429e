//! What a vantage keeps and what a loss is.

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn beat(seq: u64, second: i64) -> Beat {
    Beat {
        seq,
        epoch: Epoch(7),
        at: at(second),
    }
}

fn failed(second: i64) -> Look {
    Look {
        at: at(second),
        write: Write::Failed {
            why: "timed out".into(),
        },
        reading: None,
    }
}

#[test]
fn failing_since_stays_at_the_first_failure_and_the_last_beat_is_kept() {
    let (here, there) = (Region::from("us-east-1"), Region::from("us-west-2"));
    let committed = Look {
        at: at(1),
        write: Write::Committed { beat: beat(4, 1) },
        reading: None,
    };
    let first = Vantage::after(None, &here, &there, committed);
    let second = Vantage::after(Some(&first), &here, &there, failed(6));
    let third = Vantage::after(Some(&second), &here, &there, failed(11));
    assert_eq!(
        (third.failing_since, third.failures, third.last_beat),
        (Some(at(6)), 2, Some(beat(4, 1)))
    );
}

#[test]
fn failures_from_before_a_long_gap_do_not_count() {
    let (here, there) = (Region::from("us-east-1"), Region::from("us-west-2"));
    let first = Vantage::after(None, &here, &there, failed(0));
    let later = Vantage::after(Some(&first), &here, &there, failed(600));
    assert_eq!((later.failures, later.failing_since), (1, Some(at(600))));
}

#[test]
fn failures_against_the_old_writer_do_not_count_against_the_new_one() {
    let here = Region::from("us-east-1");
    let old = Vantage::after(None, &here, &"us-west-2".into(), failed(1));
    let new = Vantage::after(Some(&old), &here, &"us-east-1".into(), failed(6));
    assert_eq!((new.failures, new.failing_since), (1, Some(at(6))));
}

#[test]
fn progress_is_any_movement_of_the_position_or_of_another_vantages_beat() {
    let still = Reading {
        position: Some(10),
        beats: Beats::from([("us-west-2".into(), beat(1, 1))]),
    };
    let position = Reading {
        position: Some(11),
        ..still.clone()
    };
    let beats = Reading {
        beats: Beats::from([("us-west-2".into(), beat(2, 6))]),
        ..still.clone()
    };
    assert!(
        position.moved_since(&still) && beats.moved_since(&still) && !still.moved_since(&still)
    );
}

fn beats(seq: u64, second: i64) -> Beats {
    Beats::from([("us-east-1".into(), beat(seq, second))])
}

#[test]
fn a_loss_counts_the_beats_and_the_time_between_them() {
    let lost = loss(&beats(9, 50), &beats(7, 40), None).unwrap();
    assert_eq!((lost.beats, lost.seconds), (2, 10.0));
}

#[test]
fn a_loss_without_a_beat_on_either_side_is_unknown() {
    assert_eq!(loss(&Beats::new(), &beats(7, 40), None), None);
    assert_eq!(loss(&beats(7, 40), &Beats::new(), None), None);
}

#[test]
fn a_writer_that_lived_on_after_our_last_beat_makes_the_loss_unknown() {
    assert_eq!(loss(&beats(7, 40), &beats(7, 40), Some(at(3600))), None);
    let mut later = beats(7, 40);
    later.insert("us-west-2".into(), beat(700, 3590));
    assert_eq!(
        loss(&beats(7, 40), &later, Some(at(3600))).map(|loss| loss.beats),
        Some(0)
    );
    // One that stopped arriving long before says nothing of what came after it.
    later.insert("us-west-2".into(), beat(2, 45));
    assert_eq!(loss(&beats(7, 40), &later, Some(at(3600))), None);
}

#[test]
fn a_wrong_login_does_not_spend_the_grace_of_the_failure_that_follows() {
    let (here, there) = (Region::from("us-east-1"), Region::from("us-west-2"));
    let write = Write::Misconfigured {
        why: "password".into(),
    };
    let wrong = Vantage::after(None, &here, &there, Look { write, ..failed(0) });
    let down = Vantage::after(Some(&wrong), &here, &there, failed(60));
    assert_eq!(
        (wrong.failing_since, down.failing_since, down.failures),
        (None, Some(at(60)), 2)
    );
}
