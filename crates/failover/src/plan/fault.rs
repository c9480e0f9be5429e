//! What is wrong with a plan's document: one sentence each, and where it stands.

use crate::json::{Place, places::Places};

/// One thing that is wrong with a plan's document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field that it is about, by the names that lead to it; empty where it is about the document.
    pub field: String,
    /// The field, its value, and the fix.
    pub says: String,
    /// Where that stands in the text.
    pub at: Place,
}

impl Fault {
    pub(super) fn of_document(says: String, at: Place) -> Self {
        Self {
            field: String::new(),
            says,
            at,
        }
    }
}

/// What of a field is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// That it is there at all.
    Name,
    /// What it holds, or that it is missing.
    Value,
}

/// A fault that is not looked up in the text yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) field: String,
    pub(super) part: Part,
    pub(super) says: String,
}

impl Found {
    pub(super) fn new(field: &str, part: Part, says: String) -> Self {
        Self {
            field: field.to_owned(),
            part,
            says,
        }
    }

    /// Looks it up in the text, in which its field may bear a former name.
    pub(super) fn placed(self, places: &Places, in_the_text: &str) -> Fault {
        let at = match self.part {
            Part::Name => places.name(in_the_text),
            Part::Value => places.value(in_the_text),
        };
        Fault {
            field: self.field,
            says: self.says,
            at,
        }
    }
}

/// What the text alone shows: fields that stand twice, and numbers that none can hold.
pub(super) fn as_written(places: &Places) -> Vec<Found> {
    let twice = places.twice.iter().map(|(field, _)| {
        let says = format!("{field} stands twice; keep one");
        Found::new(field, Part::Name, says)
    });
    let too_large = places.too_large.iter().map(|field| {
        let name = if field.is_empty() { "the plan" } else { field };
        let says = format!("{name} is a number beyond 64 bits; write a smaller one");
        Found::new(field, Part::Value, says)
    });
    twice.chain(too_large).collect()
}
