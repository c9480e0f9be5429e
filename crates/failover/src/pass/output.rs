//! What a pass answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Error;

/// Writes what a function answers.
///
/// # Errors
/// `InvalidRequest` for what JSON cannot hold.
pub fn answer(answer: impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(answer)
        .map_err(|why| Error::InvalidRequest(format!("the answer cannot be written: {why}")))
}

/// Whether a step has reached what it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Call again after `wait_seconds`.
    Pending,
    /// The wanted state was observed.
    Done,
}

/// What a pass answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output<O> {
    /// Whether the wanted state was observed.
    pub progress: Progress,
    /// How long to wait before the next pass, in seconds.
    pub wait_seconds: u64,
    /// What was done, or would be with `dry_run`.
    pub action: &'static str,
    /// Why.
    pub reason: String,
    /// Whether nothing was done, whatever `action` says.
    #[serde(skip_serializing_if = "is_false")]
    pub dry_run: bool,
    /// What the call would be refused with, in a dry run; in a run that fails the pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// The calls that follow a forced pass which is done, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<String>,
    /// What the pass saw, for the execution history; nothing where it was refused before it could look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<O>,
}

/// For fields that are left out unless they are true.
#[must_use]
pub const fn is_false(value: &bool) -> bool {
    !*value
}

impl<O> Output<O> {
    /// What a job answers that has done what it was asked for.
    #[must_use]
    pub const fn done(action: &'static str, reason: String, observed: O) -> Self {
        Self {
            progress: Progress::Done,
            wait_seconds: 0,
            action,
            reason,
            dry_run: false,
            refusal: None,
            next: Vec::new(),
            observed: Some(observed),
        }
    }

    /// What a dry run answers of a refusal.
    ///
    /// # Errors
    /// The refusal itself where nobody could look, or where the words are wrong: a dry run fails there like any call.
    pub fn refused(
        why: Error,
        observed: Option<O>,
        mut reasons: Vec<String>,
    ) -> Result<Self, Error> {
        if !is_refusal(&why) {
            return Err(why);
        }
        if reasons.is_empty() {
            reasons.push(why.to_string());
        }
        Ok(Self {
            progress: Progress::Pending,
            wait_seconds: 0,
            action: "refused",
            reason: format!("would be refused: {why}"),
            dry_run: true,
            refusal: Some(Refusal {
                error: why.name(),
                reasons,
            }),
            next: Vec::new(),
            observed,
        })
    }
}

/// What a pass would be refused with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The error's name.
    pub error: &'static str,
    /// Every reason, one sentence each.
    pub reasons: Vec<String>,
}

/// Whether an error says that something may not be done. The others say that nobody could look, or that the words are wrong.
const fn is_refusal(why: &Error) -> bool {
    match why {
        Error::NotReady(_)
        | Error::UnexpectedTopology(_)
        | Error::EvidenceStale(_)
        | Error::DataLossTooLarge(_)
        | Error::RunRefused(_) => true,
        Error::Unavailable(_) | Error::InvalidRequest(_) | Error::Denied(_) => false,
    }
}
