//! Restarts the plan's services, so that no pool keeps the old writer's address. One service a pass is given a new
//! deployment; then each is followed by that deployment's id. A service that cannot be restarted does not hide the others.

pub mod conclude;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use failover::{
    Error,
    domain::{Region, seconds_between},
    ledger::Restart,
    pass::{
        Input, Output, Pass, answer,
        frame::{self, Act, Came, Step, Then},
        read, take,
    },
    plan::EcsService,
    ports::{Here, Ledger, People, Service, Services},
};

/// The step's name in timelines and logs.
pub const STEP: &str = "ecs_restart";

/// One service of the plan and what the pass saw of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Seen {
    /// Its Region.
    pub region: Region,
    /// Its ECS cluster.
    pub cluster: String,
    /// Its name.
    pub service: String,
    /// The tasks to scale up to when it stands at 0, where its Region takes over.
    pub takeover_count: Option<u32>,
    /// What this run did to it.
    pub restart: Option<Restart>,
    /// What ECS shows.
    pub now: Now,
}

/// What ECS shows of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Now {
    /// The service.
    Service(Service),
    /// It did not answer; that says nothing about the service.
    Silent(String),
    /// It refused, or knows no such service.
    Refused(String),
}

/// How long a new deployment may be missing from what ECS shows, in seconds: its answers lag behind.
const MISSING_SECONDS: f64 = 30.0;
/// How long after the run came to this step a service may stay unseen, in seconds; then the run goes on without it.
const SILENT_SECONDS: f64 = 120.0;
/// How long a service that ECS did not answer about rests before it is tried again, in seconds.
const REST_SECONDS: f64 = 5.0;

/// How far one service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It has not been given a new deployment.
    Untouched,
    /// It waits to be tried again.
    Resting,
    /// Its deployment is rolling out.
    RollingOut,
    /// Its deployment is complete and its tasks run.
    Completed,
    /// It could not be restarted.
    Failed(String),
}

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
    world: &(impl Ledger + Here + Services + People),
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

