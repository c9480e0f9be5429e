//! The list of planted bugs: each can still be planted, and the table says of each what caught it.
#![allow(clippy::unwrap_used, reason = "tests say what goes wrong by failing")]

use std::{collections::BTreeSet, fs, path::Path};

use simulate::{
    planted::{TABLE, read},
    play::play,
};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn every_planted_bug_can_still_be_planted() {
    let all = read(root()).unwrap();
    for bug in &all {
        let source = fs::read_to_string(root().join(&bug.file)).unwrap();
        let planted = bug.put_into(&source).unwrap();
        assert_ne!(planted, source, "{}", bug.id);
        assert!(bug.at_most > 0, "{}", bug.id);
        assert_eq!(bug.cases == "written", bug.case.is_some(), "{}", bug.id);
    }
    let names: BTreeSet<_> = all.iter().map(|bug| &bug.id).collect();
    assert_eq!(names.len(), all.len(), "each has a name of its own");
}

#[test]
fn every_written_fault_meets_the_call_that_it_is_about() {
    for bug in read(root()).unwrap() {
        let Some(case) = bug.case.filter(|case| !case.faults.is_empty()) else {
            continue;
        };
        let meets = bug.meets.unwrap_or_else(|| panic!("{}: no meets", bug.id));
        let went_wrong: Vec<_> = case
            .faults
            .each()
            .map(|(function, number, _)| format!("call {number} of {function} in "))
            .collect();
        let trace = play(&case, true).unwrap().trace;
        let met = trace.iter().find(|line| {
            let is_call = went_wrong.iter().any(|call| line.contains(call));
            is_call && line.contains(&meets)
        });
        assert!(
            met.is_some(),
            "{}: its fault meets no {meets}; correct the number of the call in planted.json",
            bug.id
        );
    }
}

#[test]
fn the_table_has_a_row_of_each_planted_bug_and_no_other() {
    let table = fs::read_to_string(root().join(TABLE)).unwrap();
    let rows = table.lines().filter_map(|line| {
        let name = line.strip_prefix("| `")?.split('`').next()?;
        line.matches(" | ").nth(4).map(|_| name.to_owned())
    });
    let all = read(root()).unwrap().into_iter().map(|bug| bug.id);
    assert_eq!(rows.collect::<Vec<_>>(), all.collect::<Vec<_>>());
}
