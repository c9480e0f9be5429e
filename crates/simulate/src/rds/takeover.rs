//! Managed failovers and switchovers, from their acceptance to the member that is brought back.

use failover::domain::Region;
use jiff::Timestamp;

use super::{
    Fencing, Happened, Rds,
    fault::{Fault, Taken},
    state::{AVAILABLE, CREATING, Kind, Operation, PENDING_RESYNC},
    task::Then,
};

/// What both ends of an operation are shown as.
const MOVING: &str = "failing-over";

impl Rds {
    /// `FailoverGlobalCluster` with `AllowDataLoss`.
    pub(crate) fn fail_over(
        &mut self,
        now: Timestamp,
        region: &Region,
        global: &str,
        target_arn: &str,
    ) -> Taken {
        self.at(now);
        self.begin(Kind::FailOver, region, global, target_arn)
    }

    /// `SwitchoverGlobalCluster`.
    pub(crate) fn switch_over(
        &mut self,
        now: Timestamp,
        region: &Region,
        global: &str,
        target_arn: &str,
    ) -> Taken {
        self.at(now);
        self.begin(Kind::SwitchOver, region, global, target_arn)
    }

    pub(super) fn at(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    fn begin(&mut self, kind: Kind, region: &Region, global: &str, target: &str) -> Taken {
        let global = self.global_called(global)?;
        let Some(from) = global.primary() else {
            return Err(Fault::global_state(format!(
                "Global cluster {} has no primary DB cluster",
                global.identifier
            )));
        };
        let to = self.by_arn(target)?;
        let to_id = &to.shape.resource_id;
        if global.member(to_id).is_none() {
            return Err(Fault::no_cluster(target));
        }
        if from == to_id {
            return Err(Fault::cluster_state(format!(
                "DB cluster {} is already the primary of global cluster {}",
                to.shape.identifier, global.identifier
            )));
        }
        self.check_region(kind, region, global, (from, to))?;
        global.at_rest()?;
        self.check_ends(kind, global, (from, to))?;
        let operation = Operation {
            kind,
            status: "pending",
            from: from.to_owned(),
            to: to_id.clone(),
        };
        self.accept(&global.resource_id.clone(), operation);
        Ok(())
    }

    fn accept(&mut self, global: &str, operation: Operation) {
        let Operation { kind, from, to, .. } = operation.clone();
        let (Some(old), Some(new)) = (self.region_of(&from), self.region_of(&to)) else {
            return;
        };
        if let Some(global) = self.global_mut(global) {
            global.operation = Some(operation);
        }
        let pending = self.timing.pending;
        self.plan(pending, &[&new], Then::Begin(global.to_owned()));
        self.show_moving(&to);
        match kind {
            Kind::FailOver => {
                self.tell(Happened::Cut { resource_id: to });
                if self.timing.readings.fencing == Fencing::Blocks {
                    self.plan(Default::default(), &[&old], Then::Fence(from));
                }
                let then = Then::FailedOver(global.to_owned());
                self.plan(self.timing.fail_over, &[&new], then);
            }
            Kind::SwitchOver => {
                self.show_moving(&from);
                let (sync, all) = (self.timing.synchronize, self.timing.switch_over);
                self.plan(sync, &[&old, &new], Then::Shut(global.to_owned()));
                let then = Then::SwitchedOver(global.to_owned());
                self.plan(sync + all, &[&old, &new], then);
            }
        }
    }

    fn show_moving(&mut self, cluster: &str) {
        if self.timing.readings.is_quiet {
            return;
        }
        if let Some(held) = self.cluster_mut(cluster) {
            held.set(MOVING, "rebooting");
        }
    }

    pub(super) fn show_at_rest(&mut self, cluster: &str) {
        if let Some(held) = self.cluster_mut(cluster)
            && held.shape.status == MOVING
        {
            held.set(AVAILABLE, AVAILABLE);
        }
    }

    pub(super) fn begun(&mut self, global: &str) {
        if let Some(operation) = self
            .global_mut(global)
            .and_then(|one| one.operation.as_mut())
        {
            operation.status = operation.kind.status();
        }
    }

    /// The old primary of a switchover takes no more writes.
    pub(super) fn shut(&mut self, global: &str) {
        let operation = self.globals.get(global);
        if let Some(operation) = operation.and_then(|global| global.operation.clone()) {
            self.close(&operation.from);
        }
    }

    /// A database takes no more writes, whoever leads.
    pub(super) fn close(&mut self, cluster: &str) {
        if let Some(held) = self.cluster_mut(cluster)
            && std::mem::take(&mut held.writes)
        {
            let resource_id = cluster.to_owned();
            self.tell(Happened::Closed { resource_id });
        }
    }

    pub(super) fn reopen(&mut self, cluster: &str) {
        let resource_id = cluster.to_owned();
        let Some(held) = self.cluster_mut(cluster) else {
            return;
        };
        held.writes = true;
        if held.is_served() {
            self.tell(Happened::Opened { resource_id });
        }
    }

    /// Ends the operation: the target leads, the old primary is a member like the others.
    fn swap(&mut self, global: &str) -> Option<Operation> {
        let swapped = self.global_mut(global)?;
        let operation = swapped.operation.take()?;
        for member in &mut swapped.members {
            member.is_writer = member.resource_id == operation.to;
            if operation.kind == Kind::FailOver && !member.is_writer {
                member.synchronization = PENDING_RESYNC;
            }
        }
        let version = self.clusters.get(&operation.to)?.version.clone();
        self.global_mut(global)?.version = version;
        self.show_at_rest(&operation.to);
        self.show_at_rest(&operation.from);
        self.cluster_mut(&operation.to)?.elect(None);
        Some(operation)
    }

    pub(super) fn switched_over(&mut self, global: &str) {
        let Some(Operation { from, to, .. }) = self.swap(global) else {
            return;
        };
        if let Some(held) = self.cluster_mut(&to) {
            held.writes = true;
        }
        self.tell(Happened::SwitchedOver { old: from, new: to });
    }

    pub(super) fn failed_over(&mut self, global: &str) {
        let Some(Operation { from, to, .. }) = self.swap(global) else {
            return;
        };
        self.forget_followers(global, None);
        if let Some(region) = self.region_of(&to) {
            let then = Then::Promote(to.clone());
            self.plan(self.timing.open, &[&region], then);
        }
        let members = self.globals.get(global).into_iter();
        let members = members.flat_map(|global| &global.members);
        let is_made = |resource: &str| {
            let held = self.clusters.get(resource);
            held.is_some_and(|held| held.shape.status != CREATING)
        };
        // What is still being made follows whoever leads when it is.
        let others = members.filter(|one| !one.is_writer && is_made(&one.resource_id));
        let others: Vec<_> = others.map(|member| member.resource_id.clone()).collect();
        for member in others {
            let Some(region) = self.region_of(&member) else {
                continue;
            };
            let (notice, global) = (self.timing.notice, global.to_owned());
            let then = if member == from {
                Then::Keep(global, member)
            } else {
                Then::Rebuild(global, member)
            };
            self.plan(notice, &[&region], then);
        }
    }
}
