//! Holds a document against the published schema: every fault at once, each with its field, its value and the fix.
//!
//! It knows the keywords that the schema of [`super::WorkloadPlan`] uses. What names look like is of sense: that is said with better
//! words there.

use failover::json::shown;
use serde_json::{Map, Value};

use super::Fault;

/// What is wrong with a document's form.
pub(super) fn faults(schema: &Value, document: &Value) -> Vec<Fault> {
    let mut walk = Walk {
        root: schema,
        found: Vec::new(),
    };
    walk.value(schema, document, "");
    walk.found
}

/// The names that lead to a field of an object.
pub(super) fn joined(to: &str, field: &str) -> String {
    if to.is_empty() {
        field.to_owned()
    } else {
        format!("{to}.{field}")
    }
}

/// The names that lead to an item of a list.
pub(super) fn item(to: &str, index: usize) -> String {
    format!("{to}[{index}]")
}

struct Walk<'a> {
    root: &'a Value,
    found: Vec<Fault>,
}

impl<'a> Walk<'a> {
    fn value(&mut self, schema: &'a Value, value: &Value, path: &str) {
        let schema = self.resolved(schema);
        if let Some(alternatives) = alternatives(schema) {
            return self.one_of(alternatives, value, path);
        }
        if !is_of(value, word(schema, "type")) {
            return self.fault(path, value, &format!("give it {}", words(schema)));
        }
        if let Some(word) = schema["const"].as_str().filter(|word| value != word) {
            return self.fault(path, value, &format!("set it to {word}"));
        }
        if let Some(number) = value.as_u64() {
            self.number(schema, number, path);
        } else if let Some(items) = value.as_array() {
            self.list(schema, items, path);
        } else if let Some(object) = value.as_object() {
            self.object(schema, object, path);
        }
    }

    fn number(&mut self, schema: &'a Value, number: u64, path: &str) {
        let least = schema["minimum"].as_u64().unwrap_or_default();
        let most = most(schema);
        if (least..=most).contains(&number) {
            return;
        }
        self.say(path, format!("{path} is {number}; use {least} to {most}"));
    }

    fn list(&mut self, schema: &'a Value, items: &[Value], path: &str) {
        let bound = |keyword: &str| {
            let bound = schema[keyword].as_u64();
            bound.and_then(|bound| usize::try_from(bound).ok())
        };
        let (least, most) = (bound("minItems"), bound("maxItems"));
        let count = items.len();
        if count < least.unwrap_or_default() || most.is_some_and(|most| count > most) {
            let least = least.unwrap_or_default();
            let most = most.unwrap_or(usize::MAX);
            return self.say(
                path,
                format!("{path} has {count} item(s); name {least} to {most}"),
            );
        }
        for (index, one) in items.iter().enumerate() {
            let at = item(path, index);
            if schema["uniqueItems"] == true && items.iter().take(index).any(|other| other == one) {
                self.say(&at, format!("{at} stands twice; keep one"));
            }
            self.value(&schema["items"], one, &at);
        }
    }

    fn object(&mut self, schema: &'a Value, object: &Map<String, Value>, path: &str) {
        let known = schema["properties"].as_object();
        let others = others(schema);
        for (field, value) in object {
            let name = joined(path, field);
            match known.and_then(|known| known.get(field)).or(others) {
                Some(schema) => self.value(schema, value, &name),
                None => {
                    let says = format!("{name} is not a field of the plan; remove it");
                    self.say(&name, says);
                }
            }
        }
        let required = schema["required"].as_array().into_iter().flatten();
        for field in required.filter_map(Value::as_str) {
            if !object.contains_key(field) {
                let name = joined(path, field);
                self.say(&name, format!("{name} is missing; add it"));
            }
        }
    }

    /// One of several words, one of several kinds of objects, or one of several types.
    fn one_of(&mut self, alternatives: &'a [Value], value: &Value, path: &str) {
        let all: Vec<_> = alternatives.iter().map(|one| self.resolved(one)).collect();
        let consts: Vec<_> = all.iter().filter_map(|one| one["const"].as_str()).collect();
        if consts.len() == all.len() {
            if !value.as_str().is_some_and(|word| consts.contains(&word)) {
                self.fault(path, value, &format!("set it to {}", consts.join(" or ")));
            }
            return;
        }
        if let (Some(tag), Some(object)) = (tag(&all), value.as_object()) {
            let kind = object.get(tag);
            let of_kind = |one: &&&Value| kind == Some(&one["properties"][tag]["const"]);
            if let Some(one) = all.iter().find(of_kind) {
                return self.value(one, value, path);
            }
            let kinds = all.iter().map(|one| &one["properties"][tag]["const"]);
            let kinds: Vec<_> = kinds.filter_map(Value::as_str).collect();
            let fix = format!("set it to {}", kinds.join(" or "));
            return self.fault(&joined(path, tag), kind.unwrap_or(&Value::Null), &fix);
        }
        let fits = |one: &&&Value| is_of(value, word(one, "type"));
        match all.iter().find(fits) {
            Some(one) => self.value(one, value, path),
            None => {
                let mut wanted: Vec<_> = all.iter().map(|one| words(one)).collect();
                wanted.dedup();
                self.fault(path, value, &format!("give it {}", wanted.join(" or ")));
            }
        }
    }

