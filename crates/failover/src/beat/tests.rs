//! What a vantage keeps and what a loss is.

use super::*;

/// As a plan of five seconds has it.
const COVERS: SignedDuration = SignedDuration::from_secs(15);

fn after(
    previous: Option<&Vantage>,
    region: &Region,
    writer_region: &Region,
    look: Look,
) -> Vantage {
    let detection = crate::testing::run().plan.detection;
    Vantage::after(previous, region, writer_region, look, &detection)
}

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
    let first = after(None, &here, &there, committed);
    let second = after(Some(&first), &here, &there, failed(6));
    let third = after(Some(&second), &here, &there, failed(11));
    assert_eq!(
        (third.failing_since, third.failures, third.last_beat),
        (Some(at(6)), 2, Some(beat(4, 1)))
    );
}

#[test]
fn the_last_beat_of_the_writer_that_was_left_is_kept_beside_the_new_ones() {
    let (here, west, east) = ("us-west-2".into(), "us-west-2".into(), "us-east-1".into());
    let committed = |seq, second| Look {
        at: at(second),
        write: Write::Committed {
            beat: beat(seq, second),
        },
        reading: None,
    };
    let first = after(None, &here, &west, committed(4, 1));
    assert_eq!(first.last_beat_on(&west), Some(beat(4, 1)));
    let second = after(Some(&first), &here, &east, failed(6));
    let third = after(Some(&second), &here, &east, committed(1, 11));
    for vantage in [&second, &third] {
        assert_eq!(vantage.last_beat_on(&west), Some(beat(4, 1)));
    }
    assert_eq!(second.last_beat_on(&east), None);
    assert_eq!(third.last_beat_on(&east), Some(beat(1, 11)));
}

#[test]
fn a_late_look_at_the_old_writer_takes_nothing_from_the_record_of_the_new_one() {
    let (here, west, east) = (
        Region::from("us-east-1"),
        "us-west-2".into(),
        "us-east-1".into(),
    );
    let committed = |seq, second, epoch| Look {
        at: at(second),
        write: Write::Committed {
            beat: Beat {
                epoch: Epoch(epoch),
                ..beat(seq, second)
            },
        },
        reading: None,
    };
    let old = after(None, &here, &west, committed(4, 1, 7));
    let on_old = old.last_beat;
    let unseen = after(Some(&old), &here, &east, failed(6));
    let late = |seen: &Vantage, look: Look| seen.after_a_late_look(&west, Epoch(7), &look.write);
    assert_eq!(
        late(&unseen, failed(7)),
        None,
        "no beat tells which is the later"
    );
    let back = after(Some(&unseen), &here, &west, failed(7));
    assert_eq!(back.last_beat_on(&west), on_old);

    let new = after(Some(&back), &here, &east, committed(1, 11, 8));
    assert_eq!(new.last_beat_on(&west), on_old);
    assert_eq!(late(&new, failed(12)), Some(new.clone()));
    let took = late(&new, committed(5, 12, 7)).unwrap();
    assert_eq!(took.last_beat_on(&west).map(|beat| beat.seq), Some(5));
    assert_eq!(
        (&took.writer_region, took.last_beat),
        (&east, new.last_beat)
    );
    let older = late(&took, committed(3, 13, 7)).unwrap();
    assert_eq!(older, took, "the later beat stays");
    assert_eq!(late(&old, failed(8)), None, "it is about that writer");
    let home = after(Some(&new), &here, &west, committed(9, 20, 9));
    assert_eq!(
        home.after_a_late_look(&east, Epoch(9), &failed(21).write),
        None
    );
}

