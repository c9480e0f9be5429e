//! Pilot lights: groups that stand at no instances until their Region takes over.

use futures::future::join_all;
use serde::Serialize;

use super::{
    key,
    read::{Planned, planned},
};
use failover::{Error, domain::Region, pass::Pass, ports::Services};

/// A pilot light and what the pass saw of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PilotLight {
    /// Its Region: the one that the writer left.
    pub region: Region,
    /// Its name.
    pub group: String,
    /// The instances that it should have; `None` where Auto Scaling would not say.
    pub desired_capacity: Option<u32>,
    /// The instances that it has.
    pub instances: u32,
    /// Why Auto Scaling would not say.
    pub why: String,
}

impl PilotLight {
    /// What sentences call it.
    #[must_use]
    pub fn key(&self) -> String {
        key(&self.region, &self.group)
    }
}

/// Looks at the pilot lights of the Region that the writer left.
pub(in crate::services) async fn observe(world: &impl Services, pass: &Pass) -> Vec<PilotLight> {
    let groups = planned(&pass.run.plan, &pass.run.from);
    let lights = groups.filter(|planned| planned.group.takeover_capacity().is_some());
    join_all(lights.map(|planned| read(world, planned))).await
}

async fn read(world: &impl Services, planned: Planned<'_>) -> PilotLight {
    let Planned { region, group } = planned;
    let (desired_capacity, instances, why) = match world.group(region, group.name()).await {
        Ok(found) => (Some(found.desired_capacity), found.instances, String::new()),
        Err(why) => (None, 0, why.to_string()),
    };
    PilotLight {
        region: region.clone(),
        group: group.name().to_owned(),
        desired_capacity,
        instances,
        why,
    }
}

/// Puts one back to no instances.
///
/// # Errors
/// Why Auto Scaling does not.
pub(in crate::services) async fn put_back(
    world: &impl Services,
    light: &PilotLight,
) -> Result<(), Error> {
    world.scale_group(&light.region, &light.group, 0).await
}
