//! What happens to a cluster within its Region: who of its instances writes, FailoverDBCluster, RebootDBInstance,
//! StopDBCluster, StartDBCluster, and its roles.

use std::cmp::Reverse;

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        effect::{Effect, When},
        fault::Fault,
        key::ClusterKey,
        params::Params,
        state::{ClusterStatus, Instance, InstanceStatus},
        task::Then,
    },
};

impl Model {
    /// The instance that takes over next: the lowest tier, then the largest class, then the oldest.
    /// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html>.
    fn next_writer(&self, cluster: &ClusterKey, not: Option<&ClusterKey>) -> Option<ClusterKey> {
        let candidates = self.instances_of(cluster);
        let candidates = candidates.filter(|instance| Some(&instance.key) != not);
        let alive = candidates.filter(|instance| instance.status != InstanceStatus::Deleting);
        let rank = |instance: &&Instance| {
            let size = Reverse(size(&instance.class));
            (instance.promotion_tier, size, instance.created_at)
        };
        alive.min_by_key(rank).map(|instance| instance.key.clone())
    }

    /// Makes an instance the cluster's writer: the one that takes over next. Tiers matter here and nowhere else.
    pub(crate) fn elect_writer(&mut self, cluster: &ClusterKey, not: Option<&ClusterKey>) {
        let next = self.next_writer(cluster, not);
        if let Some(cluster) = self.clusters.get_mut(cluster)
            && next.is_some()
        {
            cluster.writer = next;
        }
    }

    pub(crate) fn failover_db_cluster(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("DBClusterIdentifier")?;
        let key = self.found_available(region, name)?;
        if self.takes_writes(&key) != Some(true) {
            return Err(Fault::cluster_state(format!(
                "DB cluster {} has no writer to fail over from: it is a secondary of its global cluster.",
                key.id
            )));
        }
        let old = self
            .clusters
            .get(&key)
            .and_then(|found| found.writer.clone());
        let target = match params.optional("TargetDBInstanceIdentifier") {
            None => self.next_writer(&key, old.as_ref()),
            Some(target) => {
                let bare = target.rsplit(':').next().unwrap_or(target);
                let target = ClusterKey::new(region, bare);
                let mut of_cluster = self.instances_of(&key);
                let reads = of_cluster.any(|instance| instance.key == target);
                (reads && Some(&target) != old.as_ref()).then_some(target)
            }
        };
        // AWS publishes no text for it.
        let target = target.ok_or_else(|| {
            Fault::cluster_state(format!(
                "DB cluster {} has no such reader that could take over.",
                key.id
            ))
        })?;
        self.set_status(&key, ClusterStatus::FailingOver);
        self.record(region, &key.id, "cluster failover accepted");
        let said = format!("Started cross AZ failover to DB instance: {}", target.id);
        self.cluster_event(&key, "failover", said);
        let restart = Effect::Restart {
            cluster: key.clone(),
        };
        self.plan(
            &[region],
            self.settings.durations.failover_cluster_ms,
            Some((When::AtOnce, restart)),
            Then::ClusterFailedOver(key.clone(), target),
        );
        self.cluster_answer(&key)
    }

    pub(crate) fn cluster_failed_over(&mut self, key: &ClusterKey, writer: &ClusterKey) {
        if let Some(cluster) = self.clusters.get_mut(key) {
            cluster.writer = Some(writer.clone());
        }
        self.set_status(key, ClusterStatus::Available);
        self.record(&key.region, &key.id, format!("{} is the writer", writer.id));
        let said = format!("Completed failover to DB instance: {}", writer.id);
        self.cluster_event(key, "failover", said);
    }

    pub(crate) fn reboot_db_instance(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("DBInstanceIdentifier")?;
        if let Some(key) = self.standalone_key(region, name) {
            return self.reboot_standalone(&key, params);
        }
        let instance = self.found_instance(region, name)?;
        let key = instance.key.clone();
        if instance.status != InstanceStatus::Available {
            return Err(Fault::instance_busy(&key, instance.status.as_str()));
        }
        let cluster = instance.cluster.clone();
        self.set_instance(&key, InstanceStatus::Rebooting);
        self.record(region, &key.id, "instance reboot accepted");
        let restart = Effect::Restart { cluster };
        self.plan(
            &[region],
            self.settings.durations.modify_ms,
            Some((When::AtOnce, restart)),
            Then::InstanceModified(key.clone()),
        );
        self.instance_answer(&key)
    }

