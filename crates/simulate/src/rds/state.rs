//! What the control plane holds.

use failover::{
    domain::Region,
    topology::{GlobalSettings, InstanceShape, Shape, Snapshot},
};
use jiff::Timestamp;

use super::{
    Rds,
    fault::{Fault, Taken},
    names,
    task::Then,
};

pub(super) const AVAILABLE: &str = "available";
pub(super) const CREATING: &str = "creating";
pub(super) const DELETING: &str = "deleting";
pub(super) const CONNECTED: &str = "connected";
/// Statuses under which nobody can connect.
const SHUT: [&str; 3] = [
    "stopped",
    "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable",
];
pub(super) const PENDING_RESYNC: &str = "pending-resync";

/// A cluster, with what a description does not say.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) region: Region,
    /// As it is shown.
    pub(super) shape: Shape,
    pub(super) version: String,
    /// The instance that writes, or would.
    pub(super) writer: Option<String>,
    /// Whether its database takes writes once an instance serves.
    pub(super) writes: bool,
    /// Whether its host names lead to it.
    pub(super) resolves: bool,
}

/// A global cluster.
#[derive(Debug, Clone)]
pub(super) struct Global {
    pub(super) identifier: String,
    pub(super) resource_id: String,
    pub(super) status: String,
    pub(super) version: String,
    pub(super) settings: GlobalSettings,
    pub(super) members: Vec<Member>,
    pub(super) operation: Option<Operation>,
    /// The Region that created it.
    pub(super) origin: Region,
    /// Until when it counts as not empty.
    pub(super) leaves_until: Timestamp,
}

/// A member of a global cluster.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) resource_id: String,
    pub(super) is_writer: bool,
    pub(super) synchronization: &'static str,
}

/// What moves the role of the primary.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) kind: Kind,
    pub(super) status: &'static str,
    pub(super) from: String,
    pub(super) to: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    FailOver,
    SwitchOver,
}

/// A snapshot, and where its rows are from.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) shown: Snapshot,
    /// What the cluster was called.
    pub(super) cluster: String,
}

impl Kind {
    pub(super) const fn status(self) -> &'static str {
        match self {
            Self::FailOver => "failing-over",
            Self::SwitchOver => "switching-over",
        }
    }
}

impl Global {
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.identifier.eq_ignore_ascii_case(name)
    }

    pub(super) fn primary(&self) -> Option<&str> {
        let mut members = self.members.iter();
        let primary = members.find(|member| member.is_writer);
        primary.map(|member| member.resource_id.as_str())
    }

    pub(super) fn member(&self, resource: &str) -> Option<&Member> {
        let mut members = self.members.iter();
        members.find(|member| member.resource_id == resource)
    }

    pub(super) fn synchronize(&mut self, resource: &str, status: &'static str) {
        for member in &mut self.members {
            if member.resource_id == resource {
                member.synchronization = status;
            }
        }
    }

    /// Refuses while something moves the role of the primary, or the whole is made or deleted.
    pub(super) fn at_rest(&self) -> Result<(), Fault> {
        let status = match &self.operation {
            Some(operation) => operation.status,
            None if self.status == AVAILABLE => return Ok(()),
            None => &self.status,
        };
        let said = format!("Global cluster {} is {status}", self.identifier);
        Err(Fault::global_state(said))
    }
}

impl Held {
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.shape.identifier.eq_ignore_ascii_case(name)
    }

    pub(super) fn at_rest(&self) -> Result<(), Fault> {
        if self.shape.is_available() {
            return Ok(());
        }
        Err(Fault::busy(&self.shape.identifier, &self.shape.status))
    }

    pub(super) fn instance(&mut self, name: &str) -> Option<&mut InstanceShape> {
        let mut instances = self.shape.instances.iter_mut();
        instances.find(|instance| instance.identifier.eq_ignore_ascii_case(name))
    }

    /// Gives every instance that is there a status.
    pub(super) fn set_instances(&mut self, status: &str) {
        for instance in &mut self.shape.instances {
            if ![CREATING, DELETING].contains(&instance.status.as_str()) {
                status.clone_into(&mut instance.status);
            }
        }
    }

    /// Both at once.
    pub(super) fn set(&mut self, cluster: &str, instances: &str) {
        cluster.clone_into(&mut self.shape.status);
        self.set_instances(instances);
    }

    /// The instance that writes next: the lowest tier, then the first.
    pub(super) fn elect(&mut self, not: Option<&str>) {
        let instances = self.shape.instances.iter();
        let able = instances
            .filter(|instance| instance.status != DELETING)
            .filter(|instance| Some(instance.identifier.as_str()) != not);
        let next = able.min_by_key(|instance| instance.promotion_tier.unwrap_or(1));
        self.writer = next.map(|instance| instance.identifier.clone());
    }

    /// Whether an instance is there that serves, or is about to.
    pub(super) fn is_served(&self) -> bool {
        let mut instances = self.shape.instances.iter();
        instances.any(|instance| {
            let status = instance.status.as_str();
            ![CREATING, DELETING].contains(&status) && !SHUT.contains(&status)
        })
    }

    pub(super) fn call(&mut self, identifier: &str) {
        identifier.clone_into(&mut self.shape.identifier);
        self.shape.arn = names::arn(&self.region, identifier);
    }
}

