//! The calls of a rebuild that make something: a member, its roles, its instances and its endpoints.

use failover::{
    domain::Region,
    topology::{
        EndpointShape, InstanceShape, ParameterGroup, RoleShape, Shape, names::is_identifier,
    },
};

use super::{
    Happened, Rds,
    fault::{Fault, Taken},
    group_key, names,
    state::{AVAILABLE, CONNECTED, CREATING, DELETING, Global, Held, Member, PENDING_RESYNC},
    task::Then,
};

/// How many custom endpoints a cluster can have.
const ENDPOINTS_MAX: usize = 5;

impl Rds {
    pub(super) fn create_member(
        &mut self,
        region: &Region,
        (global, version): (&str, &str),
        like: &Shape,
    ) -> Taken {
        check(&like.identifier)?;
        self.cluster_name_is_free(region, &like.identifier)?;
        let global = self.global_called(global)?;
        self.check_place(region, &like.identifier, global)?;
        let primary = self.check_source(global, version)?;
        if let Some(group) = &like.parameter_group {
            self.check_group(region, ParameterGroup::Cluster(group.clone()))?;
        }
        let there = primary.region.clone();
        let (of, name) = (global.resource_id.clone(), global.identifier.clone());
        let resource_id = self.resource();
        let held = Held {
            region: region.clone(),
            shape: Shape {
                identifier: like.identifier.to_ascii_lowercase(),
                arn: names::arn(region, &like.identifier.to_ascii_lowercase()),
                resource_id: resource_id.clone(),
                status: CREATING.into(),
                global_cluster: Some(name),
                roles: Vec::new(),
                instances: Vec::new(),
                endpoints: Vec::new(),
                beyond: Vec::new(),
                ..like.clone()
            },
            version: version.to_owned(),
            writer: None,
            writes: false,
            resolves: true,
        };
        self.clusters.insert(resource_id.clone(), held);
        if !self.timing.readings.lists_late {
            self.list(&of, &resource_id, PENDING_RESYNC);
        }
        let takes = self.timing.create_cluster;
        let then = Then::Made(of, resource_id);
        self.plan(takes, &[region, &there], then);
        Ok(())
    }

    fn check_place(&self, region: &Region, name: &str, global: &Global) -> Taken {
        global.at_rest()?;
        let members = global.members.iter();
        let mut members = members.filter_map(|one| self.clusters.get(&one.resource_id));
        let rival = members.find(|held| held.region == *region || held.is_called(name));
        match rival {
            Some(held) if held.region == *region => Err(Fault::global_state(format!(
                "Global cluster {} already has a member in Region {region}",
                global.identifier
            ))),
            Some(_) => Err(Fault::cluster_exists()),
            None => Ok(()),
        }
    }

    /// The primary that a new member is made from.
    fn check_source(&self, global: &Global, version: &str) -> Result<&Held, Fault> {
        let primary = global.primary().and_then(|one| self.clusters.get(one));
        let Some(primary) = primary else {
            return Err(Fault::combination(
                "The parameter MasterUsername must be provided and must not be blank.",
            ));
        };
        if !primary.shape.is_available() || self.down.contains(&primary.region) {
            return Err(Fault::cluster_state(format!(
                "Source cluster: {} is in a state which is not valid for physical replication",
                primary.shape.arn
            )));
        }
        if primary.version != version {
            return Err(Fault::combination(format!(
                "The engine version {version} of the secondary cluster must be the primary's, {}.",
                primary.version
            )));
        }
        Ok(primary)
    }

    /// A default group comes with the version.
    fn check_group(&self, region: &Region, group: ParameterGroup) -> Taken {
        let (key, is_of_cluster) = (
            group_key(region, &group),
            matches!(group, ParameterGroup::Cluster(_)),
        );
        if key.2.starts_with("default.") || self.groups.contains_key(&key) {
            return Ok(());
        }
        Err(Fault::no_group(is_of_cluster, &key.2))
    }

    fn list(&mut self, global: &str, resource: &str, synchronization: &'static str) {
        if let Some(global) = self.global_mut(global) {
            global.members.push(Member {
                resource_id: resource.to_owned(),
                is_writer: false,
                synchronization,
            });
        }
    }

    /// It follows whoever leads by now.
    pub(super) fn made(&mut self, global: &str, cluster: &str) {
        let primary = self.primary_of(global);
        let is_listed = self.global_of(cluster).is_some();
        if !is_listed {
            self.list(global, cluster, CONNECTED);
        }
        if let Some(global) = self.global_mut(global) {
            global.synchronize(cluster, CONNECTED);
        }
        let Some(held) = self.cluster_mut(cluster) else {
            return;
        };
        held.shape.status = AVAILABLE.into();
        let region = held.region.clone();
        if let Some(primary_resource_id) = primary {
            self.tell(Happened::Created {
                region,
                resource_id: cluster.to_owned(),
                primary_resource_id,
            });
        }
    }

