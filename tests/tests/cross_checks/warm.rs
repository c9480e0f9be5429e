//! Functions that are kept awake: all of them, by one that may call them and nothing else.

use std::collections::BTreeSet;

use failover::{
    installation,
    plan::{TopologyKind, function_of},
};
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

/// What every topology's runs need behind the proof.
const AFTER: [&str; 2] = ["dns-flip", "ecs-restart"];

/// A rule has no more targets.
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>.
const TARGETS_MAX: usize = 5;

/// A function that has to start first would do so while writes are out. One that a run needs first is called by the run alone: whoever
/// else calls it then makes the run's own call start another one.
#[test]
fn whenever_a_run_begins_the_functions_are_called_that_it_needs_later_and_no_other() {
    let template = template::read("triggers");
    let rules = template::resources(&template, "AWS::Events::Rule");
    for kind in TopologyKind::ALL {
        let own = kind.name().replace('_', "-");
        let own = format!("aurora-failover-{own}-run-begins");
        let (id, rule) = rules.iter().find(|(_, rule)| rule["Name"] == *own).unwrap();
        let pattern = &rule["EventPattern"];
        assert_eq!(pattern["source"], json!(["aws.states"]));
        assert_eq!(pattern["detail"]["status"], json!(["RUNNING"]));
        let begun = pattern["detail"]["stateMachineArn"].as_array().unwrap();
        let machine = |arn: &Value| {
            let arn = arn["Fn::Sub"].as_str().unwrap();
            arn.rsplit_once(":stateMachine:").unwrap().1.to_owned()
        };
        let begun: BTreeSet<_> = begun.iter().map(machine).collect();
        let runs = kind.runs();
        let own = [Some(runs.unplanned), runs.planned, runs.failback];
        let own = own.into_iter().flatten().map(installation::named);
        assert_eq!(begun, own.collect());

        let targets = rule["Targets"].as_array().unwrap();
        assert!(targets.len() <= TARGETS_MAX, "{targets:?}");
        for target in targets {
            let sent: Value = serde_json::from_str(target["Input"].as_str().unwrap()).unwrap();
            assert_eq!(sent, steps::warm::request());
        }
        let called = targets
            .iter()
            .map(|target| template::function_of(&target["Arn"]));
        let needed = runs.promoting().chain(runs.opening).map(function_of);
        let needed = needed.chain(AFTER.map(String::from));
        let needed: BTreeSet<_> = needed.map(|own| installation::named(&own)).collect();
        let called: BTreeSet<_> = called.map(str::to_owned).collect();
        assert_eq!(called, needed);
        let permissions = template::resources(&template, "AWS::Lambda::Permission");
        let of_the_rule = json!({"Fn::GetAtt": format!("{id}.Arn")});
        let permitted = permissions
            .iter()
            .filter(|(_, permission)| permission["SourceArn"] == of_the_rule)
            .map(|(_, permission)| permission["FunctionName"].as_str().unwrap().to_owned());
        assert_eq!(permitted.collect::<BTreeSet<_>>(), needed);
    }
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
