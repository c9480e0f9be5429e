//! Groups of EC2 Auto Scaling. A restart is an instance refresh, followed by that refresh's id; a pilot light is scaled up where its
//! Region takes over, and a group that stands at none otherwise has nothing to restart.

use jiff::Timestamp;
use serde::Serialize;

use failover::{
    Error,
    domain::Region,
    ledger::Restart,
    ports::{Group, Runtime, Services},
};

pub mod pilot_light;
mod read;
mod state;

pub(super) use read::{observe, refusals, warnings};

/// Stands for a refresh's id in the record of a run that scaled a group up.
const SCALED: &str = "scaled";

/// One group and what the pass saw of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Seen {
    /// Its Region.
    pub region: Region,
    /// Its name.
    pub group: String,
    /// The instances to scale up to when it stands at 0, where its Region takes over.
    pub takeover_capacity: Option<u32>,
    /// The minimum size that a stop took from it, which goes with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former_min_size: Option<u32>,
    /// What this run did to it.
    pub restart: Option<Restart>,
    /// What Auto Scaling shows.
    pub now: Now,
}

/// What Auto Scaling shows of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Now {
    /// The group.
    Group(Group),
    /// It did not answer; that says nothing about the group.
    Silent(String),
    /// It refused, or knows no such group.
    Refused(String),
}

impl Seen {
    /// What sentences and the run's record call it.
    #[must_use]
    pub fn key(&self) -> String {
        key(&self.region, &self.group)
    }
}

/// No ECS cluster has a name with a colon.
fn key(region: &Region, group: &str) -> String {
    format!("{region}/asg:{group}")
}

/// What the run's record holds before a group is scaled up: whoever finds it up later does not refresh what has just begun.
pub(super) fn mark(seen: &Seen, at: Timestamp) -> Option<Restart> {
    takeover(seen)?;
    let id = SCALED.to_owned();
    Some(Restart::Deployment { id, at })
}

/// The capacity that a pilot light is to be given.
fn takeover(seen: &Seen) -> Option<u32> {
    let stands_at_zero = matches!(&seen.now, Now::Group(group) if group.desired_capacity == 0);
    seen.takeover_capacity.filter(|_| stands_at_zero)
}

/// A refusal is what came of this group; one that gets no answer, or is being refreshed already, rests, and the others go on.
pub(super) async fn restart(world: &(impl Runtime + Services), seen: &Seen) -> Restart {
    let takeover = takeover(seen);
    let asked = match takeover {
        Some(capacity) => {
            let scaled = scale_up(world, seen, capacity);
            scaled.await.map(|()| Some(SCALED.to_owned()))
        }
        None => world.refresh_group(&seen.region, &seen.group).await,
    };
    let at = world.now();
    match (asked, takeover) {
        (Ok(Some(id)), _) => Restart::Deployment { id, at },
        // What it has says whether that was carried out.
        (Err(Error::Unavailable(_)), Some(_)) => {
            let id = SCALED.to_owned();
            Restart::Deployment { id, at }
        }
        (Ok(None) | Err(Error::Unavailable(_)), _) => Restart::Postponed { at },
        (Err(why), _) => Restart::Refused {
            why: why.to_string(),
        },
    }
}

/// Scales a group up, with the minimum size that it had where a stop took that.
async fn scale_up(world: &impl Services, seen: &Seen, capacity: u32) -> Result<(), Error> {
    let Seen { region, group, .. } = seen;
    match seen.former_min_size {
        None => world.scale_group(region, group, capacity).await,
        Some(least) => {
            let capacity = capacity.max(least);
            world.resize_group(region, group, least, capacity).await
        }
    }
}

#[cfg(test)]
mod tests;
