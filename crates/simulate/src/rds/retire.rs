//! The calls of a rebuild that take something away: endpoints, names, protection, instances, clusters and global clusters.

use failover::domain::Region;

use super::{
    Happened, Rds,
    fault::{Fault, Taken},
    make::check,
    state::{AVAILABLE, DELETING},
    task::Then,
};

impl Rds {
    pub(super) fn delete_endpoint(&mut self, region: &Region, name: &str) -> Taken {
        let here = self.clusters.values().filter(|held| held.region == *region);
        let mut all = here.flat_map(|held| held.shape.endpoints.iter().map(move |one| (held, one)));
        let found = all.find(|(_, one)| one.identifier.eq_ignore_ascii_case(name));
        let (held, endpoint) = found.ok_or_else(|| Fault::no_endpoint(name))?;
        if !endpoint.is_there() {
            let said = format!("DBClusterEndpoint {name} is {}.", endpoint.status);
            return Err(Fault::endpoint_state(said));
        }
        let (resource, name) = (held.shape.resource_id.clone(), endpoint.identifier.clone());
        let held = self.cluster_mut(&resource);
        let endpoints = held.into_iter().flat_map(|held| &mut held.shape.endpoints);
        for found in endpoints.filter(|found| found.identifier == name) {
            found.status = DELETING.into();
        }
        let then = Then::EndpointGone(resource, name);
        self.plan(self.timing.endpoint, &[region], then);
        Ok(())
    }

    pub(super) fn endpoint_gone(&mut self, cluster: &str, endpoint: &str) {
        if let Some(held) = self.cluster_mut(cluster) {
            let endpoints = &mut held.shape.endpoints;
            endpoints.retain(|found| found.identifier != endpoint);
        }
    }

    pub(super) fn rename_instance(&mut self, region: &Region, name: &str, to: &str) -> Taken {
        let (held, instance) = self.instance(region, name)?;
        if instance.status != AVAILABLE {
            return Err(Fault::busy_instance(name, &instance.status));
        }
        let (resource, from) = (held.shape.resource_id.clone(), instance.identifier.clone());
        check(to)?;
        self.instance_name_is_free(region, to)?;
        self.set_instance(&resource, &from, "renaming");
        let then = Then::InstanceRenamed(resource, from, to.to_ascii_lowercase());
        self.plan(self.timing.rename, &[region], then);
        Ok(())
    }

    pub(super) fn set_instance(&mut self, cluster: &str, instance: &str, status: &str) {
        let held = self.cluster_mut(cluster);
        if let Some(instance) = held.and_then(|held| held.instance(instance)) {
            status.clone_into(&mut instance.status);
        }
    }

    pub(super) fn instance_renamed(&mut self, cluster: &str, from: &str, to: &str) {
        let Some(held) = self.cluster_mut(cluster) else {
            return;
        };
        if let Some(instance) = held.instance(from) {
            to.clone_into(&mut instance.identifier);
            instance.status = AVAILABLE.into();
        }
        if held.writer.as_deref() == Some(from) {
            held.writer = Some(to.to_owned());
        }
        let endpoints = held.shape.endpoints.iter_mut();
        let named = endpoints.flat_map(|one| {
            let members = one.static_members.iter_mut();
            members.chain(&mut one.excluded_members)
        });
        for name in named.filter(|name| *name == from) {
            to.clone_into(name);
        }
        let instances = &mut held.shape.instances;
        instances.sort_by(|one, other| one.identifier.cmp(&other.identifier));
    }

    pub(super) fn rename_cluster(&mut self, region: &Region, name: &str, to: &str) -> Taken {
        let held = self.held(region, name)?;
        held.at_rest()?;
        if let Some(global) = &held.shape.global_cluster {
            return Err(Fault::cluster_state(format!(
                "DB cluster {name} can't be renamed because it is a member of global cluster {global}."
            )));
        }
        check(to)?;
        let resource = held.shape.resource_id.clone();
        self.cluster_name_is_free(region, to)?;
        if let Some(held) = self.cluster_mut(&resource) {
            held.shape.status = "renaming".into();
        }
        let then = Then::Renamed(resource, to.to_ascii_lowercase());
        self.plan(self.timing.rename, &[region], then);
        Ok(())
    }

    /// The old host names are gone at once; the new ones take a while.
    pub(super) fn renamed(&mut self, cluster: &str, to: &str) {
        let name = self.timing.name;
        let Some(held) = self.cluster_mut(cluster) else {
            return;
        };
        held.call(to);
        held.shape.status = AVAILABLE.into();
        held.resolves = false;
        let region = held.region.clone();
        self.plan(name, &[&region], Then::NameShows(cluster.to_owned()));
    }

