//! The account against a script of AWS's own words: what is asked, and what is made of every answer.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use aws_config::{BehaviorVersion, Region as SdkRegion, SdkConfig, retry::RetryConfig};
use aws_sdk_ssm::config::{Credentials, HttpClient, IntoShared as _, SharedCredentialsProvider};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use cli::account::{Account, Said};
use failover::domain::Region;
use serde_json::{Value, json};

/// What comes of the next request: a status, the name of a function's error, and a body.
type Next = (u16, Option<&'static str>, Value);

/// What was asked: where, and with which body.
type Asked = (String, Value);

#[derive(Debug, Default)]
struct Lines {
    next: VecDeque<Next>,
    asked: Vec<Asked>,
}

/// The script.
#[derive(Debug, Clone, Default)]
struct Script(Arc<Mutex<Lines>>);

impl Script {
    fn of(next: impl IntoIterator<Item = Next>) -> Self {
        let lines = Lines {
            next: next.into_iter().collect(),
            asked: Vec::new(),
        };
        Self(Arc::new(Mutex::new(lines)))
    }

    fn asked(&self) -> Vec<Asked> {
        self.0.lock().unwrap().asked.clone()
    }

    fn account(&self) -> Account {
        let credentials = Credentials::new("AKIAEXAMPLE", "secret", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(SdkRegion::new("us-west-2"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .http_client(self.clone())
            .build();
        Account::new(config, "ledger")
    }
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default();
        let body = serde_json::from_slice(body).unwrap();
        let mut script = self.0.lock().unwrap();
        script.asked.push((request.uri().to_owned(), body));
        let answer = match script.next.pop_front() {
            None => Err(ConnectorError::io("connection reset".into())),
            Some((status, function_error, body)) => {
                let status = StatusCode::try_from(status).unwrap();
                let mut answer = HttpResponse::new(status, SdkBody::from(body.to_string()));
                if let Some(error) = function_error {
                    answer.headers_mut().insert("x-amz-function-error", error);
                }
                Ok(answer)
            }
        };
        HttpConnectorFuture::new(std::future::ready(answer))
    }
}

impl HttpClient for Script {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.clone().into_shared()
    }
}

fn east() -> Region {
    "us-east-1".into()
}

#[tokio::test]
async fn every_parameter_below_our_path_is_read_page_by_page_in_the_region_that_is_meant() {
    let parameter = |name: &str| json!({"Name": name, "Value": "on"});
    let script = Script::of([
        (
            200,
            None,
            json!({"Parameters": [parameter("/aurora-failover/kill")], "NextToken": "2"}),
        ),
        (
            200,
            None,
            json!({"Parameters": [parameter("/aurora-failover/plans/orders")]}),
        ),
    ]);
    let found = script.account().parameters(&east()).await.unwrap();
    let names: Vec<_> = found.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["/aurora-failover/kill", "/aurora-failover/plans/orders"]
    );
    let asked = script.asked();
    assert!(
        asked.iter().all(|(uri, _)| uri.contains("ssm.us-east-1.")),
        "{asked:?}"
    );
    assert_eq!(
        asked[0].1,
        json!({"Path": "/aurora-failover/", "Recursive": true})
    );
    assert_eq!(asked[1].1["NextToken"], "2");
}

#[tokio::test]
async fn runs_are_read_without_their_evidence_and_of_their_plans_the_modes_alone() {
    let text = |text: &str| json!({"S": text});
    let body = json!({"M": {"run_id": text("a"), "kind": text("failback"), "from": text("us-east-1"),
        "to": text("us-west-2"), "opened_at": text("2026-01-31T02:00:00Z"), "timeline": {"L": []}, "closed": {"NULL": true}}});
    let last = json!({"plan": text("orders"), "item": text("run/a")});
    let script = Script::of([
        (
            200,
            None,
            json!({"Items": [{"body": body}], "LastEvaluatedKey": last}),
        ),
        (200, None, json!({"Items": []})),
    ]);
    let runs = script
        .account()
        .runs(&east(), &"orders".into())
        .await
        .unwrap();
    assert_eq!(runs.unread, Vec::<String>::new());
    let runs = runs.runs;
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].run_id.as_str(), &runs[0].closed), ("a", &None));
    let asked = &script.asked()[0].1;
    assert_eq!(asked["TableName"], "ledger");
    assert_eq!(
        asked["KeyConditionExpression"],
        "#plan = :plan AND begins_with(#item, :run)"
    );
    assert_eq!(
        asked["ProjectionExpression"],
        "#body.#f_run_id, #body.#f_kind, #body.#f_epoch, #body.#f_incident, #body.#f_handed_over_by, #body.#f_from, #body.#f_to, \
         #body.#f_opened_at, #body.#f_timeline, #body.#f_closed, #body.#f_false_alarm, #body.#f_confirmed.#f_verdict, \
         #body.#f_plan.#f_unplanned.#f_region_down, #body.#f_plan.#f_unplanned.#f_writer_down"
    );
    assert_eq!(asked["ExpressionAttributeNames"]["#f_verdict"], "verdict");
    // A record of an earlier version is read, too.
    assert!(!runs[0].would_have_failed_over());
}

