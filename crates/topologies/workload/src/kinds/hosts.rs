//! Hosts of EC2, home by snapshots of their volumes: copied home round by round, and attached in the place of what stood there, which is
//! kept. Every pass decides by what stands there and by what the row remembers, so that a lost answer is seen and never repeated.

use failover::{Error, domain::Region, topology::Accepted};
use serde::Serialize;

use crate::{
    hosts::{Call, Change, Checks, Host, Hosts, Image, Loading, Network, Snapshot, Tags, Volume},
    phase::Phase,
    plan::{Ec2Instance, Resource},
    verbs::{Kept, Next, On, Progress, Verbs},
};

mod after;
mod anew;
mod copies;
mod cut_over;
mod last_round;
mod look;
pub mod names;
pub mod pairs;
mod place;
mod prepare;
mod rehearse;
mod remembered;
mod revert;
mod rounds;
mod swap;

use self::remembered::{Remembered, asking};

/// Hosts of EC2 come home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ec2Instances;

/// What is there of a host. What a phase does not ask for is not looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Seen {
    /// The host at home.
    pub home: Option<Host>,
    /// Its volumes, and those that were its own before.
    pub home_volumes: Vec<Volume>,
    /// Whether it may not be stopped.
    pub home_protected: bool,
    /// The host that serves in the recovery Region.
    pub recovery: Option<Host>,
    /// Its volumes.
    pub recovery_volumes: Vec<Volume>,
    /// Whether it may not be stopped.
    pub recovery_protected: bool,
    /// Whether each Region has what the plan says that the other one has.
    pub exchanged: bool,
    /// Where hosts can be at home.
    pub network: Network,
    /// Where hosts can be in the recovery Region.
    pub away: Network,
    /// The snapshots of this resource in the recovery Region, of all runs.
    pub sources: Vec<Snapshot>,
    /// Its snapshots at home, copies and recovery points, of all runs.
    pub copies: Vec<Snapshot>,
    /// What the round has to move, where that was asked: the bytes, if anybody tells.
    pub to_move: Option<Option<u64>>,
    /// The volumes at home that this run has made.
    pub made: Vec<Volume>,
    /// How far they are loaded.
    pub loading: Vec<Loading>,
    /// The image that a twin or a host made anew is launched of.
    pub image: Option<Image>,
    /// The twin of a rehearsal.
    pub twin: Option<Host>,
    /// What the status checks say of the host that is waited for.
    pub checks: Option<Checks>,
}

/// What comes next for a host.
type Step = Next<Change>;

/// A pass of a host: what it is about, and what its row remembers.
struct Pass<'a> {
    on: &'a On<'a>,
    wished: &'a Ec2Instance,
    kept: Remembered,
    seen: &'a Seen,
}

impl<W: Hosts> Verbs<W> for Ec2Instances {
    type Seen = Seen;
    type Call = Change;

    async fn look(self, world: &W, on: &On<'_>) -> Result<Seen, Error> {
        look::look(world, on, wished(on)?).await
    }

    fn decide(self, on: &On<'_>, seen: &Seen) -> Result<Step, Error> {
        let pass = Pass {
            on,
            wished: wished(on)?,
            kept: Remembered::read(on)?,
            seen,
        };
        match on.phase {
            Phase::Prepare => prepare::decide(&pass),
            Phase::Sync => rounds::sync(&pass),
            Phase::Rehearse => rehearse::decide(&pass),
            Phase::Suspend => after::suspend(&pass),
            Phase::LastSync => rounds::last_sync(&pass),
            Phase::CutOver => cut_over::decide(&pass),
            Phase::Verify => after::verify(&pass),
            Phase::Retire => after::retire(&pass),
            Phase::Conclude => after::conclude(&pass),
            Phase::Revert => revert::decide(&pass),
        }
    }

    fn reasons(self, on: &On<'_>, seen: &Seen) -> Vec<String> {
        match (on.phase, wished(on)) {
            (Phase::Prepare, Ok(wished)) => prepare::reasons(on, wished, seen),
            (Phase::Prepare, Err(why)) => vec![why.to_string()],
            (
                Phase::Sync
                | Phase::Rehearse
                | Phase::Suspend
                | Phase::LastSync
                | Phase::CutOver
                | Phase::Verify
                | Phase::Retire
                | Phase::Conclude
                | Phase::Revert,
                _,
            ) => Vec::new(),
        }
    }

