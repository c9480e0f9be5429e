//! ECS's services, and the images that ECR holds.

use failover::ports::{Deployment, Image, ImageVersion, Service, Services};
use serde_json::{Value, json};

use crate::replay::{Next, scripted};

fn deployments() -> Value {
    json!([
        {"id": "ecs-svc/1", "status": "ACTIVE", "rolloutState": "COMPLETED", "rolloutStateReason": "done"},
        {"id": "ecs-svc/2", "status": "PRIMARY", "rolloutState": "IN_PROGRESS", "rolloutStateReason": "under way"}
    ])
}

#[tokio::test]
async fn a_service_is_read_with_its_deployments() {
    let service = json!({"serviceName": "api", "status": "ACTIVE", "desiredCount": 2, "runningCount": 1,
        "deployments": deployments()});
    let (aws, replay) = scripted([Next::ok(json!({"services": [service]}))]);
    let found = aws.service(&"us-west-2".into(), "orders", "api").await;
    let deployment = |id: &str, status: &str, rollout: &str, reason: &str| Deployment {
        id: id.into(),
        status: status.into(),
        rollout: rollout.into(),
        rollout_reason: reason.into(),
    };
    let expected = Service {
        desired_count: 2,
        running_count: 1,
        is_daemon: false,
        deployments: vec![
            deployment("ecs-svc/1", "ACTIVE", "COMPLETED", "done"),
            deployment("ecs-svc/2", "PRIMARY", "IN_PROGRESS", "under way"),
        ],
    };
    assert_eq!(found, Ok(expected));
    let asked = replay.asked_once();
    assert!(asked.uri.contains("ecs.us-west-2.amazonaws.com"));
    assert_eq!(
        asked.json(),
        json!({"cluster": "orders", "services": ["api"]})
    );
}

#[tokio::test]
async fn a_service_that_is_missing_or_inactive_is_not_ready() {
    let missing = json!({"services": [], "failures": [{"arn": "api", "reason": "MISSING"}]});
    let inactive = json!({"services": [{"serviceName": "api", "status": "INACTIVE"}]});
    for answer in [missing, inactive] {
        let (aws, _) = scripted([Next::ok(answer)]);
        let why = aws
            .service(&"us-east-1".into(), "orders", "api")
            .await
            .unwrap_err();
        assert_eq!(why.name(), "NotReady");
        assert!(why.to_string().contains("no active service api"), "{why}");
    }
}

#[tokio::test]
async fn a_forced_deployment_is_known_by_the_id_of_the_primary_one() {
    for count in [None, Some(2)] {
        let (aws, replay) =
            scripted([Next::ok(json!({"service": {"deployments": deployments()}}))]);
        let id = aws
            .force_deployment(&"us-east-1".into(), "orders", "api", count)
            .await;
        assert_eq!(id.as_deref(), Ok("ecs-svc/2"));
        let asked = replay.asked_once();
        assert!(asked.target.ends_with(".UpdateService"), "{}", asked.target);
        let mut wanted = json!({"cluster": "orders", "service": "api", "forceNewDeployment": true});
        if let Some(count) = count {
            wanted["desiredCount"] = count.into();
        }
        assert_eq!(asked.json(), wanted, "a count is only sent to scale up");
    }
}

#[tokio::test]
async fn a_service_is_scaled_by_its_count_alone_and_the_call_is_made_once() {
    let (aws, replay) = scripted([Next::ok(json!({"service": {}}))]);
    let region = "us-east-1".into();
    assert_eq!(aws.scale_service(&region, "orders", "api", 0).await, Ok(()));
    let wanted = json!({"cluster": "orders", "service": "api", "desiredCount": 0});
    assert_eq!(replay.asked_once().json(), wanted);
}

#[tokio::test]
async fn an_answer_without_a_primary_deployment_is_no_success() {
    let (aws, _) = scripted([Next::ok(json!({"service": {"deployments": []}}))]);
    let id = aws
        .force_deployment(&"us-east-1".into(), "orders", "api", None)
        .await;
    assert_eq!(id.unwrap_err().name(), "NotReady");
}

#[tokio::test]
async fn the_images_of_a_service_are_those_of_its_task_definition() {
    let definition = "arn:aws:ecs:us-east-1:123456789012:task-definition/orders:7";
    let service = json!({"serviceName": "api", "status": "ACTIVE", "taskDefinition": definition});
    let containers =
        json!([{"name": "api", "image": "orders:1"}, {"name": "log", "image": "fluent-bit"}]);
    let (aws, replay) = scripted([
        Next::ok(json!({"services": [service]})),
        Next::ok(json!({"taskDefinition": {"containerDefinitions": containers}})),
    ]);
    let images = aws.images(&"us-east-1".into(), "orders", "api").await;
    assert_eq!(images, Ok(vec!["orders:1".into(), "fluent-bit".into()]));
    assert_eq!(
        replay.asked()[1].json(),
        json!({"taskDefinition": definition})
    );
}

/// An image of another account's registry, by its tag.
fn image() -> Image {
    Image {
        registry: "123456789012".into(),
        region: "us-west-2".into(),
        repository: "shop/orders".into(),
        version: ImageVersion::Tag("1.2".into()),
    }
}

#[tokio::test]
async fn an_image_is_asked_for_in_its_own_registry_by_its_tag_or_its_digest() {
    let digest = ImageVersion::Digest("sha256:0a".into());
    for (version, id) in [
        (image().version, json!({"imageTag": "1.2"})),
        (digest, json!({"imageDigest": "sha256:0a"})),
    ] {
        let (aws, replay) = scripted([Next::ok(
            json!({"imageDetails": [{"imageDigest": "sha256:0a"}]}),
        )]);
        let wanted = Image { version, ..image() };
        assert_eq!(aws.holds(&wanted).await, Ok(true));
        let asked = replay.asked_once();
        assert!(
            asked.uri.contains("ecr.us-west-2.amazonaws.com"),
            "{}",
            asked.uri
        );
        assert_eq!(
            asked.json(),
            json!({"registryId": "123456789012", "repositoryName": "shop/orders", "imageIds": [id]})
        );
    }
}

#[tokio::test]
async fn an_image_or_a_repository_that_is_not_there_is_none_and_a_refusal_is_an_error() {
    for code in ["ImageNotFoundException", "RepositoryNotFoundException"] {
        let (aws, _) = scripted([Next::json_error(400, code, "there is none")]);
        assert_eq!(aws.holds(&image()).await, Ok(false), "{code}");
    }
    let (aws, _) = scripted([Next::ok(json!({"imageDetails": []}))]);
    assert_eq!(aws.holds(&image()).await, Ok(false));
    let (aws, _) = scripted([Next::json_error(
        400,
        "AccessDeniedException",
        "it is theirs",
    )]);
    assert_eq!(aws.holds(&image()).await.unwrap_err().name(), "Denied");
}
