//! What lies in `statemachine/` is what the values say.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde_json::Value;

fn folder() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../statemachine").into()
}

#[test]
fn every_definition_is_generated_from_its_value() {
    for machine in machines::all() {
        let file = folder().join(format!("{}.asl.json", machine.name));
        let found: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let made = machine.definition().value();
        for (name, state) in made["States"].as_object().unwrap() {
            assert_eq!(*state, found["States"][name], "{}: {name}", machine.name);
        }
        assert_eq!(made, found, "{}; make machines renews it", machine.name);
    }
}

#[test]
fn the_template_is_generated_from_the_values() {
    for topology in machines::topologies() {
        let file = format!("../cloudformation/{}-machines.yaml", topology.name);
        let found = fs::read_to_string(folder().join(file)).unwrap();
        let made = machines::template(&topology);
        assert_eq!(made, found, "make machines renews it");
    }
}

#[test]
fn no_definition_lies_there_that_nothing_generates() {
    let all = machines::all().into_iter();
    let names = all.map(|machine| format!("{}.asl.json", machine.name));
    let found = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(
        names.collect::<BTreeSet<_>>(),
        found.collect::<BTreeSet<_>>(),
        "make machines writes each of them"
    );
}
