//! State machines as graphs: states, and the edges by which a run moves from one to the next.

mod loops;

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use crate::repository;
pub use loops::unbounded;

/// A state machine of `statemachine/`.
#[derive(Debug)]
pub struct Machine {
    /// Its file's name without `.asl.json`.
    pub name: String,
    /// Its definition.
    pub definition: Value,
}

/// One way from a state to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// The state it leaves.
    pub from: String,
    /// The state it enters.
    pub to: String,
    /// The condition of a Choice's rule.
    pub condition: Option<String>,
    /// The variables that are assigned on it.
    pub assigned: BTreeMap<String, Value>,
}

/// Every state machine; never none.
pub fn all() -> Vec<Machine> {
    let folder = repository::root().join("statemachine");
    let mut machines: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| {
            let file = entry.unwrap().file_name().into_string().unwrap();
            let name = file.strip_suffix(".asl.json")?.to_owned();
            let definition =
                serde_json::from_str(&repository::text(&format!("statemachine/{file}")));
            Some(Machine {
                name,
                definition: definition.unwrap_or_else(|why| panic!("{file}: {why}")),
            })
        })
        .collect();
    assert!(!machines.is_empty(), "there is no state machine");
    machines.sort_by(|one, other| one.name.cmp(&other.name));
    machines
}

/// Those that move a writer, each of which proves one; never none. A workload's runs have neither a writer nor its names.
pub fn of_writers() -> Vec<Machine> {
    let mut machines = all();
    machines.retain(|machine| !machine.definition["States"]["ProveWriter"].is_null());
    assert!(!machines.is_empty(), "no state machine moves a writer");
    machines
}

impl Machine {
    /// Its states by name; nested ones are not looked into, so there must be none.
    pub fn states(&self) -> impl Iterator<Item = (&str, &Value)> {
        let states = self.definition["States"].as_object().unwrap();
        states.iter().map(|(name, state)| {
            let kind = state["Type"].as_str().unwrap();
            assert!(
                !["Map", "Parallel"].contains(&kind),
                "{name} holds states that these checks do not see"
            );
            (name.as_str(), state)
        })
    }

    /// Its Tasks by name; never none.
    pub fn tasks(&self) -> Vec<(&str, &Value)> {
        let tasks: Vec<_> = self
            .states()
            .filter(|(_, state)| state["Type"] == "Task")
            .collect();
        assert!(!tasks.is_empty(), "{} has no Task", self.name);
        tasks
    }

    /// The substitutions that its definition asks for, sorted, each once.
    pub fn substitutions(&self) -> Vec<String> {
        let text = self.definition.to_string();
        let mut found: Vec<_> = text
            .split("${")
            .skip(1)
            .map(|rest| rest.split('}').next().unwrap().to_owned())
            .collect();
        found.sort();
        found.dedup();
        found
    }

    /// Every way from a state to another.
    pub fn edges(&self) -> Vec<Edge> {
        let mut edges = Vec::new();
        for (from, state) in self.states() {
            // A Choice's own Assign belongs to its Default: a rule that matches brings its own.
            for to in [&state["Next"], &state["Default"]] {
                edges.extend(edge(from, to, state));
            }
            for ways in [&state["Choices"], &state["Catch"]] {
                for way in ways.as_array().into_iter().flatten() {
                    edges.extend(edge(from, &way["Next"], way));
                }
            }
        }
        edges
    }
}

fn edge(from: &str, to: &Value, way: &Value) -> Option<Edge> {
    let assigned = way["Assign"].as_object().cloned().unwrap_or_default();
    Some(Edge {
        from: from.to_owned(),
        to: to.as_str()?.to_owned(),
        condition: way["Condition"].as_str().map(str::to_owned),
        assigned: assigned.into_iter().collect(),
    })
}

/// The state that is called like a step.
pub fn state_of(step: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    step.split('_').map(word).collect()
}