impl Rds {
    pub(super) fn global_called(&self, name: &str) -> Result<&Global, Fault> {
        let mut globals = self.globals.values();
        let found = globals.find(|global| global.is_called(name));
        found.ok_or_else(|| Fault::no_global(name))
    }

    /// The global cluster that has a cluster as its member.
    pub(super) fn global_of(&self, resource: &str) -> Option<&Global> {
        let mut globals = self.globals.values();
        globals.find(|global| global.member(resource).is_some())
    }

    /// The resource id of whoever leads a global cluster.
    pub(super) fn primary_of(&self, global: &str) -> Option<String> {
        let primary = self.globals.get(global)?.primary()?;
        Some(primary.to_owned())
    }

    pub(super) fn global_mut(&mut self, resource: &str) -> Option<&mut Global> {
        self.globals.get_mut(resource)
    }

    pub(super) fn held(&self, region: &Region, name: &str) -> Result<&Held, Fault> {
        let mut clusters = self.clusters.values();
        let found = clusters.find(|held| held.region == *region && held.is_called(name));
        found.ok_or_else(|| Fault::no_cluster(name))
    }

    /// Whether a cluster's identifier is free in a Region: one that is being renamed has both.
    pub(super) fn cluster_name_is_free(&self, region: &Region, name: &str) -> Taken {
        let is_coming = self.is_coming(region, |then| {
            let Then::Renamed(cluster, to) = then else {
                return None;
            };
            to.eq_ignore_ascii_case(name).then_some(cluster)
        });
        if is_coming || self.held(region, name).is_ok() {
            return Err(Fault::cluster_exists());
        }
        Ok(())
    }

    /// As [`Rds::cluster_name_is_free`], for an instance.
    pub(super) fn instance_name_is_free(&self, region: &Region, name: &str) -> Taken {
        let is_coming = self.is_coming(region, |then| {
            let Then::InstanceRenamed(cluster, _, to) = then else {
                return None;
            };
            to.eq_ignore_ascii_case(name).then_some(cluster)
        });
        if is_coming || self.instance(region, name).is_ok() {
            return Err(Fault::instance_exists());
        }
        Ok(())
    }

    fn is_coming(&self, region: &Region, to: impl Fn(&Then) -> Option<&String>) -> bool {
        let mut coming = self.tasks.iter().filter_map(|task| to(&task.then));
        coming.any(|cluster| self.region_of(cluster).as_ref() == Some(region))
    }

    pub(super) fn by_arn(&self, arn: &str) -> Result<&Held, Fault> {
        let mut clusters = self.clusters.values();
        let found = clusters.find(|held| held.shape.arn.eq_ignore_ascii_case(arn));
        found.ok_or_else(|| Fault::no_cluster(arn))
    }

    /// The cluster that has an instance, and that instance.
    pub(super) fn instance(
        &self,
        region: &Region,
        name: &str,
    ) -> Result<(&Held, &InstanceShape), Fault> {
        let here = self.clusters.values().filter(|held| held.region == *region);
        let mut instances =
            here.flat_map(|held| held.shape.instances.iter().map(move |one| (held, one)));
        let found = instances.find(|(_, one)| one.identifier.eq_ignore_ascii_case(name));
        found.ok_or_else(|| Fault::no_instance(name))
    }

    pub(super) fn cluster_mut(&mut self, resource: &str) -> Option<&mut Held> {
        self.clusters.get_mut(resource)
    }

    pub(super) fn region_of(&self, resource: &str) -> Option<Region> {
        self.clusters.get(resource).map(|held| held.region.clone())
    }

    pub(super) fn is_down(&self, resource: &str) -> bool {
        let held = self.clusters.get(resource);
        held.is_some_and(|held| self.down.contains(&held.region))
    }
}
