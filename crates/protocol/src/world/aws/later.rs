//! What RDS does of its own accord.

use failover::plan::TopologyKind;

use super::takes_writes;
use crate::state::{Member, Role, State};

/// RDS ends what it has begun, or calls it off. Answers whether there was something to end.
pub(crate) fn finish(state: &mut State, member: usize, kind: TopologyKind) -> bool {
    let is_up =
        |state: &State, member: usize| state.members.get(member).is_some_and(|found| found.is_up);
    if !is_up(state, member) {
        return false;
    }
    if state.members.get(member).map(|found| found.role) == Some(Role::Promoting) {
        lead(state, member, Role::Standalone);
        // Whatever follows an instance later follows the one that it was promoted to.
        if let (TopologyKind::RdsReplica, Some(found)) = (kind, state.members.get_mut(member)) {
            (found.role, found.global) = (Role::Primary, number(member));
        }
        return true;
    }
    let Some(operation) = state.operation.filter(|operation| operation.to == member) else {
        return false;
    };
    let old = state.primary_of(member);
    if operation.is_switchover {
        let Some(old) = old.filter(|old| is_up(state, *old)) else {
            return false;
        };
        let epoch = state.members.get(old).map_or(0, |found| found.epoch);
        if let Some(found) = state.members.get_mut(old) {
            found.role = Role::Standby;
        }
        if let Some(found) = state.members.get_mut(member) {
            found.role = Role::Primary;
            found.epoch = epoch;
        }
    } else {
        if let Some(found) = old.and_then(|old| state.members.get_mut(old)) {
            found.role = Role::Resynchronising;
        }
        lead(state, member, Role::Primary);
    }
    state.operation = None;
    true
}

/// A member has been promoted without the others: whoever wrote before it is deposed.
fn lead(state: &mut State, member: usize, role: Role) {
    let managed = role == Role::Primary;
    for (index, found) in state.members.iter_mut().enumerate() {
        if index == member {
            found.role = role;
        } else if takes_writes(found.role) || found.role == Role::Resynchronising {
            found.is_deposed = true;
        } else if managed && found.role == Role::Standby {
            // It follows the new primary.
            found.is_deposed = false;
        }
    }
}

/// RDS calls a switchover off whose old primary does not answer, or for reasons of its own.
pub(crate) fn call_off(state: &mut State) -> bool {
    let switching = state
        .operation
        .is_some_and(|operation| operation.is_switchover);
    if switching {
        state.operation = None;
    }
    switching
}

/// RDS brings an old primary back as a follower.
pub(crate) fn resynchronise(state: &mut State, member: usize) -> bool {
    let Some(primary) = state.primary_of(member) else {
        return false;
    };
    if !state.reaches(member, primary) {
        return false;
    }
    let epoch = state.members.get(primary).map_or(0, |found| found.epoch);
    match state.members.get_mut(member) {
        Some(found) if found.role == Role::Resynchronising => {
            found.role = Role::Standby;
            found.is_deposed = false;
            found.is_fenced = false;
            found.epoch = epoch;
            true
        }
        _ => false,
    }
}

/// Copies what a standby replicates: its database holds its primary's epoch.
pub(crate) fn replicate(state: &mut State) {
    let arrived: Vec<_> = (0..state.members.len())
        .map(|member| {
            let follows = state.members.get(member)?.role == Role::Standby;
            let primary = state.primary_of(member).filter(|_| follows)?;
            let found = state.members.get(primary)?;
            state.reaches(primary, member).then_some(found.epoch)
        })
        .collect();
    for (found, epoch) in state.members.iter_mut().zip(arrived) {
        found.epoch = epoch.unwrap_or(found.epoch);
    }
}

/// The number of what an instance leads: each its own.
pub(crate) fn number(member: usize) -> u8 {
    u8::try_from(member).map_or(u8::MAX, |member| member + 1)
}

/// A replica replays what its source has written. Answers whether there was something.
pub(crate) fn replay(state: &mut State, member: usize) -> bool {
    let follows = |found: &&Member| found.role == Role::Standby && found.is_up;
    let before = state.members.get(member).filter(follows).cloned();
    let source = state.primary_of(member);
    let source = source.filter(|source| state.reaches(*source, member));
    let source = source.and_then(|source| state.members.get(source).cloned());
    let (Some(before), Some(source)) = (before, source) else {
        return false;
    };
    if let Some(found) = state.members.get_mut(member) {
        copy(&source, found);
    }
    state.members.get(member) != Some(&before)
}

/// A database holds what another one does.
pub(crate) const fn copy(from: &Member, to: &mut Member) {
    to.epoch = from.epoch;
    to.is_fenced = from.is_fenced;
    to.mark = from.mark;
    to.rows = from.rows;
    to.position = from.position;
}
