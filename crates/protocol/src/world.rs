//! AWS, the databases and the other functions, as one pass of a run meets them: each call is one step of the search.

use std::{
    fmt::Debug,
    future::poll_fn,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

use failover::{
    Error,
    domain::{Region, RunId},
    ledger::Run,
    plan::Plan,
    ports::{Runtime, Spares},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    answer::Answer,
    how::How,
    rules::Rule,
    state::{Digested, LATER, LONG_AFTER, Live, State, Task, start},
};

/// What a call answered, which is of the kind that was asked for.
macro_rules! answered {
    ($answer:expr, $kind:path) => {
        match $answer.await {
            $kind(answer) => answer,
            _ => $crate::world::astray(),
        }
    };
}

pub(crate) mod aws;
mod fence;
mod heart;
mod instances;
mod ledger;
mod members;
mod rebuild;
mod services;
mod stops;

pub(crate) use stops::arrive;

/// How a call concerns the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Concerns {
    /// What it reads or changes, others change or read: it is a step of its own.
    Others,
    /// It only reads. Where reads are taken together, those that follow each other are one step.
    Reading,
    /// It replaces what the call before it read, if nobody wrote meanwhile: both are one step, since what comes between
    /// them only makes the pass read again.
    OthersWithTheCallBefore,
    /// Nobody else sees it: it belongs to the step before it.
    Nobody,
    /// It opens a writer by what was seen before: a step of its own, also where a schedule's others are one.
    Opening,
}

/// What of a pass is one step, beside what always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Together {
    /// Nothing.
    Nothing,
    /// Reads that follow each other.
    Reads,
    /// All but an opening.
    AllButOpenings,
    /// All of it.
    All,
}

/// The world as one pass of one run sees it. What was answered before is answered again; the first call after that is made.
pub struct Seen<'a> {
    here: Region,
    now: Timestamp,
    plan: &'a Plan,
    document: &'a str,
    off: Option<Rule>,
    together: Together,
    spares: Spares<()>,
    inner: Mutex<Inner<'a>>,
}

struct Inner<'a> {
    state: &'a mut State,
    slot: usize,
    log: Vec<Digested<Answer>>,
    next: usize,
    /// Whether this step's call has been made.
    is_spent: bool,
    /// Whether a call had to wait for a later step: then so must every one after it.
    is_over: bool,
    /// Whether nothing but reading was done in this step.
    has_only_read: bool,
    /// Which call comes right after a row was read in this step.
    has_read: Option<usize>,
}

impl<'a> Seen<'a> {
    /// The world as the pass of the run in `slot` sees it.
    pub fn by(
        state: &'a mut State,
        slot: usize,
        live: &Live,
        (plan, document): (&'a Plan, &'a str),
        how: How,
    ) -> Self {
        let off = how.off;
        let ages = live.is_late && off != Some(Rule::Freshness);
        let late = if ages { LATER } else { SignedDuration::ZERO };
        // What a Region's loss and return take is longer than a stop is young.
        let member = state.members.get(live.to);
        let was_lost = member.is_some_and(|member| member.was_lost);
        let is_old = live.task == Task::Sweep && was_lost && off != Some(Rule::YoungStops);
        let late = if is_old { late + LONG_AFTER } else { late };
        Self {
            here: crate::state::region(live.to),
            now: start() + late,
            plan,
            document,
            off,
            together: together(live.task, how),
            spares: Spares::default(),
            inner: Mutex::new(Inner {
                state,
                slot,
                log: live.log.clone(),
                next: 0,
                is_spent: false,
                is_over: false,
                has_only_read: true,
                has_read: None,
            }),
        }
    }

    /// The world as a function sees it that the run in `slot` asks in another Region: what it does is one step of that run.
    fn inside(
        state: &'a mut State,
        (slot, there): (usize, usize),
        (plan, document): (&'a Plan, &'a str),
        off: Option<Rule>,
    ) -> Self {
        Self {
            here: crate::state::region(there),
            now: start(),
            plan,
            document,
            off,
            together: Together::All,
            spares: Spares::default(),
            inner: Mutex::new(Inner {
                state,
                slot,
                log: Vec::new(),
                next: 0,
                is_spent: false,
                is_over: false,
                has_only_read: true,
                has_read: None,
            }),
        }
    }

