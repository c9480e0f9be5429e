//! A run as the search knows it.

use failover::{
    evidence::Verdict,
    ledger::{Run, RunKind},
};
use jiff::Timestamp;

use super::{Digested, LATER, State, start};

/// A place for a run.
#[derive(Debug, Clone, PartialEq, Hash)]
pub enum Slot {
    /// None has started here.
    Free,
    /// It is under way.
    Live(Box<Live>),
    /// Its execution was stopped; somebody may redrive it.
    Stopped(Box<Live>),
    /// It has ended, with the record that others may still read.
    Ended(&'static str, Option<Digested<Run>>),
}

/// A run under way.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Live {
    /// What it does.
    pub task: Task,
    /// Whether it answers a suspicion, and of which epoch.
    pub incident: Option<u64>,
    /// The member it leaves.
    pub from: usize,
    /// The member it goes to, in whose Region it executes.
    pub to: usize,
    /// Where its state machine stands.
    pub step: Step,
    /// The answers that the pass under way has got so far.
    pub log: Vec<Digested<crate::answer::Answer>>,
    /// Its record in the ledger.
    pub record: Option<Digested<Run>>,
    /// The epoch it opened at.
    pub epoch: u64,
    /// The last verdict.
    pub verdict: Option<Verdict>,
    /// The state that failed, and its error's name.
    pub trouble: Vec<(&'static str, &'static str)>,
    /// Whether minutes have passed for it.
    pub is_late: bool,
    /// Whether the answer to its next promoting call is lost.
    pub loses_answer: bool,
    /// Whether it asks a human before it moves the writer.
    pub asks: bool,
}

impl Live {
    /// A run that begins; it leaves one member and goes to another.
    #[must_use]
    pub fn new(task: Task, (from, to): (usize, usize), state: &State) -> Self {
        let row = state.members.get(to).map(|member| &member.row.value);
        let proven = row.map(|row| row.proven_epoch().0).unwrap_or_default();
        let by_hand = matches!(task, Task::Forced | Task::Adopt | Task::Fence | Task::Sweep);
        Self {
            task,
            incident: (task == Task::Suspected).then_some(proven),
            from,
            to,
            step: if by_hand { Step::ByHand } else { Step::Open },
            log: Vec::new(),
            record: None,
            epoch: if by_hand { proven } else { 0 },
            verdict: None,
            trouble: Vec::new(),
            // A schedule comes when no run lets its stop stand any more.
            is_late: task == Task::Sweep,
            loses_answer: false,
            asks: false,
        }
    }
}

/// What is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Task {
    /// A run, by a suspicion.
    Suspected,
    /// An unplanned run, by hand.
    Unplanned,
    /// A planned run.
    Planned,
    /// DetachAndPromote alone, forced by hand, accepting that writes are lost.
    Forced,
    /// `recovery-ledger adopt`, by hand.
    Adopt,
    /// `fence-writer sweep`, as its schedule starts it in the Region of `to`.
    Fence,
    /// A failback.
    Failback,
    /// `stop-writes sweep`, as its schedule starts it in the Region of `to`.
    Sweep,
}

impl Task {
    /// What the run is in the ledger.
    #[must_use]
    pub const fn kind(self) -> RunKind {
        match self {
            Self::Planned => RunKind::PlannedFailover,
            Self::Failback => RunKind::Failback,
            Self::Suspected
            | Self::Unplanned
            | Self::Forced
            | Self::Adopt
            | Self::Fence
            | Self::Sweep => RunKind::UnplannedFailover,
        }
    }
}

/// A state of the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// OpenRun.
    Open,
    /// ReleaseLeases, after an OpenRun that failed.
    Release,
    /// ConfirmOutage.
    Confirm,
    /// DetachAndPromote.
    Promote,
    /// StopWrites.
    StopWrites,
    /// PromoteReplica.
    PromoteReplica,
    /// OpenWriter.
    OpenWriter,
    /// ProtectAgain.
    ProtectAgain,
    /// FenceWriter.
    Fence,
    /// RebuildGlobal.
    Rebuild,
    /// AwaitApproval: a human is asked.
    Ask,
    /// AwaitApproval: the answer is waited for.
    Await,
    /// PlannedFailover.
    SwitchOver,
    /// ProveWriter.
    Prove,
    /// FlipDns.
    FlipDns,
    /// FlipDnsAgain.
    FlipDnsAgain,
    /// CloseRun.
    Close,
    /// One pass by hand, which is no state of a machine.
    ByHand,
}

/// Lets minutes pass for a run: what its record says happened minutes earlier than it said.
pub fn minutes_pass(run: &mut Run) {
    let earlier = |at: Timestamp| (at - LATER).max(start() - LATER);
    for attempt in &mut run.attempts {
        (attempt.first_at, attempt.at) = (earlier(attempt.first_at), earlier(attempt.at));
    }
    let looks = &mut run.looks;
    looks.quiet_since = looks.quiet_since.map(earlier);
    looks.silent_since = looks.silent_since.map(earlier);
    if let Some(sight) = &mut looks.operation {
        sight.first_at = earlier(sight.first_at);
    }
    if let Some(confirmed) = &mut run.confirmed {
        confirmed.evidence.gathered_at = earlier(confirmed.evidence.gathered_at);
    }
}
