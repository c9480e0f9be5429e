//! Holds a document against the published schema: every fault at once, each with its field, its value and the fix.
//!
//! It knows the keywords that the schema of [`super::Plan`] uses, and a test fails when there is another one. A general
//! validator says of a record of an unknown kind only that no alternative fits, and weighs 2 MB in every function.

use serde_json::{Map, Value};

/// How much of a value a sentence repeats, in characters.
const VALUE_MAX: usize = 60;

/// What is wrong with a document's form.
pub(super) struct Form {
    /// One sentence per fault.
    pub(super) faults: Vec<String>,
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
        let others = &schema["additionalProperties"];
        let mut unknown = Vec::new();
        for (field, value) in object.iter_mut() {
            match known.and_then(|known| known.get(field)) {
                Some(schema) => self.value(schema, value, &joined(path, field)),
                None if others.is_object() => self.value(others, value, &joined(path, field)),
                None => unknown.push(field.clone()),
            }
        }
        for field in unknown {
            object.remove(&field);
            let name = joined(path, &field);
            self.form
                .faults
                .push(format!("{name} is not a field of the plan; remove it"));
        }
        let required = schema["required"].as_array().into_iter().flatten();
        for field in required.filter_map(Value::as_str) {
            if !object.contains_key(field) {
                let name = joined(path, field);
                self.form.faults.push(format!("{name} is missing; add it"));
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
            "string" => "filler".into(),
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
        let mut text = value.to_string();
        if let Some((end, _)) = text.char_indices().nth(VALUE_MAX) {
            text.truncate(end);
            text.push('…');
        }
        let is = if value.is_null() {
            "is missing".to_owned()
        } else {
            format!("is {text}")
        };
        self.form.faults.push(format!("{name} {is}; {fix}"));
    }
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

fn joined(path: &str, field: &str) -> String {
    if path.is_empty() {
        field.to_owned()
    } else {
        format!("{path}.{field}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{plan::read::SCHEMA, steps::fake::plan_document as good};

    fn schema() -> Value {
        serde_json::from_str(SCHEMA).unwrap()
    }

    fn found(mut document: Value) -> Vec<String> {
        judge(&schema(), &mut document).faults
    }

    /// Adds what `schema` uses to `found`; the names of fields are no keywords.
    fn keywords(schema: &Value, found: &mut BTreeSet<String>) {
        for (keyword, value) in schema.as_object().into_iter().flatten() {
            found.insert(keyword.clone());
            match (keyword.as_str(), value) {
                ("properties" | "$defs", Value::Object(named)) => {
                    named.values().for_each(|schema| keywords(schema, found));
                }
                (_, Value::Array(several)) => {
                    several.iter().for_each(|schema| keywords(schema, found));
                }
                (_, one) => keywords(one, found),
            }
        }
    }

    #[test]
    fn every_keyword_of_the_schema_is_known_here() {
        let mut used = BTreeSet::new();
        keywords(&schema(), &mut used);
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
            "maximum",
            "minimum",
            "oneOf",
            "pattern",
            "properties",
            "required",
            "title",
            "type",
        ];
        let unknown: Vec<_> = used
            .iter()
            .filter(|word| !known.contains(&word.as_str()))
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn a_record_is_judged_by_its_kind() {
        let mut document = good();
        document["dns"] = json!([
            {"kind": "cname", "hosted_zone": "Z1", "name": "w", "endpoint": "reeder", "ttl_seconds": "five"},
            {"kind": "alias"},
            {"endpoint": "writer"}
        ]);
        assert_eq!(
            found(document),
            [
                "dns.0.endpoint is \"reeder\"; set it to writer or reader",
                "dns.0.ttl_seconds is \"five\"; give it a whole number that is not negative",
                "dns.1.kind is \"alias\"; set it to cname or ssm",
                "dns.2.kind is missing; set it to cname or ssm",
            ]
        );
    }

    #[test]
    fn a_service_is_a_name_or_a_pilot_light() {
        let mut document = good();
        document["ecs"] =
            json!({"us-east-1": [{"cluster": "c", "services": ["a", 7, {"service": "b"}]}]});
        assert_eq!(
            found(document),
            [
                "ecs.us-east-1.0.services.1 is 7; give it a text or an object",
                "ecs.us-east-1.0.services.2.takeover_count is missing; add it",
            ]
        );
    }

    #[test]
    fn a_document_of_another_type_and_a_long_value_are_told_shortly() {
        assert_eq!(found(json!([])), ["the plan is []; give it an object"]);
        let mut document = good();
        document["revision"] = json!("x".repeat(500));
        assert!(found(document)[0].len() < 200);
    }

    /// Any JSON, with words that a plan knows among the others.
    fn json() -> impl Strategy<Value = Value> {
        let words = [
            "writer",
            "cname",
            "secret",
            "automatic",
            "",
            "us-east-1",
            "x",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u32>().prop_map(Value::from),
            prop::sample::select(words.to_vec()).prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            let names = "kind|secret|name|cluster|services|members|plan|dns|[a-z]{1,3}";
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map(names, inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// The schema without ranges and patterns, which are of sense: they are said with better words there.
    fn form_only(mut schema: Value) -> Value {
        match &mut schema {
            Value::Object(fields) => {
                for keyword in ["maximum", "pattern"] {
                    if fields.get(keyword).is_some_and(|value| !value.is_object()) {
                        fields.remove(keyword);
                    }
                }
                if fields.get("minimum").is_some_and(Value::is_number) {
                    fields.insert("minimum".into(), 0.into());
                }
                for value in fields.values_mut() {
                    *value = form_only(std::mem::take(value));
                }
            }
            Value::Array(items) => {
                for item in items {
                    *item = form_only(std::mem::take(item));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        schema
    }

    /// A good plan with any JSON at one place, one level deep or two.
    fn nearly_a_plan() -> impl Strategy<Value = Value> {
        let plan = good();
        let mut places: Vec<String> = Vec::new();
        for (field, value) in plan.as_object().unwrap() {
            places.push(format!("/{field}"));
            let inner = value.as_object().into_iter().flatten();
            places.extend(inner.map(|(name, _)| format!("/{field}/{name}")));
        }
        (prop::sample::select(places), json()).prop_map(move |(place, value)| {
            let mut document = plan.clone();
            *document.pointer_mut(&place).unwrap() = value;
            document
        })
    }

    /// Editors and programs that know the schema alone find what is out of range.
    #[test]
    fn what_is_out_of_range_or_pattern_is_refused_by_the_schema_too() {
        let general = jsonschema::validator_for(&schema()).unwrap();
        assert!(general.is_valid(&good()));
        for (place, value) in [
            ("/plan", json!("a b")),
            ("/plan", json!("a".repeat(41))),
            ("/home_region", json!("Ohio")),
            ("/detection/interval_seconds", json!(0)),
            ("/detection/interval_seconds", json!(31)),
            ("/detection/timeout_seconds", json!(0)),
            ("/detection/failures", json!(1)),
            ("/detection/failures", json!(61)),
            ("/dns/0/ttl_seconds", json!(0)),
            ("/dns/0/ttl_seconds", json!(301)),
            ("/dns/0/hosted_zone", json!("/hostedzone/Z0")),
            ("/dns/0/name", json!("writer")),
            ("/dns/0/name", json!("writer.orders.")),
        ] {
            let mut document = good();
            *document.pointer_mut(place).unwrap() = value.clone();
            assert!(!general.is_valid(&document), "{place} = {value}");
            assert!(crate::plan::read(&document.to_string()).is_err());
        }
    }

    proptest! {
        #[test]
        fn what_the_schema_refuses_is_refused(document in nearly_a_plan()) {
            let general = jsonschema::validator_for(&schema()).unwrap();
            if !general.is_valid(&document) {
                prop_assert!(crate::plan::read(&document.to_string()).is_err(), "{}", document);
            }
        }

        #[test]
        fn no_json_makes_reading_panic(document in json(), near in nearly_a_plan()) {
            let _ = crate::plan::read(&document.to_string());
            let _ = crate::plan::read(&near.to_string());
        }

        #[test]
        fn it_finds_a_fault_exactly_where_a_general_validator_does(document in nearly_a_plan()) {
            let general = jsonschema::validator_for(&form_only(schema())).unwrap();
            let found = found(document.clone());
            prop_assert_eq!(found.is_empty(), general.is_valid(&document), "{:?}", found);
        }
    }
}
