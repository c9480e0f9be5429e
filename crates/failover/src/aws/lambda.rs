//! The other functions: this Region's probe, the witness, and another Region's fence.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::primitives::Blob;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Aws, errors::error};
use crate::{
    Error,
    domain::{PlanName, Region},
    steps::{
        confirm_outage::{Ask, ReachInput, ReachOutput},
        fence_writer::{AskFence, Rights},
        health_probe::Confirmation,
    },
};

/// The longest a function is waited for; its asker gives up before.
const ANSWER: Duration = Duration::from_secs(10);

impl Ask for Aws {
    async fn ask_probe(&self, plan: &PlanName) -> Result<Confirmation, Error> {
        let payload = json!({"operation": "confirm", "plan": plan});
        self.invoke(&self.region, "aurora-failover-health-probe", &payload)
            .await
    }

    async fn ask_witness(
        &self,
        witness: &Region,
        input: &ReachInput,
    ) -> Result<ReachOutput, Error> {
        let payload = json!({"operation": "reach", "plan": input.plan, "region": input.region, "cluster": input.cluster});
        self.invoke(witness, "aurora-failover-confirm-outage", &payload)
            .await
    }

    async fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        let silent = |_| Err(Error::Unavailable(format!("no answer within {limit:?}")));
        tokio::time::timeout(limit, work)
            .await
            .unwrap_or_else(silent)
    }
}

impl AskFence for Aws {
    async fn ask_rights(&self, region: &Region, plan: &PlanName) -> Result<Rights, Error> {
        let payload = json!({"operation": "rights", "plan": plan});
        self.invoke(region, "aurora-failover-fence-writer", &payload)
            .await
    }
}

impl Aws {
    async fn invoke<T: DeserializeOwned>(
        &self,
        region: &Region,
        function: &str,
        payload: &Value,
    ) -> Result<T, Error> {
        let what = format!("invoking {function} in {region}");
        // A synchronous answer takes as long as the function: the usual time-out of one attempt would cut it off. Only what
        // was refused at once is asked again.
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(super::CONNECT)
            .operation_timeout(ANSWER)
            .build();
        let config = aws_sdk_lambda::config::Builder::from(&self.config)
            .region(aws_sdk_lambda::config::Region::new(region.0.clone()))
            .timeout_config(timeouts)
            .retry_config(aws_config::retry::RetryConfig::standard().with_max_attempts(2))
            .build();
        let answer = aws_sdk_lambda::Client::from_conf(config)
            .invoke()
            .function_name(function)
            .payload(Blob::new(payload.to_string()))
            .send()
            .await
            .map_err(|why| error(&what, &why))?;
        let body = answer.payload.map(Blob::into_inner).unwrap_or_default();
        if let Some(kind) = answer.function_error {
            return Err(Error::NotReady(format!(
                "{what}: {kind}: {}",
                String::from_utf8_lossy(&body)
            )));
        }
        serde_json::from_slice(&body)
            .map_err(|why| Error::NotReady(format!("{what}: the answer is not understood: {why}")))
    }
}
