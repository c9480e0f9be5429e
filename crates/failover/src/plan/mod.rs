//! The plan: one protected database, its members, and the policy for losing one of them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{PlanName, Region},
    topology::names::IDENTIFIER_MAX,
};

mod fault;
mod names;
mod read;
mod salvage;
mod structure;
mod validate;

pub use fault::Fault;
pub use read::{BYTES_MAX, SCHEMA, check, read, read_named};
pub use salvage::salvaged;
pub use validate::APPROVAL_MINUTES_MAX;

/// Where the plans lie among the parameters of each Region.
pub const PARAMETERS: &str = "/aurora-failover/plans/";

/// One protected database. The same revision lies in each Region's `/aurora-failover/plans/<plan>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("allOf" = validate::conditions()))]
pub struct Plan {
    /// The plan's name: letters, digits and hyphens, at most 40.
    #[schemars(extend("pattern" = names::PLAN))]
    pub plan: PlanName,
    /// Grows with every change of the document.
    pub revision: u64,
    /// How the members replicate.
    pub topology: Topology,
    /// Where the writer normally lives.
    pub home_region: Region,
    /// The member cluster of each Region.
    #[schemars(extend("minProperties" = 2))]
    pub members: BTreeMap<Region, Member>,
    /// A third Region that only observes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness_region: Option<Region>,
    /// The database and how to log in to it.
    pub database: Database,
    /// When an outage is noticed.
    pub detection: Detection,
    /// What an unplanned outage leads to.
    pub unplanned: Unplanned,
    /// The records that name the writer and the readers.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub dns: Vec<DnsRecord>,
    /// The services to restart, per Region.
    #[serde(default)]
    pub ecs: BTreeMap<Region, Vec<EcsTarget>>,
    /// The SNS topic to tell, per Region.
    #[serde(default)]
    #[schemars(with = "BTreeMap<Region, Topic>")]
    pub notify: BTreeMap<Region, String>,
    /// The tables whose rows a failback compares, before it retires the deposed writer.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub loss_ledger: Vec<KeyedTable>,
}

/// The ARN of an SNS topic, in the schema.
#[derive(JsonSchema)]
#[schemars(inline, transparent, extend("pattern" = names::TOPIC))]
struct Topic(#[expect(dead_code, reason = "the schema is made of the type alone")] String);

/// A table, and what tells its rows apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyedTable {
    /// Its name with its schema, as in `public.orders`.
    #[schemars(extend("pattern" = names::TABLE))]
    pub table: String,
    /// The columns of its primary key, or of another unique key without nulls.
    #[schemars(length(min = 1), inner(length(min = 1)), extend("uniqueItems" = true))]
    pub key: Vec<String>,
}

impl KeyedTable {
    /// Its schema and its name.
    #[must_use]
    pub fn parts(&self) -> (&str, &str) {
        self.table.split_once('.').unwrap_or(("", &self.table))
    }
}

/// How the members replicate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Topology {
    /// An Aurora global database.
    AuroraGlobal {
        /// Its identifier when the plan was first adopted; the ledgers hold the current one.
        #[schemars(length(max = IDENTIFIER_MAX), extend("pattern" = names::IDENTIFIER))]
        global_cluster: String,
    },
}

impl Topology {
    /// The global cluster's identifier when the plan was first adopted.
    #[must_use]
    pub fn global_cluster(&self) -> &str {
        let Self::AuroraGlobal { global_cluster } = self;
        global_cluster
    }

    /// The steps whose calls promote a member. The first one's may lose what was not replicated.
    #[must_use]
    pub const fn promoting_steps(&self) -> &'static [&'static str] {
        match self {
            Self::AuroraGlobal { .. } => &["detach_and_promote", "planned_failover"],
        }
    }

    /// The step that makes members again.
    #[must_use]
    pub const fn rebuilding_step(&self) -> &'static str {
        match self {
            Self::AuroraGlobal { .. } => "rebuild_global",
        }
    }
}

/// One member cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The DB cluster's identifier.
    #[schemars(length(max = IDENTIFIER_MAX), extend("pattern" = names::IDENTIFIER))]
    pub cluster: String,
}

/// The database and how to log in to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// The database's name.
    #[schemars(length(min = 1, max = names::POSTGRES_MAX))]
    pub name: String,
    /// The probe's login.
    pub probe: ProbeLogin,
    /// The name of the secret with the administrator's user name and password; `setup` and the fence read it.
    #[schemars(extend("pattern" = names::SECRET))]
    pub admin_secret: String,
}

/// The probe's login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbeLogin {
    /// The role's name.
    #[schemars(length(min = 1, max = names::POSTGRES_MAX))]
    pub user: String,
    /// How it proves itself.
    pub auth: Auth,
}

/// How the probe proves itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// By the password in a secret of the probe's own Region.
    Secret {
        /// The secret's name, the same in every Region.
        #[schemars(extend("pattern" = names::SECRET))]
        secret: String,
    },
    /// By a token that is signed locally.
    Iam,
}

