//! Beats: what a vantage's probe writes, what it saw, and how many of them a promotion lost.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::{Epoch, Region, seconds_between};

/// One row update that a vantage's probe committed on the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// Its number, counted per vantage.
    pub seq: u64,
    /// The epoch it was committed under.
    pub epoch: Epoch,
    /// When, by the writer's clock.
    pub at: Timestamp,
}

/// The beats of every vantage, as one member holds them.
pub type Beats = BTreeMap<Region, Beat>;

/// What came of an attempt to commit a beat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Write {
    /// The writer acknowledged it.
    Committed {
        /// The beat that was acknowledged.
        beat: Beat,
    },
    /// Refused, timed out, or a server error.
    Failed {
        /// What was seen.
        why: String,
    },
    /// The login, the certificate or the schema is wrong: it says nothing about the writer's health.
    Misconfigured {
        /// What is wrong.
        why: String,
    },
    /// The server is a standby (SQLSTATE 25006).
    ReadOnly,
    /// The database holds another epoch than the ledger.
    OtherEpoch {
        /// The database's epoch.
        epoch: Epoch,
    },
    /// Nothing could be tried: this Region's own secrets or endpoints were not to be had.
    Unattempted {
        /// What was missing.
        why: String,
    },
}

impl Write {
    /// Whether the writer is suspected after enough of these.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        !matches!(self, Self::Committed { .. })
    }
}

/// What a standby's reader showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// How far it has replayed; `None` where the engine does not say.
    pub position: Option<i64>,
    /// The beats that have arrived there.
    pub beats: Beats,
}

impl Reading {
    /// Whether anything that another vantage or an application wrote has arrived since `earlier`.
    #[must_use]
    pub fn moved_since(&self, earlier: &Self) -> bool {
        self.position > earlier.position || self.beats != earlier.beats
    }
}

/// What one Region's probe last saw; the `vantage` item of its own ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vantage {
    /// The Region that looked.
    pub region: Region,
    /// The Region it looked at.
    pub writer_region: Region,
    /// When it looked.
    pub at: Timestamp,
    /// What came of the last attempt.
    pub write: Write,
    /// The last beat that was acknowledged to this vantage.
    pub last_beat: Option<Beat>,
    /// Since when every attempt has been refused, timed out or met a server error; graces count from here.
    pub failing_since: Option<Timestamp>,
    /// Attempts that failed since then.
    pub failures: u32,
    /// What its own Region's reader showed last.
    pub reading: Option<Reading>,
    /// When that reading last differed from the one before.
    pub moved_at: Option<Timestamp>,
}

/// One look: what was tried and what was seen.
#[derive(Debug, Clone)]
pub struct Look {
    /// When the look began.
    pub at: Timestamp,
    /// What came of the beat.
    pub write: Write,
    /// What the local reader showed; `None` where there is none or it did not answer.
    pub reading: Option<Reading>,
}

/// A look this long after the one before does not continue its failures: nobody saw what was in between.
const GAP: SignedDuration = SignedDuration::from_mins(3);

impl Vantage {
    /// The record after one more look. A record about another writer starts anew, and keeps only the reading; after a long
    /// gap failures are counted anew.
    #[must_use]
    pub fn after(
        previous: Option<&Self>,
        region: &Region,
        writer_region: &Region,
        look: Look,
    ) -> Self {
        let same_writer = previous.filter(|vantage| vantage.writer_region == *writer_region);
        let moved = look.reading.as_ref().is_some_and(|reading| {
            previous
                .and_then(|vantage| vantage.reading.as_ref())
                .is_none_or(|earlier| reading.moved_since(earlier))
        });
        let failed = look.write.is_failure();
        let continued = same_writer.filter(|vantage| look.at.duration_since(vantage.at) <= GAP);
        let before = continued.and_then(|vantage| vantage.failing_since);
        let failing_since = match &look.write {
            Write::Failed { .. } => Some(before.unwrap_or(look.at)),
            Write::Unattempted { .. } => before,
            // A login that was wrong for an hour must not spend the grace of a restart that follows.
            Write::Committed { .. }
            | Write::Misconfigured { .. }
            | Write::ReadOnly
            | Write::OtherEpoch { .. } => None,
        };
        let last_beat = match &look.write {
            Write::Committed { beat } => Some(*beat),
            Write::Failed { .. }
            | Write::Misconfigured { .. }
            | Write::ReadOnly
            | Write::OtherEpoch { .. }
            | Write::Unattempted { .. } => same_writer.and_then(|vantage| vantage.last_beat),
        };
        Self {
            region: region.clone(),
            writer_region: writer_region.clone(),
            at: look.at,
            last_beat,
            failing_since,
            failures: if failed {
                continued
                    .map_or(0, |vantage| vantage.failures)
                    .saturating_add(1)
            } else {
                0
            },
            write: look.write,
            moved_at: if moved {
                Some(look.at)
            } else {
                previous.and_then(|vantage| vantage.moved_at)
            },
            reading: look
                .reading
                .or_else(|| previous.and_then(|vantage| vantage.reading.clone())),
        }
    }
}

/// What a promotion lost, as far as beats can tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// Beats that the old writer acknowledged and the promoted one lacks.
    pub beats: u64,
    /// Seconds between the last beat the promoted writer holds and the last one acknowledged.
    pub seconds: f64,
}

/// A beat that the member holds covers a sign of life that came at most this much later: the next beat may have been on its
/// way. What the writer did after that is lost, and nobody counted it.
const COVERS: SignedDuration = SignedDuration::from_secs(15);

/// Compares the last beat acknowledged to each vantage that survived with what a member holds.
///
/// `alive_at` is when anything last showed the old writer alive. `None` when there is nothing to compare, or when it was
/// alive after the last beat that anybody saw and the member holds no later one from about then: the loss is unknown,
/// never zero.
#[must_use]
pub fn loss(acknowledged: &Beats, held: &Beats, alive_at: Option<Timestamp>) -> Option<Loss> {
    let last = acknowledged.values().map(|beat| beat.at).max()?;
    if let Some(alive_at) = alive_at.filter(|alive_at| *alive_at > last) {
        let covers = |beat: &Beat| beat.at > last && alive_at.duration_since(beat.at) <= COVERS;
        if !held.values().any(covers) {
            return None;
        }
    }
    let mut whole = Loss {
        beats: 0,
        seconds: 0.0,
    };
    for (vantage, acknowledged) in acknowledged {
        let held = held.get(vantage)?;
        let beats = acknowledged.seq.saturating_sub(held.seq);
        whole.beats += beats;
        if beats > 0 {
            whole.seconds = whole.seconds.max(seconds_between(held.at, acknowledged.at));
        }
    }
    Some(whole)
}

#[cfg(test)]
mod tests;
