//! A question that a link in a message answers: what the page behind it shows, and what was replied by it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::{PlanName, RunId};

/// What people are asked, as the page behind a link shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The plan.
    pub plan: PlanName,
    /// The run that asks.
    pub run_id: RunId,
    /// What is asked, in a few words.
    pub what: String,
    /// What it rests on, a line for each part.
    pub evidence: String,
    /// What people consider before they answer.
    pub considerations: Vec<String>,
    /// What follows a yes.
    pub yes: String,
    /// What follows a no.
    pub no: String,
    /// Since when writes are out, where they are.
    pub out_since: Option<Timestamp>,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// Until when it is answered.
    pub until: Timestamp,
}

/// What was replied by a link. There is one for each link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Whether it is a yes.
    pub approved: bool,
    /// What somebody gave as the reason; empty where nothing was said.
    pub why: String,
    /// When.
    pub at: Timestamp,
    /// The address that it came from, as Lambda saw it.
    pub from: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is on its way to the run, and nobody knows yet whether it arrived.
    UnderWay,
    /// The run has it.
    Taken,
    /// The run waited for no answer any more.
    TooLate,
    /// Nobody knew whether it arrived, and when it was sent again the run waited for no answer any more: most likely it has this one.
    Likely,
}

/// The attribute of a link's row that says when DynamoDB may remove it, in seconds since 1970.
pub const EXPIRES: &str = "expires";

/// How long a link's row is kept after its question's end, so that people can look at what was answered.
pub const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The parameter that holds the address of a Region's page, or `off`.
#[must_use]
pub fn page() -> String {
    crate::installation::parameter("approval-page/url")
}
