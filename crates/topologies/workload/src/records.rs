//! What is kept of runs and their resources, as steps ask for it.

use failover::{
    Error,
    domain::{PlanName, Region, RunId},
};
use jiff::Timestamp;

use crate::{
    plan::WorkloadPlan,
    row::Row,
    run::{Kind, WorkloadRun},
};

/// The records of workloads, in the ledgers of their Regions, and their plans.
pub trait Records: Sync {
    /// Reads a run's record, consistently.
    fn workload_run(
        &self,
        region: &Region,
        plan: &PlanName,
        run_id: &RunId,
    ) -> impl Future<Output = Result<Option<WorkloadRun>, Error>> + Send;
    /// Replaces the record of version `run.version` by `run` with the next version; `false` when another write came first. One that
    /// was never written has version 0.
    fn put_workload_run(
        &self,
        region: &Region,
        run: &WorkloadRun,
    ) -> impl Future<Output = Result<bool, Error>> + Send;
    /// Reads what is kept of every resource of a run, consistently, by name.
    fn rows(
        &self,
        region: &Region,
        plan: &PlanName,
        run_id: &RunId,
    ) -> impl Future<Output = Result<Vec<Row>, Error>> + Send;
    /// Replaces the row of version `row.version` by `row` with the next version; `false` when another write came first.
    fn put_row(
        &self,
        region: &Region,
        plan: &PlanName,
        row: &Row,
    ) -> impl Future<Output = Result<bool, Error>> + Send;
    /// Reads the run of a kind that opened last.
    fn last_run(
        &self,
        region: &Region,
        plan: &PlanName,
        kind: Kind,
    ) -> impl Future<Output = Result<Option<WorkloadRun>, Error>> + Send;
    /// Reads the plan of a Region's parameter [`crate::plan::parameter`].
    fn workload_plan(
        &self,
        region: &Region,
        name: &PlanName,
    ) -> impl Future<Output = Result<WorkloadPlan, Error>> + Send;
}

/// The run that opened last, of several; of two that opened at once, the one whose name comes last.
pub(crate) fn newest(runs: impl Iterator<Item = (Timestamp, RunId)>) -> Option<RunId> {
    runs.max().map(|(_, run_id)| run_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_runs_the_one_that_opened_last_is_told() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let runs = [(at(1), "z"), (at(2), "a"), (at(2), "b")];
        let runs = runs.map(|(at, run_id)| (at, RunId::from(run_id)));
        assert_eq!(newest(runs.into_iter()), Some("b".into()));
        assert_eq!(newest(std::iter::empty()), None);
    }
}
