//! What RDS shows.

use aurora_global::members::{BlueGreen, Quota};
use failover::{
    Error,
    domain::Region,
    evidence,
    topology::{
        Cluster, FailoverState, Forwarding, GlobalCluster, GlobalMember, Instance, ParameterGroup,
        Shape, Snapshot,
    },
};

use super::{
    Rds, Visibility,
    fault::Fault,
    group_key, names,
    snapshots::UNPLANNED,
    state::{CREATING, Global, Held, Kept},
};

impl Rds {
    /// What a Region answers about a cluster, as evidence.
    #[must_use]
    pub fn look(&self, region: &Region, identifier: &str) -> evidence::Rds {
        match self.held(region, identifier) {
            Ok(held) => evidence::Rds::Status {
                cluster: held.shape.status.clone(),
                instances: {
                    let instances = held.shape.instances.iter();
                    instances.map(|one| one.status.clone()).collect()
                },
            },
            Err(fault) => evidence::Rds::Other {
                why: fault.said("DescribeDBClusters", region),
            },
        }
    }

    /// A cluster with its instances; `None` when there is none of this name.
    #[must_use]
    pub fn cluster(&self, region: &Region, identifier: &str) -> Option<Cluster> {
        let held = self.held(region, identifier).ok()?;
        let shape = &held.shape;
        let leads = self.leads(held);
        let instances = shape.instances.iter().map(|one| Instance {
            identifier: one.identifier.clone(),
            status: one.status.clone(),
            is_writer: leads && held.writer.as_ref() == Some(&one.identifier),
        });
        Some(Cluster {
            identifier: shape.identifier.clone(),
            arn: shape.arn.clone(),
            resource_id: Some(shape.resource_id.clone()),
            status: shape.status.clone(),
            engine_version: held.version.clone(),
            global_cluster: shape.global_cluster.clone(),
            endpoint: names::host(&held.region, &shape.identifier, names::WRITER),
            reader_endpoint: names::host(&held.region, &shape.identifier, names::READER),
            port: shape
                .port
                .and_then(|port| port.try_into().ok())
                .unwrap_or(5432),
            instances: instances.collect(),
        })
    }

    /// A follower has readers only.
    fn leads(&self, held: &Held) -> bool {
        let resource = &held.shape.resource_id;
        match self.global_of(resource) {
            Some(global) => global.primary() == Some(resource),
            None => held.writes,
        }
    }

    /// A cluster with all that belongs to it; `None` when there is none of this name.
    #[must_use]
    pub fn shape(&self, region: &Region, cluster: &str) -> Option<Shape> {
        let held = self.held(region, cluster).ok()?;
        Some(held.shape.clone())
    }

    /// The global cluster as a Region sees it.
    #[must_use]
    pub fn global_cluster(&self, region: &Region, identifier: &str) -> Option<GlobalCluster> {
        let found = self.global_called(identifier).ok()?;
        let mut members = found.members.iter();
        let is_here = found.origin == *region
            || members.any(|one| self.region_of(&one.resource_id).as_ref() == Some(region));
        let is_shown = is_here || self.timing.readings.visibility == Visibility::Everywhere;
        is_shown.then(|| self.shown(found))
    }

    fn shown(&self, global: &Global) -> GlobalCluster {
        let arn = |resource: &str| {
            let held = self.clusters.get(resource);
            held.map(|held| held.shape.arn.clone()).unwrap_or_default()
        };
        let operation = global.operation.as_ref();
        let moving = operation.filter(|_| !self.timing.readings.is_quiet);
        let status = moving.map_or(global.status.as_str(), |moving| moving.kind.status());
        let members = global.members.iter().map(|member| GlobalMember {
            arn: arn(&member.resource_id),
            is_writer: member.is_writer,
            synchronization: Some(member.synchronization.to_owned()),
        });
        GlobalCluster {
            identifier: global.identifier.clone(),
            resource_id: Some(global.resource_id.clone()),
            status: status.to_owned(),
            engine_version: global.version.clone(),
            members: members.collect(),
            failover: operation.map(|operation| FailoverState {
                status: operation.status.to_owned(),
                to: arn(&operation.to),
                loses: Some(operation.kind == super::state::Kind::FailOver),
            }),
            settings: global.settings.clone(),
        }
    }

