//! What is kept of one resource in one run: where it is, what has to be remembered, and which calls were made.

use std::collections::BTreeMap;

use failover::domain::RunId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::phase::Phase;

/// What a kind has to remember, by names of its own.
pub type Kept = Map<String, Value>;

/// The `resource/<run_id>/<name>` item of the ledger of home.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The run.
    pub run_id: RunId,
    /// The resource's name in the plan.
    pub resource: String,
    /// Counts the writes; a write replaces the version that it has read.
    pub version: u64,
    /// The phase that it is in.
    pub phase: Phase,
    /// How far it is in that phase.
    pub state: State,
    /// How far AWS is with what the row waits for.
    #[serde(default)]
    pub progress: Option<Progress>,
    /// What its kind has to remember: shapes, names of snapshots, digests. It is written before the call that makes it necessary.
    #[serde(default)]
    pub kept: Kept,
    /// The last calls that change something, each noted before it is made.
    #[serde(default)]
    pub calls: Vec<Called>,
    /// What the last pass said, in a sentence.
    #[serde(default)]
    pub reason: String,
    /// How many rounds of copies were completed.
    #[serde(default)]
    pub rounds: u32,
    /// The bytes that each round moved.
    #[serde(default)]
    pub bytes: BTreeMap<u32, u64>,
    /// When the round of copies that it is in began, where that is not the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_began: Option<Timestamp>,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// How far a resource is in its phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It has something left to do.
    Pending,
    /// It has done it.
    Done,
    /// It cannot, and why, in a sentence.
    Refused(String),
}

/// How far AWS is with something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// How much of it is done, where AWS tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// How many bytes are moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_bytes: Option<u64>,
    /// How many there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_bytes: Option<u64>,
    /// How many move in a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<u64>,
    /// When that ends at this rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// What of, in a few words.
    pub what: String,
}

/// A call that changes something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Called {
    /// When it was noted.
    pub at: Timestamp,
    /// The phase that it belongs to.
    pub phase: Phase,
    /// What it is called.
    pub name: String,
    /// What it was answered; `None` while nobody knows.
    #[serde(default)]
    pub answer: Option<String>,
}

impl Row {
    /// The most calls that are kept; the oldest goes first.
    pub const CALLS_MAX: usize = 50;
    /// What a call is said to be answered that was taken.
    pub const TAKEN: &'static str = "taken";

    /// What is known of a resource before the first pass.
    #[must_use]
    pub fn new(run_id: RunId, resource: &str, at: Timestamp) -> Self {
        Self {
            run_id,
            resource: resource.to_owned(),
            version: 0,
            phase: Phase::Prepare,
            state: State::Pending,
            progress: None,
            kept: Kept::new(),
            calls: Vec::new(),
            reason: String::new(),
            rounds: 0,
            bytes: BTreeMap::new(),
            round_began: None,
            updated_at: at,
        }
    }

    /// Its item in the ledger.
    #[must_use]
    pub fn item(&self) -> String {
        format!("{}{}", Self::items(&self.run_id), self.resource)
    }

    /// What the items of all resources of a run begin with.
    #[must_use]
    pub fn items(run_id: &RunId) -> String {
        format!("resource/{run_id}/")
    }

    /// Enters a phase: there is something left to do, and what is kept stays. In the phase that it is in already nothing changes.
    pub fn enter(&mut self, phase: Phase) {
        if self.phase != phase {
            self.again(phase);
        }
    }

    /// Enters a phase anew, as the next round of copies does.
    pub fn again(&mut self, phase: Phase) {
        self.phase = phase;
        self.state = State::Pending;
        self.progress = None;
        self.reason.clear();
    }

    /// Keeps more. What bears the same name is replaced; null takes it away.
    pub fn keep(&mut self, more: Kept) {
        for (name, value) in more {
            if value.is_null() {
                self.kept.remove(&name);
            } else {
                self.kept.insert(name, value);
            }
        }
    }

    /// Notes a call, before it is made.
    pub fn called(&mut self, at: Timestamp, name: &str) {
        if self.calls.len() >= Self::CALLS_MAX {
            self.calls.drain(..=self.calls.len() - Self::CALLS_MAX);
        }
        self.calls.push(Called {
            at,
            phase: self.phase,
            name: name.to_owned(),
            answer: None,
        });
        self.updated_at = at;
    }

    /// Notes what the last call was answered.
    pub fn answered(&mut self, at: Timestamp, answer: &str) {
        if let Some(last) = self.calls.last_mut() {
            last.answer = Some(answer.to_owned());
        }
        self.updated_at = at;
    }

    /// Says why the last pass left it as it is.
    pub fn waits(&mut self, at: Timestamp, reason: &str, progress: Option<Progress>) {
        reason.clone_into(&mut self.reason);
        self.progress = progress;
        self.updated_at = at;
    }

    /// Has done its phase.
    pub fn done(&mut self, at: Timestamp, reason: &str) {
        self.state = State::Done;
        self.waits(at, reason, None);
    }

    /// Cannot go on.
    pub fn refuse(&mut self, at: Timestamp, why: &str) {
        self.state = State::Refused(why.to_owned());
        self.waits(at, why, None);
    }

    /// Notes the bytes that a round moved so far. The last figure of a round counts.
    pub fn moved(&mut self, round: u32, bytes: u64) {
        self.bytes.insert(round, bytes);
    }

    /// Whether something is left to do in a phase.
    #[must_use]
    pub fn is_pending(&self, phase: Phase) -> bool {
        self.phase != phase || self.state == State::Pending
    }

    /// The last call of that name in the phase that it is in.
    #[must_use]
    pub fn last_call(&self, name: &str) -> Option<&Called> {
        let of_phase = |called: &&Called| called.phase == self.phase && called.name == name;
        self.calls.iter().rev().find(of_phase)
    }

    /// A text that is kept.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.kept.get(name).and_then(Value::as_str)
    }
}

impl State {
    /// Its name, as answers have it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Refused(_) => "refused",
        }
    }
}

#[cfg(test)]
mod tests;
