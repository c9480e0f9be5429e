//! What was begun, carried forward to a moment.

use failover::domain::Region;
use jiff::{SignedDuration, Timestamp};

use super::{
    Happened, Rds, Severed,
    state::{Kind, Operation},
    task::{Task, Then},
};

impl Rds {
    /// Carries what was begun forward to `now`, and answers what that brought about in the databases. Regions count as they were
    /// until `now`, and as `is_up` says from then on; what needs one that is down waits.
    pub fn settle(&mut self, now: Timestamp, is_up: &dyn Fn(&Region) -> bool) -> Vec<Happened> {
        let until = self.now.max(now);
        self.carry(|due| due < until);
        self.see(until, is_up);
        self.carry(|due| due <= until);
        self.now = until;
        std::mem::take(&mut self.happened)
    }

    fn carry(&mut self, is_due: impl Fn(Timestamp) -> bool) {
        while let Some(task) = self.take_due(&is_due) {
            self.now = self.now.max(task.due);
            self.finish(task.then);
        }
    }

    /// When it has to settle next, with the Regions as they were when it last did.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        let news = (!self.happened.is_empty()).then_some(self.now);
        let due = self.tasks.iter().filter(|task| !task.waits);
        due.map(|task| task.due).chain(news).min()
    }

    /// Takes in which Regions are there.
    fn see(&mut self, now: Timestamp, is_up: &dyn Fn(&Region) -> bool) {
        let regions = self.clusters.values().map(|held| held.region.clone());
        let needed = self.tasks.iter().flat_map(|task| task.needs.clone());
        let all = regions.chain(needed);
        self.down = all.filter(|region| !is_up(region)).collect();
        for task in &mut self.tasks {
            let waits = task.needs.iter().any(|need| self.down.contains(need));
            if task.waits && !waits {
                task.due = task.due.max(now + task.takes);
            }
            task.waits = waits;
        }
        self.sever(now);
    }

    /// Calls off the switchovers that have lost one of their ends.
    fn sever(&mut self, now: Timestamp) {
        if self.timing.readings.severed == Severed::Hangs {
            return;
        }
        let is_severed = |operation: &Operation| {
            let ends = [&operation.from, &operation.to];
            operation.kind == Kind::SwitchOver
                && operation.status != "cancelling"
                && ends.into_iter().any(|end| self.is_down(end))
        };
        let globals = self.globals.values();
        let severed = globals.filter(|one| one.operation.as_ref().is_some_and(is_severed));
        let severed: Vec<_> = severed.map(|global| global.resource_id.clone()).collect();
        for global in severed {
            self.call_off(&global, now);
        }
    }

    fn take_due(&mut self, is_due: &impl Fn(Timestamp) -> bool) -> Option<Task> {
        let due = self.tasks.iter().enumerate();
        let due = due.filter(|(_, task)| !task.waits && is_due(task.due));
        let (at, _) = due.min_by_key(|(_, task)| (task.due, task.id))?;
        Some(self.tasks.remove(at))
    }

    /// Begins something that ends so much later.
    pub(super) fn plan(&mut self, takes: SignedDuration, needs: &[&Region], then: Then) {
        self.plan_at(self.now, takes, needs, then);
    }

    pub(super) fn plan_at(
        &mut self,
        begun: Timestamp,
        takes: SignedDuration,
        needs: &[&Region],
        then: Then,
    ) {
        let needs: Vec<Region> = needs.iter().copied().cloned().collect();
        let task = Task {
            id: self.number(),
            due: begun + takes,
            takes,
            waits: needs.iter().any(|need| self.down.contains(need)),
            needs,
            then,
        };
        self.tasks.push(task);
    }

    pub(super) fn tell(&mut self, happened: Happened) {
        self.happened.push(happened);
    }

    /// Forgets what was under way for the operation in a global cluster.
    pub(super) fn forget_operation(&mut self, global: &str, from: &str) {
        self.tasks.retain(|task| !task.then.is_of(global, from));
    }

    /// Forgets what was to bring members of a global cluster back: one of them, or all.
    pub(super) fn forget_followers(&mut self, global: &str, which: Option<&str>) {
        self.tasks
            .retain(|task| !task.then.brings_back(global, which));
    }

    pub(super) fn forget(&mut self, is_it: impl Fn(&Then) -> bool) {
        self.tasks.retain(|task| !is_it(&task.then));
    }

    fn finish(&mut self, then: Then) {
        match then {
            Then::Begin(global) => self.begun(&global),
            Then::Fence(cluster) => self.close(&cluster),
            Then::Shut(global) => self.shut(&global),
            Then::SwitchedOver(global) => self.switched_over(&global),
            Then::FailedOver(global) => self.failed_over(&global),
            Then::Promote(cluster) => self.promoted(&cluster, false),
            Then::CalledOff(global) => self.called_off(&global),
            Then::Reopen(cluster) => self.reopen(&cluster),
            Then::Keep(global, member) => self.keep_deposed(&global, &member),
            Then::Rebuild(global, member) => self.rebuild(&global, &member),
            Then::Follow(global, member) => self.follows(&global, &member),
            Then::Detached(cluster) => self.promoted(&cluster, true),
            Then::GlobalMade(global) => self.global_made(&global),
            Then::GlobalGone(global) => {
                self.globals.remove(&global);
            }
            Then::Made(global, cluster) => self.made(&global, &cluster),
            Then::Rests(cluster) => self.rests(&cluster),
            Then::Renamed(cluster, to) => self.renamed(&cluster, &to),
            Then::NameShows(cluster) => {
                if let Some(held) = self.cluster_mut(&cluster) {
                    held.resolves = true;
                }
            }
            Then::Gone(cluster) => self.gone(cluster),
            Then::InstanceMade(cluster, instance) => self.instance_made(&cluster, &instance),
            Then::InstanceRests(cluster, instance) => self.instance_rests(&cluster, &instance),
            Then::InstanceGone(cluster, instance) => self.instance_gone(&cluster, &instance),
            Then::InstanceRenamed(cluster, from, to) => {
                self.instance_renamed(&cluster, &from, &to);
            }
            Then::WriterMoved(cluster, to) => self.writer_moved(&cluster, to),
            Then::EndpointMade(cluster, endpoint) => self.endpoint_made(&cluster, &endpoint),
            Then::EndpointGone(cluster, endpoint) => self.endpoint_gone(&cluster, &endpoint),
            Then::RoleActive(cluster, role) => self.role_active(&cluster, &role),
            Then::SnapshotMade(region, snapshot) => self.snapshot_made(region, snapshot),
            Then::SnapshotGone(region, snapshot) => self.snapshot_gone(region, snapshot),
            Then::Back(cluster) => self.back(&cluster),
            Then::Patched(cluster, version) => self.patched(&cluster, version),
        }
    }
}
