//! What the probe needs: secrets, tokens and events.

use failover::{
    beat::{Vantage, Write},
    domain::{Epoch, Incident},
    plan::{Auth, Plan},
    ports::{Functions, Secrets, Suspicion},
};
use serde_json::{Value, json};

use crate::{
    dynamodb::plan,
    replay::{Next, scripted},
};

fn secret(text: &str) -> Next {
    Next::ok(json!({"Name": "orders/probe", "SecretString": text}))
}

#[tokio::test]
async fn the_probe_logs_in_with_the_secret_of_its_own_region() {
    let (aws, replay) = scripted([secret(
        "{\"username\": \"other\", \"password\": \"hunter2\"}",
    )]);
    let login = aws
        .probe_login(&plan(), &"us-west-2".into(), "w.example", 5432)
        .await
        .unwrap();
    assert_eq!(
        (login.user.as_str(), login.password.as_str()),
        ("failover_probe", "hunter2"),
        "the plan names the role"
    );
    let asked = replay.asked_once();
    assert!(asked.uri.contains("secretsmanager.us-east-1.amazonaws.com"));
    assert_eq!(asked.json(), json!({"SecretId": "orders/probe"}));
}

#[tokio::test]
async fn the_other_versions_of_the_probes_secret_are_asked_for_by_their_stages() {
    let none = Next::json_error(400, "ResourceNotFoundException", "no such version");
    let (aws, replay) = scripted([none, secret("{\"password\": \"hunter1\"}")]);
    let found = aws.other_probe_logins(&plan()).await;
    let found: Vec<_> = found.iter().map(|login| login.password.as_str()).collect();
    assert_eq!(found, ["hunter1"]);
    let stages: Vec<_> = replay
        .asked()
        .iter()
        .map(|asked| asked.json()["VersionStage"].clone())
        .collect();
    assert_eq!(stages, [json!("AWSPENDING"), json!("AWSPREVIOUS")]);
}

#[tokio::test]
async fn the_administrator_logs_in_with_what_its_secret_says() {
    let (aws, replay) = scripted([secret(
        "{\"username\": \"orders_admin\", \"password\": \"hunter2\"}",
    )]);
    let login = aws.admin_login(&plan()).await.unwrap();
    assert_eq!(
        (login.user.as_str(), login.password.as_str()),
        ("orders_admin", "hunter2")
    );
    assert_eq!(
        replay.asked_once().json(),
        json!({"SecretId": "orders/admin"})
    );
}

#[tokio::test]
async fn a_malformed_secret_is_named_and_never_quoted() {
    for text in [
        "hunter2",
        "{\"password\": \"hunter2\"",
        "{\"password\": {\"hunter2\": 1}}",
        "[\"hunter2\"]",
        "",
    ] {
        let (aws, _) = scripted([secret(text)]);
        let why = aws
            .probe_login(&plan(), &"us-west-2".into(), "w.example", 5432)
            .await
            .unwrap_err();
        assert_eq!(why.name(), "InvalidRequest");
        let said = format!("{why} {why:?}");
        assert!(
            said.contains("orders/probe") && !said.contains("hunter2"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn an_administrators_secret_without_a_user_name_is_refused_without_being_quoted() {
    let (aws, _) = scripted([secret("{\"password\": \"hunter2\"}")]);
    let why = aws.admin_login(&plan()).await.unwrap_err();
    assert_eq!(why.name(), "InvalidRequest");
    assert!(!why.to_string().contains("hunter2"), "{why}");
}

#[tokio::test]
async fn a_token_is_signed_here_for_the_members_region_and_name() {
    let mut plan: Plan = plan();
    plan.database.probe.as_mut().unwrap().auth = Auth::Iam;
    let (aws, replay) = scripted([]);
    let login = aws
        .probe_login(&plan, &"us-west-2".into(), "w.example", 5433)
        .await
        .unwrap();
    for part in [
        "w.example:5433/?",
        "Action=connect",
        "DBUser=failover_probe",
        "X-Amz-Expires=900",
        "us-west-2%2Frds-db%2Faws4_request",
    ] {
        assert!(login.password.contains(part), "{part} is not in the token");
    }
    assert!(
        replay.asked().is_empty(),
        "a token is signed without a call"
    );
}

fn suspicion() -> Suspicion {
    let at = "2026-11-20T00:00:00Z".parse().unwrap();
    Suspicion {
        plan: "orders".into(),
        topology: failover::plan::TopologyKind::AuroraGlobal,
        incident: Incident {
            plan: "orders".into(),
            epoch: Epoch(7),
        },
        observer_region: "us-east-1".into(),
        writer_region: "us-west-2".into(),
        evidence: Vantage {
            region: "us-east-1".into(),
            writer_region: "us-west-2".into(),
            at,
            write: Write::Failed {
                why: "timed out".into(),
            },
            last_beat: None,
            failing_since: Some(at),
            failures: 3,
            reading: None,
            moved_at: None,
            signs: Default::default(),
            version: None,
        },
        last_beat: None,
    }
}

#[tokio::test]
async fn a_suspicion_is_one_event_that_the_rule_matches() {
    let (aws, replay) = scripted([Next::ok(
        json!({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}),
    )]);
    aws.suspect(&suspicion()).await.unwrap();
    let asked = replay.asked_once().json();
    assert_eq!(asked["Entries"].as_array().unwrap().len(), 1);
    let entry = &asked["Entries"][0];
    assert_eq!(
        (&entry["Source"], &entry["DetailType"]),
        (&json!("aurora-failover"), &json!("Primary Suspect"))
    );
    let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail["incident"], "orders/7");
    assert_eq!(detail.get("topology"), None, "who says nothing means it");
    assert_eq!(detail["observer_region"], "us-east-1");
    assert_eq!(detail["evidence"]["write"]["outcome"], "failed");
}

#[tokio::test]
async fn an_event_that_was_not_taken_is_an_error_although_the_call_succeeds() {
    let refused = json!({"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "m"}]});
    let (aws, _) = scripted([Next::ok(refused)]);
    let why = aws.suspect(&suspicion()).await.unwrap_err();
    assert_eq!(why.name(), "Unavailable");
    assert!(why.to_string().contains("ThrottlingException"), "{why}");
}
