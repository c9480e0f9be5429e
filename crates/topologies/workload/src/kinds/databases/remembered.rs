//! What a row remembers of a database: its shape before anything was touched, and how far the run is.

use failover::{Error, topology::Shape};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::names::{EPOCH_TAG, RUN_TAG, short};
use crate::{
    databases::Found,
    verbs::{Kept, On},
};

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Remembered {
    /// The run that prepared this. A run that reverts it is another one.
    pub(super) run: String,
    /// What its names end with.
    pub(super) short: String,
    /// What is made at home: what stood there, or what the recovery side has where nothing did.
    pub(super) home_shape: Option<Shape>,
    /// Whether nothing stood at home.
    pub(super) home_gone: bool,
    /// What serves in the recovery Region.
    pub(super) recovery_shape: Option<Shape>,
    /// The engine of both.
    pub(super) engine: String,
    /// The version of both.
    pub(super) engine_version: String,
    /// The round of copies that is under way, or was last.
    pub(super) round: u32,
    /// Whether that round is complete.
    pub(super) round_done: bool,
    /// The round that was begun after the business was suspended.
    pub(super) last_round: Option<u32>,
    /// When the snapshot of that round was taken.
    pub(super) last_taken_at: Option<Timestamp>,
    /// Whether what stood at home was noted anew right before it was touched.
    pub(super) cut_over: bool,
    /// How often settings were given back by a call of their own.
    pub(super) completions: u32,
    /// When that was last.
    pub(super) completed_at: Option<Timestamp>,
    /// Whether the run has stopped the recovery side.
    pub(super) recovery_stopped: bool,
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
            kept.short = short(&on.run.run_id);
        }
        Ok(kept)
    }

    /// What is made at home.
    pub(super) fn wanted(&self, on: &On<'_>) -> Result<&Shape, Error> {
        self.home_shape.as_ref().ok_or_else(|| {
            Error::NotReady(format!(
                "nothing tells what {} is at home; let prepare look at it first",
                on.resource.name()
            ))
        })
    }

    /// Whether something is what stood at home before, under whatever name.
    pub(super) fn is_former(&self, found: &Found) -> bool {
        let former = self.home_shape.as_ref();
        !self.home_gone && former.is_some_and(|was| was.resource_id == found.shape.resource_id)
    }

    /// The last round of copies that is complete; 0 where none is.
    pub(super) const fn complete_round(&self) -> u32 {
        if self.round_done {
            self.round
        } else {
            self.round.saturating_sub(1)
        }
    }
}

/// A shape without the marks of an earlier run.
pub(super) fn unmarked(shape: &Shape) -> Shape {
    let mut shape = shape.clone();
    for tags in std::iter::once(&mut shape.tags)
        .chain(shape.instances.iter_mut().map(|one| &mut one.tags))
        .chain(shape.endpoints.iter_mut().map(|one| &mut one.tags))
    {
        tags.retain(|key, _| key != RUN_TAG && key != EPOCH_TAG);
    }
    shape
}

/// What is kept, by name.
pub(super) fn keep<const N: usize>(entries: [(&str, Value); N]) -> Kept {
    let entries = entries.into_iter();
    entries
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A shape, as it is kept.
pub(super) fn kept_shape(shape: &Shape) -> Value {
    serde_json::to_value(shape).unwrap_or_default()
}
