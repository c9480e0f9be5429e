//! Faults of every kind, each named once and in its place.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::plan_document as good;

fn refusal(document: &Value) -> String {
    read(&document.to_string())
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

#[test]
fn a_good_plan_is_read_with_its_defaults() {
    let plan = read(&good().to_string()).unwrap();
    assert_eq!(
        (
            plan.detection.in_region_grace_seconds,
            plan.unplanned.cooldown_minutes
        ),
        (None, 60)
    );
}

#[test]
fn a_plan_that_was_changed_since_it_was_read_last_is_judged_anew() {
    let first = read(&good().to_string()).unwrap();
    let mut changed = good();
    changed["revision"] = json!(first.revision + 1);
    assert_eq!(
        read(&changed.to_string()).unwrap().revision,
        first.revision + 1
    );
    changed["revision"] = json!("one");
    let refused = refusal(&changed);
    assert!(refused.contains("revision"), "{refused}");
    assert_eq!(read(&good().to_string()).unwrap().revision, first.revision);
}

#[test]
fn the_published_schema_is_that_of_the_types() {
    let generated = serde_json::to_string_pretty(&schemars::schema_for!(Plan)).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(
            concat!(env!("CARGO_MANIFEST_DIR"), "/plan.schema.json"),
            &generated,
        )
        .unwrap();
    }
    assert!(
        SCHEMA == generated,
        "run UPDATE_GOLDEN=1 cargo test --release -p failover and commit plan.schema.json"
    );
}

#[test]
fn faults_of_every_kind_are_reported_together() {
    let mut document = good();
    document["colour"] = json!("red");
    document["home_region"] = json!("eu-west-1");
    document["detection"]["interval_seconds"] = json!(0);
    let why = refusal(&document);
    for part in [
        "3 fault(s)",
        "colour",
        "home_region",
        "detection.interval_seconds",
    ] {
        assert!(why.contains(part), "{part} is missing from: {why}");
    }
}

/// A text with faults of every kind, two of them that only the text shows.
const FAULTY: &str = r#"{
  "plan": "orders", "revision": 3, "colour": "red",
  "topology": {"kind": "aurora_global", "global_cluster": "orders-global-1", "kind": "aurora_global", "strategy": "auto",
    "members": {"us-west-2": {"cluster": "orders-west"}, "us-east-1": {"cluster": 7}}},
  "home_region": "eu-west-1",
  "witness_region": "us-east-2",
  "database": {"engine": "oracle", "name": "orders", "admin_secret": "orders/admin",
    "probe": {"auth": {"kind": "secret", "secret": "orders/probe"}}},
  "detection": {"interval_seconds": 0, "failures": 1e30, "timeout_seconds": 3},
  "unplanned": {"region_down": "automatic", "writer_down": "automatic", "max_lost_seconds": 30},
  "notify": {"eu-west-1": "arn:aws:sns:eu-west-1:123456789012:alerts"}
}"#;

#[test]
fn every_fault_has_its_field_and_its_place_in_the_text() {
    let faults = check(FAULTY).unwrap_err();
    let found: Vec<_> = faults
        .iter()
        .map(|fault| (fault.field.as_str(), fault.at.line, fault.at.column))
        .collect();
    let expected = [
        ("topology.kind", 3, 78),
        ("detection.failures", 9, 52),
        ("colour", 2, 36),
        ("database.probe.user", 8, 14),
        ("topology.members.us-east-1.cluster", 4, 83),
        ("home_region", 5, 18),
        ("database.engine", 7, 26),
        ("notify.eu-west-1", 11, 14),
        ("detection.interval_seconds", 9, 37),
    ];
    for one in expected {
        assert!(found.contains(&one), "{one:?} is not among {found:?}");
    }
    assert_eq!(found.len(), expected.len(), "{faults:?}");
}

#[test]
fn what_is_no_json_is_one_fault_where_it_ends_to_be() {
    for (text, says, line, column) in [
        ("", "the document is empty; write an object", 1, 1),
        (
            "\u{feff}{}",
            "the document begins with a byte order mark",
            1,
            1,
        ),
        (
            "{\n  \"plan\": \"orders\",\n}",
            "the document is not JSON: ",
            3,
            1,
        ),
        ("{}\n{}", "the document is not JSON: trailing", 2, 1),
        ("{\"a\": {\"b\": tru}}", "a.b is not JSON", 1, 16),
        ("{\"a\": 1, \"a\": 2, ", "the document is not JSON", 1, 17),
    ] {
        let faults = check(text).unwrap_err();
        let [fault] = faults.as_slice() else {
            panic!("{text}: {faults:?}");
        };
        assert!(fault.says.starts_with(says), "{text}: {fault:?}");
        assert_eq!(
            (fault.at.line, fault.at.column),
            (line, column),
            "{text}: {fault:?}"
        );
    }
}

