//! Plans in SSM's parameters.

use failover::steps::{health_probe::Probe, recovery_ledger::Plans};
use serde_json::json;

use crate::replay::{Next, scripted};

#[tokio::test]
async fn every_page_of_plans_is_read() {
    let page =
        |value: &str| json!({"Parameters": [{"Name": "/aurora-failover/plans/a", "Value": value}]});
    let mut first = page("one");
    first["NextToken"] = "more".into();
    let (aws, replay) = scripted([Next::ok(first), Next::ok(page("two"))]);
    assert_eq!(
        Probe::plans(&aws).await,
        Ok(vec!["one".into(), "two".into()])
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
    assert_eq!(Probe::plans(&aws).await.unwrap_err().name(), "Unavailable");
}

#[tokio::test]
async fn a_plan_is_read_by_its_name() {
    let (aws, replay) = scripted([Next::ok(json!({"Parameter": {"Value": "{}"}}))]);
    assert_eq!(
        Plans::plan(&aws, &"orders".into()).await.as_deref(),
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
    let why = Probe::plan(&aws, &"orders".into()).await.unwrap_err();
    assert_eq!(why.name(), "InvalidRequest");
    for part in ["us-east-1", "/aurora-failover/plans/orders"] {
        assert!(why.to_string().contains(part), "{why}");
    }
}
