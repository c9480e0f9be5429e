//! The plan's members: the ports by which the steps of an instance with read replicas read and change them in RDS, and stop and open
//! them.

pub mod exports;
pub mod makes;
pub mod stops;

use failover::{
    Error,
    domain::{Epoch, Region, StopToken},
    evidence::Rds,
    ledger::KeptPlan,
    plan::Engine,
    ports::{Fenced, Mark, NotStopped, Stopped, Unfenced},
    topology::{self, Accepted, Cluster, Group, GroupMember, Named, Reach, Snapshot},
};
use jiff::Timestamp;
use serde::Serialize;

use exports::Exported;
use makes::{Call, Whole};
use stops::{Asked, Stands};

/// RDS, as instances with read replicas are read and changed there. Every call has a time-out of seconds.
pub trait Members: Sync {
    /// What a Region's control plane answers about an instance, as evidence: one attempt, and whatever comes back is an answer.
    fn look(&self, region: &Region, identifier: &str) -> impl Future<Output = Rds> + Send;
    /// An instance of a Region; `None` when there is none of this name.
    fn instance(
        &self,
        region: &Region,
        identifier: &str,
    ) -> impl Future<Output = Result<Option<Instance>, Error>> + Send;
    /// The automated backups that a Region has of an instance, by what RDS calls that for good: copies, where it is another Region's.
    /// `None` where it has none. Of several those that restore to the newest moment.
    fn backups(
        &self,
        region: &Region,
        resource_id: &str,
    ) -> impl Future<Output = Result<Option<Backups>, Error>> + Send;
    /// The exports of a member's snapshots in its Region, and the member; `None` when there is no instance of its name.
    fn exports(
        &self,
        region: &Region,
        identifier: &str,
    ) -> impl Future<Output = Result<Option<Exported>, Error>> + Send;
    /// `PromoteReadReplica`, in the replica's Region. Its backups are kept for so many days on, where that is known.
    fn promote(
        &self,
        region: &Region,
        identifier: &str,
        backup_days: Option<u32>,
    ) -> impl Future<Output = Result<Accepted, Error>> + Send;
}

/// Stops this Region's member, and asks other Regions for the same. What opens it is told in which epoch and by which mark, and does
/// nothing where either is another.
pub trait Stops: Sync {
    /// Asks stop-writes of another Region. An answer that is not seen says nothing about what was done.
    fn ask(
        &self,
        region: &Region,
        asked: &Asked,
    ) -> impl Future<Output = Result<Stands, Error>> + Send;
    /// Stops this Region's member; it may come about after this was given up.
    fn stop(
        &self,
        known: &KeptPlan,
        epoch: Epoch,
        token: &StopToken,
    ) -> impl Future<Output = Result<Result<Fenced, NotStopped>, Error>> + Send;
    /// The mark in this Region's member, looked at alone.
    fn mark(&self, known: &KeptPlan) -> impl Future<Output = Result<Option<Mark>, Error>> + Send;
    /// The mark and the doors of this Region's member.
    fn stopped(&self, known: &KeptPlan) -> impl Future<Output = Result<Stopped, Error>> + Send;
    /// How far this Region's member has written under a mark; `None` where that does not stand.
    fn position(
        &self,
        known: &KeptPlan,
        token: &StopToken,
    ) -> impl Future<Output = Result<Option<i64>, Error>> + Send;
    /// Opens this Region's member by its epoch and its mark; `None` where either is another. The mark stays where nobody can log in then.
    fn open(
        &self,
        known: &KeptPlan,
        epoch: Epoch,
        token: &StopToken,
    ) -> impl Future<Output = Result<Option<Unfenced>, Error>> + Send;
}

/// RDS, as members are made again there. Every call has a time-out of seconds.
pub trait Makes: Sync {
    /// An instance with all that it is made of; `None` when there is none of this name.
    fn whole(
        &self,
        region: &Region,
        identifier: &str,
    ) -> impl Future<Output = Result<Option<Whole>, Error>> + Send;
    /// A snapshot of an instance; `None` when there is none of this name.
    fn snapshot(
        &self,
        region: &Region,
        snapshot: &str,
    ) -> impl Future<Output = Result<Option<Snapshot>, Error>> + Send;
    /// The engine family that a parameter group is for; `None` when there is no group of this name.
    fn family(
        &self,
        region: &Region,
        group: &str,
    ) -> impl Future<Output = Result<Option<String>, Error>> + Send;
    /// What this function's role may make again; `None` where nobody says.
    fn reach(&self) -> Option<&Reach>;
    /// Makes a call once.
    fn call(
        &self,
        region: &Region,
        call: &Call,
    ) -> impl Future<Output = Result<Accepted, Error>> + Send;
}

/// A DB instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Instance {
    /// Its identifier.
    pub identifier: String,
    /// Its ARN.
    pub arn: String,
    /// What RDS calls it for good, whoever takes its identifier later.
    pub resource_id: Option<String>,
    /// `available`, or what is being done to it. Right after a call it is what it was before.
    pub status: String,
    /// What runs on it, such as `postgres`.
    pub engine: String,
    /// Its engine's version.
    pub engine_version: String,
    /// Its address, which a promotion leaves as it is; empty while it is being made.
    pub endpoint: String,
    /// Its port.
    pub port: u16,
    /// What it replicates from: an ARN, where that is in another Region; `None` where it leads or stands alone.
    pub source: Option<String>,
    /// How its replication is, where it is a replica and RDS says so.
    pub replication: Option<Replication>,
    /// Days for which its backups are kept; 0 where it has none.
    pub backup_days: Option<u32>,
    /// The cluster that it belongs to, where it does.
    pub cluster: Option<String>,
}

