//! What `doctor` finds, and what each fault is said with.

use serde_json::{Value, json};

use super::*;
use crate::{
    account::Said,
    arguments::Output,
    fake::{Fake, HOME, OTHER, now, record, refused, well, would},
    terminal::Terminal,
};
use failover::{installation::RELEASE, ledger::Outcome};

const WITNESS: &str = "us-east-2";
const LEDGER: &str = "aurora-failover-recovery-ledger";
const CONFIRM: &str = "aurora-failover-confirm-outage";
const PLANNED: &str = "aurora-failover-planned-failover";

fn says(account: &mut Fake, region: &str, function: &str, said: Said) {
    account.place(region).says.insert(function.into(), said);
}

/// An account in which every function answers that all is well.
fn healthy() -> Fake {
    let mut account = well();
    let functions = json!({"warm": ["a in us-east-1", "b in us-east-1"], "release": RELEASE, "reason": "the topic is there and would be sent a test message"});
    let hears = json!({"reaches": true, "reason": "RDS: available"});
    for region in [HOME, OTHER] {
        says(
            &mut account,
            region,
            LEDGER,
            Said::Answer(functions.clone()),
        );
        says(&mut account, region, PLANNED, would("everything is ready"));
    }
    for region in [HOME, OTHER, WITNESS] {
        says(&mut account, region, CONFIRM, Said::Answer(hears.clone()));
    }
    account
}

async fn looked(account: &Fake, output: Output) -> Answer {
    let plan = "orders".into();
    let act = async |desk: &Desk<'_>| run(desk, Some(&plan), now()).await;
    account.at_desk(&Terminal::typed(&[]), output, act).await
}

/// The lines that are not ok.
fn troubles(answer: &Answer) -> Vec<&str> {
    let lines = answer.text.lines();
    lines
        .filter(|line| line.starts_with("  fault") || line.starts_with("  unknown"))
        .collect()
}

/// That one line is not ok, and what it says.
async fn finds(account: &Fake, ending: Ending, parts: &[&str]) {
    let answer = looked(account, Output::Table).await;
    let found = troubles(&answer);
    assert!(!found.is_empty(), "{}", answer.text);
    let line = found.join("\n");
    for part in parts {
        assert!(
            line.contains(part),
            "{part} is missing from\n{}",
            answer.text
        );
    }
    assert_eq!(answer.ending, ending, "{}", answer.text);
}

#[tokio::test]
async fn where_all_is_well_each_check_is_one_line_that_says_ok() {
    let account = healthy();
    let answer = looked(&account, Output::Table).await;
    assert_eq!(troubles(&answer), Vec::<&str>::new());
    assert_eq!(answer.ending, Ending::Well);
    for check in [
        "region",
        "rights to look",
        "rights to call",
        "functions",
        "release",
        "version",
        "document",
        "ledger",
        "switches",
        "probe",
        "road",
        "witness",
        "topic",
        "move",
        "secrets",
    ] {
        let line = format!("  ok      {check} ");
        assert!(
            answer.text.contains(&line),
            "{check} is missing from\n{}",
            answer.text
        );
    }
}

#[tokio::test]
async fn nothing_that_acts_is_called_and_nothing_is_written() {
    let account = healthy();
    looked(&account, Output::Table).await;
    assert_eq!(account.written(), Vec::<String>::new());
    for call in account.called() {
        let (_, payload) = call.split_once('{').unwrap();
        let payload: Value = serde_json::from_str(&format!("{{{payload}")).unwrap();
        let is_harmless = payload["dry_run"] == true
            || payload == json!({"operation": "warm"})
            || payload["operation"] == "reach";
        assert!(is_harmless, "{call}");
    }
}

#[tokio::test]
async fn programs_read_each_check_with_its_region_and_its_result() {
    let answer = looked(&healthy(), Output::Json).await;
    let said: Value = serde_json::from_str(&answer.text).unwrap();
    let first = &said["installation"][0];
    assert_eq!(
        (&first["check"], &first["region"], &first["result"]),
        (&"region".into(), &OTHER.into(), &"ok".into())
    );
    assert_eq!(said["plans"][0]["plan"], "orders");
    assert_eq!(said["plans"][0]["checks"][0]["check"], "document");
}

