//! The functions that the machines call.

use serde_json::{Map, Value};

use super::words;

/// Calls one; `None` where it comes to nothing.
///
/// # Errors
/// A sentence, where there is no such function or it was given something else.
pub(super) fn call(function: &str, given: Vec<Option<Value>>) -> Result<Option<Value>, String> {
    let mut given = given.into_iter();
    let first = given.next().flatten();
    match function {
        "exists" => Ok(Some(Value::from(first.is_some()))),
        "merge" => merge(first).map(Some),
        "append" => Ok(append(first, given.next().flatten())),
        "distinct" => Ok(first.map(distinct)),
        "string" => Ok(first.map(|value| Value::from(words(&value)))),
        "substring" => Ok(substring(
            first,
            given.next().flatten(),
            given.next().flatten(),
        )),
        other => Err(format!("there is no function {other} here")),
    }
}

fn merge(list: Option<Value>) -> Result<Value, String> {
    let mut all = Map::new();
    for object in items(list) {
        let Value::Object(members) = object else {
            return Err(format!("{object} is no object to merge"));
        };
        all.extend(members);
    }
    Ok(Value::Object(all))
}

/// Both lists, one after the other. What is undefined adds nothing.
fn append(one: Option<Value>, other: Option<Value>) -> Option<Value> {
    if one.is_none() {
        return other;
    }
    if other.is_none() {
        return one;
    }
    let mut all = items(one);
    all.extend(items(other));
    Some(Value::Array(all))
}

fn items(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(items)) => items,
        other => other.into_iter().collect(),
    }
}

fn distinct(list: Value) -> Value {
    let mut all: Vec<Value> = Vec::new();
    for item in items(Some(list)) {
        if !all.contains(&item) {
            all.push(item);
        }
    }
    Value::Array(all)
}

fn substring(text: Option<Value>, from: Option<Value>, length: Option<Value>) -> Option<Value> {
    let number = |value: Option<Value>| usize::try_from(value?.as_u64()?).ok();
    let text = text?.as_str()?.to_owned();
    let rest = text.chars().skip(number(from).unwrap_or(0));
    let cut: String = rest.take(number(length).unwrap_or(usize::MAX)).collect();
    Some(Value::from(cut))
}
