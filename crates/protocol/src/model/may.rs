//! What may happen in a state: what people start, what runs do, what becomes of members.

use super::{Event, Protocol};
use crate::{
    rules::Rule,
    state::{Live, Member, Role, Slot, State, Step, Task, index, start},
    world::aws::{is_open, takes_writes},
};

impl Protocol {
    pub(super) fn starts(&self, state: &State, events: &mut Vec<Event>) {
        if !state
            .runs
            .iter()
            .take(self.bounds.runs)
            .any(|run| *run == Slot::Free)
        {
            return;
        }
        let count = state.members.len();
        let pairs = (0..count).flat_map(|from| (0..count).map(move |to| (from, to)));
        for (from, to) in pairs {
            let is_up = state.members.get(to).is_some_and(|member| member.is_up);
            if from == to || !is_up {
                continue;
            }
            // A probe suspects the writer that its own ledger names, while it does not commit.
            let suspects = writer_known_in(state, to) == Some(from) && !state.reaches(to, from);
            let tasks = [
                Task::Suspected,
                Task::Unplanned,
                Task::Planned,
                Task::Forced,
                Task::Adopt,
                Task::Fence,
                Task::Failback,
            ];
            let allowed = |task: &Task| {
                let named = self.bounds.starts;
                let usual = named.is_empty()
                    && !matches!(
                        task,
                        Task::Forced | Task::Adopt | Task::Fence | Task::Failback
                    );
                (*task != Task::Suspected || suspects)
                    && (usual || named.contains(&(*task, from, to)))
            };
            let tasks = tasks.into_iter().filter(allowed);
            events.extend(tasks.map(|task| Event::Start(task, from, to)));
        }
    }

    pub(super) fn of_run(&self, state: &State, slot: usize, live: &Live, events: &mut Vec<Event>) {
        let runs_here = state
            .members
            .get(live.to)
            .is_some_and(|member| member.is_up);
        if !runs_here {
            return;
        }
        if live.step == Step::Await {
            events.push(Event::Answer(slot, true));
            events.push(Event::Answer(slot, false));
            events.push(Event::Unanswered(slot));
        } else {
            events.push(Event::Call(slot));
        }
        let may_lose = matches!(
            live.step,
            Step::Promote | Step::SwitchOver | Step::StopWrites | Step::PromoteReplica
        );
        if state.left.lost > 0 && may_lose && state.arriving.is_none() {
            events.push(Event::LoseAnswer(slot));
        }
        let may_rest = state.arriving.is_none() && waits(state, live);
        if live.log.is_empty() && may_rest {
            events.push(Event::Quiet(slot));
        }
        let between = live.log.is_empty();
        let loops = matches!(
            live.step,
            Step::Promote
                | Step::Fence
                | Step::Rebuild
                | Step::SwitchOver
                | Step::Prove
                | Step::StopWrites
                | Step::PromoteReplica
                | Step::OpenWriter
                | Step::ProtectAgain
        );
        if between && loops && self.bounds.gives_up {
            events.push(Event::GiveUp(slot));
        }
        if between && !live.is_late && state.left.delays > 0 {
            events.push(Event::Later(slot));
        }
        if state.left.crashes > 0 {
            if !between {
                events.push(Event::Retry(slot));
            }
            if !matches!(live.step, Step::Close | Step::ByHand) {
                events.push(Event::Fail(slot));
            }
            events.push(Event::Stop(slot));
        }
    }

    pub(super) fn of_member(&self, state: &State, member: usize, events: &mut Vec<Event>) {
        let Some(found) = state.members.get(member) else {
            return;
        };
        if found.is_up && state.left.losses > 0 && member < self.bounds.losable {
            events.push(Event::Lose(member));
        }
        if !found.is_up {
            events.push(Event::Return(member));
            return;
        }
        if state.left.lapses > 0 && idle_lease(state, member) {
            events.push(Event::Lapse(member));
        }
        if state.left.silences > 0 && found.row.value.lease.is_some() {
            events.push(Event::Silence(member));
        }
        if self.off != Some(Rule::Learning) {
            let others = (0..state.members.len()).filter(|other| *other != member);
            let learn = |other| {
                if self.bounds.has_slow_probe {
                    Event::Read(member, other)
                } else {
                    Event::Learn(member, other)
                }
            };
            events.extend(others.map(learn));
        }
        if self.off != Some(Rule::Paging) {
            events.push(Event::Page(member));
        }
        events.push(Event::Finish(member));
        if state.lag.is_some() {
            events.push(Event::Show(member));
        }
        if found.role == Role::Resynchronising {
            events.push(Event::Resynchronise(member));
        }
    }

