//! What the probe and the fence say against a planned move.

use std::sync::Mutex;

use super::*;
use failover::{beat::Beat, domain::Epoch, testing};
use jiff::Timestamp;

/// How often the probe was asked, and what was seen last, where its looks come to these.
async fn looked(dry_run: bool, writes: &[Write]) -> (usize, Write) {
    let left = Mutex::new(writes.iter());
    let at = Timestamp::from_second(100).unwrap();
    let seen = fresh_look(dry_run, async || {
        let write = left.lock().unwrap().next().unwrap().clone();
        let vantage = Vantage {
            write,
            ..testing::probe::vantage("us-east-1".into(), at)
        };
        Ok(Confirmation {
            vantage,
            readable: true,
            blind: Vec::new(),
        })
    });
    let write = seen.await.unwrap().vantage.write;
    let asked = writes.len() - left.lock().unwrap().len();
    (asked, write)
}

#[tokio::test]
async fn one_beat_without_an_answer_is_no_reason_against_a_move_and_three_are() {
    let lost = || Write::Failed {
        why: "no answer within 1s".into(),
    };
    let committed = || Write::Committed {
        beat: Beat {
            seq: 1,
            epoch: Epoch(7),
            at: Timestamp::from_second(100).unwrap(),
        },
    };
    let refused = || Write::Misconfigured {
        why: "a wrong password".into(),
    };
    let second = looked(false, &[lost(), committed(), lost()]).await;
    assert_eq!(second, (2, committed()));
    let third = looked(false, &[lost(), lost(), lost(), committed()]).await;
    assert_eq!(third, (3, lost()));
    for first in [committed(), refused()] {
        assert_eq!(
            looked(false, &[first.clone(), lost()]).await,
            (1, first.clone())
        );
    }
    let recorded = looked(true, &[lost(), committed()]).await;
    assert_eq!(recorded, (1, lost()), "a dry run sees what is on record");
}

#[test]
fn what_a_move_breaks_is_named_beside_what_keeps_the_fence_open() {
    let rights = Rights {
        refused: vec!["no right".into()],
        moves_break: vec!["the replication slot cdc stays behind".into()],
    };
    let found = of_rights(&"us-west-2".into(), &rights).join("; ");
    assert!(
        found.contains("no right") && found.contains("slot cdc"),
        "{found}"
    );
}
