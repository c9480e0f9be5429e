//! The one frame of every pass: opens it, observes, decides, notes an action that calls out before it is made, acts, records,
//! logs, answers. A run's pass, a dry run and a pass that somebody forces are its three callers.

use serde::Serialize;

use crate::{
    Error,
    ledger::{Answer, Rows, Run},
    pass::{Input, Output, Pass, Progress, by_hand, wait_seconds},
    plan::Plan,
    ports::{Ledger, People, Runtime},
};

/// What a machine loops on: one function's job in a run. What a world `W` must offer, its implementation says.
pub trait Step<W: Sync>: Sync {
    /// Its name in timelines and logs.
    const NAME: &'static str;
    /// What a pass sees.
    type Observed: Serialize;
    /// What a pass does.
    type Action;

    /// What must hold of the ledgers, beyond the guards of every pass.
    ///
    /// # Errors
    /// The step's refusal.
    fn admit(&self, _pass: &Pass) -> Result<(), Error> {
        Ok(())
    }

    /// Whether RDS shows that the change of writer to this Region which the ledgers hold open is carried out, so that no other
    /// Region holds a pass by hand up by being silent. Only steps that come before the proof look.
    fn is_carried_out(&self, _world: &W, _plan: &Plan, _rows: &Rows) -> impl Future<Output = bool> {
        std::future::ready(false)
    }

    /// Looks. It changes nothing, whoever calls.
    fn observe(
        &self,
        world: &W,
        pass: &Pass,
    ) -> impl Future<Output = Result<Self::Observed, Error>>;

    /// Whether a look that nobody answers is taken again by the next pass, instead of ending this one.
    fn outlasts_silence(&self, _pass: &Pass) -> bool {
        false
    }

    /// Decides what the pass does, purely.
    ///
    /// # Errors
    /// Why nothing may be done.
    fn next_action(&self, pass: &Pass, seen: &Self::Observed) -> Result<Self::Action, Error>;

    /// What the frame has to know of an action.
    fn acting(action: &Self::Action) -> Acting;

    /// Says why; of a dry run, what would be done.
    fn reason(&self, pass: &Pass, seen: &Self::Observed, action: &Self::Action) -> String;

    /// Every reason behind a refusal of [`Step::next_action`], one sentence each, where there may be several.
    fn reasons(&self, _seen: &Self::Observed) -> Vec<String> {
        Vec::new()
    }

    /// What the run's record has to hold before the call is made, beside the call itself.
    fn mark(&self, _pass: &mut Pass, _seen: &Self::Observed, _action: &Self::Action) {}

    /// Does the one thing. No dry run comes here.
    fn act(
        &self,
        world: &W,
        pass: &mut Pass,
        seen: &mut Self::Observed,
        action: &Self::Action,
    ) -> impl Future<Output = Result<Came, Error>>;

    /// Seconds to the next look, where an action leaves them to grow.
    fn wait_seconds(&self, pass: &Pass) -> u64 {
        wait_seconds(pass.entered(Self::NAME), pass.now)
    }
}

/// What the frame has to know of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acting {
    /// Its name in timelines, logs and answers.
    pub name: &'static str,
    /// What follows it.
    pub then: Then,
    /// Whether it asks something outside the ledger for a change, so that a lost answer leaves it open whether that came about.
    pub calls_out: bool,
}

impl Acting {
    /// An action that asks nothing outside the ledger for a change.
    #[must_use]
    pub const fn of(name: &'static str, then: Then) -> Self {
        Self {
            name,
            then,
            calls_out: false,
        }
    }

    /// One that does.
    #[must_use]
    pub const fn calling_out(name: &'static str, then: Then) -> Self {
        Self {
            name,
            then,
            calls_out: true,
        }
    }
}

/// What follows an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Nothing: the wanted state was observed.
    Done,
    /// Another pass, in so many seconds.
    Again(u64),
    /// Another pass, in a time that grows.
    Later,
    /// The same, and nothing was done that the run's record should hold.
    Waits,
}

/// What came of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// It was done, for the reason that was decided on.
    AsDecided,
    /// It was done, and this is to be said of it.
    So(String),
    /// It was refused for now; the next pass looks again.
    NotNow(String),
    /// It was turned away because too much was asked: it was not made, and says nothing. The next pass makes it again.
    Throttled(String),
    /// No answer was seen: it may have been done. The next pass looks.
    Unknown(String),
    /// What was tried has not come about, and there is nothing to record; the next pass tries again after a time that grows.
    NotYet(String),
    /// It was not made, as whoever was asked said, and the pass fails with this error.
    NotMade(Error),
    /// It failed with this error, and whoever was asked may have done a part of it: the note stays open.
    Failed(Error),
}

