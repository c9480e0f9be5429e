//! The model, its storage and its clock together: what every face of the simulator calls.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::Instant,
};

use crate::{
    answer::Node,
    clock::Clock,
    model::{Effect, Fault, Loss, Millis, Model, Params, Settings, TaskId},
    storage::Storage,
};

/// A lost Region keeps a request open this long and then closes the connection without a word.
const SILENCE: Duration = Duration::from_secs(60);
/// The clock looks at least this often, so that a missed wake-up costs little.
const TICK_MAX: Duration = Duration::from_millis(500);

/// How a call ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Answered(Node),
    Refused(Fault),
    /// The Region is lost. No answer ever comes.
    Silent,
    /// It took effect, and the connection ends without a word.
    Unanswered,
}

/// Something to be carried out, and who waits for it.
#[derive(Debug)]
pub(crate) struct Job {
    id: TaskId,
    effect: Effect,
    ended: oneshot::Sender<()>,
}

/// What the HTTP faces and the clock share.
#[derive(Debug)]
pub(crate) struct ControlPlane {
    model: Mutex<Model>,
    pub(crate) storage: Storage,
    clock: Clock,
    wake: Notify,
    jobs: mpsc::UnboundedSender<Job>,
}

impl ControlPlane {
    /// A control plane without hosts, and what it has to be carried out.
    pub(crate) fn new(
        settings: Settings,
        storage: Storage,
    ) -> (Self, mpsc::UnboundedReceiver<Job>) {
        let clock = Clock::start();
        let (jobs, queue) = mpsc::unbounded_channel();
        let plane = Self {
            model: Mutex::new(Model::new(settings, clock.now())),
            storage,
            clock,
            wake: Notify::new(),
            jobs,
        };
        (plane, queue)
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the model, and asks for what follows from that. Answers what those effects can be waited for by.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut Model, Millis) -> T,
    ) -> (T, Vec<(Effect, oneshot::Receiver<()>)>) {
        let changed = self.change_quietly(change);
        self.wake.notify_one();
        changed
    }

    fn change_quietly<T>(
        &self,
        change: impl FnOnce(&mut Model, Millis) -> T,
    ) -> (T, Vec<(Effect, oneshot::Receiver<()>)>) {
        let mut model = self.model();
        let result = change(&mut model, self.clock.now());
        let mut waits = Vec::new();
        // Under the lock, so that they are carried out in the order in which they were asked for.
        for (id, effect) in model.take_effects() {
            let (ended, wait) = oneshot::channel();
            waits.push((effect.clone(), wait));
            // Without a worker the simulator is ending.
            drop(self.jobs.send(Job { id, effect, ended }));
        }
        (result, waits)
    }

    /// Changes the model, and waits until everything that follows from it is carried out.
    pub(crate) async fn settle<T>(&self, change: impl FnOnce(&mut Model, Millis) -> T) -> T {
        let (result, waits) = self.change(change);
        for (_, wait) in waits {
            drop(wait.await);
        }
        result
    }

    /// Carries out a call, unless its Region is lost.
    ///
    /// A snapshot's instant lies before its answer: what is written afterwards is not in it.
    pub(crate) async fn call(&self, region: &str, action: &str, params: &Params) -> Outcome {
        let (ended, waits) = self.change(|model, now| {
            model
                .answers(region)
                .then(|| model.call(now, region, action, params))
        });
        for (effect, wait) in waits {
            if matches!(effect, Effect::Cut { .. }) {
                drop(wait.await);
            }
        }
        match ended {
            None => Outcome::Silent,
            Some(Err(fault)) => Outcome::Refused(fault),
            Some(Ok((node, None))) => Outcome::Answered(node),
            Some(Ok((_, Some(Loss::InternalError)))) => Outcome::Refused(Fault::internal_error()),
            Some(Ok((_, Some(Loss::Unanswered)))) => Outcome::Unanswered,
        }
    }

    pub(crate) fn answers(&self, region: &str) -> bool {
        self.model().answers(region)
    }

    /// How a lost Region behaves towards a caller: it says nothing, for a long time.
    pub(crate) async fn stay_silent(&self) {
        tokio::time::sleep(SILENCE).await;
    }
}

/// Lets the model's time pass, until the simulator ends.
pub(crate) async fn keep_time(plane: Arc<ControlPlane>) {
    loop {
        plane.change_quietly(Model::advance);
        let due = plane.model().next_due();
        let latest = Instant::now() + TICK_MAX;
        let next = due.map_or(latest, |due| plane.clock.instant(due).min(latest));
        // Whoever changes something may bring the next moment nearer.
        tokio::select! {
            () = plane.wake.notified() => {}
            () = tokio::time::sleep_until(next) => {}
        }
    }
}

/// Carries out what is asked for, until the simulator ends.
pub(crate) async fn carry_out(plane: Arc<ControlPlane>, mut queue: mpsc::UnboundedReceiver<Job>) {
    while let Some(job) = queue.recv().await {
        let plane = Arc::clone(&plane);
        // A host that takes its time to end holds nobody up, and an instant is not kept waiting. What follows waits for them in
        // the model.
        if matches!(job.effect, Effect::Halt { .. } | Effect::Cut { .. }) {
            tokio::spawn(carry_out_one(plane, job));
        } else {
            carry_out_one(plane, job).await;
        }
    }
}

async fn carry_out_one(plane: Arc<ControlPlane>, job: Job) {
    let worker = Arc::clone(&plane);
    let effect = job.effect.clone();
    let done = tokio::task::spawn_blocking(move || worker.storage.carry_out(&effect)).await;
    let outcome = match done {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(reason) = &outcome {
        tracing::warn!(effect = ?job.effect, reason, "the storage failed");
    }
    plane.change(|model, now| model.finished(now, job.id, outcome));
    // Whoever asked may have gone.
    let _ = job.ended.send(());
}
