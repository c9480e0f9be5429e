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
            found.extend(of_sense.filter(|fault| is_of_what_was_written(fault, &form.filled)));
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

/// Whether a fault of sense is about what somebody wrote, and not about what was filled in.
fn is_of_what_was_written(fault: &str, filled: &[String]) -> bool {
    let is_about = |path: &String| {
        let mut place = String::new();
        for part in path.split('.') {
            let is_index = part.chars().all(|c| c.is_ascii_digit());
            match (is_index, place.is_empty()) {
                (true, _) => place.push_str(&format!("[{part}]")),
                (false, true) => place.push_str(part),
                (false, false) => place.push_str(&format!(".{part}")),
            }
        }
        let field = path.rsplit('.').next().unwrap_or_default();
        let is_index = field.chars().all(|c| c.is_ascii_digit());
        // A fault about members says "member", too.
        let word = field.strip_suffix('s').unwrap_or(field);
        fault.contains(&place) || (!is_index && fault.contains(word))
    };
    !filled.iter().any(is_about)
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
            "dns[0].ttl_seconds is 86400",
            "dns.1.kind is \"alias\"; set it to cname or ssm",
        ] {
            assert!(why.contains(part), "{part} is missing from: {why}");
        }
        assert!(!why.contains("filler"), "{why}");
    }

    #[test]
    fn what_was_filled_in_makes_no_fault_of_its_own() {
        for (pointer, value) in [
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
