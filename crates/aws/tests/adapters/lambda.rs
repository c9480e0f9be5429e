//! The other functions: this Region's probe and the witness.

use std::time::Duration;

use failover::{
    Error,
    plan::TopologyKind,
    ports::{Functions, Hooked, Ledger, ReachInput, ReachOutput, within},
};
use serde_json::json;

use crate::replay::{Next, PATIENCE, scripted, scripted_with_retries};

fn input() -> ReachInput {
    ReachInput {
        kind: Default::default(),
        plan: "orders".into(),
        region: "us-west-2".into(),
        cluster: "orders-west".into(),
    }
}

#[tokio::test]
async fn the_witness_is_asked_in_its_region() {
    let answer = json!({"reaches": false, "reason": "timed out"});
    let (aws, replay) = scripted([Next::ok(answer)]);
    let reached = aws.ask_witness(&"us-east-2".into(), &input()).await;
    let expected = ReachOutput {
        reaches: false,
        others_only: false,
        reason: "timed out".into(),
    };
    assert_eq!(reached, Ok(expected));
    let asked = replay.asked_once();
    assert_eq!(
        asked.uri,
        "https://lambda.us-east-2.amazonaws.com/2015-03-31/functions/aurora-failover-confirm-outage/invocations"
    );
    let payload = json!({"operation": "reach", "plan": "orders", "region": "us-west-2", "cluster": "orders-west"});
    assert_eq!(asked.json(), payload);
}

#[tokio::test]
async fn the_witness_is_told_that_a_member_is_an_instance() {
    let (aws, replay) = scripted([Next::ok(json!({"reaches": true, "reason": "it answers"}))]);
    let input = ReachInput {
        kind: TopologyKind::RdsReplica,
        ..input()
    };
    let reached = aws.ask_witness(&"us-east-2".into(), &input).await;
    assert!(reached.unwrap().reaches);
    assert_eq!(replay.asked_once().json()["kind"], "rds_replica");
}

#[tokio::test]
async fn what_the_next_global_cluster_would_be_refused_is_a_reason_of_readiness() {
    let refusal = json!({"error": "NotReady", "reasons": ["orders-15 is of version 15"]});
    let outlook = "the next global cluster is orders-global-2, which this function may not create";
    let (aws, _) = scripted([
        Next::ok(json!({"refusal": refusal, "observed": {"outlook": outlook, "lag": null}})),
        Next::ok(json!({"observed": {"lag": null}})),
        Next::ok(json!({"refusal": refusal})),
    ]);
    let asked = async || {
        aws.ask_rebuild("rebuild-global", &json!({"plan": "orders"}))
            .await
            .unwrap()
    };
    assert_eq!(asked().await, ["orders-15 is of version 15", outlook]);
    assert_eq!(asked().await, Vec::<String>::new());
    assert_eq!(asked().await, ["orders-15 is of version 15"]);
}

#[tokio::test]
async fn the_probe_is_asked_here() {
    let vantage = json!({"region": "us-east-1", "writer_region": "us-west-2", "at": "2026-11-20T00:00:00Z",
        "write": {"outcome": "read_only"}, "last_beat": null, "failing_since": null, "failures": 3, "reading": null,
        "moved_at": null});
    let (aws, replay) = scripted([Next::ok(json!({"vantage": vantage, "readable": true}))]);
    let confirmation = aws.ask_probe(&"orders".into(), false).await.unwrap();
    assert!(confirmation.readable && confirmation.vantage.failures == 3);
    let asked = replay.asked_once();
    assert!(
        asked
            .uri
            .starts_with("https://lambda.us-east-1.amazonaws.com/")
    );
    assert!(asked.uri.contains("/aurora-failover-health-probe/"));
    assert_eq!(
        asked.json(),
        json!({"operation": "confirm", "plan": "orders"})
    );
}

#[tokio::test]
async fn a_dry_run_asks_the_probe_for_a_look_that_changes_nothing() {
    let (aws, replay) = scripted([Next::ok(json!({}))]);
    let nothing = aws.ask_probe(&"orders".into(), true).await;
    assert!(nothing.is_err());
    assert_eq!(
        replay.asked_once().json(),
        json!({"operation": "confirm", "plan": "orders", "dry_run": true})
    );
}

#[tokio::test]
async fn a_function_that_failed_is_not_ready_and_says_why() {
    let failed =
        Next::ok(json!({"errorType": "Unavailable", "errorMessage": "the ledger is silent"}));
    let (aws, _) = scripted([failed.with_header("x-amz-function-error", "Unhandled")]);
    let why = aws.ask_probe(&"orders".into(), false).await.unwrap_err();
    assert_eq!(why.name(), "NotReady");
    assert!(why.to_string().contains("the ledger is silent"), "{why}");
}

