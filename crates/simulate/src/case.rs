//! A case: what happens to the system, and which calls go wrong. It is written down whole, so that it plays the same wherever it is played.

use failover::domain::Region;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api::Api,
    database::Condition,
    fault::{Faults, Passes},
    theirs::Theirs,
};

/// The version of a case that is written down. One of another version is refused: it would play otherwise.
pub const VERSION: u32 = 2;

/// The name of the plan's writer.
pub const NAME: &str = "writer.orders.internal";
/// The plan's global cluster.
pub const GLOBAL: &str = "orders-global-1";
/// The home Region, whose member writes at first.
pub const HOME: &str = "us-west-2";
/// The other member's Region.
pub const AWAY: &str = "us-east-1";
/// The Region of a third member, where the plan has one.
pub const THIRD: &str = "eu-west-1";
/// The witness's Region.
pub const WITNESS: &str = "us-east-2";

/// What happens to the system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// [`VERSION`].
    pub version: u32,
    /// What it is about.
    pub kind: Kind,
    /// How deep it is played: what goes wrong is numbered by that depth's calls.
    #[serde(default, skip_serializing_if = "Depth::is_ports")]
    pub depth: Depth,
    /// What of the world is drawn: how long things take.
    pub seed: u64,
    /// What the plan says otherwise, merged over it.
    #[serde(default)]
    pub plan: Value,
    /// What happens, in order, by seconds after the system has settled.
    pub events: Vec<Timed>,
    /// Which calls go wrong, counted from then on.
    #[serde(default)]
    pub faults: Faults,
    /// Which invocations of functions do.
    #[serde(default, skip_serializing_if = "Passes::is_empty")]
    pub passes: Passes,
    /// Seconds that it lasts.
    pub seconds: u32,
}

/// What of the product is inside a case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// The steps: what they ask of RDS is answered as its adapter would.
    #[default]
    Ports,
    /// RDS's adapter too, with the SDK, its retries and its time-outs: RDS is asked over HTTP.
    #[cfg(feature = "adapters")]
    Adapters,
}

impl Depth {
    /// Every depth that was built.
    pub const ALL: &[Self] = &[
        Self::Ports,
        #[cfg(feature = "adapters")]
        Self::Adapters,
    ];

    /// Whether it is the steps' own.
    #[must_use]
    pub const fn is_ports(&self) -> bool {
        matches!(self, Self::Ports)
    }
}

/// What a case is about, by which it is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Nothing happens.
    Calm,
    /// Something disturbs, and no failover is right.
    Disturbance,
    /// The writer's Region is lost, or nobody outside hears it.
    RegionLoss,
    /// The writer dies while its Region answers.
    WriterDeath,
    /// People move the writer.
    PlannedMove,
    /// A Region is lost, comes back, and the writer is brought home.
    Failback,
    /// Anything, at any moment.
    Anything,
    /// Anything, and people who redrive runs and delete what is not theirs.
    Meddled,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Calm,
        Self::Disturbance,
        Self::RegionLoss,
        Self::WriterDeath,
        Self::PlannedMove,
        Self::Failback,
        Self::Anything,
        Self::Meddled,
    ];
}

/// Something that happens at a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timed {
    /// Seconds after the system has settled.
    pub at: f64,
    /// What.
    pub event: Event,
}

/// What may happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A Region is lost, with everything in it.
    Lost(Region),
    /// It is back.
    Back(Region),
    /// Nobody outside hears a Region, and nobody in it hears anybody outside.
    Isolated(Region),
    /// One Region does not hear another one.
    Parted(Region, Region),
    /// Every way leads on again.
    Joined,
    /// Every call from a Region, and to it, takes so many seconds more.
    Slow(Region, f64),
    /// A Region's clock is so many seconds ahead of the true one.
    Ahead(Region, f64),
    /// The probe's password is changed, and reaches every Region within seconds.
    Rotated,
    /// The plan is changed in every Region: this is merged over it.
    Planned(Value),
    /// The writer's cluster fails over inside its Region.
    FailedOver(Region),
    /// A service of a Region is silent.
    Silent(Api, Region),
    /// It answers again.
    Answers(Api, Region),
    /// A member's server behaves otherwise.
    Server(Region, Condition),
    /// It restarts: every session is gone.
    Restarted(Region),
    /// The replication to a Region's member stands still, or goes on.
    Stalled(Region, bool),
    /// It lags by so many seconds.
    Lags(Region, f64),
    /// RDS refuses every call of this operation, such as `FailoverGlobalCluster`, or takes them again.
    Refuses(String, bool),
    /// RDS gives up what it is doing.
    Cancelled,
    /// Somebody starts a machine.
    Started(String, Region, Value),
    /// Somebody starts a function.
    Invoked(String, Region, Value),
    /// Somebody stops every execution of a Region.
    Stopped(Region),
    /// Somebody redrives every execution of a Region that was stopped, or that no state caught.
    Redriven(Region),
    /// Somebody deletes what is not theirs.
    Deleted(Theirs),
    /// A human answers every question.
    Answered(bool),
    /// The kill switch is put on, or taken off.
    Killed(bool),
}

