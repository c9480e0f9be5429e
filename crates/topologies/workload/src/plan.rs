//! The plan of a workload: what comes home from its recovery Region, and how.

use std::collections::BTreeMap;

use failover::{
    Error,
    domain::{PlanName, Region},
    installation,
    plan::Service,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::IgnoredAny};

mod form;
mod names;
mod read;
mod resources;
mod sense;

pub use read::{BYTES_MAX, Fault, SCHEMA, check, read};
pub use resources::{
    AuroraCluster, DynamodbTable, Ec2Instance, Isolated, IsolatedSubnet, RdsInstance, Resource,
    VolumeWish,
};

/// Where a plan lies among the parameters of each of its two Regions.
#[must_use]
pub fn parameter(plan: &PlanName) -> String {
    format!("{}{plan}", parameters())
}

/// Where all of them lie.
#[must_use]
pub fn parameters() -> String {
    installation::parameter("workloads/")
}

/// Why there is no plan where its parameter is not there.
#[must_use]
pub fn unknown(region: &Region, plan: &PlanName) -> Error {
    Error::InvalidRequest(format!(
        "workload {plan} is unknown in {region}: there is no parameter {}; write the plan's document there",
        parameter(plan)
    ))
}

/// A workload that comes home. The same revision lies in the home Region's and in the recovery Region's parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkloadPlan {
    /// Where the schema lies, for editors; ignored here.
    #[serde(rename = "$schema", default, skip_serializing)]
    #[schemars(with = "String")]
    pub schema: IgnoredAny,
    /// That this is a workload's plan.
    pub kind: Workload,
    /// The plan's name: letters, digits and hyphens, at most 40.
    #[schemars(extend("pattern" = names::PLAN))]
    pub plan: PlanName,
    /// Grows with every change of the document.
    pub revision: u64,
    /// Where the workload normally lives.
    pub home_region: Region,
    /// Where it runs after a disaster.
    pub recovery_region: Region,
    /// What comes home.
    #[schemars(length(min = 1, max = WorkloadPlan::RESOURCES_MAX))]
    pub resources: Vec<Resource>,
    /// How copies go home before the window.
    #[serde(default)]
    pub sync: Sync,
    /// What is scaled to zero while the business is suspended.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub services: Vec<Service>,
    /// The name of a function that answers, instead of people, whether home is clean and ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("pattern" = names::FUNCTION))]
    pub prepared: Option<String>,
    /// The name of a function that answers, instead of people, whether the business works at home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("pattern" = names::FUNCTION))]
    pub verify: Option<String>,
    /// The days within which a table must have been rehearsed.
    #[serde(default = "WorkloadPlan::rehearsed_within_days")]
    #[schemars(range(min = 1, max = 90))]
    pub rehearsed_within_days: u16,
    /// The days for which snapshots, and what stood at home before, are kept.
    #[serde(default = "WorkloadPlan::keep_days")]
    #[schemars(range(min = 1, max = 365))]
    pub keep_days: u16,
    /// Minutes that people have to answer a question.
    #[serde(default = "WorkloadPlan::approval_minutes")]
    #[schemars(range(min = 1, max = 1440))]
    pub approval_minutes: u64,
    /// The SNS topic to tell, per Region.
    #[serde(default)]
    #[schemars(with = "BTreeMap<Region, Topic>")]
    pub notify: BTreeMap<Region, String>,
}

/// The ARN of an SNS topic, in the schema.
#[derive(JsonSchema)]
#[schemars(inline, transparent, extend("pattern" = names::TOPIC))]
struct Topic(#[expect(dead_code, reason = "the schema is made of the type alone")] String);

/// The word that tells this kind of plan from those of one database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Workload {
    /// A workload.
    Workload,
}

/// How copies go home before the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sync {
    /// The most rounds of copies.
    #[serde(default = "Sync::rounds_max")]
    #[schemars(range(min = 1, max = 48))]
    pub rounds_max: u32,
    /// Minutes from the beginning of one round to that of the next.
    #[serde(default = "Sync::every_minutes")]
    #[schemars(range(min = 1, max = 1440))]
    pub every_minutes: u32,
    /// A round that moves at most so many GiB ends the rounds.
    #[serde(default = "Sync::small_gib")]
    #[schemars(range(min = 1, max = 65_536))]
    pub small_gib: u32,
}

impl Sync {
    /// The longest that the rounds of one run may take, in minutes. So much the machine's loop has passes for, and two hours more for a last
    /// one that copies for long.
    pub const MINUTES_MAX: u32 = 480;

    /// How long the rounds take by the plan, in minutes.
    #[must_use]
    pub const fn minutes(&self) -> u32 {
        self.rounds_max.saturating_mul(self.every_minutes)
    }

    const fn rounds_max() -> u32 {
        12
    }

    const fn every_minutes() -> u32 {
        15
    }

    const fn small_gib() -> u32 {
        1
    }
}

impl Default for Sync {
    fn default() -> Self {
        Self {
            rounds_max: Self::rounds_max(),
            every_minutes: Self::every_minutes(),
            small_gib: Self::small_gib(),
        }
    }
}

impl WorkloadPlan {
    /// The most resources of one plan.
    pub const RESOURCES_MAX: usize = 100;

    const fn rehearsed_within_days() -> u16 {
        7
    }

    const fn keep_days() -> u16 {
        7
    }

    const fn approval_minutes() -> u64 {
        240
    }

    /// The resource of that name.
    #[must_use]
    pub fn resource(&self, name: &str) -> Option<&Resource> {
        let mut all = self.resources.iter();
        all.find(|resource| resource.name() == name)
    }

    /// Its two Regions, home first.
    #[must_use]
    pub const fn regions(&self) -> [&Region; 2] {
        [&self.home_region, &self.recovery_region]
    }
}

#[cfg(test)]
mod tests;
