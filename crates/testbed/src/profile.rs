//! What a drill is made of: its Regions, its names, and every duration that is configured.

use std::time::Duration;

use failover::plan::{Engine, TopologyKind};
use rds_sim::Durations;
use serde::Serialize;
use serde_json::{Value, json};

/// Where the writer lives at first.
pub const HOME: &str = "us-west-2";
/// Where the standby lives.
pub const STANDBY: &str = "us-east-1";
/// Where a second standby lives, in plans that have one.
pub const THIRD: &str = "eu-west-1";
/// The Region that only observes.
pub const WITNESS: &str = "us-east-2";
/// The vantage of the application's client: a road of its own, so that cutting the probe's leaves it alone.
pub const CLIENT: &str = "client";
/// The account of every ARN.
pub const ACCOUNT: &str = "123456789012";
/// The protected plan; its database has the same name.
pub const PLAN: &str = "orders";
/// A second plan, in worlds that have one; its database has the same name.
pub const BILLING: &str = "billing";
/// Every plan that a world may have, the first one's first; each has a global database of its own.
pub const PLANS: [&str; 10] = [
    PLAN, BILLING, "tenant1", "tenant2", "tenant3", "tenant4", "tenant5", "tenant6", "tenant7",
    "tenant8",
];
/// The service of the second plan.
pub const INVOICES: &str = "invoices";
/// The private zone.
pub const ZONE: &str = "orders.internal";
/// The writer's name in it.
pub const WRITER_NAME: &str = "writer.orders.internal";
/// The readers' name in it.
pub const READER_NAME: &str = "reader.orders.internal";
/// The parameter that names the writer, in plans that use one.
pub const PARAMETER: &str = "/orders/writer";
/// The parameter that names the first plan's global cluster. The stacks make it where they build the database.
pub const GLOBAL_PARAMETER: &str = "/orders/global/cluster/name";
/// The topic in each member Region on which people are told.
pub const TOPIC: &str = "orders-alerts";
/// The group of EC2 Auto Scaling in each member Region that runs there always, behind a load balancer.
pub const WEB: &str = "orders-web";
/// The one that has no instance where no writer is.
pub const BATCH: &str = "orders-batch";
/// How many it is given where the writer comes to.
pub const BATCH_CAPACITY: u32 = 2;
/// The ECS cluster in each member Region.
pub const ECS_CLUSTER: &str = "orders";

/// The global cluster of a plan.
#[must_use]
pub fn global_cluster(plan: &str) -> String {
    format!("{plan}-global-1")
}

/// The member cluster of a plan in a Region.
#[must_use]
pub fn member(plan: &str, region: &str) -> String {
    let place = match region {
        HOME => "west",
        THIRD => "europe",
        _ => "east",
    };
    format!("{plan}-{place}")
}

/// The member cluster of the first plan in a Region.
#[must_use]
pub fn cluster(region: &str) -> &'static str {
    match region {
        HOME => "orders-west",
        THIRD => "orders-europe",
        _ => "orders-east",
    }
}

/// The writer's and the readers' name of a plan.
#[must_use]
pub fn names(plan: &str) -> [String; 2] {
    if plan == PLAN {
        [WRITER_NAME.into(), READER_NAME.into()]
    } else {
        ["writer", "reader"].map(|which| format!("{which}.{plan}.{ZONE}"))
    }
}

/// How many tasks and instances a pilot light has in a Region before anything happens: none where it waits for a take-over.
#[must_use]
pub fn pilot_light(region: &str) -> i32 {
    i32::from(region == HOME)
}

/// The bucket whose object leads the application's name, in a Region, as the stack calls it.
#[must_use]
pub fn switch_bucket(region: &str) -> String {
    format!("aurora-failover-switch-{ACCOUNT}-{region}")
}

/// The ARN of a Region's topic.
#[must_use]
pub fn topic(region: &str) -> String {
    format!("arn:aws:sns:{region}:{ACCOUNT}:{TOPIC}")
}

/// Every duration and choice of a drill.
#[derive(Debug, Clone, Serialize)]
pub struct Profile {
    /// The plan's `detection`.
    pub detection: Detection,
    /// Which topology the plans have.
    #[serde(skip)]
    pub topology: TopologyKind,
    /// What the databases run.
    #[serde(skip)]
    pub engine: Engine,
    /// The plan's `topology.strategy`, where its kind has one.
    pub strategy: &'static str,
    /// Seconds a resolver keeps the writer's name.
    pub dns_ttl_seconds: u32,
    /// How long the simulated RDS takes.
    pub simulator: Durations,
    /// How long a new ECS deployment stays in progress, in milliseconds.
    pub ecs_rollout_ms: u64,
    /// Time between two writes of the client, in milliseconds.
    pub client_interval_ms: u64,
    /// The bound on gathering evidence, in milliseconds; fixed in the functions.
    pub confirm_timeout_ms: u64,
    /// The Regions of the plans, the writer's first.
    #[serde(skip)]
    pub members: &'static [&'static str],
    /// Whose standby has no instance.
    #[serde(skip)]
    pub headless: Option<&'static str>,
    /// Whether the simulated RDS lets a member leave while an operation on its global cluster is pending.
    #[serde(skip)]
    pub detach_during_failover: bool,
    /// Whether the first plan has groups of EC2 Auto Scaling, too.
    #[serde(skip)]
    pub groups: bool,
    /// Whether stacks build all of it out of nothing, the databases included.
    #[serde(skip)]
    pub from_nothing: bool,
    /// The plans.
    #[serde(skip)]
    pub plans: &'static [&'static str],
    /// What the scenario's plan says differently: merged over the plan's document.
    #[serde(skip)]
    pub patch: Value,
}

