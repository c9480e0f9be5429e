//! Gives applications their way in on the proven writer, where a stop took it: locks travel to the replica like any row. Behind the
//! proof and before any name moves, in every machine of this topology: a stop may have replicated before its Region was lost.

use failover::{
    Error,
    ledger::{Attempt, KeptPlan},
    pass::{
        Input, Output, Pass, by_hand,
        frame::{self, Acting, Came, Step, Then},
    },
    ports::{Ledger, Mark, People, Runtime},
};
use serde::Serialize;
use steps::fence_writer::{FENCING, OBSERVING, in_time};

use crate::{members::Stops, stop_writes::there::given_back};

/// The step's name in timelines and logs.
pub const STEP: &str = "open_writer";

/// How often it is tried to open the writer.
const OPEN_MAX: u32 = 5;

/// What the pass saw.
#[derive(Debug, Serialize)]
pub struct Observed {
    /// The mark that came along, where it stands.
    pub mark: Option<Mark>,
    #[serde(skip)]
    known: KeptPlan,
}

/// What a pass does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// No stop came along, or it is given back.
    Done,
    /// Give back.
    Open,
}

impl Action {
    const fn acting(&self) -> Acting {
        match self {
            Self::Done => Acting::of("none", Then::Done),
            // Whether the mark is gone is looked at in the same pass.
            Self::Open => Acting::calling_out("open", Then::Done),
        }
    }
}

/// The step.
#[derive(Debug)]
pub struct OpenWriter;

/// One pass.
///
/// # Errors
/// The guards' refusals; `UnexpectedTopology` for a database that bears another epoch, `NotReady` where no login came back,
/// `Unavailable`.
pub async fn run(
    world: &(impl Ledger + Runtime + People + Stops),
    input: &Input,
) -> Result<Output<Observed>, Error> {
    frame::run(&OpenWriter, world, input).await
}

impl<W: Ledger + Runtime + People + Stops> Step<W> for OpenWriter {
    const NAME: &'static str = STEP;
    type Observed = Observed;
    type Action = Action;

    fn admit(&self, pass: &Pass) -> Result<(), Error> {
        pass.require_proven()
    }

    fn acting(action: &Action) -> Acting {
        action.acting()
    }

    async fn observe(&self, world: &W, pass: &Pass) -> Result<Observed, Error> {
        let known = by_hand::known(world, &Input::of(pass.run.name().clone())).await?;
        // Nothing can have stopped a writer to which nothing logs in.
        if !known.plan.has_heart() {
            return Ok(Observed { mark: None, known });
        }
        let what = format!("looking for a mark in {}", world.region());
        let mark = in_time(world, OBSERVING, &what, world.mark(&known)).await?;
        Ok(Observed { mark, known })
    }

    /// Names wait for it, and writes are out.
    fn outlasts_silence(&self, _: &Pass) -> bool {
        true
    }

    fn next_action(&self, pass: &Pass, seen: &Observed) -> Result<Action, Error> {
        let own = |attempt: &&Attempt| attempt.step == STEP;
        let tried: u32 = pass
            .run
            .attempts
            .iter()
            .filter(own)
            .map(|own| own.times)
            .sum();
        match &seen.mark {
            None => Ok(Action::Done),
            Some(_) if tried < OPEN_MAX => Ok(Action::Open),
            Some(mark) => Err(Error::NotReady(format!(
                "the proven writer in {} bears the mark {} after {tried} tries to open it, so that no application can log in; give the roles \
                 their logins by hand, then start the run again. The last pass said why",
                pass.run.to, mark.token
            ))),
        }
    }

    fn reason(&self, pass: &Pass, seen: &Observed, _: &Action) -> String {
        match &seen.mark {
            Some(mark) => format!(
                "the stop {} came along: its logins {} given back",
                mark.token,
                pass.says("are", "would be")
            ),
            None => "applications may log in: no stop stands in the database".to_owned(),
        }
    }

    /// Only under the epoch that this run, or the one that it continues, has proven here.
    async fn act(
        &self,
        world: &W,
        pass: &mut Pass,
        seen: &mut Observed,
        _: &Action,
    ) -> Result<Came, Error> {
        let Some(mark) = &seen.mark else {
            return Ok(Came::AsDecided);
        };
        let epoch = pass.rows.proven_epoch();
        let what = format!("opening the writer in {}", world.region());
        let open = world.open(&seen.known, epoch, &mark.token);
        match in_time(world, FENCING, &what, open).await? {
            None => Err(Error::UnexpectedTopology(format!(
                "the database of the proven writer in {} does not bear epoch {epoch} and the mark {} any more: another run has moved on",
                world.region(),
                mark.token
            ))),
            Some(given) => {
                let said = given_back(given);
                let what = format!("looking for a mark in {}", world.region());
                let left = in_time(world, OBSERVING, &what, world.mark(&seen.known)).await?;
                Ok(match left {
                    None => Came::So(said),
                    Some(_) => Came::NotYet(format!("nobody can log in yet: {said}")),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests;
