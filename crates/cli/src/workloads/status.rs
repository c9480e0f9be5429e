//! How workloads stand: who serves, each resource with how far AWS is, the question that waits, the last run, what needs attention.

mod attention;
mod shown;

use failover::{
    domain::{Epoch, PlanName, Region, RunId},
    ledger::Rows,
};
use jiff::Timestamp;
use serde::Serialize;
use workload::{
    phase::Phase,
    plan::{Resource, WorkloadPlan},
    row::{Progress, Row, State},
    run::WorkloadRun,
};

use super::{
    found::{Document, Found, There},
    questions::{Question, waiting},
};
use crate::ending::Ending;

pub(crate) use shown::table;

/// How a workload stands.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    kind: &'static str,
    plan: PlanName,
    revision: Option<u64>,
    home_region: Option<Region>,
    recovery_region: Option<Region>,
    /// Whether a ledger answered.
    #[serde(skip)]
    is_told: bool,
    serves: Option<Serves>,
    change: Option<Change>,
    /// The run that is open.
    run: Option<Run>,
    question: Option<Question>,
    /// The run that was closed last.
    last_run: Option<Run>,
    resources: Vec<OfResource>,
    regions: Vec<InRegion>,
    /// What needs somebody's attention, one sentence each.
    attention: Vec<String>,
}

/// Who serves.
#[derive(Debug, Serialize)]
struct Serves {
    region: Region,
    epoch: Epoch,
    since: Timestamp,
    run_id: RunId,
}

/// A change of Region that was begun.
#[derive(Debug, Serialize)]
struct Change {
    epoch: Epoch,
    from: Region,
    to: Region,
    run_id: RunId,
    written_at: Timestamp,
}

/// A run, in short.
#[derive(Debug, Serialize)]
struct Run {
    run_id: RunId,
    kind: &'static str,
    from: Region,
    to: Region,
    opened_at: Timestamp,
    not_before: Option<Timestamp>,
    phase: Option<Phase>,
    /// What it did last.
    says: Option<String>,
    closed_at: Option<Timestamp>,
    outcome: Option<String>,
    reason: Option<String>,
    /// What no record of a workload tells: nobody measures beats here.
    rto_seconds: Option<f64>,
    rpo_seconds: Option<f64>,
}

/// A resource, and where it is in the run that opened last.
#[derive(Debug, Serialize)]
struct OfResource {
    name: String,
    kind: &'static str,
    order: u16,
    home: String,
    recovery: String,
    phase: Option<Phase>,
    state: Option<&'static str>,
    progress: Option<Progress>,
    rounds: u32,
    /// The bytes that all rounds have moved, where AWS tells.
    moved_bytes: u64,
    says: String,
}

/// What lies in a Region.
#[derive(Debug, Serialize)]
struct InRegion {
    region: Region,
    answers: bool,
    error: Option<String>,
    serves: Option<Region>,
    epoch: Option<Epoch>,
    revision: Option<u64>,
    switches: Option<Switches>,
}

#[derive(Debug, Serialize)]
struct Switches {
    kill: Option<String>,
    maintenance: Option<String>,
}

impl Status {
    /// Nobody can tell where no ledger answered.
    pub(crate) fn ending(&self) -> Ending {
        match (self.is_told, self.attention.is_empty()) {
            (false, _) => Ending::Unknown,
            (true, true) => Ending::Well,
            (true, false) => Ending::NotWell,
        }
    }
}

/// How a workload stands, by what its Regions say.
pub(crate) fn of(found: &Found, now: Timestamp) -> Status {
    let (rows, runs) = (found.rows(), found.runs());
    let plan = found.plan.as_ref();
    let open = runs.iter().find(|run| run.closed.is_none());
    let closed = runs.iter().find(|run| run.closed.is_some());
    let regions = found.regions.iter();
    Status {
        kind: "workload",
        plan: found.name.clone(),
        revision: plan.map(|plan| plan.revision),
        home_region: plan.map(|plan| plan.home_region.clone()),
        recovery_region: plan.map(|plan| plan.recovery_region.clone()),
        is_told: !rows.0.is_empty(),
        serves: serves(&rows),
        change: change(&rows),
        run: open.map(|run| short(run)),
        question: waiting(found),
        last_run: closed.map(|run| short(run)),
        resources: plan.map_or_else(Vec::new, |plan| resources(plan, found)),
        regions: regions.map(in_region).collect(),
        attention: attention::of(found, now),
    }
}