#[test]
fn writes_are_out_since_the_first_look_that_shows_it_until_a_sign_of_life() {
    let (here, there) = (Region::from("us-east-1"), Region::from("us-west-2"));
    let look = |second, write| Look {
        at: at(second),
        write,
        reading: None,
    };
    let misconfigured = || Write::Misconfigured {
        why: "the secret is not readable".into(),
    };
    for first in [Write::ReadOnly, failed(1).write] {
        let first = after(None, &here, &there, look(1, first));
        let second = after(Some(&first), &here, &there, look(6, misconfigured()));
        let third = after(Some(&second), &here, &there, failed(11));
        assert_eq!(third.signs.out_since, Some(at(1)));
        let commits = Write::Committed { beat: beat(4, 16) };
        let fourth = after(Some(&third), &here, &there, look(16, commits));
        assert_eq!(fourth.signs.out_since, None);
    }
    let alone = after(None, &here, &there, look(1, misconfigured()));
    assert_eq!(
        alone.signs.out_since, None,
        "the writer may take writes of others"
    );
}

#[test]
fn failures_from_before_a_long_gap_do_not_count() {
    let (here, there) = (Region::from("us-east-1"), Region::from("us-west-2"));
    let first = after(None, &here, &there, failed(0));
    let later = after(Some(&first), &here, &there, failed(600));
    assert_eq!((later.failures, later.failing_since), (1, Some(at(600))));
}

#[test]
fn failures_against_the_old_writer_do_not_count_against_the_new_one() {
    let here = Region::from("us-east-1");
    let old = after(None, &here, &"us-west-2".into(), failed(1));
    let new = after(Some(&old), &here, &"us-east-1".into(), failed(6));
    assert_eq!((new.failures, new.failing_since), (1, Some(at(6))));
}

