//! What a failed call means, whichever service it was made to.

use failover::{
    Error,
    ports::{Batch, Heard, Ledger, Names, Parameters, Secrets, Services},
};

use crate::{
    dynamodb::plan,
    replay::{Next, scripted, scripted_with_retries},
};

/// What one call to each service makes of the same answer.
async fn of_every_service(json: Next, xml: Next) -> Vec<(&'static str, Error)> {
    let script = [xml, json.clone(), json.clone(), json.clone(), json];
    let (aws, replay) = scripted(script);
    let east = "us-east-1".into();
    let found = vec![
        (
            "Route 53",
            aws.is_in_sync("C1")
                .await
                .and_then(Heard::said)
                .unwrap_err(),
        ),
        (
            "ledger",
            aws.row(&east, &"orders".into()).await.unwrap_err(),
        ),
        (
            "SSM",
            Parameters::plan(&aws, &"orders".into()).await.unwrap_err(),
        ),
        (
            "SecretsManager",
            aws.admin_login(&plan()).await.unwrap_err(),
        ),
        (
            "ECS",
            aws.service(&east, "orders", "api").await.unwrap_err(),
        ),
    ];
    assert_eq!(replay.asked().len(), found.len());
    found
}

#[tokio::test]
async fn a_code_means_the_same_from_every_service() {
    for (status, code, name) in [
        (400, "ThrottlingException", "Unavailable"),
        (400, "Throttling", "Unavailable"),
        (400, "RequestLimitExceeded", "Unavailable"),
        (400, "ProvisionedThroughputExceededException", "Unavailable"),
        (500, "InternalFailure", "Unavailable"),
        (503, "ServiceUnavailable", "Unavailable"),
        (502, "NeverHeardOf", "Unavailable"),
        (400, "AccessDeniedException", "Denied"),
        (403, "AccessDenied", "Denied"),
        (403, "ExpiredToken", "Denied"),
        (400, "UnrecognizedClientException", "Denied"),
        (403, "SignatureDoesNotMatch", "Denied"),
        (400, "ValidationException", "InvalidRequest"),
        (400, "InvalidParameterValue", "InvalidRequest"),
        (400, "SomethingNotFoundException", "NotReady"),
    ] {
        let json = Next::json_error(status, code, "said so");
        let xml = Next::xml_error(status, code, "said so");
        for (service, why) in of_every_service(json, xml).await {
            assert_eq!(why.name(), name, "{service} {code}: {why}");
            for part in [service, code, "said so"] {
                assert!(why.to_string().contains(part), "{service} {code}: {why}");
            }
        }
    }
}

#[tokio::test]
async fn a_server_error_without_a_word_of_its_service_is_unavailable() {
    let page = Next::says(503, "<html>busy</html>");
    for (service, why) in of_every_service(page.clone(), page).await {
        assert_eq!(why.name(), "Unavailable", "{service}: {why}");
    }
}

#[tokio::test]
async fn silence_and_a_broken_connection_are_unavailable() {
    for next in [Next::Silence, Next::Broken] {
        for (service, why) in of_every_service(next.clone(), next.clone()).await {
            assert_eq!(why.name(), "Unavailable", "{service} {next:?}: {why}");
            assert!(why.to_string().contains(service), "{service}: {why}");
        }
    }
}

#[tokio::test]
async fn a_call_that_reads_is_made_again_and_one_that_changes_something_is_not() {
    let busy = Next::json_error(500, "InternalServerError", "busy");
    let (aws, replay) = scripted_with_retries([busy.clone(), busy.clone(), Next::ok("{}")]);
    let east = "us-east-1".into();
    aws.row(&east, &"orders".into()).await.unwrap();
    assert_eq!(replay.asked().len(), 3);

    let (aws, replay) = scripted_with_retries([busy]);
    let deployed = aws.force_deployment(&east, "orders", "api", None).await;
    assert_eq!(deployed.unwrap_err().name(), "Unavailable");
    replay.asked_once();

    let (aws, replay) = scripted_with_retries([Next::xml_error(500, "InternalFailure", "busy")]);
    let changed = aws.change("Z0EXAMPLE", &Batch::default(), "why").await;
    assert_eq!(changed.unwrap_err().name(), "Unavailable");
    replay.asked_once();
}
