//! Plans without a fault, and faults of every kind, each named once with its field.

use serde_json::{Value, json};

use super::*;
use crate::testing::document as good;

mod sense;

const MINIMAL: &str = include_str!("../../../../../examples/workload/workload.json");
const EVERYTHING: &str = include_str!("../../../../../examples/workload/workload-everything.json");

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

/// What is wrong with a document: fields and sentences.
fn found(document: &Value) -> Vec<(String, String)> {
    let faults = check(&document.to_string()).err().unwrap_or_default();
    faults
        .into_iter()
        .map(|fault| (fault.field, fault.says))
        .collect()
}

fn assert_fine(document: &Value) {
    let found = found(document);
    assert!(found.is_empty(), "{found:?}");
}

/// The one sentence of a document with one fault, whose field is `field`.
fn one(document: &Value, field: &str) -> String {
    let mut found = found(document);
    assert_eq!(found.len(), 1, "{found:?}");
    let (of, says) = found.remove(0);
    assert_eq!(of, field, "{says}");
    says
}

#[test]
fn the_published_schema_is_that_of_the_types() {
    let generated =
        serde_json::to_string_pretty(&schemars::schema_for!(WorkloadPlan)).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let at = concat!(env!("CARGO_MANIFEST_DIR"), "/workload.schema.json");
        std::fs::write(at, &generated).unwrap();
    }
    assert!(
        SCHEMA == generated,
        "run UPDATE_GOLDEN=1 cargo test --release -p workload and commit workload.schema.json"
    );
}

#[test]
fn the_examples_are_plans_without_a_fault_and_fit_their_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for (example, count) in [(MINIMAL, 2), (EVERYTHING, 3)] {
        let plan = read(example, Some("orders")).unwrap();
        assert_eq!(plan.resources.len(), count);
        assert!(schema.is_valid(&serde_json::from_str(example).unwrap()));
        let written = serde_json::to_string(&plan).unwrap();
        assert_eq!(read(&written, None).unwrap(), plan);
    }
}

#[test]
fn what_a_plan_leaves_out_has_its_default() {
    let plan = read(MINIMAL, None).unwrap();
    assert_eq!(plan.sync, Sync::default());
    assert_eq!(
        (
            plan.sync.rounds_max,
            plan.sync.every_minutes,
            plan.sync.small_gib
        ),
        (12, 15, 1)
    );
    assert_eq!(
        (
            plan.rehearsed_within_days,
            plan.keep_days,
            plan.approval_minutes
        ),
        (7, 7, 240)
    );
    assert!(plan.services.is_empty() && plan.prepared.is_none() && plan.verify.is_none());
    assert!(plan.resources.iter().all(|resource| resource.order() == 1));
}

#[test]
fn a_resource_is_found_by_its_name_and_says_what_it_is() {
    let plan = read(&good().to_string(), None).unwrap();
    let resource = plan.resource("ledger").unwrap();
    assert_eq!(resource.kind(), "aurora_cluster");
    assert_eq!(
        (resource.home(), resource.recovery(), resource.order()),
        ("ledger", "ledger-dr", 2)
    );
    assert_eq!(plan.resource("nobody"), None);
    let kinds: Vec<_> = plan.resources.iter().map(Resource::kind).collect();
    let written = serde_json::to_value(&plan).unwrap();
    let written: Vec<_> = (0..kinds.len())
        .map(|index| written["resources"][index]["kind"].clone())
        .collect();
    assert_eq!(written, kinds);
}

#[test]
fn the_parameters_name_is_the_plans() {
    assert_eq!(
        parameter(&"orders".into()),
        "/aurora-failover/workloads/orders"
    );
    let why = read(MINIMAL, Some("billing")).unwrap_err();
    assert_eq!(
        why,
        Error::InvalidRequest(
            "the parameter of workload billing holds workload orders; name them alike".into()
        )
    );
}