/// The plan's `detection`.
#[derive(Debug, Clone, Serialize)]
pub struct Detection {
    /// Seconds from one beat to the next.
    pub interval_seconds: u64,
    /// Consecutive failures that make a suspicion.
    pub failures: u32,
    /// Seconds after which a beat has failed.
    pub timeout_seconds: u64,
    /// Seconds a writer may be gone while its Region answers.
    pub in_region_grace_seconds: u64,
}

impl Profile {
    /// A profile that notices as fast as the machine allows.
    #[must_use]
    pub fn quick(strategy: &'static str) -> Self {
        Self::new(
            strategy,
            Detection {
                interval_seconds: 2,
                failures: 3,
                timeout_seconds: 1,
                in_region_grace_seconds: 60,
            },
        )
    }

    /// The same over an instance with a read replica.
    #[must_use]
    pub fn quick_replica() -> Self {
        Self {
            topology: TopologyKind::RdsReplica,
            ..Self::quick("")
        }
    }

    /// The same of SQL Server, for which PostgreSQL stands in: the product asks RDS alone.
    #[must_use]
    pub fn quick_sqlserver() -> Self {
        Self {
            engine: Engine::Sqlserver,
            ..Self::quick_replica()
        }
    }

    /// The same on MariaDB.
    #[must_use]
    pub fn quick_mariadb() -> Self {
        Self {
            engine: Engine::Mariadb,
            ..Self::quick_replica()
        }
    }

    /// A profile with the rhythm that the documentation's plan has.
    #[must_use]
    pub fn usual(strategy: &'static str) -> Self {
        Self::new(
            strategy,
            Detection {
                interval_seconds: 5,
                failures: 3,
                timeout_seconds: 3,
                in_region_grace_seconds: 60,
            },
        )
    }

    /// A profile for many plans at once on a machine of two cores: beats are rare, and patient.
    #[must_use]
    pub fn gentle(strategy: &'static str) -> Self {
        let detection = Detection {
            interval_seconds: 10,
            failures: 3,
            timeout_seconds: 8,
            in_region_grace_seconds: 60,
        };
        Self {
            client_interval_ms: 250,
            ..Self::new(strategy, detection)
        }
    }

    /// How long something is waited for, by how long it may take in a world of one plan or two: two plans' databases are made at a
    /// time, and all plans share the machine.
    #[must_use]
    pub fn patience(&self, of_one_plan: Duration) -> Duration {
        let pairs = u32::try_from(self.plans.len().div_ceil(2)).unwrap_or(u32::MAX);
        of_one_plan.saturating_mul(pairs)
    }

    fn new(strategy: &'static str, detection: Detection) -> Self {
        Self {
            detection,
            topology: TopologyKind::AuroraGlobal,
            engine: Engine::Postgres,
            strategy,
            dns_ttl_seconds: 2,
            simulator: Durations {
                promote_ms: 4_000,
                managed_failover_ms: 5_000,
                ..Durations::default()
            },
            ecs_rollout_ms: 2_000,
            client_interval_ms: 50,
            confirm_timeout_ms: u64::try_from(steps::confirm_outage::TIMEOUT.as_millis())
                .unwrap_or(u64::MAX),
            members: &[HOME, STANDBY],
            headless: None,
            detach_during_failover: false,
            groups: false,
            from_nothing: false,
            plans: &[PLAN],
            patch: Value::Null,
        }
    }

    /// How long a new ECS deployment stays in progress.
    #[must_use]
    pub const fn ecs_rollout(&self) -> Duration {
        Duration::from_millis(self.ecs_rollout_ms)
    }

    /// A plan's document.
    #[must_use]
    pub fn plan(&self, plan: &str, zone_id: &str) -> Value {
        let each = |of: &dyn Fn(&str) -> Value| -> Value {
            let members = self.members.iter();
            members
                .map(|region| ((*region).to_owned(), of(region)))
                .collect()
        };
        let [writer, reader] = names(plan);
        let mut document = json!({
            "plan": plan, "revision": 1,
            "topology": self.topology(plan, each(&|region| json!({self.topology.member(): member(plan, region)}))),
            "home_region": HOME,
            "witness_region": WITNESS,
            "database": self.database(plan),
            "detection": self.detection,
            "unplanned": self.unplanned(),
            "routes": [self.record(zone_id, &writer, "writer"), self.record(zone_id, &reader, "reader")],
            "services": self.services(plan),
            "notify": each(&|region| topic(region).into()),
            "loss_ledger": self.compared()
        });
        merge(&mut document, &self.patch);
        document
    }

