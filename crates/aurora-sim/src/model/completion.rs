//! What becomes true when a transition begins, ends, or is given up.

use crate::model::{
    Model,
    effect::Then,
    names::ClusterKey,
    state::{ClusterStatus, Instance, InstanceStatus, Synchronization},
};

impl Model {
    /// Why a transition cannot begin now, although it is due.
    pub(crate) fn obstacle(&self, then: &Then) -> Option<String> {
        let Then::SwitchedOver(id) = then else {
            return None;
        };
        let failover = self.globals.get(id)?.failover.as_ref()?;
        [&failover.from, &failover.to]
            .into_iter()
            .find(|cluster| self.is_lost(&cluster.region))
            .map(|cluster| format!("{} does not answer", cluster.region))
    }

    pub(crate) fn begun(&mut self, then: &Then) {
        match then {
            Then::Resynchronised(_, cluster) => self.resynchronisation_begun(cluster),
            Then::Promoted(cluster) => {
                self.record(&cluster.region, &cluster.id, "database promotion began")
            }
            Then::SwitchedOver(id) | Then::FailedOver(id) => {
                if let Some(to) = self
                    .globals
                    .get(id)
                    .and_then(|global| global.failover.as_ref())
                    .map(|f| f.to.clone())
                {
                    self.record(&to.region, &to.id, "database promotion began");
                }
            }
            Then::ClusterCreated(_)
            | Then::InstanceCreated(_)
            | Then::FailoverBegun(_)
            | Then::Modified(_)
            | Then::InstanceDeleted(_)
            | Then::ClusterDeleted(_)
            | Then::SnapshotTaken(_)
            | Then::DeposedKept(..)
            | Then::ClusterRenamed(..)
            | Then::InstanceRenamed(..)
            | Then::Nothing => {}
        }
    }

    pub(crate) fn complete(&mut self, then: Then) {
        match then {
            Then::ClusterCreated(cluster) => self.cluster_created(&cluster),
            Then::InstanceCreated(instance) => self.instance_created(&instance),
            Then::Promoted(cluster) => self.promoted(&cluster),
            Then::FailoverBegun(id) => self.failover_begun(&id),
            Then::FailedOver(id) => self.failed_over(&id),
            Then::SwitchedOver(id) => self.switched_over(&id),
            Then::Resynchronised(id, cluster) => self.resynchronised(&id, &cluster),
            Then::Modified(cluster) => self.set_status(&cluster, ClusterStatus::Available),
            Then::InstanceDeleted(instance) => {
                self.instances.remove(&instance);
                self.record(&instance.region, &instance.id, "instance deleted");
            }
            Then::ClusterRenamed(from, to) => self.cluster_renamed(&from, &to),
            Then::InstanceRenamed(from, to) => self.instance_renamed(&from, &to),
            Then::ClusterDeleted(cluster) => {
                self.clusters.remove(&cluster);
                self.record(&cluster.region, &cluster.id, "cluster deleted");
            }
            Then::SnapshotTaken(snapshot) => self.snapshot_taken(&snapshot),
            Then::DeposedKept(snapshot, member, id, primary) => {
                self.snapshot_taken(&snapshot);
                self.plan_resynchronisation(&id, &member, &primary);
            }
            Then::Nothing => {}
        }
    }

    pub(crate) fn abandon(&mut self, then: Then, reason: &str) {
        match then {
            Then::ClusterCreated(cluster)
            | Then::Promoted(cluster)
            | Then::ClusterDeleted(cluster)
            | Then::ClusterRenamed(cluster, _)
            | Then::Resynchronised(_, cluster) => {
                self.record(&cluster.region, &cluster.id, format!("failed: {reason}"));
                self.set_status(&cluster, ClusterStatus::Failed);
            }
            Then::FailedOver(id) | Then::SwitchedOver(id) => self.failover_abandoned(&id, reason),
            Then::SnapshotTaken(snapshot) => {
                self.record(&snapshot.region, &snapshot.id, format!("failed: {reason}"));
                self.snapshots.remove(&snapshot);
            }
            // AWS only attempts it: without it the volume is replaced all the same.
            Then::DeposedKept(snapshot, member, id, primary) => {
                self.record(&snapshot.region, &snapshot.id, format!("failed: {reason}"));
                self.snapshots.remove(&snapshot);
                self.plan_resynchronisation(&id, &member, &primary);
            }
            Then::InstanceCreated(_)
            | Then::InstanceDeleted(_)
            | Then::InstanceRenamed(..)
            | Then::FailoverBegun(_)
            | Then::Modified(_)
            | Then::Nothing => {}
        }
    }

    fn snapshot_taken(&mut self, key: &ClusterKey) {
        self.record(&key.region, &key.id, "snapshot available");
        if let Some(snapshot) = self.snapshots.get_mut(key) {
            snapshot.available = true;
        }
    }

    pub(crate) fn set_status(&mut self, cluster: &ClusterKey, status: ClusterStatus) {
        if let Some(cluster) = self.clusters.get_mut(cluster) {
            cluster.status = status;
        }
    }

    pub(crate) fn set_instances(&mut self, cluster: &ClusterKey, status: InstanceStatus) {
        let of_cluster = self
            .instances
            .values_mut()
            .filter(|instance| instance.cluster == *cluster);
        let settled = |instance: &&mut Instance| {
            !matches!(
                instance.status,
                InstanceStatus::Creating | InstanceStatus::Deleting
            )
        };
        for instance in of_cluster.filter(settled) {
            instance.status = status;
        }
    }

    fn cluster_created(&mut self, key: &ClusterKey) {
        let Some(cluster) = self.clusters.get_mut(key) else {
            return;
        };
        cluster.status = ClusterStatus::Available;
        let global = cluster.global.clone();
        if let Some(global) = global.and_then(|id| self.globals.get_mut(&id)) {
            global.set_synchronization(key, Synchronization::Connected);
        }
        self.record(&key.region, &key.id, "cluster available");
        self.cluster_event(key, "creation", "DB cluster created.");
    }

    fn instance_created(&mut self, key: &ClusterKey) {
        if let Some(instance) = self.instances.get_mut(key) {
            instance.status = InstanceStatus::Available;
        }
        self.record(&key.region, &key.id, "instance available");
        self.instance_event(key, "creation", "DB instance created.");
    }

    fn promoted(&mut self, key: &ClusterKey) {
        self.set_status(key, ClusterStatus::Available);
        self.set_instances(key, InstanceStatus::Available);
        self.record(&key.region, &key.id, "promotion completed");
        self.cluster_event(
            key,
            "failover",
            format!(
                "DB cluster {} was promoted to a standalone DB cluster.",
                key.id
            ),
        );
    }
}
