//! Services: what holds connections to the writer, and is restarted when it has moved. Each kind is a folder: reading it, how far its
//! restart is, asking for one, and what that would be refused. A kind is one variant of [`Seen`].

use std::collections::BTreeSet;

use futures::future::join;
use jiff::Timestamp;
use serde::Serialize;

use failover::{
    domain::{Region, seconds_between},
    ledger::Restart,
    pass::Pass,
    plan::Service,
    ports::{Runtime, Services},
};

pub mod asg;
pub mod down;
pub mod ecs;
pub mod pilot_light;

/// How long what a run has begun may be missing from what AWS shows, in seconds: its answers lag behind.
const MISSING_SECONDS: f64 = 30.0;
/// How long after the run came to this step a service may stay unseen, in seconds; then the run goes on without it.
const SILENT_SECONDS: f64 = 120.0;
/// How long a service that could not be restarted rests before it is tried again, in seconds.
const REST_SECONDS: f64 = 5.0;

/// One service of the plan and what the pass saw of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Seen {
    /// A service of ECS.
    Ecs(ecs::Seen),
    /// A group of EC2 Auto Scaling.
    Asg(asg::Seen),
}

/// How far one service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It has not been restarted.
    Untouched,
    /// It waits to be tried again.
    Resting,
    /// Its restart is rolling out.
    RollingOut,
    /// Its restart is complete and it runs.
    Completed,
    /// It could not be restarted.
    Failed(String),
}

/// How far a service is, in a run that came to its services at `entered`: by what `before` says of it while nothing was begun, and by
/// what `after` says of the restart of that id, each so many seconds later.
fn judged(
    restart: Option<&Restart>,
    (entered, now): (Timestamp, Timestamp),
    before: impl FnOnce(f64) -> State,
    after: impl FnOnce(&str, f64) -> State,
) -> State {
    match restart {
        Some(Restart::Refused { why }) => State::Failed(why.clone()),
        Some(Restart::Postponed { at }) if seconds_between(*at, now) < REST_SECONDS => {
            State::Resting
        }
        None | Some(Restart::Postponed { .. }) => before(seconds_between(entered, now)),
        Some(Restart::Deployment { id, at }) => after(id, seconds_between(*at, now)),
    }
}

/// How far a service is that nobody has seen, so many seconds after the run came to its services.
fn unseen(who: &str, why: &str, waited_seconds: f64) -> State {
    if waited_seconds > SILENT_SECONDS {
        State::Failed(format!("{who} did not answer about it: {why}"))
    } else {
        State::Resting
    }
}

impl Seen {
    /// What sentences and the run's record call it.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Ecs(seen) => seen.key(),
            Self::Asg(seen) => seen.key(),
        }
    }

    /// How far it is, in a run that came to its services at `entered`.
    #[must_use]
    pub fn state(&self, entered: Timestamp, now: Timestamp) -> State {
        match self {
            Self::Ecs(seen) => seen.state(entered, now),
            Self::Asg(seen) => seen.state(entered, now),
        }
    }

    /// What the run's record holds before its restart is asked for, where it has to hold something.
    pub(crate) fn mark(&self, at: Timestamp) -> Option<Restart> {
        match self {
            Self::Ecs(_) => None,
            Self::Asg(seen) => asg::mark(seen, at),
        }
    }

    /// Asks for its restart.
    pub(crate) async fn restart(&self, world: &(impl Runtime + Services)) -> Restart {
        match self {
            Self::Ecs(seen) => ecs::restart(world, seen).await,
            Self::Asg(seen) => asg::restart(world, seen).await,
        }
    }
}

/// Looks at every service in the Regions that the run counts on, the new writer's first.
pub(crate) async fn observe(world: &impl Services, pass: &Pass) -> Vec<Seen> {
    let (services, groups) = join(ecs::observe(world, pass), asg::observe(world, pass)).await;
    let services = services.into_iter().map(Seen::Ecs);
    services.chain(groups.into_iter().map(Seen::Asg)).collect()
}

/// The Regions in which services are restarted, the new writer's first.
fn counted_on(pass: &Pass) -> impl Iterator<Item = &Region> {
    let run = &pass.run;
    let others = run.leased.iter().filter(|region| **region != run.to);
    std::iter::once(&run.to).chain(others)
}

/// The Regions in which services are left out, because the run does not count on them.
pub(crate) fn left_out(pass: &Pass) -> Vec<&Region> {
    let regions = pass.run.plan.services.iter().map(Service::region);
    let left_out = regions.filter(|region| !pass.run.leased.contains(region));
    left_out.collect::<BTreeSet<_>>().into_iter().collect()
}

/// What a restart would be refused, every reason.
pub async fn refusals(world: &impl Services, pass: &Pass) -> Vec<String> {
    let (services, groups) = join(ecs::refusals(world, pass), asg::refusals(world, pass)).await;
    [services, groups].concat()
}

/// What would keep new tasks from starting, and stands in no way of a restart that is asked for.
pub async fn warnings(world: &impl Services, pass: &Pass) -> Vec<String> {
    let (services, groups) = join(ecs::warnings(world, pass), asg::warnings(world, pass)).await;
    [services, groups].concat()
}