#[test]
fn progress_is_any_movement_of_the_position_or_of_another_vantages_beat() {
    let still = Reading {
        position: Some(10),
        beats: Beats::from([("us-west-2".into(), beat(1, 1))]),
        committed_at: None,
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
    let lost = loss(&beats(9, 50), &beats(7, 40), None, COVERS).unwrap();
    assert_eq!((lost.beats, lost.seconds), (2, 10.0));
}

#[test]
fn a_loss_without_a_beat_on_either_side_is_unknown() {
    assert_eq!(loss(&Beats::new(), &beats(7, 40), None, COVERS), None);
    assert_eq!(loss(&beats(7, 40), &Beats::new(), None, COVERS), None);
}

#[test]
fn a_writer_that_lived_on_after_our_last_beat_makes_the_loss_unknown() {
    let lost = |held: &Beats, sign| loss(&beats(7, 40), held, sign, COVERS).map(|loss| loss.beats);
    assert_eq!(lost(&beats(7, 40), Some(at(55))), Some(0));
    assert_eq!(lost(&beats(7, 40), Some(at(56))), None);
    // What arrived of another vantage's beats tells that it lived, and not what was lost of it.
    let mut later = beats(7, 40);
    later.insert("us-west-2".into(), beat(700, 3590));
    assert_eq!(lost(&later, Some(at(3600))), None);
    assert_eq!(lost(&later, None), None);
}

#[test]
fn a_position_that_was_unknown_has_not_moved() {
    let of = |position, committed_at: Option<i64>| Reading {
        position,
        committed_at: committed_at.map(at),
        ..Reading::default()
    };
    assert!(!of(Some(5), None).moved_since(&of(None, None)));
    assert!(!of(None, None).moved_since(&of(Some(5), None)));
    assert!(!of(None, Some(5)).moved_since(&of(None, None)));
    assert!(of(Some(6), None).moved_since(&of(Some(5), None)));
    assert!(of(None, Some(6)).moved_since(&of(None, Some(5))));
}

#[test]
fn a_reader_that_goes_back_has_not_moved() {
    let of = |seq| Reading {
        beats: beats(seq, 1),
        ..Reading::default()
    };
    assert!(!of(6).moved_since(&of(7)) && of(7).moved_since(&of(6)));
}

#[test]
fn what_beats_move_is_told_from_what_others_move() {
    let of = |position, seq, committed_ms: i64| Reading {
        position: Some(position),
        beats: beats(seq, 1),
        committed_at: Some(at(1) + SignedDuration::from_millis(committed_ms)),
    };
    let others = |now: Reading, before: Reading| now.others_moved_since(&before);
    assert!(!others(of(400, 2, 5), of(0, 1, 0)), "a beat alone");
    assert!(others(of(400, 1, 0), of(0, 1, 0)), "no beat, and it moved");
    assert!(
        others(of(99_000, 2, 5), of(0, 1, 0)),
        "more than a beat writes"
    );
    assert!(
        others(of(400, 2, 900), of(0, 1, 5)),
        "a commit after the newest beat"
    );
}

#[test]
fn the_time_of_a_reading_is_kept_with_it_and_ends_with_its_writer() {
    let (here, there) = (Region::from("us-east-1"), Region::from("us-west-2"));
    let reading = Some(Reading {
        beats: beats(1, 0),
        ..Reading::default()
    });
    let read = after(
        None,
        &here,
        &there,
        Look {
            reading,
            ..failed(0)
        },
    );
    let unreadable = after(Some(&read), &here, &there, failed(40));
    let near = |seen: &Vantage, second| seen.reading_near(at(second), COVERS).is_some();
    assert!(near(&unreadable, 15) && !near(&unreadable, 16));
    let another = after(Some(&unreadable), &here, &"eu-west-1".into(), failed(41));
    assert!(another.reading.is_some() && !near(&another, 0));
}

#[test]
fn used_slots_clear_the_failures_and_the_next_other_failure_starts_them() {
    let (here, there) = (Region::from("us-east-1"), Region::from("us-west-2"));
    let write = Write::Saturated {
        why: "53300".into(),
    };
    let down = after(None, &here, &there, failed(0));
    let full = after(Some(&down), &here, &there, Look { write, ..failed(5) });
    let gone = after(Some(&full), &here, &there, failed(10));
    assert_eq!((full.failing_since, full.failures), (None, 2));
    assert_eq!((gone.failing_since, gone.failures), (Some(at(10)), 3));
    assert_eq!(gone.maybe_alive_at(), Some(at(5)));
    assert_eq!(gone.signs.uncommitted_since, Some(at(0)));
}

#[test]
fn a_server_that_answers_without_a_commit_fails_and_may_have_lived() {
    let (here, there) = (Region::from("us-east-1"), Region::from("us-west-2"));
    let write = Write::Answered {
        why: "55000".into(),
    };
    let down = after(None, &here, &there, failed(0));
    let answered = after(Some(&down), &here, &there, Look { write, ..failed(5) });
    let gone = after(Some(&answered), &here, &there, failed(10));
    assert_eq!((gone.failing_since, gone.failures), (Some(at(0)), 3));
    assert_eq!(gone.signs.answered_at, Some(at(5)));
    assert_eq!(gone.maybe_alive_at(), Some(at(5)));
    assert_eq!(down.maybe_alive_at(), None);
}

#[test]
fn how_far_a_reader_is_behind_is_never_measured_in_an_outage() {
    let (here, there) = (Region::from("us-east-1"), Region::from("us-west-2"));
    let reading = |second| Reading {
        beats: beats(1, second),
        ..Reading::default()
    };
    let committed = Look {
        at: at(10),
        write: Write::Committed { beat: beat(2, 10) },
        reading: Some(reading(3)),
    };
    let alive = after(None, &here, &there, committed);
    let look = Look {
        reading: Some(reading(14)),
        ..failed(15)
    };
    let dead = after(Some(&alive), &here, &there, look);
    assert_eq!(
        (alive.signs.lag_ms, dead.signs.lag_ms),
        (Some(7_000), Some(7_000))
    );
    assert_eq!(dead.signs.newest_at, Some(at(14)));
}

#[test]
fn a_wrong_login_does_not_spend_the_grace_of_the_failure_that_follows() {
    let (here, there) = (Region::from("us-east-1"), Region::from("us-west-2"));
    let write = Write::Misconfigured {
        why: "password".into(),
    };
    let wrong = after(None, &here, &there, Look { write, ..failed(0) });
    let down = after(Some(&wrong), &here, &there, failed(60));
    assert_eq!(
        (wrong.failing_since, down.failing_since, down.failures),
        (None, Some(at(60)), 2)
    );
}