fn serves(rows: &Rows) -> Option<Serves> {
    let current = rows.current()?;
    Some(Serves {
        region: current.writer.clone(),
        epoch: current.epoch,
        since: current.proven_at,
        run_id: current.run_id.clone(),
    })
}

fn change(rows: &Rows) -> Option<Change> {
    let intent = rows.intent()?;
    Some(Change {
        epoch: intent.epoch,
        from: intent.from.clone(),
        to: intent.to.clone(),
        run_id: intent.run_id.clone(),
        written_at: intent.written_at,
    })
}

fn short(run: &WorkloadRun) -> Run {
    let closed = run.closed.as_ref();
    let last = run.entered.iter().max_by_key(|(_, at)| **at);
    let says = run.timeline.last();
    Run {
        run_id: run.run_id.clone(),
        kind: run.kind.name(),
        from: run.from.clone(),
        to: run.to.clone(),
        opened_at: run.opened_at,
        not_before: run.not_before,
        phase: last.map(|(phase, _)| *phase),
        says: says.map(|entry| entry.reason.clone()),
        closed_at: closed.map(|closed| closed.at),
        outcome: closed.map(|closed| closed.outcome.clone()),
        reason: closed.map(|closed| closed.reason.clone()),
        rto_seconds: None,
        rpo_seconds: None,
    }
}

/// Every resource of the plan, and of the run where that has more.
fn resources(plan: &WorkloadPlan, found: &Found) -> Vec<OfResource> {
    let rows: &[Row] = found.resources.as_deref().unwrap_or_default();
    let resources = plan.resources.iter();
    resources
        .map(|resource| {
            let row = rows.iter().find(|row| row.resource == resource.name());
            of_resource(resource, row)
        })
        .collect()
}

fn of_resource(resource: &Resource, row: Option<&Row>) -> OfResource {
    OfResource {
        name: resource.name().to_owned(),
        kind: resource.kind(),
        order: resource.order(),
        home: resource.home().to_owned(),
        recovery: resource.recovery().to_owned(),
        phase: row.map(|row| row.phase),
        state: row.map(|row| row.state.name()),
        progress: row.and_then(|row| row.progress.clone()),
        rounds: row.map_or(0, |row| row.rounds),
        moved_bytes: row.map_or(0, moved),
        says: row.map_or_else(String::new, says),
    }
}

fn moved(row: &Row) -> u64 {
    let rounds = row.bytes.values();
    rounds.fold(0, |sum: u64, bytes| sum.saturating_add(*bytes))
}

/// Why it stands where it does.
pub(crate) fn says(row: &Row) -> String {
    match &row.state {
        State::Refused(why) => why.clone(),
        State::Pending | State::Done => row.reason.clone(),
    }
}

fn in_region((region, there): (&Region, &There)) -> InRegion {
    let row = there.row.as_ref().ok();
    let switches = there.switches.as_ref();
    InRegion {
        region: region.clone(),
        answers: row.is_some(),
        error: there.row.as_ref().err().map(ToString::to_string),
        serves: row.and_then(|row| Some(row.current.as_ref()?.writer.clone())),
        epoch: row.map(failover::ledger::PlanState::proven_epoch),
        revision: match &there.document {
            Document::Plan(plan) => Some(plan.revision),
            Document::Unread(_) | Document::Missing | Document::Broken(_) => None,
        },
        switches: switches.map(|switches| Switches {
            kill: switches.kill.clone(),
            maintenance: switches.maintenance.clone(),
        }),
    }
}

#[cfg(test)]
mod tests;
