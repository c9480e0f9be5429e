//! Services: what holds connections to the writer, and is restarted when it has moved. Each kind is a folder: reading it, how far its
//! restart is, asking for one, and what that would be refused. A kind is one variant of [`Seen`].

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use failover::{
    domain::Region,
    ledger::Restart,
    pass::Pass,
    ports::{Runtime, Services},
};

pub mod ecs;

/// One service of the plan and what the pass saw of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Seen {
    /// A service of ECS.
    Ecs(ecs::Seen),
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

impl Seen {
    /// What sentences and the run's record call it.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Ecs(seen) => seen.key(),
        }
    }

    /// How far it is, in a run that came to its services at `entered`.
    #[must_use]
    pub fn state(&self, entered: Timestamp, now: Timestamp) -> State {
        match self {
            Self::Ecs(seen) => seen.state(entered, now),
        }
    }

    /// Asks for its restart.
    pub(crate) async fn restart(&self, world: &(impl Runtime + Services)) -> Restart {
        match self {
            Self::Ecs(seen) => ecs::restart(world, seen).await,
        }
    }
}

/// Looks at every service in the Regions that the run counts on, the new writer's first.
pub(crate) async fn observe(world: &impl Services, pass: &Pass) -> Vec<Seen> {
    let seen = ecs::observe(world, pass).await;
    seen.into_iter().map(Seen::Ecs).collect()
}

/// The Regions in which services are left out, because the run does not count on them.
pub(crate) fn left_out(pass: &Pass) -> Vec<&Region> {
    let regions = pass.run.plan.ecs().map(|target| &target.region);
    let left_out = regions.filter(|region| !pass.run.leased.contains(region));
    left_out.collect::<BTreeSet<_>>().into_iter().collect()
}

/// What a restart would be refused, every reason.
pub async fn refusals(world: &impl Services, pass: &Pass) -> Vec<String> {
    ecs::refusals(world, pass).await
}

/// What would keep new tasks from starting, and stands in no way of a restart that is asked for.
pub async fn warnings(world: &impl Services, pass: &Pass) -> Vec<String> {
    ecs::warnings(world, pass).await
}
