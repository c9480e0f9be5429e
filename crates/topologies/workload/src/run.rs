//! The record of a run that brings a workload home, rehearses that or takes it back.

use std::{collections::BTreeMap, fmt};

use failover::{
    domain::{Epoch, PlanName, Region, RunId},
    ledger::Entry,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{phase::Phase, plan::WorkloadPlan};

/// The `workload-run/<run_id>` item of the ledger of home, and of the recovery Region's where that answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkloadRun {
    /// The run.
    pub run_id: RunId,
    /// What it does.
    pub kind: Kind,
    /// The plan as it stood when the run opened; later revisions do not concern this run.
    pub plan: WorkloadPlan,
    /// The epoch when it opened.
    pub epoch: Epoch,
    /// The Region it leaves.
    pub from: Region,
    /// The Region it goes to.
    pub to: Region,
    /// When it opened.
    pub opened_at: Timestamp,
    /// Counts the writes; a write replaces the version that it has read.
    pub version: u64,
    /// The ARN of the state machine's execution, for people.
    #[serde(default)]
    pub execution: Option<String>,
    /// Before which it does not stop the business.
    #[serde(default)]
    pub not_before: Option<Timestamp>,
    /// Whether people accept that writes are lost.
    #[serde(default)]
    pub accept_data_loss: bool,
    /// Whether it builds the recovery side beside, from the new recovery points, before it ends.
    #[serde(default)]
    pub test_recovery: bool,
    /// What people are asked.
    #[serde(default)]
    pub question: Option<Question>,
    /// What they answered, in order.
    #[serde(default)]
    pub answers: Vec<Answered>,
    /// When it entered each phase first.
    #[serde(default)]
    pub entered: BTreeMap<Phase, Timestamp>,
    /// When it left each phase last.
    #[serde(default)]
    pub left: BTreeMap<Phase, Timestamp>,
    /// What it did, in order.
    #[serde(default)]
    pub timeline: Vec<Entry>,
    /// Since when it is being closed: from then on no step of it begins or goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<Timestamp>,
    /// What came of it.
    #[serde(default)]
    pub closed: Option<Closed>,
}

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It brings the workload home.
    RestoreHome,
    /// It builds beside and takes that away; nothing of home changes.
    Rehearse,
    /// It undoes a cut-over.
    Revert,
}

/// What people are asked. Whoever has its token answers, so that it is shown nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The phase that waits for the answer.
    pub phase: Phase,
    /// What the state machine takes the answer by.
    pub token: String,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// Until when it is answered.
    pub until: Timestamp,
    /// What was asked.
    pub text: String,
}

impl fmt::Debug for Question {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Question")
            .field("phase", &self.phase)
            .field("asked_at", &self.asked_at)
            .field("until", &self.until)
            .field("text", &self.text)
            .finish_non_exhaustive()
    }
}

/// What people answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The phase that waited for it.
    pub phase: Phase,
    /// Whether it is a yes.
    pub yes: bool,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// What came of it, as in other runs' records.
    pub outcome: String,
    /// Why, in a sentence.
    pub reason: String,
    /// When it closed.
    pub at: Timestamp,
}

/// What a run is asked to do as it opens.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// The run.
    pub run_id: RunId,
    /// What it does.
    pub kind: Kind,
    /// The plan as it stands.
    pub plan: WorkloadPlan,
    /// The epoch.
    pub epoch: Epoch,
    /// When it opens.
    pub opened_at: Timestamp,
}

impl Kind {
    /// Its name, as records and answers have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RestoreHome => "restore_home",
            Self::Rehearse => "rehearse",
            Self::Revert => "revert",
        }
    }
}

impl WorkloadRun {
    /// What the items of all runs begin with.
    pub const ITEMS: &'static str = "workload-run/";
    /// The most entries that its timeline keeps; the oldest after the first goes first.
    pub const ENTRIES_MAX: usize = 400;
    /// The most answers that it keeps.
    pub const ANSWERS_MAX: usize = 50;

    /// What a run is when it opens: nothing was done or asked. It goes home, and back where it reverts.
    #[must_use]
    pub fn opened(opening: Opening) -> Self {
        let Opening {
            run_id,
            kind,
            plan,
            epoch,
            opened_at,
        } = opening;
        let (home, recovery) = (plan.home_region.clone(), plan.recovery_region.clone());
        let (from, to) = match kind {
            Kind::RestoreHome | Kind::Rehearse => (recovery, home),
            Kind::Revert => (home, recovery),
        };
        Self {
            run_id,
            kind,
            plan,
            epoch,
            from,
            to,
            opened_at,
            version: 0,
            execution: None,
            not_before: None,
            accept_data_loss: false,
            test_recovery: false,
            question: None,
            answers: Vec::new(),
            entered: BTreeMap::new(),
            left: BTreeMap::new(),
            timeline: Vec::new(),
            closing: None,
            closed: None,
        }
    }

    /// The plan's name.
    #[must_use]
    pub const fn name(&self) -> &PlanName {
        &self.plan.plan
    }

    /// Its item in the ledger.
    #[must_use]
    pub fn item(run_id: &RunId) -> String {
        format!("{}{run_id}", Self::ITEMS)
    }

    /// The first eight characters of its name, which tell what it renames from what others did.
    #[must_use]
    pub fn short(&self) -> String {
        self.run_id.as_str().chars().take(8).collect()
    }

    /// Adds an entry to the timeline, once per step and action.
    pub fn note(&mut self, at: Timestamp, step: &str, action: &str, reason: &str) {
        let repeated = self
            .timeline
            .last()
            .is_some_and(|last| last.step == step && last.action == action);
        if repeated {
            return;
        }
        if self.timeline.len() >= Self::ENTRIES_MAX {
            // How it opened stays.
            self.timeline.remove(1);
        }
        self.timeline.push(Entry {
            at,
            step: step.into(),
            action: action.into(),
            reason: reason.into(),
        });
    }

    /// Enters a phase. When it was entered first counts.
    pub fn enter(&mut self, phase: Phase, at: Timestamp) {
        self.entered.entry(phase).or_insert(at);
    }

    /// Leaves a phase. When it was left last counts.
    pub fn leave(&mut self, phase: Phase, at: Timestamp) {
        self.left.insert(phase, at);
    }

    /// Asks people. What was asked before is asked no more.
    pub fn ask(&mut self, question: Question) {
        self.question = Some(question);
    }

    /// Notes an answer; whether the question stood there and was open. A second answer changes nothing.
    pub fn answer(&mut self, phase: Phase, yes: bool, by: &str, at: Timestamp) -> bool {
        let open = self.question.as_ref().is_some_and(|question| {
            question.phase == phase && at <= question.until && self.closed.is_none()
        });
        if open {
            self.question = None;
            if self.answers.len() >= Self::ANSWERS_MAX {
                self.answers.remove(0);
            }
            self.answers.push(Answered {
                phase,
                yes,
                by: by.to_owned(),
                at,
            });
        }
        open
    }

    /// What was answered last about a phase.
    #[must_use]
    pub fn answered(&self, phase: Phase) -> Option<&Answered> {
        let mut newest = self.answers.iter().rev();
        newest.find(|answer| answer.phase == phase)
    }

    /// Closes it. How it closed first counts.
    pub fn close(&mut self, at: Timestamp, outcome: &str, reason: &str) {
        self.question = None;
        self.closed.get_or_insert_with(|| Closed {
            outcome: outcome.to_owned(),
            reason: reason.to_owned(),
            at,
        });
    }
}

#[cfg(test)]
mod tests;
