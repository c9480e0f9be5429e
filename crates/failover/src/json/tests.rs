//! Whatever is typed, the refusal is one sentence in words of JSON.

use serde_json::json;

use super::*;
use crate::steps::{Input, fence_writer, recovery_ledger};

/// How the function `T` is for refuses what arrives as `text`.
fn refusal<T: DeserializeOwned>(text: &str) -> String {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let payload = serde_path_to_error::deserialize::<_, Payload>(&mut deserializer).unwrap();
    let refused = payload.value().and_then(read::<T>).err();
    let why = refused.unwrap_or_else(|| panic!("{text} was taken"));
    assert_eq!(why.name(), "InvalidRequest");
    why.to_string()
}

/// What no operator has typed.
const RUST: [&str; 9] = [
    "struct",
    "enum",
    "u64",
    "Error(",
    "variant",
    "Some(",
    "tuple",
    "Deserialize",
    "line 0",
];

#[test]
fn whatever_is_no_object_with_a_plan_is_refused_in_words_of_json() {
    for (text, says) in [
        ("null", "the payload is null; write an object"),
        ("[]", "the payload is []; write an object"),
        ("7", "the payload is 7; write an object"),
        ("", "it is empty; write an object"),
        ("{}", "plan is missing; add it"),
        ("{\"plan\": ", "is not JSON"),
        ("1e400", "a number beyond 64 bits"),
        (r#"{"plan": 1e400}"#, "plan is a number beyond 64 bits"),
        (
            r#"{"plan": "orders", "epoch": 18446744073709551616}"#,
            "epoch is a number beyond 64 bits; write a smaller one",
        ),
        (
            r#"{"plan": "orders", "epoch": -1}"#,
            "epoch is -1; give it a whole number that is not negative",
        ),
        (
            r#"{"plan": "orders", "epoch": 1.5}"#,
            "epoch is 1.5; give it a whole number that is not negative",
        ),
        (
            r#"{"plan": "orders", "dry_run": "true"}"#,
            "dry_run is \"true\"; give it true or false",
        ),
        (r#"{"plan": null}"#, "plan is null; give it a text"),
        (
            r#"{"plan": "orders", "plan": "shop"}"#,
            "plan stands twice; keep one",
        ),
        (
            r#"{"plan": "örders"}"#,
            "plan is \"örders\"; write a plan's name: 1 to 40 letters from a to z",
        ),
        (
            r#"{"plan": "orders", "colour": 1}"#,
            "colour is not a field here; remove it, or write one of plan, run_id",
        ),
        (
            r#"{"plan": "orders", "run_id": ["a"]}"#,
            "run_id is a list; give it a text",
        ),
    ] {
        let why = refusal::<Input>(text);
        assert!(why.contains(says), "{text}: {why}");
        for word in RUST {
            assert!(!why.contains(word), "{text}: {why}");
        }
    }
}

#[test]
fn an_operation_is_refused_with_the_ones_there_are() {
    for (text, says) in [
        (
            r#"{"operation": "sweap"}"#,
            "operation is \"sweap\"; set it to sweep or fence or unfence",
        ),
        (r#"{"plan": "orders"}"#, "operation is missing; add it"),
        (
            r#"{"operation": "fence", "plan": "orders", "epoch": "seven"}"#,
            "is \"seven\"; give it a whole number that is not negative",
        ),
    ] {
        let why = refusal::<fence_writer::Request>(text);
        assert!(why.contains(says), "{text}: {why}");
    }
}

#[test]
fn a_field_that_a_run_lacks_is_named() {
    let why = refusal::<recovery_ledger::Request>(
        r#"{"operation": "open", "run_id": "a", "input": {"plan": "orders"}}"#,
    );
    assert!(why.contains("kind is missing; add it"), "{why}");
}

#[test]
fn what_is_right_is_read_as_it_was_written() {
    let payload = json!({"plan": "orders", "epoch": u64::MAX, "run_id": null, "dry_run": true});
    let input: Input = read(payload).unwrap();
    assert_eq!(
        (input.epoch, input.run_id, input.dry_run),
        (Some(crate::domain::Epoch(u64::MAX)), None, true)
    );
}

#[test]
fn a_field_deep_in_a_document_is_named_with_its_way() {
    let why = parse(r#"{"a": {"b": [1, {"c": 1e999}]}}"#).unwrap_err();
    assert!(why.contains("a.b.1.c is a number beyond 64 bits"), "{why}");
    let why = parse(r#"{"a": {"b": 1, "b": 2}}"#).unwrap_err();
    assert!(why.contains("a.b stands twice"), "{why}");
    assert!(parse("{} x").is_err());
}

proptest::proptest! {
    #[test]
    fn no_payload_goes_through_unnamed(text in ".{0,120}") {
        let mut deserializer = serde_json::Deserializer::from_str(&text);
        let payload = Payload::deserialize(&mut deserializer).unwrap();
        if let Err(why) = payload.value().and_then(read::<Input>) {
            assert_eq!(why.name(), "InvalidRequest");
        }
    }
}
