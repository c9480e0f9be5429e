//! One pass of a phase over all resources of a run: at most eight at a time, each looked at, decided on, noted, and called for. Rerunning
//! it is safe: a row is written before the call that it notes, by a conditional write, so that of two passes at once one calls.

mod group;
mod one;
mod opened;

use std::collections::BTreeMap;

use failover::{
    Error,
    domain::{Epoch, PlanName, RunId},
    ledger::Rows,
    ports::{Ledger, Parameters, Runtime},
};
use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use serde::Serialize;

pub use group::{End, end, up};
pub use opened::{may_be_silent, opened, rows_of};

use crate::{
    phase::Phase,
    records::Records,
    row::{Progress, Row, State},
    run::WorkloadRun,
    verbs::Verbs,
};

/// How many resources are looked at and called for at a time.
pub const AT_ONCE: usize = 8;
/// The most characters of a sentence that an answer repeats of one resource: a hundred of them fit into a state's output.
/// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>.
const REASON_MAX: usize = 400;

/// Whose pass it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Of {
    /// The plan.
    pub plan: PlanName,
    /// The run.
    pub run_id: RunId,
    /// The epoch when it opened.
    pub epoch: Epoch,
    /// Whether nothing is written or called.
    pub dry_run: bool,
}

/// What a pass stands on: the run, the ledgers' rows under its lease, and the time.
#[derive(Debug, Clone)]
pub struct Pass {
    /// The run's record.
    pub run: WorkloadRun,
    /// The rows of the Regions that answered.
    pub ledgers: Rows,
    /// What is kept of each resource, by name.
    pub rows: BTreeMap<String, Row>,
    /// When it began.
    pub now: Timestamp,
    /// Whether nothing is written or called.
    pub dry_run: bool,
}

/// A resource as answers show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// Its name in the plan.
    pub name: String,
    /// How far it is in the phase.
    pub state: &'static str,
    /// How far AWS is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// Why, in a sentence.
    pub reason: String,
}

impl Shown {
    /// What is shown of a row.
    #[must_use]
    pub fn of(row: &Row) -> Self {
        let reason = match &row.state {
            State::Refused(why) => why,
            State::Pending | State::Done => &row.reason,
        };
        Self {
            name: row.resource.clone(),
            state: row.state.name(),
            progress: row.progress.clone(),
            reason: reason.chars().take(REASON_MAX).collect(),
        }
    }
}

/// What came of a pass over the resources.
#[derive(Debug, Clone)]
pub struct Came {
    /// How the phase stands now.
    pub end: End,
    /// Whether anything was written that the next pass goes on from at once.
    pub acted: bool,
}

impl Pass {
    /// The row of a resource; one that was never written is a new one.
    #[must_use]
    pub fn row(&self, name: &str) -> Row {
        let new = || Row::new(self.run.run_id.clone(), name, self.now);
        self.rows.get(name).cloned().unwrap_or_else(new)
    }

    /// The rows of the plan's resources, in the plan's order.
    #[must_use]
    pub fn resources(&self) -> Vec<Row> {
        let resources = self.run.plan.resources.iter();
        resources
            .map(|resource| self.row(resource.name()))
            .collect()
    }

    /// What answers show of them.
    #[must_use]
    pub fn shown(&self) -> Vec<Shown> {
        self.resources().iter().map(Shown::of).collect()
    }
}

/// Lets each resource whose group is up take its next step in a phase. What one refuses stops no other half way.
pub async fn over<W, V>(world: &W, verbs: V, pass: &mut Pass, phase: Phase) -> Came
where
    W: Ledger + Runtime + Records + Parameters,
    V: Verbs<W>,
{
    for resource in &pass.run.plan.resources {
        let mut row = pass.row(resource.name());
        row.enter(phase);
        pass.rows.insert(row.resource.clone(), row);
    }
    let waiting = up(&pass.run.plan, &pass.rows, phase);
    let seen: &Pass = pass;
    let steps: Vec<_> = waiting
        .iter()
        .filter_map(|name| {
            let mut resources = seen.run.plan.resources.iter();
            resources.find(|resource| resource.name() == name)
        })
        .map(|resource| one::one(world, verbs, seen, (phase, resource)))
        .collect();
    let steps = stream::iter(steps).buffer_unordered(AT_ONCE);
    let stepped: Vec<one::Stepped> = steps.collect().await;
    let acted = stepped.iter().any(|step| step.acted);
    for step in stepped {
        pass.rows.insert(step.row.resource.clone(), step.row);
    }
    Came {
        end: end(&pass.run.plan, &pass.rows, phase),
        acted,
    }
}

/// Writes a run's record at home, where the last word is, and a copy in the recovery Region where that answers.
///
/// # Errors
/// `Unavailable` when the ledger of home does not answer, or another pass wrote first: the next one looks again.
pub async fn save<W: Records>(world: &W, run: &mut WorkloadRun) -> Result<(), Error> {
    let home = run.plan.home_region.clone();
    if !world.put_workload_run(&home, run).await? {
        return Err(Error::Unavailable(format!(
            "another pass has written the record of run {} meanwhile; the next one looks again",
            run.run_id
        )));
    }
    run.version += 1;
    let region = &run.plan.recovery_region;
    if let Err(why) = failover::pass::briefly(region, copy(world, run)).await {
        tracing::info!(%region, %why, run_id = %run.run_id, "the copy of the record stays as it was");
    }
    Ok(())
}

/// The copy counts its own writes: it may have missed some.
async fn copy<W: Records>(world: &W, run: &WorkloadRun) -> Result<(), Error> {
    let region = &run.plan.recovery_region;
    let kept = world.workload_run(region, run.name(), &run.run_id).await?;
    let copy = WorkloadRun {
        version: kept.map_or(0, |kept| kept.version),
        ..run.clone()
    };
    world.put_workload_run(region, &copy).await.map(drop)
}

/// Writes a row at home and counts the write; whether nobody wrote first.
///
/// # Errors
/// `Unavailable` when the ledger of home does not answer.
pub async fn put<W: Records>(world: &W, run: &WorkloadRun, row: &mut Row) -> Result<bool, Error> {
    let written = world
        .put_row(&run.plan.home_region, run.name(), row)
        .await?;
    row.version += u64::from(written);
    Ok(written)
}

#[cfg(test)]
mod tests;
