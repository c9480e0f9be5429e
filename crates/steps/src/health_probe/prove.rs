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
    policy::{APPROVAL_SECONDS_MAX, is_approved},
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
    /// No heart beats there: a human is asked whether it takes writes.
    Ask,
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
            Self::Ask => Acting::of("ask", Then::Later),
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
    /// How long a human has to say that the writer takes writes, where nothing else tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_seconds: Option<u64>,
    /// How the promoted writer stands there.
    #[serde(skip)]
    stands: Stands,
}

/// How a writer stands in which no heart beats, by what the ledgers and RDS show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stands {
    /// RDS does not show that it is promoted and serves.
    #[default]
    NotPromoted,
    /// RDS shows that.
    Promoted,
    /// It is the current writer of this epoch already, by an earlier word.
    Proven,
}

/// The step. It is done in the pass that commits: the acknowledged commit is what was to be observed, and a second look would
/// cost the outage another pass. Where no heart beats a human's word stands in its place.
pub struct ProveWriter {
    /// Whether a human has just said that the writer takes writes. It counts where nothing else tells.
    by_word: bool,
}

/// One pass.
///
/// # Errors
/// The guards' refusals; `NotReady` for a login that stays wrong, `UnexpectedTopology` for a later epoch, `Unavailable`.
pub async fn run<W: Ledger + Runtime + Topologies + Secrets + People + Heart>(
    world: &W,
    input: &Input,
) -> Result<Output<Observation<W::Session>>, Error> {
    frame::run(&ProveWriter { by_word: false }, world, input).await
}

/// One pass after a human said that the promoted writer takes writes.
///
/// # Errors
/// As [`run`].
pub async fn approved<W: Ledger + Runtime + Topologies + Secrets + People + Heart>(
    world: &W,
    input: &Input,
) -> Result<Output<Observation<W::Session>>, Error> {
    frame::run(&ProveWriter { by_word: true }, world, input).await
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
            approval_seconds: None,
            stands: Stands::default(),
        };
        let plan = pass.run.plan.clone();
        if !plan.has_heart() {
            return Ok(Observation {
                approval_seconds: Some(answer_seconds(&plan)),
                stands: stands(world, pass, epoch).await,
                ..observed(None, None, None)
            });
        }
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
        if !pass.run.plan.has_heart() {
            let is_forced = pass.run.forced;
            if is_forced && !self.by_word && observed.stands == Stands::Promoted {
                return Err(Error::NotReady(format!(
                    "nothing here shows that the promoted writer in {} takes writes; commit a row there, then say so by the operation prove_approved",
                    pass.run.to
                )));
            }
            return Ok(of_word(
                observed.stands,
                is_forced && self.by_word || self.is_said(pass),
            ));
        }
        let write = observed.seen.write.as_ref();
        // Not tried yet: the writer answers, so the epoch can be committed.
        write.map_or(Ok(Action::Conclude), |write| {
            next_action(write, waited_seconds(pass))
        })
    }

    fn reason(&self, pass: &Pass, observed: &Observation<W::Session>, action: &Action) -> String {
        let Observed { writer, epoch, .. } = &observed.seen;
        match action {
            Action::Ask => format!(
                "no heart beats in the database of the promoted writer in {writer}: a human {} whether it takes writes, and no name moves before",
                pass.says("is asked", "would be asked")
            ),
            Action::Conclude if !pass.run.plan.has_heart() => format!(
                "a human said that the writer in {writer} takes writes: epoch {epoch} {} in the ledgers alone",
                pass.says("stands", "would stand")
            ),
            Action::Conclude => format!(
                "the writer in {writer} {} epoch {epoch}",
                pass.says("committed", "would commit")
            ),
            Action::Wait if !pass.run.plan.has_heart() => {
                format!("RDS does not show that the writer in {writer} is promoted and serves")
            }
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
        action: &Action,
    ) -> Result<Came, Error> {
        if !pass.run.plan.has_heart() {
            if self.is_said(pass) && pass.run.approved_at.is_none() {
                pass.run.approve(pass.now, STEP_OF_WORD);
                world.put_run(world.region(), &pass.run).await?;
            }
            return by_word(world, pass, &observed.seen, *action).await;
        }
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

impl ProveWriter {
    /// Whether a human said that the writer takes writes, to the question behind the last pass that wanted it.
    fn is_said(&self, pass: &Pass) -> bool {
        self.by_word && is_answered(pass)
    }
}

/// What is done about a writer in which no heart beats: a human's word is its proof, once RDS shows that it is promoted.
const fn of_word(stands: Stands, is_said: bool) -> Action {
    match (stands, is_said) {
        (Stands::Proven, _) | (Stands::Promoted, true) => Action::Conclude,
        (Stands::Promoted, false) => Action::Ask,
        (Stands::NotPromoted, _) => Action::Wait,
    }
}

/// How the promoted writer stands, by the ledgers and by RDS in its own Region.
async fn stands(world: &impl Topologies, pass: &Pass, epoch: Epoch) -> Stands {
    let (run, rows) = (&pass.run, &pass.rows);
    let current = rows.current();
    if current.is_some_and(|current| current.writer == run.to && current.epoch == epoch) {
        Stands::Proven
    } else if carried_out::shows(world, &run.plan, rows, &run.to).await {
        Stands::Promoted
    } else {
        Stands::NotPromoted
    }
}

/// How long a human has to answer.
const fn answer_seconds(plan: &Plan) -> u64 {
    plan.unplanned.approval_minutes.saturating_mul(60)
}

/// Where the record of a run notes that somebody gave that word.
const STEP_OF_WORD: &str = "prove_approved";

/// Whether the question was asked behind the last pass that wanted it, and answered so lately that the answer is of now: the run's
/// record bears when it was first heard. What a run that was stopped is started again with is of another day.
fn is_answered(pass: &Pass) -> bool {
    let heard_at = pass.run.approved_at;
    let timeline = pass.run.timeline.iter().rev();
    let behind = timeline.take_while(|entry| entry.step != STEP);
    let asked = behind
        .filter(|entry| entry.action == "ask")
        .map(|entry| entry.at);
    let limit = answer_seconds(&pass.run.plan);
    #[expect(clippy::cast_precision_loss, reason = "minutes of a plan, in seconds")]
    let limit = limit as f64 + APPROVAL_SECONDS_MAX;
    let asked = asked.max();
    asked.is_some_and(|at| match heard_at {
        Some(heard_at) => is_approved(Some(heard_at), pass.now),
        None => seconds_between(at, pass.now) <= limit,
    })
}

/// Makes a writer the current one of which a human said that it takes writes. Its epoch stands in the ledgers alone.
async fn by_word(
    world: &(impl Ledger + Topologies),
    pass: &mut Pass,
    seen: &Observed,
    action: Action,
) -> Result<Came, Error> {
    if action != Action::Conclude {
        return Ok(Came::AsDecided);
    }
    let word = Beat {
        seq: 0,
        epoch: seen.epoch,
        at: pass.now,
    };
    note_proof(pass, seen, word, None);
    concluded(conclude(world, pass, seen.epoch).await, pass, seen)
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
