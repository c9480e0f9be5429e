//! What `status` prints of a workload, as a whole.

use failover::domain::PlanName;
use serde_json::Value;

use crate::{
    arguments::Output,
    clock::now,
    ending::{Answer, Ending},
    fake::{Fake, well},
    status,
    workloads::fixtures::{AT_HOME, AWAY, away, waiting},
};

async fn said(account: &Fake, plan: Option<&str>, output: Output) -> Answer {
    let (plan, first) = (plan.map(PlanName::from), [AT_HOME.into()]);
    let at = (output, now());
    status::run(&account.account(), &first, plan.as_ref(), at).await
}

#[tokio::test]
async fn where_nothing_runs_it_says_who_serves_and_what_there_is() {
    let answer = said(&away(), Some("orders"), Output::Table).await;
    assert_eq!(
        answer.text,
        "\
orders: us-west-2 serves, epoch 7, said 3 h ago by adopt
  workload:  home is us-east-1, its recovery Region us-west-2
  run:       none
  last run:  none
  RESOURCE  KIND            ORDER  PHASE  STATE  PROGRESS  SAYS
  billing   rds_instance    1      -      -      -
  carts     dynamodb_table  2      -      -      -
  REGION     SAYS SERVES  EPOCH  SWITCHES  PLAN
  us-east-1  us-west-2    7      off       3
  us-west-2  us-west-2    7      off       3
"
    );
    assert_eq!((answer.ending, answer.complaints.len()), (Ending::Well, 0));
}

#[tokio::test]
async fn a_run_shows_its_phase_each_resource_and_the_question_with_its_answers() {
    let answer = said(&waiting(), Some("orders"), Output::Table).await;
    for part in [
        "  run:       restore home from us-west-2 to us-east-1, sync: sync begins, begun 2 h ago (run 1f0c9d34a7b2e658)\n",
        "  question:  May the business in us-west-2 stop? Answer until ",
        "    yes: aurora-failover approve 1f0c9d34a7b2e658\n",
        "the copy: 42 %",
        "billing-round-1 is copied",
        "  ! run 1f0c9d34a7b2e658 waits for an answer until ",
    ] {
        assert!(answer.text.contains(part), "{part}: {}", answer.text);
    }
    assert_eq!(answer.ending, Ending::NotWell);
    assert!(!answer.text.contains("secret"), "the token is shown");
}

#[tokio::test]
async fn programs_find_workloads_beside_databases() {
    let text = said(&waiting(), None, Output::Json).await.text;
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["plans"], Value::Array(Vec::new()));
    let one = &value["workloads"][0];
    assert_eq!(one["kind"], "workload");
    assert_eq!(one["serves"]["region"], AWAY);
    assert_eq!(one["resources"][0]["progress"]["percent"], 42);
    assert_eq!(one["resources"][0]["moved_bytes"], 3_u64 << 30);
    assert_eq!(one["question"]["phase"], "suspend");
    assert!(one["run"]["rto_seconds"].is_null());
    assert!(!text.contains("secret"), "the token is shown");
    let text = said(&well(), None, Output::Json).await.text;
    let value: Value = serde_json::from_str(&text).unwrap();
    assert!(value.get("workloads").is_none(), "of databases alone");
}

#[tokio::test]
async fn a_dead_home_region_is_told_and_the_copy_in_the_other_one_says_how_far_it_was() {
    let mut account = waiting();
    account.dead.insert(AT_HOME.into());
    let first = [AWAY.into(), AT_HOME.into()];
    let at = (Output::Table, now());
    let plan = "orders".into();
    let answer = status::run(&account.account(), &first, Some(&plan), at).await;
    assert!(
        answer.text.contains("  ! us-east-1 does not answer"),
        "{}",
        answer.text
    );
    assert!(answer.text.contains("(run 1f0c9d34a7b2e658)"));
    account.dead.insert(AWAY.into());
    let answer = status::run(&account.account(), &first, Some(&plan), at).await;
    assert_eq!(answer.ending, Ending::Unknown);
}

#[tokio::test]
async fn a_plan_that_is_broken_or_of_another_revision_and_a_switch_need_attention() {
    let mut account = away();
    let parameters = &mut account.place(AWAY).parameters;
    let name = "/aurora-failover/workloads/orders".to_owned();
    parameters.insert(name, "{}".to_owned());
    let switch = "/aurora-failover/kill".to_owned();
    parameters.insert(switch, "storm".to_owned());
    let answer = said(&account, Some("orders"), Output::Table).await;
    for part in [
        "! the document in us-west-2 is no plan",
        "! the kill switch is on in us-west-2 (storm)",
    ] {
        assert!(answer.text.contains(part), "{part}: {}", answer.text);
    }
    assert_eq!(answer.ending, Ending::NotWell);
}
