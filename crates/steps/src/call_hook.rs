//! Calls the function of its own that a plan names before or after a phase of its runs, in the Region that acts. Rerunning it is safe:
//! the run's record holds which of them have answered, and who is called again is told the same key.

use std::time::Duration;

use failover::{
    Error,
    domain::{Epoch, PlanName, Region, RunId},
    ledger::{Answer, Run, RunKind},
    pass::{
        Input, Output, Pass, answer,
        frame::{self, Acting, Came, Step, Then},
        read, take,
    },
    plan::{Hook, Phase},
    ports::{Functions, Hooked, Ledger, People, Runtime},
};
use serde::Serialize;
use serde_json::Value;

/// The step's name in timelines and logs.
pub const STEP: &str = "call_hook";

/// How much later the call itself would be given up: that the time is over is said here.
const LATER: Duration = Duration::from_secs(1);
/// How often a run calls a function that does not answer in time, before it gives it up.
const SLOW_CALLS: u32 = 3;
/// The same before a promotion: a run that waits for too long is taken for dead.
const SLOW_CALLS_BEFORE_A_PROMOTION: u32 = 2;
/// How often it calls one that fails, where names or services wait for it.
const FAILED_CALLS: u32 = 2;

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// Before or after what.
    pub phase: Phase,
    /// The function that the plan names there.
    pub function: Option<String>,
    /// The run that brought the writer here, or is about to: its key begins with it.
    pub of_run: RunId,
    /// Whether the function has answered that run.
    pub has_answered: bool,
    /// The run that has begun what this phase comes before: it is past that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begun_by: Option<RunId>,
    /// The record of the run whose phase it is, where that is another one and its record is there.
    #[serde(skip)]
    before: Option<Box<Run>>,
}

/// What a pass does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// There is none, it has answered, or what it comes before has begun.
    Done,
    /// Calls it.
    Call(Phase, Hook),
}

/// What the plan's function is given.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Payload<'a> {
    plan: &'a PlanName,
    run_id: &'a RunId,
    kind: RunKind,
    phase: Phase,
    from_region: &'a Region,
    target_region: &'a Region,
    epoch: Epoch,
    key: String,
    dry_run: bool,
}

impl Action {
    const fn acting(&self) -> Acting {
        match self {
            Self::Done => Acting::of("none", Then::Done),
            Self::Call(phase, _) => Acting::calling_out(phase.name(), Then::Done),
        }
    }
}

/// The step, for one phase.
#[derive(Debug)]
pub struct CallHook {
    phase: Phase,
}

/// One invocation: what every step takes, and the phase.
///
/// # Errors
/// As [`run`]; `InvalidRequest` for a payload that is not understood.
pub async fn handle(
    world: &(impl Ledger + Runtime + Functions + People),
    payload: Value,
) -> Result<Value, Error> {
    let (phase, input) = asked(payload)?;
    answer(run(world, phase, &input).await?)
}

/// The phase, and the input of every step.
pub fn asked(mut payload: Value) -> Result<(Phase, Input), Error> {
    let phase = take(&mut payload, "phase")?.ok_or_else(|| {
        let names = Phase::ALL.map(Phase::name).join(", ");
        Error::InvalidRequest(format!("phase is missing; add one of {names}"))
    })?;
    Ok((phase, read(payload)?))
}

/// One pass.
///
/// # Errors
/// The guards' refusals; `Unavailable` where it is to be called again; `NotReady` where the function failed, is not there, or was slow
/// too often; `Denied`.
pub async fn run(
    world: &(impl Ledger + Runtime + Functions + People),
    phase: Phase,
    input: &Input,
) -> Result<Output<Observed>, Error> {
    frame::run(&CallHook { phase }, world, input).await
}

impl<W: Ledger + Runtime + Functions + People> Step<W> for CallHook {
    const NAME: &'static str = STEP;
    type Observed = Observed;
    type Action = Action;

    fn acting(action: &Action) -> Acting {
        action.acting()
    }

    /// What comes behind the promotion waits for the proof. Before one only a run calls: nobody's pass of one step promotes after it.
    fn admit(&self, pass: &Pass) -> Result<(), Error> {
        match self.phase {
            Phase::BeforePromote if pass.run.forced => Err(Error::RunRefused(format!(
                "only a run calls the hook {}, and promotes after it; invoke the function itself where you promote by hand",
                self.phase.name()
            ))),
            Phase::BeforePromote => Ok(()),
            Phase::AfterPromote
            | Phase::BeforeNames
            | Phase::AfterNames
            | Phase::BeforeServices
            | Phase::AfterServices => pass.require_proven(),
        }
    }

