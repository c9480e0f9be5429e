//! What the state is after an event.

use jiff::SignedDuration;
use machines::Passed;

use super::{Asks, Event, Protocol};
use crate::{
    lead, pass,
    rules::Rule,
    state::{
        Live, Slot, State, Step, Task, digested, minutes_pass, region, renewed_long_ago, start,
    },
    world::{aws, recorded},
};

impl Protocol {
    /// A slow probe writes what it read, if nobody wrote meanwhile.
    fn write_learnt(&self, next: &mut State) -> Option<()> {
        let (here, before, there, from) = next.learning.take()?;
        let found = next.members.get_mut(here).filter(|found| found.is_up)?;
        if found.row == before || self.off == Some(Rule::ConditionalWrite) {
            found.row = digested(before.value.learn_of(&region(there), &from.value)?);
        }
        Some(())
    }

    /// A run's next call is carried out, and its answer is lost. Only a call that promotes has an answer to lose.
    fn lose_answer(&self, mut next: State, slot: usize) -> Option<State> {
        next.left.lost = next.left.lost.checked_sub(1)?;
        live(&mut next, slot)?.loses_answer = true;
        let how = (self.off, self.bounds.reads_together);
        next = pass::advance(&next, slot, &self.planned, how)?;
        (!live(&mut next, slot)?.loses_answer).then_some(())?;
        aws::replicate(&mut next);
        Some(next)
    }

    /// The state after an event; `None` where it cannot happen.
    pub(super) fn after(&self, last: &State, event: Event) -> Option<State> {
        let mut next = last.clone();
        match event {
            Event::Call(slot) => {
                next = {
                    let how = (self.off, self.bounds.reads_together);
                    pass::advance(last, slot, &self.planned, how)?
                };
                aws::replicate(&mut next);
            }
            Event::Start(task, from, to) => {
                let asks = task == Task::Failback && self.bounds.asks != Asks::Nobody;
                begin(&mut next, task, (from, to), asks)?;
            }
            Event::Retry(slot) => crash(&mut next, slot, |live| live.log.clear())?,
            Event::Fail(slot) => {
                crash(&mut next, slot, |live| live.log.clear())?;
                give_up(&mut next, slot, Passed::Failed("Lambda.Unknown"))?;
            }
            Event::GiveUp(slot) => give_up(&mut next, slot, Passed::Exhausted)?,
            Event::Stop(slot) => stop(&mut next, slot)?,
            Event::Redrive(slot) => redrive(&mut next, slot)?,
            Event::LoseAnswer(slot) => next = self.lose_answer(next, slot)?,
            Event::Answer(slot, approved) => {
                let answer = serde_json::json!({"approved": approved});
                give_up(&mut next, slot, Passed::Answered(&answer))?;
            }
            Event::Unanswered(slot) => {
                give_up(&mut next, slot, Passed::Failed("States.Timeout"))?;
            }
            Event::Quiet(slot) => rest(&mut next, slot)?,
            Event::Show(member) => next.catch_up(member).then_some(())?,
            Event::Later(slot) => {
                next.lag = None;
                next.left.delays = next.left.delays.checked_sub(1)?;
                live(&mut next, slot)?.is_late = true;
            }
            Event::Lose(member) => lose(&mut next, member)?,
            Event::Return(member) => next.members.get_mut(member)?.is_up = true,
            Event::Part => {
                next.left.partings = next.left.partings.checked_sub(1)?;
                next.parted = true;
            }
            Event::Mend => next.parted = false,
            Event::Lapse(member) => {
                next.left.lapses = next.left.lapses.checked_sub(1)?;
                lapse(&mut next, member)?;
            }
            Event::Silence(member) => silence(&mut next, member)?,
            Event::Learn(here, there) => learn(&mut next, here, there)?,
            Event::Read(here, there) => {
                learn(&mut next.clone(), here, there)?;
                let row = |member: usize| last.members.get(member).map(|found| found.row.clone());
                next.learning = Some((here, row(here)?, there, row(there)?));
            }
            Event::Write => self.write_learnt(&mut next)?,
            Event::Page(member) => {
                let found = next.members.get_mut(member)?;
                found.row = digested(found.row.value.page(start())?);
            }
            Event::Finish(member) => {
                aws::finish(&mut next, member).then_some(())?;
                aws::replicate(&mut next);
            }
            Event::CallOff => aws::call_off(&mut next).then_some(())?,
            Event::Resynchronise(member) => aws::resynchronise(&mut next, member).then_some(())?,
        }
        Some(next)
    }
}

