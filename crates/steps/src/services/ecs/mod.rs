//! Services of ECS. A restart is a new deployment, followed by that deployment's id; a pilot light is scaled up with it where its
//! Region takes over.

use serde::Serialize;

use failover::{
    Error,
    domain::Region,
    ledger::Restart,
    ports::{Runtime, Service, Services},
};

mod images;
pub mod pilot_light;
mod read;
mod state;

pub(super) use images::warnings;
pub(super) use read::{observe, refusals};

/// One service and what the pass saw of it.
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

impl Seen {
    /// What sentences and the run's record call it.
    #[must_use]
    pub fn key(&self) -> String {
        key(&self.region, &self.cluster, &self.service)
    }
}

fn key(region: &Region, cluster: &str, service: &str) -> String {
    format!("{region}/{cluster}/{service}")
}

/// A refusal by ECS is what came of this service; one that gets no answer rests, and the others go on.
pub(super) async fn restart(world: &(impl Runtime + Services), seen: &Seen) -> Restart {
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

#[cfg(test)]
pub(crate) mod tests;
