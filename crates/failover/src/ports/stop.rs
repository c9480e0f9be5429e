//! The stop of a living writer for a planned move, as its administrator: by a mark in its database, and opened by that mark alone.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Access, Fenced, Unfenced};
use crate::{
    Error,
    domain::{Epoch, StopToken},
    ledger::KeptPlan,
};

/// Stops the applications of this Region's member, and lets them in again.
pub trait Stop: Sync {
    /// Sets the mark and shuts every door, where the database holds this very epoch and no other mark. It may come about after its
    /// caller is gone.
    fn stop(
        &self,
        known: &KeptPlan,
        epoch: Epoch,
        token: &StopToken,
    ) -> impl Future<Output = Result<Result<Fenced, NotStopped>, Error>> + Send;
    /// Looks what stands in the database, and changes nothing.
    fn stopped(&self, known: &KeptPlan) -> impl Future<Output = Result<Stopped, Error>> + Send;
    /// How far it has written under this mark, by a commit of its own; `None` where that does not stand.
    fn position(
        &self,
        known: &KeptPlan,
        token: &StopToken,
    ) -> impl Future<Output = Result<Option<i64>, Error>> + Send;
    /// Gives back what was taken and erases the mark, where the database holds this very epoch and this very mark; `None` where not.
    fn open(
        &self,
        known: &KeptPlan,
        epoch: Epoch,
        token: &StopToken,
    ) -> impl Future<Output = Result<Option<Unfenced>, Error>> + Send;
}

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
