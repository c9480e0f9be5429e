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
    /// The least that it may be given: above none it stays lit.
    pub min_size: u32,
    /// The instances that it has.
    pub instances: u32,
    /// Why Auto Scaling would not say.
    pub why: String,
}

impl PilotLight {
    /// Why it cannot go back to none, where it cannot.
    pub(in crate::services) fn bound(&self) -> Option<String> {
        let is_lit = self.desired_capacity.is_some_and(|capacity| capacity > 0);
        (is_lit && self.min_size > 0)
            .then(|| format!("its minimum size is {}; lower that", self.min_size))
    }

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
    let found = world.group(region, group.name()).await;
    let why = found.as_ref().err().map(ToString::to_string);
    let found = found.ok();
    PilotLight {
        region: region.clone(),
        group: group.name().to_owned(),
        desired_capacity: found.as_ref().map(|found| found.desired_capacity),
        min_size: found.as_ref().map_or(0, |found| found.min_size),
        instances: found.map_or(0, |found| found.instances),
        why: why.unwrap_or_default(),
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
