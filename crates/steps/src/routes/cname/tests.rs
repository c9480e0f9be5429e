//! What a zone's batch holds, case by case.

use super::*;
use failover::ports::Record;

pub(crate) const WEST: &str = "orders-west.cluster-x.us-west-2.rds.amazonaws.com";
pub(crate) const EAST: &str = "orders-east.cluster-x.us-east-1.rds.amazonaws.com";

pub(crate) fn cname(value: &str) -> Record {
    Record {
        name: "writer.orders.internal".into(),
        kind: "CNAME",
        ttl_seconds: 5,
        values: vec![value.into()],
    }
}

fn txt(epoch: u64) -> Record {
    Record {
        name: "_aurora-failover-epoch.writer.orders.internal".into(),
        kind: "TXT",
        ttl_seconds: 5,
        values: vec![format!("\"{epoch}\"")],
    }
}

/// A name that holds this and is to lead to the east.
fn name(held: Option<Record>, epoch: Option<u64>) -> Name {
    Name {
        cname: held,
        txt: epoch.map(txt),
        wanted: cname(EAST),
        members: vec![WEST.into(), EAST.into()],
    }
}

/// A zone of that name alone.
pub(crate) fn zone(held: Option<Record>, epoch: Option<u64>) -> Zone {
    Zone {
        id: "Z0EXAMPLE".into(),
        names: vec![name(held, epoch)],
        in_sync: None,
        stands: None,
    }
}

/// What epoch 8 changes in it.
fn changed(held: Option<Record>, epoch: Option<u64>) -> Option<Batch> {
    zone(held, epoch).change(Epoch(8)).map(|change| {
        let Change::Zone(id, batch) = change else {
            panic!("{change:?}")
        };
        assert_eq!(id, "Z0EXAMPLE");
        batch
    })
}

#[test]
fn the_batch_deletes_exactly_what_was_read_and_carries_the_epoch() {
    let batch = Batch {
        delete: vec![cname(WEST), txt(7)],
        create: vec![cname(EAST), txt(8)],
    };
    assert_eq!(changed(Some(cname(WEST)), Some(7)), Some(batch));
}

#[test]
fn what_stands_under_a_name_instead_of_a_cname_is_named_and_stays() {
    for (kind, value) in [("A", "10.0.0.7"), ("ALIAS", "lb.example.")] {
        let other = || Record {
            kind,
            ..cname(value)
        };
        assert_eq!(changed(Some(other()), Some(7)), None);
        let refused = zone(Some(other()), Some(7)).refused(Epoch(8));
        let why = refused[0].to_string();
        for part in [
            kind,
            value,
            "writer.orders.internal",
            "delete it and make a CNAME",
        ] {
            assert!(why.contains(part), "{why} lacks {part}");
        }
        let ready = name(Some(other()), Some(7)).stands_in_the_way(Epoch(8));
        assert_eq!(ready, Some(why), "readiness says the same");
    }
}

#[test]
fn a_record_with_another_ttl_is_deleted_as_it_stands() {
    let slow = Record {
        ttl_seconds: 300,
        ..cname(WEST)
    };
    let batch = changed(Some(slow.clone()), Some(7)).unwrap();
    assert_eq!(batch.delete[0], slow);
}

#[test]
fn records_that_are_right_stay_whatever_their_case_and_trailing_dot() {
    let right = cname(&format!("{}.", EAST.to_uppercase()));
    assert_eq!(changed(Some(right), Some(8)), None);
}

#[test]
fn a_missing_record_is_created() {
    let batch = changed(None, None).unwrap();
    assert_eq!((batch.delete.len(), batch.create.len()), (0, 2));
}

/// FlipDns would be refused after the point of no return: so it is asked before.
#[test]
fn a_name_that_could_not_be_led_over_stands_in_the_way_of_a_planned_move() {
    let said = |held: Option<Record>, epoch: Option<u64>| {
        name(held, epoch)
            .stands_in_the_way(Epoch(8))
            .unwrap_or_default()
    };
    assert_eq!(said(Some(cname(WEST)), Some(7)), "");
    assert!(said(None, None).contains("does not exist in its zone"));
    assert!(said(Some(cname("proxy.example")), Some(7)).contains("no member's endpoint"));
    assert!(said(Some(cname(WEST)), Some(9)).contains("was pointed in epoch 9"));
}

#[test]
fn a_silent_route_53_is_asked_again_for_seconds_only() {
    assert_eq!(
        [0.0, 5.9, 6.0].map(|seconds| pace::silent(seconds).name()),
        ["Unavailable", "Unavailable", "NotReady"]
    );
}
