//! Instances of their own, of PostgreSQL, MariaDB and MySQL: what a call names, and what an instance follows.

mod backups;
mod copies;
mod copying;
mod courses;
mod create;
mod delete;
mod exports;
mod modify;
mod power;
mod promote;
mod replica;
mod restore;
mod snapshot;
mod view;

pub(crate) use exports::ExportsOutside;

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        fault::Fault,
        key::ClusterKey,
        settings::StalledReplica,
        state::{InstanceStatus, Replication, Standalone},
        task::Task,
    },
};

/// What a read replica follows, and what RDS says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Following {
    /// The source.
    pub source: ClusterKey,
    /// `replicating`, `error` or `terminated`; nothing while the replica is being made.
    pub status: Option<&'static str>,
}

impl Model {
    /// What an instance of its own follows; nothing for one that follows nothing, and for an unknown one.
    pub fn following(&self, instance: &ClusterKey) -> Option<Following> {
        let found = self.standalones.get(instance)?;
        Some(Following {
            source: found.source.as_ref()?.key.clone(),
            status: self.replication_status(found),
        })
    }

    /// `StatusInfos` of `read replication`.
    fn replication_status(&self, instance: &Standalone) -> Option<&'static str> {
        let source = instance.source.as_ref()?;
        match source.replication {
            Replication::Begins => None,
            Replication::Terminated => Some("terminated"),
            Replication::Replicates => {
                let (here, there) = (&instance.key.region, &source.key.region);
                let is_parted = here != there && (self.cut.contains(here) || self.is_lost(there));
                match self.settings.stalled_replica {
                    StalledReplica::SaysError if is_parted => Some("error"),
                    StalledReplica::SaysError | StalledReplica::SaysReplicating => {
                        Some("replicating")
                    }
                }
            }
        }
    }

    /// The instance of its own that a name or an ARN means in a Region.
    pub(crate) fn standalone_key(&self, region: &str, name: &str) -> Option<ClusterKey> {
        let key = match self.names.parse_arn(name) {
            Some((own, "db", id)) if own == region => ClusterKey::new(region, id),
            Some(_) => return None,
            None => ClusterKey::new(region, name),
        };
        self.standalones.contains_key(&key).then_some(key)
    }

    fn found_standalone(&self, region: &str, name: &str) -> Result<&Standalone, Fault> {
        let key = self.standalone_key(region, name);
        if let Some(found) = key.and_then(|key| self.standalones.get(&key)) {
            return Ok(found);
        }
        let of_a_cluster = self.found_instance(region, name)?;
        Err(Fault::instance_state(format!(
            "DB Instance {} is a member of DB cluster {}.",
            of_a_cluster.key.id, of_a_cluster.cluster.id
        )))
    }

    /// The same, where it is available and nothing has been asked of it.
    fn idle_standalone(&self, region: &str, name: &str) -> Result<&Standalone, Fault> {
        let found = self.found_standalone(region, name)?;
        let (key, status) = (&found.key, found.status);
        if status != InstanceStatus::Available {
            return Err(Fault::instance_busy(key, status.as_str()));
        }
        // Its status may not tell yet what was asked of it.
        if self.tasks.iter().any(|task| task.then.leads_instance(key)) {
            return Err(Fault::instance_busy(key, "about to change"));
        }
        Ok(found)
    }

    /// Refuses a name that an instance of the Region has, or a cluster, whose database would have the same name here.
    pub(crate) fn check_instance_name(&self, key: &ClusterKey) -> Result<(), Fault> {
        let is_promised = |task: &Task| task.then.new_name() == Some(key);
        let is_taken = self.standalones.contains_key(key) || self.instances.contains_key(key);
        if is_taken || self.tasks.iter().any(is_promised) {
            return Err(Fault::instance_exists());
        }
        if self.clusters.contains_key(key) {
            return Err(Fault::not_simulated(
                "An instance of its own that is called like a cluster of its Region",
            ));
        }
        Ok(())
    }

    /// Whether an instance of its own has a name, or is about to get it.
    pub(crate) fn is_alone(&self, key: &ClusterKey) -> bool {
        let mut courses = self.tasks.iter().filter_map(|task| task.then.course());
        self.standalones.contains_key(key) || courses.any(|course| course.new_name() == Some(key))
    }

    /// Refuses a cluster's name that an instance of its own has.
    pub(crate) fn check_cluster_name(&self, key: &ClusterKey) -> Result<(), Fault> {
        if self.is_alone(key) {
            return Err(Fault::not_simulated(
                "A cluster that is called like an instance of its own in its Region",
            ));
        }
        Ok(())
    }

    fn standalone_answer(&self, key: &ClusterKey) -> Result<Node, Fault> {
        let found = self.standalones.get(key);
        let found = found.ok_or_else(|| Fault::instance_not_found(&key.id))?;
        let view = self.standalone_view(found);
        Ok(Fields::default().node("DBInstance", view).done())
    }

    /// The databases of a Region's instances that ran when it was lost.
    pub(crate) fn standalones_to_resume(&self, region: &str) -> Vec<ClusterKey> {
        let here = self.standalones.values();
        let here = here.filter(|instance| instance.key.region == region);
        here.filter_map(|instance| match instance.status {
            InstanceStatus::Stopping | InstanceStatus::Stopped | InstanceStatus::Deleting => None,
            InstanceStatus::Available
            | InstanceStatus::Rebooting
            | InstanceStatus::Modifying
            | InstanceStatus::BackingUp
            | InstanceStatus::Starting
            | InstanceStatus::Failed => Some(instance.key.clone()),
            // Before that there is nothing to start, and the storage starts it itself.
            InstanceStatus::Creating => self.is_carried(instance).then(|| instance.key.clone()),
            InstanceStatus::Renaming => self.new_name(instance),
        })
        .collect()
    }

    /// Whether the storage has done what an instance's phase asks for, and only its time is left.
    fn is_carried(&self, instance: &Standalone) -> bool {
        let mut tasks = self.tasks.iter();
        tasks.any(|task| task.then.leads_instance(&instance.key) && task.is_carried())
    }

    /// The name that an instance's database goes by already, while the instance has its old one.
    fn new_name(&self, instance: &Standalone) -> Option<ClusterKey> {
        let carried = self.tasks.iter().filter(|task| task.is_carried());
        let courses = carried.filter_map(|task| task.then.course());
        courses
            .filter(|course| course.instance == instance.key)
            .find_map(|course| course.new_name().cloned())
    }
}
