//! What comes of an operation that moves the primary's role: members that are brought back, or all as it was before.

use jiff::Timestamp;

use super::{
    Deposed, Happened, Rds,
    state::{AVAILABLE, CONNECTED, Kind, Operation, PENDING_RESYNC},
    task::Then,
};

impl Rds {
    /// The volume that is about to be replaced takes no more writes, and is kept as the reading says.
    pub(super) fn keep_deposed(&mut self, global: &str, member: &str) {
        self.close(member);
        let Some(region) = self.region_of(member) else {
            return;
        };
        let takes = match self.timing.readings.deposed {
            Deposed::Lost => Default::default(),
            kept @ (Deposed::Kept | Deposed::Fails) => self.keep_unplanned(member, kept),
        };
        let then = Then::Rebuild(global.to_owned(), member.to_owned());
        self.plan(takes, &[&region], then);
    }

    pub(super) fn rebuild(&mut self, global: &str, member: &str) {
        let Some(primary) = self.primary_of(global) else {
            return;
        };
        let (Some(here), Some(there)) = (self.region_of(member), self.region_of(&primary)) else {
            return;
        };
        self.close(member);
        if let Some(held) = self.cluster_mut(member) {
            held.set("modifying", "rebooting");
        }
        let then = Then::Follow(global.to_owned(), member.to_owned());
        self.plan(self.timing.rebuild, &[&here, &there], then);
    }

    pub(super) fn follows(&mut self, global: &str, member: &str) {
        let Some(primary) = self.primary_of(global) else {
            return;
        };
        if let Some(global) = self.global_mut(global) {
            global.synchronize(member, CONNECTED);
        }
        if let Some(held) = self.cluster_mut(member) {
            held.writes = false;
            held.set(AVAILABLE, AVAILABLE);
        }
        self.tell(Happened::Follows {
            resource_id: member.to_owned(),
            primary_resource_id: primary,
        });
    }

    /// Begins to call an operation off: `cancelling`, then nothing of it.
    pub(super) fn call_off(&mut self, global: &str, now: Timestamp) {
        let Some(operation) = self
            .global_mut(global)
            .and_then(|one| one.operation.as_mut())
        else {
            return;
        };
        operation.status = "cancelling";
        let from = operation.from.clone();
        self.forget_operation(global, &from);
        let then = Then::CalledOff(global.to_owned());
        self.plan_at(now, self.timing.call_off, &[], then);
    }

    pub(super) fn called_off(&mut self, global: &str) {
        let taken = self.global_mut(global);
        let Some(operation) = taken.and_then(|global| global.operation.take()) else {
            return;
        };
        let Operation { kind, from, to, .. } = operation;
        self.show_at_rest(&from);
        self.show_at_rest(&to);
        let was_closed = self.clusters.get(&from).is_some_and(|held| !held.writes);
        if let Some(region) = self.region_of(&from).filter(|_| was_closed) {
            self.plan(Default::default(), &[&region], Then::Reopen(from));
        }
        // It was cut for the promotion that did not come.
        if let Some(region) = self.region_of(&to).filter(|_| kind == Kind::FailOver) {
            if let Some(global) = self.global_mut(global) {
                global.synchronize(&to, PENDING_RESYNC);
            }
            let then = Then::Rebuild(global.to_owned(), to);
            self.plan(self.timing.notice, &[&region], then);
        }
    }
}
