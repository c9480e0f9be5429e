//! Which resources are up in a phase, and when the phase ends: pure functions over the rows.

use std::collections::BTreeMap;

use crate::{
    phase::Phase,
    plan::{Resource, WorkloadPlan},
    row::{Row, State},
};

/// How a phase stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Every resource has done it.
    Done,
    /// Another pass is needed.
    Pending,
    /// Nothing is left to do or to wait for, and these refuse: a sentence that names each.
    Refused(String),
}

/// The names of the resources that a pass of a phase takes, in the plan's order. The cut-over begins with a group of the plan's order
/// when the one before it is done, every other phase takes all at once.
#[must_use]
pub fn up(plan: &WorkloadPlan, rows: &BTreeMap<String, Row>, phase: Phase) -> Vec<String> {
    let group = match phase {
        Phase::CutOver => first_group(plan, rows, phase),
        Phase::Prepare
        | Phase::Sync
        | Phase::Rehearse
        | Phase::Suspend
        | Phase::LastSync
        | Phase::Verify
        | Phase::Retire
        | Phase::Conclude
        | Phase::Revert => None,
    };
    let is_up = |resource: &&Resource| {
        group.is_none_or(|group| resource.order() == group)
            && is_pending(rows, resource.name(), phase)
    };
    let resources = plan.resources.iter().filter(is_up);
    resources
        .map(|resource| resource.name().to_owned())
        .collect()
}

/// The lowest order of a resource that has not done its phase: one that refuses holds up those behind it.
fn first_group(plan: &WorkloadPlan, rows: &BTreeMap<String, Row>, phase: Phase) -> Option<u16> {
    let is_done = |resource: &&Resource| {
        let row = rows.get(resource.name());
        row.is_some_and(|row| row.phase == phase && row.state == State::Done)
    };
    let open = plan.resources.iter().filter(|one| !is_done(one));
    open.map(Resource::order).min()
}

fn is_pending(rows: &BTreeMap<String, Row>, name: &str, phase: Phase) -> bool {
    rows.get(name).is_none_or(|row| row.is_pending(phase))
}

/// How a phase stands. What one resource refuses is said once all others of its group are at rest.
#[must_use]
pub fn end(plan: &WorkloadPlan, rows: &BTreeMap<String, Row>, phase: Phase) -> End {
    if !up(plan, rows, phase).is_empty() {
        return End::Pending;
    }
    let refusals: Vec<_> = plan
        .resources
        .iter()
        .filter_map(|resource| {
            let row = rows.get(resource.name()).filter(|row| row.phase == phase)?;
            match &row.state {
                State::Refused(why) => Some(format!("{}: {why}", resource.name())),
                State::Pending | State::Done => None,
            }
        })
        .collect();
    if refusals.is_empty() {
        return End::Done;
    }
    End::Refused(format!(
        "{} of {} resources cannot go on with {phase}: {}",
        refusals.len(),
        plan.resources.len(),
        refusals.join("; ")
    ))
}
