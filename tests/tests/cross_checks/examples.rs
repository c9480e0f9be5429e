//! `examples/plans/`: each is a plan without a fault, every topology has one, and the full ones show every field.

use std::{collections::BTreeSet, fs};

use failover::plan::{Plan, SCHEMA, read};
use serde_json::Value;
use tests::repository;

const FOLDER: &str = "examples/plans";
/// Fields that the full examples leave out: a plan with a witness has no use for this one.
const LEFT_OUT: [&str; 1] = ["without_witness"];

fn names() -> BTreeSet<String> {
    let entries = fs::read_dir(repository::root().join(FOLDER)).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn example(name: &str) -> String {
    repository::text(&format!("{FOLDER}/{name}"))
}

/// Every one of them.
pub(crate) fn plans() -> Vec<Plan> {
    let read = |name: &String| read(&example(name)).unwrap();
    names().iter().map(read).collect()
}

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

/// Every field that the schema knows, wherever it stands.
fn fields(schema: &Value, found: &mut BTreeSet<String>) {
    if let Some(object) = schema.as_object() {
        if let Some(properties) = object.get("properties").and_then(Value::as_object) {
            found.extend(properties.keys().cloned());
        }
        object.values().for_each(|inner| fields(inner, found));
    }
    for inner in schema.as_array().into_iter().flatten() {
        fields(inner, found);
    }
}

#[test]
fn every_example_is_a_plan_without_a_fault() {
    for name in names() {
        if let Err(why) = read(&example(&name)) {
            panic!("{name}: {why}");
        }
    }
}

#[test]
fn every_topology_has_an_example_of_its_name() {
    let schema = schema();
    let kinds = schema["$defs"]["Topology"]["oneOf"].as_array().unwrap();
    assert!(!kinds.is_empty());
    for kind in kinds {
        let kind = kind["properties"]["kind"]["const"].as_str().unwrap();
        let name = format!("{}.json", kind.replace('_', "-"));
        assert!(names().contains(&name), "{FOLDER}/{name} is missing");
        let plan: Value = serde_json::from_str(&example(&name)).unwrap();
        assert_eq!(plan["topology"]["kind"], kind);
    }
}

/// The full examples: each shows what only its topology has.
fn full() -> String {
    let full = names()
        .into_iter()
        .filter(|name| name.ends_with("-everything.json"));
    full.map(|name| example(&name)).collect()
}

#[test]
fn the_full_example_shows_every_field() {
    let text = full();
    let mut known = BTreeSet::new();
    fields(&schema(), &mut known);
    for field in known {
        let shown = text.contains(&format!("\"{field}\":"));
        let is_left_out = LEFT_OUT.contains(&field.as_str());
        assert!(shown != is_left_out, "{field}");
    }
}

#[test]
fn the_reference_shows_the_example() {
    let page = repository::text("docs/reference/plan.md");
    let (_, after) = page.split_once("```json\n").unwrap();
    let (shown, _) = after.split_once("```").unwrap();
    assert_eq!(shown, example("aurora-global.json"));
}
