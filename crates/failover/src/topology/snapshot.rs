//! What is kept of a cluster.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A snapshot of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its identifier.
    pub identifier: String,
    /// `available`, or what is being done to it.
    pub status: String,
    /// `manual` or `automated`.
    pub kind: String,
    /// The resource that it is of.
    pub resource_id: String,
    /// When it was taken.
    pub taken_at: Option<Timestamp>,
}