    /// What becomes of an instance, beside that.
    pub(super) fn of_instance(state: &State, member: usize, events: &mut Vec<Event>) {
        let Some(found) = state.members.get(member).filter(|found| found.is_up) else {
            return;
        };
        // Applications go where the name leads, and stay where it has led.
        let is_led_to = member == 0 || member == state.dns.0;
        if state.left.rows > 0 && is_led_to && is_open(found) {
            events.push(Event::Commit(member));
        }
        if found.role == Role::Standby {
            events.push(Event::Replay(member));
        }
        if is_held_by_nobody(state, found) {
            events.push(Event::Expire(member));
        }
        if state.runs.last() == Some(&Slot::Free) {
            // A look that finds nothing to do is left out.
            let row = &found.row.value;
            if found.mark.is_some() || row.stop.is_some() || row.proven_epoch().0 > 1 {
                events.push(Event::Sweep(member));
            }
            if takes_writes(found.role) && is_led_elsewhere(state, member) {
                events.push(Event::FenceSweep(member));
            }
        }
    }
}

/// Whether any ledger names another member as the proven writer.
fn is_led_elsewhere(state: &State, member: usize) -> bool {
    let mut members = 0..state.members.len();
    members.any(|known| writer_known_in(state, known).is_some_and(|writer| writer != member))
}

/// Whether a Region's lease is that of a run which goes on no more.
fn is_held_by_nobody(state: &State, member: &Member) -> bool {
    let Some(lease) = member.row.value.live_lease(start()) else {
        return false;
    };
    let mut runs = state.runs.iter().enumerate();
    let holder = runs.find(|(slot, _)| state.run_id(*slot) == lease.run_id);
    !matches!(holder, Some((_, Slot::Live(_))))
}

/// Whether a run waits for time to pass: its call shows nowhere yet, or what it sees does not change.
fn waits(state: &State, live: &Live) -> bool {
    let follows = state
        .members
        .get(live.to)
        .is_some_and(|member| member.role == Role::Standby);
    let record = live.record.as_ref().map(|record| &record.value);
    let called = record.is_some_and(|record| {
        let mut attempts = record.attempts.iter();
        attempts.any(|attempt| attempt.at >= start())
    });
    let looks = record.is_some_and(|record| {
        let sight = record.looks.operation.as_ref();
        let sight = sight.is_some_and(|sight| sight.first_at >= start());
        sight
            || record
                .looks
                .silent_since
                .is_some_and(|since| since >= start())
    });
    let promotes = matches!(
        live.step,
        Step::Promote | Step::SwitchOver | Step::PromoteReplica
    );
    let stops = live.step == Step::StopWrites && !live.is_late;
    stops || (promotes && follows && (looks || (called && state.operation.is_none())))
}

/// The writer that a Region's own ledger names.
fn writer_known_in(state: &State, member: usize) -> Option<usize> {
    let row = &state.members.get(member)?.row.value;
    row.current.as_ref().map(|current| index(&current.writer))
}

/// Whether a lease is held by a run that is not in the middle of a pass: a pass is over long before a lease lapses.
fn idle_lease(state: &State, member: usize) -> bool {
    let row = state.members.get(member).map(|member| &member.row.value);
    let Some(lease) = row.and_then(|row| row.live_lease(start())) else {
        return false;
    };
    let mut runs = state.runs.iter().enumerate();
    let holder = runs.find(|(slot, _)| state.run_id(*slot) == lease.run_id);
    match holder {
        Some((_, Slot::Live(live))) => {
            let is_up = state
                .members
                .get(live.to)
                .is_some_and(|member| member.is_up);
            live.log.is_empty() || !is_up
        }
        _ => true,
    }
}
