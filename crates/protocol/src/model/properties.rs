//! What must always hold, and what must hold once everything has come to rest.

use std::collections::BTreeMap;

use failover::ledger::Current;
use stateright::Property;

use super::Protocol;
use crate::{
    state::{Harm, Role, Slot, State, Step, index, start},
    world::aws::is_open,
};

/// All of them.
pub(super) fn all() -> Vec<Property<Protocol>> {
    vec![
        Property::always("one writer is endorsed in an epoch", |_, state| {
            one_writer(state)
        }),
        Property::always("runs promote one at a time", |_, state| {
            without(state, &[Harm::TwoPromote, Harm::PromotedWithoutLease])
        }),
        Property::always("one run holds the plan", |_, state| one_holder(state)),
        Property::always("no deposed writer is promoted", |_, state| {
            without(state, &[Harm::DeposedPromoted])
        }),
        Property::always(
            "no promotion on old evidence or of a living writer's Region",
            |_, state| {
                without(
                    state,
                    &[Harm::PromotedOnOldEvidence, Harm::LivingWriterReplaced],
                )
            },
        ),
        Property::always("the epoch in DNS never goes back", |_, state| {
            without(state, &[Harm::DnsWentBack])
        }),
        Property::always(
            "the writer is never fenced, retired, renamed or deleted",
            |_, state| without(state, &[Harm::WriterFenced, Harm::WriterTaken]),
        ),
        Property::always("what is retired was fenced and kept", |_, state| {
            without(state, &[Harm::RetiredUnkept])
        }),
        Property::always(
            "an outage is not waited out behind another question",
            |_, state| without(state, &[Harm::OutageUnheard]),
        ),
        Property::always("a planned move loses no acknowledged row", |_, state| {
            !loses_rows(state)
        }),
        Property::always(
            "behind a planned move one writer is open",
            |protocol: &Protocol, state| !protocol.has_instances() || one_open(state),
        ),
        Property::always("a deposed writer is never opened", |_, state| {
            without(state, &[Harm::DeposedOpened])
        }),
        Property::always("no name leads to shut doors", |_, state| {
            without(state, &[Harm::LedToShutDoors])
        }),
        Property::always(
            "at rest the writer is open, and it alone",
            |protocol: &Protocol, state| {
                !protocol.has_instances() || is_let_in(state) || !protocol.is_at_rest(state)
            },
        ),
        Property::always("an incident is settled once", |_, state| {
            without(state, &[Harm::SettledTwice])
        }),
        Property::always("every run ends", |protocol: &Protocol, state| {
            !waits_for_ever(state) || !protocol.is_at_rest(state)
        }),
        Property::always(
            "what is promoted is proven, resumed or paged",
            |protocol: &Protocol, state| !is_silent(state) || !protocol.is_at_rest(state),
        ),
        Property::always(
            "at rest ledgers, database and DNS agree",
            |protocol: &Protocol, state| agree(state) || !protocol.is_at_rest(state),
        ),
    ]
}

fn without(state: &State, harms: &[Harm]) -> bool {
    state.harm.is_none_or(|harm| !harms.contains(&harm))
}

/// No two runs to different targets hold the plan, but where each leaves the other's Region without asking it.
fn one_holder(state: &State) -> bool {
    let holders = state.runs.iter().enumerate();
    let mut holders = holders.filter_map(|(slot, run)| {
        let Slot::Live(live) = run else { return None };
        let lease = state.members.get(live.to)?.row.value.lease.as_ref()?;
        let holds = lease.run_id == state.run_id(slot) && lease.expires_at > start();
        // Whoever opens or ends is taking leases or giving them back, one after the other.
        let passing = [Step::Open, Step::Release, Step::Close, Step::ByHand];
        let acts = !passing.contains(&live.step);
        (holds && acts).then_some((live.from, live.to))
    });
    let Some((from, to)) = holders.next() else {
        return true;
    };
    holders.all(|other| other.1 == to || other == (to, from))
}

/// The members that ledgers and DNS name as the writer, by epoch: one for each.
fn one_writer(state: &State) -> bool {
    let mut named = BTreeMap::from([(state.dns.1, state.dns.0)]);
    let rows = state
        .members
        .iter()
        .filter_map(|member| member.row.value.current.as_ref());
    rows.into_iter().all(|current| {
        let writer = index(&current.writer);
        *named.entry(current.epoch.0).or_insert(writer) == writer
    })
}

/// A run in a Region that is there is under way, and nothing can happen to it any more.
fn waits_for_ever(state: &State) -> bool {
    state.runs.iter().any(|run| match run {
        Slot::Live(live) => state
            .members
            .get(live.to)
            .is_some_and(|member| member.is_up),
        Slot::Free | Slot::Stopped(_) | Slot::Ended(..) => false,
    })
}

