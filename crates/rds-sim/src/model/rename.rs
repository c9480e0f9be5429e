//! NewDBClusterIdentifier and NewDBInstanceIdentifier: names change when the renaming ends, endpoints with them.

use crate::{
    answer::Node,
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
    /// Begins to rename an available cluster that is no member of a global cluster.
    pub(crate) fn rename_cluster(
        &mut self,
        key: &ClusterKey,
        new: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        check_identifier("NewDBClusterIdentifier", new)?;
        if let Some(global) = self
            .clusters
            .get(key)
            .and_then(|cluster| cluster.global.as_ref())
        {
            return Err(Fault::cluster_state(format!(
                "DB cluster {} can't be renamed because it is a member of global cluster {global}.",
                key.id
            )));
        }
        at_once(params)?;
        let to = ClusterKey::new(&key.region, new);
        if self.is_cluster_name_taken(&to) {
            return Err(Fault::cluster_exists());
        }
        self.check_cluster_name(&to)?;
        self.set_status(key, ClusterStatus::Renaming);
        self.record(&key.region, &key.id, "cluster renaming accepted");
        let effect = Effect::Rename {
            from: key.clone(),
            to: to.clone(),
        };
        self.plan(
            &[&key.region],
            self.settings.durations.modify_ms,
            Some((When::WhenDue, effect)),
            Then::ClusterRenamed(key.clone(), to),
        );
        self.cluster_answer(key)
    }

    /// Whether a cluster has a name, or is about to get it. Until a renaming is through, the old name is taken, too.
    pub(crate) fn is_cluster_name_taken(&self, key: &ClusterKey) -> bool {
        let is_promised = |then: &Then| matches!(then, Then::ClusterRenamed(_, to) if to == key);
        self.clusters.contains_key(key) || self.tasks.iter().any(|task| is_promised(&task.then))
    }

    pub(crate) fn cluster_renamed(&mut self, from: &ClusterKey, to: &ClusterKey) {
        let Some(mut cluster) = self.clusters.remove(from) else {
            return;
        };
        cluster.key = to.clone();
        cluster.status = ClusterStatus::Available;
        self.clusters.insert(to.clone(), cluster);
        for instance in self.instances.values_mut() {
            if instance.cluster == *from {
                instance.cluster = to.clone();
            }
        }
        for endpoint in self.endpoints.values_mut() {
            if endpoint.cluster == *from {
                endpoint.cluster = to.clone();
            }
        }
        self.record(
            &to.region,
            &from.id,
            format!("cluster renamed to {}", to.id),
        );
        let said = format!("Renamed cluster from {} to {}.", from.id, to.id);
        self.cluster_event(to, "notification", said);
    }

    /// ModifyDBInstance, as far as it renames.
    pub(crate) fn modify_db_instance(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("DBInstanceIdentifier")?;
        if let Some(key) = self.standalone_key(region, name) {
            return self.modify_standalone(&key, params);
        }
        let instance = self.found_instance(region, name)?;
        let key = instance.key.clone();
        if instance.status != InstanceStatus::Available {
            return Err(Fault::instance_busy(&key, instance.status.as_str()));
        }
        let Some(new) = params.optional("NewDBInstanceIdentifier") else {
            return self.change_instance(&key, params);
        };
        check_identifier("NewDBInstanceIdentifier", new)?;
        at_once(params)?;
        let to = ClusterKey::new(region, new);
        if self.instances.contains_key(&to) || self.is_alone(&to) {
            return Err(Fault::instance_exists());
        }
        self.set_instance(&key, InstanceStatus::Renaming);
        self.record(region, &key.id, "instance renaming accepted");
        self.plan(
            &[region],
            self.settings.durations.modify_ms,
            None,
            Then::InstanceRenamed(key.clone(), to),
        );
        self.instance_answer(&key)
    }

    pub(crate) fn instance_renamed(&mut self, from: &ClusterKey, to: &ClusterKey) {
        let Some(mut instance) = self.instances.remove(from) else {
            return;
        };
        instance.key = to.clone();
        instance.status = InstanceStatus::Available;
        if let Some(cluster) = self.clusters.get_mut(&instance.cluster)
            && cluster.writer.as_ref() == Some(from)
        {
            cluster.writer = Some(to.clone());
        }
        self.instances.insert(to.clone(), instance);
        self.record(
            &to.region,
            &from.id,
            format!("instance renamed to {}", to.id),
        );
    }
}

/// What is to wait for the maintenance window would never come about here.
fn at_once(params: &Params) -> Result<(), Fault> {
    if params.flag("ApplyImmediately")? == Some(true) {
        return Ok(());
    }
    Err(Fault::invalid_value(
        "Renaming without ApplyImmediately waits for the maintenance window, which is not simulated.",
    ))
}
