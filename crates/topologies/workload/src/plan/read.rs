//! Reads a plan document and reports everything that is wrong with it at once.

use std::sync::LazyLock;

use failover::{Error, json};
use serde_json::Value;

use super::{WorkloadPlan, form, sense};

/// The most bytes a plan may have: what an advanced SSM parameter holds.
pub const BYTES_MAX: usize = 8192;

/// What some editors put in front, and no reader of JSON takes.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The published JSON Schema, generated from the types of this module.
pub const SCHEMA: &str = include_str!("../../workload.schema.json");

static PARSED: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(SCHEMA).unwrap_or_default());

/// One thing that is wrong with a plan's document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field that it is about, by the names that lead to it; empty where it is about the document.
    pub field: String,
    /// The field, its value, and the fix.
    pub says: String,
}

impl Fault {
    pub(super) fn new(field: impl Into<String>, says: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            says: says.into(),
        }
    }
}

/// Reads and validates a plan: of a parameter, whose name it then bears, or of a file.
///
/// # Errors
/// `InvalidRequest` with one sentence per fault: the field, its value, and the fix.
pub fn read(document: &str, name: Option<&str>) -> Result<WorkloadPlan, Error> {
    let plan = check(document).map_err(|faults| {
        let says: Vec<_> = faults.into_iter().map(|fault| fault.says).collect();
        Error::InvalidRequest(format!(
            "the plan has {} fault(s): {}",
            says.len(),
            says.join("; ")
        ))
    })?;
    match name.filter(|name| *name != plan.plan.as_str()) {
        None => Ok(plan),
        Some(name) => Err(Error::InvalidRequest(format!(
            "the parameter of workload {name} holds workload {}; name them alike",
            plan.plan
        ))),
    }
}

/// Reads and validates a plan.
///
/// # Errors
/// Every fault: what keeps it from being JSON alone, else those of form, else those of sense.
pub fn check(document: &str) -> Result<WorkloadPlan, Vec<Fault>> {
    let of_document = |says: String| vec![Fault::new("", says)];
    if document.len() > BYTES_MAX {
        return Err(of_document(format!(
            "the document has {} bytes; shorten it to {BYTES_MAX}, the most an advanced parameter holds",
            document.len()
        )));
    }
    if document.starts_with(BYTE_ORDER_MARK) {
        let says = "the document begins with a byte order mark; save it as UTF-8 without one";
        return Err(of_document(says.to_owned()));
    }
    // Nobody can tell which one was meant of a field that stands twice.
    let value = json::parse(document).map_err(|why| of_document(as_of_document(&why)))?;
    let faults = form::faults(&PARSED, &value);
    if !faults.is_empty() {
        return Err(faults);
    }
    let plan: WorkloadPlan =
        serde_json::from_value(value).map_err(|why| of_document(format!("the plan: {why}")))?;
    let faults = sense::faults(&plan);
    if faults.is_empty() {
        return Ok(plan);
    }
    Err(faults)
}

/// What the reader of JSON says, with places as this module writes them.
fn as_of_document(why: &str) -> String {
    let Some((place, rest)) = why.split_once(' ') else {
        return why.to_owned();
    };
    if place == "it" {
        return format!("the document {rest}");
    }
    let place = place
        .split('.')
        .fold(String::new(), |to, field| match field.parse::<usize>() {
            Ok(index) => form::item(&to, index),
            Err(_) => form::joined(&to, field),
        });
    format!("{place} {rest}")
}