/// A member leads that no ledger knows of, nobody is at it, and nobody was told.
fn is_silent(state: &State) -> bool {
    let known = |member: usize| {
        state.members.iter().any(|found| {
            let row = &found.row.value;
            let proven = row
                .current
                .as_ref()
                .is_some_and(|current| index(&current.writer) == member);
            let open = row
                .intent
                .as_ref()
                .is_some_and(|intent| index(&intent.to) == member);
            let covered = row
                .lease
                .as_ref()
                .is_some_and(|lease| lease.expires_at > start());
            proven || (open && (covered || row.paged.is_some()))
        })
    };
    state.members.iter().enumerate().any(|(member, found)| {
        let leads = matches!(found.role, Role::Primary | Role::Standalone);
        leads && !found.is_deposed && !known(member)
    })
}

/// The ledgers of Regions that reach each other hold one epoch, that of the writer's database; DNS never a later one.
fn agree(state: &State) -> bool {
    let rows = state.members.iter().enumerate();
    let epochs = rows
        .filter(|(_, member)| member.is_up)
        .map(|(place, member)| (place, member.row.value.proven_epoch().0));
    let epochs: Vec<_> = epochs.collect();
    let known = state.members.iter();
    let known = known.map(|member| member.row.value.proven_epoch().0);
    let highest = known.max().unwrap_or_default();
    let alike = epochs.iter().all(|(place, epoch)| {
        let mut others = epochs.iter();
        others.all(|(other, theirs)| epoch >= theirs || !state.reaches(*place, *other))
    });
    let mut rows = state.members.iter().map(|member| &member.row.value);
    let current = rows.find_map(|row| {
        row.current
            .as_ref()
            .filter(|current| current.epoch.0 == highest)
    });
    let writer = current.and_then(|current| state.members.get(index(&current.writer)));
    // Whoever adopts calls the probe's setup next, which brings the database to the new epoch.
    let adopted = current.is_some_and(|current| current.run_id.as_str() == "adopt");
    let database = writer.is_none_or(|writer| adopted || writer.epoch >= highest || !writer.is_up);
    alike && database && state.dns.1 <= highest.max(1)
}

/// The writer that is proven in the highest epoch which any ledger holds.
fn proven(state: &State) -> Option<&Current> {
    let rows = state.members.iter();
    let known = rows.filter_map(|found| found.row.value.current.as_ref());
    known.max_by_key(|current| current.epoch)
}

/// The same, where a planned move has proven it.
fn moved_to(state: &State) -> Option<&Current> {
    let moved = |current: &&Current| !current.unplanned && current.run_id.as_str() != "adopt";
    proven(state).filter(moved)
}

/// A writer that a planned move has proven lacks a row that was acknowledged to an application.
fn loses_rows(state: &State) -> bool {
    let Some(current) = moved_to(state) else {
        return false;
    };
    let held = state.members.get(index(&current.writer));
    let held = held.map(|writer| writer.rows).unwrap_or_default();
    state.members.iter().any(|found| found.rows & !held != 0)
}

fn one_open(state: &State) -> bool {
    let Some(current) = moved_to(state) else {
        return true;
    };
    let writer = index(&current.writer);
    let opened = state.members.get(writer).is_some_and(is_open);
    let mut members = state.members.iter().enumerate();
    !opened || !members.any(|(member, found)| member != writer && is_open(found))
}

/// People were told of a promotion that goes on no more by itself: one that no stop stands behind, or that the run which a schedule
/// started has not brought to its end either, or that somebody stopped.
fn is_theirs(state: &State) -> bool {
    let mut latest = state.runs.iter().rev();
    let resumed = latest.nth(1);
    let is_spent = matches!(resumed, Some(Slot::Ended(..) | Slot::Stopped(_)));
    let mut rows = state.members.iter().map(|found| &found.row.value);
    rows.any(|row| row.paged.is_some() && (is_spent || row.stop.is_none()))
}

/// Where every Region answers, the proven writer is open, nobody else, and nothing is left of a stop. Where another Region is gone, it is
/// open all the same, unless it has agreed to a promotion or was away itself.
fn is_let_in(state: &State) -> bool {
    let all = state.members.iter().all(|found| found.is_up) && !state.parted;
    let Some(current) = proven(state) else {
        return true;
    };
    let writer = index(&current.writer);
    let Some(found) = state.members.get(writer).filter(|found| found.is_up) else {
        return true;
    };
    if is_theirs(state) {
        return true;
    }
    if all {
        let mut others = state.members.iter().enumerate();
        let alone = !others.any(|(member, other)| member != writer && is_open(other));
        let mut rows = state.members.iter().enumerate();
        // A copy in the target's row of a stop that was withdrawn says nothing.
        let settled = rows.all(|(member, found)| {
            let row = &found.row.value;
            let stop = row.stop.as_ref();
            let decides = stop.is_some_and(|stop| index(&stop.from) == member);
            !(decides || row.is_promoting()) || row.paged.is_some()
        });
        return is_open(found) && alone && settled;
    }
    let excused = state.parted || found.was_lost || found.row.value.is_promoting();
    excused || is_open(found)
}
