//! Pilot lights of every kind: what stands at none until its Region takes over, and goes back to none when the writer is home.

use futures::future::join;
use serde::Serialize;

use super::{asg, ecs};
use failover::{Error, pass::Pass, ports::Services};

/// A pilot light and what the pass saw of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PilotLight {
    /// A service of ECS.
    Ecs(ecs::pilot_light::PilotLight),
    /// A group of EC2 Auto Scaling.
    Asg(asg::pilot_light::PilotLight),
}

impl PilotLight {
    /// What sentences call it.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Ecs(light) => light.key(),
            Self::Asg(light) => light.key(),
        }
    }

    /// What it should have; `None` where nobody would say.
    const fn wanted(&self) -> Option<u32> {
        match self {
            Self::Ecs(light) => light.desired_count,
            Self::Asg(light) => light.desired_capacity,
        }
    }

    /// Whether it should have something, and can be put back to none.
    pub(crate) fn burns(&self) -> bool {
        self.wanted().is_some_and(|count| count > 0) && self.stays().is_none()
    }

    /// Whether it still has something that ends.
    pub(crate) fn is_ending(&self) -> bool {
        let running = match self {
            Self::Ecs(light) => light.running_count,
            Self::Asg(light) => light.instances,
        };
        running > 0 && self.stays().is_none()
    }

    /// Why it is not put back to none: nobody would say how it stands, or it may not be.
    pub(crate) fn stays(&self) -> Option<String> {
        let (why, bound) = match self {
            Self::Ecs(light) => (&light.why, None),
            Self::Asg(light) => (&light.why, light.bound()),
        };
        bound.or_else(|| self.wanted().is_none().then(|| why.clone()))
    }

    /// Puts it back to none.
    ///
    /// # Errors
    /// Why that is refused.
    pub(crate) async fn put_back(&self, world: &impl Services) -> Result<(), Error> {
        match self {
            Self::Ecs(light) => ecs::pilot_light::put_back(world, light).await,
            Self::Asg(light) => asg::pilot_light::put_back(world, light).await,
        }
    }
}

/// Looks at the pilot lights of the Region that the writer left.
pub(crate) async fn observe(world: &impl Services, pass: &Pass) -> Vec<PilotLight> {
    let (services, groups) = join(
        ecs::pilot_light::observe(world, pass),
        asg::pilot_light::observe(world, pass),
    )
    .await;
    let services = services.into_iter().map(PilotLight::Ecs);
    services
        .chain(groups.into_iter().map(PilotLight::Asg))
        .collect()
}
