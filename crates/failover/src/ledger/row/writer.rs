//! Who the writer is, and who is to be it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Epoch, Region, RunId},
    topology::Named,
};

/// The proven writer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Current {
    /// Its epoch.
    pub epoch: Epoch,
    /// Its Region.
    pub writer: Region,
    /// The global cluster it belongs to; `None` after a detach, until one is rebuilt.
    pub global_cluster: Option<Named>,
    /// The run that proved it, or `adopt`.
    pub run_id: RunId,
    /// When it was proven.
    pub proven_at: Timestamp,
    /// Whether an outage made it the writer: that starts the cool-down.
    #[serde(default)]
    pub unplanned: bool,
    /// When a human acknowledged that run, which ends the cool-down.
    #[serde(default)]
    pub acknowledged_at: Option<Timestamp>,
}

/// A change of writer that has begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The epoch of the new writer.
    pub epoch: Epoch,
    /// The Region it leaves.
    pub from: Region,
    /// The Region to promote.
    pub to: Region,
    /// The global cluster it will belong to.
    pub global_cluster: Option<Named>,
    /// The run that carries it out.
    pub run_id: RunId,
    /// When it was written.
    pub written_at: Timestamp,
}
