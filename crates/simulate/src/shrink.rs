//! Makes a case that breaks a rule as small as it can be.

use crate::{case::Case, play::play, truth::Rule};

/// How often it is tried at most.
const TRIES: u32 = 400;

/// The smallest case found that breaks the same rule.
#[must_use]
pub fn shrink(case: &Case, rule: Rule) -> Case {
    let mut smallest = case.clone();
    let mut tries = 0;
    loop {
        let found = smaller(&smallest).into_iter().find(|smaller| {
            tries += 1;
            tries <= TRIES && breaks(smaller, rule)
        });
        match found {
            Some(found) => smallest = found,
            None => return smallest,
        }
    }
}

/// Whether a case breaks a rule.
#[must_use]
pub fn breaks(case: &Case, rule: Rule) -> bool {
    play(case, false).is_ok_and(|played| played.violations.iter().any(|found| found.rule == rule))
}

/// The cases that are smaller by one thing.
fn smaller(case: &Case) -> Vec<Case> {
    let faults = case.faults.each().map(|(function, call, _)| Case {
        faults: case.faults.without(function, call),
        ..case.clone()
    });
    let events = (0..case.events.len()).map(|gone| {
        let mut events = case.events.clone();
        events.remove(gone);
        Case {
            events,
            ..case.clone()
        }
    });
    let passes = case.passes.each().map(|(function, number, _)| Case {
        passes: case.passes.without(function, number),
        ..case.clone()
    });
    faults.chain(passes).chain(events).collect()
}
