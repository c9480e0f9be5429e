//! RDS, Route 53 and the databases.

use failover::{
    Error,
    beat::{Beat, Write},
    domain::Epoch,
    ledger::Endpoints,
    ports::{Accepted, Batch, Record},
    topology::{Cluster, FailoverState, GlobalCluster, GlobalMember, Instance},
};

use super::unavailable;
use crate::{
    rules::Rule,
    state::{GLOBALS, Harm, LATER, Operation, Role, Slot, State, Task, region, start},
};

/// A promoting call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Detach,
    FailOver,
    SwitchOver,
}

/// A member cluster's name in the plan.
#[must_use]
pub(crate) fn cluster_name(member: usize) -> String {
    format!("orders-{member}")
}

pub(super) fn arn(member: usize) -> String {
    format!(
        "arn:aws:rds:{}:123456789012:cluster:{}",
        region(member),
        cluster_name(member)
    )
}

/// Where a member is reached.
pub(super) fn endpoints(member: usize) -> Endpoints {
    Endpoints {
        writer: format!("{}.example", cluster_name(member)),
        reader: format!("{}-ro.example", cluster_name(member)),
        port: 5432,
    }
}

fn follows_or_leads(role: Role) -> bool {
    matches!(role, Role::Primary | Role::Standby | Role::Resynchronising)
}

/// A global cluster's name.
pub(super) fn global_name(number: u8) -> String {
    format!("{GLOBALS}{number}")
}

/// Its number; one that nobody has for any other name.
pub(super) fn global_number(name: &str) -> u8 {
    let number = name.strip_prefix(GLOBALS).map(str::parse);
    number.and_then(Result::ok).unwrap_or(u8::MAX)
}

/// Whether a run without that guard takes its target, which was promoted past, for a standby of the current cluster.
pub(super) fn takes_for_standby(state: &State, slot: usize, off: Option<Rule>) -> bool {
    let Some(Slot::Live(live)) = state.runs.get(slot) else {
        return false;
    };
    let is_deposed = |member: usize| {
        let found = state.members.get(member);
        found.is_some_and(|found| found.is_deposed)
    };
    let follows = state
        .members
        .get(live.to)
        .is_some_and(|found| follows_or_leads(found.role));
    let past =
        is_deposed(live.to) || (follows && state.primary_of(live.to).is_some_and(is_deposed));
    off == Some(Rule::CurrentStandby) && past
}

pub(super) fn global(
    state: &State,
    slot: usize,
    (here, there): (usize, usize),
    identifier: &str,
    off: Option<Rule>,
) -> Result<Option<GlobalCluster>, Error> {
    if !state.reaches(here, there) {
        return unavailable(&region(there));
    }
    let state = &*state.shown_in(there);
    let number = global_number(identifier);
    let blind = takes_for_standby(state, slot, off);
    let from_to = match state.runs.get(slot) {
        Some(Slot::Live(live)) => (live.from, live.to),
        _ => (usize::MAX, usize::MAX),
    };
    let members = state.members.iter().enumerate();
    let listed = members.filter(|(member, found)| {
        let belongs = follows_or_leads(found.role) && found.global == number && !found.is_retired;
        belongs || (blind && [from_to.0, from_to.1].contains(member))
    });
    let listed: Vec<_> = listed
        .map(|(member, found)| GlobalMember {
            arn: arn(member),
            is_writer: if blind {
                member == from_to.0
            } else {
                found.role == Role::Primary
            },
            synchronization: Some(
                if found.role == Role::Resynchronising {
                    "pending-resync"
                } else {
                    "connected"
                }
                .into(),
            ),
        })
        .collect();
    let operation = state.operation.filter(|operation| {
        let target = state.members.get(operation.to);
        target.is_some_and(|target| target.global == number)
    });
    let failover = operation.map(|operation| FailoverState {
        status: if operation.is_switchover {
            "switching-over"
        } else {
            "failing-over"
        }
        .into(),
        to: arn(operation.to),
        loses: Some(!operation.is_switchover),
    });
    let exists = state.globals.contains(&number) || !listed.is_empty();
    Ok(exists.then(|| GlobalCluster {
        identifier: identifier.into(),
        resource_id: None,
        settings: Default::default(),
        status: "available".into(),
        engine_version: "16.4".into(),
        members: listed,
        failover: failover.filter(|_| off != Some(Rule::Withdrawal)),
    }))
}

