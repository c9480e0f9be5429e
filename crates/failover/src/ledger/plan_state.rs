//! One plan's state in one Region's ledger, and the only ways in which it may change.
//!
//! Every change is a pure function from a row to the next one; the store writes it only if nobody else did meanwhile.

mod brought_down;
mod fence;
mod lease;
mod readiness;
mod silent_probes;
mod stop;
mod telling;
mod told;
mod writer;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{Epoch, PlanName, Region};

pub use brought_down::{BroughtDown, Former};
pub use fence::{SERVED_FRESH, Served};
pub use lease::{Claim, LEASE, Lease, RunKind, SUPERSEDED_AFTER};
pub use readiness::{Readiness, ReadinessNews};
pub use silent_probes::{Heard, Unheard};
pub use stop::{Stage, Stop};
pub use telling::Telling;
pub use told::{Declined, NO_RUN, REFUSED};
pub use writer::{Current, Intent};

/// The `state` item: who may act for the plan, and who its writer is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanState {
    /// The plan.
    pub plan: PlanName,
    /// Counts the writes of this row; a write names the one it replaces.
    pub version: u64,
    /// The last fencing token that was given out.
    pub token: u64,
    /// The run that may act.
    pub lease: Option<Lease>,
    /// The writer that was last proven.
    pub current: Option<Current>,
    /// A change of writer that has begun and is not proven yet; it outranks `current`.
    pub intent: Option<Intent>,
    /// The stop of the writer for a planned move that has begun: where its stage is `promoting`, the intent stands beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Box<Stop>>,
    /// The services of this Region that a stop brought to none, until they are given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brought_down: Option<Box<BroughtDown>>,
    /// When anything but our own beats last showed the current writer alive.
    #[serde(default)]
    pub alive_at: Option<Timestamp>,
    /// When it may have lived, although no verdict rests on that: it makes a loss unknown.
    #[serde(default)]
    pub maybe_alive_at: Option<Timestamp>,
    /// When RDS last said that it was working on the current writer, as a run's look saw it.
    #[serde(default)]
    pub busy_at: Option<Timestamp>,
    /// What people were last told about the suspected writer; cleared by the next beat that is committed.
    #[serde(default)]
    pub told: Option<String>,
    /// What people were told about it since then, each cause once; cleared with it.
    #[serde(default)]
    pub told_causes: Vec<String>,
    /// The question that a human answered with no, so that no suspicion asks it again; cleared by the next beat that is
    /// committed.
    #[serde(default)]
    pub declined: Option<Declined>,
    /// What people were last told is wrong with the plan's parameter; cleared when it is right again.
    #[serde(default)]
    pub plan_fault: Option<String>,
    /// The epoch of the open intent that people were paged about.
    #[serde(default)]
    pub paged: Option<Epoch>,
    /// The proven epoch under which this Region's member was last fenced, as a deposed writer.
    #[serde(default)]
    pub fenced: Option<Epoch>,
    /// When that was noted; tells two fences under one epoch apart.
    #[serde(default)]
    pub fenced_at: Option<Timestamp>,
    /// What people were told about a deposed writer here that is not fenced: the epoch and the cause, each once.
    #[serde(default)]
    pub unfenced: Vec<String>,
    /// Whether people are still to be told that this Region's member is fenced.
    #[serde(default)]
    pub fence_untold: bool,
    /// Whom people were told of, who works as the administrator of the deposed writer here: the epoch and who, each once.
    #[serde(default)]
    pub administrators_told: Vec<String>,
    /// The objects of switches that somebody put by hand here of which people were told, each once.
    #[serde(default)]
    pub by_hand_told: Vec<String>,
    /// The version of the administrator's secret that last opened this Region's member.
    #[serde(default)]
    pub served: Option<Served>,
    /// The highest epoch of a change of writer that was withdrawn; 0 where none was. No later one takes it again, and a copy
    /// that a silent Region keeps of such a change to this Region is void.
    #[serde(default)]
    pub withdrawn: Epoch,
    /// The other member Regions whose probe is not heard of while their ledger answers.
    #[serde(default)]
    pub unheard: BTreeMap<Region, Unheard>,
    /// Whether the writer could be moved here by plan, where a schedule has looked.
    #[serde(default)]
    pub readiness: Option<Readiness>,
    /// What people are being told, by the message's first words.
    #[serde(default)]
    pub telling: BTreeMap<String, Telling>,
}

impl PlanState {
    /// The row of a plan that nothing was ever written about.
    #[must_use]
    pub const fn new(plan: PlanName) -> Self {
        Self {
            plan,
            version: 0,
            token: 0,
            lease: None,
            current: None,
            intent: None,
            stop: None,
            brought_down: None,
            alive_at: None,
            maybe_alive_at: None,
            busy_at: None,
            told: None,
            told_causes: Vec::new(),
            declined: None,
            plan_fault: None,
            paged: None,
            fenced: None,
            fenced_at: None,
            unfenced: Vec::new(),
            fence_untold: false,
            administrators_told: Vec::new(),
            by_hand_told: Vec::new(),
            served: None,
            withdrawn: Epoch(0),
            unheard: BTreeMap::new(),
            readiness: None,
            telling: BTreeMap::new(),
        }
    }

    /// The highest epoch this row knows, intents and stops included.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        let current = self.current.as_ref().map(|current| current.epoch);
        let intent = self.intent.as_ref().map(|intent| intent.epoch);
        let stop = self.stop.as_ref().map(|stop| stop.epoch);
        current.max(intent).max(stop).unwrap_or_default()
    }

    /// The highest epoch that was ever given out as far as this row knows, withdrawn ones included.
    #[must_use]
    pub fn spent_epoch(&self) -> Epoch {
        self.epoch().max(self.withdrawn)
    }

    /// The epoch of the proven writer.
    #[must_use]
    pub fn proven_epoch(&self) -> Epoch {
        self.current
            .as_ref()
            .map(|current| current.epoch)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