#[tokio::test]
async fn a_dead_region_is_silent_and_what_needs_every_region_is_not_asked() {
    let mut account = healthy();
    account.dead.insert(HOME.into());
    let deaf = json!({"reaches": false, "reason": "RDS: it does not answer"});
    for region in [OTHER, WITNESS] {
        says(&mut account, region, CONFIRM, Said::Answer(deaf.clone()));
    }
    let silent = "unknown  region";
    finds(
        &account,
        Ending::Unknown,
        &[silent, "silent: ", "it hears nothing of us-west-2"],
    )
    .await;
    let asked = account.asked();
    assert!(!asked.contains(&format!("{OTHER} {PLANNED}")), "{asked:?}");
    let of_dead = asked.iter().filter(|asked| asked.starts_with(HOME));
    assert_eq!(of_dead.count(), 2, "it is waited for once: {asked:?}");
}

#[tokio::test]
async fn a_missing_right_is_named_with_the_policy_that_has_it() {
    for (denied, policy) in [
        ("parameters", "aurora-failover-viewer"),
        ("row", "aurora-failover-viewer"),
        (LEDGER, "aurora-failover-operator"),
    ] {
        let mut account = healthy();
        account.place(OTHER).denies = Some(denied);
        let attach = format!("attach the policy {policy} to whoever asks");
        finds(&account, Ending::NotWell, &[denied, &attach]).await;
    }
}

#[tokio::test]
async fn without_any_right_the_policy_is_named_though_no_plan_is_found() {
    let mut account = Fake::default();
    account.place(OTHER).denies = Some("parameters");
    let answer = looked(&account, Output::Table).await;
    assert!(
        troubles(&answer)[0].contains("attach the policy aurora-failover-viewer"),
        "{}",
        answer.text
    );
    assert_ne!(answer.ending, Ending::Well);
    assert_eq!(answer.complaints.len(), 1);
}

#[tokio::test]
async fn the_history_of_a_run_may_be_read_or_the_policy_is_named() {
    let mut account = healthy();
    let place = account.place(OTHER);
    let mut run = record("a", 60, Outcome::Succeeded);
    run.execution = Some("arn:aws:states:us-east-1:123456789012:execution:m:a".into());
    place.runs.push(run.clone().into());
    place.records.push(run);
    let answer = looked(&account, Output::Table).await;
    assert!(
        answer.text.contains("ok      rights to executions"),
        "{}",
        answer.text
    );
    account.place(OTHER).denies = Some("history");
    let parts = ["rights to executions", "aurora-failover-viewer"];
    finds(&account, Ending::NotWell, &parts).await;
}

#[tokio::test]
async fn functions_that_cannot_be_called_and_those_that_are_not_there_are_named() {
    let mut account = healthy();
    let why = "1 function(s) that a run needs cannot be called: aurora-failover-dns-flip in us-east-1: gone";
    let failed = Said::Failure {
        name: "NotReady".into(),
        why: why.into(),
    };
    says(&mut account, OTHER, LEDGER, failed);
    finds(&account, Ending::NotWell, &[why, "deploy the stacks again"]).await;
    let called = account.called();
    let warmed = called
        .iter()
        .filter(|call| call.contains("\"warm\"") && call.starts_with(OTHER));
    assert_eq!(
        warmed.count(),
        2,
        "one that slept has a second chance: {called:?}"
    );
    let mut account = healthy();
    account.place(OTHER).says.remove(LEDGER);
    let parts = ["aurora-failover-recovery-ledger is not deployed in us-east-1"];
    finds(&account, Ending::NotWell, &parts).await;
}

