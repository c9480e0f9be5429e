//! Pilot lights: services that stand at no tasks until their Region takes over.

use futures::future::join_all;
use serde::Serialize;

use super::{
    key,
    read::{Planned, planned},
};
use failover::{
    Error,
    domain::Region,
    pass::Pass,
    plan::EcsService,
    ports::{Service, Services},
};

/// A pilot light and what the pass saw of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PilotLight {
    /// Its Region: the one that the writer left.
    pub region: Region,
    /// Its ECS cluster.
    pub cluster: String,
    /// Its name.
    pub service: String,
    /// The tasks that it should have; `None` where ECS would not say.
    pub desired_count: Option<u32>,
    /// The tasks that it has.
    pub running_count: u32,
    /// Why ECS would not say.
    pub why: String,
}

impl PilotLight {
    /// What sentences call it.
    #[must_use]
    pub fn key(&self) -> String {
        key(&self.region, &self.cluster, &self.service)
    }
}

/// Looks at the pilot lights of the Region that the writer left.
pub(in crate::services) async fn observe(world: &impl Services, pass: &Pass) -> Vec<PilotLight> {
    let services = planned(&pass.run.plan, &pass.run.from);
    let lights = services.filter(|planned| matches!(planned.service, EcsService::PilotLight(_)));
    join_all(lights.map(|planned| read(world, planned))).await
}

async fn read(world: &impl Services, planned: Planned<'_>) -> PilotLight {
    let Planned {
        region,
        cluster,
        service,
    } = planned;
    let (desired_count, running_count, why) =
        match world.service(region, cluster, service.name()).await {
            Ok(Service {
                desired_count,
                running_count,
                ..
            }) => (Some(desired_count), running_count, String::new()),
            Err(why) => (None, 0, why.to_string()),
        };
    PilotLight {
        region: region.clone(),
        cluster: cluster.to_owned(),
        service: service.name().to_owned(),
        desired_count,
        running_count,
        why,
    }
}

/// Puts one back to no tasks.
///
/// # Errors
/// Why ECS does not.
pub(in crate::services) async fn put_back(
    world: &impl Services,
    light: &PilotLight,
) -> Result<(), Error> {
    let asked = world.force_deployment(&light.region, &light.cluster, &light.service, Some(0));
    asked.await.map(drop)
}
