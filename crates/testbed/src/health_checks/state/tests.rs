//! Each rule of a health check's state.

use std::time::Duration;

use super::{
    super::check::{Asks, Endpoint, Target},
    *,
};
use Health::{Healthy, Unhealthy};

fn check(kind: Kind) -> Check {
    Check {
        kind,
        inverted: false,
        disabled: false,
    }
}

fn endpoint() -> Check {
    check(Kind::Endpoint(Endpoint {
        target: Target {
            host: "shop.example".into(),
            port: 80,
            asks: Asks::Tcp,
        },
        interval: Duration::from_secs(10),
        threshold: 1,
        regions: Vec::new(),
    }))
}

/// An endpoint's check, so many of whose checkers find it healthy and so many unhealthy.
fn seen(healthy: usize, unhealthy: usize) -> Facts {
    let said = [(Healthy, healthy), (Unhealthy, unhealthy)];
    let verdicts = said.iter().flat_map(|(seen, count)| [*seen].repeat(*count));
    Facts {
        check: endpoint(),
        streaks: verdicts
            .map(|seen| Streak::default().and(seen, 1))
            .collect(),
    }
}

fn inverted(mut facts: Facts) -> Facts {
    facts.check.inverted = true;
    facts
}

fn disabled(mut facts: Facts) -> Facts {
    facts.check.disabled = true;
    facts
}

fn alone(facts: Facts) -> Option<Health> {
    state("it", &[("it".to_owned(), facts)].into())
}

fn calculated(children: &[&str], healthy_min: usize) -> Facts {
    Facts {
        check: check(Kind::Calculated {
            children: children.iter().map(|child| (*child).to_owned()).collect(),
            healthy_min,
        }),
        streaks: Vec::new(),
    }
}

#[test]
fn a_checker_changes_its_mind_after_as_many_results_in_a_row_as_the_threshold_says() {
    let mut streak = Streak::default();
    let mut verdicts = Vec::new();
    for seen in [
        Healthy, Healthy, Unhealthy, Unhealthy, Healthy, Unhealthy, Unhealthy, Unhealthy, Healthy,
        Healthy, Healthy,
    ] {
        streak = streak.and(seen, 3);
        verdicts.push(streak.verdict);
    }
    let mut expected = [None; 11];
    (expected[7], expected[8], expected[9]) = (Some(Unhealthy), Some(Unhealthy), Some(Unhealthy));
    expected[10] = Some(Healthy);
    assert_eq!(verdicts, expected);
}

#[test]
fn more_than_eighteen_of_a_hundred_checkers_make_an_endpoint_healthy() {
    for (healthy, unhealthy, expected) in [
        (8, 0, Healthy),
        (2, 6, Healthy),
        (1, 7, Unhealthy),
        (0, 8, Unhealthy),
        (3, 13, Healthy),
        (18, 82, Unhealthy),
        (19, 81, Healthy),
        (1, 4, Healthy),
    ] {
        let found = alone(seen(healthy, unhealthy));
        assert_eq!(found, Some(expected), "{healthy} to {unhealthy}");
    }
}

#[test]
fn checkers_without_a_verdict_do_not_count() {
    let mut facts = seen(1, 4);
    facts.streaks.extend([Streak::default(); 11]);
    assert_eq!(alone(facts), Some(Healthy));
}

#[test]
fn a_new_check_is_healthy_until_data_arrives_and_a_new_inverted_one_unhealthy() {
    assert_eq!(alone(seen(0, 0)), Some(Healthy));
    assert_eq!(alone(inverted(seen(0, 0))), Some(Unhealthy));
    let mut undecided = seen(0, 0);
    undecided.streaks.push(Streak::default().and(Unhealthy, 2));
    assert_eq!(alone(undecided.clone()), Some(Healthy));
    assert_eq!(alone(inverted(undecided)), Some(Unhealthy));
}

#[test]
fn an_inverted_check_says_the_opposite_of_what_its_checkers_see() {
    assert_eq!(alone(inverted(seen(8, 0))), Some(Unhealthy));
    assert_eq!(alone(inverted(seen(2, 6))), Some(Unhealthy));
    assert_eq!(alone(inverted(seen(0, 8))), Some(Healthy));
}

#[test]
fn a_disabled_check_is_healthy_whatever_was_seen_and_can_be_inverted() {
    assert_eq!(alone(disabled(seen(0, 8))), Some(Healthy));
    assert_eq!(alone(disabled(inverted(seen(0, 8)))), Some(Unhealthy));
}

#[test]
fn a_calculated_check_counts_its_healthy_children() {
    let with = |healthy_min| {
        let mut all = BTreeMap::from([
            ("good".to_owned(), seen(8, 0)),
            ("bad".to_owned(), seen(0, 8)),
            ("turned".to_owned(), inverted(seen(0, 8))),
        ]);
        let children = ["good", "bad", "turned", "gone"];
        all.insert("sum".to_owned(), calculated(&children, healthy_min));
        state("sum", &all)
    };
    assert_eq!(with(0), Some(Healthy));
    assert_eq!(with(2), Some(Healthy));
    assert_eq!(with(3), Some(Unhealthy));
    assert_eq!(with(5), Some(Unhealthy));
}

#[test]
fn a_calculated_check_may_be_inverted_and_may_count_another_one() {
    let all = BTreeMap::from([
        ("bad".to_owned(), seen(0, 8)),
        ("none".to_owned(), inverted(calculated(&["bad"], 1))),
        ("over".to_owned(), calculated(&["none"], 1)),
    ]);
    assert_eq!(state("none", &all), Some(Healthy));
    assert_eq!(state("over", &all), Some(Healthy));
}

#[test]
fn checks_that_count_each_other_are_an_end() {
    let all = BTreeMap::from([
        ("one".to_owned(), calculated(&["other"], 1)),
        ("other".to_owned(), calculated(&["one"], 1)),
    ]);
    assert_eq!(state("one", &all), Some(Unhealthy));
}

#[test]
fn what_is_gone_or_watched_by_nobody_has_no_state() {
    let unwatched = Facts {
        check: check(Kind::Unwatched),
        streaks: Vec::new(),
    };
    assert_eq!(alone(unwatched), None);
    assert_eq!(state("gone", &BTreeMap::new()), None);
}