/// A run's execution is stopped in the middle of a pass.
fn stop(next: &mut State, slot: usize) -> Option<()> {
    crash(next, slot, |live| live.log.clear())?;
    let run = next.runs.get_mut(slot)?;
    if let Slot::Live(live) = run.clone() {
        *run = Slot::Stopped(live);
    }
    Some(())
}

/// A stopped execution goes on.
fn redrive(next: &mut State, slot: usize) -> Option<()> {
    let run = next.runs.get_mut(slot)?;
    if let Slot::Stopped(live) = run.clone() {
        *run = Slot::Live(live);
    }
    Some(())
}

/// Minutes pass for a run, in which nothing is seen.
fn rest(next: &mut State, slot: usize) -> Option<()> {
    let live = live(next, slot)?;
    let mut record = (*live.record.as_ref()?.value).clone();
    minutes_pass(&mut record);
    live.record = Some(recorded(record));
    next.lag = None;
    Some(())
}

fn live(state: &mut State, slot: usize) -> Option<&mut Live> {
    match state.runs.get_mut(slot)? {
        Slot::Live(live) => Some(live),
        Slot::Free | Slot::Stopped(_) | Slot::Ended(_) => None,
    }
}

fn begin(next: &mut State, task: Task, (from, to): (usize, usize), asks: bool) -> Option<()> {
    let proven = next.members.get(to)?.row.value.proven_epoch().0;
    let by_hand = matches!(task, Task::Forced | Task::Adopt | Task::Fence);
    let free = next.runs.iter().position(|run| *run == Slot::Free)?;
    *next.runs.get_mut(free)? = Slot::Live(Box::new(Live {
        task,
        incident: (task == Task::Suspected).then_some(proven),
        from,
        to,
        step: if by_hand { Step::ByHand } else { Step::Open },
        log: Vec::new(),
        record: None,
        epoch: if by_hand { proven } else { 0 },
        verdict: None,
        trouble: Vec::new(),
        is_late: false,
        loses_answer: false,
        asks,
    }));
    Some(())
}

fn crash(next: &mut State, slot: usize, how: impl FnOnce(&mut Live)) -> Option<()> {
    next.left.crashes = next.left.crashes.checked_sub(1)?;
    how(live(next, slot)?);
    Some(())
}

/// What the state machine does when a step fails for good, came to no end, or had a human's answer.
fn give_up(next: &mut State, slot: usize, passed: Passed<'_>) -> Option<()> {
    if let Some(outcome) = lead::lead(live(next, slot)?, passed) {
        *next.runs.get_mut(slot)? = Slot::Ended(outcome);
    }
    Some(())
}

/// A Region is lost with its database, its table and whatever executes in it.
fn lose(next: &mut State, member: usize) -> Option<()> {
    next.left.losses = next.left.losses.checked_sub(1)?;
    let found = next.members.get_mut(member)?;
    found.is_up = false;
    found.was_lost = true;
    for run in &mut next.runs {
        if let Slot::Live(live) = run
            && live.to == member
        {
            live.log.clear();
        }
    }
    Some(())
}

fn lapse(next: &mut State, member: usize) -> Option<()> {
    let found = next.members.get_mut(member)?;
    let mut row = (*found.row.value).clone();
    row.lease.as_mut()?.expires_at = start() - SignedDuration::from_secs(1);
    found.row = digested(row);
    Some(())
}

/// The lease is as old as that of a run which cannot be alive any more; whether it is, nobody can tell.
fn silence(next: &mut State, member: usize) -> Option<()> {
    next.left.silences = next.left.silences.checked_sub(1)?;
    let found = next.members.get_mut(member)?;
    let mut row = (*found.row.value).clone();
    let lease = row.lease.as_mut()?;
    lease.expires_at = lease.expires_at.min(renewed_long_ago(start()));
    found.row = digested(row);
    Some(())
}

/// Rule 6, as the probe does it at the beginning of an invocation.
fn learn(next: &mut State, here: usize, there: usize) -> Option<()> {
    if !next.reaches(here, there) {
        return None;
    }
    let known = next.members.get(there)?.row.value.clone();
    let found = next.members.get_mut(here)?;
    found.row = digested(found.row.value.learn_of(&region(there), &known)?);
    Some(())
}
