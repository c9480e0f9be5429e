//! Promotes the standby: by a managed failover, or by detaching it. Every pass looks first, so that a repeated one only
//! finds what the last one did.

use serde::Serialize;

use crate::members::Members;
use failover::{
    Error,
    ledger::Rows,
    pass::{
        Input, Output, Pass, calls,
        frame::{self, Acting, Came, Step, Then},
    },
    plan::{Plan, Strategy},
    ports::{Ledger, Parameters, People, Runtime},
    topologies::Topologies,
    topology::{Cluster, FailoverState, GlobalCluster, Role, role},
};
use steps::{carried_out, promotion::IntentState};

mod carry_out;
mod look;
mod news;
mod strategy;
mod tried;

pub use strategy::resolve;
pub use tried::Tried;
pub(crate) use tried::gives_up;
use tried::{DETACH, FAIL_OVER};

/// The step's name in timelines and logs.
pub const STEP: &str = "detach_and_promote";

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The ledger's current global cluster, as the target's Region sees it.
    pub global: Option<GlobalCluster>,
    /// The cluster to promote.
    pub target: Cluster,
    /// How far the change of writer has been written down.
    #[serde(rename = "written")]
    pub intent: IntentState,
    /// Whether the global cluster's primary is the writer that the run leaves.
    pub led_by_the_writer: bool,
    /// Whether RDS names no member or several the primary, which a call of the run may come of.
    pub is_between_writers: bool,
    /// How to promote.
    pub strategy: Strategy,
    /// Why the first promoting call may not be made now; guards (c) and the bound on the loss.
    #[serde(skip)]
    pub refusal: Option<Error>,
    /// Whether the last verdict was that the Region is gone.
    pub region_is_down: bool,
    /// Whether the plan lets a detach be taken where a managed failover does not come about.
    pub may_detach: bool,
    /// What was tried, and what RDS shows of it.
    pub tried: Tried,
}

/// What a pass does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing is left to do.
    Done,
    /// Something is under way.
    Wait(&'static str),
    /// Write down what is about to be done.
    WriteIntent,
    /// Promote by a managed failover.
    FailOver,
    /// Promote by detaching.
    Detach,
}

impl Action {
    const fn acting(&self) -> Acting {
        match self {
            Self::Done => Acting::of("none", Then::Done),
            Self::Wait(_) => Acting::of("wait", Then::Waits),
            Self::WriteIntent => Acting::of("write_intent", Then::Again(0)),
            Self::FailOver => Acting::calling_out(FAIL_OVER, Then::Later),
            Self::Detach => Acting::calling_out(DETACH, Then::Later),
        }
    }
}

/// The step.
#[derive(Debug)]
pub struct DetachAndPromote;

/// One pass.
///
/// # Errors
/// Every name but `DataLossTooLarge` at any time; that one before the point of no return only.
pub async fn run(
    world: &(impl Ledger + Runtime + Members + Topologies + Parameters + People),
    input: &Input,
) -> Result<Output<Observed>, Error> {
    frame::run(&DetachAndPromote, world, input).await
}

impl<W: Ledger + Runtime + Members + Topologies + Parameters + People> Step<W>
    for DetachAndPromote
{
    const NAME: &'static str = STEP;
    type Observed = Observed;
    type Action = Action;

    fn acting(action: &Action) -> Acting {
        action.acting()
    }

    async fn is_carried_out(&self, world: &W, plan: &Plan, rows: &Rows) -> bool {
        carried_out::shows(world, plan, rows, world.region()).await
    }

    async fn observe(&self, world: &W, pass: &Pass) -> Result<Observed, Error> {
        look::observe(world, pass).await
    }

    fn outlasts_silence(&self, pass: &Pass) -> bool {
        calls::outlasts_silence(&pass.run, pass.now)
    }

    fn next_action(&self, _: &Pass, seen: &Observed) -> Result<Action, Error> {
        next_action(seen)
    }

    fn reason(&self, pass: &Pass, seen: &Observed, action: &Action) -> String {
        reason(pass, seen, *action)
    }

    async fn act(
        &self,
        world: &W,
        pass: &mut Pass,
        seen: &mut Observed,
        action: &Action,
    ) -> Result<Came, Error> {
        carry_out::act(world, pass, seen, *action).await
    }

    fn mark(&self, pass: &mut Pass, seen: &Observed, _: &Action) {
        pass.run.looks = seen.tried.looks.clone();
    }
}

/// Decides what one pass does.
///
/// # Errors
/// The guards' refusals, before the first promoting call; `UnexpectedTopology`, `NotReady`.
pub fn next_action(observed: &Observed) -> Result<Action, Error> {
    let Observed { global, target, .. } = observed;
    let operation = global.as_ref().and_then(|global| global.failover.as_ref());
    match (role(global.as_ref(), target), operation) {
        (Role::Standalone | Role::Unsettled, _) | (Role::Primary, None) => {
            return promoted(observed);
        }
        // RDS names it the writer: an operation that is shown on as before must not keep it from being proven.
        (Role::Primary, Some(operation))
            if operation.to == target.arn && observed.tried.outlasts_its_end() =>
        {
            return promoted(observed);
        }
        (Role::Primary, Some(operation)) if operation.to == target.arn => {
            return Ok(Action::Wait("RDS is promoting it"));
        }
        // An operation that hangs with its Region must not keep the plan down.
        (Role::Standby, Some(operation)) if may_hang(observed, operation) => {
            return behind(observed, operation);
        }
        (Role::Standby, Some(operation)) if operation.to == target.arn => {
            return Ok(Action::Wait("RDS is promoting it"));
        }
        (Role::Primary | Role::Standby, Some(operation)) => {
            return Err(Error::UnexpectedTopology(format!(
                "RDS is already {} to {}; wait until it has ended",
                operation.status, operation.to
            )));
        }
        (Role::Standby, None) => {}
    }
    if target.status == "promoting" {
        return Ok(Action::Wait("it is promoting"));
    }
    promote(observed, observed.strategy)
}

