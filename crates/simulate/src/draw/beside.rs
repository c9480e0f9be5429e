//! Several things at once, and what people do beside them.

use fastrand::Rng;
use serde_json::json;

use super::{at, disturbance, planned_move, region, region_loss, timed, writer_death};
use crate::{
    case::{AWAY, Event, HOME, Timed, WITNESS},
    theirs::Theirs,
};

/// Several things at once.
pub(super) fn several(random: &mut Rng) -> Vec<Timed> {
    let mut events = Vec::new();
    for _ in 0..random.u8(1..=3) {
        let more = match random.u8(0..6) {
            0 => disturbance(random),
            1 | 2 => region_loss(random),
            3 => writer_death(random),
            4 => planned_move(random),
            _ => people(random),
        };
        events.extend(more);
    }
    events
}

/// Several things, and people who redrive runs and delete what is not theirs.
pub(super) fn meddled(random: &mut Rng) -> Vec<Timed> {
    let mut events = several(random);
    let first = events.iter().map(|timed| timed.at).fold(90.0, f64::min);
    for _ in 0..random.u8(1..=2) {
        // A run is under way by then.
        let begins = first + at(random, 15.0, 150.0);
        let later = begins + at(random, 5.0, 400.0);
        let place = region(if random.bool() { HOME } else { AWAY });
        let more = match random.u8(0..8) {
            0..=2 => vec![
                timed(begins, Event::Stopped(place.clone())),
                timed(later, Event::Redriven(place)),
            ],
            3 => vec![
                timed(begins, Event::Deleted(Theirs::Plan)),
                timed(later, Event::Planned(json!({}))),
            ],
            4 => vec![timed(begins, Event::Deleted(Theirs::Endpoint(place)))],
            5 => vec![timed(begins, Event::Deleted(Theirs::Name))],
            6 => vec![timed(begins, Event::Deleted(Theirs::Epoch))],
            _ => vec![timed(
                begins,
                Event::Deleted(Theirs::Instance(region(AWAY))),
            )],
        };
        events.extend(more);
    }
    events
}

/// In the end everything is there again.
pub(super) fn there_again(mut events: Vec<Timed>) -> Vec<Timed> {
    let end = events.iter().map(|timed| timed.at).fold(0.0, f64::max) + 600.0;
    for name in [HOME, AWAY, WITNESS] {
        events.push(timed(end, Event::Back(region(name))));
    }
    events.push(timed(end, Event::Joined));
    events
}

/// What people do.
fn people(random: &mut Rng) -> Vec<Timed> {
    let begins = at(random, 1.0, 300.0);
    let place = |random: &mut Rng| region(if random.bool() { HOME } else { AWAY });
    let event = match random.u8(0..10) {
        9 => Event::Started(
            "unplanned-failover".into(),
            place(random),
            json!({"plan": "orders", "dry_run": random.bool()}),
        ),
        6 => Event::Planned(json!({"detection": {"failures": random.u8(2..=5)}})),
        7 => Event::Invoked(
            "detach-and-promote".into(),
            place(random),
            json!({"plan": "orders", "force": "orders@1", "accept_data_loss": true}),
        ),
        8 => Event::Invoked(
            "fence-writer".into(),
            place(random),
            json!({"operation": "fence", "plan": "orders", "force": "orders@1"}),
        ),
        0 => Event::Started(
            "planned-failover".into(),
            place(random),
            json!({"plan": "orders"}),
        ),
        1 => Event::Started("failback".into(), region(HOME), json!({"plan": "orders"})),
        2 => Event::Stopped(place(random)),
        3 => Event::Answered(random.bool()),
        4 => Event::Killed(true),
        _ => Event::Started(
            "planned-failover".into(),
            place(random),
            json!({"plan": "orders", "dry_run": true}),
        ),
    };
    let mut events = vec![timed(begins, event)];
    if matches!(events[0].event, Event::Killed(true)) {
        events.push(timed(
            begins + at(random, 10.0, 400.0),
            Event::Killed(false),
        ));
    }
    events
}
