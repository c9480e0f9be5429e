//! Gives the writer's global database its other members again, pass by pass, from whatever state it finds. After a managed
//! failover RDS does most of it; after a detach the deposed cluster is kept by a snapshot, retired, and made anew. The
//! observed writer is never touched.

mod carry_out;
mod complete;
mod decide;
mod harmless;
mod keep;
mod kept;
mod led;
mod look;
mod misnamed;
mod next_global;
mod retire;
mod rights;
mod seen;
mod unfinished;
mod unfit;
mod waits;
mod words;

use serde::Serialize;
use serde_json::Value;

pub use decide::next_action;
pub use harmless::harmless;
pub use keep::keep_member;
pub use kept::{CLUSTER, ENDPOINT, GLOBAL, INSTANCE};
pub use rights::TAKES_AWAY;
pub use seen::{NextGlobal, Observed, SeenMember};

use crate::members::Members;
use failover::{
    Error,
    domain::Region,
    pass::{
        Input, Output, Pass, answer,
        frame::{self, Acting, Came, Step, Then},
        read, take, wait_seconds_at,
    },
    patience::{Shown, Trouble},
    ports::{Fence, Functions, Ledger, Parameters, People, Runtime},
    topology::{
        Call, Named,
        names::{Names, Retire},
        status,
    },
};
use steps::rebuilding::{self, PACE, PAUSE_SECONDS};

/// The step's name in timelines and logs.
pub const STEP: &str = "rebuild_global";
/// What a pass sees: all of it, or that somebody did not answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Seen {
    /// All of it.
    All(Box<Observed>),
    /// Nothing.
    Silent {
        /// Who did not answer.
        silent: String,
    },
}

/// What a pass does.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Every member follows the writer.
    Done,
    /// Something is under way.
    Wait(String),
    /// Somebody did not answer.
    Outlast(String),
    /// The deposed member of a Region has to be fenced first.
    Fence(Region),
    /// Keep what a member is made of.
    Remember(Region),
    /// Write the writer's global cluster into the ledgers.
    Record(Named),
    /// Write the identifier of the writer's global cluster into the plan's parameter of a Region.
    Name(Region, Named),
    /// Make a call in a Region.
    Call(Region, Call),
}

impl Action {
    fn acting(&self) -> Acting {
        match self {
            Self::Done => Acting::of("none", Then::Done),
            Self::Wait(_) => Acting::of("wait", Then::Waits),
            Self::Outlast(_) => Acting::of("outlast", Then::Again(PAUSE_SECONDS)),
            Self::Fence(_) => Acting::of("await_fence", Then::Waits),
            Self::Remember(_) => Acting::of("remember", Then::Again(0)),
            Self::Record(_) => Acting::of("record", Then::Again(0)),
            // What was written may be read a moment later only.
            Self::Name(..) => Acting::of("name", Then::Later),
            Self::Call(_, call) => Acting::calling_out(call.name(), Then::Later),
        }
    }
}

/// The step.
#[derive(Debug, Clone, Default)]
pub struct RebuildGlobal {
    /// What becomes of a deposed cluster.
    pub retire: Retire,
    /// Names that somebody chose for what is made.
    pub names: Names,
}

/// What the schedule sends.
#[must_use]
pub fn keep_request() -> Value {
    serde_json::json!({"operation": "keep"})
}

/// One invocation: what every step takes, with `retire` and `names`; or `{"operation": "keep"}`, on schedule.
///
/// # Errors
/// As [`run`]; `InvalidRequest` for a payload that is not understood.
pub async fn handle(
    world: &(impl Ledger + Runtime + Members + Parameters + Functions + People + Fence),
    payload: Value,
) -> Result<Value, Error> {
    if payload == keep_request() {
        let kept = rebuilding::sweep(world, STEP, async |known, member, current| {
            keep_member(world, &known.plan.plan, world.region(), member, current).await
        });
        return answer(kept.await?);
    }
    let (step, input) = asked(payload)?;
    answer(run(world, &input, &step).await?)
}

/// What the rebuild goes by, and the input of every step.
///
/// # Errors
/// `InvalidRequest` for a payload that is not understood.
pub fn asked(mut payload: Value) -> Result<(RebuildGlobal, Input), Error> {
    let retire = take(&mut payload, "retire")?.unwrap_or_default();
    let names: Names = take(&mut payload, "names")?.unwrap_or_default();
    names.check()?;
    Ok((RebuildGlobal { retire, names }, read(payload)?))
}

/// One pass.
///
/// # Errors
/// `NotReady` for what a human has to put right, `UnexpectedTopology` where RDS contradicts the ledgers, the guards'
/// refusals.
pub async fn run(
    world: &(impl Ledger + Runtime + Members + Parameters + Functions + People),
    input: &Input,
    step: &RebuildGlobal,
) -> Result<Output<Seen>, Error> {
    frame::run(step, world, input).await
}

impl<W: Ledger + Runtime + Members + Parameters + Functions + People> Step<W> for RebuildGlobal {
    const NAME: &'static str = STEP;
    type Observed = Seen;
    type Action = Action;

    fn acting(action: &Action) -> Acting {
        action.acting()
    }

    async fn observe(&self, world: &W, pass: &Pass) -> Result<Seen, Error> {
        match look::observe(world, pass, &self.names).await {
            Ok(observed) => Ok(Seen::All(Box::new(observed))),
            // A run that lasts hours outlasts minutes of silence. Whoever asks by hand is told.
            Err(Error::Unavailable(silent)) if !pass.dry_run && !pass.run.forced => {
                Ok(Seen::Silent { silent })
            }
            Err(why) => Err(why),
        }
    }

    fn next_action(&self, _: &Pass, seen: &Seen) -> Result<Action, Error> {
        match seen {
            Seen::All(observed) => {
                let action = next_action(observed, self.retire)?;
                if let Action::Fence(region) = &action
                    && *region == observed.acting
                {
                    return Err(Error::NotReady(format!(
                        "the deposed member in {region} is not fenced; invoke fence-writer there first"
                    )));
                }
                Ok(action)
            }
            Seen::Silent { silent } => Ok(Action::Outlast(silent.clone())),
        }
    }

    fn reason(&self, pass: &Pass, seen: &Seen, action: &Action) -> String {
        match seen {
            Seen::All(observed) => words::reason(observed, action, pass.dry_run),
            Seen::Silent { silent } => silent.clone(),
        }
    }

    async fn act(
        &self,
        world: &W,
        pass: &mut Pass,
        seen: &mut Seen,
        action: &Action,
    ) -> Result<Came, Error> {
        match seen {
            Seen::All(observed) => {
                carry_out::act(world, pass, observed, (action, self.retire)).await
            }
            Seen::Silent { silent } => {
                rebuilding::refused(
                    pass,
                    "RDS and the ledgers are looked at",
                    (Trouble::Silent, silent),
                    Shown::AtRest,
                )?;
                Ok(Came::AsDecided)
            }
        }
    }

    /// Since the last call was made.
    fn wait_seconds(&self, pass: &Pass) -> u64 {
        let last = pass.run.timeline.last();
        let since = last.map_or(pass.now, |entry| entry.at);
        wait_seconds_at(PACE, since, pass.now)
    }
}

#[cfg(test)]
mod tests;