/// The automated backups of an instance, as one Region has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backups {
    /// `replicating`, `retained` once that was stopped or its instance deleted, or what else RDS says.
    pub status: String,
    /// The newest moment to which they restore; `None` before there is one.
    pub latest: Option<Timestamp>,
}

/// How the replication of a replica is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replication {
    /// `replicating`, `error`, `stopped` or `terminated`.
    pub status: String,
    /// Whether RDS calls that normal.
    pub is_normal: bool,
    /// What RDS says of an error.
    pub message: Option<String>,
}

/// Statuses of an instance that takes connections as ever.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html>.
const SERVING: [&str; 3] = [
    topology::status::AT_REST,
    "backing-up",
    "storage-optimization",
];
/// What those begin with under which RDS turns on logs, monitoring or logins by IAM.
const CONFIGURING: &str = "configuring-";
/// Those of one that takes none for a moment. A promotion goes through `modifying` and `rebooting`.
const BEGINNING: [&str; 5] = ["creating", "modifying", "rebooting", "renaming", "starting"];

impl Instance {
    /// Refuses one that is no member of a plan of this topology.
    ///
    /// # Errors
    /// `UnexpectedTopology` for an instance of a cluster, and for one of another engine than the plan's.
    pub fn fits(&self, engine: Engine) -> Result<(), Error> {
        let name = &self.identifier;
        let why = match &self.cluster {
            Some(cluster) => format!(
                "{name} belongs to cluster {cluster}, and a member is an instance that belongs to none; write a plan of the kind aurora_global"
            ),
            None if self.engine != engine.in_rds() && self.is_edition_of(engine) => format!(
                "{name} runs {}, and only {}, the Enterprise Edition, has read replicas; name another instance",
                self.engine,
                engine.in_rds()
            ),
            None if self.engine != engine.in_rds() => format!(
                "{name} runs {}, and database.engine is {}; write the engine that it runs, or name another instance",
                self.engine,
                engine.name()
            ),
            None => return Ok(()),
        };
        Err(Error::UnexpectedTopology(why))
    }

    /// Whether it runs another edition of an engine that has several.
    fn is_edition_of(&self, engine: Engine) -> bool {
        self.engine
            .strip_prefix(engine.name())
            .is_some_and(|rest| rest.starts_with('-'))
    }

    /// The family that its parameter groups are of; `None` where RDS says no version.
    /// Source: the families that `DescribeDBEngineVersions` lists: `postgres16`, `mariadb10.11`, `mysql8.0`, `sqlserver-ee-15.0`.
    #[must_use]
    pub fn family(&self) -> Option<String> {
        let numbers = if self.engine == Engine::Postgres.in_rds() {
            1
        } else {
            2
        };
        let family: Vec<_> = self.engine_version.split('.').take(numbers).collect();
        let mut family = family.join(".");
        let mut dash = "";
        if self.is_edition_of(Engine::Sqlserver) {
            // Its minor number is written with two digits in a version, and with one in a family.
            family = family.replace(".00", ".0");
            dash = "-";
        }
        (!family.is_empty()).then(|| format!("{}{dash}{family}", self.engine))
    }

    /// Whether it serves as far as RDS can tell. Some of what RDS does to it takes hours, and nobody notices.
    #[must_use]
    pub fn serves(&self) -> bool {
        SERVING.contains(&self.status.as_str()) || self.status.starts_with(CONFIGURING)
    }

    /// Whether it is about to serve, and does not yet.
    #[must_use]
    pub fn begins(&self) -> bool {
        BEGINNING.contains(&self.status.as_str())
    }

    /// Whether its source is the instance `identifier` of `region`.
    #[must_use]
    pub fn follows(&self, region: &Region, identifier: &str) -> bool {
        Group::from(self).is_led_by(region, identifier) && self.source.is_some()
    }
}

impl From<&Instance> for Group {
    fn from(instance: &Instance) -> Self {
        let member = |arn: &String, leads| GroupMember {
            arn: arn.clone(),
            leads,
        };
        let leader = instance.source.as_ref().unwrap_or(&instance.arn);
        let follows = instance.source.as_ref().map(|_| &instance.arn);
        let followers = follows.map(|arn| member(arn, false));
        Self {
            named: Named::from(leader.as_str()),
            status: instance.status.clone(),
            engine_version: instance.engine_version.clone(),
            members: std::iter::once(member(leader, true))
                .chain(followers)
                .collect(),
            operation: None,
        }
    }
}

/// The cluster of an instance is at rest while the instance serves, whatever RDS does to it.
impl From<Instance> for Cluster {
    fn from(instance: Instance) -> Self {
        let status = if instance.serves() {
            topology::status::AT_REST.to_owned()
        } else {
            instance.status.clone()
        };
        let only = topology::Instance {
            identifier: instance.identifier.clone(),
            status: status.clone(),
            is_writer: true,
        };
        Self {
            identifier: instance.identifier,
            arn: instance.arn,
            resource_id: instance.resource_id,
            status,
            engine_version: instance.engine_version,
            global_cluster: instance.source,
            reader_endpoint: instance.endpoint.clone(),
            endpoint: instance.endpoint,
            port: instance.port,
            instances: vec![only],
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
