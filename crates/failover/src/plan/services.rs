//! What is restarted after a change of writer: the kinds of services that there are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Plan, names};
use crate::domain::Region;

/// What is restarted after a change of writer, in one Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Service {
    /// Services of one ECS cluster.
    Ecs(EcsTarget),
    /// Groups of EC2 Auto Scaling.
    Asg(AsgTarget),
}

/// Services of one ECS cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EcsTarget {
    /// A member's Region.
    pub region: Region,
    /// The ECS cluster's name.
    #[schemars(extend("pattern" = names::ECS))]
    pub cluster: String,
    /// The services to restart after a change of writer.
    #[schemars(extend("uniqueItems" = true))]
    pub services: Vec<EcsService>,
}

/// A service to restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum EcsService {
    /// Restarted as it is.
    Running(#[schemars(extend("pattern" = names::ECS))] String),
    /// A pilot light: scaled up when it stands at 0 in the Region that takes over.
    PilotLight(PilotLight),
}

/// A service that stands at 0 tasks until its Region takes over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PilotLight {
    /// The service's name.
    #[schemars(extend("pattern" = names::ECS))]
    pub service: String,
    /// The number of tasks after the take-over.
    #[schemars(range(min = 1))]
    pub takeover_count: u32,
}

/// Groups of EC2 Auto Scaling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AsgTarget {
    /// A member's Region.
    pub region: Region,
    /// The groups whose instances are replaced after a change of writer.
    #[schemars(extend("uniqueItems" = true))]
    pub groups: Vec<AsgGroup>,
}

/// A group whose instances are replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AsgGroup {
    /// Refreshed as it is.
    Running(#[schemars(extend("pattern" = names::ASG))] String),
    /// A pilot light: scaled up when it stands at 0 in the Region that takes over.
    PilotLight(AsgPilotLight),
}

/// A group that stands at 0 instances until its Region takes over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AsgPilotLight {
    /// The group's name.
    #[schemars(extend("pattern" = names::ASG))]
    pub group: String,
    /// The number of instances after the take-over.
    #[schemars(range(min = 1))]
    pub takeover_capacity: u32,
}

impl AsgGroup {
    /// How many instances it has after its Region has taken over, where it is a pilot light.
    #[must_use]
    pub const fn takeover_capacity(&self) -> Option<u32> {
        match self {
            Self::Running(_) => None,
            Self::PilotLight(light) => Some(light.takeover_capacity),
        }
    }

    /// The group's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Running(name) => name,
            Self::PilotLight(pilot_light) => &pilot_light.group,
        }
    }
}

impl Service {
    /// Its Region.
    #[must_use]
    pub const fn region(&self) -> &Region {
        match self {
            Self::Ecs(target) => &target.region,
            Self::Asg(target) => &target.region,
        }
    }
}

impl EcsService {
    /// Whether it is a pilot light that would stay out.
    pub(super) const fn is_never_scaled(&self) -> bool {
        matches!(
            self,
            Self::PilotLight(PilotLight {
                takeover_count: 0,
                ..
            })
        )
    }

    /// The service's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Running(name) => name,
            Self::PilotLight(pilot_light) => &pilot_light.service,
        }
    }
}

impl Plan {
    /// The services of ECS, in the plan's order.
    pub fn ecs(&self) -> impl Iterator<Item = &EcsTarget> {
        self.services.iter().filter_map(|service| match service {
            Service::Ecs(target) => Some(target),
            Service::Asg(_) => None,
        })
    }

    /// The groups of EC2 Auto Scaling, in the plan's order.
    pub fn asg(&self) -> impl Iterator<Item = &AsgTarget> {
        self.services.iter().filter_map(|service| match service {
            Service::Asg(target) => Some(target),
            Service::Ecs(_) => None,
        })
    }
}
