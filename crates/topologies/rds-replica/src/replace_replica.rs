//! Makes every member that is not the proven writer a read replica of it, pass by pass, from whatever state it finds. An instance that
//! exists can never become a replica: what was left is fenced, kept by a snapshot, renamed or deleted, and a new replica takes its name.
//! The observed writer is never touched.

mod carry_out;
mod complete;
mod decide;
mod harmless;
mod keep;
mod kept;
mod look;
mod seen;
mod waits;
mod words;

use failover::{
    Error,
    domain::Region,
    pass::{
        Input, Output, Pass, answer,
        frame::{self, Acting, Came, Step, Then},
        read, take, wait_seconds_at,
    },
    patience::{Shown, Trouble},
    ports::{Functions, Ledger, Parameters, People, Runtime},
    topology::names::{Names, Retire},
};
use serde::Serialize;
use serde_json::Value;
use steps::rebuilding::{self, PACE, PAUSE_SECONDS};

pub use decide::next_action;
pub use harmless::harmless;
pub use keep::keep_member;
pub use kept::REPLICA;
pub use seen::{Observed, Place, SeenMember};

use crate::members::{Makes, makes::Call};

/// The step's name in timelines and logs.
pub const STEP: &str = "replace_replica";
/// The actions that take something away. Only a stack of its own allows them to this function.
pub const TAKES_AWAY: [&str; 2] = ["rds:DeleteDBInstance", "rds:ModifyDBInstance"];

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
            Self::Call(_, call) => Acting::calling_out(call.name(), Then::Later),
        }
    }
}

/// The step.
#[derive(Debug, Clone, Default)]
pub struct ReplaceReplica {
    /// What becomes of a deposed instance.
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
    world: &(impl Ledger + Runtime + Makes + Parameters + Functions + People),
    payload: Value,
) -> Result<Value, Error> {
    if payload == keep_request() {
        let kept = rebuilding::sweep(world, STEP, async |known, member, current| {
            keep_member(world, &known.plan, world.region(), member, current).await
        });
        return answer(kept.await?);
    }
    let (step, input) = asked(payload)?;
    answer(run(world, &input, &step).await?)
}

/// What the step goes by, and the input of every step.
///
/// # Errors
/// `InvalidRequest` for a payload that is not understood.
pub fn asked(mut payload: Value) -> Result<(ReplaceReplica, Input), Error> {
    let retire = take(&mut payload, "retire")?.unwrap_or_default();
    let names: Names = take(&mut payload, "names")?.unwrap_or_default();
    names.check()?;
    if let Some(name) = &names.global_cluster {
        return Err(Error::InvalidRequest(format!(
            "names.global_cluster is {name:?}, and instances have no global cluster; leave it out"
        )));
    }
    Ok((ReplaceReplica { retire, names }, read(payload)?))
}

/// One pass.
///
/// # Errors
/// `NotReady` for what a human has to put right, `UnexpectedTopology` where RDS contradicts the ledgers, the guards' refusals.
pub async fn run(
    world: &(impl Ledger + Runtime + Makes + Parameters + Functions + People),
    input: &Input,
    step: &ReplaceReplica,
) -> Result<Output<Seen>, Error> {
    frame::run(step, world, input).await
}

impl<W: Ledger + Runtime + Makes + Parameters + Functions + People> Step<W> for ReplaceReplica {
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
                let asked = "RDS and the ledgers are looked at";
                rebuilding::refused(pass, asked, (Trouble::Silent, silent), Shown::AtRest)?;
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