    pub(crate) fn stop_db_cluster(&mut self, region: &str, params: &Params) -> Result<Node, Fault> {
        let name = params.required("DBClusterIdentifier")?;
        let key = self.found_available(region, name)?;
        let global = self
            .clusters
            .get(&key)
            .and_then(|found| self.global_of(found));
        // Source: the Aurora User Guide, "Limitations for stopping and starting Aurora DB clusters". AWS publishes no text.
        if global.is_some_and(|global| global.members().count() > 1) {
            return Err(Fault::cluster_state(format!(
                "DB cluster {} can't be stopped: it is not the only cluster of its global cluster.",
                key.id
            )));
        }
        self.set_status(&key, ClusterStatus::Stopping);
        self.set_instances(&key, InstanceStatus::Stopping);
        self.record(region, &key.id, "cluster stop accepted");
        let halt = Effect::Halt {
            cluster: key.clone(),
        };
        self.plan(
            &[region],
            self.settings.durations.modify_ms,
            Some((When::AtOnce, halt)),
            Then::ClusterStopped(key.clone()),
        );
        self.cluster_answer(&key)
    }

    pub(crate) fn start_db_cluster(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("DBClusterIdentifier")?;
        let cluster = self.found_cluster(region, name)?;
        let key = cluster.key.clone();
        if cluster.status != ClusterStatus::Stopped {
            return Err(Fault::cluster_state(format!(
                "DbCluster {} is in {} state but expected it to be one of inaccessible-encryption-credentials-recoverable,stopped.",
                key.id,
                cluster.status.as_str()
            )));
        }
        self.set_status(&key, ClusterStatus::Starting);
        self.set_instances(&key, InstanceStatus::Starting);
        self.record(region, &key.id, "cluster start accepted");
        let resume = Effect::Resume {
            cluster: key.clone(),
        };
        self.plan(
            &[region],
            self.settings.durations.modify_ms,
            Some((When::AtOnce, resume)),
            Then::ClusterStarted(key.clone()),
        );
        self.cluster_answer(&key)
    }

    pub(crate) fn add_role_to_db_cluster(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let (key, role) = self.role(region, params)?;
        let cluster = self.clusters.get_mut(&key);
        let cluster = cluster.ok_or_else(|| Fault::cluster_not_found(&key.id))?;
        if cluster.roles.contains(&role) {
            return Err(Fault::role_exists(&role.0, &key.id));
        }
        self.record(region, &key.id, format!("role {} added", role.0));
        if let Some(cluster) = self.clusters.get_mut(&key) {
            cluster.roles.push(role);
        }
        Ok(Fields::default().done())
    }

    pub(crate) fn remove_role_from_db_cluster(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let (key, role) = self.role(region, params)?;
        let cluster = self.clusters.get_mut(&key);
        let cluster = cluster.ok_or_else(|| Fault::cluster_not_found(&key.id))?;
        if !cluster.roles.contains(&role) {
            return Err(Fault::role_not_found(&role.0, &key.id));
        }
        cluster.roles.retain(|other| *other != role);
        self.record(region, &key.id, format!("role {} removed", role.0));
        Ok(Fields::default().done())
    }

    /// An available cluster, and a role and what it is for.
    fn role(&self, region: &str, params: &Params) -> Result<(ClusterKey, (String, String)), Fault> {
        let key = self.found_available(region, params.required("DBClusterIdentifier")?)?;
        let role = params.required("RoleArn")?.to_owned();
        Ok((key, (role, params.owned("FeatureName").unwrap_or_default())))
    }
}

/// How large a class is: `db.r6g.2xlarge` is larger than `db.r6g.xlarge`.
fn size(class: &str) -> u32 {
    match class.rsplit('.').next().unwrap_or_default() {
        "medium" => 1,
        "large" => 2,
        "xlarge" => 4,
        larger => {
            let times = larger
                .strip_suffix("xlarge")
                .and_then(|times| times.parse::<u32>().ok());
            times.map_or(0, |times| times.saturating_mul(4))
        }
    }
}