impl Act for Action {
    fn name(&self) -> &'static str {
        match self {
            Self::Done => "none",
            Self::Wait => "wait",
            Self::Restart(_) => "restart",
        }
    }

    fn then(&self) -> Then {
        match self {
            Self::Done => Then::Done,
            Self::Wait => Then::Waits,
            Self::Restart(_) => Then::Again(0),
        }
    }

    fn calls_out(&self) -> bool {
        match self {
            Self::Restart(_) => true,
            Self::Done | Self::Wait => false,
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
    world: &(impl Ledger + Here + Services + People),
    input: &Input,
) -> Result<Output<Vec<Seen>>, Error> {
    frame::run(&EcsRestart, world, input).await
}

impl<W: Ledger + Here + Services + People> Step<W> for EcsRestart {
    const NAME: &'static str = STEP;
    type Observed = Vec<Seen>;
    type Action = Action;

    fn admit(&self, pass: &Pass) -> Result<(), Error> {
        pass.require_proven()
    }

    async fn observe(&self, world: &W, pass: &Pass) -> Result<Vec<Seen>, Error> {
        Ok(observe(world, pass).await)
    }

    fn next_action(&self, pass: &Pass, seen: &Vec<Seen>) -> Result<Action, Error> {
        next_action(seen, pass.entered(STEP), pass.now)
    }

    fn reason(&self, pass: &Pass, seen: &Vec<Seen>, action: &Action) -> String {
        reason(action, seen, pass)
    }

    async fn act(
        &self,
        world: &W,
        pass: &mut Pass,
        seen: &mut Vec<Seen>,
        action: &Action,
    ) -> Result<Came, Error> {
        let Action::Restart(index) = action else {
            return Ok(Came::AsDecided);
        };
        let Some(service) = seen.get(*index) else {
            return Ok(Came::AsDecided);
        };
        let restart = restart(world, service).await;
        let key = key(service);
        let came = match &restart {
            Restart::Deployment { .. } => Came::AsDecided,
            Restart::Postponed { .. } => {
                Came::Unknown(format!("{key} is tried again: ECS did not answer"))
            }
            Restart::Refused { why } => Came::NotNow(format!("{key} is not restarted: {why}")),
        };
        pass.run.restarts.insert(key, restart);
        Ok(came)
    }
}

/// Asks for every service in the Regions that the run counts on, the new writer's first.
async fn observe(world: &impl Services, pass: &Pass) -> Vec<Seen> {
    let run = &pass.run;
    let mut services = Vec::new();
    let others = run.leased.iter().filter(|region| **region != run.to);
    for region in std::iter::once(&run.to).chain(others) {
        for target in run.plan.ecs.get(region).into_iter().flatten() {
            services.extend(
                target
                    .services
                    .iter()
                    .map(|service| (region, &target.cluster, service)),
            );
        }
    }
    let looks = services
        .into_iter()
        .map(async |(region, cluster, service)| {
            let takeover_count = match service {
                EcsService::PilotLight(pilot_light) if *region == run.to => {
                    Some(pilot_light.takeover_count)
                }
                EcsService::PilotLight(_) | EcsService::Running(_) => None,
            };
            let now = match world.service(region, cluster, service.name()).await {
                Ok(service) => Now::Service(service),
                Err(Error::Unavailable(why)) => Now::Silent(why),
                Err(why) => Now::Refused(why.to_string()),
            };
            let mut seen = Seen {
                region: region.clone(),
                cluster: cluster.clone(),
                service: service.name().to_owned(),
                takeover_count,
                restart: None,
                now,
            };
            seen.restart = run.restarts.get(&key(&seen)).cloned();
            seen
        });
    futures::future::join_all(looks).await
}

/// Decides what one pass does.
///
/// # Errors
/// `NotReady` when nothing is left to do or to wait for and a service has failed.
pub fn next_action(seen: &[Seen], entered: Timestamp, now: Timestamp) -> Result<Action, Error> {
    let states: Vec<_> = seen.iter().map(|seen| state(seen, entered, now)).collect();
    if let Some(index) = states.iter().position(|state| *state == State::Untouched) {
        return Ok(Action::Restart(index));
    }
    if states.contains(&State::RollingOut) || states.contains(&State::Resting) {
        return Ok(Action::Wait);
    }
    let failed: Vec<_> = seen
        .iter()
        .zip(&states)
        .filter_map(|(seen, state)| match state {
            State::Failed(why) => Some(format!("{}: {why}", key(seen))),
            State::Untouched | State::Resting | State::RollingOut | State::Completed => None,
        })
        .collect();
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

/// How far a service is: judged by the deployment that this run gave it, not by whichever is there.
#[must_use]
pub fn state(seen: &Seen, entered: Timestamp, now: Timestamp) -> State {
    let (id, at) = match (&seen.restart, &seen.now) {
        (Some(Restart::Refused { why }), _) => return State::Failed(why.clone()),
        (Some(Restart::Postponed { at }), _) if seconds_between(*at, now) < REST_SECONDS => {
            return State::Resting;
        }
        (None | Some(Restart::Postponed { .. }), Now::Refused(why)) => {
            return State::Failed(why.clone());
        }
        (None | Some(Restart::Postponed { .. }), Now::Silent(why))
            if seconds_between(entered, now) > SILENT_SECONDS =>
        {
            return State::Failed(format!("ECS did not answer about it: {why}"));
        }
        // Whether a pilot light stands at 0 must be seen before it is scaled.
        (None | Some(Restart::Postponed { .. }), Now::Silent(_)) => return State::Resting,
        (None | Some(Restart::Postponed { .. }), Now::Service(_)) => return State::Untouched,
        (Some(Restart::Deployment { id, at }), _) => (id, *at),
    };
    // Not seen this time; the loop is bounded.
    let Now::Service(service) = &seen.now else {
        return State::RollingOut;
    };
    let Some(deployment) = service
        .deployments
        .iter()
        .find(|deployment| deployment.id == *id)
    else {
        return if seconds_between(at, now) < MISSING_SECONDS {
            State::RollingOut
        } else {
            State::Failed(format!("deployment {id} was rolled back or replaced"))
        };
    };
    // ECS completes a deployment of no tasks at once.
    let runs = service.running_count > 0
        || (service.desired_count == 0 && seen.takeover_count.unwrap_or(0) == 0);
    match deployment.rollout.as_str() {
        "FAILED" => State::Failed(format!(
            "deployment {id} failed: {}",
            deployment.rollout_reason
        )),
        "COMPLETED" if runs => State::Completed,
        _ => State::RollingOut,
    }
}

/// A refusal by ECS is what came of this service; one that gets no answer rests, and the others go on.
async fn restart(world: &(impl Here + Services), seen: &Seen) -> Restart {
    let stands_at_zero = matches!(&seen.now, Now::Service(service) if service.desired_count == 0);
    let count = seen.takeover_count.filter(|_| stands_at_zero);
    let asked = world
        .force_deployment(&seen.region, &seen.cluster, &seen.service, count)
        .await;
    let at = world.now();
    match asked {
        Ok(id) => Restart::Deployment { id, at },
        Err(Error::Unavailable(_)) => Restart::Postponed { at },
        Err(why) => Restart::Refused {
            why: why.to_string(),
        },
    }
}

fn key(seen: &Seen) -> String {
    format!("{}/{}/{}", seen.region, seen.cluster, seen.service)
}

fn reason(action: &Action, seen: &[Seen], pass: &Pass) -> String {
    match action {
        Action::Done => {
            let left_out: Vec<_> = pass
                .run
                .plan
                .ecs
                .keys()
                .filter(|region| !pass.run.leased.contains(region))
                .map(ToString::to_string)
                .collect();
            let note = if left_out.is_empty() {
                String::new()
            } else {
                format!("; not in {}", left_out.join(", "))
            };
            format!("{} services are restarted{note}", seen.len())
        }
        Action::Wait => {
            let under_way = [State::RollingOut, State::Resting];
            let rolling = seen
                .iter()
                .filter(|seen| under_way.contains(&state(seen, pass.entered(STEP), pass.now)));
            let rolling = rolling.count();
            format!("{rolling} of {} services are rolling out", seen.len())
        }
        Action::Restart(index) => {
            let service = seen.get(*index).map(key).unwrap_or_default();
            let given = pass.says("is given", "would be given");
            format!("{service} {given} a new deployment")
        }
    }
}

#[cfg(test)]
mod tests;
