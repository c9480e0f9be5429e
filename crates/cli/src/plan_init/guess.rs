//! What was not found and is guessed, or left to whoever reads it.

use serde::Serialize;

/// A value that AWS does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Guess {
    /// The field, by its path in the file.
    pub(super) field: String,
    pub(super) value: String,
    pub(super) because: String,
}

/// A field that is not written, and what it would be for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct LeftOut {
    pub(super) field: String,
    pub(super) because: String,
}

impl Guess {
    pub(super) fn new(field: &str, value: &str, because: &str) -> Self {
        Self {
            field: field.to_owned(),
            value: value.to_owned(),
            because: because.to_owned(),
        }
    }

    pub(super) fn line(&self) -> String {
        let Self {
            field,
            value,
            because,
        } = self;
        format!("guessed: {field} = {value}, because {because}")
    }
}

impl LeftOut {
    pub(super) fn new(field: &str, because: &str) -> Self {
        Self {
            field: field.to_owned(),
            because: because.to_owned(),
        }
    }

    pub(super) fn line(&self) -> String {
        format!("left out: {}: {}", self.field, self.because)
    }
}
