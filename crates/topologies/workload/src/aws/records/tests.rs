//! What is asked of DynamoDB and SSM, against answers as they give them.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use ::aws::Settings;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::config::{self, Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
    shared::IntoShared,
};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use super::*;
use crate::{
    phase::Phase,
    testing::{HOME, document, plan, run},
};

/// A script that is played back, and what was asked: the operation, and its input.
#[derive(Debug, Clone, Default)]
struct Replay {
    next: Arc<Mutex<VecDeque<(u16, Value)>>>,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl HttpConnector for Replay {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let input = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let asked = (target.to_owned(), input);
        self.asked.lock().unwrap().push(asked);
        let next = self.next.lock().unwrap().pop_front();
        HttpConnectorFuture::ready(match next {
            None => Err(ConnectorError::user("the script has ended".into())),
            Some((status, body)) => {
                let status = StatusCode::try_from(status).unwrap();
                Ok(HttpResponse::new(status, SdkBody::from(body.to_string())))
            }
        })
    }
}

impl HttpClient for Replay {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.clone().into_shared()
    }
}

impl Replay {
    /// The one call that was made.
    fn asked_once(&self) -> (String, Value) {
        let asked = self.asked.lock().unwrap();
        assert_eq!(asked.len(), 1, "{asked:?}");
        asked[0].clone()
    }
}

fn scripted<const N: usize>(script: [(u16, Value); N]) -> (Aws, Replay) {
    let replay = Replay::default();
    replay.next.lock().unwrap().extend(script);
    let credentials = Credentials::new("AKIAEXAMPLE", "example", None, None, "test");
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(config::Region::new(HOME))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(replay.clone());
    config.set_time_source(Some(Default::default()));
    let settings = Settings {
        loss_bucket: None,
        machine: None,
        reach: None,
        ledger_table: "ledger".into(),
        resolver: None,
        version: None,
        ca_bundle: PathBuf::new(),
    };
    (Aws::new(config.build(), settings), replay)
}

fn home() -> Region {
    HOME.into()
}

fn row() -> Row {
    let mut row = Row::new("a".into(), "billing", run().opened_at);
    row.version = 3;
    row.enter(Phase::Sync);
    let kept = json!({"home_shape": {"gib": 20, "tags": {}}, "round": 2, "snapshot": null});
    row.kept = kept.as_object().unwrap().clone();
    row.called(run().opened_at, "copy_snapshot");
    row.moved(1, u64::from(u32::MAX) + 1);
    row
}

#[tokio::test]
async fn a_row_replaces_only_the_version_it_was_read_at_and_is_asked_for_once() {
    let (aws, replay) = scripted([(200, json!({}))]);
    assert_eq!(
        aws.put_row(&home(), &"orders".into(), &row()).await,
        Ok(true)
    );
    let (target, asked) = replay.asked_once();
    assert_eq!(target, "DynamoDB_20120810.PutItem");
    assert_eq!(asked["TableName"], "ledger");
    assert_eq!(asked["Item"]["plan"], json!({"S": "orders"}));
    assert_eq!(asked["Item"]["item"], json!({"S": "resource/a/billing"}));
    assert_eq!(asked["Item"]["body"]["M"]["version"], json!({"N": "4"}));
    assert_eq!(
        asked["ConditionExpression"],
        "attribute_not_exists(#item) OR #body.#version = :version"
    );
    assert_eq!(
        asked["ExpressionAttributeValues"],
        json!({":version": {"N": "3"}})
    );

    let (aws, replay) = scripted([(500, json!({"__type": "InternalServerError"}))]);
    let why = aws.put_row(&home(), &"orders".into(), &row()).await;
    assert!(matches!(why, Err(Error::Unavailable(_))), "{why:?}");
    replay.asked_once();
}

