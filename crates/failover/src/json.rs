//! What operators and machines send, read in words of JSON: whatever arrives, a refusal names field, value and fix.

pub mod places;
mod read;
mod strict;

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};
use serde_json::{Map, Value};

use crate::{Error, domain::PlanName};

pub use places::Place;

/// A function's payload. It takes whatever arrives, so that a function and no runtime says what is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Payload(Result<Value, String>);

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(strict::value(deserializer)))
    }
}

impl Payload {
    /// What arrived.
    ///
    /// # Errors
    /// `InvalidRequest` for what is no JSON, a field that stands twice, or a number that no field can hold.
    pub fn value(self) -> Result<Value, Error> {
        self.0
            .map_err(|why| Error::InvalidRequest(format!("the payload is not understood: {why}")))
    }
}

/// Reads a document as strictly as a payload.
///
/// # Errors
/// What is wrong with it, and the fix.
pub fn parse(text: &str) -> Result<Value, String> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = strict::value(&mut deserializer)?;
    deserializer.end().map_err(|why| goes_on(&why))?;
    Ok(value)
}

/// Reads a document as far as it is JSON: of a field that stands twice the later one, and any number.
///
/// # Errors
/// What keeps it from being JSON, with the fix, and where.
pub fn lenient(text: &str) -> Result<Value, (String, Place)> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = strict::lenient(&mut deserializer);
    let value = value.and_then(|value| {
        let end = deserializer.end();
        end.map(|()| value).map_err(|why| goes_on(&why))
    });
    value.map_err(|says| {
        let why = serde_json::from_str::<Value>(text).err();
        let place = why.map_or(Place::START, |why| Place {
            line: why.line().max(1),
            column: why.column().max(1),
        });
        (says, place)
    })
}

fn goes_on(why: &serde_json::Error) -> String {
    format!("it is not JSON: {why}; end it there")
}

/// Reads a payload into what a function takes.
///
/// # Errors
/// `InvalidRequest` that names the faulty field, its value and the fix.
pub fn read<T: DeserializeOwned>(payload: Value) -> Result<T, Error> {
    let fields = object(payload)?;
    T::deserialize(read::Word(Value::Object(fields))).map_err(refused)
}

/// Reads the payload of a function with several jobs: `operation` says which one the other fields are for.
///
/// # Errors
/// As [`read`].
pub fn operation<T: DeserializeOwned>(payload: Value) -> Result<T, Error> {
    let mut fields = object(payload)?;
    let operation = fields.remove("operation");
    T::deserialize(read::Job { operation, fields }).map_err(refused)
}

/// Reads one field; null is none.
///
/// # Errors
/// As [`read`].
pub fn field<T: DeserializeOwned>(name: &str, value: Value) -> Result<Option<T>, Error> {
    Option::deserialize(read::Word(value)).map_err(|why| refused(why.under(name)))
}

/// Reads a time, which may be missing.
///
/// # Errors
/// What was written instead, and how a time is written.
pub fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    let read = |text: String| {
        text.parse().map_err(|_| {
            let shown = shown(&Value::from(text));
            D::Error::custom(format!(
                "{shown} is no time; write it like 2026-01-31T02:00:00Z"
            ))
        })
    };
    text.map(read).transpose()
}

fn refused(why: impl std::fmt::Display) -> Error {
    Error::InvalidRequest(why.to_string())
}

fn object(payload: Value) -> Result<Map<String, Value>, Error> {
    let Value::Object(fields) = payload else {
        return Err(Error::InvalidRequest(format!(
            "the payload is {}; write an object, like {{\"plan\": \"orders\"}}",
            shown(&payload)
        )));
    };
    if let Some(Value::String(plan)) = fields.get("plan") {
        named(plan)?;
    }
    Ok(fields)
}

/// A name that no plan can have is told before anything is asked for it.
fn named(plan: &str) -> Result<(), Error> {
    if PlanName::fits(plan) {
        return Ok(());
    }
    Err(Error::InvalidRequest(format!(
        "plan is {}; write a plan's name: 1 to 40 letters from a to z, digits and hyphens",
        shown(&Value::from(plan))
    )))
}

/// The most characters of a value that a sentence repeats.
const VALUE_MAX: usize = 60;

/// A value as a sentence repeats it.
pub fn shown(value: &impl std::fmt::Display) -> String {
    let mut text = value.to_string();
    if let Some((end, _)) = text.char_indices().nth(VALUE_MAX) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_deep_in_a_document_is_named_with_its_way() {
        let why = parse(r#"{"a": {"b": [1, {"c": 1e999}]}}"#).unwrap_err();
        assert!(why.contains("a.b.1.c is a number beyond 64 bits"), "{why}");
        let why = parse(r#"{"a": {"b": 1, "b": 2}}"#).unwrap_err();
        assert!(why.contains("a.b stands twice"), "{why}");
        assert!(parse("{} x").is_err());
    }
}
