//! What a row remembers of a host: what stood there before anything was touched, the pairs of volumes, and how far the run is.

use failover::Error;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::pairs::Pair;
use crate::{
    hosts::Host,
    verbs::{Kept, On},
};

/// So long after a call nobody asks for the same again because it is not seen: what was made may be shown late.
/// Source: <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>.
const SHOWN_AFTER: SignedDuration = SignedDuration::from_secs(15);
/// A volume has one snapshot in so long a time.
/// Source: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html>.
const BETWEEN_SNAPSHOTS: SignedDuration = SignedDuration::from_secs(15);

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Remembered {
    /// The run that prepared this. A run that reverts it is another one.
    pub(super) run: String,
    /// What stood at home. `None` where nothing did.
    pub(super) home_shape: Option<Host>,
    /// What serves in the recovery Region.
    pub(super) recovery_shape: Option<Host>,
    /// Where a home host is made that is gone.
    pub(super) place: Option<Placing>,
    /// Which volume comes home in the place of which.
    pub(super) pairs: Vec<Pair>,
    /// The round of copies that is under way, or was last.
    pub(super) round: u32,
    /// Whether that round is complete.
    pub(super) round_done: bool,
    /// The round that was begun after the business was suspended.
    pub(super) last_round: Option<u32>,
    /// What a round has to move.
    pub(super) to_move: ToMove,
    /// When snapshots were asked for last.
    pub(super) cut_at: Option<Timestamp>,
    /// What was asked for last.
    pub(super) asked: Option<Asked>,
    /// The state of the home host when the cut-over began.
    pub(super) home_was: Option<String>,
    /// The new volumes, by device, once they were seen.
    pub(super) made: std::collections::BTreeMap<String, String>,
    /// The home host that was made anew, once it was seen.
    pub(super) home_id: Option<String>,
    /// Whether the run has stopped the recovery host.
    pub(super) recovery_stopped: bool,
    /// When something was first seen to be running.
    pub(super) running_since: Option<Timestamp>,
    /// Why a rehearsal failed, while what it has built is taken away.
    pub(super) rehearsal_failed: Option<String>,
}

/// Where a home host is made that is gone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Placing {
    /// The zone.
    pub(super) zone: String,
    /// The subnet.
    pub(super) subnet: String,
    /// The security groups.
    pub(super) security_groups: Vec<String>,
}

/// What a round has to move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ToMove {
    /// The round.
    pub(super) round: u32,
    /// The bytes, where anybody tells.
    pub(super) bytes: Option<u64>,
}

/// A call that was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// What it makes.
    pub(super) what: String,
    /// When.
    pub(super) at: Timestamp,
}

impl Remembered {
    pub(super) fn read(on: &On<'_>) -> Result<Self, Error> {
        let kept = Value::Object(on.row.kept.clone());
        let mut kept: Self = serde_json::from_value(kept).map_err(|why| {
            Error::UnexpectedTopology(format!(
                "what the run remembers of {} cannot be read: {why}; start another run",
                on.resource.name()
            ))
        })?;
        if kept.run.is_empty() {
            on.run.run_id.as_str().clone_into(&mut kept.run);
        }
        Ok(kept)
    }

    /// The pairs that prepare has found.
    pub(super) fn paired(&self, on: &On<'_>) -> Result<&[Pair], Error> {
        if self.pairs.is_empty() {
            return Err(Error::NotReady(format!(
                "no volumes of {} are paired; let prepare look at both hosts first",
                on.resource.name()
            )));
        }
        Ok(&self.pairs)
    }

    /// What serves in the recovery Region, as prepare saw it.
    pub(super) fn recovery(&self, on: &On<'_>) -> Result<&Host, Error> {
        self.recovery_shape.as_ref().ok_or_else(|| {
            Error::NotReady(format!(
                "nothing tells what {} was; let prepare look at it first",
                on.resource.recovery()
            ))
        })
    }

    /// The id of the home host: the plan's, or that of the one that was made anew.
    pub(super) fn home_id<'a>(&'a self, on: &On<'a>) -> &'a str {
        self.home_id.as_deref().unwrap_or(on.resource.home())
    }

    /// The last round of copies that is complete; 0 where none is.
    pub(super) const fn complete_round(&self) -> u32 {
        if self.round_done {
            self.round
        } else {
            self.round.saturating_sub(1)
        }
    }

    /// Whether something was asked for so short a time ago that it may not be shown yet.
    pub(super) fn may_come(&self, what: &str, now: Timestamp) -> bool {
        let asked = self.asked.as_ref().filter(|asked| asked.what == what);
        asked.is_some_and(|asked| now < asked.at + SHOWN_AFTER)
    }

    /// Whether a snapshot was asked for so short a time ago that EC2 refuses another one.
    pub(super) fn too_soon(&self, now: Timestamp) -> bool {
        self.cut_at.is_some_and(|at| now < at + BETWEEN_SNAPSHOTS)
    }
}

/// What is kept, by name.
pub(super) fn keep<const N: usize>(entries: [(&str, Value); N]) -> Kept {
    let entries = entries.into_iter();
    entries
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// That something is asked for now.
pub(super) fn asking(what: &str, now: Timestamp) -> Kept {
    keep([("asked", json!({"what": what, "at": now}))])
}
