//! The ledger in DynamoDB.

use failover::{
    domain::{Epoch, Region},
    ledger::{Endpoints, KeptPlan, PlanState},
    plan::Plan,
    ports::Ledger,
    topology::{Blueprint, Shape},
};
use serde_json::json;

use crate::{
    replay::{Next, scripted},
    round_trips::as_stored,
};

pub(crate) fn east() -> Region {
    "us-east-1".into()
}

pub(crate) fn plan() -> Plan {
    let document = json!({
        "plan": "orders", "revision": 3,
        "topology": {"kind": "aurora_global", "global_cluster": "orders-global-1", "strategy": "auto",
            "members": {"us-west-2": {"cluster": "orders-west"}, "us-east-1": {"cluster": "orders-east"}}},
        "home_region": "us-west-2",
        "witness_region": "us-east-2",
        "database": {"engine": "postgres", "name": "orders", "admin_secret": "orders/admin",
            "probe": {"user": "failover_probe", "auth": {"kind": "secret", "secret": "orders/probe"}}},
        "detection": {"interval_seconds": 5, "failures": 3, "timeout_seconds": 3},
        "unplanned": {"region_down": "automatic", "writer_down": "approval", "max_lost_seconds": 30},
        "routes": [{"kind": "cname", "hosted_zone": "Z0EXAMPLE", "name": "writer.orders.internal",
            "endpoint": "writer", "ttl_seconds": 5, "accept_route53_risk": true}],
        "services": [{"kind": "ecs", "region": "us-east-1", "cluster": "orders",
            "services": ["api", {"service": "worker", "takeover_count": 2}]}],
        "notify": {"us-east-1": "arn:aws:sns:us-east-1:123456789012:orders-alerts",
            "us-west-2": "arn:aws:sns:us-west-2:123456789012:orders-alerts"}
    });
    failover::plan::read(&document.to_string()).unwrap()
}

#[tokio::test]
async fn a_row_that_was_never_written_is_new() {
    let (aws, replay) = scripted([Next::ok("{}")]);
    assert_eq!(
        aws.row(&"us-west-2".into(), &"orders".into()).await,
        Ok(PlanState::new("orders".into()))
    );
    let asked = replay.asked_once();
    assert!(
        asked.uri.contains("dynamodb.us-west-2.amazonaws.com"),
        "{}",
        asked.uri
    );
    assert_eq!(asked.target, "DynamoDB_20120810.GetItem");
    assert_eq!(
        asked.json(),
        json!({"TableName": "ledger", "Key": {"plan": {"S": "orders"}, "item": {"S": "state"}}, "ConsistentRead": true})
    );
}

#[tokio::test]
async fn other_items_that_were_never_written_are_none() {
    let (aws, replay) = scripted([Next::ok("{}"), Next::ok("{}"), Next::ok("{}")]);
    assert_eq!(aws.vantage(&east(), &"orders".into()).await, Ok(None));
    assert_eq!(
        aws.run(&east(), &"orders".into(), &"a".into()).await,
        Ok(None)
    );
    assert_eq!(aws.known(&east(), &"orders".into()).await, Ok(None));
    let keys: Vec<_> = replay
        .asked()
        .iter()
        .map(|asked| asked.json()["Key"].clone())
        .collect();
    let key = |plan, item| json!({"plan": {"S": plan}, "item": {"S": item}});
    assert_eq!(
        keys,
        [
            key("orders", "vantage"),
            key("orders", "run/a"),
            key("_known", "orders")
        ]
    );
}

#[tokio::test]
async fn what_a_member_was_is_kept_and_found_in_its_own_regions_ledger() {
    let empty = || Next::ok("{}");
    let (aws, replay) = scripted([empty(), empty(), empty(), empty()]);
    let (plan, west) = ("orders".into(), "us-west-2".into());
    let at = "2026-11-21T23:59:00Z".parse().unwrap();
    let was = Blueprint::of(Shape::default(), None, Epoch(8), at);
    aws.put_blueprint(&plan, &west, &was).await.unwrap();
    assert_eq!(aws.blueprint(&plan, &west).await, Ok(None));
    assert_eq!(aws.blueprint(&plan, &east()).await, Ok(None));
    let asked = replay.asked();
    let regions = ["us-west-2", "us-west-2", "us-east-1", "us-east-1"];
    assert_eq!(asked.len(), regions.len());
    // The third is where an earlier version kept it: in the Region that it ran in.
    for (asked, region) in asked.iter().zip(regions) {
        assert!(asked.uri.contains(region), "{} is not {region}", asked.uri);
    }
}

#[tokio::test]
async fn a_row_replaces_only_the_version_it_was_read_at() {
    let (aws, replay) = scripted([Next::ok("{}")]);
    let row = PlanState {
        version: 3,
        ..PlanState::new("orders".into())
    };
    assert_eq!(aws.replace_row(&east(), &row).await, Ok(true));
    let asked = replay.asked_once();
    assert_eq!(asked.target, "DynamoDB_20120810.PutItem");
    let asked = asked.json();
    assert_eq!(
        asked["ConditionExpression"],
        "attribute_not_exists(#item) OR #body.#version = :version"
    );
    assert_eq!(
        asked["ExpressionAttributeNames"],
        json!({"#item": "item", "#body": "body", "#version": "version"})
    );
    assert_eq!(
        asked["ExpressionAttributeValues"],
        json!({":version": {"N": "3"}})
    );
    assert_eq!(asked["Item"]["item"], json!({"S": "state"}));
    assert_eq!(asked["Item"]["body"]["M"]["version"], json!({"N": "4"}));
}

