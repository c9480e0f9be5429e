//! DeleteDBInstance, DeleteDBCluster, DeleteGlobalCluster: in this order, and in no other.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        effect::{Effect, When},
        fault::Fault,
        key::ClusterKey,
        names::check_identifier,
        params::Params,
        state::{ClusterStatus, InstanceStatus},
        task::Then,
    },
};

impl Model {
    pub(crate) fn delete_db_instance(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("DBInstanceIdentifier")?;
        if let Some(key) = self.standalone_key(region, name) {
            return self.delete_standalone(&key, params);
        }
        let instance = self.found_instance(region, name)?;
        let key = instance.key.clone();
        if params.optional("FinalDBSnapshotIdentifier").is_some() {
            // AWS publishes no text for it.
            return Err(Fault::invalid_combination(
                "FinalDBSnapshotIdentifier cannot be specified for an instance of a DB cluster.",
            ));
        }
        if instance.status == InstanceStatus::Deleting {
            return Err(Fault::instance_state(format!(
                "Instance {} is already being deleted.",
                key.id
            )));
        }
        let cluster = instance.cluster.clone();
        let others = self
            .instances_of(&cluster)
            .filter(|other| other.key != key && other.status != InstanceStatus::Deleting);
        let is_last = others.count() == 0;
        if is_last && self.leads_standbys(&cluster) {
            // AWS says it of replica clusters; for global databases it is an assumption.
            return Err(Fault::cluster_state(
                "Cannot delete the last instance of the master cluster. Delete the replica cluster before deleting the \
                 last master cluster instance.",
            ));
        }
        self.tasks.retain(|task| !task.then.leads_instance(&key));
        self.set_instance(&key, InstanceStatus::Deleting);
        let wrote = self.clusters.get(&cluster);
        if wrote.is_some_and(|found| found.writer.as_ref() == Some(&key)) {
            self.elect_writer(&cluster, Some(&key));
        }
        self.record(region, &key.id, "instance deletion accepted");
        // Without an instance nobody reads or writes the cluster's volume.
        let halt = is_last.then_some((When::AtOnce, Effect::Halt { cluster }));
        let duration_ms = self.settings.durations.delete_ms;
        self.plan(
            &[region],
            duration_ms,
            halt,
            Then::InstanceDeleted(key.clone()),
        );
        self.instance_answer(&key)
    }

    fn leads_standbys(&self, key: &ClusterKey) -> bool {
        self.globals
            .values()
            .any(|global| global.writer.as_ref() == Some(key) && !global.standbys.is_empty())
    }

    pub(crate) fn delete_db_cluster(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("DBClusterIdentifier")?;
        let cluster = self.found_cluster(region, name)?;
        let key = cluster.key.clone();
        let last = final_snapshot(params)?;
        if cluster.deletion_protection {
            return Err(Fault::invalid_combination(
                "Cannot delete protected Cluster, please disable deletion protection and try again.",
            ));
        }
        if cluster.global.is_some() {
            return Err(Fault::cluster_state(
                "This cluster is a part of a global cluster, please remove it from globalcluster first",
            ));
        }
        if cluster.status == ClusterStatus::Deleting {
            return Err(Fault::cluster_state(format!(
                "DB cluster {} is already being deleted.",
                key.id
            )));
        }
        let mut instances = self.instances_of(&key);
        if instances.any(|instance| instance.status != InstanceStatus::Deleting) {
            return Err(Fault::cluster_state(
                "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
            ));
        }
        drop(instances);
        if let Some(snapshot) = last {
            check_identifier("FinalDBSnapshotIdentifier", &snapshot)?;
            self.begin_snapshot(&key, &ClusterKey::new(region, &snapshot))?;
        }
        // What was under way leads nowhere any more.
        self.tasks.retain(|task| !task.then.leads_cluster(&key));
        self.set_status(&key, ClusterStatus::Deleting);
        self.record(region, &key.id, "cluster deletion accepted");
        let answer = self.cluster_answer(&key);
        let destroy = (
            When::WhenDue,
            Effect::Destroy {
                cluster: key.clone(),
            },
        );
        let duration_ms = self.settings.durations.delete_ms;
        let duration_ms = duration_ms + self.settings.durations.snapshot_ms;
        self.plan(
            &[region],
            duration_ms,
            Some(destroy),
            Then::ClusterDeleted(key),
        );
        answer
    }

    pub(crate) fn delete_global_cluster(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("GlobalClusterIdentifier")?;
        let id = name.to_lowercase();
        let global = self
            .globals
            .get(&id)
            .ok_or_else(|| Fault::global_not_found(name))?;
        if global.deletion_protection {
            return Err(Fault::invalid_combination(
                "Cannot delete protected Global Cluster, please disable deletion protection and try again.",
            ));
        }
        // RDS itself learns of the last member's leave a little later.
        if global.members().next().is_some() || self.now < global.emptied_at {
            return Err(Fault::global_state(format!(
                "Global Cluster {} is not empty",
                global.id
            )));
        }
        let view = self.global_view(global);
        self.globals.remove(&id);
        self.record(region, &id, "global cluster deleted");
        Ok(Fields::default().node("GlobalCluster", view).done())
    }
}

/// The snapshot to take before a cluster or an instance of its own goes; one must be named, or forgone in so many words.
pub(crate) fn final_snapshot(params: &Params) -> Result<Option<String>, Fault> {
    let name = params.owned("FinalDBSnapshotIdentifier");
    match (params.flag("SkipFinalSnapshot")?.unwrap_or(false), name) {
        (true, Some(_)) => Err(Fault::invalid_combination(
            "FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is specified.",
        )),
        (false, None) => Err(Fault::invalid_combination(
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
        )),
        (_, name) => Ok(name),
    }
}