#[test]
fn faults_of_form_hide_no_fault_of_sense() {
    let mut document = good();
    document.as_object_mut().unwrap().remove("database");
    document["detection"]["failures"] = json!("three");
    document["detection"]["interval_seconds"] = json!(0);
    document["home_region"] = json!("eu-west-1");
    document["routes"][0]["ttl_seconds"] = json!(86_400);
    document["routes"]
        .as_array_mut()
        .unwrap()
        .push(json!({"kind": "alias"}));
    let why = refusal(&document);
    for part in [
        "6 fault(s)",
        "database is missing; add it",
        "detection.failures is \"three\"",
        "detection.interval_seconds is 0",
        "home_region is eu-west-1, which is not in topology.members",
        "routes.0.ttl_seconds is 86400",
        "routes.1.kind is \"alias\"; set it to cname or ssm or health_switch",
    ] {
        assert!(why.contains(part), "{part} is missing from: {why}");
    }
    assert!(!why.contains("filler"), "{why}");
}

#[test]
fn a_fault_of_form_hides_no_fault_of_sense_in_a_field_called_alike() {
    let mut document = good();
    document["topology"]["members"]["us-west-2"]["cluster"] = json!(7);
    document["topology"]["members"]["us-east-1"]["cluster"] = json!("orders--east");
    document["topology"]["global_cluster"] = json!("7orders");
    document["services"][0]["cluster"] = json!("");
    document["services"][0]["services"] = json!([7, 8, "a b", "api", "api"]);
    document["database"]["admin_secret"] = json!(null);
    document["database"]["probe"]["auth"]["secret"] = json!("a:b");
    document["unplanned"]["without_witnes"] = json!("accept");
    document["notify"] = json!({"us-esat-1": "alerts"});
    let why = refusal(&document);
    for part in [
        "13 fault(s)",
        "topology.members.us-west-2.cluster is 7; give it a text",
        "topology.members.us-east-1.cluster is \"orders--east\"; use 1 to 63 letters",
        "topology.global_cluster is \"7orders\"",
        "services.0.cluster is \"\"",
        "services.0.services.0 is 7",
        "services.0.services.1 is 8",
        "services.0.services.2 is \"a b\"",
        "services.0.services.4 is service api",
        "database.admin_secret is missing",
        "database.probe.auth.secret is \"a:b\"; write the secret's name",
        "unplanned.without_witnes is not a field of the plan; remove it",
        "notify.us-esat-1 is not a member's Region; choose one of us-east-1, us-west-2",
        "notify.us-esat-1 is \"alerts\"; write the ARN of an SNS topic",
    ] {
        assert!(why.contains(part), "{part} is missing from: {why}");
    }
}

#[test]
fn what_was_filled_in_makes_no_fault_of_its_own() {
    for (pointer, value) in [
        ("", json!([])),
        ("/topology/members", json!(7)),
        ("/witness_region", json!(7)),
        ("/detection", json!([])),
        ("/unplanned", json!(null)),
        ("/routes/0", json!("writer")),
        ("/plan", json!(7)),
    ] {
        let mut document = good();
        *document.pointer_mut(pointer).unwrap() = value;
        let why = refusal(&document);
        assert!(why.contains("1 fault(s)"), "{pointer}: {why}");
    }
}

#[test]
fn a_kind_that_nobody_built_is_refused_with_those_that_there_are() {
    for (pointer, says) in [
        (
            "/topology/kind",
            "topology.kind is \"x\"; set it to aurora_global",
        ),
        (
            "/database/engine",
            "database.engine is \"x\"; set it to postgres or mariadb or mysql or sqlserver",
        ),
        (
            "/routes/0/kind",
            "routes.0.kind is \"x\"; set it to cname or ssm or health_switch",
        ),
        (
            "/services/0/kind",
            "services.0.kind is \"x\"; set it to ecs or asg",
        ),
    ] {
        let mut document = good();
        *document.pointer_mut(pointer).unwrap() = json!("x");
        let why = refusal(&document);
        assert!(
            why.contains("1 fault(s)") && why.contains(says),
            "{pointer}: {why}"
        );
    }
}

#[test]
fn where_the_schema_lies_may_be_written_and_changes_nothing() {
    let mut document = good();
    document["$schema"] = json!("../plan.schema.json");
    let plan = read(&document.to_string()).unwrap();
    assert_eq!(plan, read(&good().to_string()).unwrap());
    assert_eq!(json!(plan)["$schema"], Value::Null);
    document["$schema"] = json!(7);
    let why = refusal(&document);
    assert!(why.contains("$schema is 7; give it a text"), "{why}");
}

#[test]
fn a_wrong_type_is_named_with_its_field() {
    let mut document = good();
    document["detection"]["failures"] = json!("three");
    assert!(
        refusal(&document).contains("detection.failures"),
        "{}",
        refusal(&document)
    );
}

#[test]
fn a_missing_field_is_named() {
    let mut document = good();
    document.as_object_mut().unwrap().remove("database");
    assert!(
        refusal(&document).contains("database"),
        "{}",
        refusal(&document)
    );
}

#[test]
fn a_plan_over_the_size_is_refused() {
    let text = format!("{}{}", good(), " ".repeat(BYTES_MAX));
    assert!(read(&text).is_err_and(|error| error.to_string().contains("8192")));
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in ".{0,200}") {
        let _ = read(&text);
    }

    #[test]
    fn no_value_in_any_field_makes_reading_panic(field in "[a-z_]{1,12}", number in any::<i64>()) {
        let mut document = good();
        document["detection"][&field] = json!(number);
        document[&field] = json!({"x": number});
        let _ = read(&document.to_string());
    }
}
