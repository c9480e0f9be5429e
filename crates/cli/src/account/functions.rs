//! Functions that are called: to answer what they would do, or to act.

use std::time::Duration;

use ::aws::error;
use aws_config::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_lambda::primitives::Blob;
use failover::{
    Error,
    domain::{PlanName, Region},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Account, CONNECT};

/// A dry run: longer than most functions' own time-outs.
const DRY_RUN: Duration = Duration::from_secs(40);
/// A call that acts: longer than a pass of any function takes.
const ACT: Duration = Duration::from_secs(70);

impl Account {
    /// Calls a function for a dry run.
    ///
    /// # Errors
    /// `NotReady` where it is not deployed, `Denied`, `Unavailable`.
    pub async fn dry_run(
        &self,
        region: &Region,
        function: &str,
        plan: &PlanName,
    ) -> Result<Said, Error> {
        let payload = json!({"plan": plan, "dry_run": true});
        self.ask(region, function, &payload).await
    }

    /// Calls a function that changes nothing when it is called so. Where no answer comes it is called once more.
    ///
    /// # Errors
    /// As [`Account::dry_run`].
    pub async fn ask(
        &self,
        region: &Region,
        function: &str,
        payload: &Value,
    ) -> Result<Said, Error> {
        let retries = self.config.retry_config().cloned();
        let retries = retries.unwrap_or_else(RetryConfig::disabled);
        self.invoke((region, function), payload, (DRY_RUN, retries))
            .await
    }

    /// Calls a function that acts, once: what was cut off may have been carried out.
    ///
    /// # Errors
    /// As [`Account::dry_run`].
    pub async fn call(
        &self,
        region: &Region,
        function: &str,
        payload: &Value,
    ) -> Result<Said, Error> {
        self.invoke((region, function), payload, (ACT, RetryConfig::disabled()))
            .await
    }

    async fn invoke(
        &self,
        (region, function): (&Region, &str),
        payload: &Value,
        (patience, retries): (Duration, RetryConfig),
    ) -> Result<Said, Error> {
        let what = format!("calling {function} in {region}");
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(patience)
            .operation_timeout(patience)
            .build();
        let config = self.of(region).to_builder();
        let config = config.timeout_config(timeouts).retry_config(retries);
        let answer = aws_sdk_lambda::Client::new(&config.build())
            .invoke()
            .function_name(function)
            .payload(Blob::new(payload.to_string()))
            .send()
            .await;
        let answer = answer.map_err(|why| {
            let service = why.as_service_error();
            if service.is_some_and(|why| why.is_resource_not_found_exception()) {
                let why =
                    format!("{function} is not deployed in {region}; deploy the stacks there");
                return Error::NotReady(why);
            }
            error(&what, &why)
        })?;
        let body = answer.payload.map(Blob::into_inner).unwrap_or_default();
        if answer.function_error.is_some() {
            return Ok(failure(&body));
        }
        let value: Result<Value, _> = serde_json::from_slice(&body);
        value
            .map(Said::Answer)
            .map_err(|why| Error::Unavailable(format!("{what}: the answer is no JSON: {why}")))
    }
}

/// What a function said.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// An answer.
    Answer(Value),
    /// That it failed.
    Failure {
        /// The error's name.
        name: String,
        /// The sentence.
        why: String,
    },
}

impl Said {
    /// Whether a failure of this name is the function's own word, which stands until somebody does something. Other names are the
    /// runtime's: it cut the function off, and what that was about may have been done.
    #[must_use]
    pub fn is_final(name: &str) -> bool {
        Error::NAMES.contains(&name) && name != "Unavailable"
    }
}

/// What a function says that failed: its own words, or those of the runtime.
fn failure(body: &[u8]) -> Said {
    #[derive(Deserialize)]
    struct Failure {
        #[serde(rename = "errorType", default)]
        name: String,
        #[serde(rename = "errorMessage", default)]
        why: String,
    }
    let text = || String::from_utf8_lossy(body).into_owned();
    match serde_json::from_slice::<Failure>(body) {
        Ok(Failure { name, why }) if !why.is_empty() => Said::Failure { name, why },
        Ok(Failure { name, .. }) => Said::Failure { name, why: text() },
        Err(_) => Said::Failure {
            name: String::new(),
            why: text(),
        },
    }
}