#[tokio::test]
async fn a_write_that_comes_second_is_told_from_one_that_fails() {
    let second = json!({"__type": "ConditionalCheckFailedException", "message": "no"});
    let (aws, _) = scripted([(400, second)]);
    assert_eq!(aws.put_workload_run(&home(), &run()).await, Ok(false));
    let (aws, _) = scripted([(
        400,
        json!({"__type": "AccessDeniedException", "message": "no"}),
    )]);
    let why = aws.put_workload_run(&home(), &run()).await;
    assert!(matches!(why, Err(Error::Denied(_))), "{why:?}");
}

#[tokio::test]
async fn rows_and_runs_read_back_as_they_were_written() {
    let (aws, replay) = scripted([(200, json!({}))]);
    aws.put_row(&home(), &"orders".into(), &row())
        .await
        .unwrap();
    let (_, written) = replay.asked_once();
    let (aws, replay) = scripted([(200, json!({"Items": [written["Item"]]}))]);
    let read = aws.rows(&home(), &"orders".into(), &"a".into()).await;
    let next = Row {
        version: 4,
        ..row()
    };
    assert_eq!(read, Ok(vec![next]));
    let (target, asked) = replay.asked_once();
    assert_eq!(target, "DynamoDB_20120810.Query");
    assert_eq!(asked["ConsistentRead"], true);
    assert_eq!(
        asked["ExpressionAttributeValues"],
        json!({":plan": {"S": "orders"}, ":begin": {"S": "resource/a/"}})
    );

    let mut run = run();
    run.enter(Phase::Sync, run.opened_at);
    run.note(run.opened_at, "open", "opened", "people asked for it");
    let (aws, replay) = scripted([(200, json!({}))]);
    aws.put_workload_run(&home(), &run).await.unwrap();
    let (_, written) = replay.asked_once();
    let (aws, _) = scripted([(200, json!({"Item": written["Item"]}))]);
    let read = aws.workload_run(&home(), run.name(), &run.run_id).await;
    run.version = 1;
    assert_eq!(read, Ok(Some(run)));
}

#[tokio::test]
async fn the_run_of_a_kind_that_opened_last_is_found_by_the_parts_that_tell() {
    let brief = |run_id: &str, kind: &str, at: &str| json!({"body": {"M": {"run_id": {"S": run_id}, "kind": {"S": kind}, "opened_at": {"S": at}}}});
    let found = json!({"Items": [
        brief("a", "restore_home", "2026-11-21T10:00:00Z"),
        brief("b", "restore_home", "2026-11-20T10:00:00Z"),
        brief("c", "revert", "2026-11-22T10:00:00Z"),
    ]});
    let (aws, replay) = scripted([(200, found), (200, json!({}))]);
    let last = aws
        .last_run(&home(), &"orders".into(), Kind::RestoreHome)
        .await;
    assert_eq!(last, Ok(None), "the script keeps no record");
    let asked = replay.asked.lock().unwrap();
    assert_eq!(
        asked[0].1["ProjectionExpression"],
        "#body.#run_id, #body.#kind, #body.#opened_at"
    );
    assert_eq!(asked[1].1["Key"]["item"], json!({"S": "workload-run/a"}));
}

#[tokio::test]
async fn a_plan_lies_in_its_regions_parameter() {
    let held = json!({"Parameter": {"Value": document().to_string()}});
    let (aws, replay) = scripted([(200, held)]);
    assert_eq!(
        aws.workload_plan(&home(), &"orders".into()).await,
        Ok(plan())
    );
    let (target, asked) = replay.asked_once();
    assert_eq!(target, "AmazonSSM.GetParameter");
    assert_eq!(asked, json!({"Name": "/aurora-failover/workloads/orders"}));

    let (aws, _) = scripted([(400, json!({"__type": "ParameterNotFound"}))]);
    let why = aws
        .workload_plan(&home(), &"orders".into())
        .await
        .unwrap_err();
    assert!(matches!(why, Error::InvalidRequest(_)), "{why}");
    assert!(
        why.to_string()
            .contains("workload orders is unknown in us-east-1"),
        "{why}"
    );
}