    fn resolved(&self, schema: &'a Value) -> &'a Value {
        let name = schema["$ref"].as_str();
        let target = name.and_then(|name| self.root.pointer(name.trim_start_matches('#')));
        target.unwrap_or(schema)
    }

    fn fault(&mut self, path: &str, value: &Value, fix: &str) {
        let name = if path.is_empty() { "the plan" } else { path };
        let is = if value.is_null() {
            "is missing".to_owned()
        } else {
            format!("is {}", shown(value))
        };
        self.say(path, format!("{name} {is}; {fix}"));
    }

    fn say(&mut self, path: &str, says: String) {
        self.found.push(Fault::new(path, says));
    }
}

/// What any other field holds. How it is named is of sense.
fn others(schema: &Value) -> Option<&Value> {
    let named = schema["patternProperties"].as_object();
    let any = Some(&schema["additionalProperties"]);
    let mut all = named.into_iter().flat_map(Map::values);
    all.next().or(any).filter(|one| one.is_object())
}

fn alternatives(schema: &Value) -> Option<&[Value]> {
    let found = schema.get("oneOf").or_else(|| schema.get("anyOf"))?;
    found.as_array().map(Vec::as_slice)
}

/// The field that tells several kinds of objects apart: each gives it a word of its own.
fn tag<'a>(alternatives: &[&'a Value]) -> Option<&'a str> {
    let first = alternatives.first()?["properties"].as_object()?;
    let told = |name: &&String| {
        let mut all = alternatives.iter();
        all.all(|one| one["properties"][name.as_str()]["const"].is_string())
    };
    first.keys().find(told).map(String::as_str)
}

/// The largest number that a field takes.
fn most(schema: &Value) -> u64 {
    let of_format = match word(schema, "format") {
        "uint8" => u64::from(u8::MAX),
        "uint16" => u64::from(u16::MAX),
        "uint32" => u64::from(u32::MAX),
        _ => u64::MAX,
    };
    schema["maximum"].as_u64().unwrap_or(of_format)
}

fn word<'a>(schema: &'a Value, keyword: &str) -> &'a str {
    schema[keyword].as_str().unwrap_or_default()
}

fn is_of(value: &Value, wanted: &str) -> bool {
    match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_u64().is_some(),
        _ => false,
    }
}

fn words(schema: &Value) -> &'static str {
    match word(schema, "type") {
        "object" => "an object",
        "array" => "a list",
        "string" => "a text",
        "boolean" => "true or false",
        "integer" => "a whole number that is not negative",
        _ => "nothing",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::plan::SCHEMA;

    /// Adds what `schema` uses to `found`; the names of fields are no keywords.
    fn keywords(schema: &Value, found: &mut BTreeSet<String>) {
        for (keyword, value) in schema.as_object().into_iter().flatten() {
            found.insert(keyword.clone());
            match (keyword.as_str(), value) {
                ("properties" | "patternProperties" | "$defs", Value::Object(named)) => {
                    named.values().for_each(|schema| keywords(schema, found));
                }
                ("default", _) => {}
                (_, Value::Array(several)) => {
                    several.iter().for_each(|schema| keywords(schema, found));
                }
                (_, one) => keywords(one, found),
            }
        }
    }

    #[test]
    fn every_keyword_of_the_schema_is_known_here_or_in_sense() {
        let mut used = BTreeSet::new();
        keywords(&serde_json::from_str(SCHEMA).unwrap(), &mut used);
        let known = [
            "$defs",
            "$ref",
            "$schema",
            "additionalProperties",
            "anyOf",
            "const",
            "default",
            "description",
            "format",
            "items",
            "maxItems",
            "maxLength",
            "maximum",
            "minItems",
            "minimum",
            "oneOf",
            "pattern",
            "patternProperties",
            "properties",
            "required",
            "title",
            "type",
            "uniqueItems",
            "writeOnly",
        ];
        let known: BTreeSet<_> = known.map(str::to_owned).into();
        let unknown: Vec<_> = used.difference(&known).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