/// Makes one pass of a step: a run's, a dry run, or a forced one. A dry run answers what the forced pass would do, or be refused
/// with.
///
/// # Errors
/// `InvalidRequest` for words that do not go together, `RunRefused` while a run holds the plan, the guards' refusals, and those of
/// the step. Of a dry run only `InvalidRequest`, `Unavailable` and `Denied`: then nobody can tell.
pub async fn run<W, S>(step: &S, world: &W, input: &Input) -> Result<Output<S::Observed>, Error>
where
    W: Ledger + Runtime + People,
    S: Step<W>,
{
    by_hand::is_consistent(input)?;
    if input.dry_run || (input.run_id.is_none() && input.force.is_none()) {
        return Box::pin(dry(step, world, input)).await;
    }
    let pass = async |input: &Input| {
        let pass = Pass::open(world, input).await?;
        Box::pin(make(step, world, pass)).await
    };
    if input.force.is_some() {
        let carried_out =
            async |plan: &Plan, rows: &Rows| step.is_carried_out(world, plan, rows).await;
        return Box::pin(by_hand::forced(world, S::NAME, input, carried_out, pass)).await;
    }
    Box::pin(pass(input)).await
}

async fn dry<W, S>(step: &S, world: &W, input: &Input) -> Result<Output<S::Observed>, Error>
where
    W: Ledger + Runtime,
    S: Step<W>,
{
    let looked = match opened(step, world, input).await {
        Ok(pass) => looked(step, world, &pass).await.map(|seen| (pass, seen)),
        Err(why) => Err(why),
    };
    let (pass, observed) = match looked {
        Ok(looked) => looked,
        Err(why) => return refused(input, S::NAME, why, (None, Vec::new())),
    };
    match step.next_action(&pass, &observed) {
        Ok(action) => {
            let reason = step.reason(&pass, &observed, &action);
            let Acting { name, then, .. } = S::acting(&action);
            let said = (name, then, reason);
            Ok(answer(step, &pass, Some(observed), said))
        }
        Err(why) => {
            let is_not_ready = matches!(why, Error::NotReady(_));
            let reasons = is_not_ready.then(|| step.reasons(&observed));
            let reasons = reasons.unwrap_or_default();
            refused(input, S::NAME, why, (Some(observed), reasons))
        }
    }
}

/// What a dry run stands on: the run's pass, or what a forced one would take.
async fn opened<W, S>(step: &S, world: &W, input: &Input) -> Result<Pass, Error>
where
    W: Ledger + Runtime,
    S: Step<W>,
{
    if input.run_id.is_some() {
        return Pass::open(world, input).await;
    }
    let carried_out = async |plan: &Plan, rows: &Rows| step.is_carried_out(world, plan, rows).await;
    by_hand::rehearse(world, S::NAME, input, carried_out).await
}

/// What a pass that is admitted sees.
async fn looked<W, S>(step: &S, world: &W, pass: &Pass) -> Result<S::Observed, Error>
where
    W: Ledger + Runtime,
    S: Step<W>,
{
    pass.run.plan.admits(S::NAME)?;
    step.admit(pass)?;
    // Boxed here and below: a step's future lies in those of its callers, and the functions' mains have no room for all of it.
    Box::pin(step.observe(world, pass)).await
}

/// What a dry run answers of a refusal.
fn refused<O>(
    input: &Input,
    step: &str,
    why: Error,
    (observed, reasons): (Option<O>, Vec<String>),
) -> Result<Output<O>, Error> {
    tracing::info!(plan = %input.plan, step, refusal = why.name(), %why, "dry run");
    Output::refused(why, observed, reasons)
}

