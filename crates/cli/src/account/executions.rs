//! Executions of the state machines: how one stands, and the answer to its question.

use ::aws::error;
use aws_config::retry::RetryConfig;
use aws_sdk_sfn::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    types::{HistoryEvent, HistoryEventType},
};
use failover::{Error, domain::Region};
use serde_json::Value;

use super::Account;

/// How many events are looked through for a question, the newest first.
const EVENTS: i32 = 40;

/// How an execution stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Whether it is under way.
    pub is_running: bool,
    /// Its status, as AWS calls it.
    pub status: String,
    /// The error that it ended with.
    pub error: Option<String>,
    /// What that error says.
    pub cause: Option<String>,
}

impl Account {
    /// How an execution stands.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn execution(&self, region: &Region, arn: &str) -> Result<Execution, Error> {
        let what = format!("Step Functions DescribeExecution {arn}");
        let found = aws_sdk_sfn::Client::new(&self.of(region))
            .describe_execution()
            .execution_arn(arn)
            .send()
            .await
            .map_err(|why| error(&what, &why))?;
        let status = found.status().as_str().to_owned();
        Ok(Execution {
            is_running: status == "RUNNING",
            status,
            error: found.error,
            cause: found.cause,
        })
    }

    /// The token of the question that an execution waits with, where its history shows it.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn token(&self, region: &Region, arn: &str) -> Result<Option<String>, Error> {
        let what = format!("Step Functions GetExecutionHistory {arn}");
        let history = aws_sdk_sfn::Client::new(&self.of(region))
            .get_execution_history()
            .execution_arn(arn)
            .reverse_order(true)
            .include_execution_data(true)
            .max_results(EVENTS)
            .send()
            .await
            .map_err(|why| error(&what, &why))?;
        Ok(history.events().iter().find_map(token_in))
    }

    /// Answers the question of an execution with yes, or with no and why.
    ///
    /// # Errors
    /// `NotReady` where the token is of no question that is open, `Denied`, `Unavailable`.
    pub async fn answer_question(
        &self,
        region: &Region,
        token: &str,
        no: Option<&str>,
    ) -> Result<(), Error> {
        // Once: the repetition of an answer that was taken would say that the token is of no question.
        let once = self.of(region).to_builder();
        let once = once.retry_config(RetryConfig::disabled()).build();
        let client = aws_sdk_sfn::Client::new(&once);
        match no {
            None => {
                let sent = client.send_task_success().task_token(token);
                let sent = sent.output(r#"{"approved": true}"#).send().await;
                sent.map(drop).map_err(|why| not_taken(region, &why))
            }
            Some(cause) => {
                let sent = client.send_task_failure().task_token(token);
                let sent = sent.error("Refused").cause(cause).send().await;
                sent.map(drop).map_err(|why| not_taken(region, &why))
            }
        }
    }
}

/// Why an answer was not taken, or may not have been.
fn not_taken<E>(region: &Region, why: &SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    match why.code() {
        Some("InvalidToken" | "TaskDoesNotExist" | "TaskTimedOut") => Error::NotReady(format!(
            "the token is of no question that is open in {region}; copy it from the newest message"
        )),
        _ => error(&format!("answering the question in {region}"), why),
    }
}

/// The token in the parameters of a task that was handed to a function; `None` of any other event.
fn token_in(event: &HistoryEvent) -> Option<String> {
    if event.r#type != HistoryEventType::TaskScheduled {
        return None;
    }
    let parameters = event.task_scheduled_event_details()?.parameters();
    let parameters: Value = serde_json::from_str(parameters).ok()?;
    let payload = parameters.get("Payload").unwrap_or(&parameters);
    Some(payload.get("token")?.as_str()?.to_owned())
}
