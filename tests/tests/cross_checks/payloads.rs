//! Whatever is typed, the refusal is one sentence in words of JSON.

mod every;

use serde::Deserialize;
use serde_json::{Value, json};

use failover::{
    Error,
    domain::Epoch,
    json::{Payload, operation, read},
    ledger::RunKind,
    pass::Input,
};

use steps::{
    fence_writer,
    recovery_ledger::{self, Asked},
};

/// What a function reads of `text`, as it arrives.
fn taken<T>(text: &str, reads: impl Fn(Value) -> Result<T, Error>) -> Result<T, Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let payload = serde_path_to_error::deserialize::<_, Payload>(&mut deserializer).unwrap();
    payload.value().and_then(reads)
}

/// How a function that reads like this refuses what arrives as `text`.
fn refusal<T>(text: &str, reads: impl Fn(Value) -> Result<T, Error>) -> String {
    let why = taken(text, reads).err();
    let why = why.unwrap_or_else(|| panic!("{text} was taken"));
    assert_eq!(why.name(), "InvalidRequest");
    let why = why.to_string();
    for word in RUST {
        assert!(!why.contains(word), "{text}: {why}");
    }
    assert!(!why.contains('\n') && why.len() < 500, "{text}: {why}");
    why
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
        let why = refusal(text, read::<Input>);
        assert!(why.contains(says), "{text}: {why}");
    }
}

#[test]
fn an_operation_is_refused_with_the_ones_there_are() {
    for (text, says) in [
        (
            r#"{"operation": "sweap"}"#,
            "operation is \"sweap\"; set it to sweep or fence or unfence",
        ),
        (
            r#"{"plan": "orders"}"#,
            "operation is missing; set it to sweep or fence",
        ),
        (r#"{"operation": 7}"#, "operation is 7; set it to sweep"),
        (
            r#"{"operation": "fence", "plan": "orders", "epoch": "seven"}"#,
            "epoch is \"seven\"; give it a whole number that is not negative",
        ),
        (
            r#"{"operation": "sweep", "plan": "orders"}"#,
            "plan is not a field here; remove it",
        ),
    ] {
        let why = refusal(text, operation::<fence_writer::Request>);
        assert!(why.contains(says), "{text}: {why}");
    }
}

#[test]
fn a_field_that_a_run_lacks_is_named() {
    let text = r#"{"operation": "open", "run_id": "a", "input": {"plan": "orders"}}"#;
    let why = refusal(text, operation::<recovery_ledger::Request>);
    assert!(why.contains("kind is missing; add it"), "{why}");
}

#[test]
fn a_time_is_refused_with_how_one_is_written() {
    let failback = |input| Asked::read(RunKind::Failback, input);
    let why = refusal(r#"{"plan": "orders", "not_before": "tomorrow"}"#, failback);
    assert_eq!(
        why,
        "not_before: \"tomorrow\" is no time; write it like 2026-01-31T02:00:00Z"
    );
    let unplanned = |input| Asked::read(RunKind::UnplannedFailover, input);
    let why = refusal(r#"{"plan": "orders", "incident": "orders"}"#, unplanned);
    assert_eq!(
        why,
        "incident: \"orders\" is not <plan>/<epoch>; write it like orders/7"
    );
}

#[test]
fn what_is_right_is_read_as_it_was_written() {
    let payload = json!({"plan": "orders", "epoch": u64::MAX, "run_id": null, "dry_run": true});
    let input: Input = read(payload).unwrap();
    assert_eq!(
        (input.epoch, input.run_id, input.dry_run),
        (Some(Epoch(u64::MAX)), None, true)
    );
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
