//! The clock's work: starting tasks, ending them, trying again.

use crate::model::{
    Model,
    effect::{Effect, When},
    state::Millis,
    task::{Progress, Task, TaskId, Then},
};

/// A transition whose storage failed this often is given up.
const FAILURES_MAX: u32 = 20;

impl Model {
    pub(crate) fn plan(
        &mut self,
        needs: &[&str],
        duration_ms: u64,
        effect: Option<(When, Effect)>,
        then: Then,
    ) {
        self.last_task += 1;
        let (when, effect) = match effect {
            Some((when, effect)) => (when, Some(effect)),
            None => (When::AtOnce, None),
        };
        self.tasks.push(Task {
            id: TaskId(self.last_task),
            needs: needs.iter().map(|region| (*region).to_owned()).collect(),
            duration_ms,
            due: self.now.saturating_add(duration_ms),
            effect,
            when,
            progress: Progress::Waiting,
            failures: 0,
            then,
        });
    }

    /// Asks for an effect that nothing waits for.
    pub(crate) fn plan_at_once(&mut self, region: &str, effect: Effect) {
        self.plan(&[region], 0, Some((When::AtOnce, effect)), Then::Nothing);
    }

    /// Lets time pass up to `to`, ending every task that is due on the way, each at its own time.
    pub fn advance(&mut self, to: Millis) {
        self.start_tasks();
        // Ends: every turn removes a task or moves the clock to a later due time, and no task plans one before now.
        while let Some((due, id)) = self.next_event().filter(|(due, _)| *due <= to) {
            self.now = self.now.max(due);
            self.end_task(id);
            self.start_tasks();
            self.remember();
        }
        self.now = self.now.max(to);
        self.start_tasks();
        self.remember();
    }

    /// When something will happen of itself, if anything will.
    pub fn next_due(&self) -> Option<Millis> {
        self.next_event().map(|(due, _)| due)
    }

    /// The effects asked for since the last call, in order.
    pub fn take_effects(&mut self) -> Vec<(TaskId, Effect)> {
        std::mem::take(&mut self.outbox)
    }

    /// The storage has carried out an effect, or says why it could not.
    pub fn finished(&mut self, at: Millis, id: TaskId, outcome: Result<(), String>) {
        self.advance(at);
        let now = self.now;
        let retry_ms = self.settings.durations.retry_ms;
        let Some(task) = self.tasks.iter_mut().find(|task| task.id == id) else {
            return;
        };
        let Err(reason) = outcome else {
            task.progress = Progress::Carried;
            return self.advance(at);
        };
        task.failures += 1;
        if task.failures < FAILURES_MAX && !matches!(task.then, Then::SwitchedOver(_)) {
            task.progress = Progress::Waiting;
            task.when = When::WhenDue;
            task.due = task.due.max(now.saturating_add(retry_ms));
            return;
        }
        self.give_up(id, &reason);
        self.advance(at);
    }

    fn next_event(&self) -> Option<(Millis, TaskId)> {
        self.tasks
            .iter()
            .filter(|task| !self.stands_still(task))
            .filter(|task| match (&task.effect, task.progress) {
                (None, _) | (Some(_), Progress::Carried) => true,
                (Some(_), Progress::Waiting) => true,
                (Some(_), Progress::Running) => false,
            })
            .map(|task| (task.due, task.id))
            .min()
    }

    fn stands_still(&self, task: &Task) -> bool {
        self.needs_a_lost_region(task) || self.waits_for_a_fence(task)
    }

    fn needs_a_lost_region(&self, task: &Task) -> bool {
        task.needs.iter().any(|region| self.is_lost(region))
    }

    /// Whether the old writer is still to be kept from writing, in a Region that is there.
    fn waits_for_a_fence(&self, task: &Task) -> bool {
        let Then::FailedOver(id) = &task.then else {
            return false;
        };
        let failover = self.globals.get(id);
        let failover = failover.and_then(|global| global.failover.as_ref());
        failover.is_some_and(|failover| {
            self.tasks.iter().any(|other| {
                let fences = matches!(&other.effect, Some(Effect::Fence { cluster }) if *cluster == failover.from);
                fences && !self.needs_a_lost_region(other)
            })
        })
    }

    fn start_tasks(&mut self) {
        let startable: Vec<TaskId> = self
            .tasks
            .iter()
            .filter(|task| task.progress == Progress::Waiting && task.effect.is_some())
            .filter(|task| task.when == When::AtOnce || task.due <= self.now)
            .filter(|task| !self.stands_still(task))
            .map(|task| task.id)
            .collect();
        for id in startable {
            self.start_task(id);
        }
    }

    fn start_task(&mut self, id: TaskId) {
        let Some(task) = self.tasks.iter_mut().find(|task| task.id == id) else {
            return;
        };
        let Some(effect) = task.effect.clone() else {
            return;
        };
        let then = task.then.clone();
        if let Some(reason) = self.obstacle(&then) {
            return self.give_up(id, &reason);
        }
        // Whoever was fenced meanwhile stays down until it is rebuilt.
        let stays_down = self.resumes_a_fenced_writer(&effect);
        if let Some(task) = self.tasks.iter_mut().find(|task| task.id == id) {
            task.progress = if stays_down {
                Progress::Carried
            } else {
                Progress::Running
            };
        }
        self.begun(&then);
        if !stays_down {
            self.outbox.push((id, effect));
        }
    }

    fn resumes_a_fenced_writer(&self, effect: &Effect) -> bool {
        let Effect::Resume { cluster } = effect else {
            return false;
        };
        self.clusters.get(cluster).is_some_and(|found| found.fenced)
    }

    fn end_task(&mut self, id: TaskId) {
        let Some(position) = self.tasks.iter().position(|task| task.id == id) else {
            return;
        };
        // A task that waits for its due time to ask for its effect is started, not ended.
        if self
            .tasks
            .get(position)
            .is_some_and(|task| task.effect.is_some() && task.progress == Progress::Waiting)
        {
            return;
        }
        let task = self.tasks.remove(position);
        self.complete(task.then);
    }

    fn give_up(&mut self, id: TaskId, reason: &str) {
        if let Some(position) = self.tasks.iter().position(|task| task.id == id) {
            let task = self.tasks.remove(position);
            self.abandon(task.then, reason);
        }
    }
}
