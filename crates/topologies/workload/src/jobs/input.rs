//! What the function takes. Each job knows its own words, and no other is taken.

use failover::{
    domain::{Epoch, PlanName, Region, RunId},
    json::time,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{pass::Of, phase::Phase, run::Kind};

/// What the function takes, by its operation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Says which Region serves.
    Adopt(AdoptInput),
    /// Opens a run: takes the plan's lease in both Regions.
    Open(OpenInput),
    /// Pairs and checks everything.
    Prepare(PhaseInput),
    /// Copies home, in rounds.
    Sync(PhaseInput),
    /// Builds beside.
    Rehearse(PhaseInput),
    /// Takes away what was built beside.
    TakeAway(PhaseInput),
    /// Keeps the leases until the window opens.
    Window(PhaseInput),
    /// Stops the business in the recovery Region.
    Suspend(PhaseInput),
    /// Copies what nobody writes to any more.
    LastSync(PhaseInput),
    /// Puts what came home under the names of home.
    CutOver(PhaseInput),
    /// Looks whether home is what it was.
    Verify(PhaseInput),
    /// Stops what served in the recovery Region.
    Retire(PhaseInput),
    /// Protects home again.
    Conclude(PhaseInput),
    /// Gives back what was suspended, before the cut-over.
    GiveBack(PhaseInput),
    /// Undoes a cut-over.
    Revert(PhaseInput),
    /// Asks people, or a function of the plan's own, by a task token.
    Ask(AskInput),
    /// Answers a question with a yes.
    Approve(AnswerInput),
    /// Answers a question with a no.
    Decline(AnswerInput),
    /// Closes a run: says what came of it and gives the leases back.
    Close(CloseInput),
    /// Gives back the leases of a run that could not be opened or closed.
    Release(ReleaseInput),
    /// Shows a plan's run. Changes nothing.
    Status(StatusInput),
}

/// What adopting takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdoptInput {
    /// The plan.
    pub plan: PlanName,
    /// The Region that serves.
    pub serves: Region,
    /// The epoch that the plan stands at, where another Region served before and the business has been moved since.
    #[serde(default)]
    pub from_epoch: Option<Epoch>,
    /// Says what would be done, and does not.
    #[serde(default)]
    pub dry_run: bool,
}

/// What opening takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenInput {
    /// The plan.
    pub plan: PlanName,
    /// What the run does.
    pub kind: Kind,
    /// Whether a run that brings home only builds beside: the same as the kind `rehearse`.
    #[serde(default)]
    pub rehearse: bool,
    /// Before which it does not stop the business.
    #[serde(default, deserialize_with = "time")]
    pub not_before: Option<Timestamp>,
    /// Whether people accept that writes are lost.
    #[serde(default)]
    pub accept_data_loss: bool,
    /// Whether it builds the recovery side beside before it ends.
    #[serde(default)]
    pub test_recovery: bool,
    /// The ARN of the state machine's execution.
    #[serde(default)]
    pub execution: Option<String>,
    /// Says what the run would be, and opens none.
    #[serde(default)]
    pub dry_run: bool,
}

/// What the pass of a phase takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseInput {
    /// The plan.
    pub plan: PlanName,
    /// The run. Without one only `prepare` is answered, in a dry run.
    #[serde(default)]
    pub run_id: Option<RunId>,
    /// The epoch when it opened.
    #[serde(default)]
    pub epoch: Option<Epoch>,
    /// The question whose yes has led the state machine here, where people may have answered it by its token alone.
    #[serde(default)]
    pub answered: Option<Asks>,
    /// Does all but the change and says what it would have been.
    #[serde(default)]
    pub dry_run: bool,
}

/// What people are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asks {
    /// Whether home is clean and ready.
    Prepared,
    /// Whether what was built beside is right.
    Rehearsed,
    /// Whether the business may stop.
    Suspend,
    /// Whether the business works at home.
    Verified,
}

/// What asking takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskInput {
    /// The plan.
    pub plan: PlanName,
    /// The run.
    pub run_id: RunId,
    /// The epoch when it opened.
    pub epoch: Epoch,
    /// What is asked.
    pub phase: Asks,
    /// The state machine's task token.
    pub token: String,
    /// Says what would be asked, and asks nobody.
    #[serde(default)]
    pub dry_run: bool,
}

/// What an answer takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerInput {
    /// The plan.
    pub plan: PlanName,
    /// The run.
    pub run_id: RunId,
    /// What was asked.
    pub phase: Asks,
    /// Who answers.
    pub by: String,
    /// Says what would be answered, and does not.
    #[serde(default)]
    pub dry_run: bool,
}

/// What closing takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseInput {
    /// The plan.
    pub plan: PlanName,
    /// The run.
    pub run_id: RunId,
    /// The epoch when it opened; it keeps no run from being closed.
    #[serde(default)]
    pub epoch: Option<Epoch>,
    /// What came of it; where nobody says, how far it came.
    #[serde(default)]
    pub outcome: Option<String>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// What went wrong on the way.
    #[serde(default)]
    pub trouble: Vec<Trouble>,
    /// Says how it would be closed, and does not.
    #[serde(default)]
    pub dry_run: bool,
}

/// What went wrong in a state.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trouble {
    /// The state.
    pub state: String,
    /// The error's name.
    pub error: String,
    /// What it said.
    #[serde(default)]
    pub cause: String,
}

/// What releasing takes: the run, or the execution whose run nobody was told of.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseInput {
    /// The plan.
    pub plan: PlanName,
    /// The run.
    #[serde(default)]
    pub run_id: Option<RunId>,
    /// The ARN of its execution.
    #[serde(default)]
    pub execution: Option<String>,
    /// Says what would be given back, and does not.
    #[serde(default)]
    pub dry_run: bool,
}

/// What showing takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusInput {
    /// The plan.
    pub plan: PlanName,
}

impl Asks {
    /// The phase that waits for the answer, or that it is about.
    #[must_use]
    pub const fn phase(self) -> Phase {
        match self {
            Self::Prepared => Phase::Prepare,
            Self::Rehearsed => Phase::Rehearse,
            Self::Suspend => Phase::Suspend,
            Self::Verified => Phase::Verify,
        }
    }

    /// What is asked about a phase.
    #[must_use]
    pub const fn of(phase: Phase) -> Option<Self> {
        match phase {
            Phase::Prepare => Some(Self::Prepared),
            Phase::Rehearse => Some(Self::Rehearsed),
            Phase::Suspend => Some(Self::Suspend),
            Phase::Verify => Some(Self::Verified),
            Phase::Sync
            | Phase::LastSync
            | Phase::CutOver
            | Phase::Retire
            | Phase::Conclude
            | Phase::Revert => None,
        }
    }

    /// Its name, as payloads have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Rehearsed => "rehearsed",
            Self::Suspend => "suspend",
            Self::Verified => "verified",
        }
    }
}

impl PhaseInput {
    /// Whose pass it is; `None` without a run.
    #[must_use]
    pub fn of(&self) -> Option<Of> {
        Some(Of {
            plan: self.plan.clone(),
            run_id: self.run_id.clone()?,
            epoch: self.epoch?,
            dry_run: self.dry_run,
        })
    }
}
