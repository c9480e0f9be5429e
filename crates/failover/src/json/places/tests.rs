//! Where fields stand in texts of every form.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;

const TEXT: &str = "{\n  \"plan\": \"örders\", \"dns\": [\n    {\"ttl\":\t5},\r\n    7\n  ],\n  \"a\\\"b\": {}, \"plan\": 1e30\n}\n";

fn at(line: usize, column: usize) -> Place {
    Place { line, column }
}

#[test]
fn every_field_has_the_place_of_its_name_and_of_its_value() {
    let places = Places::of(TEXT);
    for (field, name, value) in [
        ("", at(1, 1), at(1, 1)),
        ("dns", at(2, 21), at(2, 28)),
        ("dns.0", at(3, 5), at(3, 5)),
        ("dns.0.ttl", at(3, 6), at(3, 13)),
        ("dns.1", at(4, 5), at(4, 5)),
        ("a\"b", at(6, 3), at(6, 11)),
    ] {
        assert_eq!(
            (places.name(field), places.value(field)),
            (name, value),
            "{field}"
        );
    }
}

#[test]
fn of_a_missing_field_it_is_the_object_that_lacks_it() {
    let places = Places::of(TEXT);
    assert_eq!(places.value("dns.0.kind"), at(3, 5));
    assert_eq!(places.value("database.probe.user"), at(1, 1));
    assert_eq!(places.name("home_region"), at(1, 1));
    assert_eq!(Places::of("\n {}").value("plan"), at(2, 2));
}

#[test]
fn a_field_that_stands_twice_is_where_it_stands_again() {
    let places = Places::of(TEXT);
    assert_eq!(places.twice, [("plan".to_owned(), at(6, 15))]);
    assert_eq!(places.value("plan"), at(6, 23));
    assert_eq!(places.too_large, ["plan"]);
    let apart = Places::of(r#"{"a": {"x": 1}, "b": {"x": 1}, "c": [{"x": 1}, {"x": 1}]}"#);
    assert_eq!(apart.twice, []);
}

/// Every field below a value, by the names that lead to it.
fn fields(value: &Value, to: &str, into: &mut Vec<(String, Value)>) {
    into.push((to.to_owned(), value.clone()));
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                fields(value, &joined(to, name), into);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                fields(item, &joined(to, &index.to_string()), into);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What stands at a place of a text.
fn rest(text: &str, place: Place) -> String {
    let line = text.split('\n').skip(place.line - 1);
    let rest = line.collect::<Vec<_>>().join("\n");
    rest.chars().skip(place.column - 1).collect()
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "(?s).{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            // Names with dots would be taken for several.
            prop::collection::btree_map("[a-z\"\\\\ö{:,]{1,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn at_every_place_stands_the_value_itself(document in json(), is_pretty in any::<bool>()) {
        let text = if is_pretty {
            serde_json::to_string_pretty(&document).unwrap()
        } else {
            document.to_string()
        };
        let places = Places::of(&text);
        let mut all = Vec::new();
        fields(&document, "", &mut all);
        for (field, value) in all {
            let found = rest(&text, places.value(&field));
            let mut read = serde_json::Deserializer::from_str(&found).into_iter::<Value>();
            prop_assert_eq!(read.next().unwrap().unwrap(), value, "{} in {}", field, text);
        }
        prop_assert!(places.twice.is_empty() && places.too_large.is_empty());
    }

    #[test]
    fn no_text_makes_walking_panic(text in "[\\[\\]{}\",:\\\\ \n\ra1.-]{0,60}") {
        let _ = Places::of(&text);
    }
}
