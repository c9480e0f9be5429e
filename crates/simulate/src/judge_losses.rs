//! What runs say that was lost and for how long nobody wrote, held to what the applications know.

use failover::{
    domain::{Epoch, Region},
    ledger::{Outcome, Run},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    database::{Database, Entry},
    state::State,
    truth::{Acknowledged, Rule},
};

/// Applications stop so short a time around the deletion of their name.
const UNNAMED: SignedDuration = SignedDuration::from_secs(30);
/// Two intervals of the plan.
const INTERVALS: f64 = 10.0;
/// One interval of the plan: writes that are further apart than this have a silence between them.
const SILENCE: SignedDuration = SignedDuration::from_secs(5);
/// What is heard again for less than this, no look need have met.
const LOOKED: SignedDuration = SignedDuration::from_secs(10);
/// An application's own pace, both before and after.
const PACE: f64 = 2.0;

/// What an unplanned run says that was lost, and for how long nobody wrote.
pub(crate) fn loss(state: &mut State, run: &Run) {
    let Some(closed) = run
        .closed
        .as_ref()
        .filter(|closed| closed.outcome == Outcome::Succeeded)
    else {
        return;
    };
    let Some(proof) = &run.proof else { return };
    let (old, new) = parted(state, &run.from, proof.epoch);
    let (Some(last), Some(first)) = (old, new) else {
        return;
    };
    // Where an earlier run led no names to the writer that this one leaves, what was out and lost is that run's. What a failback has
    // deleted meanwhile was not that writer.
    let on = state.databases.get(&last.resource_id);
    if on.is_none_or(|on| on.region != run.from) {
        return;
    }
    let opened = state.databases.get(&first.resource_id).and_then(|found| {
        let mut log = found.log.iter();
        let opened =
            log.find(|(_, entry)| matches!(entry, Entry::Epoch(epoch, _) if *epoch == proof.epoch));
        opened.map(|(at, _)| *at)
    });
    // Where the name was deleted, applications had stopped before the writer did, and nobody tells them when.
    let is_named =
        (state.truth.unnamed_at).is_none_or(|at| at.duration_since(last.at).abs() > UNNAMED);
    if let (Some(told), Some(opened), true) = (closed.rto_seconds, opened, is_named) {
        let truth = opened.duration_since(last.at).as_secs_f64();
        // Where the old writer came back meanwhile, writes were out for less.
        if truth - told > INTERVALS + PACE {
            let what = format!(
                "{}: {told:.1} s without writes are told, and it was {truth:.1} s",
                run.run_id
            );
            state.truth.violated(Rule::OutageIsTold, what);
        }
    }
    let Some(told) = &closed.rpo else { return };
    let Some(holds) = state.databases.get(&first.resource_id) else {
        return;
    };
    let held = holds.rows();
    let Some(last) = noticed(state, &run.from, &first) else {
        return;
    };
    let mut lost = state.truth.acknowledged.iter().filter(|write| {
        write.resource_id == last.resource_id && write.at <= last.at && !held.contains(&write.row)
    });
    let Some(earliest) = lost.next() else { return };
    let truth = last.at.duration_since(earliest.at).as_secs_f64();
    if told.seconds + INTERVALS < truth {
        let what = format!(
            "{}: {:.1} s of writes are told as lost, and it was {truth:.1} s",
            run.run_id, told.seconds
        );
        state.truth.violated(Rule::LossIsTold, what);
    }
}

/// The last write before a change of writer, and the first one after it. What applications write inside a Region that nobody outside
/// hears is not counted, unless it was replicated: nobody can know of it before that Region is back, and its loss ledger counts it
/// then.
fn parted(
    state: &State,
    left: &Region,
    epoch: Epoch,
) -> (Option<Acknowledged>, Option<Acknowledged>) {
    let writes = &state.truth.acknowledged;
    let mut after = writes.iter().filter(|write| write.epoch == Some(epoch));
    let first = after.next().cloned();
    let old = first
        .as_ref()
        .and_then(|first| seen(state, left, first).pop());
    (old.cloned(), first)
}

/// The writes before the first one after a change of writer that somebody else can know of, oldest first.
fn seen<'a>(state: &'a State, left: &Region, first: &Acknowledged) -> Vec<&'a Acknowledged> {
    let held = state.databases.get(&first.resource_id);
    let held = held.map(Database::rows).unwrap_or_default();
    let writes = state.truth.acknowledged.iter();
    let seen = writes.filter(|write| {
        let is_seen = write.from != *left || write.is_heard || held.contains(&write.row);
        write.at <= first.at && write.resource_id != first.resource_id && is_seen
    });
    seen.collect()
}

/// The last of them that a look can have noticed: where the writer was heard once more, between two silences, for less than two
/// intervals, it is the last one before.
fn noticed(state: &State, left: &Region, first: &Acknowledged) -> Option<Acknowledged> {
    let mut seen = seen(state, left, first);
    loop {
        let gap = |pair: &[&Acknowledged]| pair[1].at.duration_since(pair[0].at) > SILENCE;
        let Some(begins) = seen.windows(2).rposition(gap) else {
            return seen.pop().cloned();
        };
        let again = seen.get(begins + 1)?;
        if seen.last()?.at.duration_since(again.at) >= LOOKED {
            return seen.pop().cloned();
        }
        seen.truncate(begins + 1);
    }
}

/// A planned move loses nothing.
pub(crate) fn nothing_lost(state: &mut State, now: Timestamp) {
    let Some((_, proven)) = state.proven() else {
        return;
    };
    let held = state
        .databases
        .get(&proven)
        .map(|found| found.rows())
        .unwrap_or_default();
    let all = state.truth.acknowledged.iter();
    let lost = all.filter(|write| !held.contains(&write.row)).count();
    if lost > 0 {
        let what = format!("{now}: {lost} acknowledged rows are not on {proven}");
        state.truth.violated(Rule::PlannedMoveLosesNothing, what);
    }
}
