//! What people take for their own.

use failover::domain::Region;
use serde::{Deserialize, Serialize};

/// What somebody deletes who takes it for their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theirs {
    /// A Region's endpoint parameter.
    Endpoint(Region),
    /// The plan's parameter, in every Region.
    Plan,
    /// The plan's name.
    Name,
    /// The epoch beside it.
    Epoch,
    /// An instance of a Region's member.
    Instance(Region),
}
