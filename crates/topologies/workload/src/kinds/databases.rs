//! RDS instances and Aurora clusters, home by snapshots: copied home, restored under the old name, the old one kept beside. Every pass
//! decides by what stands there and by what the row remembers, so that a lost answer is seen and never repeated.

use failover::{
    Error,
    domain::Region,
    topology::{Accepted, AloneShape},
};
use serde::Serialize;

use crate::{
    databases::{Call, Change, Databases, Found, Kind, Room, Taken},
    phase::Phase,
    plan::{Isolated, Resource},
    verbs::{Kept, Next, On, Progress},
};

mod admitted;
mod cluster;
mod complete;
mod conclude;
mod copies;
mod cut_over;
mod given;
mod instance;
mod look;
pub mod names;
mod prepare;
mod rehearse;
mod remembered;
mod revert;
mod waits;

pub use cluster::AuroraClusters;
pub use given::{RESTORED_CLUSTER, RESTORED_INSTANCE};
pub use instance::RdsInstances;

use self::remembered::Remembered;

/// What is there of a database. What a phase does not ask for is not looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Seen {
    /// What bears the name of home.
    pub home: Option<Found>,
    /// What serves in the recovery Region.
    pub recovery: Option<Found>,
    /// What stood at home before the cut-over, under its new name.
    pub old: Option<Found>,
    /// What came home and was taken back.
    pub failed: Option<Found>,
    /// What a rehearsal has built.
    pub rehearsal: Option<Found>,
    /// The round's snapshot in the recovery Region.
    pub source: Option<Taken>,
    /// Its copy at home.
    pub copy: Option<Taken>,
    /// The snapshot of the round before.
    pub earlier_source: Option<Taken>,
    /// Its copy at home.
    pub earlier_copy: Option<Taken>,
    /// The new home's first recovery point.
    pub point: Option<Taken>,
    /// Names of instances that a cut-over would need and that are taken.
    pub taken: Vec<String>,
    /// How many manual snapshots there may be at home, and are.
    pub home_room: Option<Room>,
    /// The same in the recovery Region.
    pub recovery_room: Option<Room>,
    /// Whether each Region has what the plan says that the other one has.
    pub exchanged: bool,
}

/// What comes next for a database.
type Step = Next<Change>;

/// A pass of a database: what it is about, and what its row remembers.
struct Pass<'a> {
    on: &'a On<'a>,
    kind: Kind,
    kept: Remembered,
    seen: &'a Seen,
}

fn decide(kind: Kind, on: &On<'_>, seen: &Seen) -> Result<Step, Error> {
    let pass = Pass {
        on,
        kind,
        kept: Remembered::read(on)?,
        seen,
    };
    match on.phase {
        Phase::Prepare => prepare::decide(&pass),
        Phase::Sync => copies::sync(&pass),
        Phase::Rehearse => rehearse::decide(&pass),
        Phase::Suspend => Ok(done("a database is suspended with those who write to it")),
        Phase::LastSync => copies::last_sync(&pass),
        Phase::CutOver => cut_over::decide(&pass),
        Phase::Verify => conclude::verify(&pass),
        Phase::Retire => conclude::retire(&pass),
        Phase::Conclude => conclude::decide(&pass),
        Phase::Revert => revert::decide(&pass),
    }
}

fn reasons(kind: Kind, on: &On<'_>, seen: &Seen) -> Vec<String> {
    match on.phase {
        Phase::Prepare => prepare::reasons(kind, on, seen),
        Phase::Sync
        | Phase::Rehearse
        | Phase::Suspend
        | Phase::LastSync
        | Phase::CutOver
        | Phase::Verify
        | Phase::Retire
        | Phase::Conclude
        | Phase::Revert => Vec::new(),
    }
}

/// Makes the one call. What RDS is in no state for is looked at again by the next pass, as a lost answer is.
async fn call(world: &impl Databases, change: &Change) -> Result<(), Error> {
    match world.change_database(change).await? {
        Accepted::Yes => Ok(()),
        Accepted::NotNow(why) | Accepted::Throttled(why) => Err(Error::Unavailable(format!(
            "RDS does not take {} in {} yet: {why}",
            change.call.operation(),
            change.region
        ))),
    }
}

impl Pass<'_> {
    fn home(&self) -> &str {
        self.on.resource.home()
    }

    fn word(&self) -> &'static str {
        self.kind.word()
    }

    /// The same name with what tells this run's from another's.
    fn old(&self) -> String {
        names::old(self.home(), &self.kept.short)
    }

    fn failed(&self) -> String {
        names::failed(self.home(), &self.kept.short)
    }

    fn snapshot(&self, round: u32) -> String {
        let plan = &self.on.plan.plan;
        names::snapshot(plan, self.on.resource.name(), round, &self.kept.short)
    }

    /// A call at home.
    fn at_home(&self, call: Call) -> Step {
        self.keeping(Kept::new(), self.on.plan.home_region.clone(), call)
    }

    /// A call in the recovery Region.
    fn at_recovery(&self, call: Call) -> Step {
        self.keeping(Kept::new(), self.on.plan.recovery_region.clone(), call)
    }

    fn keeping(&self, keep: Kept, region: Region, call: Call) -> Step {
        Next::Call {
            name: call.name(),
            reason: call.to_string(),
            keep,
            call: Change { region, call },
        }
    }

    /// Whether this run made it.
    fn made(&self, found: &Found) -> bool {
        found.shape.tags.get(names::RUN_TAG) == Some(&self.kept.run)
    }

    /// Whether this run took it.
    fn took(&self, taken: &Taken) -> bool {
        taken.tags.get(names::RUN_TAG) == Some(&self.kept.run)
    }

    /// What bears the name of home and came home in this run.
    fn successor(&self) -> Option<&Found> {
        let home = self.seen.home.as_ref()?;
        (self.made(home) && !self.kept.is_former(home)).then_some(home)
    }
}

fn done(reason: impl Into<String>) -> Step {
    Next::Done {
        reason: reason.into(),
        keep: Kept::new(),
    }
}

fn wait(reason: impl Into<String>) -> Step {
    Next::Wait {
        reason: reason.into(),
        progress: None,
    }
}

fn wait_for(reason: impl Into<String>, progress: Progress) -> Step {
    Next::Wait {
        reason: reason.into(),
        progress: Some(progress),
    }
}

/// The KMS key of the plan.
fn kms_key(resource: &Resource) -> Option<&String> {
    match resource {
        Resource::RdsInstance(one) => one.kms_key.as_ref(),
        Resource::AuroraCluster(one) => one.kms_key.as_ref(),
        Resource::DynamodbTable(_) | Resource::Ec2Instance(_) => None,
    }
}

/// Where a rehearsal builds.
fn isolated(resource: &Resource) -> Option<&Isolated> {
    match resource {
        Resource::RdsInstance(one) => one.rehearsal.as_ref(),
        Resource::AuroraCluster(one) => one.rehearsal.as_ref(),
        Resource::DynamodbTable(_) | Resource::Ec2Instance(_) => None,
    }
}

/// The global cluster that the plan names.
fn global_cluster(resource: &Resource) -> Option<&String> {
    match resource {
        Resource::AuroraCluster(one) => one.global_cluster.as_ref(),
        Resource::RdsInstance(_) | Resource::DynamodbTable(_) | Resource::Ec2Instance(_) => None,
    }
}

/// What only an instance has that belongs to no cluster.
fn alone(found: &Found) -> Option<&AloneShape> {
    let first = found.shape.instances.first()?;
    first.alone.as_ref()
}

#[cfg(test)]
mod tests;
