//! The emulator for real: deploys the repository's templates with small functions that tell what they see.

use std::{collections::HashMap, fs, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use aws_sdk_lambda::{
    config::{Credentials, SharedCredentialsProvider},
    primitives::Blob,
};
use aws_sdk_rds::error::ProvideErrorMetadata;
use serde_json::{Value, json};

use super::{Deployment, Emulator, EmulatorConfig, answers, processes};
use crate::functions::{self, Function};

/// Answers with its environment; `{"hang": true}` never ends.
const FUNCTION: &str = r#"
import json, os, time, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as call:
        request = call.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.load(call)
    while event.get("hang"):
        time.sleep(1)
    answer = json.dumps({"process": os.getpid(), "environment": dict(os.environ)}).encode()
    urllib.request.urlopen(urllib.request.Request(api + request + "/response", answer)).close()
"#;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Packs the small function under every function's name.
fn binaries(folder: &std::path::Path) -> PathBuf {
    let binaries = folder.join("binaries");
    fs::create_dir_all(&binaries).unwrap();
    for Function { name, .. } in functions::all(&root()).unwrap() {
        let path = binaries.join(name);
        fs::write(
            &path,
            format!("#!{}/.tools/venv/bin/python{FUNCTION}", root().display()),
        )
        .unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    binaries
}

fn deployment(folder: &std::path::Path) -> Deployment {
    let parameters = [
        (
            "MemberClusterArns",
            "arn:aws:rds:us-west-2:123456789012:cluster:orders-west",
        ),
        (
            "MemberInstanceArns",
            "arn:aws:rds:us-west-2:123456789012:db:orders-west-*",
        ),
        (
            "GlobalClusterArns",
            "arn:aws:rds::123456789012:global-cluster:orders-global-*",
        ),
        (
            "SecretArns",
            "arn:aws:secretsmanager:{region}:123456789012:secret:orders/*",
        ),
        ("SubnetIds", "subnet-0123456789abcdef0"),
        ("SecurityGroupIds", "sg-0123456789abcdef0"),
    ];
    let members = ["us-east-1".to_owned(), "us-west-2".to_owned()];
    let parameters = parameters
        .map(|(name, value)| (name.into(), value.into()))
        .into();
    Deployment {
        binaries: binaries(folder),
        packages: folder.join("packages"),
        answers: answers(&members, Some("us-east-2"), &parameters),
        members: members.into(),
    }
}

async fn invoke(
    emulator: &Emulator,
    region: &str,
    function: &str,
    event: Value,
) -> Result<Value, String> {
    let answer = aws_sdk_lambda::Client::new(&emulator.sdk_config(region))
        .invoke()
        .function_name(function)
        .payload(Blob::new(event.to_string()))
        .send()
        .await
        .map_err(|error| format!("{}", aws_sdk_lambda::error::DisplayErrorContext(&error)))?;
    let payload: Value = serde_json::from_slice(answer.payload.unwrap().as_ref()).unwrap();
    match answer.function_error {
        Some(_) => Err(payload.to_string()),
        None => Ok(payload),
    }
}

/// The page is off where nobody asks for it.
async fn all_functions_but_the_page_are_there(emulator: &Emulator) {
    let all = functions::all(&root()).unwrap().len();
    let deployed = emulator.functions("us-west-2").await.unwrap();
    assert!(!deployed.contains(&"aurora-failover-approval-page".to_owned()));
    assert_eq!(deployed.len(), all - 1);
    assert_eq!(
        emulator.functions("us-east-2").await.unwrap(),
        ["aurora-failover-confirm-outage"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_is_deployed_lost_and_returned_and_nothing_stays_behind() {
    let folder = tempfile::tempdir_in(root().join("target")).unwrap();
    let config = EmulatorConfig {
        root: root(),
        folder: folder.path().join("emulator"),
    };
    let emulator = Emulator::start(&config).await.unwrap();
    emulator.deploy(&deployment(folder.path())).await.unwrap();
    all_functions_but_the_page_are_there(&emulator).await;

    let flip = "aurora-failover-dns-flip";
    let variables = HashMap::from([(
        "AWS_ENDPOINT_URL_RDS".to_owned(),
        "http://127.0.0.1:1".to_owned(),
    )]);
    emulator
        .set_environment("us-west-2", flip, variables)
        .await
        .unwrap();
    let seen = invoke(&emulator, "us-west-2", flip, json!({}))
        .await
        .unwrap();
    assert_eq!(
        seen["environment"]["LEDGER_TABLE"],
        "aurora-failover-ledger"
    );
    assert_eq!(
        seen["environment"]["AWS_ENDPOINT_URL_RDS"],
        "http://127.0.0.1:1"
    );
    assert_eq!(seen["environment"]["AWS_REGION"], "us-west-2");
    let elsewhere = invoke(&emulator, "us-east-1", flip, json!({}))
        .await
        .unwrap();

    rds_is_judged_by_the_callers_role(&emulator).await;

    let group = emulator.group().unwrap();
    let hanging = invoke(&emulator, "us-west-2", flip, json!({"hang": true}));
    let losing = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        emulator.kill_region("us-west-2").await.unwrap();
    };
    let (cut, ()) = tokio::join!(hanging, losing);
    assert!(cut.unwrap_err().contains("Runtime.ExitError"));
    assert_eq!(
        processes::functions_of(group, "us-west-2"),
        Vec::<i32>::new()
    );
    assert!(
        invoke(&emulator, "us-west-2", flip, json!({}))
            .await
            .unwrap_err()
            .contains("TooManyRequests")
    );
    let same = invoke(&emulator, "us-east-1", flip, json!({}))
        .await
        .unwrap();
    assert_eq!(
        same["process"], elsewhere["process"],
        "the other Region's functions live on"
    );

    emulator.return_region("us-west-2").await.unwrap();
    invoke(&emulator, "us-west-2", flip, json!({}))
        .await
        .unwrap();

    emulator.stop().await.unwrap();
    assert_eq!(processes::of_group(group), Vec::<i32>::new());
    assert!(!config.folder.join("tmp").exists());
}

/// Asks as a function does, which has its role's credentials.
async fn rds_is_judged_by_the_callers_role(emulator: &Emulator) {
    let promote = "aurora-failover-detach-and-promote";
    let seen = invoke(emulator, "us-west-2", promote, json!({})).await;
    let seen = seen.unwrap();
    let variable = |name: &str| seen["environment"][name].as_str().unwrap().to_owned();
    let config = emulator.sdk_config("us-west-2").into_builder();
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID"),
        variable("AWS_SECRET_ACCESS_KEY"),
        Some(variable("AWS_SESSION_TOKEN")),
        None,
        "function",
    );
    let credentials = SharedCredentialsProvider::new(credentials);
    let rds = aws_sdk_rds::Client::new(&config.credentials_provider(credentials).build());
    let refused = async |cluster: &str| {
        let look = rds.describe_db_clusters().db_cluster_identifier(cluster);
        let why = look.send().await.err();
        why.and_then(|why| why.code().map(str::to_owned))
    };
    assert_eq!(refused("orders-west").await, None, "its own member");
    assert_eq!(refused("payroll").await.as_deref(), Some("AccessDenied"));
    let deletes = rds.delete_db_cluster().db_cluster_identifier("orders-west");
    let why = deletes.send().await.unwrap_err();
    assert_eq!(why.code(), Some("AccessDenied"), "of no role but one");

    let rights = fs::read_to_string(emulator.config.folder.join("rights.log")).unwrap();
    let cluster = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west";
    for right in [
        "Clusters rds:DescribeDBClusters".to_owned(),
        format!("- rds:DeleteDBCluster {cluster}"),
    ] {
        let right = format!("{promote}-us-west-2 {right}");
        assert!(rights.lines().any(|line| line == right), "{right}");
    }
}

/// The answers with the page as said.
fn with_page(answers: &str, page: &str) -> String {
    let mut answers: Value = serde_json::from_str(answers).unwrap();
    answers["everywhere"]["ApprovalPage"] = page.into();
    answers.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_switched_on_and_off_and_on_again_by_an_answer() {
    let folder = tempfile::tempdir_in(root().join("target")).unwrap();
    let config = EmulatorConfig {
        root: root(),
        folder: folder.path().join("emulator"),
    };
    let emulator = Emulator::start(&config).await.unwrap();
    emulator.deploy(&deployment(folder.path())).await.unwrap();
    let ssm = aws_sdk_ssm::Client::new(&emulator.sdk_config("us-west-2"));
    let url = async || {
        let asked = ssm
            .get_parameter()
            .name("/aurora-failover/approval-page/url");
        let parameter = asked.send().await.unwrap().parameter.unwrap();
        parameter.value.unwrap()
    };
    assert_eq!(url().await, "off", "where nobody asks for it");
    let page = "aurora-failover-approval-page".to_owned();
    let mut before = String::new();
    for (word, is_on) in [("ENABLED", true), ("DISABLED", false), ("ENABLED", true)] {
        let change = |answers: String| with_page(&answers, word);
        emulator.deploy_again(change, &[]).await.unwrap();
        let there = emulator.functions("us-west-2").await.unwrap();
        assert_eq!(there.contains(&page), is_on, "{word}");
        let now = url().await;
        if !is_on {
            assert_eq!(now, "off");
            continue;
        }
        assert!(now.starts_with("https://") && now != before, "{now}");
        let opened = emulator
            .browse(&format!("{now}us-west-2/x"), None)
            .await
            .unwrap();
        assert!(opened.status == 200 && opened.text.contains("AWS_LAMBDA_RUNTIME_API"));
        before = now;
    }
    emulator.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_of_a_plans_own_notes_its_calls_and_fails_where_it_is_told_to() {
    let folder = tempfile::tempdir_in(root().join("target")).unwrap();
    let config = EmulatorConfig {
        root: root(),
        folder: folder.path().join("emulator"),
    };
    let emulator = Emulator::start(&config).await.unwrap();
    let (name, regions) = ("orders-doors-failover-hook", ["us-west-2", "us-east-1"]);
    let hook = emulator.make_hook(name, &regions).await.unwrap();
    assert!(hook.calls().unwrap().is_empty());
    let event = json!({"phase": "before_names", "plan": "orders"});
    let said = invoke(&emulator, "us-east-1", name, event.clone()).await;
    assert_eq!(said.unwrap(), json!({"done": true}));
    hook.fails(Some(("before_names", "the doors do not close")))
        .unwrap();
    let why = invoke(&emulator, "us-west-2", name, event.clone()).await;
    let why = why.unwrap_err();
    for part in ["HookFailed", "the doors do not close"] {
        assert!(why.contains(part), "{why}");
    }
    let other = json!({"phase": "after_names", "plan": "orders"});
    invoke(&emulator, "us-west-2", name, other.clone())
        .await
        .unwrap();
    hook.fails(None).unwrap();
    invoke(&emulator, "us-west-2", name, event.clone())
        .await
        .unwrap();
    let calls = hook.calls().unwrap().into_iter();
    let calls: Vec<_> = calls.map(|call| (call.region, call.payload)).collect();
    let wanted = [
        ("us-east-1", &event),
        ("us-west-2", &event),
        ("us-west-2", &other),
        ("us-west-2", &event),
    ];
    let wanted = wanted.map(|(region, payload)| (region.to_owned(), payload.clone()));
    assert_eq!(calls, wanted);
    emulator.stop().await.unwrap();
}

async fn gone(group: i32) -> bool {
    for _ in 0..100 {
        if processes::of_group(group).is_empty() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[tokio::test]
async fn a_dropped_emulator_ends() {
    let folder = tempfile::tempdir_in(root().join("target")).unwrap();
    let config = EmulatorConfig {
        root: root(),
        folder: folder.path().to_owned(),
    };
    let emulator = Emulator::start(&config).await.unwrap();
    let group = emulator.group().unwrap();
    drop(emulator);
    assert!(gone(group).await);
}

#[tokio::test]
async fn an_emulator_whose_drill_was_killed_ends() {
    let folder = tempfile::tempdir_in(root().join("target")).unwrap();
    let config = EmulatorConfig {
        root: root(),
        folder: folder.path().to_owned(),
    };
    let mut emulator = Emulator::start(&config).await.unwrap();
    let group = emulator.group().unwrap();
    // All that a killed drill does: its end of the pipe closes.
    drop(emulator.launcher.stdin.take());
    assert!(gone(group).await);
}
