//! Reads a plan document and reports everything that is wrong with it at once.

use std::{cell::RefCell, sync::LazyLock};

use serde_json::Value;

use super::{
    Plan,
    fault::{Fault, Found, Part, as_written},
    former, structure,
    validate::{Judged, faults},
};
use crate::{
    Error,
    domain::PlanName,
    json::{self, Place, places::Places},
};

/// The most bytes a plan may have: what an advanced SSM parameter holds.
pub const BYTES_MAX: usize = 8192;

/// What some editors put in front, and no reader of JSON takes.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The published JSON Schema, generated from the types of this module.
pub const SCHEMA: &str = include_str!("../../plan.schema.json");

static PARSED: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(SCHEMA).unwrap_or_default());

thread_local! {
    /// The last document in which nothing was wrong, and its plan: a probe, a watch and a search read the same one over and over.
    static LAST: RefCell<Option<(String, Plan)>> = const { RefCell::new(None) };
}

/// Reads and validates a plan. One that this thread read last is not judged again.
///
/// # Errors
/// `InvalidRequest` with one sentence per fault: the field, its value, and the fix.
pub fn read(text: &str) -> Result<Plan, Error> {
    LAST.with_borrow_mut(|last| {
        if let Some((known, plan)) = last
            && known == text
        {
            return Ok(plan.clone());
        }
        let plan = judged(text)?;
        *last = Some((text.to_owned(), plan.clone()));
        Ok(plan)
    })
}

fn judged(text: &str) -> Result<Plan, Error> {
    check(text).map_err(|faults| {
        let says: Vec<_> = faults.into_iter().map(|fault| fault.says).collect();
        Error::InvalidRequest(format!(
            "the plan has {} fault(s): {}",
            says.len(),
            says.join("; ")
        ))
    })
}

/// Reads and validates a plan.
///
/// # Errors
/// Every fault: what keeps it from being JSON alone, else those of form before those of sense.
pub fn check(text: &str) -> Result<Plan, Vec<Fault>> {
    let of_document = |says: String, at| vec![Fault::of_document(says, at)];
    if text.len() > BYTES_MAX {
        let says = format!(
            "the document has {} bytes; shorten it to {BYTES_MAX}, the most an advanced parameter holds",
            text.len()
        );
        return Err(of_document(says, Place::START));
    }
    if text.starts_with(BYTE_ORDER_MARK) {
        let says = "the document begins with a byte order mark; save it as UTF-8 without one";
        return Err(of_document(says.to_owned(), Place::START));
    }
    let mut document = json::lenient(text).map_err(|(why, at)| {
        let says = why
            .strip_prefix("it ")
            .map(|why| format!("the document {why}"));
        of_document(says.unwrap_or(why), at)
    })?;
    // Nobody can tell which one was meant of a field that stands twice.
    let strict = json::parse(text).err();
    let places = Places::of(text);
    let mut found = strict.map_or_else(Vec::new, |why| {
        let found = as_written(&places);
        if found.is_empty() {
            return vec![Found::new(
                "",
                Part::Value,
                format!("in the document {why}"),
            )];
        }
        found
    });
    let told = |field: &str| places.too_large.iter().any(|told| told == field);
    let (rewritten, of_former) = former::rewrite(&mut document);
    found.extend(of_former);
    let form = structure::judge(&PARSED, &mut document);
    let of_form = form.faults.into_iter();
    found.extend(of_form.filter(|fault| !told(&fault.field)));
    match serde_json::from_value::<Plan>(document) {
        Ok(plan) => {
            let of_sense = faults(&plan).into_iter();
            let written = of_sense.filter(|fault| fault.is_of_what_was_written(&form.filled));
            found.extend(written.map(Judged::found));
            if found.is_empty() {
                return Ok(plan);
            }
        }
        Err(why) if found.is_empty() => found.push(Found::new("", Part::Value, why.to_string())),
        Err(_) => {}
    }
    let placed = found.into_iter().map(|found| {
        let in_the_text = rewritten.in_the_text(&found.field);
        found.placed(&places, &in_the_text)
    });
    Err(placed.collect())
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

#[cfg(test)]
mod tests;
