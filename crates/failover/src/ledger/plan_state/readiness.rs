//! Whether the writer could be moved here by plan, as a schedule looks: what stood against it last, and what people know of that.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    PlanState,
    told::{CAUSE_MAX, cause},
};

/// How many reasons are kept. The row is read at every look of the probe.
const REASONS_MAX: usize = 8;

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// When it was looked.
    pub at: Timestamp,
    /// Every reason against a planned move to this Region, or the first of many. None where it could be made.
    pub reasons: Vec<String>,
    /// What stands in no way of it and should be put right all the same.
    pub warnings: Vec<String>,
    /// What of the reasons, without counts and times, two looks in a row have found.
    pub lasting: Vec<String>,
    /// What of that people were told.
    pub told: Vec<String>,
}

/// What is said of what a look has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadinessNews {
    /// Something stands against a move that people were not told.
    NotReady,
    /// Nothing does any more, and people were told that something did.
    ReadyAgain,
}

impl PlanState {
    /// Notes what a look found: every reason against a planned move to this Region, and warnings.
    #[must_use]
    pub fn note_readiness(&self, reasons: &[String], warnings: &[String], now: Timestamp) -> Self {
        let first = |all: &[String]| -> Vec<String> {
            let few = all.iter().take(REASONS_MAX);
            few.map(|one| one.chars().take(CAUSE_MAX).collect())
                .collect()
        };
        let reasons = first(reasons);
        let before = self.readiness.as_ref();
        let earlier = before.map_or_else(Vec::new, |before| causes(&before.reasons));
        let mut lasting = causes(&reasons);
        lasting.retain(|cause| earlier.contains(cause));
        let told = before.map_or_else(Vec::new, |before| before.told.clone());
        Self {
            readiness: Some(Readiness {
                at: now,
                // What is told stays known until nothing stands against the move: a reason that comes and goes is told once.
                told,
                warnings: first(warnings),
                lasting,
                reasons,
            }),
            ..self.clone()
        }
    }

    /// Forgets what was found; `None` where nothing was. The Region that has the writer is no target.
    #[must_use]
    pub fn forget_readiness(&self) -> Option<Self> {
        self.readiness.is_some().then(|| Self {
            readiness: None,
            ..self.clone()
        })
    }

    /// What people are to be told of it.
    #[must_use]
    pub fn readiness_news(&self) -> Option<ReadinessNews> {
        let found = self.readiness.as_ref()?;
        if found.reasons.is_empty() {
            return (!found.told.is_empty()).then_some(ReadinessNews::ReadyAgain);
        }
        let mut lasting = found.lasting.iter();
        let is_news = lasting.any(|cause| !found.told.contains(cause));
        is_news.then_some(ReadinessNews::NotReady)
    }

    /// Notes that people are told that; `None` where it is no news.
    #[must_use]
    pub fn tell_readiness(&self, news: ReadinessNews) -> Option<Self> {
        if self.readiness_news() != Some(news) {
            return None;
        }
        let mut next = self.clone();
        let found = next.readiness.as_mut()?;
        match news {
            ReadinessNews::ReadyAgain => found.told.clear(),
            ReadinessNews::NotReady => {
                let known: Vec<_> = found.told.drain(..).collect();
                // Those of now are kept first.
                let earlier = known
                    .into_iter()
                    .filter(|cause| !found.lasting.contains(cause));
                found.told = found.lasting.iter().cloned().chain(earlier).collect();
                found.told.truncate(REASONS_MAX);
            }
        }
        Some(next)
    }
}

fn causes(reasons: &[String]) -> Vec<String> {
    reasons.iter().map(|reason| cause(reason)).collect()
}
