//! RDS, Route 53 and the databases.

use failover::{
    Error,
    beat::{Beat, Write},
    domain::Epoch,
    ledger::Endpoints,
    ports::{Batch, Record},
};

use crate::state::{GLOBALS, Harm, Member, Role, Slot, State, member_name, region, start};

mod later;
mod promote;
mod shown;

pub(crate) use later::{call_off, copy, finish, replay, replicate, resynchronise};
pub(super) use promote::{Call, promote};
pub(super) use shown::{cluster, global, takes_for_standby};

pub(super) fn arn(member: usize) -> String {
    format!(
        "arn:aws:rds:{}:123456789012:cluster:{}",
        region(member),
        member_name(member)
    )
}

/// Where a member is reached.
pub(super) fn endpoints(member: usize) -> Endpoints {
    Endpoints {
        writer: format!("{}.example", member_name(member)),
        reader: format!("{}-ro.example", member_name(member)),
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

/// Whether a member's database takes writes.
pub(crate) const fn takes_writes(role: Role) -> bool {
    matches!(role, Role::Primary | Role::Standalone)
}

/// Whether a member's database keeps applications out.
pub(crate) const fn is_shut(member: &Member) -> bool {
    member.is_fenced || member.mark.is_some()
}

/// Whether applications may write to a member.
pub(crate) const fn is_open(member: &Member) -> bool {
    member.is_up && takes_writes(member.role) && !is_shut(member)
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
    found.position += u8::from(found.epoch != epoch);
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
    let led_to = state.members.get(state.dns.0);
    let is_shut = led_to.is_some_and(|led_to| led_to.is_up && is_shut(led_to));
    state.harm(Harm::LedToShutDoors, is_shut);
    let went_back = state.dns.1 < before.1;
    state.harm(Harm::DnsWentBack, went_back);
    Ok("change".into())
}