/// Whether an operation of RDS may be left by a detach, once it hangs. One towards a third member may make that the writer yet.
fn may_hang(observed: &Observed, operation: &FailoverState) -> bool {
    let to_the_lost_writer = || {
        let members = observed.global.iter().flat_map(|global| &global.members);
        let mut led_to = members.filter(|member| member.arn == operation.to);
        observed.led_by_the_writer && led_to.any(|member| member.is_writer)
    };
    let leads_nowhere_else = operation.to == observed.target.arn || to_the_lost_writer();
    observed.region_is_down && observed.may_detach && leads_nowhere_else
}

/// RDS is at an operation while the Region that is left is gone. FailoverState bears no time: what counts is how long this run has
/// seen it unchanged. The evidence is gathered anew before it is left.
fn behind(observed: &Observed, operation: &FailoverState) -> Result<Action, Error> {
    let Some(hanging) = observed.tried.hanging_seconds(operation) else {
        return Ok(Action::Wait(match operation.loses {
            Some(false) => {
                "RDS is at a switchover, which is left when nothing of it changes for a minute"
            }
            Some(true) | None => {
                "RDS is failing over, which is left when nothing of it changes for ten minutes"
            }
        }));
    };
    if observed
        .tried
        .evidence_seconds
        .is_some_and(|age| age > hanging)
    {
        return Err(Error::EvidenceStale(format!(
            "RDS has shown {} to {} unchanged for {:.0} s; confirming again before it is left by a detach",
            operation.status,
            operation.to,
            observed.tried.unchanged_seconds.unwrap_or_default()
        )));
    }
    promote(observed, Strategy::Detach)
}

/// The target follows nobody: that is our own work only if a ledger says so.
fn promoted(observed: &Observed) -> Result<Action, Error> {
    let target = &observed.target;
    let unsettled = role(observed.global.as_ref(), target) == Role::Unsettled;
    match observed.intent {
        // The Region that is left may fall silent behind the point of no return: what stands here is enough from there on.
        IntentState::Proven | IntentState::OwnIntent | IntentState::OwnIntentHere if unsettled => {
            Ok(Action::Wait(
                "it has left its global cluster, and RDS does not say so everywhere yet",
            ))
        }
        IntentState::Proven | IntentState::OwnIntent | IntentState::OwnIntentHere
            if target.is_ready() =>
        {
            Ok(Action::Done)
        }
        IntentState::Proven | IntentState::OwnIntent | IntentState::OwnIntentHere => {
            Ok(Action::Wait("it is promoted and not available yet"))
        }
        IntentState::AnotherRunsIntent => Ok(Action::WriteIntent),
        // Detaching a primary strands its standbys and promotes nothing; a cluster of its own may be a deposed writer.
        IntentState::Nothing => Err(Error::UnexpectedTopology(format!(
            "{} follows no writer in the ledger's current global cluster, and no ledger says that it was promoted",
            target.identifier
        ))),
    }
}

fn promote(observed: &Observed, strategy: Strategy) -> Result<Action, Error> {
    if observed.is_between_writers {
        return Ok(Action::Wait("RDS names no member, or several, the writer"));
    }
    // Somebody moved the writer past the ledger: the evidence is about another cluster than the one that leads.
    if !observed.led_by_the_writer {
        return Err(Error::UnexpectedTopology(
            "RDS names another primary of the global cluster than the ledger; adopt it first"
                .into(),
        ));
    }
    if let Some(why) = observed.target.without_instance() {
        return Err(Error::NotReady(why));
    }
    // Nothing is asked for until quiet tells what became of the last call: that needs no new evidence.
    if strategy == Strategy::Managed && observed.tried.is_spent {
        observed.tried.goes_on()?;
        return Ok(Action::Wait(
            "RDS may be at the managed failover, and a minute without anything under way is waited for",
        ));
    }
    // A run that stood down now would leave what RDS may be carrying out: two databases that take writes.
    if let Some(why) = observed.tried.may_be_taken() {
        return Ok(Action::Wait(why));
    }
    if let Some(refusal) = &observed.refusal {
        return Err(refusal.clone());
    }
    if observed.intent != IntentState::OwnIntent {
        return Ok(Action::WriteIntent);
    }
    if let Some(why) = observed.tried.was_refused() {
        return Ok(Action::Wait(why));
    }
    match strategy {
        Strategy::Managed => observed.tried.goes_on().map(|()| Action::FailOver),
        Strategy::Detach => Ok(Action::Detach),
        Strategy::Auto => Err(Error::NotReady(
            "the strategy is not resolved; confirm-outage does that".into(),
        )),
    }
}

fn reason(pass: &Pass, observed: &Observed, action: Action) -> String {
    let (target, from) = (&observed.target.identifier, &pass.run.from);
    match action {
        Action::Done => format!("{target} is the writer and available"),
        Action::Wait(why) => format!("{target}: {why} (status {})", observed.target.status),
        Action::WriteIntent => {
            let is = pass.says("is about to", "would");
            format!("{target} {is} be promoted in place of the writer in {from}")
        }
        Action::FailOver => format!(
            "{target} still follows the writer in {from}; {} over, accepting data loss",
            pass.says("failing", "would fail")
        ),
        Action::Detach => format!(
            "{target} still replicates from {from}; {} it",
            pass.says("detaching", "would detach")
        ),
    }
}

#[cfg(test)]
mod tests;
