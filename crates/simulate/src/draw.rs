//! Draws cases: of each kind what may happen, when, and which calls go wrong.

use failover::domain::Region;
use fastrand::Rng;
use serde_json::{Value, json};

use crate::{
    api::Api,
    case::{self, AWAY, Case, Depth, Event, HOME, Kind, Timed, VERSION, WITNESS, merge, third},
    database::Condition,
    deployed::drawn,
    fault::{Faults, PassWay, Passes, Way},
    switch,
};

mod beside;

/// How many calls go wrong at most.
const FAULTS: u64 = 8;
/// The calls of a function among which they are drawn.
const CALLS: u64 = 120;
/// The invocations of a function among which they are.
const PASSES: u64 = 30;
/// A moment before which a failback does not move the writer.
const WINDOW: &str = "2026-01-05T00:50:00Z";
/// A settled end, so that everything may come to rest.
const REST: u32 = 780;

/// Draws a case of a kind.
#[must_use]
pub fn draw(kind: Kind, seed: u64) -> Case {
    let mut random = Rng::with_seed(seed ^ (kind as u64) << 56);
    let mut events = events(kind, &mut random);
    let mut plan = otherwise(kind, &mut random);
    switched(seed, &mut plan);
    if plan.pointer("/unplanned/region_down").is_some() {
        events.push(answered(seed, events.last()));
    }
    let last = events.last().map_or(0.0, |last| last.at);
    Case {
        version: VERSION,
        kind,
        depth: Depth::Ports,
        seed,
        plan,
        seconds: seconds(last) + REST,
        faults: if kind == Kind::Calm {
            Faults::default()
        } else {
            faults(&mut random)
        },
        passes: if kind == Kind::Calm {
            Passes::default()
        } else {
            passes(&mut random)
        },
        events,
    }
}

/// A human's word to a plan that asks for it, mostly a yes.
fn answered(seed: u64, last: Option<&Timed>) -> Timed {
    let mut random = Rng::with_seed(!seed);
    let last = last.map_or(0.0, |last| last.at);
    let is_yes = random.u8(0..4) > 0;
    timed(
        at(&mut random, last + 10.0, last + 600.0),
        Event::Answered(is_yes),
    )
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "events are drawn within an hour"
)]
fn seconds(last: f64) -> u32 {
    last.ceil() as u32
}

/// Calls that go wrong, most of them in the functions of a run.
fn faults(random: &mut Rng) -> Faults {
    let mut faults = Faults::default();
    for _ in 0..random.u64(0..=FAULTS) {
        let functions = drawn();
        let (function, _) = functions[random.usize(0..functions.len())];
        let way = Way::ALL[random.usize(0..Way::ALL.len())];
        faults = faults.and(function, random.u64(0..CALLS), way);
    }
    faults
}

/// Invocations that go wrong.
fn passes(random: &mut Rng) -> Passes {
    let mut passes = Passes::default();
    for _ in 0..random.u64(0..=2) {
        let functions = drawn();
        let (function, _) = functions[random.usize(0..functions.len())];
        let way = PassWay::ALL[random.usize(0..PassWay::ALL.len())];
        passes = passes.and(function, random.u64(0..PASSES), way);
    }
    passes
}

/// What the plan says otherwise.
fn otherwise(kind: Kind, random: &mut Rng) -> Value {
    let mut plan = json!({});
    if kind == Kind::Anything && random.u8(0..4) == 0 {
        plan["unplanned"] = json!({"region_down": "approval"});
    }
    if kind == Kind::Meddled {
        let endpoint = json!({"kind": "ssm", "parameter": "/orders/writer", "endpoint": "writer"});
        let name = case::plan(&json!({}))["routes"][0].clone();
        plan["routes"] = json!([name, endpoint]);
    }
    if random.u8(0..3) == 0 {
        plan["topology"] = json!({"strategy": "detach"});
    }
    if random.u8(0..6) == 0 {
        merge(&mut plan, &third());
    }
    plan
}

/// Of five plans with two members one leads an application by objects, too. It is drawn by itself, so that all else stays as it was.
fn switched(seed: u64, plan: &mut Value) {
    let mut random = Rng::with_seed(seed.rotate_left(17) ^ 0x5317_c4ed);
    if random.u8(0..5) > 0 || plan.pointer("/topology/members").is_some() {
        return;
    }
    let usual = case::plan(plan)["routes"].clone();
    let routes = usual.as_array().cloned().unwrap_or_default().into_iter();
    plan["routes"] = routes.chain([switch::route()]).collect();
}

fn at(random: &mut Rng, from: f64, to: f64) -> f64 {
    // Milliseconds, so that a case that is written down is the same.
    ((from + random.f64() * (to - from)) * 1_000.0).round() / 1_000.0
}

fn events(kind: Kind, random: &mut Rng) -> Vec<Timed> {
    let mut events = match kind {
        Kind::Calm => Vec::new(),
        Kind::Disturbance => disturbance(random),
        Kind::RegionLoss => region_loss(random),
        Kind::WriterDeath => writer_death(random),
        Kind::PlannedMove => planned_move(random),
        Kind::Failback => failback(random),
        Kind::Anything => beside::there_again(beside::several(random)),
        Kind::Meddled => beside::there_again(beside::meddled(random)),
    };
    events.sort_by(|one, other| one.at.total_cmp(&other.at));
    events
}