    /// What the pass has been answered so far.
    #[must_use]
    pub fn into_log(self) -> Vec<Digested<Answer>> {
        let inner = self.inner.into_inner();
        inner.unwrap_or_else(PoisonError::into_inner).log
    }

    fn inner(&self) -> MutexGuard<'_, Inner<'a>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_own(&self, run_id: &RunId) -> bool {
        let inner = self.inner();
        inner.state.run_id(inner.slot) == *run_id
    }

    fn is_off(&self, rule: Rule) -> bool {
        self.off == Some(rule)
    }

    /// One call.
    async fn call(
        &self,
        concerns: Concerns,
        perform: impl FnOnce(&mut State, usize) -> Answer + Send,
    ) -> Answer {
        let mut perform = Some(perform);
        poll_fn(move |_| {
            let mut guard = self.inner();
            let inner = &mut *guard;
            if let Some(answer) = inner.log.get(inner.next) {
                inner.next += 1;
                return Poll::Ready((*answer.value).clone());
            }
            let just_read = inner.has_read == Some(inner.next);
            let is_step = match (self.together, concerns) {
                (Together::All, _) | (_, Concerns::Nobody) => false,
                (_, Concerns::Opening) => true,
                (Together::AllButOpenings, _) => false,
                (_, Concerns::Others) => true,
                (Together::Reads, Concerns::Reading) => !inner.has_only_read,
                (Together::Nothing, Concerns::Reading) => true,
                (_, Concerns::OthersWithTheCallBefore) => !just_read,
            };
            inner.is_over |= inner.is_spent && is_step;
            let Some(perform) = perform.take().filter(|_| !inner.is_over) else {
                return Poll::Pending;
            };
            let answer = perform(inner.state, inner.slot);
            inner.is_spent |= concerns != Concerns::Nobody;
            inner.has_only_read &= matches!(concerns, Concerns::Reading | Concerns::Nobody);
            inner.has_read = matches!(answer, Answer::PlanState(_)).then_some(inner.next + 1);
            let matters = match &answer {
                Answer::Run(run) => format!("{:?}", run.as_deref().map(essence)),
                other => format!("{other:?}"),
            };
            inner.log.push(Digested::of(answer.clone(), &matters));
            inner.next += 1;
            Poll::Ready(answer)
        })
        .await
    }
}

const fn together(task: Task, how: How) -> Together {
    match task {
        Task::Sweep | Task::Fence if how.schedules_together => Together::AllButOpenings,
        _ if how.reads_together => Together::Reads,
        _ => Together::Nothing,
    }
}

/// A record as the search tells records apart.
pub(crate) fn recorded(run: Run) -> Digested<Run> {
    let matters = essence(&run);
    Digested::of(run, &matters)
}

/// What of a run's record its own later passes decide by.
fn essence(run: &Run) -> impl Debug + use<> {
    let confirmed = run.confirmed.as_ref();
    let attempts = run.attempts.iter().map(|attempt| {
        let answer = attempt.answer.as_ref().map(std::mem::discriminant);
        (attempt.action.clone(), attempt.first_at, attempt.at, answer)
    });
    (
        run.leased.clone(),
        confirmed.map(|confirmed| (confirmed.verdict, confirmed.evidence.gathered_at)),
        run.hand_over.is_some(),
        run.proof.as_ref().map(|proof| proof.epoch),
        (run.dns_changes.len(), run.unled.clone()),
        attempts.collect::<Vec<_>>(),
        run.looks.clone(),
        (run.promoted_at.is_some(), run.strategy.clone()),
        (
            run.closed.as_ref().map(|closed| closed.outcome),
            run.told,
            run.kept.clone(),
        ),
    )
}

fn unavailable<T>(region: &Region) -> Result<T, Error> {
    Err(Error::Unavailable(format!("{region} does not answer")))
}

/// An answer of another kind: the pass took another way than before, which it never does.
fn astray<T>() -> Result<T, Error> {
    Err(Error::InvalidRequest(
        "the pass was not repeated as it was".into(),
    ))
}

impl Runtime for Seen<'_> {
    fn region(&self) -> &Region {
        &self.here
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    async fn pause(&self, _: Duration) {}

    /// Nothing ever waits here.
    async fn within<T: Send>(
        &self,
        _: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        Some(work.await)
    }
}