    /// A run that goes on for another one goes by that one's record, too.
    async fn observe(&self, world: &W, pass: &Pass) -> Result<Observed, Error> {
        let (phase, run) = (self.phase, &pass.run);
        let function = run.plan.hooks.of(phase).map(|hook| hook.function.clone());
        let of_run = of_run(phase, pass);
        let mut before = None;
        if function.is_some() && of_run != run.run_id {
            before = world.run(world.region(), run.name(), &of_run).await?;
        }
        let has_answered = [Some(run), before.as_ref()]
            .into_iter()
            .flatten()
            .any(|run| has_answered(run, phase));
        Ok(Observed {
            phase,
            function,
            of_run,
            has_answered,
            begun_by: begun_by(phase, pass),
            before: before.map(Box::new),
        })
    }

    fn next_action(&self, pass: &Pass, seen: &Observed) -> Result<Action, Error> {
        Ok(next_action(pass.run.plan.hooks.of(self.phase), seen))
    }

    fn reason(&self, pass: &Pass, seen: &Observed, action: &Action) -> String {
        let phase = self.phase.name();
        match (action, &seen.function) {
            (Action::Call(_, hook), _) => {
                let called = pass.says("is called", "would be called by a run");
                format!("{} {called} ({phase})", hook.function)
            }
            (Action::Done, Some(function)) => match &seen.begun_by {
                Some(by) if !seen.has_answered => {
                    format!("{function} is not called ({phase}): run {by} has begun the promotion")
                }
                Some(_) | None => format!("{function} has answered run {} ({phase})", seen.of_run),
            },
            (Action::Done, None) => format!("the plan names no function for {phase}"),
        }
    }

    async fn act(
        &self,
        world: &W,
        pass: &mut Pass,
        seen: &mut Observed,
        action: &Action,
    ) -> Result<Came, Error> {
        match action {
            Action::Done => Ok(Came::AsDecided),
            Action::Call(phase, hook) => {
                let came = called(world, pass, (*phase, hook), seen).await?;
                if matches!(came, Came::So(_)) && seen.of_run != pass.run.run_id {
                    note_there(world, pass, *phase, &seen.of_run).await;
                }
                Ok(came)
            }
        }
    }
}

/// Calls the function, for as long as the plan gives it.
async fn called(
    world: &(impl Runtime + Functions),
    pass: &Pass,
    (phase, hook): (Phase, &Hook),
    seen: &Observed,
) -> Result<Came, Error> {
    let payload = payload(pass, phase, seen)?;
    let (function, seconds) = (&hook.function, hook.timeout_seconds);
    let limit = Duration::from_secs(seconds);
    let to = &pass.run.to;
    let named = format!("the hook {} ({function} in {to})", phase.name());
    let call = world.call_hook(function, &payload, limit + LATER);
    let calls = calls(&pass.run, phase);
    match world.within(limit, call).await {
        Some(Ok(Hooked::Answered)) => {
            Ok(Came::So(format!("{function} answered ({})", phase.name())))
        }
        Some(Ok(Hooked::NotTaken(why))) => Ok(Came::NotMade(Error::Unavailable(format!(
            "{named} was not called, and is called again: {why}"
        )))),
        Some(Ok(Hooked::Failed(why)) | Err(Error::NotReady(why)))
            if !pass.run.forced && is_called_again(phase, calls) =>
        {
            Err(Error::Unavailable(format!(
                "{named} failed and is called once more: {why}"
            )))
        }
        Some(Ok(Hooked::Failed(why)) | Err(Error::NotReady(why))) => Ok(Came::Failed(
            Error::NotReady(format!("{named} failed: {why}")),
        )),
        Some(Ok(Hooked::OutOfTime(why))) => slow(
            format!("{named} ran out of its own time ({why})"),
            phase,
            calls,
        ),
        Some(Err(why)) => Err(why.reworded(format!("{named} failed: {why}"))),
        None => slow(
            format!("{named} did not answer within {seconds} s"),
            phase,
            calls,
        ),
    }
}

