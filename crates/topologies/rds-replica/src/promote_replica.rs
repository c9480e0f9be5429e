//! Promotes the read replica of this Region. Every pass looks first, so that a repeated one only finds what the last one did.

use serde::Serialize;

use crate::members::{Instance, Members};
use failover::{
    Error,
    ledger::Rows,
    pass::{
        Input, Output, Pass, calls,
        frame::{self, Acting, Came, Step, Then},
    },
    plan::Plan,
    ports::{Ledger, Parameters, People, Runtime},
    topologies::Topologies,
    topology::status::stays,
};
use steps::{carried_out, promotion::IntentState};

mod carry_out;
mod look;
mod tried;

pub use tried::Tried;

/// The step's name in timelines and logs.
pub const STEP: &str = "promote_replica";
/// The call that promotes.
const PROMOTE: &str = "promote";

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The replica to promote, as its own Region shows it. The Region that is left is not asked.
    pub target: Instance,
    /// How far the change of writer has been written down.
    #[serde(rename = "written")]
    pub intent: IntentState,
    /// Whether its source is the writer that the run leaves.
    pub follows_the_writer: bool,
    /// Why the first promoting call may not be made now; guards (c) and the bound on the loss.
    #[serde(skip)]
    pub refusal: Option<Error>,
    /// What was tried.
    pub tried: Tried,
    /// What does not stand in the way of a promotion, and costs something after it.
    pub warnings: Vec<String>,
}

/// What a pass does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing is left to do here. Whether it takes writes is for the next step to prove.
    Done,
    /// Something is under way.
    Wait(&'static str),
    /// Write down what is about to be done.
    WriteIntent,
    /// Ask RDS to promote it.
    Promote,
}

impl Action {
    const fn acting(&self) -> Acting {
        match self {
            Self::Done => Acting::of("none", Then::Done),
            Self::Wait(_) => Acting::of("wait", Then::Waits),
            Self::WriteIntent => Acting::of("write_intent", Then::Again(0)),
            Self::Promote => Acting::calling_out(PROMOTE, Then::Later),
        }
    }
}

/// The step.
#[derive(Debug)]
pub struct PromoteReplica;

/// One pass.
///
/// # Errors
/// Every name but `DataLossTooLarge` at any time; that one before the point of no return only.
pub async fn run(
    world: &(impl Ledger + Runtime + Members + Topologies + Parameters + People),
    input: &Input,
) -> Result<Output<Observed>, Error> {
    frame::run(&PromoteReplica, world, input).await
}

impl<W: Ledger + Runtime + Members + Topologies + Parameters + People> Step<W> for PromoteReplica {
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

    fn next_action(&self, pass: &Pass, seen: &Observed) -> Result<Action, Error> {
        next_action(pass, seen)
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
}

/// Decides what one pass does.
///
/// # Errors
/// The guards' refusals, before the first promoting call; `UnexpectedTopology`, `NotReady`.
pub fn next_action(pass: &Pass, observed: &Observed) -> Result<Action, Error> {
    let Observed { target, tried, .. } = observed;
    let Some(source) = &target.source else {
        return promoted(pass, observed);
    };
    // Of another source it may hold other rows, or none: promoted, it would be another database under the plan's name.
    if !observed.follows_the_writer {
        return Err(Error::UnexpectedTopology(format!(
            "{} is a replica of {source}, which is not the member in {} that the ledgers name as the writer; delete it and create a \
             replica of that one under its name, since an instance that exists never becomes another's replica",
            target.identifier, pass.run.from
        )));
    }
    // Whatever was answered: a run that ended here would leave a promotion behind it, and two databases that take writes.
    if !target.serves() && tried.open_seconds.is_some() {
        return Ok(Action::Wait("RDS is promoting it, or may be"));
    }
    // Right after the call RDS still shows what was: an available replica with its source.
    if let Some(why) = tried.may_be_taken() {
        return Ok(Action::Wait(why));
    }
    if let Some(why) = stays("instance", &target.identifier, &target.status, &pass.run.to) {
        return Err(Error::NotReady(why));
    }
    if let Some(refusal) = &observed.refusal {
        return Err(refusal.clone());
    }
    if observed.intent != IntentState::OwnIntent {
        return Ok(Action::WriteIntent);
    }
    if let Some(why) = tried.was_refused() {
        return Ok(Action::Wait(why));
    }
    // Whatever else RDS is at: some of it takes hours and keeps no promotion out, and what does, as a backup, is refused for now.
    Ok(Action::Promote)
}

/// The target follows nobody: that is our own work only if a ledger says so. An instance of its own may be a deposed writer.
fn promoted(pass: &Pass, observed: &Observed) -> Result<Action, Error> {
    let target = &observed.target;
    match observed.intent {
        // The Region that is left may fall silent behind the point of no return: what stands here is enough from there on.
        IntentState::Proven | IntentState::OwnIntent | IntentState::OwnIntentHere => {
            if let Some(why) = stays("instance", &target.identifier, &target.status, &pass.run.to) {
                return Err(Error::NotReady(why));
            }
            // Whether it takes writes is for ProveWriter to find out: some of what RDS is at takes hours and keeps none out.
            Ok(if target.begins() {
                Action::Wait("it is promoted and does not serve yet")
            } else {
                Action::Done
            })
        }
        IntentState::AnotherRunsIntent => Ok(Action::WriteIntent),
        IntentState::Nothing => Err(Error::UnexpectedTopology(format!(
            "{} is a replica of nothing, and no ledger says that it was promoted; if somebody did that by hand, let nothing write \
             to the old writer in {} any more, and open the plan anew around the instance that writes: a plan of another name, a new \
             replica of it in the other Region, adopt",
            target.identifier, pass.run.from
        ))),
    }
}

fn reason(pass: &Pass, observed: &Observed, action: Action) -> String {
    let (target, from) = (&observed.target.identifier, &pass.run.from);
    match action {
        Action::Done => format!("{target} follows nobody and is {}", observed.target.status),
        Action::Wait(why) => format!("{target}: {why} (status {})", observed.target.status),
        Action::WriteIntent => {
            let is = pass.says("is about to", "would");
            format!("{target} {is} be promoted in place of the writer in {from}")
        }
        Action::Promote => format!(
            "{target} still replicates from {from}; {} it",
            pass.says("promoting", "would promote")
        ),
    }
}

#[cfg(test)]
mod tests;
