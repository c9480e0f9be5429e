//! Proves the promoted writer: commits the new epoch and a beat on it, then makes it the current writer in the ledgers.
//! Repeated, it commits the same epoch again, and the ledgers stay as they are.

mod conclude;
mod measured_loss;

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::{endpoints, sessions};
use crate::{came_back, carried_out};
use failover::{
    Error,
    beat::{Beat, Beats, Loss, Write},
    domain::{Epoch, Region, seconds_between},
    evidence::Verdict,
    ledger::{Proof, Rows},
    pass::{
        Input, Output, Pass, calls,
        frame::{self, Acting, Came, Step, Then},
    },
    plan::Plan,
    ports::{Heart, Ledger, People, Runtime, Secrets},
    topologies::Topologies,
};

pub use conclude::conclude;

use measured_loss::measured_loss;

/// The step's name in timelines and logs.
pub const STEP: &str = failover::pass::by_hand::PROVE;

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The promoted Region.
    pub writer: Region,
    /// The epoch to open.
    pub epoch: Epoch,
    /// What came of committing it.
    pub write: Option<Write>,
    /// What the promotion lost; `None` when that is unknown.
    pub loss: Option<Loss>,
}

/// What a pass does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The epoch is proven: make it current.
    Conclude,
    /// The writer does not take writes yet.
    Wait,
}

/// How long a writer that refuses the login is waited for, in seconds.
const LOGIN_SECONDS_MAX: f64 = 600.0;

/// Decides what the attempt to commit the epoch leads to.
///
/// # Errors
/// `NotReady` for a login or schema that stays wrong, `UnexpectedTopology` when the database holds a later epoch.
pub fn next_action(write: &Write, waited_seconds: f64) -> Result<Action, Error> {
    match write {
        Write::Committed { .. } => Ok(Action::Conclude),
        Write::Failed { .. }
        | Write::Saturated { .. }
        | Write::Starting { .. }
        | Write::Exhausted { .. }
        | Write::Answered { .. }
        | Write::Unattempted { .. }
        | Write::Stopped { .. }
        | Write::ReadOnly => Ok(Action::Wait),
        // A secret that rotates, or a sign-in by IAM while the instance restarts, heals by itself; nothing else is served by an
        // end here, behind the point of no return.
        Write::Misconfigured { .. } if waited_seconds < LOGIN_SECONDS_MAX => Ok(Action::Wait),
        Write::Misconfigured { why } => Err(Error::NotReady(format!(
            "the promoted writer cannot be proven: {why}, for {waited_seconds:.0} s now; correct the login that it refuses, then start the run again"
        ))),
        Write::OtherEpoch { epoch } => Err(Error::UnexpectedTopology(format!(
            "the promoted writer's database already holds epoch {epoch}: another run has moved on"
        ))),
    }
}

impl Action {
    const fn acting(&self) -> Acting {
        match self {
            Self::Conclude => Acting::calling_out("prove", Then::Done),
            Self::Wait => Acting::of("wait", Then::Waits),
        }
    }
}

/// What the pass saw, and the session by which it did.
#[derive(Serialize)]
pub struct Observation<S> {
    #[serde(flatten)]
    seen: Observed,
    /// The beats that the promoted writer holds, where the run has not kept them yet.
    #[serde(skip)]
    held: Option<Beats>,
    #[serde(skip)]
    session: Option<S>,
}

/// The step. It is done in the pass that commits: the acknowledged commit is what was to be observed, and a second look would
/// cost the outage another pass.
pub struct ProveWriter;

/// One pass.
///
/// # Errors
/// The guards' refusals; `NotReady` for a login that stays wrong, `UnexpectedTopology` for a later epoch, `Unavailable`.
pub async fn run<W: Ledger + Runtime + Topologies + Secrets + People + Heart>(
    world: &W,
    input: &Input,
) -> Result<Output<Observation<W::Session>>, Error> {
    frame::run(&ProveWriter, world, input).await
}

impl<W: Ledger + Runtime + Topologies + Secrets + People + Heart> Step<W> for ProveWriter {
    const NAME: &'static str = STEP;
    type Observed = Observation<W::Session>;
    type Action = Action;

    fn acting(action: &Action) -> Acting {
        action.acting()
    }

    async fn is_carried_out(&self, world: &W, plan: &Plan, rows: &Rows) -> bool {
        carried_out::shows(world, plan, rows, world.region()).await
    }

    async fn observe(&self, world: &W, pass: &Pass) -> Result<Observation<W::Session>, Error> {
        let epoch = epoch(pass)?;
        let observed = |write, held, session| Observation {
            seen: Observed {
                writer: pass.run.to.clone(),
                epoch,
                write,
                loss: None,
            },
            held,
            session,
        };
        let plan = pass.run.plan.clone();
        let limit = Duration::from_secs(plan.detection.timeout_seconds);
        let known = endpoints::only(world, plan, &pass.run.to).await?;
        let session = match sessions::open(world, &known, &pass.run.to, limit).await {
            Ok(session) => session,
            Err(why) => return Ok(observed(Some(why), None, None)),
        };
        if pass.run.held.is_some() {
            return Ok(observed(None, None, Some(session)));
        }
        Ok(match world.read(&session, &pass.run.to).await {
            Ok(reading) => observed(None, Some(reading.beats), Some(session)),
            Err(why) => observed(Some(why), None, None),
        })
    }