/// When an outage is noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Detection {
    /// Seconds from one beat to the next.
    #[schemars(range(min = 1, max = 30))]
    pub interval_seconds: u64,
    /// Consecutive failures that make a suspicion.
    #[schemars(range(min = 2, max = 60))]
    pub failures: u32,
    /// Seconds after which a beat has failed.
    #[schemars(range(min = 1, max = 30))]
    pub timeout_seconds: u64,
    /// Seconds a writer may be gone while its Region answers; 180 where it is left out, and 600 while RDS shows the writer as
    /// the home cluster's only instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub in_region_grace_seconds: Option<u64>,
    /// Seconds a writer may be gone while RDS says that it is busy.
    #[serde(default = "Detection::busy_grace_seconds")]
    pub busy_grace_seconds: u64,
}

impl Detection {
    /// An in-Region failover takes 30 to 120 s, and RDS may show `available` meanwhile.
    pub const GRACE_SECONDS: u64 = 180;
    /// An only instance is created anew.
    pub const GRACE_ONLY_INSTANCE_SECONDS: u64 = 600;

    const fn busy_grace_seconds() -> u64 {
        900
    }
}

/// What an unplanned outage leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unplanned {
    /// When the writer's Region is gone.
    pub region_down: Mode,
    /// When the writer is gone and its Region answers.
    pub writer_down: Mode,
    /// How the standby is promoted.
    pub strategy: Strategy,
    /// Seconds of writes that may be lost.
    pub max_lost_seconds: u64,
    /// What an unknown loss leads to.
    #[serde(default)]
    pub unknown_loss: UnknownLoss,
    /// Minutes after an unplanned promotion in which no other may follow.
    #[serde(default = "Unplanned::cooldown_minutes")]
    pub cooldown_minutes: u64,
    /// Minutes a human has to answer where a mode is `approval`.
    #[serde(default = "Unplanned::approval_minutes")]
    #[schemars(range(min = 1, max = 1440))]
    pub approval_minutes: u64,
    /// Whether a plan without witness may act by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_witness: Option<Accept>,
}

impl Unplanned {
    const fn cooldown_minutes() -> u64 {
        60
    }

    const fn approval_minutes() -> u64 {
        60
    }
}

/// What a verdict leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The system acts.
    Automatic,
    /// A human answers first.
    Approval,
    /// Nothing is touched; what would have been done is recorded.
    Observe,
}

/// How a standby is promoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// `FailoverGlobalCluster` with `AllowDataLoss`: the global cluster keeps its members.
    Managed,
    /// `RemoveFromGlobalCluster`: the standby becomes a cluster of its own.
    Detach,
    /// Managed where versions and instances permit it, else detach.
    Auto,
}

impl Strategy {
    /// Its name in a plan.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::Detach => "detach",
            Self::Auto => "auto",
        }
    }
}

/// What an unknown loss leads to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnknownLoss {
    /// Stop before anything is promoted.
    #[default]
    Refuse,
    /// Go on.
    Accept,
}

/// An explicit acceptance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Accept {
    /// The risk is accepted.
    Accept,
}

/// A record that names the writer or the readers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DnsRecord {
    /// A CNAME in a private hosted zone.
    Cname {
        /// The hosted zone's id, without `/hostedzone/`.
        #[schemars(extend("pattern" = names::HOSTED_ZONE))]
        hosted_zone: String,
        /// The record's name, without the trailing dot.
        #[schemars(length(max = names::HOST_MAX), extend("pattern" = names::HOST))]
        name: String,
        /// What it points to.
        endpoint: Endpoint,
        /// Seconds a resolver may keep it.
        #[schemars(range(min = 1, max = 300))]
        ttl_seconds: u32,
        /// Accepts that Route 53's records can only be changed while us-east-1 is up.
        #[serde(default)]
        accept_route53_risk: bool,
    },
    /// An SSM parameter in each Region that acts, which tasks read when they start: it needs no control plane elsewhere.
    Ssm {
        /// The parameter's name, with its path.
        #[schemars(length(max = names::PARAMETER_MAX), extend("pattern" = names::PARAMETER))]
        parameter: String,
        /// What it holds.
        endpoint: Endpoint,
    },
}

/// What is said of a plan in which no record leads to the writer.
pub const UNNAMED: &str = "the plan has neither a DNS name nor a parameter for the writer, so where applications write was not observed";

impl Plan {
    /// Whether any record leads applications to the writer.
    pub fn names_its_writer(&self) -> bool {
        self.dns.iter().any(|record| match record {
            DnsRecord::Cname { endpoint, .. } | DnsRecord::Ssm { endpoint, .. } => {
                *endpoint == Endpoint::Writer
            }
        })
    }
}

/// Which of a member's endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// The cluster endpoint.
    Writer,
    /// The reader endpoint.
    Reader,
}

/// The services of one ECS cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EcsTarget {
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

impl EcsService {
    /// Whether it is a pilot light that would stay out.
    const fn is_never_scaled(&self) -> bool {
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
