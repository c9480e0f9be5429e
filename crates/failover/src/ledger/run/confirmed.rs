//! What a run found out before it acts, what people were asked about that, and whether they agreed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Run;
use crate::{
    beat::{Beats, Loss},
    domain::{Region, seconds_between},
    evidence::{Evidence, Said, Verdict},
    plan::Strategy,
    policy::{Human, covers, is_approved},
};

/// What the last confirmation found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confirmed {
    /// The verdict.
    pub verdict: Verdict,
    /// What it rests on.
    pub evidence: Evidence,
    /// What a promotion would lose; `None` when that is unknown.
    pub loss: Option<Loss>,
    /// The last beats that were acknowledged to the vantages which survive.
    pub acknowledged: Beats,
    /// When anything but those beats last showed the writer alive.
    pub alive_at: Option<Timestamp>,
    /// When it may have lived, although no verdict rests on that: it makes a loss unknown.
    #[serde(default)]
    pub maybe_alive_at: Option<Timestamp>,
    /// Since when the outage lasts: the first failure after the latest sign of life.
    #[serde(default)]
    pub outage_since: Option<Timestamp>,
    /// Until when the old writer may have taken writes; what the target lacks of that time is the most that is lost.
    #[serde(default)]
    pub writes_until: Option<Timestamp>,
    /// Whether a human had approved it lately enough.
    #[serde(default)]
    pub approved: bool,
    /// Whether a human started the run, and its look met a writer that fails.
    #[serde(default)]
    pub by_hand: bool,
}

impl Confirmed {
    /// The human's part in it.
    #[must_use]
    pub const fn human(&self) -> Human {
        Human {
            approved: self.approved,
            started_it: self.by_hand,
        }
    }

    /// When anything last told that the old writer lived, or may have.
    #[must_use]
    pub fn last_sign(&self) -> Option<Timestamp> {
        self.alive_at.max(self.maybe_alive_at)
    }

    /// The most seconds of writes that a member which holds these beats can lack.
    #[must_use]
    pub fn at_most_seconds(&self, held: &Beats) -> Option<f64> {
        let newest = held.values().map(|beat| beat.at).max()?;
        let until = self.writes_until?;
        Some(seconds_between(newest, until).max(0.0))
    }
}

/// A standby that is better than the acting Region's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    /// Its Region.
    pub to: Region,
    /// Why.
    pub reason: String,
}

/// How the standby is promoted, and why so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// `managed` or `detach`.
    pub strategy: Strategy,
    /// Why.
    pub reason: String,
}

/// A question that a human was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Tells its token from others, and is none.
    pub question: String,
    /// When.
    pub at: Timestamp,
    /// Whether it is known to have been sent.
    pub is_sent: bool,
    /// The verdict that it was about; `None` where it was about no outage.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// What the writer itself had said by then.
    #[serde(default)]
    pub said: Said,
}

impl Asked {
    /// Whether a yes to it is one to what was found since: to no weaker verdict, nor to a writer that answers, where it told of a
    /// silent one.
    #[must_use]
    pub fn covers(&self, found: Verdict, said: Said) -> bool {
        let is_known = said == Said::Nothing || self.said != Said::Nothing;
        is_known && self.verdict.is_some_and(|asked| covers(asked, found))
    }
}

impl Run {
    /// Since when writes are out, as far as its evidence tells.
    #[must_use]
    pub fn out_since(&self) -> Option<Timestamp> {
        let confirmed = self.confirmed.as_ref()?;
        confirmed
            .evidence
            .failing_since
            .filter(|_| confirmed.verdict != Verdict::Healthy)
    }

    /// Notes that a human has just approved it.
    pub fn approve(&mut self, at: Timestamp, step: &str) {
        self.approved_at = Some(at);
        self.note(at, step, "approved", "a human approved");
    }

    /// Whether a human agreed lately to what is found now.
    #[must_use]
    pub fn is_approved(&self, found: Verdict, said: Said, now: Timestamp) -> bool {
        let asked = self.asked.as_ref();
        is_approved(self.approved_at, now) && asked.is_some_and(|asked| asked.covers(found, said))
    }
}