/// Makes a pass that has been opened.
///
/// # Errors
/// Those of the step; `Unavailable` when the ledger does not take the record.
pub async fn make<W, S>(step: &S, world: &W, mut pass: Pass) -> Result<Output<S::Observed>, Error>
where
    W: Ledger + Runtime,
    S: Step<W>,
{
    pass.run.plan.admits(S::NAME)?;
    step.admit(&pass)?;
    let mut observed = match Box::pin(step.observe(world, &pass)).await {
        Err(Error::Unavailable(why)) if !pass.dry_run && step.outlasts_silence(&pass) => {
            return unseen(step, world, pass, &why).await;
        }
        observed => observed?,
    };
    let action = step.next_action(&pass, &observed)?;
    let mut reason = step.reason(&pass, &observed, &action);
    let Acting {
        mut name, mut then, ..
    } = S::acting(&action);
    if !pass.dry_run {
        match act(step, world, &mut pass, &mut observed, &action).await? {
            Came::AsDecided => {}
            Came::So(said) | Came::NotNow(said) | Came::Throttled(said) | Came::Unknown(said) => {
                reason = said
            }
            Came::NotYet(said) => (reason, name, then) = (said, "wait", Then::Waits),
            Came::NotMade(why) | Came::Failed(why) => return Err(why),
        }
        if then != Then::Waits {
            pass.record(world, S::NAME, name, &reason).await?;
        }
    }
    Ok(answer(step, &pass, Some(observed), (name, then, reason)))
}

/// What a pass answers that saw nothing: the next one looks again, and no quiet was seen.
async fn unseen<W, S>(
    step: &S,
    world: &W,
    mut pass: Pass,
    why: &str,
) -> Result<Output<S::Observed>, Error>
where
    W: Ledger + Runtime,
    S: Step<W>,
{
    let before = pass.run.looks.clone();
    pass.run.looks = before.unseen();
    if before != pass.run.looks {
        world.put_run(world.region(), &pass.run).await?;
    }
    let reason = format!("nothing was seen, and the next pass looks again: {why}");
    Ok(answer(step, &pass, None, ("wait", Then::Waits, reason)))
}

fn answer<W: Sync, S: Step<W>>(
    step: &S,
    pass: &Pass,
    observed: Option<S::Observed>,
    (action, then, reason): (&'static str, Then, String),
) -> Output<S::Observed> {
    let dry_run = pass.dry_run;
    tracing::info!(plan = %pass.run.name(), step = S::NAME, action, reason, dry_run, "pass");
    let (progress, wait_seconds) = match then {
        Then::Done => (Progress::Done, 0),
        Then::Again(seconds) => (Progress::Pending, seconds),
        Then::Later | Then::Waits => (Progress::Pending, step.wait_seconds(pass)),
    };
    Output {
        progress,
        wait_seconds,
        action,
        reason,
        dry_run,
        refusal: None,
        next: Vec::new(),
        observed,
    }
}

/// Acts. What calls out is noted before it is made, and what it was answered is noted behind it. Where no answer was seen the
/// note stays open.
async fn act<W, S>(
    step: &S,
    world: &W,
    pass: &mut Pass,
    observed: &mut S::Observed,
    action: &S::Action,
) -> Result<Came, Error>
where
    W: Ledger + Runtime,
    S: Step<W>,
{
    let acting = S::acting(action);
    if !acting.calls_out {
        return Box::pin(step.act(world, pass, observed, action)).await;
    }
    step.mark(pass, observed, action);
    pass.run.attempt(world.now(), S::NAME, acting.name);
    world.note_call(world.region(), &pass.run).await?;
    let came = Box::pin(step.act(world, pass, observed, action)).await;
    note_answer(world, pass, &came).await;
    came
}

/// Notes what a call was answered.
async fn note_answer(world: &(impl Ledger + Runtime), pass: &mut Pass, came: &Result<Came, Error>) {
    match came {
        Ok(Came::AsDecided | Came::So(_)) => pass.run.answered(Answer::Taken),
        Ok(Came::NotNow(why)) => pass.run.answered(Answer::Refused(why.clone())),
        Ok(Came::Throttled(_)) => pass.run.not_made(),
        Ok(Came::NotMade(_)) => {
            pass.run.not_made();
            keep_refusal(world, &pass.run).await;
        }
        Err(why) if why.is_answer() => {
            pass.run.answered(Answer::Refused(why.to_string()));
            keep_refusal(world, &pass.run).await;
        }
        Ok(Came::Unknown(_) | Came::NotYet(_) | Came::Failed(_)) | Err(_) => {}
    }
}

/// Nobody reads more out of it than that the call was refused: the refusal itself is what the pass answers.
async fn keep_refusal(world: &(impl Ledger + Runtime), run: &Run) {
    if let Err(silent) = world.put_run(world.region(), run).await {
        tracing::warn!(run_id = %run.run_id, %silent, "a refusal was not recorded");
    }
}

#[cfg(test)]
mod tests;