impl Event {
    /// Its name, as in a case that is written down.
    #[must_use]
    pub fn name(&self) -> String {
        match serde_json::to_value(self) {
            Ok(Value::String(name)) => name,
            Ok(Value::Object(members)) => members.keys().next().cloned().unwrap_or_default(),
            _ => String::new(),
        }
    }

    /// Whether it makes something worse, so that what follows may be a failover.
    #[must_use]
    pub const fn is_trouble(&self) -> bool {
        matches!(
            self,
            Self::Lost(_)
                | Self::Isolated(_)
                | Self::Parted(..)
                | Self::FailedOver(_)
                | Self::Silent(..)
                | Self::Restarted(_)
                | Self::Stalled(_, true)
                | Self::Lags(..)
                | Self::Refuses(_, true)
        ) || matches!(self, Self::Server(_, condition) if !matches!(condition, Condition::Serves))
    }
}

/// The plan of every case.
#[must_use]
pub fn plan(otherwise: &Value) -> Value {
    let topic = |region: &str| format!("arn:aws:sns:{region}:123456789012:orders-alerts");
    let mut plan = json!({
        "plan": "orders", "revision": 1, "home_region": HOME, "witness_region": WITNESS,
        "topology": {"kind": "aurora_global", "global_cluster": GLOBAL, "strategy": "auto",
            "members": {HOME: {"cluster": "orders-west"}, AWAY: {"cluster": "orders-east"}}},
        "database": {"engine": "postgres", "name": "orders", "admin_secret": "orders/admin",
            "probe": {"user": "failover_probe", "auth": {"kind": "secret", "secret": "orders/probe"}}},
        "detection": {"interval_seconds": 5, "failures": 3, "timeout_seconds": 3},
        "unplanned": {"region_down": "automatic", "writer_down": "automatic", "max_lost_seconds": 60},
        "routes": [{"kind": "cname", "hosted_zone": "Z0EXAMPLE", "name": NAME,
            "endpoint": "writer", "ttl_seconds": 5, "accept_route53_risk": true}],
        "services": [
            {"kind": "ecs", "region": HOME, "cluster": "orders", "services": ["api"]},
            {"kind": "ecs", "region": AWAY, "cluster": "orders", "services": ["api"]}],
        "notify": {HOME: topic(HOME), AWAY: topic(AWAY)},
        "loss_ledger": [{"table": "app.orders", "key": ["id"]}]
    });
    merge(&mut plan, otherwise);
    plan
}

/// What a plan says of a third member.
#[must_use]
pub fn third() -> Value {
    json!({
        "topology": {"members": {THIRD: {"cluster": "orders-third"}}},
        "notify": {THIRD: format!("arn:aws:sns:{THIRD}:123456789012:orders-alerts")}
    })
}

/// The members of a plan, its home first.
#[must_use]
pub fn members(plan: &Value) -> Vec<(Region, String)> {
    let listed = plan["topology"]["members"].as_object();
    let named = |(region, member): (&String, &Value)| {
        let cluster = member["cluster"].as_str().unwrap_or_default();
        (Region::from(region.as_str()), cluster.to_owned())
    };
    let mut members: Vec<_> = listed.into_iter().flatten().map(named).collect();
    members.sort_by_key(|(region, _)| *region != HOME.into());
    members
}

/// Merges one document over another.
pub fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (into, from) => *into = from.clone(),
    }
}

/// Reads a case that was written down.
///
/// # Errors
/// A sentence that names what is wrong with it.
pub fn read(text: &str) -> Result<Case, String> {
    let value: Value =
        serde_json::from_str(text).map_err(|why| format!("the case is no JSON: {why}"))?;
    match value["version"].as_u64() {
        Some(version) if version == u64::from(VERSION) => {}
        Some(version) => {
            return Err(format!(
                "the case is of version {version}, and this is version {VERSION}: it would play otherwise; draw it anew"
            ));
        }
        None => return Err("the case says no version; it is none that was written here".into()),
    }
    serde_json::from_value(value).map_err(|why| format!("the case is not understood: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_of_another_version_and_what_is_no_case_are_refused_by_a_sentence() {
        for (text, said) in [
            ("nonsense", "the case is no JSON"),
            ("{}", "the case says no version"),
            (
                r#"{"version": 99}"#,
                "the case is of version 99, and this is version 2",
            ),
            (
                r#"{"version": 2}"#,
                "the case is not understood: missing field",
            ),
        ] {
            let why = read(text).unwrap_err();
            assert!(why.starts_with(said), "{why}");
        }
    }

    #[test]
    fn the_plan_of_every_case_is_a_valid_plan() {
        let plan = plan(&json!({"unplanned": {"region_down": "approval"}}));
        let read = failover::plan::read(&plan.to_string()).unwrap();
        assert_eq!(read.plan.as_str(), "orders");
        assert_eq!(plan["unplanned"]["writer_down"], "automatic");
    }
}
