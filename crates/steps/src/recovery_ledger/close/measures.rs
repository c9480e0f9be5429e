//! What is measured of a run: RTO, RPO, and how long each step took.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::came_back::CameBack;
use failover::{
    beat::Beats,
    domain::seconds_between,
    ledger::{Closed, Entry, Outcome, Run, RunKind},
};

/// The end of a run, with what was measured of it. Nothing is known of what an old writer took that came back after it was left.
pub(super) fn measures(
    run: &Run,
    (outcome, left): (Outcome, Vec<String>),
    came_back: &CameBack,
    now: Timestamp,
) -> Closed {
    let confirmed = run.confirmed.as_ref();
    let last = out_since(run);
    let proof = run.proof.as_ref();
    Closed {
        at: now,
        outcome,
        left,
        rto_seconds: last
            .zip(proof)
            .map(|(last, proof)| seconds_between(last, proof.beat.at)),
        rpo: proof
            .filter(|_| !came_back.hides_losses())
            .and_then(|proof| proof.loss.clone()),
        at_most_seconds: proof
            .filter(|_| !came_back.hides_losses())
            .and(confirmed)
            .zip(run.held.as_ref())
            .and_then(|(confirmed, held)| confirmed.at_most_seconds(held)),
        came_back_until: came_back.until,
        is_heard_again: came_back.is_heard_again,
        step_seconds: step_seconds(run.opened_at, &run.timeline),
    }
}

/// Since when writes were out: where an outage was confirmed, since that began. A planned move loses nothing, so that the new
/// writer holds the old one's last beat. Of a move that an earlier run has proven it holds later beats by then, and nobody knows.
fn out_since(run: &Run) -> Option<Timestamp> {
    let newest = |beats: &Beats| beats.values().map(|beat| beat.at).max();
    match &run.confirmed {
        Some(confirmed) => confirmed.outage_since.or(newest(&confirmed.acknowledged)),
        None if run.kind == RunKind::UnplannedFailover => None,
        None => {
            let epoch = run.proof.as_ref()?.epoch;
            let held = run.held.as_ref();
            held.filter(|held| held.values().all(|beat| beat.epoch < epoch))
                .and_then(newest)
        }
    }
}

/// Seconds from each step's previous entry to its own, summed per step.
pub(super) fn step_seconds(opened_at: Timestamp, timeline: &[Entry]) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    let mut before = opened_at;
    for entry in timeline {
        *sums.entry(entry.step.clone()).or_insert(0.0) += seconds_between(before, entry.at);
        before = entry.at;
    }
    sums
}

#[cfg(test)]
mod tests;
