//! Functions that are kept awake: each one that a run of this Region needs, and no other.

use std::collections::BTreeSet;

use failover::steps::warm::FUNCTIONS;
use serde_json::{Value, json};
use tests::{
    machine,
    repository::{functions, text},
    template::{self, function_of},
};

/// The function that calls the others, and is itself called by its schedule.
const CALLER: &str = "recovery-ledger";

fn kept_awake() -> BTreeSet<String> {
    FUNCTIONS.map(str::to_owned).into()
}

#[test]
fn every_function_of_the_machines_is_kept_awake() {
    let machines = machine::all();
    let called = machines.iter().flat_map(|machine| {
        let tasks = machine.tasks().into_iter();
        tasks.map(|(_, task)| task["Arguments"]["FunctionName"].as_str().unwrap())
    });
    let called: BTreeSet<_> = called.collect();
    let of_machines = functions()
        .into_iter()
        .filter(|function| called.contains(&*format!("${{{}FunctionArn}}", function.pascal())))
        .map(|function| format!("aurora-failover-{}", function.name));
    let mut awake = kept_awake();
    awake.insert(format!("aurora-failover-{CALLER}"));
    assert_eq!(of_machines.collect::<BTreeSet<_>>(), awake);
    assert_eq!(called.len(), awake.len());
}

#[test]
fn the_function_that_keeps_the_others_awake_may_call_them_here_and_the_witness_and_nothing_else() {
    let promote = template::read("promote");
    let role = &promote["Resources"]["RecoveryLedgerRole"]["Properties"];
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
    let arns = here["Resource"].as_array().unwrap();
    let named: BTreeSet<_> = arns.iter().map(|arn| function_of(arn).to_owned()).collect();
    assert_eq!(named, kept_awake());
    for arn in arns {
        let arn = arn["Fn::Sub"].as_str().unwrap();
        assert!(arn.contains(":lambda:${AWS::Region}:"), "{arn}");
    }
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

#[test]
fn every_function_answers_the_word_that_keeps_it_awake() {
    for function in functions() {
        let main = text(&format!("{}/src/main.rs", function.folder));
        let answers = match &*function.name {
            CALLER => "warm::others_or(",
            _ => "warm::or(",
        };
        assert!(main.contains(answers), "{} has no {answers}", function.name);
    }
}