    /// Makes the one call. What EC2 is in no state for is looked at again by the next pass, as a lost answer is.
    async fn call(self, world: &W, _on: &On<'_>, change: &Change) -> Result<(), Error> {
        match world.change_host(change).await? {
            Accepted::Yes => Ok(()),
            Accepted::NotNow(why) | Accepted::Throttled(why) => Err(Error::Unavailable(format!(
                "EC2 does not take {} in {} yet: {why}",
                change.call.operation(),
                change.region
            ))),
        }
    }
}

/// What the plan says of the host.
fn wished<'a>(on: &On<'a>) -> Result<&'a Ec2Instance, Error> {
    match on.resource {
        Resource::Ec2Instance(one) => Ok(one),
        Resource::RdsInstance(_) | Resource::AuroraCluster(_) | Resource::DynamodbTable(_) => {
            Err(Error::InvalidRequest(format!(
                "resource {} is of the kind {}, which is no host",
                on.resource.name(),
                on.resource.kind()
            )))
        }
    }
}

impl Pass<'_> {
    fn name(&self) -> &str {
        &self.wished.name
    }

    /// The tags of what this run makes for the resource.
    fn tags(&self, role: &str) -> Tags {
        let mut tags = names::of_run(&self.on.plan.plan, self.name(), &self.kept.run);
        tags.insert(names::ROLE_TAG.to_owned(), role.to_owned());
        tags.insert(names::EPOCH_TAG.to_owned(), self.on.run.epoch.to_string());
        tags
    }

    /// Whether this run made something, for that purpose.
    fn made_for(&self, tags: &Tags, role: &str) -> bool {
        let is = |key: &str, value: &str| tags.get(key).is_some_and(|found| found == value);
        is(names::RUN_TAG, &self.kept.run) && is(names::ROLE_TAG, role)
    }

    /// A call at home.
    fn at_home(&self, call: Call) -> Step {
        self.keeping(Kept::new(), &self.on.plan.home_region, call)
    }

    /// A call in the recovery Region.
    fn at_recovery(&self, call: Call) -> Step {
        self.keeping(Kept::new(), &self.on.plan.recovery_region, call)
    }

    fn keeping(&self, keep: Kept, region: &Region, call: Call) -> Step {
        Next::Call {
            name: call.name(),
            reason: call.to_string(),
            keep,
            call: Change {
                region: region.clone(),
                call,
            },
        }
    }

    /// A call at home that makes something, which may be shown late: it is not asked for twice.
    fn asking(&self, what: &str, call: Call) -> Step {
        if self.kept.may_come(what, self.on.now) {
            return wait(format!("{what} was asked for and is not shown yet"));
        }
        let keep = asking(what, self.on.now);
        self.keeping(keep, &self.on.plan.home_region, call)
    }

    /// The home host, which prepare has seen or cut-over has made.
    ///
    /// # Errors
    /// `UnexpectedTopology` where it is gone or a later run was there.
    fn home(&self) -> Result<&Host, Error> {
        let id = self.kept.home_id(self.on);
        let found = self.seen.home.as_ref().filter(|host| !host.is_gone());
        let home = found.ok_or_else(|| {
            Error::UnexpectedTopology(format!(
                "home host {id} of {} is not in {} any more; start another run, which makes one anew",
                self.name(),
                self.on.plan.home_region
            ))
        })?;
        let epoch = home.tags.get(names::EPOCH_TAG);
        let epoch = epoch.and_then(|text| text.parse::<u64>().ok());
        if let Some(epoch) = epoch.filter(|epoch| *epoch > self.on.run.epoch.0) {
            return Err(Error::UnexpectedTopology(format!(
                "{id} carries epoch {epoch}, and this run's is {}; a later run was there",
                self.on.run.epoch
            )));
        }
        Ok(home)
    }
}

fn done(reason: impl Into<String>) -> Step {
    done_keeping(reason, Kept::new())
}

fn done_keeping(reason: impl Into<String>, keep: Kept) -> Step {
    Next::Done {
        reason: reason.into(),
        keep,
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

#[cfg(test)]
mod tests;
