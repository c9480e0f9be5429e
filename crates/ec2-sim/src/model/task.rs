//! Transitions under way, and what becomes true when they end.

use crate::model::{
    Model,
    effect::{Done, Effect, TaskId},
    state::Millis,
};

/// What becomes true when a task ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Then {
    InstanceRuns(String),
    InstanceStopped(String),
    InstanceTerminated(String),
    InstanceGone(String),
    /// A group replaces a member that was stopped.
    GroupTerminates(String),
    VolumeMade(String),
    VolumeGone(String),
    Attached(String),
    Detached(String),
    Snapshotted(String),
    Copied(String),
    /// A Region's snapshots for which the instant had to come first.
    Cut(String, Vec<String>),
    Nothing,
}

/// A transition under way.
#[derive(Debug)]
pub(crate) struct Task {
    id: TaskId,
    pub(crate) due: Millis,
    /// How its effect ended. One without an effect has ended at once.
    ended: Option<Result<Done, String>>,
    then: Then,
}

impl Model {
    /// Begins what ends after so many milliseconds.
    pub(crate) fn after(&mut self, ms: u64, then: Then) {
        self.begin(ms, None, then);
    }

    /// Begins what ends after so many milliseconds and not before its effect.
    pub(crate) fn carry(&mut self, ms: u64, effect: Effect, then: Then) {
        self.begin(ms, Some(effect), then);
    }

    fn begin(&mut self, ms: u64, effect: Option<Effect>, then: Then) {
        self.last_task += 1;
        let id = TaskId(self.last_task);
        self.tasks.push(Task {
            id,
            due: self.now.saturating_add(ms),
            ended: effect.is_none().then_some(Ok(Done::Done)),
            then,
        });
        self.outbox.extend(effect.map(|effect| (id, effect)));
    }

    /// What is to be carried out now, in this order.
    pub fn take_effects(&mut self) -> Vec<(TaskId, Effect)> {
        std::mem::take(&mut self.outbox)
    }

    /// Reports how an effect ended.
    pub fn finished(&mut self, at: Millis, id: TaskId, outcome: Result<Done, String>) {
        self.now = self.now.max(at);
        let Some(at) = self.tasks.iter().position(|task| task.id == id) else {
            return;
        };
        let then = self.tasks[at].then.clone();
        if let (Then::Snapshotted(snapshot), Ok(Done::Stored(blocks))) = (&then, &outcome) {
            let takes_ms = self.stored(snapshot, blocks.clone());
            self.tasks[at].due = self.tasks[at].due.max(self.now.saturating_add(takes_ms));
        }
        self.tasks[at].ended = Some(outcome);
        self.advance(self.now);
    }

    /// Lets time pass.
    pub fn advance(&mut self, at: Millis) {
        while let Some(task) = self.take_due(at) {
            self.now = self.now.max(task.due);
            self.load(self.now);
            match task.ended {
                Some(Err(reason)) => self.failed(&task.then, &reason),
                Some(Ok(_)) | None => self.complete(&task.then),
            }
        }
        self.now = self.now.max(at);
        self.load(self.now);
        self.remember();
    }

    /// When the next transition ends whose effect has ended.
    pub fn next_due(&self) -> Option<Millis> {
        let ripe = self.tasks.iter().filter(|task| self.is_ripe(task));
        ripe.map(|task| task.due).min()
    }

    /// Whether nothing but time is missing. A copy out of a lost Region waits for it.
    fn is_ripe(&self, task: &Task) -> bool {
        let waits = matches!(&task.then, Then::Copied(copy) if self.waits_for_its_source(copy));
        task.ended.is_some() && !waits
    }

    fn take_due(&mut self, at: Millis) -> Option<Task> {
        let ripe = self.tasks.iter().enumerate();
        let (first, _) = ripe
            .filter(|(_, task)| task.due <= at && self.is_ripe(task))
            .min_by_key(|(_, task)| (task.due, task.id))?;
        Some(self.tasks.remove(first))
    }

    /// Forgets what was to become true.
    pub(crate) fn forget(&mut self, then: &Then) {
        for task in &mut self.tasks {
            if task.then == *then {
                task.then = Then::Nothing;
            }
        }
    }
}
