//! Functions that are kept awake: all of them, by one that may call them and nothing else.

use serde_json::{Value, json};
use tests::{
    repository::{functions, text},
    template,
};

/// The function that calls the others, and is itself called by its schedule.
const CALLER: &str = "recovery-ledger";

#[test]
fn the_function_that_keeps_the_others_awake_may_call_them_here_and_the_witness_and_nothing_else() {
    let runs = template::read("runs");
    let role = &runs["Resources"]["RecoveryLedgerRole"]["Properties"];
    let statements = role["Policies"][0]["PolicyDocument"]["Statement"].as_array();
    let invokes = |statement: &&Value| statement["Action"] == "lambda:InvokeFunction";
    let of_witness = |statement: &Value| {
        let choice = &statement["Fn::If"];
        (choice[0] == "HasWitness").then(|| choice[1].clone())
    };
    let all = statements.unwrap();
    let here: Vec<_> = all.iter().filter(invokes).collect();
    let [here] = here.as_slice() else {
        panic!("not one statement: {here:?}");
    };
    let own =
        "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:aurora-failover-*";
    assert_eq!(here["Resource"], json!({ "Fn::Sub": own }));
    let witness: Vec<_> = all.iter().filter_map(of_witness).collect();
    let observe = template::read("observe");
    let asker = &observe["Resources"]["ConfirmOutageRole"]["Properties"];
    let asks = asker["Policies"][0]["PolicyDocument"]["Statement"].as_array();
    let asks: Vec<_> = asks.unwrap().iter().filter_map(of_witness).collect();
    let reached =
        |statements: &[Value]| json!([statements[0]["Action"], statements[0]["Resource"]]);
    assert_eq!((witness.len(), asks.len()), (1, 1));
    assert_eq!(reached(&witness), reached(&asks));
}

/// The ways of a run are called while it looks around: a function that has to start first would do so while writes are out.
#[test]
fn whenever_a_run_begins_the_other_functions_are_called() {
    let triggers = template::read("triggers");
    let rules = template::resources(&triggers, "AWS::Events::Rule");
    let begins = |rule: &Value| rule["EventPattern"]["detail"]["status"] == json!(["RUNNING"]);
    let (_, rule) = rules.iter().find(|(_, rule)| begins(rule)).unwrap();
    let pattern = &rule["EventPattern"];
    assert_eq!(pattern["source"], json!(["aws.states"]));
    let machines = &pattern["detail"]["stateMachineArn"][0]["prefix"]["Fn::Sub"];
    let machines = machines.as_str().unwrap();
    assert!(
        machines.ends_with(":stateMachine:aurora-failover-"),
        "{machines}"
    );
    let target = &rule["Targets"][0];
    let called = template::function_of(&target["Arn"]);
    assert_eq!(called, format!("aurora-failover-{CALLER}"));
    let template = target["InputTransformer"]["InputTemplate"]
        .as_str()
        .unwrap();
    let mut sent: Value = serde_json::from_str(&template.replace("<machine>", "\"\"")).unwrap();
    sent.as_object_mut().unwrap().remove("machine").unwrap();
    assert_eq!(sent, steps::warm::request());
}

#[test]
fn every_function_answers_the_word_that_keeps_it_awake() {
    for function in functions() {
        let main = text(&format!("{}/src/main.rs", function.folder));
        let answers = match &*function.name {
            CALLER => " serve_and_wake(",
            _ => " serve(",
        };
        assert!(main.contains(answers), "{} has no {answers}", function.name);
    }
}
