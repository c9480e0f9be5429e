//! Every document of a wrong form, held against the schema and a general validator of it.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{plan::read::SCHEMA, testing::plan_document as good};

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:alerts";

/// The good plan with another value at one place.
fn with(place: &str, value: Value) -> Value {
    let mut document = good();
    let (parent, field) = place.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    match parent.as_array_mut() {
        Some(items) => items[field.parse::<usize>().unwrap()] = value,
        None => parent[field] = value,
    }
    document
}

/// What stands at a place of the good plan, with one more field.
fn with_key(place: &str, key: &str, value: Value) -> Value {
    let mut object = good().pointer(place).unwrap().clone();
    object[key] = value;
    object
}

fn found(mut document: Value) -> Vec<String> {
    let faults = judge(&schema(), &mut document).faults.into_iter();
    faults.map(|fault| fault.says).collect()
}

/// Adds what `schema` uses to `found`; the names of fields are no keywords.
fn keywords(schema: &Value, found: &mut BTreeSet<String>) {
    for (keyword, value) in schema.as_object().into_iter().flatten() {
        found.insert(keyword.clone());
        match (keyword.as_str(), value) {
            ("properties" | "patternProperties" | "$defs", Value::Object(named)) => {
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
        "allOf",
        "anyOf",
        "const",
        "default",
        "description",
        "enum",
        "format",
        "if",
        "items",
        "maxItems",
        "maxLength",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "oneOf",
        "pattern",
        "patternProperties",
        "properties",
        "required",
        "then",
        "title",
        "type",
        "uniqueItems",
        "writeOnly",
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
    document["routes"] = json!([
        {"kind": "cname", "hosted_zone": "Z1", "name": "w", "endpoint": "reeder", "ttl_seconds": "five"},
        {"kind": "alias"},
        {"endpoint": "writer"}
    ]);
    assert_eq!(
        found(document),
        [
            "routes.0.endpoint is \"reeder\"; set it to writer or reader",
            "routes.0.ttl_seconds is \"five\"; give it a whole number that is not negative",
            "routes.1.kind is \"alias\"; set it to cname or ssm or health_switch",
            "routes.2.kind is missing; set it to cname or ssm or health_switch",
        ]
    );
}

#[test]
fn a_service_is_a_name_or_a_pilot_light() {
    let mut document = good();
    document["services"] = json!([{"kind": "ecs", "region": "us-east-1", "cluster": "c",
        "services": ["a", 7, {"service": "b"}]}, {"kind": "eks"}]);
    assert_eq!(
        found(document),
        [
            "services.0.services.1 is 7; give it a text or an object",
            "services.0.services.2.takeover_count is missing; add it",
            "services.1.kind is \"eks\"; set it to ecs or asg",
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
        let names = "kind|secret|name|cluster|services|members|plan|routes|[a-z]{1,3}";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// What is of sense, and said with better words there.
const OF_SENSE: [&str; 9] = [
    "allOf",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "pattern",
    "uniqueItems",
];

/// The schema without what is of sense.
fn form_only(schema: Value) -> Value {
    let Value::Object(mut fields) = schema else {
        return schema;
    };
    let is_integer = fields.get("type") == Some(&json!("integer"));
    fields.retain(|keyword, _| !OF_SENSE.contains(&keyword.as_str()));
    if is_integer {
        fields.insert("minimum".into(), 0.into());
    }
    if let Some(Value::Object(named)) = fields.remove("patternProperties") {
        let any = named.into_values().next().unwrap();
        fields.insert("additionalProperties".into(), any);
    }
    for (keyword, value) in &mut fields {
        let of_all = |values: &mut dyn Iterator<Item = &mut Value>| {
            values.for_each(|value| *value = form_only(value.take()));
        };
        match (keyword.as_str(), value) {
            ("properties" | "$defs", Value::Object(named)) => of_all(&mut named.values_mut()),
            ("oneOf" | "anyOf", Value::Array(several)) => of_all(&mut several.iter_mut()),
            ("items" | "additionalProperties", one) => *one = form_only(one.take()),
            _ => {}
        }
    }
    Value::Object(fields)
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

/// Editors and programs that know the schema alone find what reading finds.
fn refused_by_both(cases: &[(&str, Value)]) {
    let general = jsonschema::validator_for(&schema()).unwrap();
    assert!(general.is_valid(&good()));
    for (place, value) in cases {
        let document = with(place, value.clone());
        assert!(!general.is_valid(&document), "{place} = {value}");
        let read = crate::plan::read(&document.to_string());
        assert!(read.is_err(), "{place} = {value}");
    }
}

#[test]
fn what_is_out_of_range_or_pattern_is_refused_by_the_schema_too() {
    refused_by_both(&[
        ("/database/engine", json!("mysql")),
        ("/topology/strategy", json!("hope")),
        ("/plan", json!("a b")),
        ("/plan", json!("a".repeat(41))),
        ("/home_region", json!("Ohio")),
        ("/detection/interval_seconds", json!(0)),
        ("/detection/interval_seconds", json!(31)),
        ("/detection/timeout_seconds", json!(0)),
        ("/detection/failures", json!(1)),
        ("/detection/failures", json!(61)),
        ("/topology/global_cluster", json!("orders--1")),
        ("/topology/members/us-west-2/cluster", json!("o".repeat(64))),
        ("/topology/members/us-west-2/cluster", json!("7orders")),
        (
            "/topology/members",
            json!({"us-west-2": {"cluster": "orders-west"}}),
        ),
        (
            "/topology/members",
            with_key(
                "/topology/members",
                "Ohio",
                json!({"cluster": "orders-ohio"}),
            ),
        ),
        ("/witness_region", json!("Ohio")),
        ("/witness_region", Value::Null),
        ("/database/name", json!("")),
        ("/database/name", json!("o".repeat(64))),
        ("/database/probe/user", json!("")),
        (
            "/database/admin_secret",
            json!("arn:aws:secretsmanager:us-east-1:123456789012:secret:a"),
        ),
        ("/database/probe/auth/secret", json!("")),
        ("/notify", json!({"Ohio": TOPIC})),
        ("/notify", json!({"us-east-1": "alerts"})),
        ("/notify", json!({"us-east-1": format!("{TOPIC}.fifo")})),
        ("/loss_ledger", json!([{"table": "orders", "key": ["id"]}])),
        ("/loss_ledger", json!([{"table": "a.b", "key": []}])),
        ("/loss_ledger", json!([{"table": "a.b", "key": [""]}])),
        (
            "/loss_ledger",
            json!([{"table": "a.b", "key": ["id", "id"]}]),
        ),
        ("/unplanned/region_down", json!("approval")),
        ("/unplanned/writer_down", json!("approval")),
        ("/unplanned/approval_minutes", json!(1441)),
        ("/detection/in_region_grace_seconds", json!(179)),
    ]);
}

#[test]
fn a_route_or_a_service_out_of_range_or_pattern_is_refused_by_the_schema_too() {
    refused_by_both(&[
        ("/routes/0/ttl_seconds", json!(0)),
        ("/routes/0/ttl_seconds", json!(301)),
        ("/routes/0/hosted_zone", json!("/hostedzone/Z0")),
        ("/routes/0/name", json!("writer")),
        ("/routes/0/name", json!("writer.orders.")),
        ("/routes/0/name", json!("writer orders.internal")),
        (
            "/routes/0",
            json!({"kind": "ssm", "parameter": "/aws/writer", "endpoint": "writer"}),
        ),
        ("/routes", json!([good()["routes"][0], good()["routes"][0]])),
        ("/services/0/region", json!("Ohio")),
        ("/services/0/cluster", json!("arn:aws:ecs")),
        ("/services/0/services/0", json!("")),
        ("/services/0/services/0", json!("a b")),
        ("/services/0/services", json!(["api", "api"])),
        ("/services/0/services/1/service", json!("wörker")),
        ("/services/0/services/1/takeover_count", json!(0)),
    ]);
}

/// JSON Schema compares no two fields: this is all that only reading finds.
#[test]
fn what_no_schema_can_say_is_refused_by_reading_alone() {
    let general = jsonschema::validator_for(&schema()).unwrap();
    let parameter = json!({"kind": "ssm", "parameter": "/orders/writer", "endpoint": "writer"});
    let mut reader = parameter.clone();
    reader["endpoint"] = json!("reader");
    for (place, value, says) in [
        (
            "/home_region",
            json!("eu-west-1"),
            "which is not in topology.members",
        ),
        (
            "/witness_region",
            json!("us-east-1"),
            "choose a third Region",
        ),
        (
            "/services/0/region",
            json!("eu-west-1"),
            "choose one of us-east-1, us-west-2",
        ),
        (
            "/notify",
            json!({"us-east-2": TOPIC}),
            "not a member's Region",
        ),
        (
            "/notify",
            json!({"us-west-2": TOPIC}),
            "name a topic of us-west-2",
        ),
        ("/detection/timeout_seconds", json!(6), "make it at most 5"),
        ("/routes/0/accept_route53_risk", json!(false), "a member"),
        ("/routes", json!([parameter, reader]), "stands twice"),
        ("/database/name", json!("ö".repeat(32)), "use 1 to 63 bytes"),
        (
            "/services/0/services",
            json!(["api", {"service": "api", "takeover_count": 1}]),
            "stands twice",
        ),
        (
            "/loss_ledger",
            json!([{"table": "a.b", "key": ["id"]}, {"table": "a.b", "key": ["no"]}]),
            "stands twice",
        ),
    ] {
        let document = with(place, value.clone());
        assert!(general.is_valid(&document), "{place} = {value}");
        let read = crate::plan::read(&document.to_string()).map_err(|why| why.to_string());
        assert!(
            read.as_ref().is_err_and(|why| why.contains(says)),
            "{place} = {value}: {read:?}"
        );
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