    /// The plan's `database`, with its logins where something logs in.
    fn database(&self, plan: &str) -> Value {
        let mut database = json!({"engine": self.engine.name(), "name": plan});
        if self.engine.has_heart() {
            let logins = json!({"admin_secret": "orders/admin",
                "probe": {"user": "failover_probe", "auth": {"kind": "secret", "secret": "orders/probe"}}});
            merge(&mut database, &logins);
        }
        database
    }

    /// The plan's `unplanned`. Where no heart beats people decide.
    fn unplanned(&self) -> Value {
        if self.engine.has_heart() {
            return json!({"region_down": "automatic", "writer_down": "approval", "max_lost_seconds": 30});
        }
        json!({"region_down": "approval", "writer_down": "approval", "max_lost_seconds": 30, "unknown_loss": "accept"})
    }

    /// The tables that a failback compares, where rows of that engine are.
    fn compared(&self) -> Value {
        match self.engine {
            Engine::Postgres => json!([{"table": "app.rows", "key": ["id"]}]),
            Engine::Mariadb | Engine::Mysql | Engine::Sqlserver => json!([]),
        }
    }

    /// The plan's `topology`, of these members.
    fn topology(&self, plan: &str, members: Value) -> Value {
        match self.topology {
            TopologyKind::AuroraGlobal => {
                json!({"kind": "aurora_global", "global_cluster": global_cluster(plan), "strategy": self.strategy, "members": members})
            }
            TopologyKind::RdsReplica => json!({"kind": "rds_replica", "members": members}),
        }
    }

    /// What is restarted in each Region.
    fn services(&self, plan: &str) -> Value {
        let regions = self.members.iter();
        regions
            .filter_map(|region| {
                let services = services(plan, region)?;
                Some(json!({"kind": "ecs", "region": region, "cluster": ECS_CLUSTER, "services": services}))
            })
            .chain(self.groups(plan))
            .collect()
    }

    /// The groups of EC2 Auto Scaling, where the drill has some: `orders-batch` is a pilot light where no writer is at first.
    fn groups(&self, plan: &str) -> Vec<Value> {
        let regions = self.members.iter();
        let regions = regions.filter(|_| self.groups && plan == PLAN);
        let groups = regions.map(|region| {
            let light = json!({"group": BATCH, "takeover_capacity": BATCH_CAPACITY});
            let groups = match *region {
                HOME => json!([WEB]),
                _ => json!([WEB, light]),
            };
            json!({"kind": "asg", "region": region, "groups": groups})
        });
        groups.collect()
    }

    fn record(&self, zone_id: &str, name: &str, endpoint: &str) -> Value {
        json!({"kind": "cname", "hosted_zone": zone_id, "name": name, "endpoint": endpoint,
            "ttl_seconds": self.dns_ttl_seconds, "accept_route53_risk": true})
    }

    /// The profile as the report shows it: group → name → value.
    #[must_use]
    pub fn report(&self) -> report::Profile {
        let whole = serde_json::to_value(self).unwrap_or_default();
        let mut groups = report::Profile::new();
        for (name, value) in whole.as_object().into_iter().flatten() {
            match value.as_object() {
                Some(group) => groups
                    .entry(name.clone())
                    .or_default()
                    .extend(group.clone()),
                None => {
                    groups
                        .entry("drill".into())
                        .or_default()
                        .insert(name.clone(), value.clone());
                }
            }
        }
        groups
    }
}

/// The services of a plan in a Region: where no writer is at first, the first plan's `worker` is a pilot light. Most plans have
/// none.
fn services(plan: &str, region: &str) -> Option<Value> {
    match (plan, region) {
        (PLAN, HOME) => Some(json!(["api"])),
        (PLAN, _) => Some(json!(["api", {"service": "worker", "takeover_count": 1}])),
        (BILLING, _) => Some(json!([INVOICES])),
        _ => None,
    }
}

/// Merges objects field by field; anything else replaces what was there.
fn merge(into: &mut Value, patch: &Value) {
    match (into, patch) {
        (_, Value::Null) => {}
        (Value::Object(into), Value::Object(patch)) => {
            for (name, value) in patch {
                merge(into.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (into, patch) => *into = patch.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_up_of_ten_plans_is_waited_for_longer_than_that_of_one() {
        let second = Duration::from_secs(1);
        let one = Profile::quick("detach");
        let ten = Profile {
            plans: &PLANS,
            ..Profile::gentle("detach")
        };
        assert_eq!([one, ten].map(|it| it.patience(second).as_secs()), [1, 5]);
    }

    #[test]
    fn the_drills_plans_have_no_fault() {
        for strategy in ["detach", "managed", "auto"] {
            for plan in PLANS {
                let plan = Profile::usual(strategy).plan(plan, "Z0EXAMPLE").to_string();
                failover::plan::read(&plan).unwrap();
            }
        }
    }
}
