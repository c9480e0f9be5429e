//! What a run found of an outage.

use serde::{Deserialize, Serialize};

/// The verdict of a run and its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// The run.
    pub run: String,
    /// The verdict's name, such as `region_down`.
    pub verdict: String,
    /// What each side said.
    pub evidence: Vec<Piece>,
}

/// One side's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Who or what was asked.
    pub asked: String,
    /// What was learnt.
    pub found: String,
}