pub(super) fn cluster(
    state: &State,
    slot: usize,
    here: usize,
    there: usize,
    off: Option<Rule>,
) -> Result<Option<Cluster>, Error> {
    if !state.reaches(here, there) {
        return unavailable(&region(there));
    }
    let state = &*state.shown_in(there);
    let Some(member) = state.members.get(there).filter(|found| !found.is_retired) else {
        return Ok(None);
    };
    let own = matches!(state.runs.get(slot), Some(Slot::Live(live)) if live.to == there);
    let blind = takes_for_standby(state, slot, off) && own;
    let status = if member.role == Role::Promoting {
        "promoting"
    } else {
        "available"
    };
    let addresses = endpoints(there);
    Ok(Some(Cluster {
        identifier: cluster_name(there),
        arn: arn(there),
        resource_id: None,
        status: status.into(),
        engine_version: "16.4".into(),
        global_cluster: (follows_or_leads(member.role) || blind)
            .then(|| global_name(member.global)),
        endpoint: addresses.writer,
        reader_endpoint: addresses.reader,
        port: addresses.port,
        instances: vec![Instance {
            identifier: format!("{}-1", cluster_name(there)),
            status: "available".into(),
            is_writer: true,
        }],
    }))
}

/// Whether a member's database takes writes.
pub(super) fn takes_writes(role: Role) -> bool {
    matches!(role, Role::Primary | Role::Standalone)
}

/// What a probe's beat meets.
pub(super) fn beat(state: &State, here: usize, writer: usize, epoch: u64, beat: Beat) -> Write {
    let Some(member) = state
        .members
        .get(writer)
        .filter(|_| state.reaches(here, writer))
    else {
        return Write::Failed {
            why: "timed out".into(),
        };
    };
    match member.role {
        role if !takes_writes(role) => Write::ReadOnly,
        _ if member.epoch != epoch => Write::OtherEpoch {
            epoch: Epoch(member.epoch),
        },
        _ => Write::Committed { beat },
    }
}

/// What ProveWriter meets; the epoch that it commits never goes back.
pub(super) fn prove(state: &mut State, slot: usize, member: usize, epoch: u64) -> Write {
    let settled = settled_incident(state, slot, epoch);
    state.harm(Harm::SettledTwice, settled);
    let Some(found) = state.members.get_mut(member) else {
        return Write::ReadOnly;
    };
    if !takes_writes(found.role) {
        return Write::ReadOnly;
    }
    if found.epoch > epoch {
        return Write::OtherEpoch {
            epoch: Epoch(found.epoch),
        };
    }
    found.epoch = epoch;
    Write::Committed {
        beat: Beat {
            seq: 2,
            epoch: Epoch(epoch),
            at: start(),
        },
    }
}

/// Whether the run answers an incident whose epoch was past before it proves one of its own.
fn settled_incident(state: &State, slot: usize, epoch: u64) -> bool {
    let Some(Slot::Live(live)) = state.runs.get(slot) else {
        return false;
    };
    let own = state.run_id(slot);
    let row = state.members.get(live.to).map(|member| &member.row.value);
    let current = row.and_then(|row| row.current.as_ref());
    current.is_some_and(|current| {
        live.incident
            .is_some_and(|incident| incident < current.epoch.0)
            && current.run_id != own
            && current.epoch.0 >= epoch
    })
}

/// A promoting call: takes effect at once where RDS takes it, and is looked at for harm.
pub(super) fn promote(
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
        return super::astray();
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
        Call::Detach => None,
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

/// The plan's record of a name.
pub(super) fn record(state: &State, name: &str, kind: &'static str) -> Record {
    let (writer, epoch) = state.dns;
    let value = if kind == "TXT" {
        format!("\"{epoch}\"")
    } else {
        endpoints(writer).writer
    };
    Record {
        name: name.to_owned(),
        kind,
        ttl_seconds: 5,
        values: vec![value],
    }
}

/// One transaction: it deletes exactly what is there, or does nothing.
pub(super) fn change(state: &mut State, batch: &Batch) -> Result<String, Error> {
    let held = |old: &Record| *old == record(state, &old.name, old.kind);
    if !batch.delete.iter().all(held) {
        return Err(Error::Unavailable("InvalidChangeBatch".into()));
    }
    let before = state.dns;
    for new in &batch.create {
        let value = new.values.first().map(String::as_str).unwrap_or_default();
        if new.kind == "TXT" {
            state.dns.1 = value.trim_matches('"').parse().unwrap_or_default();
        } else {
            let members = 0..state.members.len();
            let leads_to = |member: &usize| endpoints(*member).writer == value;
            state.dns.0 = members.into_iter().find(leads_to).unwrap_or(usize::MAX);
        }
    }
    let went_back = state.dns.1 < before.1;
    state.harm(Harm::DnsWentBack, went_back);
    Ok("change".into())
}

/// RDS ends what it has begun, or calls it off. Answers whether there was something to end.
pub(crate) fn finish(state: &mut State, member: usize) -> bool {
    let is_up =
        |state: &State, member: usize| state.members.get(member).is_some_and(|found| found.is_up);
    if !is_up(state, member) {
        return false;
    }
    if state.members.get(member).map(|found| found.role) == Some(Role::Promoting) {
        lead(state, member, Role::Standalone);
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
