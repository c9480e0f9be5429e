//! The systematic part: of each kind of run every call goes wrong once in every way, alone.

use serde_json::{Value, json};

use crate::{
    case::{AWAY, Case, Depth, Event, HOME, Kind, Timed, VERSION},
    fault::{Faults, PassWay, Passes, Way},
    play::play,
};

/// What looks every few seconds makes too many calls to fail each of them.
const WATCHES: &str = "health-probe";

/// The runs whose calls go wrong one after the other.
#[must_use]
pub fn baselines() -> Vec<(&'static str, Case)> {
    let lost = timed(10.0, Event::Lost(HOME.into()));
    let detach = json!({"topology": {"strategy": "detach"}});
    let moves = |to: &str| {
        Event::Started(
            "planned-failover".into(),
            to.into(),
            json!({"plan": "orders"}),
        )
    };
    let goes_home = Event::Started("failback".into(), HOME.into(), json!({"plan": "orders"}));
    let home = vec![
        lost.clone(),
        timed(420.0, Event::Back(HOME.into())),
        timed(600.0, goes_home),
        timed(2_400.0, Event::Answered(true)),
        timed(3_600.0, Event::Answered(true)),
    ];
    vec![
        (
            "region-loss",
            case(Kind::RegionLoss, vec![lost.clone()], &json!({}), 900),
        ),
        (
            "region-loss-detach",
            case(Kind::RegionLoss, vec![lost], &detach, 900),
        ),
        (
            "planned-move",
            case(
                Kind::PlannedMove,
                vec![timed(10.0, moves(AWAY))],
                &json!({}),
                900,
            ),
        ),
        (
            "failback",
            case(Kind::Failback, home.clone(), &json!({}), 4_800),
        ),
        (
            "failback-detach",
            case(Kind::Failback, home, &detach, 4_800),
        ),
    ]
}

const fn timed(at: f64, event: Event) -> Timed {
    Timed { at, event }
}

fn case(kind: Kind, events: Vec<Timed>, plan: &Value, seconds: u32) -> Case {
    Case {
        version: VERSION,
        kind,
        depth: Depth::Ports,
        seed: 1,
        plan: plan.clone(),
        events,
        faults: Faults::default(),
        passes: Passes::default(),
        seconds,
    }
}

/// Every case in which one call of a baseline goes wrong in one way.
///
/// # Errors
/// Where the system gives no runtime.
pub fn each_call_once(baseline: &Case) -> std::io::Result<Vec<Case>> {
    let calls = play(baseline, false)?.calls;
    let mut cases = Vec::new();
    for (function, count) in calls.iter().filter(|(function, _)| **function != WATCHES) {
        for call in 0..*count {
            cases.extend(Way::ALL.map(|way| Case {
                faults: Faults::one(function, call, way),
                ..baseline.clone()
            }));
        }
    }
    Ok(cases)
}

/// The ways that a pair of calls is tried in: what is lost, late, stale, or dies behind its effect.
const OF_PAIRS: [Way; 5] = [
    Way::LostAfter,
    Way::VeryLate,
    Way::Stale,
    Way::DiesAfter,
    Way::Throttled,
];

/// Every case in which two calls of a baseline go wrong, each in one of those ways.
///
/// # Errors
/// Where the system gives no runtime.
pub fn each_pair(baseline: &Case) -> std::io::Result<impl Iterator<Item = Case> + Send> {
    let calls = play(baseline, false)?.calls;
    let calls = calls
        .into_iter()
        .filter(|(function, _)| *function != WATCHES);
    let calls: Vec<_> = calls
        .flat_map(|(function, count)| (0..count).map(move |call| (function, call)))
        .collect();
    let ways = OF_PAIRS.map(|one| OF_PAIRS.map(|other| (one, other)));
    let ways = ways.concat();
    let baseline = baseline.clone();
    let pairs = (0..calls.len()).flat_map(move |second| {
        let calls = calls.clone();
        (0..second).map(move |first| (calls[first], calls[second]))
    });
    let cases = pairs.flat_map(move |(first, second)| {
        let baseline = baseline.clone();
        ways.clone().into_iter().map(move |(one, other)| Case {
            faults: Faults::one(first.0, first.1, one).and(second.0, second.1, other),
            ..baseline.clone()
        })
    });
    Ok(cases)
}

/// Every case in which one invocation of a function goes wrong in one way.
///
/// # Errors
/// Where the system gives no runtime.
pub fn each_pass_once(baseline: &Case) -> std::io::Result<Vec<Case>> {
    let invocations = play(baseline, false)?.invocations;
    let mut cases = Vec::new();
    for (function, count) in &invocations {
        for number in 0..*count {
            cases.extend(PassWay::ALL.map(|way| Case {
                passes: Passes::one(function, number, way),
                ..baseline.clone()
            }));
        }
    }
    Ok(cases)
}
