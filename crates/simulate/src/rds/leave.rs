//! `RemoveFromGlobalCluster`: a follower leaves at once and is promoted alone; the old global cluster keeps the rest.

use failover::domain::Region;
use jiff::Timestamp;

use super::{
    Happened, Rds,
    fault::{Fault, Taken},
    state::AVAILABLE,
    task::Then,
};

impl Rds {
    /// `RemoveFromGlobalCluster`, as a promoting call.
    pub(crate) fn detach(
        &mut self,
        now: Timestamp,
        region: &Region,
        global: &str,
        target_arn: &str,
    ) -> Taken {
        self.at(now);
        self.remove(region, global, target_arn)
    }

    pub(super) fn remove(&mut self, region: &Region, global: &str, arn: &str) -> Taken {
        let global = self.global_called(global)?;
        let held = self.by_arn(arn)?;
        let resource = held.shape.resource_id.clone();
        let Some(member) = global.member(&resource) else {
            return Err(Fault::value(format!(
                "DB cluster {arn} is not found in global cluster {}",
                global.identifier
            )));
        };
        if held.region != *region && !self.timing.readings.removes_anywhere {
            let operation = "RemoveFromGlobalCluster";
            return Err(Fault::wrong_region(operation, &held.region, region));
        }
        if self.down.contains(&held.region) {
            return Err(Fault::unreachable(&held.shape.identifier, &held.region));
        }
        let leads = member.is_writer;
        let operation = global.operation.as_ref();
        let may_meanwhile = self.timing.readings.detaches_meanwhile && !leads;
        if !may_meanwhile {
            global.at_rest()?;
        }
        if leads && global.members.len() > 1 {
            return Err(Fault::global_state(
                "Unable to delete cluster that is a primary member of global cluster while there are other global cluster members",
            ));
        }
        let is_target = operation.is_some_and(|operation| operation.to == resource);
        if !is_target {
            held.at_rest()?;
        }
        let global = global.resource_id.clone();
        if is_target {
            self.abandon(&global);
        }
        self.leave(&global, &resource, leads);
        Ok(())
    }

    /// Calls the operation off at once: its target leaves.
    fn abandon(&mut self, global: &str) {
        self.call_off(global, self.now);
        self.called_off(global);
        let none_left = self.globals.get(global);
        if none_left.is_some_and(|global| global.operation.is_none()) {
            self.forget_operation(global, "");
        }
    }

    fn leave(&mut self, global: &str, resource: &str, led: bool) {
        let until = self.now + self.timing.leave;
        if let Some(global) = self.global_mut(global) {
            global.leaves_until = until;
            global.members.retain(|one| one.resource_id != resource);
        }
        self.forget_followers(global, Some(resource));
        self.forget(|then| *then == Then::Fence(resource.to_owned()));
        let (detach, region) = (self.timing.detach, self.region_of(resource));
        let (Some(held), Some(region)) = (self.cluster_mut(resource), region) else {
            return;
        };
        held.shape.global_cluster = None;
        if led {
            return self.stay_alone(resource);
        }
        held.set("promoting", "rebooting");
        let resource_id = resource.to_owned();
        // What still takes writes goes down to become a primary again.
        self.close(resource);
        self.tell(Happened::Cut { resource_id });
        self.plan(detach, &[&region], Then::Detached(resource.to_owned()));
    }

    /// A primary that leaves writes on, and one that was fenced writes again.
    fn stay_alone(&mut self, resource: &str) {
        if self.clusters.get(resource).is_some_and(|held| !held.writes) {
            self.reopen(resource);
        }
    }

    pub(super) fn promoted(&mut self, resource: &str, alone: bool) {
        let Some(held) = self.cluster_mut(resource) else {
            return;
        };
        held.writes = true;
        if alone {
            held.set(AVAILABLE, AVAILABLE);
            held.elect(None);
        }
        let happened = Happened::Promoted {
            region: held.region.clone(),
            resource_id: resource.to_owned(),
            alone,
        };
        self.tell(happened);
    }
}
