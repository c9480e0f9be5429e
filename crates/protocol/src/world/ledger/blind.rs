//! The ledgers, as a run sees them that a rule was taken from.

use failover::ledger::{Intent, PlanState, Run, RunKind};

use crate::{
    rules::Rule,
    state::{Slot, State, Step, Task, index, start},
    world::aws,
};

/// A record as a run reads it that a rule was taken from.
pub(super) fn forgotten(run: &Run, off: Option<Rule>) -> Run {
    let mut run = run.clone();
    match off {
        Some(Rule::NotedCall | Rule::GoesForward) => run.attempts.clear(),
        Some(Rule::Quiet) => crate::state::minutes_pass(&mut run),
        _ => {}
    }
    run
}

/// A row as a run sees it that a rule was taken from.
pub(super) fn blinded(
    mut row: PlanState,
    state: &State,
    slot: usize,
    (here, there): (usize, usize),
    off: Option<Rule>,
) -> PlanState {
    let Some(Slot::Live(live)) = state.runs.get(slot) else {
        return row;
    };
    let run_id = state.run_id(slot);
    let own_lease = |row: &mut PlanState| {
        row.lease = Some(failover::ledger::Lease {
            run_id: run_id.clone(),
            token: 1,
            kind: live.task.kind(),
            from: crate::state::region(live.from),
            to: crate::state::region(live.to),
            expires_at: start() + failover::ledger::LEASE,
            waits_for_human: false,
        });
    };
    match off {
        // As if it were written already, where nobody else sees it.
        Some(Rule::Intent)
            if matches!(live.step, Step::Promote | Step::SwitchOver | Step::Prove)
                && row
                    .current
                    .as_ref()
                    .is_some_and(|current| index(&current.writer) != live.to) =>
        {
            row.intent = Some(Intent {
                epoch: row.epoch().next(),
                from: crate::state::region(live.from),
                to: crate::state::region(live.to),
                global_cluster: Some(crate::state::GLOBAL.into()),
                run_id: run_id.clone(),
                written_at: start(),
            });
        }
        Some(Rule::Lease) => own_lease(&mut row),
        Some(Rule::LeaseEverywhere) if here != there => own_lease(&mut row),
        Some(Rule::IntentOutranks) => {
            row.intent = row.intent.filter(|intent| intent.run_id == run_id);
        }
        // As if whatever waits for a human had asked about the outage.
        Some(Rule::WaitsBehindOutage) => {
            let lease = row.lease.as_mut();
            let lease = lease.filter(|lease| lease.waits_for_human && lease.run_id != run_id);
            if let Some(lease) = lease {
                lease.kind = RunKind::UnplannedFailover;
            }
        }
        // As if it were written there, where nobody else sees it.
        Some(Rule::DecidingRow) if there == live.from => {
            let written = state.members.get(live.to).map(|found| &found.row.value);
            row.stop = written.and_then(|written| written.stop.clone());
            row.intent = written.and_then(|written| written.intent.clone());
        }
        // As if the others knew no more than this Region does.
        Some(Rule::AsksTheOthers) if live.task == Task::Sweep && here != there => {
            let own = state.members.get(here);
            row = own.map_or(row, |own| (*own.row.value).clone());
        }
        Some(Rule::CurrentStandby) if aws::takes_for_standby(state, slot, off) => {
            if let Some(current) = &mut row.current {
                current.global_cluster = Some(crate::state::GLOBAL.into());
            }
        }
        _ => {}
    }
    row
}

/// What a run writes that a rule was taken from.
pub(super) fn unblinded(
    mut next: PlanState,
    held: PlanState,
    (here, there, from): (usize, usize, usize),
    off: Option<Rule>,
) -> PlanState {
    match off {
        Some(Rule::LeaseEverywhere) if here != there => next.lease = held.lease,
        Some(Rule::DecidingRow) if there == from => {
            (next.stop, next.intent) = (held.stop, held.intent);
        }
        Some(Rule::Lease) => next.lease = held.lease,
        Some(Rule::Intent) => next.intent = None,
        Some(Rule::WaitsBehindOutage) => {
            if let (Some(own), Some(lease)) = (&mut next.lease, held.lease)
                && own.run_id == lease.run_id
            {
                own.kind = lease.kind;
            }
        }
        Some(Rule::IntentOutranks) if next.intent.is_none() => next.intent = held.intent,
        Some(Rule::CurrentStandby) => {
            // What it did not write itself stays as it was.
            let run_id =
                |row: &PlanState| row.current.as_ref().map(|current| current.run_id.clone());
            if run_id(&next) == run_id(&held) {
                next.current = held.current;
            }
        }
        _ => {}
    }
    next
}