    pub(super) fn add_role(&mut self, region: &Region, cluster: &str, role: &RoleShape) -> Taken {
        let held = self.held(region, cluster)?;
        held.at_rest()?;
        let mut roles = held.shape.roles.iter();
        if roles.any(|other| other.arn == role.arn && other.feature == role.feature) {
            return Err(Fault::role_exists(&role.arn, cluster));
        }
        let resource = held.shape.resource_id.clone();
        if let Some(held) = self.cluster_mut(&resource) {
            held.shape.roles.push(RoleShape {
                status: "PENDING".into(),
                ..role.clone()
            });
        }
        let then = Then::RoleActive(resource, role.arn.clone());
        self.plan(self.timing.role, &[region], then);
        Ok(())
    }

    pub(super) fn role_active(&mut self, cluster: &str, role: &str) {
        let held = self.cluster_mut(cluster);
        let roles = held.into_iter().flat_map(|held| &mut held.shape.roles);
        for found in roles.filter(|found| found.arn == role) {
            found.status = "ACTIVE".into();
        }
    }

    pub(super) fn create_instance(
        &mut self,
        region: &Region,
        cluster: &str,
        like: &InstanceShape,
    ) -> Taken {
        check(&like.identifier)?;
        self.instance_name_is_free(region, &like.identifier)?;
        let held = self.held(region, cluster)?;
        if [CREATING, DELETING].contains(&held.shape.status.as_str()) {
            return held.at_rest();
        }
        if let Some(group) = &like.parameter_group {
            self.check_group(region, ParameterGroup::Instance(group.clone()))?;
        }
        let resource = held.shape.resource_id.clone();
        if let Some(held) = self.cluster_mut(&resource) {
            held.shape.instances.push(InstanceShape {
                status: CREATING.into(),
                identifier: like.identifier.to_ascii_lowercase(),
                ..like.clone()
            });
            let by_name = |one: &InstanceShape| one.identifier.clone();
            held.shape.instances.sort_by_key(by_name);
        }
        let then = Then::InstanceMade(resource, like.identifier.to_ascii_lowercase());
        self.plan(self.timing.create_instance, &[region], then);
        Ok(())
    }

    pub(super) fn instance_made(&mut self, cluster: &str, instance: &str) {
        let Some(held) = self.cluster_mut(cluster) else {
            return;
        };
        let was_served = held.is_served();
        if let Some(instance) = held.instance(instance) {
            instance.status = AVAILABLE.into();
        }
        if held.writer.is_none() {
            held.elect(None);
        }
        if held.writes && !was_served {
            let resource_id = cluster.to_owned();
            self.tell(Happened::Opened { resource_id });
        }
    }

    pub(super) fn instance_rests(&mut self, cluster: &str, instance: &str) {
        let held = self.cluster_mut(cluster);
        if let Some(instance) = held.and_then(|held| held.instance(instance)) {
            instance.status = AVAILABLE.into();
        }
    }

    pub(super) fn create_endpoint(
        &mut self,
        region: &Region,
        cluster: &str,
        like: &EndpointShape,
    ) -> Taken {
        check(&like.identifier)?;
        let held = self.held(region, cluster)?;
        let here = self.clusters.values().filter(|held| held.region == *region);
        let mut all = here.flat_map(|held| &held.shape.endpoints);
        if all.any(|other| other.identifier.eq_ignore_ascii_case(&like.identifier)) {
            return Err(Fault::endpoint_exists(&like.identifier));
        }
        held.at_rest()?;
        if held.shape.endpoints.len() >= ENDPOINTS_MAX {
            return Err(Fault::endpoint_quota(cluster));
        }
        let has = |name: &&String| {
            let mut instances = held.shape.instances.iter();
            instances.any(|one| one.identifier.eq_ignore_ascii_case(name))
        };
        let mut named = like.static_members.iter().chain(&like.excluded_members);
        if let Some(stranger) = named.find(|name| !has(name)) {
            return Err(Fault::no_instance(stranger));
        }
        let resource = held.shape.resource_id.clone();
        if let Some(held) = self.cluster_mut(&resource) {
            held.shape.endpoints.push(EndpointShape {
                status: CREATING.into(),
                identifier: like.identifier.to_ascii_lowercase(),
                ..like.clone()
            });
        }
        let then = Then::EndpointMade(resource, like.identifier.to_ascii_lowercase());
        self.plan(self.timing.endpoint, &[region], then);
        Ok(())
    }

    pub(super) fn endpoint_made(&mut self, cluster: &str, endpoint: &str) {
        let held = self.cluster_mut(cluster);
        let endpoints = held.into_iter().flat_map(|held| &mut held.shape.endpoints);
        for found in endpoints.filter(|found| found.identifier == endpoint) {
            found.status = AVAILABLE.into();
        }
    }
}

/// Refuses what no identifier can be.
pub(super) fn check(identifier: &str) -> Taken {
    if is_identifier(identifier) {
        return Ok(());
    }
    Err(Fault::value(format!(
        "The parameter {identifier} is not a valid identifier."
    )))
}
