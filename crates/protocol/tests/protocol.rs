//! The smaller searches, and every rule's absence. `make check-protocol` goes further.

use std::{fmt::Write as _, thread};

use protocol::{
    rules::Rule,
    searches::{ABLATIONS, Ablation, REPLICA, SMALL, Search},
};

fn violations(search: &Search) -> Vec<String> {
    let saw = search.run(None).unwrap_or_else(|why| panic!("{why}"));
    assert!(saw.states > 1_000, "{}", search.name);
    assert!(saw.is_whole, "{}", search.name);
    saw.violations
}

#[test]
fn no_order_of_calls_and_faults_breaks_a_property() {
    for search in SMALL.iter().chain(&REPLICA) {
        assert_eq!(violations(search), Vec::<String>::new(), "{}", search.name);
    }
}

#[test]
fn a_search_that_is_cut_off_says_so() {
    let saw = SMALL[0].run(Some(2_000)).unwrap();
    assert!(!saw.is_whole && saw.states > 100, "{saw:?}");
}

#[test]
fn every_rule_is_ablated_once() {
    let rules = ABLATIONS.map(|ablation| ablation.rule);
    assert_eq!(rules, Rule::ALL);
}

/// The golden file names each rule, the property that its absence breaks, and the shortest trace. `UPDATE_GOLDEN=1` renews it.
#[test]
fn without_a_rule_its_property_breaks() {
    let look = |ablation: &Ablation| {
        let (_, trace) = ablation.run();
        let trace = trace.unwrap_or_else(|| panic!("{:?} breaks nothing", ablation.rule));
        format!("{:?}: {}\n    {trace}\n", ablation.rule, ablation.breaks)
    };
    let (even, odd): (Vec<_>, Vec<_>) = (0..ABLATIONS.len()).partition(|number| number % 2 == 0);
    let found = thread::scope(|scope| {
        let halves = [even, odd].map(|half| {
            scope.spawn(move || {
                let looks = half
                    .into_iter()
                    .map(|number| (number, look(&ABLATIONS[number])));
                looks.collect::<Vec<_>>()
            })
        });
        let mut found: Vec<_> = halves
            .into_iter()
            .flat_map(|half| half.join().unwrap())
            .collect();
        found.sort();
        found
    });
    let mut text = String::new();
    for (_, lines) in found {
        let _ = write!(text, "{lines}");
    }
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/ablations.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(golden).unwrap_or_default());
}
