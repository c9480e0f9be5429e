//! Holds a document against the published schema: every fault at once, each with its field, its value and the fix.
//!
//! It knows the keywords that the schema of [`super::Plan`] uses, and a test fails when there is another one. A general
//! validator says of a record of an unknown kind only that no alternative fits, and weighs 2 MB in every function.

use serde_json::{Map, Value};

use super::fault::{Found, Part};
use crate::json::{places::joined, shown};

/// What is wrong with a document's form.
pub(super) struct Form {
    /// Every fault.
    pub(super) faults: Vec<Found>,
    /// The fields that hold something of the right form now, instead of what was written or missing.
    pub(super) filled: Vec<String>,
}

/// What is wrong with a document. Unknown fields are taken out of it, and what is of a wrong form is filled in, so that the sense
/// of the rest can still be judged.
pub(super) fn judge(schema: &Value, document: &mut Value) -> Form {
    let mut walk = Walk {
        root: schema,
        form: Form {
            faults: Vec::new(),
            filled: Vec::new(),
        },
    };
    walk.value(schema, document, "");
    walk.form
}

struct Walk<'a> {
    root: &'a Value,
    form: Form,
}

impl<'a> Walk<'a> {
    fn value(&mut self, schema: &'a Value, value: &mut Value, path: &str) {
        let schema = self.resolved(schema);
        if let Some(alternatives) = alternatives(schema) {
            return self.one_of(alternatives, value, path);
        }
        let wanted = schema["type"].as_str().unwrap_or_default();
        if !is_of(value, wanted) {
            self.fault(path, value, &format!("give it {}", words(schema)));
            return self.fill(schema, value, path);
        }
        if let Some(word) = schema["const"].as_str().filter(|word| value != word) {
            self.fault(path, value, &format!("set it to {word}"));
            return self.fill(schema, value, path);
        }
        if let Value::Object(object) = value {
            return self.object(schema, object, path);
        }
        if let (Value::Array(items), Some(of)) = (value, schema.get("items")) {
            for (index, item) in items.iter_mut().enumerate() {
                self.value(of, item, &joined(path, &index.to_string()));
            }
        }
    }

    fn object(&mut self, schema: &'a Value, object: &mut Map<String, Value>, path: &str) {
        let known = schema["properties"].as_object();
        let others = others(schema);
        let mut unknown = Vec::new();
        for (field, value) in object.iter_mut() {
            match known.and_then(|known| known.get(field)) {
                Some(schema) => self.value(schema, value, &joined(path, field)),
                None => match others {
                    Some(others) => self.value(others, value, &joined(path, field)),
                    None => unknown.push(field.clone()),
                },
            }
        }
        for field in unknown {
            object.remove(&field);
            let name = joined(path, &field);
            let says = format!("{name} is not a field of the plan; remove it");
            self.form.faults.push(Found::new(&name, Part::Name, says));
        }
        let required = schema["required"].as_array().into_iter().flatten();
        for field in required.filter_map(Value::as_str) {
            if !object.contains_key(field) {
                let name = joined(path, field);
                let says = format!("{name} is missing; add it");
                self.form.faults.push(Found::new(&name, Part::Value, says));
                let mut value = Value::Null;
                if let Some(schema) = known.and_then(|known| known.get(field)) {
                    self.fill(schema, &mut value, &name);
                }
                object.insert(field.to_owned(), value);
            }
        }
    }

    /// One of several words, one of several kinds of objects, or one of several types.
    fn one_of(&mut self, alternatives: &'a [Value], value: &mut Value, path: &str) {
        let mut resolved = Vec::new();
        self.flatten(alternatives, &mut resolved);
        let consts: Vec<_> = resolved
            .iter()
            .filter_map(|one| one["const"].as_str())
            .collect();
        if consts.len() == resolved.len() {
            if !value.as_str().is_some_and(|word| consts.contains(&word)) {
                self.fault(path, value, &format!("set it to {}", consts.join(" or ")));
                if let Some(one) = resolved.first() {
                    self.fill(one, value, path);
                }
            }
            return;
        }
        if let (Some(tag), Value::Object(object)) = (tag(&resolved), &*value) {
            let kind = object.get(tag);
            let of_kind = |one: &&&Value| kind == Some(&one["properties"][tag]["const"]);
            if let Some(one) = resolved.iter().find(of_kind) {
                return self.value(one, value, path);
            }
            let kinds: Vec<_> = resolved
                .iter()
                .filter_map(|one| one["properties"][tag]["const"].as_str())
                .collect();
            let kinds = format!("set it to {}", kinds.join(" or "));
            let kind = kind.cloned().unwrap_or_default();
            self.fault(&joined(path, tag), &kind, &kinds);
            if let Some(one) = resolved.first() {
                self.fill(one, value, path);
            }
            return;
        }
        let fits = |one: &&&Value| is_of(value, one["type"].as_str().unwrap_or_default());
        match resolved.iter().find(fits) {
            Some(one) => self.value(one, value, path),
            None => {
                let wanted: Vec<_> = resolved.iter().map(|one| words(one)).collect();
                self.fault(path, value, &format!("give it {}", wanted.join(" or ")));
                if let Some(one) = resolved.last() {
                    self.fill(one, value, path);
                }
            }
        }
    }

    /// Puts something of the right form where nothing of it stands.
    fn fill(&mut self, schema: &'a Value, value: &mut Value, path: &str) {
        *value = self.filler(schema);
        self.form.filled.push(path.to_owned());
    }

    fn filler(&self, schema: &'a Value) -> Value {
        let schema = self.resolved(schema);
        if let Some(word) = schema.get("const") {
            return word.clone();
        }
        if let Some(alternatives) = alternatives(schema) {
            return alternatives
                .last()
                .map_or(Value::Null, |one| self.filler(one));
        }
        match schema["type"].as_str().unwrap_or_default() {
            "object" => {
                let required = schema["required"].as_array().into_iter().flatten();
                let required = required.filter_map(Value::as_str);
                let fields = required.map(|field| {
                    let filler = self.filler(&schema["properties"][field]);
                    (field.to_owned(), filler)
                });
                Value::Object(fields.collect())
            }
            "array" => Value::Array(Vec::new()),
            // What stands twice is a fault of what somebody wrote.
            "string" => format!("filler-{}", self.form.filled.len()).into(),
            "boolean" => false.into(),
            "integer" => 1.into(),
            _ => Value::Null,
        }
    }

    /// What is told apart may be told apart further.
    fn flatten(&self, several: &'a [Value], into: &mut Vec<&'a Value>) {
        for one in several.iter().map(|one| self.resolved(one)) {
            match alternatives(one) {
                Some(further) => self.flatten(further, into),
                None => into.push(one),
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
        let says = format!("{name} {is}; {fix}");
        self.form.faults.push(Found::new(path, Part::Value, says));
    }
}

/// What any other field holds. How it is named is of sense, as ranges and patterns are: they are said with better words there.
fn others(schema: &Value) -> Option<&Value> {
    let named = schema["patternProperties"].as_object();
    let any = Some(&schema["additionalProperties"]);
    let mut all = named.into_iter().flat_map(serde_json::Map::values);
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

fn is_of(value: &Value, wanted: &str) -> bool {
    match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_u64().is_some(),
        "null" => value.is_null(),
        _ => false,
    }
}

fn words(schema: &Value) -> &'static str {
    match schema["type"].as_str().unwrap_or_default() {
        "object" => "an object",
        "array" => "a list",
        "string" => "a text",
        "boolean" => "true or false",
        "integer" => "a whole number that is not negative",
        _ => "nothing",
    }
}

#[cfg(test)]
mod tests;
