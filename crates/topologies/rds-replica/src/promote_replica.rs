//! Promotes the read replica of this Region: after an outage, or behind a stop of the writer that a planned move leaves. Every pass looks
//! first, so that a repeated one only finds what the last one did.

use serde::Serialize;

use crate::members::{Instance, Members, Stops};
use failover::{
    Error,
    domain::seconds_between,
    ledger::{Rows, RunKind, Stage, Stop},
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
/// What the record of a run says where its planned move was taken back.
const GIVE_BACK: &str = "give_back";

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
    /// The stop of the writer that a planned move goes by, where its rows bear one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// What was tried.
    pub tried: Tried,
    /// What does not stand in the way of a promotion, and costs something after it.
    pub warnings: Vec<String>,
}

/// What a pass does.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Nothing is left to do here. Whether it takes writes is for the next step to prove.
    Done,
    /// Something is under way.
    Wait(&'static str),
    /// Write down what is about to be done.
    WriteIntent,
    /// Ask RDS to promote it.
    Promote,
    /// Take a planned move back before anything was promoted, for this reason, and let the applications in at the old writer.
    GiveBack(Error),
}

impl Action {
    const fn acting(&self) -> Acting {
        match self {
            Self::Done => Acting::of("none", Then::Done),
            Self::Wait(_) => Acting::of("wait", Then::Waits),
            Self::WriteIntent => Acting::of("write_intent", Then::Again(0)),
            Self::Promote => Acting::calling_out(PROMOTE, Then::Later),
            Self::GiveBack(_) => Acting::of(GIVE_BACK, Then::Again(0)),
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
    world: &(impl Ledger + Runtime + Members + Stops + Topologies + Parameters + People),
    input: &Input,
) -> Result<Output<Observed>, Error> {
    frame::run(&PromoteReplica, world, input).await
}

impl<W: Ledger + Runtime + Members + Stops + Topologies + Parameters + People> Step<W>
    for PromoteReplica
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

    fn next_action(&self, pass: &Pass, seen: &Observed) -> Result<Action, Error> {
        next_action(pass, seen)
    }

    fn reason(&self, pass: &Pass, seen: &Observed, action: &Action) -> String {
        reason(pass, seen, action)
    }

    async fn act(
        &self,
        world: &W,
        pass: &mut Pass,
        seen: &mut Observed,
        action: &Action,
    ) -> Result<Came, Error> {
        carry_out::act(world, pass, seen, action).await
    }
}

/// Decides what one pass does.
///
/// # Errors
/// The guards' refusals, before the first promoting call; `UnexpectedTopology`, `NotReady`.
pub fn next_action(pass: &Pass, observed: &Observed) -> Result<Action, Error> {
    if observed.target.source.is_none() {
        return promoted(pass, observed);
    }
    let is_planned = is_planned(pass);
    let is_called = observed.tried.open_seconds.is_some();
    let Some(stop) = observed.stop.as_ref().filter(|_| is_planned) else {
        return match is_planned && !is_called {
            true => Err(no_stop(pass)),
            false => follows(pass, observed),
        };
    };
    match follows(pass, observed) {
        // A writer is stopped: what ends the run before a call gives its applications their logins back first. What another run has
        // begun is taken over before, with its calls.
        Err(why) if !is_called => Ok(match observed.intent {
            IntentState::OwnIntent | IntentState::OwnIntentHere => Action::GiveBack(why),
            _ if stop.stage == Stage::Stopping => Action::GiveBack(why),
            IntentState::Nothing | IntentState::AnotherRunsIntent | IntentState::Proven => {
                Action::WriteIntent
            }
        }),
        // A run that ended here would leave the writer stopped, and the promotion behind it.
        Err(_) => Ok(Action::Wait(
            "RDS may have taken the call, and nothing new may be asked for now",
        )),
        decided => decided,
    }
}

/// That no writer is stopped, and what the run said when it gave a stop back.
fn no_stop(pass: &Pass) -> Error {
    let mut latest_first = pass.run.timeline.iter().rev();
    let given = latest_first.find(|entry| entry.step == STEP && entry.action == GIVE_BACK);
    let why = given.map_or("it was given back, or never written", |entry| {
        entry.reason.as_str()
    });
    Error::NotReady(format!(
        "no stop of the writer in {} stands, and nothing is promoted behind an open writer: {why}",
        pass.run.from
    ))
}

/// Whether the pass is one of a planned move: its writer was stopped, and nothing may be lost.
pub(super) fn is_planned(pass: &Pass) -> bool {
    pass.run.kind != RunKind::UnplannedFailover
}

/// The target follows.
fn follows(pass: &Pass, observed: &Observed) -> Result<Action, Error> {
    let Observed { target, tried, .. } = observed;
    let source = target.source.as_deref().unwrap_or_default();
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
    if let Some(why) = late(pass, observed) {
        return Err(why);
    }
    if let Some(why) = tried.was_refused() {
        return Ok(Action::Wait(why));
    }
    // Whatever else RDS is at: some of it takes hours and keeps no promotion out, and what does, as a backup, is refused for now.
    Ok(Action::Promote)
}

/// How long RDS may go on refusing to promote the replica behind a stopped writer, in seconds.
const REFUSED_SECONDS_MAX: f64 = 60.0;

/// Why a planned move is given up: RDS goes on refusing its call for now, and no call may come about.
fn late(pass: &Pass, observed: &Observed) -> Option<Error> {
    let row = pass.rows.0.get(&pass.run.to)?;
    let agreed = row.intent.as_ref()?;
    let (_, refused) = calls::last_refusal(&pass.run)?;
    let seconds = seconds_between(agreed.written_at, pass.now);
    let is_late = is_planned(pass)
        && observed.tried.open_seconds.is_none()
        && agreed.run_id == pass.run.run_id
        && seconds > REFUSED_SECONDS_MAX;
    is_late.then(|| {
        Error::NotReady(format!(
            "RDS refused for {REFUSED_SECONDS_MAX:.0} s to promote {} behind its stopped writer: {refused}",
            observed.target.identifier
        ))
    })
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

fn reason(pass: &Pass, observed: &Observed, action: &Action) -> String {
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
        Action::GiveBack(why) => format!("the stop is given back, and nothing is promoted: {why}"),
    }
}

#[cfg(test)]
mod tests;
