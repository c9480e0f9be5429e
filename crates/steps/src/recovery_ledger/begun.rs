//! A change of writer that is begun and not proven, and which run answers for it.

use failover::ledger::{Intent, PlanState, Run};

/// The change of writer that the run answers for. One that lost its lease to another run does not answer for what that one began.
pub(super) fn begun<'a>(row: &'a PlanState, run: &Run) -> Option<&'a Intent> {
    let lease = row.lease.as_ref();
    let superseded = lease.is_some_and(|lease| lease.run_id != run.run_id);
    let intent = row.intent.as_ref().filter(|intent| intent.to == run.to)?;
    (intent.run_id == run.run_id || !superseded).then_some(intent)
}

/// That a change of writer which the run answers for is begun, where none is proven.
pub(super) fn left_begun(row: &PlanState, run: &Run) -> Option<String> {
    let intent = begun(row, run)?;
    Some(format!(
        "the promotion of {} (epoch {}) is begun and not proven; start a new run to it",
        intent.to, intent.epoch
    ))
}
