//! The promoting calls, and the harm that they may do.

use aurora_global::members::Accepted;
use failover::Error;

use crate::{
    state::{Harm, LATER, Operation, Role, Slot, State, Task, region, start},
    world::{astray, unavailable},
};

/// A promoting call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::world) enum Call {
    Detach,
    FailOver,
    SwitchOver,
    /// Of an instance.
    Promote,
}

/// A promoting call: takes effect at once where RDS takes it, and is looked at for harm.
pub(in crate::world) fn promote(
    state: &mut State,
    slot: usize,
    here: usize,
    there: usize,
    call: Call,
) -> Result<Accepted, Error> {
    if !state.reaches(here, there) {
        return unavailable(&region(there));
    }
    let Some(Slot::Live(live)) = state.runs.get(slot) else {
        return astray();
    };
    let (from, to) = (live.from, live.to);
    let role = state.members.get(to).map(|member| member.role);
    let global = state.members.get(to).map(|member| member.global);
    let mut members = state.members.iter();
    let alone =
        !members.any(|member| member.role == Role::Standby && Some(member.global) == global);
    // RDS lets a primary leave that has no secondaries any more.
    let leaves = call == Call::Detach && role == Some(Role::Primary) && alone;
    if role != Some(Role::Standby) && !leaves {
        return Ok(Accepted::NotNow("it is no secondary".into()));
    }
    let operation = match call {
        Call::Detach | Call::Promote => None,
        Call::FailOver | Call::SwitchOver if state.operation.is_some() => {
            return Ok(Accepted::NotNow("an operation is under way".into()));
        }
        Call::FailOver | Call::SwitchOver => Some(Operation {
            to,
            is_switchover: call == Call::SwitchOver,
        }),
    };
    look_for_harm(state, slot, (from, to));
    match operation {
        Some(_) => state.operation = operation,
        None => {
            if state.operation.is_some_and(|operation| operation.to == to) {
                state.operation = None;
            }
            if let Some(member) = state.members.get_mut(to) {
                member.role = Role::Promoting;
                member.global = 0;
            }
        }
    }
    Ok(Accepted::Yes)
}

fn look_for_harm(state: &mut State, slot: usize, (from, to): (usize, usize)) {
    let own = state.run_id(slot);
    let is_deposed = |member: usize| {
        let found = state.members.get(member);
        found.is_some_and(|found| found.is_deposed)
    };
    let stale = is_deposed(to) || state.primary_of(to).is_some_and(is_deposed);
    let mut others = state.members.iter().enumerate();
    let promoting = others.any(|(member, found)| member != to && found.role == Role::Promoting);
    let switching = |operation: Operation| operation.to != to && operation.is_switchover;
    let another = promoting || state.operation.is_some_and(switching);
    let row = state.members.get(to).map(|member| &member.row.value);
    let lease = row.and_then(|row| row.lease.as_ref());
    let holds = lease.is_some_and(|lease| lease.run_id == own && lease.expires_at > start());
    let (old, living) = match state.runs.get(slot) {
        Some(Slot::Live(live)) if matches!(live.task, Task::Suspected | Task::Unplanned) => {
            let record = live.record.as_ref();
            let confirmed = record.and_then(|record| record.value.confirmed.as_ref());
            let gathered = confirmed.map(|confirmed| confirmed.evidence.gathered_at);
            let now = if live.is_late {
                start() + LATER
            } else {
                start()
            };
            let old = gathered.is_none_or(|at| now.duration_since(at) >= LATER);
            let left = state.members.get(from);
            (old, left.is_some_and(|left| !left.was_lost))
        }
        _ => (false, false),
    };
    state.harm(Harm::DeposedPromoted, stale);
    state.harm(Harm::TwoPromote, another);
    state.harm(Harm::PromotedWithoutLease, !holds);
    state.harm(Harm::PromotedOnOldEvidence, old);
    state.harm(Harm::LivingWriterReplaced, living);
}
