//! Reads a plan document and reports everything that is wrong with it at once.

use std::sync::LazyLock;

use serde_json::Value;

use super::{Plan, structure, validate::faults};
use crate::{Error, domain::PlanName, json};

/// The most bytes a plan may have: what an advanced SSM parameter holds.
pub const BYTES_MAX: usize = 8192;

/// The published JSON Schema, generated from the types of this module.
pub const SCHEMA: &str = include_str!("../../plan.schema.json");

static PARSED: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(SCHEMA).unwrap_or_default());

/// Reads and validates a plan.
///
/// # Errors
/// `InvalidRequest` with one sentence per fault: the field, its value, and the fix.
pub fn read(text: &str) -> Result<Plan, Error> {
    if text.len() > BYTES_MAX {
        return Err(invalid(&[format!(
            "the document has {} bytes; shorten it to {BYTES_MAX}, the most an advanced parameter holds",
            text.len()
        )]));
    }
    let mut document =
        json::parse(text).map_err(|why| invalid(&[format!("in the document {why}")]))?;
    let form = structure::judge(&PARSED, &mut document);
    let mut found = form.faults;
    match serde_json::from_value::<Plan>(document) {
        Ok(plan) => {
            let of_sense = faults(&plan).into_iter();
            let written = of_sense.filter(|fault| fault.is_of_what_was_written(&form.filled));
            found.extend(written.map(|fault| fault.says));
            if found.is_empty() {
                Ok(plan)
            } else {
                Err(invalid(&found))
            }
        }
        Err(why) if found.is_empty() => Err(invalid(&[why.to_string()])),
        Err(_) => Err(invalid(&found)),
    }
}

/// Reads the plan of a parameter, which bears the plan's own name.
///
/// # Errors
/// As [`read`], and where the document is another plan's.
pub fn read_named(name: &PlanName, text: &str) -> Result<Plan, Error> {
    let plan = read(text)?;
    if plan.plan != *name {
        return Err(Error::InvalidRequest(format!(
            "the parameter of plan {name} holds plan {}; name them alike",
            plan.plan
        )));
    }
    Ok(plan)
}

fn invalid(faults: &[String]) -> Error {
    Error::InvalidRequest(format!(
        "the plan has {} fault(s): {}",
        faults.len(),
        faults.join("; ")
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::steps::fake::plan_document as good;

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

    #[test]
    fn faults_of_form_hide_no_fault_of_sense() {
        let mut document = good();
        document.as_object_mut().unwrap().remove("database");
        document["detection"]["failures"] = json!("three");
        document["detection"]["interval_seconds"] = json!(0);
        document["home_region"] = json!("eu-west-1");
        document["dns"][0]["ttl_seconds"] = json!(86_400);
        document["dns"]
            .as_array_mut()
            .unwrap()
            .push(json!({"kind": "alias"}));
        let why = refusal(&document);
        for part in [
            "6 fault(s)",
            "database is missing; add it",
            "detection.failures is \"three\"",
            "detection.interval_seconds is 0",
            "home_region is eu-west-1, which is not in members",
            "dns.0.ttl_seconds is 86400",
            "dns.1.kind is \"alias\"; set it to cname or ssm",
        ] {
            assert!(why.contains(part), "{part} is missing from: {why}");
        }
        assert!(!why.contains("filler"), "{why}");
    }

    #[test]
    fn a_fault_of_form_hides_no_fault_of_sense_in_a_field_called_alike() {
        let mut document = good();
        document["members"]["us-west-2"]["cluster"] = json!(7);
        document["members"]["us-east-1"]["cluster"] = json!("orders--east");
        document["topology"]["global_cluster"] = json!("7orders");
        document["ecs"]["us-east-1"][0]["cluster"] = json!("");
        document["ecs"]["us-east-1"][0]["services"] = json!([7, 8, "a b", "api", "api"]);
        document["database"]["admin_secret"] = json!(null);
        document["database"]["probe"]["auth"]["secret"] = json!("a:b");
        document["unplanned"]["without_witnes"] = json!("accept");
        document["notify"] = json!({"us-esat-1": "alerts"});
        let why = refusal(&document);
        for part in [
            "13 fault(s)",
            "members.us-west-2.cluster is 7; give it a text",
            "members.us-east-1.cluster is \"orders--east\"; use 1 to 63 letters",
            "topology.global_cluster is \"7orders\"",
            "ecs.us-east-1.0.cluster is \"\"",
            "ecs.us-east-1.0.services.0 is 7",
            "ecs.us-east-1.0.services.1 is 8",
            "ecs.us-east-1.0.services.2 is \"a b\"",
            "ecs.us-east-1.0.services.4 is service api",
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
            ("/members", json!(7)),
            ("/witness_region", json!(7)),
            ("/detection", json!([])),
            ("/unplanned", json!(null)),
            ("/dns/0", json!("writer")),
            ("/plan", json!(7)),
        ] {
            let mut document = good();
            *document.pointer_mut(pointer).unwrap() = value;
            let why = refusal(&document);
            assert!(why.contains("1 fault(s)"), "{pointer}: {why}");
        }
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
}
