//! The SDKs at the front door: they must understand the faults' answers as what they stand for.

use aws_sdk_ecs::{
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig, timeout::TimeoutConfig},
    error::ProvideErrorMetadata,
};
use serde_json::Value;

use super::*;

macro_rules! client {
    ($sdk:ident, $address:expr) => {{
        let config = $sdk::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new(
                "AKIAEXAMPLE",
                "example",
                None,
                None,
                "test",
            ))
            .region(Region::new("us-west-2"))
            .endpoint_url(format!("http://{}", $address))
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(SOON).build());
        $sdk::Client::from_conf(config.build())
    }};
}

/// The error codes that the SDKs of four protocols read.
async fn codes(address: SocketAddr) -> [Option<String>; 5] {
    let ecs = client!(aws_sdk_ecs, address)
        .list_clusters()
        .send()
        .await
        .unwrap_err();
    let rds = client!(aws_sdk_rds, address)
        .describe_db_clusters()
        .send()
        .await
        .unwrap_err();
    let route53 = client!(aws_sdk_route53, address)
        .list_hosted_zones()
        .send()
        .await
        .unwrap_err();
    let lambda = client!(aws_sdk_lambda, address)
        .list_functions()
        .send()
        .await
        .unwrap_err();
    let dynamodb = client!(aws_sdk_dynamodb, address)
        .list_tables()
        .send()
        .await
        .unwrap_err();
    let codes = [
        ecs.code(),
        rds.code(),
        route53.code(),
        lambda.code(),
        dynamodb.code(),
    ];
    codes.map(|code| code.map(str::to_owned))
}

#[tokio::test]
async fn throttling_and_server_errors_read_as_each_services_own() {
    let (emulator, mut requests) = upstream(OK, Duration::ZERO).await;
    let (door, address) = door(emulator).await;
    let throttle = door.set(Scope::default(), Fault::Throttle);
    let throttled = "ThrottlingException";
    let expected = [
        throttled,
        throttled,
        "Throttling",
        "TooManyRequestsException",
        throttled,
    ];
    assert_eq!(
        codes(address).await,
        expected.map(|code| Some(code.to_owned()))
    );

    door.set(Scope::default(), Fault::ServerError);
    door.remove(throttle);
    let (json, xml) = ("InternalServerError", "ServiceUnavailable");
    let expected = [json, xml, xml, "ServiceException", json];
    assert_eq!(
        codes(address).await,
        expected.map(|code| Some(code.to_owned()))
    );

    assert!(
        requests.try_recv().is_err(),
        "a failing service got the call"
    );
    let calls = door.calls();
    let seen: Vec<_> = calls
        .iter()
        .map(|call| (call.service.as_str(), call.operation.as_str(), call.status))
        .collect();
    let services = [
        ("ecs", "ListClusters", Some(400)),
        ("rds", "DescribeDBClusters", Some(400)),
        ("route53", "ListHostedZones", Some(400)),
        ("lambda", "ListFunctions", Some(429)),
        ("dynamodb", "ListTables", Some(400)),
    ];
    assert_eq!(seen[..5], services);
    assert_eq!(calls[1].error_code.as_deref(), Some(throttled));
    assert_eq!(
        (calls[6].status, calls[6].error_code.as_deref()),
        (Some(503), Some(xml))
    );
}

#[tokio::test]
async fn the_emulators_own_errors_are_recorded_with_their_codes() {
    let table = [
        (
            "HTTP/1.1 404 Not Found\r\ncontent-length: 63\r\n\r\n<ErrorResponse><Error><Code>Gone</Code></Error></ErrorResponse>",
            "Gone",
        ),
        (
            "HTTP/1.1 400 Bad\r\ncontent-length: 28\r\n\r\n{\"__type\":\"com.aws#Refused\"}",
            "Refused",
        ),
        (
            "HTTP/1.1 400 Bad\r\nx-amzn-ErrorType: Odd:http://x\r\ncontent-length: 2\r\n\r\n{}",
            "Odd",
        ),
        (
            "HTTP/1.1 200 OK\r\nX-Amz-Function-Error: Unhandled\r\ncontent-length: 2\r\n\r\n{}",
            "function error: Unhandled",
        ),
    ];
    for (answer, code) in table {
        let (emulator, _requests) = upstream(answer, Duration::ZERO).await;
        let (door, address) = door(emulator).await;
        let mut stream = send(address, &request("ecs", "us-west-2")).await;
        timeout(SOON, read_message(&mut stream)).await.unwrap();
        assert_eq!(door.calls()[0].error_code.as_deref(), Some(code));
    }
}

#[tokio::test]
async fn an_emulator_that_is_gone_leaves_the_call_unanswered() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let gone = listener.local_addr().unwrap();
    drop(listener);
    let (door, address) = door(gone).await;
    let error = client!(aws_sdk_ecs, address)
        .list_clusters()
        .send()
        .await
        .unwrap_err();
    assert!(
        matches!(error, aws_sdk_ecs::error::SdkError::DispatchFailure(_)),
        "{error:?}"
    );
    assert_eq!(door.calls()[0].error_code.as_deref(), Some("unreachable"));
}

#[tokio::test]
async fn a_held_deployment_reaches_the_sdk_as_in_progress() {
    let answer = concat!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: 100\r\n\r\n",
        r#"{"service":{"deployments":[{"id":"ecs-svc/1","status":"PRIMARY","rolloutState":"COMPLETED"}]},"x":1}"#
    );
    let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(
        body["service"]["deployments"][0]["rolloutState"],
        "COMPLETED"
    );
    let (emulator, _requests) = upstream(answer, Duration::ZERO).await;
    let (door, address) = door(emulator).await;
    let ecs = client!(aws_sdk_ecs, address);
    let restart = || {
        ecs.update_service()
            .cluster("orders")
            .service("api")
            .force_new_deployment(true)
    };
    let rollout = |answer: aws_sdk_ecs::operation::update_service::UpdateServiceOutput| {
        let state = answer
            .service
            .unwrap()
            .deployments
            .unwrap()
            .remove(0)
            .rollout_state;
        state.unwrap().as_str().to_owned()
    };
    assert_eq!(rollout(restart().send().await.unwrap()), "COMPLETED");
    door.hold_deployments(SOON);
    assert_eq!(rollout(restart().send().await.unwrap()), "IN_PROGRESS");
}
