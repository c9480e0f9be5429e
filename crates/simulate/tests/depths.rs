//! The simulation through RDS's adapter: the same runs, with the SDK, its retries and its time-outs inside.
#![cfg(feature = "adapters")]
#![allow(clippy::unwrap_used, reason = "tests say what goes wrong by failing")]

use std::collections::BTreeSet;

use simulate::{
    case::{Case, Depth, Kind},
    draw::draw,
    play::play,
    systematic,
    tally::{Tally, play_list},
};

fn deep(case: Case) -> Case {
    Case {
        depth: Depth::Adapters,
        ..case
    }
}

fn baselines() -> impl Iterator<Item = (&'static str, Case)> {
    let all = systematic::baselines().into_iter();
    all.map(|(name, case)| (name, deep(case)))
}

#[test]
fn each_kind_of_run_ends_as_at_the_ports() {
    for (name, case) in baselines() {
        let played = play(&case, true).unwrap();
        assert_eq!(played.violations, [], "{name}: {}", played.trace.join("\n"));
        let at_ports = Case {
            depth: Depth::Ports,
            ..case
        };
        assert_eq!(
            played.ended,
            play(&at_ports, false).unwrap().ended,
            "{name}"
        );
    }
}

/// Every so-manieth case of a run of which one call goes wrong, so that the tests end in a minute.
fn sampled(name: &str, every: usize) -> Tally {
    let (_, case) = baselines().find(|(known, _)| *known == name).unwrap();
    let cases = systematic::each_call_once(&case).unwrap();
    play_list(cases.into_iter().step_by(every))
}

#[test]
fn no_call_that_goes_wrong_breaks_a_rule_through_the_adapter() {
    for (name, every) in [
        ("region-loss", 397),
        ("region-loss-detach", 797),
        ("planned-move", 401),
        ("failback", 8_009),
    ] {
        let tally = sampled(name, every);
        assert_eq!(tally.broken, [].into(), "{name}");
        assert!(tally.cases > 0, "{name}");
    }
}

#[test]
fn no_drawn_case_of_the_first_seeds_breaks_a_rule_through_the_adapter() {
    let cases = Kind::ALL.into_iter().map(|kind| deep(draw(kind, 2)));
    let tally = play_list(cases.collect::<Vec<_>>());
    assert_eq!(tally.broken, [].into());
}

#[test]
fn a_seed_decides_everything_byte_for_byte_through_the_adapter() {
    let kinds = [Kind::RegionLoss, Kind::PlannedMove, Kind::Anything];
    let mut ends = BTreeSet::new();
    for kind in kinds {
        let case = deep(draw(kind, 17));
        let (one, other) = (play(&case, true).unwrap(), play(&case, true).unwrap());
        assert_eq!(one.trace, other.trace, "{kind:?}");
        assert_eq!(one, other, "{kind:?}");
        ends.insert(one.digest);
    }
    assert_eq!(ends.len(), kinds.len());
}

#[test]
fn a_case_that_is_written_down_says_how_deep_it_is_played() {
    let case = deep(draw(Kind::RegionLoss, 5));
    let text = serde_json::to_string(&case).unwrap();
    assert!(text.contains(r#""depth":"adapters""#), "{text}");
    assert_eq!(simulate::case::read(&text).unwrap(), case);
}