#[tokio::test]
async fn documents_versions_and_ledgers_that_differ_are_named() {
    let mut account = healthy();
    let text = include_str!("../../tests/plans/good.json");
    let older = text.replace("\"revision\": 3", "\"revision\": 2");
    let place = account.place(HOME);
    place
        .parameters
        .insert("/aurora-failover/plans/orders".into(), older);
    finds(&account, Ending::NotWell, &["document", "has revision 2"]).await;

    let mut account = healthy();
    account.place(HOME).vantage.as_mut().unwrap().version = Some("0".into());
    finds(
        &account,
        Ending::NotWell,
        &["version", "deploy again in all of them"],
    )
    .await;

    let mut account = healthy();
    account.place(OTHER).row = None;
    finds(&account, Ending::NotWell, &["ledger", "stands at epoch 0"]).await;
}

#[tokio::test]
async fn functions_of_another_release_than_the_tools_are_named_in_their_region() {
    let warm = json!({"warm": ["a in us-east-1"], "reason": "the topic is there"});
    let mut later = warm.clone();
    later["release"] = "4000.0.0".into();
    for (answer, part) in [
        (warm, "recovery-ledger names no release and is older"),
        (later, "the tool is older"),
    ] {
        let mut account = healthy();
        says(&mut account, HOME, LEDGER, Said::Answer(answer));
        let said = looked(&account, Output::Table).await;
        let found = troubles(&said);
        assert_eq!(found.len(), 1, "{}", said.text);
        for part in ["release", HOME, part] {
            assert!(found[0].contains(part), "{}", found[0]);
        }
        assert_eq!(said.ending, Ending::NotWell);
    }
}

#[tokio::test]
async fn a_plan_that_was_never_adopted_is_told_so() {
    let mut account = healthy();
    for region in [HOME, OTHER] {
        account.place(region).row = None;
    }
    finds(
        &account,
        Ending::NotWell,
        &["adopt it by aurora-failover adopt"],
    )
    .await;
}

#[tokio::test]
async fn a_witness_that_hears_no_region_and_a_topic_that_is_not_there_are_named() {
    let mut account = healthy();
    let half = json!({"reaches": true, "others_only": true, "reason": "STS answers"});
    says(&mut account, WITNESS, CONFIRM, Said::Answer(half));
    let parts = [
        "witness",
        "neither RDS nor the ledger of us-east-1",
        "waits for a human",
    ];
    finds(&account, Ending::NotWell, &parts).await;
    let mut account = healthy();
    account.place(WITNESS).says.clear();
    finds(
        &account,
        Ending::NotWell,
        &["witness", "is not deployed in us-east-2"],
    )
    .await;
    let mut account = healthy();
    says(
        &mut account,
        OTHER,
        LEDGER,
        refused(&["SNS knows no such topic"]),
    );
    finds(
        &account,
        Ending::NotWell,
        &["topic", "SNS knows no such topic"],
    )
    .await;
}

#[tokio::test]
async fn what_readiness_says_of_secrets_stands_in_a_line_of_its_own() {
    let mut account = healthy();
    let reasons = [
        "secret orders/probe in us-east-1: not found",
        "orders-east has no instance",
    ];
    says(&mut account, OTHER, PLANNED, refused(&reasons));
    let answer = looked(&account, Output::Table).await;
    let found = troubles(&answer);
    assert_eq!(found.len(), 2, "{}", answer.text);
    assert!(
        found[0].contains("move") && !found[0].contains("secret "),
        "{}",
        found[0]
    );
    assert!(
        found[1].contains("secrets") && found[1].contains("orders/probe"),
        "{}",
        found[1]
    );
    says(&mut account, OTHER, PLANNED, refused(&reasons[..1]));
    let answer = looked(&account, Output::Table).await;
    assert_eq!(troubles(&answer).len(), 1, "{}", answer.text);
}

#[tokio::test]
async fn a_function_that_was_cut_off_tells_nothing() {
    let mut account = healthy();
    let cut = Said::Failure {
        name: String::new(),
        why: "Task timed out after 30.00 seconds".into(),
    };
    says(&mut account, OTHER, PLANNED, cut);
    finds(
        &account,
        Ending::Unknown,
        &["unknown  move", "Task timed out"],
    )
    .await;
}
