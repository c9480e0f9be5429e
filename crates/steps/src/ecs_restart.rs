//! Restarts the plan's services, so that no pool keeps the old writer's address. One service a pass is restarted; then each is
//! followed. Rerunning it is safe: the run's record holds what each was given. A service that cannot be restarted does not hide the
//! others.

pub mod conclude;

use jiff::Timestamp;
use serde_json::Value;

use crate::services::{self, Seen, State};
use failover::{
    Error,
    ledger::Restart,
    pass::{
        Input, Output, Pass, answer,
        frame::{self, Acting, Came, Step, Then},
        read, take,
    },
    ports::{Ledger, People, Runtime, Services},
};

/// The step's name in timelines and logs.
pub const STEP: &str = "ecs_restart";

/// What a pass does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Every service is restarted.
    Done,
    /// Deployments are rolling out.
    Wait,
    /// Gives the service at this place of the list a new deployment.
    Restart(usize),
}

/// One invocation: what every step takes, and `conclude` at the end of a failback.
///
/// # Errors
/// As [`run`] and [`conclude::run`]; `InvalidRequest` for a payload that is not understood.
pub async fn handle(
    world: &(impl Ledger + Runtime + Services + People),
    payload: Value,
) -> Result<Value, Error> {
    let (concludes, input) = asked(payload)?;
    if concludes {
        answer(conclude::run(world, &input).await?)
    } else {
        answer(run(world, &input).await?)
    }
}

/// Whether it concludes, and the input of every step.
pub fn asked(mut payload: Value) -> Result<(bool, Input), Error> {
    let concludes = take(&mut payload, "conclude")?;
    Ok((concludes.unwrap_or(false), read(payload)?))
}

impl Action {
    const fn acting(&self) -> Acting {
        match self {
            Self::Done => Acting::of("none", Then::Done),
            Self::Wait => Acting::of("wait", Then::Waits),
            Self::Restart(_) => Acting::calling_out("restart", Then::Again(0)),
        }
    }
}

/// The step.
#[derive(Debug)]
pub struct EcsRestart;

/// One pass.
///
/// # Errors
/// The guards' refusals; `NotReady` at the end, naming every service that could not be restarted.
pub async fn run(
    world: &(impl Ledger + Runtime + Services + People),
    input: &Input,
) -> Result<Output<Vec<Seen>>, Error> {
    frame::run(&EcsRestart, world, input).await
}

impl<W: Ledger + Runtime + Services + People> Step<W> for EcsRestart {
    const NAME: &'static str = STEP;
    type Observed = Vec<Seen>;
    type Action = Action;

    fn acting(action: &Action) -> Acting {
        action.acting()
    }

    fn admit(&self, pass: &Pass) -> Result<(), Error> {
        pass.require_proven()
    }

    async fn observe(&self, world: &W, pass: &Pass) -> Result<Vec<Seen>, Error> {
        Ok(services::observe(world, pass).await)
    }

    fn next_action(&self, pass: &Pass, seen: &Vec<Seen>) -> Result<Action, Error> {
        next_action(seen, pass.entered(STEP), pass.now)
    }

    fn reason(&self, pass: &Pass, seen: &Vec<Seen>, action: &Action) -> String {
        reason(action, seen, pass)
    }

    fn mark(&self, pass: &mut Pass, seen: &Vec<Seen>, action: &Action) {
        if let Action::Restart(index) = action
            && let Some(service) = seen.get(*index)
            && let Some(mark) = service.mark(pass.now)
        {
            pass.run.restarts.insert(service.key(), mark);
        }
    }

    async fn act(
        &self,
        world: &W,
        pass: &mut Pass,
        seen: &mut Vec<Seen>,
        action: &Action,
    ) -> Result<Came, Error> {
        if let Action::Restart(index) = action
            && let Some(service) = seen.get(*index)
        {
            return Ok(restart(world, pass, service).await);
        }
        Ok(Came::AsDecided)
    }
}

/// Asks for the restart of a service, and keeps in the run's record what came of it.
async fn restart(world: &(impl Runtime + Services), pass: &mut Pass, service: &Seen) -> Came {
    let (key, restart) = (service.key(), service.restart(world).await);
    let came = match &restart {
        Restart::Deployment { .. } => Came::AsDecided,
        Restart::Postponed { .. } => {
            Came::Unknown(format!("{key} is tried again after the others"))
        }
        Restart::Refused { why } => Came::NotNow(format!("{key} is not restarted: {why}")),
    };
    pass.run.restarts.insert(key, restart);
    came
}

/// Decides what one pass does.
///
/// # Errors
/// `NotReady` when nothing is left to do or to wait for and a service has failed.
pub fn next_action(seen: &[Seen], entered: Timestamp, now: Timestamp) -> Result<Action, Error> {
    let states: Vec<_> = seen.iter().map(|seen| seen.state(entered, now)).collect();
    if let Some(index) = states.iter().position(|state| *state == State::Untouched) {
        return Ok(Action::Restart(index));
    }
    if states.iter().any(is_under_way) {
        return Ok(Action::Wait);
    }
    let failed = seen.iter().zip(&states).filter_map(failure);
    let failed: Vec<_> = failed.collect();
    if failed.is_empty() {
        return Ok(Action::Done);
    }
    Err(Error::NotReady(format!(
        "{} of {} services could not be restarted: {}",
        failed.len(),
        seen.len(),
        failed.join("; ")
    )))
}

fn is_under_way(state: &State) -> bool {
    [State::RollingOut, State::Resting].contains(state)
}

fn failure((seen, state): (&Seen, &State)) -> Option<String> {
    match state {
        State::Failed(why) => Some(format!("{}: {why}", seen.key())),
        State::Untouched | State::Resting | State::RollingOut | State::Completed => None,
    }
}

fn reason(action: &Action, seen: &[Seen], pass: &Pass) -> String {
    match action {
        Action::Done => format!("{} services are restarted{}", seen.len(), but_not_in(pass)),
        Action::Wait => {
            let states = seen
                .iter()
                .map(|seen| seen.state(pass.entered(STEP), pass.now));
            let rolling = states.filter(is_under_way).count();
            format!("{rolling} of {} services are rolling out", seen.len())
        }
        Action::Restart(index) => {
            let service = seen.get(*index).map(Seen::key).unwrap_or_default();
            let given = pass.says("is given", "would be given");
            format!("{service} {given} a new deployment")
        }
    }
}

/// Where services were left out.
fn but_not_in(pass: &Pass) -> String {
    let left_out = services::left_out(pass);
    let regions: Vec<_> = left_out.iter().map(ToString::to_string).collect();
    match regions.is_empty() {
        true => String::new(),
        false => format!("; not in {}", regions.join(", ")),
    }
}

#[cfg(test)]
mod tests;
