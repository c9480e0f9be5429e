//! What the state is after an event.

use jiff::SignedDuration;
use machines::Passed;

use super::{Asks, Event, Protocol};
use crate::{
    how::How,
    lead, pass,
    rules::Rule,
    state::{
        Live, Slot, State, Step, Task, digested, minutes_pass, region, renewed_long_ago, start,
    },
    world::{arrive, aws, recorded},
};

impl Protocol {
    const fn how(&self) -> How {
        How {
            off: self.off,
            reads_together: self.bounds.reads_together,
            schedules_together: self.bounds.schedules_together,
        }
    }

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
        next = pass::advance(&next, slot, &self.planned, self.how())?;
        (!live(&mut next, slot)?.loses_answer).then_some(())?;
        self.replicate(&mut next);
        Some(next)
    }

    /// What a standby of a global cluster replicates is there at once; an instance replays it some time.
    fn replicate(&self, next: &mut State) {
        if !self.has_instances() {
            aws::replicate(next);
        }
    }

    fn after_call(&self, next: &mut State, slot: usize) {
        self.replicate(next);
        self.forget(next, slot);
    }

    /// A schedule looks in a Region, and goes on to its first step of its own where its steps are one.
    fn looked(&self, mut next: State, task: Task, member: usize) -> Option<State> {
        let place = self.place_of_schedules()?;
        schedule(&mut next, (task, place), member)?;
        if self.bounds.schedules_together {
            next = pass::advance(&next, place, &self.planned, self.how())?;
            self.after_call(&mut next, place);
        }
        Some(next)
    }

    /// What ended and left nothing makes room.
    fn forget(&self, next: &mut State, slot: usize) {
        let Some(Slot::Ended(how, _)) = next.runs.get(slot) else {
            return;
        };
        // The next look of a schedule knows nothing of this one, and nobody of a run that never held the plan.
        let is_void = matches!(*how, "refused" | "not opened");
        let again = next.resumed.last().is_some_and(|name| !is_once(name));
        let is_left = is_void && again && self.place_of_resumptions() == Some(slot);
        if is_left {
            // It is asked for again a quarter of an hour later.
            next.resumed.pop();
        }
        if is_left || self.place_of_schedules() == Some(slot) {
            next.runs[slot] = Slot::Free;
        }
    }

    /// What the state machine does when a step fails for good, came to no end, or had a human's answer.
    fn give_up(&self, next: &mut State, slot: usize, passed: Passed<'_>) -> Option<()> {
        let how = (self.bounds.kind, self.off);
        let run = live(next, slot)?;
        if let Some(outcome) = lead::lead(run, passed, how) {
            let record = run.record.take();
            let record = record.filter(|_| self.has_instances());
            *next.runs.get_mut(slot)? = Slot::Ended(outcome, record);
            self.forget(next, slot);
        }
        Some(())
    }

    /// The state after an event; `None` where it cannot happen.
    pub(super) fn after(&self, last: &State, event: Event) -> Option<State> {
        let mut next = last.clone();
        match event {
            Event::Call(slot) => {
                next = pass::advance(last, slot, &self.planned, self.how())?;
                self.after_call(&mut next, slot);
            }
            Event::Start(task, from, to) => {
                let asks = task == Task::Failback && self.bounds.asks != Asks::Nobody;
                begin(&mut next, task, (from, to), asks)?;
            }
            Event::Retry(slot) => crash(&mut next, slot, |live| live.log.clear())?,
            Event::Fail(slot) => {
                crash(&mut next, slot, |live| live.log.clear())?;
                self.give_up(&mut next, slot, Passed::Failed("Lambda.Unknown"))?;
            }
            Event::GiveUp(slot) => self.give_up(&mut next, slot, Passed::Exhausted)?,
            Event::Stop(slot) if self.place_of_schedules() == Some(slot) => {
                crash(&mut next, slot, |_| {})?;
                *next.runs.get_mut(slot)? = Slot::Free;
            }
            Event::Stop(slot) => stop(&mut next, slot)?,
            Event::Redrive(slot) => redrive(&mut next, slot)?,
            Event::LoseAnswer(slot) => next = self.lose_answer(next, slot)?,
            Event::Answer(slot, approved) => {
                let answer = serde_json::json!({"approved": approved});
                self.give_up(&mut next, slot, Passed::Answered(&answer))?;
            }
            Event::Unanswered(slot) => {
                self.give_up(&mut next, slot, Passed::Failed("States.Timeout"))?;
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
                aws::finish(&mut next, member, self.bounds.kind).then_some(())?;
                self.replicate(&mut next);
            }
            Event::CallOff => aws::call_off(&mut next).then_some(())?,
            Event::Resynchronise(member) => aws::resynchronise(&mut next, member).then_some(())?,
            event => return self.after_of_instance(next, event),
        }
        Some(next)
    }

    /// The same, of what happens to instances alone.
    fn after_of_instance(&self, mut next: State, event: Event) -> Option<State> {
        match event {
            Event::Commit(member) => commit(&mut next, member)?,
            Event::Replay(member) => aws::replay(&mut next, member).then_some(())?,
            Event::Arrive => arrive(&mut next, self.off).then_some(())?,
            Event::Expire(member) => lapse(&mut next, member)?,
            Event::Vanish => next.arriving = next.arriving.take().and(None),
            Event::Sweep(member) => next = self.looked(next, Task::Sweep, member)?,
            Event::FenceSweep(member) => next = self.looked(next, Task::Fence, member)?,
            _ => return None,
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
    if live.step == Step::StopWrites {
        live.is_late = true;
        return Some(());
    }
    let mut record = (*live.record.as_ref()?.value).clone();
    minutes_pass(&mut record);
    live.record = Some(recorded(record));
    next.lag = None;
    Some(())
}

fn live(state: &mut State, slot: usize) -> Option<&mut Live> {
    match state.runs.get_mut(slot)? {
        Slot::Live(live) => Some(live),
        Slot::Free | Slot::Stopped(_) | Slot::Ended(..) => None,
    }
}

fn begin(next: &mut State, task: Task, (from, to): (usize, usize), asks: bool) -> Option<()> {
    let free = next.runs.iter().position(|run| *run == Slot::Free)?;
    let live = Live {
        asks,
        ..Live::new(task, (from, to), next)
    };
    *next.runs.get_mut(free)? = Slot::Live(Box::new(live));
    Some(())
}

/// Whether a run of this name is never started again.
fn is_once(name: &str) -> bool {
    name.ends_with("-closed") || name.ends_with("-proven")
}

/// A schedule looks in a Region.
fn schedule(next: &mut State, (task, place): (Task, usize), member: usize) -> Option<()> {
    let live = Live::new(task, (usize::from(member == 0), member), next);
    *next.runs.get_mut(place)? = Slot::Live(Box::new(live));
    Some(())
}

/// A row is acknowledged to an application.
fn commit(next: &mut State, member: usize) -> Option<()> {
    next.left.rows = next.left.rows.checked_sub(1)?;
    let row = next.acknowledged;
    next.acknowledged += 1;
    let found = next.members.get_mut(member)?;
    found.rows |= 1 << row;
    found.position += 1;
    Some(())
}

fn crash(next: &mut State, slot: usize, how: impl FnOnce(&mut Live)) -> Option<()> {
    next.left.crashes = next.left.crashes.checked_sub(1)?;
    how(live(next, slot)?);
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
