//! What is measured of a run.

use failover::{
    beat::{Beat, Loss},
    domain::Epoch,
    evidence::Verdict,
    ledger::Proof,
    testing::confirmed,
};

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn the_rto_of_a_planned_move_goes_from_the_old_writers_last_beat_to_the_new_ones_first() {
    let of = |epoch, second| Beat {
        seq: 9,
        epoch: Epoch(epoch),
        at: at(second),
    };
    let mut moved = failover::testing::run();
    moved.confirmed = None;
    moved.held = Some(
        [
            ("us-west-2".into(), of(7, 95)),
            ("us-east-1".into(), of(7, 97)),
        ]
        .into(),
    );
    moved.proof = Some(Proof {
        epoch: Epoch(8),
        beat: of(8, 100),
        loss: None,
        came_back_until: None,
    });
    let rto = |run: &Run| {
        measures(
            run,
            (Outcome::Succeeded, Vec::new()),
            &CameBack::default(),
            at(110),
        )
        .rto_seconds
    };
    moved.kind = RunKind::PlannedFailover;
    assert_eq!(rto(&moved), Some(3.0));
    let mut resumed = moved.clone();
    let held = resumed.held.as_mut().unwrap();
    held.insert("us-east-1".into(), of(8, 99));
    assert_eq!(rto(&resumed), None, "an earlier run has proven it");
    // The new writer of an outage may lack the old one's last beats.
    moved.kind = RunKind::UnplannedFailover;
    assert_eq!(rto(&moved), None);
}

#[test]
fn a_writer_that_came_back_after_it_was_left_makes_the_loss_unknown() {
    let mut run = failover::testing::run();
    run.confirmed = Some(confirmed(Verdict::WriterDown));
    run.proof = Some(Proof {
        epoch: Epoch(8),
        beat: Beat {
            seq: 1,
            epoch: Epoch(8),
            at: at(100),
        },
        loss: Some(Loss {
            beats: 0,
            seconds: 0.0,
        }),
        came_back_until: None,
    });
    let loss = |until, is_heard_again| {
        let came_back = CameBack {
            until,
            is_heard_again,
        };
        let end = measures(&run, (Outcome::Succeeded, Vec::new()), &came_back, at(120));
        end.rpo.map(|loss| loss.beats)
    };
    assert_eq!(loss(None, false), Some(0));
    assert_eq!(loss(Some(at(110)), false), None);
    assert_eq!(loss(None, true), None);
}