    /// A snapshot; `None` when there is none of this name.
    #[must_use]
    pub fn snapshot(&self, region: &Region, snapshot: &str) -> Option<Snapshot> {
        self.kept(region, snapshot).map(|kept| self.dated(kept))
    }

    /// The snapshots that managed failovers kept of a cluster.
    #[must_use]
    pub fn unplanned_snapshots(&self, region: &Region, cluster: &str) -> Vec<Snapshot> {
        let here = self.snapshots.iter().filter(|((of, _), _)| of == region);
        let its = here.filter(|(_, kept)| kept.cluster.eq_ignore_ascii_case(cluster));
        let unplanned = its.filter(|((_, name), kept)| {
            name.starts_with(UNPLANNED) && kept.shown.kind == "automated"
        });
        unplanned.map(|(_, kept)| self.dated(kept)).collect()
    }

    fn dated(&self, kept: &Kept) -> Snapshot {
        let hides = self.timing.readings.times_late && kept.shown.status == CREATING;
        let mut shown = kept.shown.clone();
        shown.taken_at = shown.taken_at.filter(|_| !hides);
        shown
    }

    /// What is shown of write forwarding to a Region's cluster.
    ///
    /// # Errors
    /// As the adapter answers where the global cluster that it says it belongs to is not there.
    pub fn forwarding(&self, region: &Region, cluster: &Cluster) -> Result<Forwarding, Error> {
        let held = self.held(region, &cluster.identifier).ok();
        let local = held.map(|held| word(held.shape.local_write_forwarding).to_owned());
        let Some(name) = &cluster.global_cluster else {
            let members = Vec::new();
            return Ok(Forwarding { local, members });
        };
        let Some(global) = self.global_cluster(region, name) else {
            let said = Fault::no_global(name).said("DescribeGlobalClusters", region);
            return Err(Error::NotReady(said));
        };
        let others = global.members.iter().filter(|one| one.arn != cluster.arn);
        if others.clone().any(|member| member.is_writer) {
            let members = Vec::new();
            return Ok(Forwarding { local, members });
        }
        let forwards = |arn: &str| Some(self.forwards(arn).to_owned());
        let members = others.map(|one| (one.arn.clone(), forwards(&one.arn)));
        Ok(Forwarding {
            local,
            members: members.collect(),
        })
    }

    /// Whether a member forwards writes to its primary, in RDS's word.
    pub(crate) fn forwards(&self, arn: &str) -> &'static str {
        let held = self.by_arn(arn).ok();
        word(held.and_then(|held| held.shape.global_write_forwarding))
    }

    /// The blue/green deployments of a Region.
    #[must_use]
    pub fn blue_green(&self, region: &Region) -> Vec<BlueGreen> {
        self.blue_green.get(region).cloned().unwrap_or_default()
    }

    /// The account's quota of clusters in a Region, by RDS's default.
    #[must_use]
    pub fn quotas(&self, region: &Region) -> Vec<Quota> {
        let there = self.clusters.values().filter(|held| held.region == *region);
        vec![Quota {
            name: "DBClusters".into(),
            used: there.fold(0, |count, _| count + 1),
            max: 40,
        }]
    }

    /// The engine family that a parameter group is for.
    #[must_use]
    pub fn family(&self, region: &Region, group: &ParameterGroup) -> Option<String> {
        self.groups.get(&group_key(region, group)).cloned()
    }
}

/// RDS's word for what is on.
pub(crate) const fn word(on: Option<bool>) -> &'static str {
    match on {
        Some(true) => "enabled",
        Some(false) | None => "disabled",
    }
}
