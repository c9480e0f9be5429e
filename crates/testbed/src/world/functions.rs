//! Leads the functions to what stands in for AWS, and invokes them as an operator does.

use std::{collections::HashMap, time::Duration};

use aws_sdk_lambda::{error::DisplayErrorContext, primitives::Blob};
use failover::installation::named;
use serde_json::Value;

use super::{Trouble, World};
use crate::front_door::Caller;

/// The services that functions call, as the SDK names their endpoint variables.
const SERVICES: [&str; 14] = [
    "AUTO_SCALING",
    "DYNAMODB",
    "ECR",
    "ECS",
    "ELASTIC_LOAD_BALANCING_V2",
    "EVENTBRIDGE",
    "LAMBDA",
    "RDS",
    "ROUTE_53",
    "S3",
    "SECRETS_MANAGER",
    "SFN",
    "SNS",
    "SSM",
];

/// How often a call is made whose answer is `Unavailable`, and how far apart.
const TRIES: usize = 5;
const BETWEEN_TRIES: Duration = Duration::from_secs(2);

fn said(region: &str, function: &str, answer: Result<Value, Value>) -> Result<Value, Trouble> {
    Ok(answer.map_err(|error| format!("{function} in {region} answers {error}"))?)
}

impl World {
    /// Points every function at its own port of the front door and at its Region's resolver.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub async fn point_the_functions(&self) -> Result<(), Trouble> {
        for region in &self.regions {
            for function in self.emulator.functions(region).await? {
                let caller = Caller {
                    function: function.clone(),
                    region: (*region).to_owned(),
                };
                let door = format!("http://{}", self.front_door.open(caller).await?);
                let mut variables: HashMap<String, String> = SERVICES
                    .map(|service| (format!("AWS_ENDPOINT_URL_{service}"), door.clone()))
                    .into();
                variables.insert(
                    "AURORA_FAILOVER_RESOLVER".into(),
                    self.resolvers[*region].to_string(),
                );
                let bundle = std::path::absolute(self.certificates.bundle())?;
                variables.insert(
                    "AURORA_FAILOVER_CA_BUNDLE".into(),
                    bundle.display().to_string(),
                );
                self.emulator
                    .set_environment(region, &function, variables)
                    .await?;
            }
        }
        Ok(())
    }

    /// Invokes a function and waits for its answer.
    ///
    /// # Errors
    /// When it cannot be invoked or answers with an error.
    pub async fn invoke(
        &self,
        region: &str,
        function: &str,
        payload: &Value,
    ) -> Result<Value, Trouble> {
        let answer = self.call(region, function, payload).await?;
        said(region, function, answer)
    }

    /// Invokes a function as an operator does who is answered `Unavailable`: again, a few times.
    ///
    /// # Errors
    /// When it cannot be invoked, or answers with another error, or with that one to the end.
    pub(super) async fn invoke_patiently(
        &self,
        region: &str,
        function: &str,
        payload: &Value,
    ) -> Result<Value, Trouble> {
        for _ in 1..TRIES {
            match self.call(region, function, payload).await? {
                Err(error) if error["errorType"] == "Unavailable" => {
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                answer => return said(region, function, answer),
            }
        }
        self.invoke(region, function, payload).await
    }

    /// Invokes a function; answers what it said, or its error with `errorType` and `errorMessage`.
    ///
    /// # Errors
    /// When it cannot be invoked.
    pub async fn call(
        &self,
        region: &str,
        function: &str,
        payload: &Value,
    ) -> Result<Result<Value, Value>, Trouble> {
        let answer = aws_sdk_lambda::Client::new(&self.emulator.sdk_config(region))
            .invoke()
            .function_name(function)
            .payload(Blob::new(payload.to_string()))
            .send()
            .await
            .map_err(|error| format!("{function} in {region}: {}", DisplayErrorContext(&error)))?;
        let body = answer.payload.map(Blob::into_inner).unwrap_or_default();
        let body = serde_json::from_slice(&body)?;
        Ok(if answer.function_error.is_none() {
            Ok(body)
        } else {
            Err(body)
        })
    }

    /// Lets the probe of a Region watch for a minute at once, as the schedule does once a minute.
    ///
    /// # Errors
    /// When it cannot be invoked.
    pub async fn watch_now(&self, region: &str) -> Result<(), Trouble> {
        self.call_now(region, "health-probe", r#"{"operation": "watch"}"#)
            .await
    }

    /// Calls a Region's fence, as its schedule does within the minute.
    ///
    /// # Errors
    /// When it cannot be invoked.
    pub async fn sweep_now(&self, region: &str) -> Result<(), Trouble> {
        self.call_now(region, "fence-writer", r#"{"operation": "sweep"}"#)
            .await
    }

    async fn call_now(&self, region: &str, function: &str, payload: &str) -> Result<(), Trouble> {
        aws_sdk_lambda::Client::new(&self.emulator.sdk_config(region))
            .invoke()
            .function_name(named(function))
            .invocation_type(aws_sdk_lambda::types::InvocationType::Event)
            .payload(Blob::new(payload))
            .send()
            .await
            .map_err(|error| format!("{function} in {region}: {}", DisplayErrorContext(&error)))?;
        Ok(())
    }
}
