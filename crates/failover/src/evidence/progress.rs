//! Whether replication still makes progress at the local reader, and what that says of the writer.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{beat::Vantage, plan::Detection};

/// Stillness after late movement means nothing for this long.
const AFTER_LATE: SignedDuration = SignedDuration::from_secs(60);
/// A reader that only beats move would stand still for a living writer too: something else must have moved it twice this lately.
const OTHERS_BEFORE: SignedDuration = SignedDuration::from_mins(5);

/// Whether replication still makes progress at the local reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// A commit arrived that was made well after our failures began, by the writer's own clock: it lives.
    Moving,
    /// It moved within the last two intervals: what was on its way may still be arriving.
    Draining,
    /// It moved when everything should have arrived: that is neither life nor death.
    Late,
    /// It has not moved for two intervals.
    Still,
    /// The reader does not answer, and nothing that it showed before tells otherwise.
    Unreadable,
}

impl Progress {
    /// Judges the readings kept in `vantage`.
    #[must_use]
    pub fn of(vantage: &Vantage, readable: bool, detection: &Detection, now: Timestamp) -> Self {
        if lives(vantage, detection, now) {
            return Self::Moving;
        }
        // A look that cannot read undoes no movement that was recorded.
        let unmoved = if readable {
            Self::Still
        } else {
            Self::Unreadable
        };
        let Some(moved_at) = vantage.moved_at else {
            return unmoved;
        };
        let recently = now.duration_since(moved_at) <= detection.recent();
        let end = vantage.drained_at(detection);
        match end {
            // What came late once may come again.
            Some(end) if moved_at > end && now.duration_since(moved_at) <= AFTER_LATE => Self::Late,
            _ if !recently => unmoved,
            Some(end) if now > end => Self::Late,
            _ => Self::Draining,
        }
    }
}

/// Movement alone is no life: only a commit time tells when the writer lived.
fn lives(vantage: &Vantage, detection: &Detection, now: Timestamp) -> bool {
    let signs = &vantage.signs;
    let (Some(since), Some(newest), Some(grew_at)) =
        (vantage.failing_since, signs.newest_at, signs.newest_grew_at)
    else {
        return false;
    };
    newest.duration_since(since) > detection.life_after()
        && now.duration_since(grew_at) <= detection.grown_within()
}

/// Whether a reader that stands still says anything: something else than beats moved it at two looks in the minutes before the
/// first failure. Where only beats did, it stands still for whatever keeps the probes from writing. One movement may have been
/// the server's own housekeeping.
#[must_use]
pub fn stillness_tells(vantage: &Vantage) -> bool {
    let moved = vantage.signs.others_moved_before_at;
    let moved = moved.zip(vantage.failing_since);
    // Who moved long after the first failure shows that the probes fail, and not the writer.
    vantage.signs.late_since.is_none()
        && moved.is_some_and(|(moved, since)| since.duration_since(moved) <= OTHERS_BEFORE)
}
