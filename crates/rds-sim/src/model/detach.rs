//! RemoveFromGlobalCluster: a standby leaves at once and is promoted alone; the old global cluster keeps the rest.

use crate::{
    answer::Node,
    model::{
        Model,
        effect::{Effect, When},
        fault::Fault,
        key::ClusterKey,
        params::Params,
        state::{ClusterStatus, Global, InstanceStatus},
        task::{Progress, Task, Then},
    },
};

impl Model {
    pub(crate) fn remove_from_global_cluster(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("GlobalClusterIdentifier")?;
        let member = params.required("DbClusterIdentifier")?;
        let global = self
            .globals
            .get(&name.to_lowercase())
            .ok_or_else(|| Fault::global_not_found(name))?;
        let key = self.names.parse_cluster(member, region)?;
        let cluster = self
            .clusters
            .get(&key)
            .ok_or_else(|| Fault::cluster_not_found(member))?;
        if !global.members().any(|other| *other == key) {
            return Err(Fault::not_a_member(
                &self.names.cluster_arn(&key),
                &global.id,
            ));
        }
        if self.is_lost(&key.region) {
            return Err(Fault::unreachable(&key));
        }
        self.check_detachable(global, &key)?;
        let called_off = self.may_call_off(global, &key);
        if cluster.status != ClusterStatus::Available && !called_off {
            return Err(Fault::cluster_busy(&key, cluster.status.as_str()));
        }
        let id = global.id.clone();
        let was_writer = global.writer.as_ref() == Some(&key);
        if called_off {
            self.call_off(&id);
        }
        self.detach(&id, &key, was_writer);
        self.global_answer(&id)
    }

    fn check_detachable(&self, global: &Global, key: &ClusterKey) -> Result<(), Fault> {
        if let Some(failover) = &global.failover
            && !(self.settings.detach_during_failover && global.writer.as_ref() != Some(key))
        {
            return Err(Fault::global_state(format!(
                "Global cluster {} is {}",
                global.id,
                failover.status()
            )));
        }
        // Detaching the primary would strand its standbys and promote nothing.
        if global.writer.as_ref() == Some(key) && !global.standbys.is_empty() {
            return Err(Fault::global_state(
                "Unable to delete cluster that is a primary member of global cluster while there are other global \
                 cluster members",
            ));
        }
        Ok(())
    }

    /// Where it is allowed, the target of an operation that has not reached the databases yet may still be detached.
    fn may_call_off(&self, global: &Global, key: &ClusterKey) -> bool {
        let under_way = |task: &Task| {
            task.then.belongs_to_failover_of(&global.id) && task.progress != Progress::Waiting
        };
        self.settings.detach_during_failover
            && global
                .failover
                .as_ref()
                .is_some_and(|failover| failover.to == *key)
            && !self.tasks.iter().any(under_way)
    }

    fn detach(&mut self, id: &str, key: &ClusterKey, was_writer: bool) {
        let emptied_at = self.now + self.settings.durations.leave_ms;
        if let Some(global) = self.globals.get_mut(id) {
            global.emptied_at = emptied_at;
            global.standbys.retain(|standby| standby.cluster != *key);
            if was_writer {
                global.writer = None;
            }
        }
        // Nothing of the global cluster's plans concerns the leaver any more.
        self.tasks.retain(
            |task| {
                !matches!(&task.then, Then::Resynchronised(_, cluster) | Then::DeposedKept(_, cluster, _, _) if cluster == key)
            },
        );
        if let Some(cluster) = self.clusters.get_mut(key) {
            cluster.global = None;
            cluster.fenced = false;
        }
        self.record(&key.region, &key.id, "detach accepted");
        self.cluster_event(
            key,
            "configuration change",
            format!(
                "DB cluster {} was removed from global cluster {id}.",
                key.id
            ),
        );
        if was_writer {
            return;
        }
        self.set_status(key, ClusterStatus::Promoting);
        self.set_instances(key, InstanceStatus::Rebooting);
        self.plan_at_once(
            &key.region,
            Effect::StopReplication {
                cluster: key.clone(),
            },
        );
        let promote = (
            When::WhenDue,
            Effect::Promote {
                cluster: key.clone(),
            },
        );
        self.plan(
            &[&key.region],
            self.settings.durations.promote_ms,
            Some(promote),
            Then::Promoted(key.clone()),
        );
    }
}
