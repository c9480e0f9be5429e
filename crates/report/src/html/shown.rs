//! What the picture and the timeline of a page show, of a drill or of a run of the real thing.

use jiff::Timestamp;

use crate::{Gap, Rto, Run, TimelineEntry, Writes, timeline::Kind};

/// What is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown<'a> {
    /// What the timeline's seconds count from.
    pub(super) started_at: Timestamp,
    /// What the picture shows where nothing was broken.
    pub(super) calm: (Timestamp, Timestamp),
    /// What an application wrote; `None` where nobody counted that.
    pub(super) writes: Option<&'a Writes>,
    /// The stretches without writes.
    pub(super) outages: &'a [Gap],
    /// The recovery as the application saw it; `None` where there was none, or nobody saw it.
    pub(super) recovery: Option<&'a Rto>,
    pub(super) runs: &'a [Run],
    pub(super) timeline: &'a [TimelineEntry],
    pub(super) words: Words,
}

/// What things are called on a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    /// Whose seconds the timeline counts.
    pub(super) clock: &'static str,
    /// What the seconds count from where nothing was broken.
    pub(super) beginning: &'static str,
    /// Until when writes are missing that never came back.
    pub(super) end: &'static str,
    /// What is to be seen in the picture, in a sentence.
    pub(super) picture: &'static str,
}

impl Shown<'_> {
    /// When something was first broken on purpose.
    pub(super) fn first_fault(&self) -> Option<Timestamp> {
        let mut entries = self.timeline.iter();
        let fault = entries.find(|entry| entry.kind == Kind::Fault)?;
        Some(fault.at)
    }
}
