//! The plan: one protected database, its members, and the policy for losing one of them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::{
    Error,
    domain::{PlanName, Region},
    installation,
};

mod fault;
mod former;
mod heartless;
mod hooks;
mod names;
mod read;
mod routes;
mod salvage;
mod services;
mod structure;
mod topology;
mod validate;

pub use fault::Fault;
pub use hooks::{Hook, Hooks, Phase};
pub use read::{BYTES_MAX, SCHEMA, check, read, read_named};
pub use routes::{Endpoint, Route, Switch, UNNAMED};
pub use salvage::salvaged;
pub use services::{
    AsgGroup, AsgPilotLight, AsgTarget, EcsService, EcsTarget, PilotLight, Service,
};
pub use topology::{LeftByHand, Member, Runs, Strategy, Topology, TopologyKind, function_of};
pub use validate::APPROVAL_MINUTES_MAX;

/// Where the plans lie among the parameters of each Region.
#[must_use]
pub fn parameters() -> String {
    installation::parameter("plans/")
}

/// One protected database. The same revision lies in each Region's `/aurora-failover/plans/<plan>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("allOf" = validate::conditions()))]
pub struct Plan {
    /// Where the schema lies, for editors; ignored here.
    #[serde(rename = "$schema", default, skip_serializing)]
    #[schemars(with = "String")]
    pub schema: IgnoredAny,
    /// The plan's name: letters, digits and hyphens, at most 40.
    #[schemars(extend("pattern" = names::PLAN))]
    pub plan: PlanName,
    /// Grows with every change of the document.
    pub revision: u64,
    /// Where the data is, and how the role of the writer moves.
    pub topology: Topology,
    /// Where the writer normally lives.
    pub home_region: Region,
    /// A third Region that only observes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness_region: Option<Region>,
    /// The database and how to log in to it.
    pub database: Database,
    /// When an outage is noticed.
    pub detection: Detection,
    /// What an unplanned outage leads to.
    pub unplanned: Unplanned,
    /// The names that lead to the writer and to the readers.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub routes: Vec<Route>,
    /// What is restarted after a change of writer.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub services: Vec<Service>,
    /// The SNS topic to tell, per Region.
    #[serde(default)]
    #[schemars(with = "BTreeMap<Region, Topic>")]
    pub notify: BTreeMap<Region, String>,
    /// The tables whose rows a failback compares, before it retires the deposed writer.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub loss_ledger: Vec<KeyedTable>,
    /// Functions of one's own that a run calls before and after its phases.
    #[serde(default, skip_serializing_if = "Hooks::are_none")]
    pub hooks: Hooks,
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

/// The database and how to log in to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// What runs it.
    pub engine: Engine,
    /// The database's name.
    #[schemars(length(min = 1, max = names::POSTGRES_MAX))]
    pub name: String,
    /// The probe's login. An engine that nobody logs in to has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ProbeLogin")]
    pub probe: Option<ProbeLogin>,
    /// The name of the secret with the administrator's user name and password; `setup` and the fence read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("pattern" = names::SECRET))]
    pub admin_secret: Option<String>,
}

impl Database {
    /// The probe's login.
    ///
    /// # Errors
    /// `NotReady` for an engine that nobody logs in to.
    pub fn probe(&self) -> Result<&ProbeLogin, Error> {
        self.probe.as_ref().ok_or_else(|| self.no_login())
    }

    /// The name of the administrator's secret.
    ///
    /// # Errors
    /// `NotReady` for an engine that nobody logs in to.
    pub fn admin_secret(&self) -> Result<&str, Error> {
        self.admin_secret.as_deref().ok_or_else(|| self.no_login())
    }

    fn no_login(&self) -> Error {
        Error::NotReady(format!(
            "database.engine is {}, whose databases nothing logs in to here; do by hand what needs SQL",
            self.engine.name()
        ))
    }
}

/// What runs a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// PostgreSQL, Aurora's included.
    Postgres,
    /// MariaDB, of an instance with read replicas.
    Mariadb,
    /// MySQL, of an instance with read replicas. Tried against documented answers only.
    Mysql,
    /// SQL Server, of an instance with read replicas. Nothing logs in to it: RDS alone is asked.
    Sqlserver,
}

impl Engine {
    /// Its name in a plan.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mariadb => "mariadb",
            Self::Mysql => "mysql",
            Self::Sqlserver => "sqlserver",
        }
    }

    /// Whether a heart beats in its databases: the probe writes there, and the fence takes logins. Else RDS alone is asked, and only
    /// people decide.
    #[must_use]
    pub const fn has_heart(self) -> bool {
        match self {
            Self::Postgres | Self::Mariadb | Self::Mysql => true,
            Self::Sqlserver => false,
        }
    }

    /// What RDS calls it, of an instance of its own. Of SQL Server's editions only Enterprise has read replicas.
    /// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html>.
    #[must_use]
    pub const fn in_rds(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mariadb => "mariadb",
            Self::Mysql => "mysql",
            Self::Sqlserver => "sqlserver-ee",
        }
    }

    /// What its makers call it.
    #[must_use]
    pub const fn called(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Mariadb => "MariaDB",
            Self::Mysql => "MySQL",
            Self::Sqlserver => "SQL Server",
        }
    }

    /// The port that its servers have where nobody says another.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::Mariadb | Self::Mysql => 3306,
            Self::Sqlserver => 1433,
        }
    }
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
