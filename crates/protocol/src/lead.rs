//! Where a run's state machine leads after a pass: `crates/machines` itself, but for the steps that touch neither writer
//! nor ledger, which are done at once, and for retries: what does not answer counts as tried often enough.

use std::sync::OnceLock;

use failover::plan::TopologyKind;
use machines::{Next, Passed, Walk};
use serde_json::{Value, json};

use crate::{
    rules::Rule,
    state::{Live, Step, Task},
};

/// Every step that is a state of a machine.
const STEPS: [Step; 15] = [
    Step::Open,
    Step::Release,
    Step::Confirm,
    Step::Promote,
    Step::StopWrites,
    Step::PromoteReplica,
    Step::OpenWriter,
    Step::ProtectAgain,
    Step::Fence,
    Step::Rebuild,
    Step::SwitchOver,
    Step::Prove,
    Step::FlipDns,
    Step::FlipDnsAgain,
    Step::Close,
];

/// What the plan protects, and the rule that is off.
pub type How = (TopologyKind, Option<Rule>);

/// Moves a run on after its step; the state in which it ended, where it did.
pub fn lead(live: &mut Live, passed: Passed<'_>, (kind, off): How) -> Option<&'static str> {
    if live.step == Step::ByHand {
        return Some("done by hand");
    }
    let mut next = after((kind, live.task), name(live.step), passed);
    if next.is_trouble {
        let error = match passed {
            Passed::Failed(error) => known(error),
            Passed::Exhausted | Passed::Answered(_) => "LoopExhausted",
        };
        live.trouble.push((name(live.step), error));
    }
    // The walk is that of a failback that asks nobody; one that asks does so before it moves the writer.
    if live.asks && live.step == Step::Rebuild && next.state == name(Step::SwitchOver) {
        live.step = Step::Ask;
        return None;
    }
    while !next.ends {
        let mut steps = STEPS.into_iter().filter(|step| !is_taken(*step, off));
        if let Some(step) = steps.find(|step| name(*step) == next.state) {
            live.step = step;
            return None;
        }
        next = pass_by((kind, live.task), &next.state);
    }
    Some(end(&next.state))
}

/// What follows a state that touches neither writer nor ledger; no human answers.
fn pass_by(task: Of, state: &str) -> Next {
    if state == "AwaitApproval" {
        return after(task, state, Passed::Failed("States.Timeout"));
    }
    after(task, state, Passed::Answered(&json!({"progress": "done"})))
}

fn after(task: Of, state: &str, passed: Passed<'_>) -> Next {
    let next = walk(task).after(state, passed);
    next.unwrap_or_else(|| unreachable!("a run of {task:?} has no way on from {state}"))
}

/// A run of a plan of this kind.
type Of = (TopologyKind, Task);

/// Whether a step was taken from the machines, with its rule.
fn is_taken(step: Step, off: Option<Rule>) -> bool {
    step == Step::OpenWriter && off == Some(Rule::OpensBehindProof)
}

fn walk((kind, task): Of) -> &'static Walk {
    static WALKS: OnceLock<[[Walk; 3]; 2]> = OnceLock::new();
    let [clusters, instances] = WALKS.get_or_init(|| {
        [
            [
                machines::unplanned_failover(),
                machines::planned_failover(),
                machines::failback(),
            ],
            [
                machines::replica_failover(),
                machines::replica_switchover(),
                machines::replica_failback(),
            ],
        ]
        .map(|of_kind| of_kind.map(|machine| Walk::of(&machine)))
    });
    let [unplanned, planned, failback] = match kind {
        TopologyKind::AuroraGlobal => clusters,
        TopologyKind::RdsReplica => instances,
    };
    match task {
        Task::Planned => planned,
        Task::Failback => failback,
        Task::Suspected
        | Task::Unplanned
        | Task::Forced
        | Task::Adopt
        | Task::Fence
        | Task::Sweep => unplanned,
    }
}

/// The name of an error as it is kept, of which there are few.
fn known(error: &str) -> &'static str {
    let mut names = failover::Error::NAMES.into_iter();
    names
        .find(|name| *name == error)
        .unwrap_or("Lambda.Unknown")
}

/// How a run ended, told apart by no more than what the properties ask.
fn end(state: &str) -> &'static str {
    match state {
        "Recovered" | "Moved" | "Home" | "Rebuilt" => "succeeded",
        "StoodDown" => "stood down",
        "HandedOver" => "handed over",
        "Aborted" => "aborted",
        "Failed" => "failed",
        "RunRefused" => "refused",
        "NotOpened" => "not opened",
        "NotClosed" => "not closed",
        other => unreachable!("no run ends in {other}"),
    }
}

/// A step's name in the state machines.
#[must_use]
pub const fn name(step: Step) -> &'static str {
    match step {
        Step::Open => "OpenRun",
        Step::Release => "ReleaseLeases",
        Step::Confirm => "ConfirmOutage",
        Step::Promote => "DetachAndPromote",
        Step::StopWrites => "StopWrites",
        Step::PromoteReplica => "PromoteReplica",
        Step::OpenWriter => "OpenWriter",
        Step::ProtectAgain => "ProtectAgain",
        Step::Fence => "FenceWriter",
        Step::Rebuild => "RebuildGlobal",
        Step::Ask | Step::Await => "AwaitApproval",
        Step::SwitchOver => "PlannedFailover",
        Step::Prove => "ProveWriter",
        Step::FlipDns => "FlipDns",
        Step::FlipDnsAgain => "FlipDnsAgain",
        Step::Close => "CloseRun",
        Step::ByHand => "by hand",
    }
}

/// What a run remembers of an answer, by which later steps go.
pub fn remember(live: &mut Live, answer: &Value) {
    if live.step == Step::Open {
        live.epoch = answer["run"]["epoch"].as_u64().unwrap_or_default();
    }
    if live.step == Step::Confirm {
        live.verdict = serde_json::from_value(answer["verdict"].clone()).ok();
    }
}
