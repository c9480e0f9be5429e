//! An item as one text, whatever order its attributes and its sets come in.

use serde_json::Value;

/// A value in DynamoDB's JSON as text: attributes by name, sets in order, lists as they are.
pub(super) fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            let member = |(name, value): (&String, &Value)| {
                let value = if matches!(name.as_str(), "SS" | "NS" | "BS") {
                    set(value)
                } else {
                    canonical(value)
                };
                format!("{}:{value}", Value::from(name.as_str()))
            };
            let members: Vec<_> = members.into_iter().map(member).collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(list) => {
            let list: Vec<_> = list.iter().map(canonical).collect();
            format!("[{}]", list.join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// A set, or an attribute that is called like one.
fn set(value: &Value) -> String {
    match value {
        Value::Array(members) => {
            let mut members: Vec<_> = members.iter().map(canonical).collect();
            members.sort_unstable();
            format!("[{}]", members.join(","))
        }
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            canonical(value)
        }
    }
}