#[tokio::test]
async fn an_answer_that_is_not_understood_is_not_ready() {
    for body in ["", "null", "{\"reaches\": \"perhaps\"}"] {
        let (aws, _) = scripted([Next::ok(body)]);
        let why = aws.ask_witness(&"us-east-2".into(), &input()).await;
        assert_eq!(why.unwrap_err().name(), "NotReady", "{body:?}");
    }
}

#[tokio::test]
async fn a_function_may_take_longer_than_other_calls() {
    let answer = Next::ok(json!({"reaches": true, "reason": "its RDS answers"}));
    let (aws, _) = scripted([answer.only_after(PATIENCE * 2)]);
    assert!(
        aws.ask_witness(&"us-east-2".into(), &input())
            .await
            .unwrap()
            .reaches
    );
}

#[tokio::test]
async fn the_asker_gives_up_on_a_silent_function() {
    let (aws, replay) = scripted([Next::Silence]);
    let limit = Duration::from_millis(50);
    let answer = within(&aws, limit, aws.ask_probe(&"orders".into(), false)).await;
    assert_eq!(
        answer,
        Err(Error::Unavailable("no answer within 50ms".into()))
    );
    replay.asked_once();
}

#[tokio::test]
async fn a_call_that_is_refused_at_once_is_made_once_more() {
    let busy = || Next::json_error(503, "ServiceException", "busy");
    let (aws, replay) = scripted([busy(), busy()]);
    let why = aws.ask_probe(&"orders".into(), false).await.unwrap_err();
    assert_eq!(why.name(), "Unavailable");
    assert_eq!(replay.asked().len(), 2);
}

const HOOK: &str = "orders-failover-hook";

#[tokio::test]
async fn a_plans_own_function_is_called_here_with_its_payload_and_whatever_it_answers_is_well() {
    let payload = json!({"plan": "orders", "phase": "before_names"});
    for answer in ["null", "\"done\"", "{}", ""] {
        let (aws, replay) = scripted([Next::ok(answer)]);
        let called = aws.call_hook(HOOK, &payload, Duration::from_secs(3)).await;
        assert_eq!(called, Ok(Hooked::Answered), "{answer}");
        let asked = replay.asked_once();
        assert_eq!(
            asked.uri,
            "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/orders-failover-hook/invocations"
        );
        assert_eq!(asked.json(), payload);
    }
}

/// It may have done its work: whoever calls it again does so knowingly.
#[tokio::test]
async fn a_plans_own_function_is_called_once_and_its_failures_are_told_apart() {
    let failed = Next::ok(json!({"errorType": "Exception", "errorMessage": "no cache"}));
    let waking = "CodeArtifactUserPendingException";
    for (next, name, says) in [
        (
            failed.with_header("x-amz-function-error", "Unhandled"),
            "Failed",
            "no cache",
        ),
        (
            Next::json_error(404, "ResourceNotFoundException", "Function not found"),
            "NotReady",
            "Function not found",
        ),
        (
            Next::json_error(429, "TooManyRequestsException", "Rate exceeded"),
            "NotTaken",
            "Rate exceeded",
        ),
        (
            Next::json_error(409, waking, "is Pending"),
            "NotTaken",
            "is Pending",
        ),
        (
            Next::json_error(502, "ENINotReadyException", "is being made"),
            "NotTaken",
            "is being made",
        ),
        (
            Next::json_error(403, "AccessDeniedException", "not authorized"),
            "Denied",
            "not authorized",
        ),
        (
            Next::json_error(500, "ServiceException", "trouble"),
            "Unavailable",
            "trouble",
        ),
        (Next::Broken, "Unavailable", "got no answer"),
        (Next::Silence, "Unavailable", "timed out"),
    ] {
        let (aws, replay) = scripted([next]);
        let limit = Duration::from_millis(100);
        let (found, why) = match aws.call_hook(HOOK, &json!({}), limit).await {
            Ok(Hooked::Answered) => panic!("{says}"),
            Ok(Hooked::Failed(why)) => ("Failed", why),
            Ok(Hooked::OutOfTime(why)) => ("OutOfTime", why),
            Ok(Hooked::NotTaken(why)) => ("NotTaken", why),
            Err(why) => (why.name(), why.to_string()),
        };
        assert_eq!(found, name, "{why}");
        assert!(why.contains(says) && why.contains(HOOK), "{why}");
        replay.asked_once();
    }
}