fn timed(at: f64, event: Event) -> Timed {
    Timed { at, event }
}

fn region(name: &str) -> Region {
    name.into()
}

/// Something that passes, by which no writer is lost.
fn disturbance(random: &mut Rng) -> Vec<Timed> {
    let begins = at(random, 1.0, 70.0);
    let ends = begins + at(random, 1.0, 50.0);
    let home = || region(HOME);
    let (event, over) = match random.u8(0..14) {
        0 => (
            Event::Server(home(), Condition::Full),
            Event::Server(home(), Condition::Serves),
        ),
        1 => (Event::Restarted(home()), Event::Joined),
        2 => (
            Event::Server(home(), Condition::RefusesLogin),
            Event::Server(home(), Condition::Serves),
        ),
        3 => (
            Event::Stalled(region(AWAY), true),
            Event::Stalled(region(AWAY), false),
        ),
        4 => (
            Event::Lags(region(AWAY), at(random, 1.0, 40.0)),
            Event::Lags(region(AWAY), 0.1),
        ),
        5 => (Event::Parted(region(AWAY), home()), Event::Joined),
        6 => (Event::Isolated(region(WITNESS)), Event::Joined),
        7 => {
            let api = api(random);
            (Event::Silent(api, home()), Event::Answers(api, home()))
        }
        8 => (Event::Restarted(region(AWAY)), Event::Joined),
        9 => (Event::Rotated, Event::Rotated),
        10 => (Event::FailedOver(home()), Event::Joined),
        11 => (
            Event::Slow(home(), at(random, 0.1, 1.5)),
            Event::Slow(home(), 0.0),
        ),
        12 => (
            Event::Ahead(home(), at(random, -3.0, 3.0)),
            Event::Ahead(region(AWAY), at(random, -3.0, 3.0)),
        ),
        _ => (Event::Lost(region(AWAY)), Event::Back(region(AWAY))),
    };
    vec![timed(begins, event), timed(ends, over)]
}

fn api(random: &mut Rng) -> Api {
    const ALL: [Api; 10] = [
        Api::Ledger,
        Api::Rds,
        Api::Lambda,
        Api::People,
        Api::Secrets,
        Api::Parameters,
        Api::Ecs,
        Api::Events,
        Api::Names,
        Api::States,
    ];
    ALL[random.usize(0..ALL.len())]
}

fn region_loss(random: &mut Rng) -> Vec<Timed> {
    let lost = at(random, 1.0, 90.0);
    let mut events = vec![match random.u8(0..4) {
        0 => timed(lost, Event::Isolated(region(HOME))),
        _ => timed(lost, Event::Lost(region(HOME))),
    }];
    if random.bool() {
        events.push(timed(
            (lost - 2.0).max(0.0),
            Event::Lags(region(AWAY), at(random, 0.1, 8.0)),
        ));
    }
    if random.u8(0..3) == 0 {
        let back = lost + at(random, 5.0, 900.0);
        events.push(timed(back, Event::Back(region(HOME))));
        events.push(timed(back, Event::Joined));
    }
    events
}

fn writer_death(random: &mut Rng) -> Vec<Timed> {
    let dies = at(random, 1.0, 90.0);
    let condition = match random.u8(0..3) {
        0 => Condition::Hangs,
        1 => Condition::OutOfDisk,
        _ => Condition::Gone,
    };
    let mut events = vec![timed(dies, Event::Server(region(HOME), condition))];
    if random.u8(0..3) == 0 {
        let back = dies + at(random, 5.0, 1_200.0);
        events.push(timed(back, Event::Server(region(HOME), Condition::Serves)));
    }
    events
}

fn planned_move(random: &mut Rng) -> Vec<Timed> {
    let begins = at(random, 1.0, 90.0);
    let moves = |to: &str| {
        Event::Started(
            "planned-failover".into(),
            region(to),
            json!({"plan": "orders"}),
        )
    };
    let mut events = vec![timed(begins, moves(AWAY))];
    if random.bool() {
        events.push(timed(begins + at(random, 300.0, 900.0), moves(HOME)));
    }
    if random.u8(0..4) == 0 {
        events.push(timed(begins + at(random, 0.0, 60.0), Event::Cancelled));
    }
    events
}

fn failback(random: &mut Rng) -> Vec<Timed> {
    let lost = at(random, 1.0, 60.0);
    let back = lost + at(random, 300.0, 700.0);
    let home = back + at(random, 90.0, 400.0);
    let mut input = json!({"plan": "orders"});
    match random.u8(0..10) {
        0 => input["rehearse"] = true.into(),
        1 => input["approval"] = "given".into(),
        2 => input["not_before"] = WINDOW.into(),
        3 => input["retire"] = "delete".into(),
        4 => input["dry_run"] = true.into(),
        _ => {}
    }
    let goes_home = Event::Started("failback".into(), region(HOME), input);
    let is_yes = random.u8(0..8) > 0;
    vec![
        timed(lost, Event::Lost(region(HOME))),
        timed(back, Event::Back(region(HOME))),
        timed(home, goes_home),
        timed(home + 1_800.0, Event::Answered(is_yes)),
        timed(home + 3_000.0, Event::Answered(true)),
    ]
}
