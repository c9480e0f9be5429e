//! What a batch holds, case by case.

use super::*;

const WEST: &str = "orders-west.cluster-x.us-west-2.rds.amazonaws.com";
const EAST: &str = "orders-east.cluster-x.us-east-1.rds.amazonaws.com";

fn cname(value: &str) -> Record {
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

fn observed(held: Option<Record>, epoch: Option<u64>) -> Observed {
    let name = Name {
        cname: held,
        txt: epoch.map(txt),
        wanted: cname(EAST),
        members: vec![WEST.into(), EAST.into()],
    };
    let zone = Zone {
        id: "Z0EXAMPLE".into(),
        names: vec![name],
        in_sync: None,
        stands: None,
    };
    Observed {
        epoch: Epoch(8),
        parameters: Vec::new(),
        zones: vec![zone],
        is_throttled: false,
        failed: Vec::new(),
    }
}

#[test]
fn the_batch_deletes_exactly_what_was_read_and_carries_the_epoch() {
    let batch = Batch {
        delete: vec![cname(WEST), txt(7)],
        create: vec![cname(EAST), txt(8)],
    };
    let action = next_action(&observed(Some(cname(WEST)), Some(7)));
    assert_eq!(action, Ok(Action::Change("Z0EXAMPLE".into(), batch)));
}

#[test]
fn what_stands_under_a_name_instead_of_a_cname_is_named_and_stays() {
    for (kind, value) in [("A", "10.0.0.7"), ("ALIAS", "lb.example.")] {
        let other = Record {
            kind,
            ..cname(value)
        };
        let seen = observed(Some(other), Some(7));
        let why = next_action(&seen).unwrap_err().to_string();
        for part in [
            kind,
            value,
            "writer.orders.internal",
            "delete it and make a CNAME",
        ] {
            assert!(why.contains(part), "{why} lacks {part}");
        }
        let ready = stands_in_the_way(&seen.zones[0].names[0], Epoch(8));
        assert_eq!(ready, Some(why), "readiness says the same");
    }
}

#[test]
fn a_record_with_another_ttl_is_deleted_as_it_stands() {
    let slow = Record {
        ttl_seconds: 300,
        ..cname(WEST)
    };
    let Ok(Action::Change(_, batch)) = next_action(&observed(Some(slow.clone()), Some(7))) else {
        panic!()
    };
    assert_eq!(batch.delete[0], slow);
}

#[test]
fn records_that_are_right_stay_whatever_their_case_and_trailing_dot() {
    let right = cname(&format!("{}.", EAST.to_uppercase()));
    assert_eq!(
        next_action(&observed(Some(right), Some(8))),
        Ok(Action::Done)
    );
}

#[test]
fn a_missing_record_is_created() {
    let Ok(Action::Change(_, batch)) = next_action(&observed(None, None)) else {
        panic!()
    };
    assert_eq!((batch.delete.len(), batch.create.len()), (0, 2));
}

#[test]
fn a_record_that_points_somewhere_unexpected_stops_the_step() {
    let why = next_action(&observed(Some(cname("elsewhere.example.com")), Some(7))).unwrap_err();
    assert_eq!(why.name(), "UnexpectedTopology");
}

#[test]
fn a_record_of_a_later_epoch_is_never_put_back() {
    let why = next_action(&observed(Some(cname(WEST)), Some(9))).unwrap_err();
    assert_eq!(why.name(), "UnexpectedTopology");
}

#[test]
fn a_change_is_done_only_when_it_is_in_sync() {
    let mut changed = observed(Some(cname(EAST)), Some(8));
    changed.zones[0].in_sync = Some(false);
    assert_eq!(next_action(&changed), Ok(Action::Wait));
    changed.zones[0].in_sync = Some(true);
    assert_eq!(next_action(&changed), Ok(Action::Done));
}

/// FlipDns would be refused behind the point of no return: so it is asked before.
#[test]
fn a_name_that_could_not_be_led_over_stands_in_the_way_of_a_planned_move() {
    let said = |held: Option<Record>, epoch: Option<u64>| {
        let seen = observed(held, epoch);
        stands_in_the_way(&seen.zones[0].names[0], Epoch(8)).unwrap_or_default()
    };
    assert_eq!(said(Some(cname(WEST)), Some(7)), "");
    assert!(said(None, None).contains("does not exist in its zone"));
    assert!(said(Some(cname("proxy.example")), Some(7)).contains("no member's endpoint"));
    assert!(said(Some(cname(WEST)), Some(9)).contains("was pointed in epoch 9"));
}

#[test]
fn a_plan_without_records_is_done() {
    assert_eq!(
        next_action(&Observed {
            parameters: Vec::new(),
            epoch: Epoch(8),
            zones: Vec::new(),
            is_throttled: false,
            failed: Vec::new(),
        }),
        Ok(Action::Done)
    );
}

#[test]
fn a_silent_route_53_is_asked_again_for_seconds_only() {
    assert_eq!(
        [0.0, 5.9, 6.0].map(|seconds| silent(seconds).name()),
        ["Unavailable", "Unavailable", "NotReady"]
    );
}

mod hindered;
mod many;
