//! The phases of a run, in their order.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A phase of a run. What stands first here comes first; `Revert` is a run's only one, or what follows a no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Pairs home and recovery, and lists every reason against it. Nothing changes.
    Prepare,
    /// One round of copies from the recovery Region home.
    Sync,
    /// Builds beside under other names in an isolated place, looks, and takes that away.
    Rehearse,
    /// Stops the business in the recovery Region.
    Suspend,
    /// The last copies, of what nobody writes to any more.
    LastSync,
    /// Puts what came home under the names of home. What stood there is kept.
    CutOver,
    /// Looks whether home is what it was.
    Verify,
    /// Stops what served in the recovery Region. Nothing is deleted.
    Retire,
    /// Protects home again.
    Conclude,
    /// Undoes a cut-over.
    Revert,
}

impl Phase {
    /// All of them, in a run's order.
    pub const ALL: [Self; 10] = [
        Self::Prepare,
        Self::Sync,
        Self::Rehearse,
        Self::Suspend,
        Self::LastSync,
        Self::CutOver,
        Self::Verify,
        Self::Retire,
        Self::Conclude,
        Self::Revert,
    ];

    /// Its name, as records, answers and payloads have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Sync => "sync",
            Self::Rehearse => "rehearse",
            Self::Suspend => "suspend",
            Self::LastSync => "last_sync",
            Self::CutOver => "cut_over",
            Self::Verify => "verify",
            Self::Retire => "retire",
            Self::Conclude => "conclude",
            Self::Revert => "revert",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_is_written_by_its_name_and_stands_in_its_order() {
        for phase in Phase::ALL {
            assert_eq!(serde_json::to_value(phase).unwrap(), phase.name());
            assert_eq!(phase.to_string(), phase.name());
        }
        assert!(Phase::ALL.is_sorted());
    }
}