/// Its trace stays away: it may be long, and hold what nobody is to read.
#[tokio::test]
async fn what_a_plans_own_function_says_of_its_failure_is_kept_in_short() {
    let said = async |body: serde_json::Value| {
        let failed = Next::ok(body).with_header("x-amz-function-error", "Unhandled");
        let (aws, _) = scripted([failed]);
        let limit = Duration::from_secs(1);
        match aws.call_hook(HOOK, &json!({}), limit).await {
            Ok(Hooked::Failed(why)) => why,
            otherwise => panic!("{otherwise:?}"),
        }
    };
    let long = format!("no cache\n{}", "x".repeat(400_000));
    let trace = ["password=hunter2"];
    let body = json!({"errorType": "Exception", "errorMessage": long, "stackTrace": trace});
    let why = said(body).await;
    assert!(
        why.contains("Exception: no cache xxx") && why.ends_with("xxx..."),
        "{why}"
    );
    assert!(why.len() < 500 && !why.contains("hunter2"), "{why}");
    for body in [json!("nothing of the form"), json!({"stackTrace": trace})] {
        let why = said(body).await;
        assert!(why.ends_with("Unhandled: it says no more"), "{why}");
    }
}

#[tokio::test]
async fn a_plans_own_function_that_ran_out_of_its_own_time_may_be_called_again() {
    let late = "2026-11-20T00:00:00Z 1f Task timed out after 3.00 seconds";
    for body in [
        json!({"errorType": "Sandbox.Timedout", "errorMessage": "Error: Task timed out"}),
        json!({"errorMessage": late}),
    ] {
        let failed = Next::ok(body).with_header("x-amz-function-error", "Unhandled");
        let (aws, _) = scripted([failed]);
        let limit = Duration::from_secs(1);
        let called = aws.call_hook(HOOK, &json!({}), limit).await;
        assert!(matches!(called, Ok(Hooked::OutOfTime(_))), "{called:?}");
    }
}

#[tokio::test]
async fn a_plans_own_function_can_be_called_where_it_is_there_and_active() {
    let configured = |state: &str| Next::ok(json!({"FunctionName": HOOK, "State": state}));
    let (aws, replay) = scripted([
        configured("Active"),
        configured("Inactive"),
        configured("Failed"),
        Next::json_error(404, "ResourceNotFoundException", "Function not found"),
    ]);
    assert_eq!(aws.look_at_hook(HOOK).await, Ok(()));
    for says in ["is Inactive, not Active", "is Failed", "Function not found"] {
        let why = aws.look_at_hook(HOOK).await.unwrap_err();
        assert_eq!(why.name(), "NotReady");
        assert!(why.to_string().contains(says), "{why}");
    }
    let asked = &replay.asked()[0].uri;
    assert!(
        asked.ends_with("/functions/orders-failover-hook/configuration"),
        "{asked}"
    );
}

#[tokio::test]
async fn a_function_is_kept_awake_in_its_region_and_its_refusal_is_told() {
    let asleep = || Next::json_error(503, "CodeArtifactUserPendingException", "it wakes up");
    let (aws, replay) = scripted([Next::ok(json!({"warm": true})), asleep(), asleep()]);
    let (here, function) = ("us-east-1".into(), "aurora-failover-dns-flip");
    aws.warm(&here, function).await.unwrap();
    let why = aws.warm(&here, function).await.unwrap_err();
    assert!(why.to_string().contains("it wakes up"), "{why}");
    let asked = replay.asked();
    assert_eq!(asked[0].json(), json!({"operation": "warm"}));
    assert_eq!(
        asked[0].uri,
        "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/aurora-failover-dns-flip/invocations"
    );
}

#[tokio::test]
async fn a_ledger_that_is_throttled_or_in_trouble_is_there_and_is_asked_once() {
    let (region, plan) = ("us-west-2".into(), "orders".into());
    for busy in [
        Next::json_error(400, "ThrottlingException", "slow down"),
        Next::json_error(500, "InternalServerError", "try again"),
    ] {
        let (aws, replay) = scripted_with_retries([busy]);
        let answer = aws.ask_ledger(&region, &plan).await;
        assert_eq!(answer, Ok("the ledger answers".into()));
        assert!(replay.asked_once().uri.contains("dynamodb.us-west-2"));
    }
    for silent in [Next::Broken, Next::Silence] {
        let (aws, _) = scripted_with_retries([silent]);
        let why = aws.ask_ledger(&region, &plan).await.unwrap_err();
        assert_eq!(why.name(), "Unavailable");
    }
}

#[tokio::test]
async fn any_response_of_a_data_plane_is_an_answer_and_silence_is_none() {
    let region = "us-west-2".into();
    let refused = || Next::xml_error(403, "AccessDenied", "no");
    let (aws, replay) = scripted([refused(), refused()]);
    let answer = aws.ask_data_planes(&region).await.unwrap();
    assert!(answer.ends_with("answers"), "{answer}");
    assert!(
        replay
            .asked()
            .iter()
            .all(|asked| asked.uri.contains("us-west-2"))
    );
    let (aws, _) = scripted([Next::Broken, refused(), refused(), refused()]);
    assert!(aws.ask_data_planes(&region).await.is_ok());
    let (aws, _) = scripted(std::iter::repeat_n(Next::Broken, 20));
    let why = aws.ask_data_planes(&region).await.unwrap_err();
    assert_eq!(why.name(), "Unavailable");
}
