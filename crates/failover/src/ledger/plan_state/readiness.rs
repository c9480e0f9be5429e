//! Whether the writer could be moved here by plan, as a schedule looks: what stood against it last, and what people know of that.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{PlanState, told::CAUSE_MAX};

/// How many reasons are kept. The row is read at every look of the probe.
const REASONS_MAX: usize = 12;
/// What two looks have found that are as far apart lasts: the schedule may be delivered twice, and people look beside it.
const APART: SignedDuration = SignedDuration::from_secs(60);
/// The length of an identifier of a request.
const UUID: usize = 36;

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// When it was looked.
    pub at: Timestamp,
    /// Every reason against a planned move to this Region, or the first of many. None where it could be made.
    pub reasons: Vec<String>,
    /// What stands in no way of it and should be put right all the same.
    pub warnings: Vec<String>,
    /// Since when each reason was found at every look, without its counts and times.
    pub since: BTreeMap<String, Timestamp>,
    /// What of that people were told.
    pub told: Vec<String>,
}

impl Readiness {
    /// The reasons that have lasted.
    #[must_use]
    pub fn lasting(&self) -> Vec<&str> {
        let lasts = |reason: &&String| {
            let since = self.since.get(&mark(reason));
            since.is_some_and(|since| self.at.duration_since(*since) >= APART)
        };
        self.reasons
            .iter()
            .filter(lasts)
            .map(String::as_str)
            .collect()
    }
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
        let before = self.readiness.as_ref();
        let reasons = first(reasons);
        let since = reasons.iter().map(|reason| {
            let mark = mark(reason);
            let earlier = before.and_then(|before| before.since.get(&mark));
            (mark, earlier.copied().unwrap_or(now))
        });
        Self {
            readiness: Some(Readiness {
                at: now,
                since: since.collect(),
                // What is told stays known until nothing stands against the move: a reason that comes and goes is told once.
                told: before.map_or_else(Vec::new, |before| before.told.clone()),
                warnings: first(warnings),
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
        let lasting = found.lasting();
        let is_news = lasting.iter().any(|one| !found.told.contains(&mark(one)));
        is_news.then_some(ReadinessNews::NotReady)
    }

    /// Notes that people are told that, with all that has lasted; `None` where it is no news.
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
                let mut told: Vec<_> = found.lasting().into_iter().map(mark).collect();
                found.told.retain(|one| !told.contains(one));
                told.append(&mut found.told);
                told.truncate(REASONS_MAX);
                found.told = told;
            }
        }
        Some(next)
    }
}

fn first(all: &[String]) -> Vec<String> {
    let few = all.iter().take(REASONS_MAX);
    let cut = few.map(|one| one.chars().take(CAUSE_MAX).collect());
    cut.collect()
}

/// What stays the same of a reason from one look to the next. The numbers in names and Regions tell reasons apart.
fn mark(reason: &str) -> String {
    let words = reason.split(' ').map(|word| {
        let core = word.trim_matches(|c: char| !c.is_alphanumeric());
        let counts = |c: char| c.is_ascii_digit() || "-:.TZ".contains(c);
        let is_count = core.starts_with(|c: char| c.is_ascii_digit()) && core.chars().all(counts);
        if is_count {
            word.replacen(core, "#", 1)
        } else {
            without_request(word)
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A word without the identifier of a request in it.
fn without_request(word: &str) -> String {
    let is_request = |part: &str| {
        let of_it = |(at, c): (usize, char)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        };
        part.chars().enumerate().all(of_it)
    };
    let ends = word.len().saturating_sub(UUID);
    let at = (0..=ends).find(|at| word.get(*at..at + UUID).is_some_and(is_request));
    at.map_or_else(
        || word.to_owned(),
        |at| format!("{}#{}", &word[..at], &word[at + UUID..]),
    )
}
