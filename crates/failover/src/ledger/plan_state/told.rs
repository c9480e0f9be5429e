//! What people were told and asked about a suspected writer, a broken plan and an open change of writer: each thing once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PlanState;
use crate::{domain::RunId, evidence::Verdict};

/// How many characters are kept of what is wrong with a plan's parameter.
const PLAN_FAULT_MAX: usize = 500;
/// How many characters are kept of what people were told is the cause.
pub(super) const CAUSE_MAX: usize = 300;
/// How many such causes are remembered.
const CAUSES_MAX: usize = 8;

/// What a mark begins with that says that the plan itself refused a run, by a switch or its cool-down.
pub const REFUSED: &str = "refused: ";
/// What a mark of the probe begins with that says that its suspicion starts no run.
pub const NO_RUN: &str = "no run: ";

/// A human's no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    /// The run that asked.
    pub run_id: RunId,
    /// What it had found; another verdict is another question.
    pub verdict: Verdict,
}

impl PlanState {
    /// Notes what people are told about the suspected writer; `None` when they were told just that, whatever is counted in it.
    #[must_use]
    pub fn tell(&self, what: &str) -> Option<Self> {
        Some(Self {
            told: Some(cause(what)),
            ..self.know(what)?
        })
    }

    /// Notes what people have heard in other words, so that it is no news; `None` when they were told just that. It hides nothing else.
    #[must_use]
    pub fn know(&self, what: &str) -> Option<Self> {
        let mark = cause(what);
        (!self.told_causes.contains(&mark)).then(|| Self {
            told_causes: with_cause(self.told_causes.iter(), mark),
            ..self.clone()
        })
    }

    /// Notes what people are told is wrong with the plan's parameter, or that nothing is; `None` when that is known.
    #[must_use]
    pub fn tell_plan_fault(&self, fault: Option<&str>) -> Option<Self> {
        // The row is read at every look: a sentence for every field would make it large.
        let fault = fault.map(|fault| fault.chars().take(PLAN_FAULT_MAX).collect::<String>());
        (self.plan_fault != fault).then(|| Self {
            plan_fault: fault,
            ..self.clone()
        })
    }

    /// Notes that people are told of an object that somebody put by hand; `None` when they were told of just that.
    #[must_use]
    pub fn tell_by_hand(&self, mark: &str) -> Option<Self> {
        let known = self.by_hand_told.iter().any(|told| told == mark);
        (!known).then(|| Self {
            by_hand_told: with_cause(self.by_hand_told.iter(), mark.to_owned()),
            ..self.clone()
        })
    }

    /// Notes a human's no; `None` when it is known.
    #[must_use]
    pub fn decline(&self, declined: &Declined) -> Option<Self> {
        let news = self.declined.as_ref() != Some(declined);
        news.then(|| Self {
            declined: Some(declined.clone()),
            ..self.clone()
        })
    }

    /// Notes that the writer commits again, so that the next suspicion is news and may ask; `None` when nobody was told or
    /// asked anything.
    #[must_use]
    pub fn commits_again(&self) -> Option<Self> {
        let is_told = self.told.is_some() || !self.told_causes.is_empty();
        let spoken = is_told || self.declined.is_some();
        spoken.then(|| Self {
            told: None,
            told_causes: Vec::new(),
            declined: None,
            ..self.clone()
        })
    }

    /// Notes that people are paged about the open intent; `None` when there is none, a run holds the plan, or they know.
    #[must_use]
    pub fn page(&self, now: Timestamp) -> Option<Self> {
        let intent = self
            .intent
            .as_ref()
            .filter(|intent| intent.epoch > self.proven_epoch())?;
        let covered = self.live_lease(now).is_some();
        let news = !covered && self.paged != Some(intent.epoch);
        news.then(|| Self {
            paged: Some(intent.epoch),
            ..self.clone()
        })
    }
}

/// The causes that people were told, and one more; the oldest beyond the bound are forgotten.
pub(super) fn with_cause<'a>(told: impl Iterator<Item = &'a String>, mark: String) -> Vec<String> {
    let mut causes: Vec<_> = told.cloned().chain([mark]).collect();
    let past = causes.len().saturating_sub(CAUSES_MAX);
    causes.drain(..past);
    causes
}

/// What stays the same of a sentence from one look to the next: its beginning, and no count or time.
pub(super) fn cause(why: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words = why.split_inclusive(|c: char| !is_word(c)).map(|word| {
        let core = word.trim_end_matches(|c: char| !is_word(c));
        // A time in its usual form is cut into words as 26T12 and 09Z.
        let digits = core.trim_end_matches('Z').replacen('T', "", 1);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            word.replacen(core, "#", 1)
        } else {
            word.to_owned()
        }
    });
    words.collect::<String>().chars().take(CAUSE_MAX).collect()
}
