//! The other functions: this Region's probe, the witness, another Region's fence, all that are kept awake, and the machines.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::primitives::Blob;
use failover::{
    Error,
    domain::{PlanName, Region, RunId},
    installation::named,
    ports::{
        Confirmation, Execution, Functions, ReachInput, ReachOutput, Rights, Suspicion, within,
    },
};
use futures::future::BoxFuture;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use steps::warm;

use super::{
    Aws, client,
    errors::{answered, error},
    eventbridge::{ENDED, SUSPECT},
};

/// The longest a function is waited for; its asker gives up before.
const ANSWER: Duration = Duration::from_secs(10);
/// How long the witness is waited for ahead of time: a cold start more than it has in an outage.
const WITNESS: Duration = Duration::from_secs(5);

impl<K> Functions for Aws<K> {
    async fn ask_probe(&self, plan: &PlanName, dry_run: bool) -> Result<Confirmation, Error> {
        let payload = match dry_run {
            true => json!({"operation": "confirm", "plan": plan, "dry_run": true}),
            false => json!({"operation": "confirm", "plan": plan}),
        };
        self.invoke(&self.region, &named("health-probe"), &payload)
            .await
    }

    async fn ask_witness(
        &self,
        witness: &Region,
        input: &ReachInput,
    ) -> Result<ReachOutput, Error> {
        // Its kind, too: the witness would look for a cluster of an instance's name.
        let mut payload = failover::pass::answer(input)?;
        payload["operation"] = json!("reach");
        self.invoke(witness, &named("confirm-outage"), &payload)
            .await
    }

    async fn ask_data_planes(&self, region: &Region) -> Result<String, Error> {
        let sts = async {
            let asked = client!(self, aws_sdk_sts, region)
                .get_caller_identity()
                .send();
            answered("STS", asked.await)
        };
        let s3 = async {
            let asked = client!(self, aws_sdk_s3, region)
                .list_buckets()
                .max_buckets(1)
                .send();
            answered("S3", asked.await)
        };
        let asked: [BoxFuture<'_, _>; 2] = [Box::pin(sts), Box::pin(s3)];
        let first = futures::future::select_ok(asked).await;
        first.map(|(which, _)| which)
    }

    async fn hears(&self, witness: &Region, input: &ReachInput) -> Result<ReachOutput, Error> {
        within(self, WITNESS, self.ask_witness(witness, input)).await
    }

    async fn ask_rights(&self, region: &Region, plan: &PlanName) -> Result<Rights, Error> {
        let payload = json!({"operation": "rights", "plan": plan});
        self.invoke(region, &named("fence-writer"), &payload).await
    }

    async fn ask_rebuild(&self, function: &str, input: &Value) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        struct Answer {
            refusal: Option<Refusal>,
            observed: Option<Observed>,
        }
        #[derive(Deserialize)]
        struct Refusal {
            reasons: Vec<String>,
        }
        #[derive(Deserialize)]
        struct Observed {
            outlook: Option<String>,
        }
        let answer: Answer = self.invoke(&self.region, &named(function), input).await?;
        let mut refused = answer.refusal.map_or_else(Vec::new, |said| said.reasons);
        refused.extend(answer.observed.and_then(|seen| seen.outlook));
        Ok(refused)
    }

    async fn warm(&self, region: &Region, function: &str) -> Result<(), Error> {
        self.invoke::<Value>(region, function, &warm::request())
            .await
            .map(drop)
    }

    async fn suspect(&self, suspicion: &Suspicion) -> Result<(), Error> {
        let detail = serde_json::to_value(suspicion).map_err(|why| {
            Error::InvalidRequest(format!("the suspicion cannot be written: {why}"))
        })?;
        self.put_event(&self.region, SUSPECT, &detail).await
    }

    async fn suspect_in(&self, region: &Region, detail: &Value) -> Result<(), Error> {
        self.put_event(region, SUSPECT, detail).await
    }

    async fn run_ended(&self, detail: &Value) -> Result<(), Error> {
        self.put_event(&self.region, ENDED, detail).await
    }

    async fn start(&self, name: Option<&RunId>, input: &Value) -> Result<Option<String>, Error> {
        self.start_execution(name, input).await
    }

    fn execution(&self, name: &RunId) -> Result<String, Error> {
        self.execution_arn(name)
    }

    async fn look_at_execution(&self, name: &RunId) -> Result<Execution, Error> {
        self.show_execution(name).await
    }
}

impl<K> Aws<K> {
    /// Asks a function of a Region and waits for its answer, for ten seconds.
    ///
    /// # Errors
    /// `Unavailable` where none comes, `NotReady` for one that says an error or is not understood, `Denied`.
    pub async fn invoke<T: DeserializeOwned>(
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
