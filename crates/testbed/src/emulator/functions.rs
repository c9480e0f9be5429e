//! What the drill does to deployed functions: points them at its front door, and takes them away with their Region.

use std::{collections::HashMap, time::Duration};

use aws_sdk_lambda::{Client, error::DisplayErrorContext, types::Environment};
use failover::installation::named;
use futures::future::try_join_all;

use super::{Emulator, EmulatorError, processes};

const KILL_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn refused<E: std::error::Error>(
    call: &'static str,
    region: &str,
) -> impl FnOnce(E) -> EmulatorError {
    move |error| EmulatorError::Refused {
        call,
        region: region.to_owned(),
        reason: DisplayErrorContext(&error).to_string(),
    }
}

impl Emulator {
    pub(super) fn lambda(&self, region: &str) -> Client {
        Client::new(&self.sdk_config(region))
    }

    /// Adds variables to those that the template gave a function; the next invocation sees them.
    ///
    /// # Errors
    /// When the function does not exist or the emulator does not answer.
    pub async fn set_environment(
        &self,
        region: &str,
        function: &str,
        variables: HashMap<String, String>,
    ) -> Result<(), EmulatorError> {
        let lambda = self.lambda(region);
        let present = lambda
            .get_function_configuration()
            .function_name(function)
            .send()
            .await
            .map_err(refused("GetFunctionConfiguration", region))?;
        let mut all = present
            .environment
            .and_then(|environment| environment.variables)
            .unwrap_or_default();
        all.extend(variables);
        lambda
            .update_function_configuration()
            .function_name(function)
            .environment(Environment::builder().set_variables(Some(all)).build())
            .send()
            .await
            .map_err(refused("UpdateFunctionConfiguration", region))?;
        Ok(())
    }

    /// Names of the functions deployed in a Region.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub async fn functions(&self, region: &str) -> Result<Vec<String>, EmulatorError> {
        let page = self
            .lambda(region)
            .list_functions()
            .send()
            .await
            .map_err(refused("ListFunctions", region))?;
        let names = page
            .functions
            .unwrap_or_default()
            .into_iter()
            .filter_map(|function| function.function_name);
        Ok(names.filter(|name| name.starts_with(&named(""))).collect())
    }

    /// Takes every function of a Region away: running ones end in the middle, new invocations are refused.
    ///
    /// # Errors
    /// When the emulator does not answer or a process would not end.
    pub async fn kill_region(&self, region: &str) -> Result<(), EmulatorError> {
        let Some(group) = self.group() else {
            return Ok(());
        };
        let running = || processes::functions_of(group, region);
        processes::until_none(KILL_TIMEOUT, running).await?;
        let lambda = &self.lambda(region);
        try_join_all(
            self.functions(region)
                .await?
                .into_iter()
                .map(|function| async move {
                    lambda
                        .put_function_concurrency()
                        .function_name(function)
                        .reserved_concurrent_executions(0)
                        .send()
                        .await
                        .map_err(refused("PutFunctionConcurrency", region))
                }),
        )
        .await?;
        // An invocation let in just before may have started a process just after.
        for _ in 0..3 {
            processes::until_none(KILL_TIMEOUT, running).await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Takes one function away: running ones end in the middle, new invocations are refused until its Region returns.
    ///
    /// # Errors
    /// When the emulator does not answer or a process would not end.
    pub async fn take_away(&self, region: &str, function: &str) -> Result<(), EmulatorError> {
        let Some(group) = self.group() else {
            return Ok(());
        };
        self.lambda(region)
            .put_function_concurrency()
            .function_name(function)
            .reserved_concurrent_executions(0)
            .send()
            .await
            .map_err(refused("PutFunctionConcurrency", region))?;
        let running = || processes::of_function(group, region, function);
        processes::until_none(KILL_TIMEOUT, running).await
    }

    /// Ends a function's processes in the middle, once; how many there were. The next invocation starts another.
    ///
    /// # Errors
    /// When a process would not end.
    pub async fn kill(&self, region: &str, function: &str) -> Result<usize, EmulatorError> {
        let Some(group) = self.group() else {
            return Ok(0);
        };
        let running = processes::of_function(group, region, function);
        let left = || {
            let now = processes::of_function(group, region, function).into_iter();
            now.filter(|process| running.contains(process)).collect()
        };
        processes::until_none(KILL_TIMEOUT, left).await?;
        Ok(running.len())
    }

    /// The most memory that a function's living processes have used so far, in megabytes.
    #[must_use]
    pub fn peak_mb(&self, region: &str, function: &str) -> Option<f64> {
        let running = processes::of_function(self.group()?, region, function);
        let peaks = running.into_iter().filter_map(processes::peak_mb);
        peaks.reduce(f64::max)
    }

    /// Stops every execution of a Region's state machines that is still under way.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub async fn stop_runs(&self, region: &str) -> Result<(), EmulatorError> {
        let sfn = aws_sdk_sfn::Client::new(&self.sdk_config(region));
        let machines = sfn.list_state_machines().send().await;
        let machines = machines.map_err(refused("ListStateMachines", region))?;
        for machine in machines.state_machines {
            let running = sfn
                .list_executions()
                .state_machine_arn(machine.state_machine_arn)
                .status_filter(aws_sdk_sfn::types::ExecutionStatus::Running)
                .send()
                .await
                .map_err(refused("ListExecutions", region))?;
            for execution in running.executions {
                sfn.stop_execution()
                    .execution_arn(execution.execution_arn)
                    .send()
                    .await
                    .map_err(refused("StopExecution", region))?;
            }
        }
        Ok(())
    }

    /// Gives a Region's functions back.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub async fn return_region(&self, region: &str) -> Result<(), EmulatorError> {
        let lambda = &self.lambda(region);
        try_join_all(
            self.functions(region)
                .await?
                .into_iter()
                .map(|function| async move {
                    lambda
                        .delete_function_concurrency()
                        .function_name(function)
                        .send()
                        .await
                        .map_err(refused("DeleteFunctionConcurrency", region))
                }),
        )
        .await?;
        Ok(())
    }
}
