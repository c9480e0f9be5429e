//! What RDS, the probe and the fence say against a switchover.

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

#[test]
fn a_cluster_that_is_misspelt_hides_no_other_reason() {
    let source = Cluster {
        identifier: "orders-west".into(),
        arn: "arn".into(),
        resource_id: None,
        status: "modifying".into(),
        engine_version: "16.6".into(),
        endpoint: String::new(),
        reader_endpoint: String::new(),
        port: 5432,
        global_cluster: None,
        instances: Vec::new(),
    };
    let found = of_both(&testing::run(), (None, None), Some(&source)).join("; ");
    for part in [
        "RDS in us-east-1 knows no cluster orders-east",
        "orders-west in us-west-2 is modifying",
        "orders-west in us-west-2 has no instance",
    ] {
        assert!(found.contains(part), "{found} lacks {part}");
    }
}

#[test]
fn a_blue_green_deployment_stands_in_the_way_until_it_is_over() {
    let of = |status: &str| BlueGreen {
        name: "orders-next".into(),
        source: "arn:aws:rds:us-west-2:123456789012:cluster:orders-west".into(),
        status: status.into(),
    };
    for status in [
        "PROVISIONING",
        "AVAILABLE",
        "SWITCHOVER_IN_PROGRESS",
        "SWITCHOVER_FAILED",
    ] {
        assert!(!is_over(&of(status)), "{status}");
    }
    assert!(is_over(&of("SWITCHOVER_COMPLETED")) && is_over(&of("DELETING")));
    let why = blocked(&of("AVAILABLE"), &"us-west-2".into());
    assert!(
        why.contains("orders-west in us-west-2") && why.contains("orders-next"),
        "{why}"
    );
}
