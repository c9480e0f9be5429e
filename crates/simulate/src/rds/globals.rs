//! Global clusters: created around a primary, renamed, protected and deleted.

use aurora_global::members::Accepted;
use failover::{Error, domain::Region, topology::GlobalSettings};
use jiff::Timestamp;

use super::{
    Rds,
    fault::{Fault, Taken},
    make::check,
    meddle::answer,
    state::{AVAILABLE, CONNECTED, CREATING, DELETING, Global, Member},
    task::Then,
};

impl Rds {
    pub(super) fn create_global(
        &mut self,
        region: &Region,
        (name, source): (&str, &str),
        like: &GlobalSettings,
    ) -> Taken {
        check(name)?;
        if self.global_called(name).is_ok() {
            return Err(Fault::global_exists(name));
        }
        let held = self.by_arn(source)?;
        if held.region != *region {
            let operation = "CreateGlobalCluster";
            return Err(Fault::wrong_region(operation, &held.region, region));
        }
        if let Some(other) = &held.shape.global_cluster {
            return Err(Fault::cluster_state(format!(
                "DB cluster {source} is already a member of global cluster {other}"
            )));
        }
        held.at_rest()?;
        let (primary, version) = (held.shape.resource_id.clone(), held.version.clone());
        let resource_id = self.resource();
        let global = Global {
            identifier: name.to_ascii_lowercase(),
            resource_id: resource_id.clone(),
            status: CREATING.into(),
            version,
            settings: like.clone(),
            members: vec![Member {
                resource_id: primary.clone(),
                is_writer: true,
                synchronization: CONNECTED,
            }],
            operation: None,
            origin: region.clone(),
            leaves_until: self.now,
        };
        self.globals.insert(resource_id.clone(), global);
        if let Some(held) = self.cluster_mut(&primary) {
            held.shape.global_cluster = Some(name.to_ascii_lowercase());
        }
        let takes = self.timing.create_global;
        self.plan(takes, &[region], Then::GlobalMade(resource_id));
        Ok(())
    }

    pub(super) fn global_made(&mut self, global: &str) {
        if let Some(global) = self.global_mut(global) {
            global.status = AVAILABLE.into();
        }
    }

    pub(super) fn delete_global(&mut self, name: &str) -> Taken {
        let global = self.global_called(name)?;
        if global.settings.deletion_protection == Some(true) {
            return Err(Fault::combination(
                "Cannot delete protected Global Cluster, please disable deletion protection and try again.",
            ));
        }
        // RDS itself learns of the last member's leave a little later.
        if !global.members.is_empty() || self.now < global.leaves_until {
            let said = format!("Global Cluster {} is not empty", global.identifier);
            return Err(Fault::global_state(said));
        }
        global.at_rest()?;
        let resource = global.resource_id.clone();
        if let Some(global) = self.global_mut(&resource) {
            global.status = DELETING.into();
        }
        let takes = self.timing.delete_global;
        self.plan(takes, &[], Then::GlobalGone(resource));
        Ok(())
    }

    /// `ModifyGlobalCluster` with a new identifier.
    ///
    /// # Errors
    /// As an adapter would answer a refusal.
    pub fn rename_global(
        &mut self,
        now: Timestamp,
        region: &Region,
        global: &str,
        to: &str,
    ) -> Result<Accepted, Error> {
        self.at(now);
        let taken = self.change_global_name(global, to);
        answer(taken, "ModifyGlobalCluster", region)
    }

    fn change_global_name(&mut self, global: &str, to: &str) -> Taken {
        let found = self.global_called(global)?;
        found.at_rest()?;
        check(to)?;
        if self.global_called(to).is_ok() {
            return Err(Fault::global_exists(to));
        }
        let (resource, to) = (found.resource_id.clone(), to.to_ascii_lowercase());
        let members = found.members.iter();
        let members: Vec<_> = members.map(|member| member.resource_id.clone()).collect();
        if let Some(global) = self.global_mut(&resource) {
            global.identifier.clone_from(&to);
        }
        for member in members {
            if let Some(held) = self.cluster_mut(&member) {
                held.shape.global_cluster = Some(to.clone());
            }
        }
        Ok(())
    }

    /// Whether a global cluster must not be deleted.
    pub fn protect_global(&mut self, global: &str, on: bool) {
        let found = self.global_called(global).ok();
        let found = found.map(|global| global.resource_id.clone());
        if let Some(global) = found.and_then(|resource| self.global_mut(&resource)) {
            global.settings.deletion_protection = Some(on);
        }
    }
}
