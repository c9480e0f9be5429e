//! The model, its storage and its clock together: what every face of the simulator calls.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, task::JoinSet, time::Instant};

use crate::{
    answer::Node,
    clock::Clock,
    model::{Fault, Loss, Millis, Model, Params, Settings},
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
    /// The Region is lost; no answer ever comes.
    Silent,
    /// It took effect, and the connection ends without a word.
    Unanswered,
}

/// What the HTTP face, the connector and the clock share.
#[derive(Debug)]
pub(crate) struct ControlPlane {
    model: Mutex<Model>,
    pub(crate) storage: Storage,
    clock: Clock,
    wake: Notify,
}

impl ControlPlane {
    /// A control plane without databases.
    pub(crate) fn new(settings: Settings, storage: Storage) -> Self {
        let clock = Clock::start();
        let model = Mutex::new(Model::new(settings, clock.now()));
        Self {
            model,
            storage,
            clock,
            wake: Notify::new(),
        }
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Model, Millis) -> T) -> T {
        let result = change(&mut self.model(), self.clock.now());
        self.wake.notify_one();
        result
    }

    /// Carries out a call, unless its Region is lost.
    pub(crate) fn call(&self, region: &str, action: &str, params: &Params) -> Outcome {
        self.change(|model, now| {
            if !model.answers(region) {
                return Outcome::Silent;
            }
            match model.call(now, region, action, params) {
                Ok(node) => match model.lost_answer(region, action) {
                    None => Outcome::Answered(node),
                    Some(Loss::InternalFailure) => Outcome::Refused(Fault::internal_failure()),
                    Some(Loss::Unanswered) => Outcome::Unanswered,
                },
                Err(fault) => Outcome::Refused(fault),
            }
        })
    }

    pub(crate) fn answers(&self, region: &str) -> bool {
        self.model().answers(region)
    }

    /// How a lost Region behaves towards a caller: it says nothing, for a long time.
    pub(crate) async fn stay_silent(&self) {
        tokio::time::sleep(SILENCE).await;
    }
}

/// Lets the model's time pass and has its effects carried out, until the simulator ends.
pub(crate) async fn keep_time(plane: Arc<ControlPlane>) {
    let mut effects = JoinSet::new();
    loop {
        let (asked, due) = {
            let mut model = plane.model();
            model.advance(plane.clock.now());
            (model.take_effects(), model.next_due())
        };
        for (id, effect) in asked {
            let plane = Arc::clone(&plane);
            effects.spawn(async move {
                let name = format!("{effect:?}");
                let outcome = plane
                    .storage
                    .carry_out(effect.clone())
                    .await
                    .map_err(|error| chain(&error));
                if let Some(bytes) = plane.storage.moved_bytes(&effect).await {
                    plane.change(|model, _| model.moved(id, bytes));
                }
                if let Err(reason) = &outcome {
                    tracing::warn!(effect = name, reason, "the storage failed");
                }
                plane.change(|model, now| model.finished(now, id, outcome));
            });
        }
        while effects.try_join_next().is_some() {}
        let latest = Instant::now() + TICK_MAX;
        let next = due.map_or(latest, |due| plane.clock.instant(due).min(latest));
        tokio::select! {
            () = plane.wake.notified() => {}
            () = tokio::time::sleep_until(next) => {}
        }
    }
}

/// An error with all its sources.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
