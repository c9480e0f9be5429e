//! The other functions: this Region's probe, the witness, another Region's fence, all that are kept awake, and the machines.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    operation::invoke::{InvokeError, InvokeOutput},
    primitives::Blob,
    types::State,
};
use failover::{
    Error,
    domain::{PlanName, Region, RunId},
    installation::named,
    ports::{
        Confirmation, Execution, Functions, Hooked, ReachInput, ReachOutput, Rights, Suspicion,
        within,
    },
};
use futures::future::BoxFuture;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use steps::warm;

use super::{
    Aws, client,
    errors::{answered, error, is_throttled},
    eventbridge::{ENDED, SUSPECT},
};

/// The longest a function is waited for; its asker gives up before.
const ANSWER: Duration = Duration::from_secs(10);
/// How often one is asked that only looks.
const TWICE: u32 = 2;
/// How often one is asked that may change something.
const ONCE: u32 = 1;
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

    async fn call_hook(
        &self,
        function: &str,
        payload: &Value,
        limit: Duration,
    ) -> Result<Hooked, Error> {
        let (what, sent) = self
            .sent(&self.region, function, payload, (limit, ONCE))
            .await;
        match sent {
            Ok(invoked) => Ok(match invoked.function_error {
                None => Hooked::Answered,
                Some(kind) => hook_failed(&what, &kind, invoked.payload),
            }),
            Err(why)
                if is_throttled(&why) || why.code().is_some_and(|code| NOT_YET.contains(&code)) =>
            {
                Ok(Hooked::NotTaken(error(&what, &why).to_string()))
            }
            Err(why) => Err(error(&what, &why)),
        }
    }

    async fn look_at_hook(&self, function: &str) -> Result<(), Error> {
        let what = format!("Lambda GetFunctionConfiguration in {}", self.region);
        let found = client!(self, aws_sdk_lambda, self.region)
            .get_function_configuration()
            .function_name(function)
            .send()
            .await
            .map_err(|why| error(&what, &why))?;
        match found.state {
            None | Some(State::Active) => Ok(()),
            Some(state) => Err(Error::NotReady(format!(
                "function {function} in {} is {state}, not Active",
                self.region
            ))),
        }
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
        let asked = (ANSWER, TWICE);
        let (what, answer) = self.invoked(region, function, payload, asked).await?;
        if let Some(kind) = answer.function_error {
            return Err(failed(&what, &kind, answer.payload));
        }
        let body = answer.payload.map(Blob::into_inner).unwrap_or_default();
        serde_json::from_slice(&body)
            .map_err(|why| Error::NotReady(format!("{what}: the answer is not understood: {why}")))
    }

    /// Asks a function of a Region, so often at most, and waits so long for an answer. Says which call it was.
    async fn invoked(
        &self,
        region: &Region,
        function: &str,
        payload: &Value,
        (limit, attempts): (Duration, u32),
    ) -> Result<(String, InvokeOutput), Error> {
        let (what, sent) = self
            .sent(region, function, payload, (limit, attempts))
            .await;
        let answer = sent.map_err(|why| error(&what, &why))?;
        Ok((what, answer))
    }

    /// The same, with what the SDK says of a failure.
    async fn sent(
        &self,
        region: &Region,
        function: &str,
        payload: &Value,
        (limit, attempts): (Duration, u32),
    ) -> (
        String,
        Result<InvokeOutput, SdkError<InvokeError, HttpResponse>>,
    ) {
        let what = format!("invoking {function} in {region}");
        // A synchronous answer takes as long as the function: the usual time-out of one attempt would cut it off. Only what
        // was refused at once is asked again.
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(super::CONNECT)
            .operation_timeout(limit)
            .build();
        let config = aws_sdk_lambda::config::Builder::from(&self.config)
            .region(aws_sdk_lambda::config::Region::new(region.0.clone()))
            .timeout_config(timeouts)
            .retry_config(aws_config::retry::RetryConfig::standard().with_max_attempts(attempts))
            .build();
        let answer = aws_sdk_lambda::Client::from_conf(config)
            .invoke()
            .function_name(function)
            .payload(Blob::new(payload.to_string()))
            .send()
            .await;
        (what, answer)
    }
}

/// What Lambda says of a function that it has not started and will have ready soon: one that slept for weeks, or is being changed.
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors>.
const NOT_YET: [&str; 6] = [
    "CodeArtifactUserPendingException",
    "EC2ThrottledException",
    "ENINotReadyException",
    "ResourceConflictException",
    "ResourceNotReadyException",
    "SubnetIPAddressLimitReachedException",
];

/// The most characters that are kept of what a plan's own function says of its failure.
const SAID_MAX: usize = 300;

/// What a plan's own function that has failed says of itself, in short: its trace, and whatever else it wrote, may be long and hold
/// secrets. One that ran out of its own time may have done its work.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html>.
fn hook_failed(what: &str, kind: &str, said: Option<Blob>) -> Hooked {
    let said = said.map(Blob::into_inner).unwrap_or_default();
    let said: Value = serde_json::from_slice(&said).unwrap_or_default();
    let field = |name: &str| {
        let text = said.get(name).and_then(Value::as_str)?;
        Some(cut(text))
    };
    let kind = field("errorType").unwrap_or_else(|| kind.to_owned());
    let message = field("errorMessage").unwrap_or_else(|| "it says no more".into());
    let words = format!("{what}: {kind}: {message}");
    if kind == "Sandbox.Timedout" || message.contains("Task timed out after") {
        return Hooked::OutOfTime(words);
    }
    Hooked::Failed(words)
}

/// One line of a text, as long as is kept.
fn cut(text: &str) -> String {
    let mut line: String = text
        .chars()
        .take(SAID_MAX)
        .map(|one| if one.is_control() { ' ' } else { one })
        .collect();
    if text.chars().nth(SAID_MAX).is_some() {
        line.push_str("...");
    }
    line
}

/// What a function that has failed says of itself.
fn failed(what: &str, kind: &str, said: Option<Blob>) -> Error {
    let said = said.map(Blob::into_inner).unwrap_or_default();
    Error::NotReady(format!(
        "{what}: {kind}: {}",
        String::from_utf8_lossy(&said)
    ))
}
