//! What becomes true when a transition begins, ends, or is given up.

use crate::model::{
    Model,
    key::ClusterKey,
    state::{ClusterStatus, EndpointStatus, Instance, InstanceStatus, Synchronization},
    task::Then,
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
            | Then::InstanceModified(_)
            | Then::ClusterFailedOver(..)
            | Then::ClusterStopped(_)
            | Then::ClusterStarted(_)
            | Then::EndpointMade(_)
            | Then::EndpointDeleted(_)
            | Then::SnapshotDeleted(_)
            | Then::PhaseEnded(_)
            | Then::ReplicaForgotten(..)
            | Then::InstanceSnapshotTaken(_)
            | Then::InstanceSnapshotDeleted(_)
            | Then::ExportEnded(_)
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
                self.forget_writer(&instance);
                self.record(&instance.region, &instance.id, "instance deleted");
            }
            Then::ClusterRenamed(from, to) => self.cluster_renamed(&from, &to),
            Then::InstanceRenamed(from, to) => self.instance_renamed(&from, &to),
            Then::InstanceModified(instance) => {
                self.set_instance(&instance, InstanceStatus::Available);
            }
            Then::ClusterFailedOver(cluster, writer) => self.cluster_failed_over(&cluster, &writer),
            Then::ClusterStopped(cluster) => {
                self.come_to_rest(&cluster, ClusterStatus::Stopped, InstanceStatus::Stopped);
            }
            Then::ClusterStarted(cluster) => {
                self.come_to_rest(
                    &cluster,
                    ClusterStatus::Available,
                    InstanceStatus::Available,
                );
            }
            Then::EndpointMade(endpoint) => {
                if let Some(endpoint) = self.endpoints.get_mut(&endpoint) {
                    endpoint.status = EndpointStatus::Available;
                }
            }
            Then::EndpointDeleted(endpoint) => {
                self.endpoints.remove(&endpoint);
                self.record(&endpoint.region, &endpoint.id, "custom endpoint deleted");
            }
            Then::SnapshotDeleted(snapshot) => {
                self.snapshots.remove(&snapshot);
                self.record(&snapshot.region, &snapshot.id, "snapshot deleted");
            }
            Then::ClusterDeleted(cluster) => {
                self.clusters.remove(&cluster);
                self.record(&cluster.region, &cluster.id, "cluster deleted");
            }
            Then::SnapshotTaken(snapshot) => self.snapshot_taken(&snapshot),
            Then::DeposedKept(snapshot, member, id, primary) => {
                self.snapshot_taken(&snapshot);
                self.plan_resynchronisation(&id, &member, &primary);
            }
            Then::PhaseEnded(course) => self.phase_ended(*course),
            Then::ReplicaForgotten(source, replica) => self.replica_forgotten(&source, &replica),
            Then::InstanceSnapshotTaken(snapshot) => self.instance_snapshot_taken(&snapshot),
            Then::InstanceSnapshotDeleted(snapshot) => self.instance_snapshot_deleted(&snapshot),
            Then::ExportEnded(export) => self.export_ended(&export),
            Then::Nothing => {}
        }
    }

    pub(crate) fn abandon(&mut self, then: Then, reason: &str) {
        match then {
            Then::ClusterCreated(cluster)
            | Then::Promoted(cluster)
            | Then::ClusterDeleted(cluster)
            | Then::ClusterRenamed(cluster, _)
            | Then::ClusterFailedOver(cluster, _)
            | Then::ClusterStopped(cluster)
            | Then::ClusterStarted(cluster)
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
            Then::PhaseEnded(course) => self.course_abandoned(&course, reason),
            // The slot stays; nobody follows it.
            Then::ReplicaForgotten(source, replica) => self.replica_forgotten(&source, &replica),
            Then::InstanceSnapshotTaken(snapshot) => {
                self.record(&snapshot.region, &snapshot.id, format!("failed: {reason}"));
                self.instance_snapshots.remove(&snapshot);
            }
            Then::InstanceCreated(_)
            | Then::InstanceDeleted(_)
            | Then::InstanceRenamed(..)
            | Then::InstanceModified(_)
            | Then::FailoverBegun(_)
            | Then::Modified(_)
            | Then::EndpointMade(_)
            | Then::EndpointDeleted(_)
            | Then::SnapshotDeleted(_)
            | Then::InstanceSnapshotDeleted(_)
            | Then::ExportEnded(_)
            | Then::Nothing => {}
        }
    }

    pub(crate) fn set_status(&mut self, cluster: &ClusterKey, status: ClusterStatus) {
        if let Some(cluster) = self.clusters.get_mut(cluster) {
            cluster.status = status;
        }
    }

    pub(crate) fn set_instance(&mut self, instance: &ClusterKey, status: InstanceStatus) {
        if let Some(instance) = self.instances.get_mut(instance) {
            instance.status = status;
        }
    }

    /// A cluster and its instances come to rest.
    fn come_to_rest(
        &mut self,
        cluster: &ClusterKey,
        status: ClusterStatus,
        instances: InstanceStatus,
    ) {
        self.set_status(cluster, status);
        self.set_instances(cluster, instances);
        let what = format!("cluster {}", status.as_str());
        self.record(&cluster.region, &cluster.id, what);
    }

    /// An instance that is gone writes nothing.
    fn forget_writer(&mut self, instance: &ClusterKey) {
        for cluster in self.clusters.values_mut() {
            if cluster.writer.as_ref() == Some(instance) {
                cluster.writer = None;
            }
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
        self.elect_writer(key, None);
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
