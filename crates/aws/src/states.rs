//! The state machine that a function may start.

use aws_sdk_sfn::{operation::start_execution::StartExecutionError, types::ExecutionStatus};
use failover::{Error, domain::RunId, ports::Execution};
use serde_json::Value;

use super::{Aws, client, errors::error};

impl<K> Aws<K> {
    fn machine(&self) -> Result<&str, Error> {
        self.settings.machine.as_deref().ok_or_else(|| {
            Error::InvalidRequest(
                "STATE_MACHINE_ARN is not set, so that start does not know what to start; deploy the function with its template"
                    .into(),
            )
        })
    }

    /// As [`failover::ports::Functions::start`].
    pub(super) async fn start_execution(
        &self,
        name: Option<&RunId>,
        input: &Value,
    ) -> Result<Option<String>, Error> {
        let what = format!("Step Functions StartExecution in {}", self.region);
        let client = client!(self, aws_sdk_sfn, self.region);
        let asked = client
            .start_execution()
            .state_machine_arn(self.machine()?)
            .set_name(name.map(|name| name.0.clone()))
            .input(input.to_string())
            .send()
            .await;
        match asked {
            Ok(answer) => Ok(Some(answer.execution_arn)),
            // One of this name has ended, or has been given another input.
            Err(why)
                if why
                    .as_service_error()
                    .is_some_and(StartExecutionError::is_execution_already_exists) =>
            {
                Ok(None)
            }
            Err(why) => Err(error(&what, &why)),
        }
    }

    /// As [`failover::ports::Functions::execution`].
    pub(super) fn execution_arn(&self, name: &RunId) -> Result<String, Error> {
        let machine = self.machine()?;
        Ok(format!(
            "{}:{}",
            machine.replacen(":stateMachine:", ":execution:", 1),
            name.0
        ))
    }

    /// As [`failover::ports::Functions::look_at_execution`].
    pub(super) async fn show_execution(&self, name: &RunId) -> Result<Execution, Error> {
        let arn = self.execution_arn(name)?;
        let what = format!("Step Functions DescribeExecution in {}", self.region);
        let found = client!(self, aws_sdk_sfn, self.region)
            .describe_execution()
            .execution_arn(&arn)
            .send()
            .await
            .map_err(|why| error(&what, &why))?;
        let ended = [
            ExecutionStatus::Succeeded,
            ExecutionStatus::Failed,
            ExecutionStatus::TimedOut,
            ExecutionStatus::Aborted,
        ];
        let input = found.input.as_deref().map(serde_json::from_str);
        Ok(Execution {
            arn,
            ended: ended.contains(&found.status),
            input: input.and_then(Result::ok),
        })
    }
}