    fn next_action(&self, pass: &Pass, observed: &Self::Observed) -> Result<Action, Error> {
        let write = observed.seen.write.as_ref();
        // Not tried yet: the writer answers, so the epoch can be committed.
        write.map_or(Ok(Action::Conclude), |write| {
            next_action(write, waited_seconds(pass))
        })
    }

    fn reason(&self, pass: &Pass, observed: &Observation<W::Session>, action: &Action) -> String {
        let Observed { writer, epoch, .. } = &observed.seen;
        match action {
            Action::Conclude => format!(
                "the writer in {writer} {} epoch {epoch}",
                pass.says("committed", "would commit")
            ),
            Action::Wait => not_yet(&observed.seen),
        }
    }

    /// Kept before the first beat of our own would cover it.
    fn mark(&self, pass: &mut Pass, observed: &Observation<W::Session>, _: &Action) {
        if pass.run.held.is_none() {
            pass.run.held.clone_from(&observed.held);
        }
    }

    async fn act(
        &self,
        world: &W,
        pass: &mut Pass,
        observed: &mut Observation<W::Session>,
        _: &Action,
    ) -> Result<Came, Error> {
        let Some(session) = &observed.session else {
            return Ok(Came::AsDecided);
        };
        let seen = &mut observed.seen;
        seen.loss = measured_loss(world, pass, seen.epoch).await?;
        let (to, run_id) = (&pass.run.to, &pass.run.run_id);
        let write = world.open_epoch(session, to, seen.epoch, run_id).await;
        seen.write = Some(write.clone());
        next_action(&write, waited_seconds(pass))?;
        let Write::Committed { beat } = write else {
            return Ok(Came::NotYet(not_yet(seen)));
        };
        let came_back_until = came_back_until(world, pass, seen.epoch).await;
        note_proof(pass, seen, beat, came_back_until);
        concluded(conclude(world, pass, seen.epoch).await, pass, seen)
    }
}

/// When the old writer was seen to write after it was left. A Region that was lost is not asked before names are led away from it.
async fn came_back_until(world: &impl Ledger, pass: &Pass, epoch: Epoch) -> Option<Timestamp> {
    let confirmed = pass.run.confirmed.as_ref();
    let confirmed = confirmed.filter(|confirmed| confirmed.verdict != Verdict::RegionDown);
    confirmed?;
    came_back::ask(world, &pass.run, epoch).await.until
}

/// Keeps the proof in the run's record. An earlier one of the same epoch stays: it is nearer to the outage.
fn note_proof(pass: &mut Pass, seen: &Observed, beat: Beat, came_back_until: Option<Timestamp>) {
    let earlier = pass.run.proof.take().filter(|own| own.epoch == seen.epoch);
    let proof = || Proof {
        epoch: seen.epoch,
        beat,
        loss: seen.loss.clone().filter(|_| came_back_until.is_none()),
        came_back_until,
    };
    pass.run.proof = Some(earlier.unwrap_or_else(proof));
}

/// What the pass comes to where the writer has committed: until the ledger can be told what RDS shows of it, passes go on.
fn concluded(told: Result<(), Error>, pass: &Pass, seen: &Observed) -> Result<Came, Error> {
    match told {
        Err(Error::Unavailable(why)) if calls::outlasts_silence(&pass.run, pass.now) => {
            Ok(Came::NotYet(format!(
                "the writer in {} committed epoch {}, and the ledger cannot be told yet: {why}",
                seen.writer, seen.epoch
            )))
        }
        told => told.map(|()| Came::AsDecided),
    }
}

fn waited_seconds(pass: &Pass) -> f64 {
    seconds_between(pass.entered(STEP), pass.now)
}

fn not_yet(seen: &Observed) -> String {
    let write = seen.write.as_ref().map(ToString::to_string);
    format!(
        "the writer in {} does not take writes yet: {}",
        seen.writer,
        write.as_deref().unwrap_or("nothing was tried")
    )
}

/// The epoch this run is to prove: that of its intent, or the one it proved before.
///
/// # Errors
/// `UnexpectedTopology` when no ledger holds an intent to promote the target.
pub fn epoch(pass: &Pass) -> Result<Epoch, Error> {
    let run = &pass.run;
    if let Some(intent) = pass.rows.intent().filter(|intent| intent.to == run.to) {
        return Ok(intent.epoch);
    }
    let current = pass
        .rows
        .current()
        .filter(|current| current.writer == run.to);
    current.map(|current| current.epoch).ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "no ledger holds an intent to promote {}; nothing is there to be proven",
            run.to
        ))
    })
}

#[cfg(test)]
mod tests;
