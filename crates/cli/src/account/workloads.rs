//! Workloads: what the ledgers keep of their runs, and the start of the machines that bring them home.

use ::aws::error;
use aws_sdk_sfn::error::ProvideErrorMetadata as _;
use failover::{
    Error,
    domain::{PlanName, Region, RunId},
};
use futures::future::try_join_all;
use serde_json::Value;
use workload::{
    records::Records as _,
    row::Row,
    run::{Kind, WorkloadRun},
};

use super::Account;

impl Account {
    /// The run of each kind that opened last, as the Region's ledger holds it.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn workload_runs(
        &self,
        region: &Region,
        plan: &PlanName,
    ) -> Result<Vec<WorkloadRun>, Error> {
        let ledger = self.adapters(region);
        let kinds = [Kind::RestoreHome, Kind::Rehearse, Kind::Revert];
        let last = kinds.map(|kind| ledger.last_run(region, plan, kind));
        let found = try_join_all(last).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// A run's record, where the Region's ledger holds one.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn workload_run(
        &self,
        region: &Region,
        plan: &PlanName,
        run_id: &RunId,
    ) -> Result<Option<WorkloadRun>, Error> {
        let ledger = self.adapters(region);
        ledger.workload_run(region, plan, run_id).await
    }

    /// What the Region's ledger keeps of each resource in a run.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn workload_rows(
        &self,
        region: &Region,
        plan: &PlanName,
        run_id: &RunId,
    ) -> Result<Vec<Row>, Error> {
        self.adapters(region).rows(region, plan, run_id).await
    }

    /// Starts an execution of a machine, once for each name; answers its ARN.
    ///
    /// # Errors
    /// `NotReady` where the machine is not deployed, `Denied`, `Unavailable`.
    pub async fn start(
        &self,
        region: &Region,
        machine: &str,
        (name, input): (&str, &Value),
    ) -> Result<String, Error> {
        let what = format!("Step Functions StartExecution {machine}");
        let started = aws_sdk_sfn::Client::new(&self.of(region))
            .start_execution()
            .state_machine_arn(machine)
            .name(name)
            .input(input.to_string())
            .send()
            .await;
        match started {
            Ok(started) => Ok(started.execution_arn().to_owned()),
            Err(why) if why.code() == Some("StateMachineDoesNotExist") => Err(Error::NotReady(
                format!("{machine} is not deployed; deploy the stacks in {region}"),
            )),
            Err(why) => Err(error(&what, &why)),
        }
    }
}
