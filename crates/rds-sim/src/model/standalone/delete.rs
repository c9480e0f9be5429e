//! DeleteDBInstance of an instance of its own, and what becomes of those that followed it.

use crate::{
    answer::Node,
    model::{
        Model,
        course::{End, Phase},
        delete::final_snapshot,
        effect::Effect,
        fault::Fault,
        key::ClusterKey,
        names::check_identifier,
        params::Params,
        state::{InstanceSnapshot, InstanceStatus},
        task::Task,
    },
};

impl Model {
    pub(crate) fn delete_standalone(
        &mut self,
        key: &ClusterKey,
        params: &Params,
    ) -> Result<Node, Fault> {
        let found = self.found_standalone(&key.region, &key.id)?;
        let last = final_snapshot(params)?;
        if found.deletion_protection {
            return Err(Fault::invalid_combination(
                "Cannot delete protected DB Instance, please disable deletion protection and try again.",
            ));
        }
        let status = found.status;
        if status == InstanceStatus::Deleting {
            return Err(Fault::instance_state(format!(
                "Instance {} is already being deleted.",
                key.id
            )));
        }
        if status == InstanceStatus::Renaming {
            return Err(Fault::instance_busy(key, status.as_str()));
        }
        let Some(last) = last else {
            self.begin_deletion(key);
            self.destroy_standalone(key);
            return self.standalone_answer(key);
        };
        if found.source.is_some() {
            return Err(Fault::invalid_combination(
                "FinalDBSnapshotIdentifier can not be specified when deleting a read replica.",
            ));
        }
        let is_at_rest = [InstanceStatus::Available, InstanceStatus::Stopped].contains(&status);
        if !is_at_rest {
            return Err(Fault::instance_busy(key, status.as_str()));
        }
        check_identifier("FinalDBSnapshotIdentifier", &last)?;
        let snapshot = self.new_instance_snapshot(key, &last)?;
        self.begin_deletion(key);
        let effect = Effect::Snapshot {
            cluster: key.clone(),
            snapshot: InstanceSnapshot::volume(&snapshot),
        };
        let duration_ms = self.settings.durations.snapshot_ms;
        let keeping = Phase::doing(InstanceStatus::Deleting, duration_ms, effect);
        self.begin_course(key, [keeping], End::LastKept(snapshot));
        self.standalone_answer(key)
    }

    /// What was under way leads nowhere any more.
    fn begin_deletion(&mut self, key: &ClusterKey) {
        self.tasks.retain(|task| !task.then.leads_instance(key));
        self.record(&key.region, &key.id, "instance deletion accepted");
    }

    pub(super) fn standalone_deleted(&mut self, key: &ClusterKey) {
        self.leave_source(key);
        let Some(gone) = self.standalones.remove(key) else {
            return;
        };
        // Its slots have gone with it, and nothing can be made of it any more.
        let of_it = |task: &mut Task| task.source() == Some(key);
        let of_it: Vec<_> = self.tasks.extract_if(.., of_it).collect();
        self.record(&key.region, &key.id, "instance deleted");
        self.instance_event(key, "deletion", "DB instance deleted.");
        self.source_deleted(key, &gone.resource_id);
        for task in of_it {
            self.abandon(task.then, "its source was deleted");
        }
    }
}
