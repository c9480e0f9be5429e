//! How a living writer stands that is stopped for a planned move: by a mark in its database, and opened by that mark alone. What asks
//! for it is a topology's own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Access;
use crate::domain::{Epoch, StopToken};

/// The mark of a stop, as a database bears it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Whose stop it is.
    pub token: StopToken,
    /// Since when, by the writer's clock.
    pub at: Option<Timestamp>,
}

/// Why a database was not stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotStopped {
    /// It holds another epoch, or none.
    OtherEpoch(Option<Epoch>),
    /// It bears the mark of another stop.
    OtherMark(Mark),
    /// It is deposed, and fenced.
    Fenced,
}

/// How a member stands, as its administrator sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stopped {
    /// The mark, where one stands.
    pub mark: Option<Mark>,
    /// Its doors.
    pub access: Access,
}