/// What is slow is called again with the same key, a few times: it may have done its work.
fn slow(what: String, phase: Phase, calls: u32) -> Result<Came, Error> {
    let most = match phase {
        Phase::BeforePromote => SLOW_CALLS_BEFORE_A_PROMOTION,
        Phase::AfterPromote
        | Phase::BeforeNames
        | Phase::AfterNames
        | Phase::BeforeServices
        | Phase::AfterServices => SLOW_CALLS,
    };
    if calls < most {
        return Err(Error::Unavailable(format!("{what} and is called again")));
    }
    let why = format!("{what}, in {calls} calls");
    Ok(Came::Failed(Error::NotReady(why)))
}

/// What the function is given: the change of writer is that of the run whose phase it is, whoever goes on with it or calls by hand.
fn payload(pass: &Pass, phase: Phase, seen: &Observed) -> Result<Value, Error> {
    let run = &pass.run;
    let of = seen.before.as_deref().unwrap_or(run);
    answer(Payload {
        plan: run.name(),
        run_id: &run.run_id,
        kind: of.kind,
        phase,
        from_region: &of.from,
        target_region: &of.to,
        epoch: pass.rows.proven_epoch(),
        key: format!("{}/{}", seen.of_run, phase.name()),
        dry_run: false,
    })
}

/// Notes in the record of the run whose phase it was that the function has answered, for whoever goes on with that later. Without the
/// note it is called once more, with the same key.
async fn note_there(world: &(impl Ledger + Runtime), pass: &Pass, phase: Phase, of_run: &RunId) {
    let (here, plan) = (world.region(), pass.run.name());
    let noted = async {
        if let Some(mut before) = world.run(here, plan, of_run).await? {
            before.attempt(world.now(), STEP, phase.name());
            before.answered(Answer::Taken);
            world.put_run(here, &before).await?;
        }
        Ok::<(), Error>(())
    };
    if let Err(why) = noted.await {
        tracing::warn!(run_id = %of_run, %why, "the answer of a hook is not noted there");
    }
}

/// Decides what one pass does.
fn next_action(hook: Option<&Hook>, seen: &Observed) -> Action {
    match hook {
        Some(hook) if !seen.has_answered && seen.begun_by.is_none() => {
            Action::Call(seen.phase, hook.clone())
        }
        Some(_) | None => Action::Done,
    }
}

/// The run whose phase it is: behind the proof that which proved the writer, whichever goes on for it.
fn of_run(phase: Phase, pass: &Pass) -> RunId {
    let own = || pass.run.run_id.clone();
    if phase == Phase::BeforePromote {
        return own();
    }
    let current = pass.rows.current();
    current.map_or_else(own, |current| current.run_id.clone())
}

/// The run that has begun the promotion to the same Region, or stopped the writer for it, where the phase comes before that. A function
/// that failed now would leave it begun, and nobody would go on with it.
fn begun_by(phase: Phase, pass: &Pass) -> Option<RunId> {
    if phase != Phase::BeforePromote {
        return None;
    }
    let to = &pass.run.to;
    let intent = pass.rows.intent().filter(|intent| intent.to == *to);
    let stops = pass.rows.0.values().filter_map(|row| row.stop.as_ref());
    let mut stops = stops.filter(|stop| stop.to == *to && stop.epoch > pass.rows.proven_epoch());
    let stopped_by = stops.next().map(|stop| &stop.run_id);
    intent.map(|intent| &intent.run_id).or(stopped_by).cloned()
}

/// How often the function of a phase was called in a run, the call that is being made included.
fn calls(run: &Run, phase: Phase) -> u32 {
    let attempts = run.attempts.iter();
    let of_it = attempts.filter(|one| one.step == STEP && one.action == phase.name());
    of_it.map(|one| one.times).sum()
}

/// Whether one that failed is called once more at once: applications wait for what it keeps from happening.
fn is_called_again(phase: Phase, calls: u32) -> bool {
    let is_waited_for = match phase {
        Phase::BeforeNames | Phase::BeforeServices => true,
        Phase::BeforePromote | Phase::AfterPromote | Phase::AfterNames | Phase::AfterServices => {
            false
        }
    };
    is_waited_for && calls < FAILED_CALLS
}

/// Whether the function of a phase has answered a run.
fn has_answered(run: &Run, phase: Phase) -> bool {
    run.attempts.iter().any(|attempt| {
        attempt.step == STEP
            && attempt.action == phase.name()
            && attempt.answer == Some(Answer::Taken)
    })
}

#[cfg(test)]
mod tests;
