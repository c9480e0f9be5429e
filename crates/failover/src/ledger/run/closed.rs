//! What a run's timeline holds, and what came of the run.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::beat::Loss;

/// One thing a step did or saw completed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The step.
    pub step: String,
    /// What it did.
    pub action: String,
    /// Why.
    pub reason: String,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// When it closed.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: Outcome,
    /// What is left to be done by hand.
    pub left: Vec<String>,
    /// Seconds from the first failure after the old writer's last sign of life to the first beat on the new one: the measured
    /// RTO. Of a planned move, from the old writer's last beat.
    pub rto_seconds: Option<f64>,
    /// The measured RPO.
    pub rpo: Option<Loss>,
    /// The most seconds of writes that can be lost, whatever was counted.
    #[serde(default)]
    pub at_most_seconds: Option<f64>,
    /// When the old writer last committed a beat after it was left, as any Region's probe saw it. What it took by then is in no count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_back_until: Option<Timestamp>,
    /// Whether the Region that was left is heard again, which nobody heard when it was left: what its writer took meanwhile is in no
    /// count.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_heard_again: bool,
    /// Seconds each step took, from the entry before it.
    pub step_seconds: BTreeMap<String, f64>,
}

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The new writer is proven and everything after it went well.
    Succeeded,
    /// The suspicion was not confirmed, or a human refused; nothing was changed.
    StoodDown,
    /// Another Region's standby is the better one: a run there goes on; nothing was changed here.
    HandedOver,
    /// It stopped before the point of no return; nothing was changed.
    Aborted,
    /// The standby was rebuilt, and the writer was not to be moved.
    Rebuilt,
    /// It stopped after the point of no return, or a later step failed.
    Failed,
}

impl Outcome {
    /// Its name, as records and answers have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::StoodDown => "stood_down",
            Self::HandedOver => "handed_over",
            Self::Aborted => "aborted",
            Self::Rebuilt => "rebuilt",
            Self::Failed => "failed",
        }
    }
}
