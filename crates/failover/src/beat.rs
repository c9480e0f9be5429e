//! Beats: what a vantage's probe writes, what it saw, and how many of them a promotion lost.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::{Epoch, Region, StopToken, seconds_between};

mod vantage;

pub use vantage::{Look, Signs, Vantage};

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
    /// Refused, reset, or timed out before a login: nobody answered.
    Failed {
        /// What was seen.
        why: String,
    },
    /// All connection slots are used (SQLSTATE 53300): the writer lives, and whoever is connected goes on committing.
    Saturated {
        /// What it said.
        why: String,
    },
    /// The server is starting, stopping or recovering (SQLSTATE 57P03).
    Starting {
        /// What it said.
        why: String,
    },
    /// The server is out of disk, memory or another resource that it is configured for (SQLSTATE 53100, 53200, 53400):
    /// writes fail for everybody.
    Exhausted {
        /// What it said.
        why: String,
    },
    /// The server lives and commits no beat: it answers with another error, or let the probe in during this very look and was
    /// silent then.
    Answered {
        /// What it said, or what was seen instead.
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
    /// The server lives, and its applications are stopped for a planned move: no failure, and no beat.
    Stopped {
        /// The mark of that stop.
        token: StopToken,
    },
    /// Nothing could be tried: this Region's own secrets or endpoints were not to be had.
    Unattempted {
        /// What was missing.
        why: String,
    },
}

impl std::fmt::Display for Write {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Committed { beat } => {
                write!(f, "beat {} was committed in epoch {}", beat.seq, beat.epoch)
            }
            Self::Failed { why } | Self::Starting { why } => f.write_str(why),
            Self::Saturated { why } => write!(f, "all connection slots are used: {why}"),
            Self::Exhausted { why } => write!(f, "the server is out of a resource: {why}"),
            Self::Answered { why } => write!(f, "the server answers, and commits nothing: {why}"),
            Self::Misconfigured { why } => write!(f, "what the probe needs is wrong: {why}"),
            Self::ReadOnly => f.write_str("the server is a standby and takes no writes"),
            Self::OtherEpoch { epoch } => write!(f, "the database holds epoch {epoch}"),
            Self::Stopped { token } => {
                write!(f, "writes are stopped for a planned move, by {token}")
            }
            Self::Unattempted { why } => write!(f, "nothing could be tried: {why}"),
        }
    }
}

impl Write {
    /// Whether the writer acknowledged the beat.
    #[must_use]
    pub const fn is_committed(&self) -> bool {
        matches!(self, Self::Committed { .. })
    }

    /// Whether the writer is suspected after enough of these.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        !matches!(self, Self::Committed { .. } | Self::Stopped { .. })
    }

    /// Whether the server refuses the login: class 28 of SQLSTATE, a wrong password among it.
    #[must_use]
    pub fn refuses_login(&self) -> bool {
        matches!(self, Self::Misconfigured { why } if why.contains("(SQLSTATE 28"))
    }
}

/// What a standby's reader showed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// How far it has replayed; `None` where the engine does not say.
    pub position: Option<i64>,
    /// The beats that have arrived there.
    pub beats: Beats,
    /// When the last transaction that it has replayed was committed, by the writer's clock; `None` where the engine does not
    /// say.
    #[serde(default)]
    pub committed_at: Option<Timestamp>,
}

/// The most that one beat moves a position, in bytes: a row, its commit, and as much again three times over.
const BEAT_BYTES_MAX: u64 = 1_024;
/// What moves a position further than this between two looks is another file of the log, which a server begins by itself.
const FILE_BYTES_MIN: u64 = 1 << 38;
/// A beat is committed this soon after it was timed: what was committed later than this was committed by somebody else.
const BEAT_COMMITS: SignedDuration = SignedDuration::from_millis(250);

impl Reading {
    /// Whether anything that another vantage or an application wrote has arrived since `earlier`. What was unknown then, or
    /// is now, has not moved.
    #[must_use]
    pub fn moved_since(&self, earlier: &Self) -> bool {
        grew(self.position, earlier.position)
            || grew(self.committed_at, earlier.committed_at)
            || self.beats_since(earlier) > 0
    }

    /// Whether something else than beats has arrived since `earlier`. In doubt it has not.
    #[must_use]
    pub fn others_moved_since(&self, earlier: &Self) -> bool {
        let bytes = |now: i64, before: i64| u64::try_from(now.saturating_sub(before)).unwrap_or(0);
        let moved = self.position.zip(earlier.position);
        let by_beats = self.beats_since(earlier).saturating_mul(BEAT_BYTES_MAX);
        let position = moved.is_some_and(|(now, before)| {
            let bytes = bytes(now, before);
            bytes > by_beats && bytes < FILE_BYTES_MIN
        });
        let newest_beat = self.beats.values().map(|beat| beat.at).max();
        let commit = self.committed_at.zip(newest_beat);
        let foreign = commit.is_some_and(|(at, beat)| at.duration_since(beat) > BEAT_COMMITS);
        position || (grew(self.committed_at, earlier.committed_at) && foreign)
    }

    /// The newest commit that has arrived, by the writer's clock.
    #[must_use]
    pub fn newest_at(&self) -> Option<Timestamp> {
        let beats = self.beats.values().map(|beat| beat.at).max();
        beats.max(self.committed_at)
    }

    /// How many beats have arrived since `earlier`.
    fn beats_since(&self, earlier: &Self) -> u64 {
        let arrived = self.beats.iter().map(|(vantage, beat)| {
            let before = earlier.beats.get(vantage);
            before.map_or(1, |before| beat.seq.saturating_sub(before.seq))
        });
        arrived.fold(0, u64::saturating_add)
    }
}

fn grew<T: PartialOrd>(now: Option<T>, before: Option<T>) -> bool {
    now.zip(before).is_some_and(|(now, before)| now > before)
}

/// What a promotion lost, as far as beats can tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// Beats that the old writer acknowledged and the promoted one lacks.
    pub beats: u64,
    /// Seconds between the last beat the promoted writer holds and the last one acknowledged.
    pub seconds: f64,
}

/// Compares the last beat acknowledged to each vantage that survived with what a member holds.
///
/// `sign` is when anything else last told that the old writer lived, or may have. `None` when there is nothing to compare,
/// or when the writer may have lived for longer than `covers` after the last beat that anybody saw acknowledged: what it
/// committed then nobody counted, so that the loss is unknown, never zero.
#[must_use]
pub fn loss(
    acknowledged: &Beats,
    held: &Beats,
    sign: Option<Timestamp>,
    covers: SignedDuration,
) -> Option<Loss> {
    let last = acknowledged.values().map(|beat| beat.at).max()?;
    let latest = held.values().map(|beat| beat.at).max().max(sign);
    if latest.is_some_and(|latest| latest.duration_since(last) > covers) {
        return None;
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
