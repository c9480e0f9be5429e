//! What was seen of a scenario that was played.

use std::collections::BTreeMap;

use super::drill::Played;
use crate::{
    client::{ClientRecord, Comparison},
    report::{Run, Writes},
};

/// What was seen, for the checks.
pub(crate) struct Outcome {
    /// What became of the client's writes.
    pub(crate) writes: Writes,
    /// The client's record.
    pub(crate) record: ClientRecord,
    /// How it compares with what the database holds.
    pub(crate) comparison: Comparison,
    /// The executions.
    pub(crate) runs: Vec<Run>,
    /// Their histories, whole.
    pub(crate) histories: BTreeMap<String, String>,
    /// What was played, and found on the way.
    pub(crate) played: Played,
}