#[tokio::test]
async fn a_runs_record_is_written_over_no_call_that_its_pass_has_not_read_and_a_call_is_noted_once()
{
    let code = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
    let refused = || Next::json_error(400, code, "The conditional request failed");
    let trouble = Next::json_error(500, "InternalServerError", "try again");
    let (aws, replay) = scripted([Next::ok("{}"), refused(), Next::ok("{}"), trouble]);
    let run = crate::round_trips::run(json!({"calls": 4}));
    aws.put_run(&east(), &run).await.unwrap();
    let overtaken = aws.put_run(&east(), &run).await;
    assert_eq!(overtaken, Err(run.overtaken()));
    aws.note_call(&east(), &run).await.unwrap();
    let silent = aws.note_call(&east(), &run).await.unwrap_err();
    assert_eq!(silent.name(), "Unavailable");
    let asked = replay.asked();
    assert_eq!(asked.len(), 4, "a note is not made twice");
    let conditions: Vec<_> = asked
        .iter()
        .map(|asked| asked.json()["ConditionExpression"].clone())
        .collect();
    let keeps = "attribute_not_exists(#body.#calls) OR #body.#calls <= :calls";
    let notes = "attribute_not_exists(#body.#calls) OR #body.#calls < :calls";
    assert_eq!(conditions, [keeps, keeps, notes, notes]);
    let asked = asked[0].json();
    assert_eq!(
        asked["ExpressionAttributeValues"],
        json!({":calls": {"N": "4"}})
    );
    assert_eq!(asked["Item"]["body"]["M"]["calls"], json!({"N": "4"}));
}

#[tokio::test]
async fn a_write_that_came_second_is_told_and_is_no_error() {
    let code = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
    let (aws, replay) = scripted([Next::json_error(
        400,
        code,
        "The conditional request failed",
    )]);
    assert_eq!(
        aws.replace_row(&east(), &PlanState::new("orders".into()))
            .await,
        Ok(false)
    );
    replay.asked_once();
}

#[tokio::test]
async fn a_write_that_failed_otherwise_is_an_error() {
    let (aws, _) = scripted([
        Next::json_error(400, "ThrottlingException", "slow"),
        Next::json_error(400, "ResourceNotFoundException", "no table"),
    ]);
    let row = PlanState::new("orders".into());
    let names = [
        aws.replace_row(&east(), &row).await.unwrap_err().name(),
        aws.replace_row(&east(), &row).await.unwrap_err().name(),
    ];
    assert_eq!(names, ["Unavailable", "NotReady"]);
}

#[tokio::test]
async fn an_item_that_is_not_the_ledgers_own_is_not_guessed_at() {
    let broken = json!({"plan": {"S": "orders"}, "item": {"S": "state"}});
    let foreign = json!({"plan": {"S": "orders"}, "item": {"S": "state"}, "body": {"M": {"colour": {"S": "red"}}}});
    for item in [broken, foreign] {
        let (aws, _) = scripted([Next::ok(json!({"Item": item}))]);
        let why = aws.row(&east(), &"orders".into()).await.unwrap_err();
        assert_eq!(why.name(), "UnexpectedTopology", "{why}");
    }
}

#[tokio::test]
async fn known_plans_are_read_page_by_page() {
    let (aws, replay) = scripted([Next::ok("{}"), Next::ok("{}")]);
    let known = |port| KeptPlan {
        plan: plan(),
        endpoints: [(
            east(),
            Endpoints {
                writer: "w".into(),
                reader: "r".into(),
                port,
            },
        )]
        .into(),
    };
    aws.put_known(&known(5432)).await.unwrap();
    aws.put_known(&known(5433)).await.unwrap();
    let items: Vec<_> = replay
        .asked()
        .iter()
        .map(|asked| as_stored(asked.json()["Item"].clone()))
        .collect();
    let next = json!({"plan": {"S": "_known"}, "item": {"S": "orders"}});
    replay.then(Next::ok(
        json!({"Items": [items[0]], "LastEvaluatedKey": next}),
    ));
    replay.then(Next::ok(json!({"Items": [items[1]]})));
    assert_eq!(
        aws.all_known(&east()).await,
        Ok(vec![known(5432), known(5433)])
    );
    let asked = replay.asked();
    assert_eq!(
        asked[2].json()["ExpressionAttributeValues"],
        json!({":known": {"S": "_known"}})
    );
    assert_eq!(asked[3].json()["ExclusiveStartKey"], next);
}

#[tokio::test]
async fn a_plan_that_was_ended_is_read_no_more_until_its_parameter_is_read_again() {
    let (aws, replay) = scripted([Next::ok("{}"), Next::ok("{}")]);
    let known = KeptPlan {
        plan: plan(),
        endpoints: Default::default(),
    };
    aws.end_known(&east(), &known).await.unwrap();
    aws.put_known(&known).await.unwrap();
    let asked = replay.asked();
    let items: Vec<_> = asked
        .iter()
        .map(|asked| as_stored(asked.json()["Item"].clone()))
        .collect();
    let key = |item: &serde_json::Value| (item["plan"].clone(), item["item"].clone());
    assert_eq!(key(&items[0]), key(&items[1]), "one replaces the other");
    for (item, read) in [(&items[0], vec![]), (&items[1], vec![known])] {
        replay.then(Next::ok(json!({"Items": [item]})));
        assert_eq!(aws.all_known(&east()).await, Ok(read));
    }
}
