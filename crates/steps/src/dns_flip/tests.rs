//! What a pass does about what it saw, case by case.

use super::*;
use crate::routes::cname::{
    Zone,
    tests::{EAST, WEST, cname, zone},
};

/// What a pass of epoch 8 saw of one zone.
fn observed(zone: Zone) -> Observed {
    Observed {
        epoch: Epoch(8),
        routes: routes::Seen {
            zones: vec![zone],
            ..Default::default()
        },
    }
}

#[test]
fn a_zone_whose_name_leads_elsewhere_is_changed_and_one_that_is_right_stays() {
    let wrong = zone(Some(cname(WEST)), Some(7));
    let change = wrong.change(Epoch(8)).unwrap();
    assert_eq!(next_action(&observed(wrong)), Ok(Action::Lead(change)));
    let right = zone(Some(cname(EAST)), Some(8));
    assert_eq!(next_action(&observed(right)), Ok(Action::Done));
}

#[test]
fn a_record_that_points_somewhere_unexpected_stops_the_step() {
    let elsewhere = zone(Some(cname("elsewhere.example.com")), Some(7));
    let why = next_action(&observed(elsewhere)).unwrap_err();
    assert_eq!(why.name(), "UnexpectedTopology");
}

#[test]
fn a_record_of_a_later_epoch_is_never_put_back() {
    let later = zone(Some(cname(WEST)), Some(9));
    let why = next_action(&observed(later)).unwrap_err();
    assert_eq!(why.name(), "UnexpectedTopology");
}

#[test]
fn a_change_is_done_only_when_it_is_in_sync() {
    let seen = |in_sync| {
        let right = zone(Some(cname(EAST)), Some(8));
        next_action(&observed(Zone { in_sync, ..right }))
    };
    assert_eq!(seen(Some(false)), Ok(Action::Wait));
    assert_eq!(seen(Some(true)), Ok(Action::Done));
}

#[test]
fn a_plan_without_routes_is_done() {
    assert_eq!(
        next_action(&Observed {
            epoch: Epoch(8),
            routes: routes::Seen::default(),
        }),
        Ok(Action::Done)
    );
}

/// The answer's fields stay as they are, whatever the routes are made of.
#[test]
fn what_was_seen_is_answered_as_parameters_and_zones() {
    let seen = serde_json::to_value(observed(zone(None, None))).unwrap();
    let fields: Vec<_> = seen.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        ["epoch", "is_throttled", "parameters", "switches", "zones"]
    );
}

mod account;
mod hindered;
mod many;
