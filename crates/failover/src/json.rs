//! What operators and machines send, read in words of JSON: whatever arrives, a refusal names field, value and fix.

mod read;
mod strict;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use crate::Error;

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
    deserializer
        .end()
        .map_err(|why| format!("it is not JSON: {why}; end it there"))?;
    Ok(value)
}

/// Reads a payload into what a function takes.
///
/// # Errors
/// `InvalidRequest` that names the faulty field, its value and the fix.
pub fn read<T: DeserializeOwned>(payload: Value) -> Result<T, Error> {
    if !payload.is_object() {
        return Err(Error::InvalidRequest(format!(
            "the payload is {}; write an object, like {{\"plan\": \"orders\"}}",
            shown(&payload)
        )));
    }
    if let Some(Value::String(plan)) = payload.get("plan") {
        named(plan)?;
    }
    T::deserialize(read::Word(payload)).map_err(|why| Error::InvalidRequest(why.to_string()))
}

/// A name that no plan can have is told before anything is asked for it.
fn named(plan: &str) -> Result<(), Error> {
    if crate::plan::is_name(plan) {
        return Ok(());
    }
    Err(Error::InvalidRequest(format!(
        "plan is {plan:?}; write a plan's name: 1 to 40 letters from a to z, digits and hyphens"
    )))
}

/// The most characters of a value that a sentence repeats.
const VALUE_MAX: usize = 60;

/// A value as a sentence repeats it.
pub(crate) fn shown(value: &impl std::fmt::Display) -> String {
    let mut text = value.to_string();
    if let Some((end, _)) = text.char_indices().nth(VALUE_MAX) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests;