#[test]
fn a_field_that_is_unknown_missing_or_of_a_wrong_form_is_named_with_its_way() {
    for (document, field, says) in [
        (
            with("/resources/1/colour", json!("red")),
            "resources[1].colour",
            "resources[1].colour is not a field of the plan; remove it",
        ),
        (
            with("/sync", json!({"rounds": 3})),
            "sync.rounds",
            "sync.rounds is not a field of the plan; remove it",
        ),
        (
            with("/resources/0/home", json!(7)),
            "resources[0].home",
            "resources[0].home is 7; give it a text",
        ),
        (
            with(
                "/resources/0",
                json!({"kind": "rds_instance", "name": "a", "home": "a"}),
            ),
            "resources[0].recovery",
            "resources[0].recovery is missing; add it",
        ),
        (
            with("/resources/0/kind", json!("s3_bucket")),
            "resources[0].kind",
            "resources[0].kind is \"s3_bucket\"; set it to rds_instance or aurora_cluster or dynamodb_table or ec2_instance",
        ),
        (
            with("/resources/2/deny_writes", json!("false")),
            "resources[2].deny_writes",
            "resources[2].deny_writes is \"false\"; give it true or false",
        ),
        (
            with("/kind", json!("rds_replica")),
            "kind",
            "kind is \"rds_replica\"; set it to workload",
        ),
        (
            with(
                "/resources/1/rehearsal",
                json!({"subnet_group": "isolated", "security_groups": []}),
            ),
            "resources[1].rehearsal.security_groups",
            "resources[1].rehearsal.security_groups has 0 item(s); name 1 to 5",
        ),
    ] {
        assert_eq!(one(&document, field), says);
    }
}

#[test]
fn a_number_out_of_its_range_is_told_with_the_range() {
    for (place, value, says) in [
        (
            "/sync",
            json!({"rounds_max": 49}),
            "sync.rounds_max is 49; use 1 to 48",
        ),
        (
            "/sync",
            json!({"rounds_max": 0}),
            "sync.rounds_max is 0; use 1 to 48",
        ),
        ("/keep_days", json!(0), "keep_days is 0; use 1 to 365"),
        (
            "/approval_minutes",
            json!(1441),
            "approval_minutes is 1441; use 1 to 1440",
        ),
        (
            "/rehearsed_within_days",
            json!(91),
            "rehearsed_within_days is 91; use 1 to 90",
        ),
        (
            "/resources/0/order",
            json!(65_536),
            "resources[0].order is 65536; use 0 to 65535",
        ),
    ] {
        let found = found(&with(place, value));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].1, says);
    }
}

#[test]
fn a_plan_has_one_to_a_hundred_resources() {
    let table = |index: usize| {
        let name = format!("t{index:03}");
        json!({"kind": "dynamodb_table", "name": name, "home": name, "recovery": name})
    };
    let of = |count| with("/resources", (0..count).map(table).collect());
    assert_fine(&of(100));
    for count in [0, 101] {
        let says = one(&of(count), "resources");
        assert_eq!(
            says,
            format!("resources has {count} item(s); name 1 to 100")
        );
    }
}

#[test]
fn faults_of_one_sort_are_reported_together() {
    let mut document = good();
    document["colour"] = json!("red");
    document["keep_days"] = json!(0);
    document["resources"][0]["home"] = Value::Null;
    let why = read(&document.to_string(), None).unwrap_err().to_string();
    for part in [
        "the plan has 3 fault(s): ",
        "colour",
        "keep_days",
        "resources[0].home is missing; give it a text",
    ] {
        assert!(why.contains(part), "{part} is missing from: {why}");
    }
    assert!(!why.contains('{') && !why.contains("Some("), "{why}");
}

#[test]
fn what_is_no_json_is_one_fault() {
    let twice = good().to_string().replacen(
        "\"home\":\"billing\"",
        "\"home\":\"billing\",\"home\":\"b\"",
        1,
    );
    for (text, says) in [
        ("", "the document is empty; write an object"),
        ("\u{feff}{}", "the document begins with a byte order mark"),
        ("[]", "the plan is []; give it an object"),
        ("{\"plan\": }", "plan is not JSON: "),
        (&twice, "resources[0].home stands twice; keep one"),
        (
            &" ".repeat(BYTES_MAX + 1),
            "the document has 8193 bytes; shorten it to 8192",
        ),
    ] {
        let faults = check(text).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(
            faults[0].says.starts_with(says),
            "{says}: {}",
            faults[0].says
        );
    }
}
