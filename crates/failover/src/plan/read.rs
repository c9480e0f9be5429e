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
    let mut found = structure::faults(&PARSED, &mut document);
    match serde_json::from_value::<Plan>(document) {
        Ok(plan) => {
            found.extend(faults(&plan));
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
