//! Invokes functions as an operator does.

use aws_sdk_lambda::{error::DisplayErrorContext, primitives::Blob};
use serde_json::Value;

use super::{Trouble, World};

/// The services that functions call, as the SDK names their endpoint variables.
pub(super) const SERVICES: [&str; 8] = [
    "DYNAMODB",
    "ECS",
    "EVENTBRIDGE",
    "LAMBDA",
    "RDS",
    "ROUTE_53",
    "SECRETS_MANAGER",
    "SSM",
];

impl World {
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
        let answer = aws_sdk_lambda::Client::new(&self.emulator.sdk_config(region))
            .invoke()
            .function_name(function)
            .payload(Blob::new(payload.to_string()))
            .send()
            .await
            .map_err(|error| format!("{function} in {region}: {}", DisplayErrorContext(&error)))?;
        let body = answer.payload.map(Blob::into_inner).unwrap_or_default();
        match answer.function_error {
            None => Ok(serde_json::from_slice(&body)?),
            Some(_) => Err(format!(
                "{function} in {region} answers {}",
                String::from_utf8_lossy(&body)
            )
            .into()),
        }
    }
}
