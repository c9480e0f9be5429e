//! The right to act for a plan, and what a run says of itself to get it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::{Incident, Region, RunId};

/// How long a lease holds after the last pass that renewed it.
pub const LEASE: SignedDuration = SignedDuration::from_mins(15);

/// How long an unplanned run may be silent before another one takes its place: longer than any such run that lives goes
/// without a renewal before its promotion, which a cross-check computes from waits, time-outs and retries.
pub const SUPERSEDED_AFTER: SignedDuration = SignedDuration::from_mins(6);

/// The right to act for a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    /// The run that holds it.
    pub run_id: RunId,
    /// Grows whenever the lease changes hands.
    pub token: u64,
    /// What the run is doing.
    pub kind: RunKind,
    /// The Region the run leaves.
    pub from: Region,
    /// The Region the run goes to.
    pub to: Region,
    /// When it lapses unless a pass renews it.
    pub expires_at: Timestamp,
    /// Whether the run waits for a human's answer; one that needs none may take the lease over.
    #[serde(default)]
    pub waits_for_human: bool,
}

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// The writer's Region is lost.
    UnplannedFailover,
    /// The writer is moved while everything is well.
    PlannedFailover,
    /// The standby is rebuilt after an outage, and the writer moved home.
    Failback,
}

/// What a run asks for when it opens.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The run.
    pub run_id: RunId,
    /// What it does.
    pub kind: RunKind,
    /// The outage it answers, where it answers one.
    pub incident: Option<Incident>,
    /// The Region it leaves.
    pub from: Region,
    /// The Region it goes to.
    pub to: Region,
}
