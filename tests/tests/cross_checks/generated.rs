//! What the documents print of the code is made of it: the plan's fields, the machines' states and bounds.
//!
//! `UPDATE_GOLDEN=1` writes it.

use std::{env, fmt::Write as _, fs};

use failover::plan::SCHEMA;
use machines::{Failure, Machine, Seconds, State};
use serde_json::Value;
use tests::repository;

const BEGIN: &str =
    "<!-- generated: UPDATE_GOLDEN=1 cargo test --release --workspace --test cross_checks -->\n";
const END: &str = "<!-- end -->\n";

/// Compares what stands between the marks of a page with what is made of the code.
pub(crate) fn holds(page: &str, made: &str) {
    let found = repository::text(page);
    let (before, rest) = found.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    is_as_made(page, &format!("{before}{BEGIN}\n{made}\n{END}{after}"));
}

/// Compares a file with what is made of the code.
pub(crate) fn is_as_made(path: &str, made: &str) {
    let file = repository::root().join(path);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(file, made).unwrap();
        return;
    }
    let found = fs::read_to_string(file).unwrap_or_default();
    assert!(found == made, "UPDATE_GOLDEN=1 writes {path}");
}

/// Words of the code as documents have them: on one line, one thought in a sentence.
fn sentences(words: &str) -> String {
    let words = words.replace('\n', " ");
    let parts = words.split("; ").map(|part| {
        let mut letters = part.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string());
        first.unwrap_or_default() + letters.as_str()
    });
    parts.collect::<Vec<_>>().join(". ")
}

/// A part of the schema with what it refers to.
fn resolved(node: &Value, schema: &Value) -> Value {
    let mut node = node.clone();
    if let Some(name) = node["$ref"].as_str().map(str::to_owned) {
        let target = &schema["$defs"][name.trim_start_matches("#/$defs/")];
        let own = node.as_object_mut().unwrap();
        for (key, value) in target.as_object().unwrap() {
            own.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    node
}

/// What a field may hold.
fn values(node: &Value, schema: &Value) -> String {
    let variants = ["oneOf", "anyOf"]
        .into_iter()
        .filter_map(|key| node[key].as_array());
    let variants: Vec<Value> = variants
        .flatten()
        .map(|variant| resolved(variant, schema))
        .filter(|variant| variant["type"] != "null")
        .collect();
    if variants.is_empty() {
        return match (
            &node["type"],
            node["minimum"].as_u64(),
            node["maximum"].as_u64(),
        ) {
            (Value::String(kind), Some(least), Some(most)) => format!("{kind}, {least} to {most}"),
            (Value::String(kind), Some(least), None) if least > 0 => {
                format!("{kind}, from {least}")
            }
            (Value::String(kind), ..) => kind.clone(),
            _ => String::new(),
        };
    }
    let words = variants
        .iter()
        .map(|variant| match variant["const"].as_str() {
            Some(word) => format!("`{word}`"),
            None => variant["type"].as_str().unwrap_or_default().to_owned(),
        });
    let mut words: Vec<_> = words.collect();
    words.dedup();
    words.join(", ")
}

/// A row for each property of an object, and for all that lies in them.
fn rows(node: &Value, path: &str, schema: &Value, table: &mut String) {
    let node = resolved(node, schema);
    let properties = node["properties"].as_object().into_iter().flatten();
    for (name, property) in properties {
        let property = resolved(property, schema);
        let path = format!("{path}{name}");
        let mut required = node["required"].as_array().into_iter().flatten();
        let is_needed = required.any(|one| one.as_str() == Some(name.as_str()));
        let needed = if is_needed { "yes" } else { "" };
        let default = property.get("default");
        let default = default.map_or_else(String::new, |value| format!("`{value}`"));
        // A word that tells variants apart means what its variant does.
        let word = property["const"].as_str();
        let described = if word.is_some() { &node } else { &property };
        let about = sentences(described["description"].as_str().unwrap_or_default());
        let may = word.map_or_else(|| values(&property, schema), |word| format!("`{word}`"));
        writeln!(
            table,
            "| `{path}` | {needed} | {default} | {may} | {about} |"
        )
        .unwrap();
        beneath(&property, &path, schema, table);
    }
}

/// The rows of what lies in a field: the items of an array, what stands under each Region, each variant of an object.
fn beneath(node: &Value, path: &str, schema: &Value, table: &mut String) {
    let node = resolved(node, schema);
    if !node["items"].is_null() {
        beneath(&node["items"], &format!("{path}[]"), schema, table);
    }
    for inner in node["patternProperties"].as_object().into_iter().flatten() {
        beneath(inner.1, &format!("{path}.REGION"), schema, table);
    }
    for key in ["oneOf", "anyOf"] {
        for variant in node[key].as_array().into_iter().flatten() {
            beneath(variant, path, schema, table);
        }
    }
    rows(&node, &format!("{path}."), schema, table);
}

#[test]
fn the_reference_lists_every_field_of_a_plan() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut table =
        "| field | needed | default | may be | meaning |\n|---|---|---|---|---|\n".to_owned();
    rows(&schema, "", &schema, &mut table);
    holds("docs/reference/plan.md", &table);
}

/// A machine as people look for it: its loops with their bounds, what else it calls, and how it ends.
fn described(machine: &Machine) -> String {
    let (days, about) = (machine.seconds / 86_400, sentences(machine.comment));
    let mut text = format!(
        "## {}\n\n{about} A run lasts {days} days at most.\n\n",
        machine.name
    );
    text.push_str("| loop | function | passes at most | a pass, at most | when it fails | what for |\n|---|---|---|---|---|---|\n");
    for task in machine.loops() {
        let (state, function) = (task.state, task.function.0);
        let (passes, seconds, about) = (task.passes, task.seconds, sentences(task.comment));
        let then = match (task.tried_again_in, task.failure) {
            (Some(state), _) => format!("goes to `{state}`"),
            (None, Failure::Closes) => "the run ends".to_owned(),
            (None, Failure::GoesOn) => "noted, goes on".to_owned(),
            (None, Failure::LeadsTo(state)) => format!("noted, goes to `{state}`"),
        };
        writeln!(
            text,
            "| `{state}` | `{function}` | {passes} | {seconds} s | {then} | {about} |"
        )
        .unwrap();
    }
    let states = machine.states();
    let is_loop = |name: &str| machine.loops().any(|task| task.state == name);
    text.push_str("\n| other call | function | at most | what for |\n|---|---|---|---|\n");
    for (state, what) in &states {
        if let (State::Call(call), false) = (what, is_loop(state)) {
            let most = match call.seconds {
                Seconds::Fixed(seconds) => format!("{seconds} s"),
                Seconds::Of(_) => "as long as the plan gives a human".to_owned(),
            };
            let (function, about) = (call.function.0, sentences(&call.comment));
            writeln!(text, "| `{state}` | `{function}` | {most} | {about} |").unwrap();
        }
    }
    text.push_str("\n| ends in | as | meaning |\n|---|---|---|\n");
    for (state, what) in &states {
        let (as_what, comment) = match what {
            State::Succeed { comment } => ("succeeded", comment),
            State::Fail { comment, .. } => ("failed", comment),
            State::Call(_) | State::Choice(_) | State::Wait(_) => continue,
        };
        let meaning = sentences(comment);
        writeln!(text, "| `{state}` | {as_what} | {meaning} |").unwrap();
    }
    text
}

#[test]
fn the_reference_describes_every_machine() {
    let machines: Vec<_> = machines::all().iter().map(described).collect();
    holds("docs/reference/machines.md", &machines.join("\n"));
}