    pub(super) fn lift_protection(&mut self, region: &Region, name: &str) -> Taken {
        let held = self.held(region, name)?;
        held.at_rest()?;
        let resource = held.shape.resource_id.clone();
        if let Some(held) = self.cluster_mut(&resource) {
            held.shape.deletion_protection = false;
            held.shape.status = "modifying".into();
        }
        let takes = self.timing.modify;
        self.plan(takes, &[region], Then::Rests(resource));
        Ok(())
    }

    pub(super) fn rests(&mut self, cluster: &str) {
        if let Some(held) = self.cluster_mut(cluster) {
            held.shape.status = AVAILABLE.into();
        }
    }

    pub(super) fn delete_instance(&mut self, region: &Region, name: &str) -> Taken {
        let (held, instance) = self.instance(region, name)?;
        if instance.status == DELETING {
            return Err(Fault::instance_state(format!(
                "Instance {name} is already being deleted."
            )));
        }
        let (resource, name) = (held.shape.resource_id.clone(), instance.identifier.clone());
        let others = held.shape.instances.iter();
        let mut others = others.filter(|other| other.identifier != name);
        let is_last = others.all(|other| other.status == DELETING);
        let global = self.global_of(&resource);
        let is_followed =
            global.is_some_and(|one| one.primary() == Some(&resource) && one.members.len() > 1);
        if is_last && is_followed && !self.timing.readings.deletes_last {
            return Err(Fault::cluster_state(
                "Cannot delete the last instance of the master cluster. Delete the replica cluster before deleting the last master cluster instance.",
            ));
        }
        self.set_instance(&resource, &name, DELETING);
        self.forget(|then| {
            matches!(
                then,
                Then::InstanceMade(cluster, one)
                | Then::InstanceRests(cluster, one)
                | Then::InstanceRenamed(cluster, one, _) if (cluster, one) == (&resource, &name)
            )
        });
        self.without(&resource, &name);
        let then = Then::InstanceGone(resource, name);
        self.plan(self.timing.delete_instance, &[region], then);
        Ok(())
    }

    /// What becomes of a cluster's writes while one of its instances goes.
    fn without(&mut self, cluster: &str, instance: &str) {
        let resource_id = cluster.to_owned();
        let Some(held) = self.cluster_mut(cluster) else {
            return;
        };
        let wrote = held.writer.as_deref() == Some(instance);
        if wrote {
            held.elect(Some(instance));
        }
        let (is_served, writes) = (held.is_served(), held.writes);
        if !is_served && writes {
            self.tell(Happened::Closed { resource_id });
        } else if wrote && writes {
            self.tell(Happened::Restarts {
                resource_id: resource_id.clone(),
            });
            if let Some(region) = self.region_of(cluster) {
                let takes = self.timing.move_writer;
                self.plan(takes, &[&region], Then::Back(resource_id));
            }
        }
    }

    pub(super) fn instance_gone(&mut self, cluster: &str, instance: &str) {
        if let Some(held) = self.cluster_mut(cluster) {
            let instances = &mut held.shape.instances;
            instances.retain(|found| found.identifier != instance);
        }
    }

    pub(super) fn delete_cluster(&mut self, region: &Region, name: &str) -> Taken {
        let held = self.held(region, name)?;
        if held.shape.deletion_protection {
            return Err(Fault::combination(
                "Cannot delete protected Cluster, please disable deletion protection and try again.",
            ));
        }
        if held.shape.global_cluster.is_some() {
            return Err(Fault::cluster_state(
                "This cluster is a part of a global cluster, please remove it from globalcluster first",
            ));
        }
        if held.shape.status == DELETING {
            return Err(Fault::cluster_state(format!(
                "DB cluster {name} is already being deleted."
            )));
        }
        let mut instances = held.shape.instances.iter();
        if instances.any(|instance| instance.status != DELETING) {
            return Err(Fault::cluster_state(
                "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
            ));
        }
        let resource = held.shape.resource_id.clone();
        if let Some(held) = self.cluster_mut(&resource) {
            held.shape.status = DELETING.into();
        }
        self.forget(|then| {
            matches!(
                then,
                Then::Rests(cluster)
                | Then::Detached(cluster)
                | Then::Renamed(cluster, _)
                | Then::Patched(cluster, _)
                | Then::Made(_, cluster)
                | Then::WriterMoved(cluster, _) if *cluster == resource
            )
        });
        let takes = self.timing.delete_cluster;
        self.plan(takes, &[region], Then::Gone(resource));
        Ok(())
    }

    pub(super) fn gone(&mut self, resource_id: String) {
        self.clusters.remove(&resource_id);
        self.tell(Happened::Deleted { resource_id });
    }
}