#[tokio::test]
async fn a_function_is_called_for_a_dry_run_and_its_failure_is_told_by_its_name() {
    let script = Script::of([
        (200, None, json!({"action": "none", "reason": "well"})),
        (
            200,
            Some("Unhandled"),
            json!({"errorType": "Unavailable", "errorMessage": "RDS timed out"}),
        ),
        (
            200,
            Some("Unhandled"),
            json!({"errorMessage": "Task timed out after 30.00 seconds"}),
        ),
    ]);
    let account = script.account();
    let call = async || {
        account
            .dry_run(&east(), "f", &"orders".into())
            .await
            .unwrap()
    };
    assert_eq!(
        call().await,
        Said::Answer(json!({"action": "none", "reason": "well"}))
    );
    let failure = |name: &str, why: &str| Said::Failure {
        name: name.into(),
        why: why.into(),
    };
    assert_eq!(call().await, failure("Unavailable", "RDS timed out"));
    assert_eq!(
        call().await,
        failure("", "Task timed out after 30.00 seconds")
    );
    let (uri, payload) = &script.asked()[0];
    assert!(
        uri.contains("lambda.us-east-1.") && uri.ends_with("/functions/f/invocations"),
        "{uri}"
    );
    assert_eq!(*payload, json!({"plan": "orders", "dry_run": true}));
}

#[tokio::test]
async fn a_function_that_is_not_there_is_told_with_its_region() {
    let missing = json!({"__type": "ResourceNotFoundException", "message": "Function not found"});
    let script = Script::of([(404, None, missing)]);
    let account = script.account();
    let said = account.dry_run(&east(), "f", &"orders".into()).await;
    let why = said.unwrap_err().to_string();
    assert_eq!(
        why,
        "f is not deployed in us-east-1; deploy the stacks there"
    );
}

#[tokio::test]
async fn what_may_not_be_asked_and_what_gives_no_answer_are_two_things() {
    let denied = json!({"__type": "AccessDeniedException",
        "message": "User: arn:aws:iam::123456789012:user/a is not authorized to perform: dynamodb:GetItem"});
    let script = Script::of([(400, None, denied)]);
    let account = script.account();
    let why = account.row(&east(), &"orders".into()).await.unwrap_err();
    assert_eq!(why.name(), "Denied");
    assert!(why.to_string().contains("dynamodb:GetItem"), "{why}");
    let why = account.row(&east(), &"orders".into()).await.unwrap_err();
    assert_eq!(why.name(), "Unavailable");
}

#[tokio::test]
async fn a_function_that_acts_is_called_once_and_one_that_only_answers_may_be_asked_again() {
    let script = Script::of([]);
    let account = script.account();
    let payload = json!({"plan": "orders", "force": "orders@1"});
    let why = account.call(&east(), "f", &payload).await.unwrap_err();
    assert_eq!(why.name(), "Unavailable");
    let asked = script.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].1, payload);
}

#[tokio::test]
async fn switches_and_plans_are_written_over_and_a_plan_may_be_large() {
    let written = || (200, None, json!({"Version": 2}));
    let script = Script::of([written(), written(), written()]);
    let account = script.account();
    let plan = "orders".into();
    account
        .put_switch(&east(), Some(&plan), "storm")
        .await
        .unwrap();
    account.put_switch(&east(), None, "off").await.unwrap();
    account
        .put_plan(&east(), "/aurora-failover/plans/orders", "{}")
        .await
        .unwrap();
    let said: Vec<_> = script.asked().into_iter().map(|(_, body)| body).collect();
    let switch = |name: &str, value: &str| json!({"Name": name, "Value": value, "Type": "String", "Tier": "Standard", "Overwrite": true});
    assert_eq!(
        said[0],
        switch("/aurora-failover/maintenance/orders", "storm")
    );
    assert_eq!(said[1], switch("/aurora-failover/kill", "off"));
    assert_eq!(said[2]["Name"], "/aurora-failover/plans/orders");
    assert_eq!(said[2]["Tier"], "Intelligent-Tiering");
}

#[tokio::test]
async fn an_execution_is_described_and_its_question_answered_by_the_token_of_its_history() {
    let described = json!({"executionArn": "a", "stateMachineArn": "m", "startDate": 0, "status": "FAILED",
        "error": "RunRefused", "cause": "the kill switch is on"});
    let parameters =
        json!({"FunctionName": "f", "Payload": {"operation": "ask", "token": "t1"}}).to_string();
    let scheduled = json!({"timestamp": 0, "type": "TaskScheduled", "id": 9, "taskScheduledEventDetails":
        {"resourceType": "lambda", "resource": "invoke.waitForTaskToken", "region": "us-east-1", "parameters": parameters}});
    let entered = json!({"timestamp": 0, "type": "TaskStarted", "id": 10});
    let stale = json!({"__type": "TaskTimedOut", "message": "Task Timed Out"});
    let script = Script::of([
        (200, None, described),
        (200, None, json!({"events": [entered, scheduled]})),
        (200, None, json!({})),
        (200, None, json!({})),
        (400, None, stale),
    ]);
    let account = script.account();
    let found = account.execution(&east(), "a").await.unwrap();
    assert!(!found.is_running);
    assert_eq!(found.error.as_deref(), Some("RunRefused"));
    assert_eq!(
        account.token(&east(), "a").await.unwrap().as_deref(),
        Some("t1")
    );
    account.answer_question(&east(), "t1", None).await.unwrap();
    account
        .answer_question(&east(), "t1", Some("no"))
        .await
        .unwrap();
    let why = account
        .answer_question(&east(), "t0", None)
        .await
        .unwrap_err();
    assert_eq!(why.name(), "NotReady");
    let asked = script.asked();
    assert_eq!(asked[1].1["reverseOrder"], true);
    assert_eq!(
        asked[2].1,
        json!({"taskToken": "t1", "output": "{\"approved\": true}"})
    );
    assert_eq!(
        asked[3].1,
        json!({"taskToken": "t1", "error": "Refused", "cause": "no"})
    );
}
