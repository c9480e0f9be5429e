//! Plans and endpoints in SSM's parameters.

use failover::{
    domain::Epoch,
    ports::{Parameter, Parameters},
};
use serde_json::{Value, json};

use crate::replay::{Next, scripted};

#[tokio::test]
async fn every_page_of_plans_is_read() {
    let page = |name: &str, value: &str| {
        let name = format!("/aurora-failover/plans/{name}");
        json!({"Parameters": [{"Name": name, "Value": value}]})
    };
    let mut first = page("a", "one");
    first["NextToken"] = "more".into();
    let (aws, replay) = scripted([Next::ok(first), Next::ok(page("b", "two"))]);
    assert_eq!(
        Parameters::plans(&aws).await,
        Ok(vec![("a".into(), "one".into()), ("b".into(), "two".into())])
    );
    let asked = replay.asked();
    assert_eq!(asked[0].json(), json!({"Path": "/aurora-failover/plans/"}));
    assert_eq!(asked[1].json()["NextToken"], "more");
}

#[tokio::test]
async fn a_page_that_fails_is_no_short_list() {
    let first = json!({"Parameters": [{"Value": "one"}], "NextToken": "more"});
    let (aws, _) = scripted([
        Next::ok(first),
        Next::json_error(500, "InternalServerError", ""),
    ]);
    assert_eq!(
        Parameters::plans(&aws).await.unwrap_err().name(),
        "Unavailable"
    );
}

#[tokio::test]
async fn a_plan_is_read_by_its_name() {
    let (aws, replay) = scripted([Next::ok(json!({"Parameter": {"Value": "{}"}}))]);
    assert_eq!(
        Parameters::plan(&aws, &"orders".into()).await.as_deref(),
        Ok("{}")
    );
    let asked = replay.asked_once();
    assert_eq!(asked.target, "AmazonSSM.GetParameter");
    assert_eq!(
        asked.json(),
        json!({"Name": "/aurora-failover/plans/orders"})
    );
}

#[tokio::test]
async fn a_plan_that_is_not_there_is_named_with_its_parameter() {
    let (aws, _) = scripted([Next::json_error(400, "ParameterNotFound", "")]);
    let why = Parameters::plan(&aws, &"orders".into()).await.unwrap_err();
    assert_eq!(why.name(), "InvalidRequest");
    for part in ["us-east-1", "/aurora-failover/plans/orders"] {
        assert!(why.to_string().contains(part), "{why}");
    }
}

const WRITER: &str = "/orders/writer";

fn version(number: u64, value: &str, description: &str) -> Value {
    json!({"Name": WRITER, "Type": "String", "Value": value, "Version": number, "Description": description})
}

#[tokio::test]
async fn an_endpoint_is_read_from_its_newest_version_with_the_epoch_in_its_description() {
    let words = "aurora-failover: as it is in epoch";
    let old = version(9, "west.example", &format!("{words} 7"));
    let new = version(10, "east.example", &format!("{words} 8"));
    let first = json!({"Parameters": [new], "NextToken": "more"});
    let second = json!({"Parameters": [old]});
    let (aws, replay) = scripted([Next::ok(first), Next::ok(second)]);
    let found = aws.parameter(&"us-west-2".into(), WRITER).await;
    let expected = Parameter {
        value: "east.example".into(),
        epoch: Some(Epoch(8)),
    };
    assert_eq!(found, Ok(Some(expected)));
    let asked = replay.asked();
    assert_eq!(asked[0].target, "AmazonSSM.GetParameterHistory");
    assert!(asked[0].uri.contains("ssm.us-west-2.amazonaws.com"));
    assert_eq!(asked[1].json()["NextToken"], "more");
}

#[tokio::test]
async fn an_endpoint_that_somebody_else_described_has_no_epoch_and_one_that_is_not_there_is_none() {
    let page = json!({"Parameters": [version(1, "west.example", "the orders database")]});
    let missing = Next::json_error(400, "ParameterNotFound", "");
    let (aws, _) = scripted([Next::ok(page), missing]);
    let held = aws.parameter(&"us-east-1".into(), WRITER).await;
    assert_eq!(held.map(|held| held.map(|held| held.epoch)), Ok(Some(None)));
    let none = aws.parameter(&"us-east-1".into(), WRITER).await;
    assert_eq!(none, Ok(None));
}

#[tokio::test]
async fn an_endpoint_and_its_epoch_are_written_in_one_call_that_is_made_once() {
    let (aws, replay) = scripted([
        Next::ok(json!({"Version": 2, "Tier": "Standard"})),
        Next::json_error(500, "InternalServerError", ""),
    ]);
    let parameter = Parameter {
        value: "east.example".into(),
        epoch: Some(Epoch(8)),
    };
    let put = async || {
        aws.put_parameter(&"us-east-1".into(), WRITER, &parameter)
            .await
    };
    assert_eq!(put().await, Ok(()));
    assert_eq!(put().await.unwrap_err().name(), "Unavailable");
    let asked = replay.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].target, "AmazonSSM.PutParameter");
    let expected = json!({"Name": WRITER, "Value": "east.example", "Type": "String", "Overwrite": true,
        "Description": "aurora-failover: as it is in epoch 8"});
    assert_eq!(asked[0].json(), expected);
}
