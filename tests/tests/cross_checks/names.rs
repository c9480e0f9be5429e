//! One name everywhere: crate, module, state, logical id, function.

use std::collections::BTreeSet;

use serde_json::json;
use tests::{
    machine,
    repository::{functions, root},
    template::{self, function_of},
};

/// States that are not called like their function: it does several jobs, or the field has a better word.
const STATES: [(&str, &str); 19] = [
    ("OpenRun", "recovery-ledger"),
    ("AwaitApproval", "recovery-ledger"),
    ("AwaitProof", "recovery-ledger"),
    ("KeepPlan", "recovery-ledger"),
    ("ReleaseLeases", "recovery-ledger"),
    ("CloseRun", "recovery-ledger"),
    ("ProveWriter", "health-probe"),
    ("VerifyWrites", "health-probe"),
    ("FlipDns", "dns-flip"),
    ("FlipDnsAgain", "dns-flip"),
    ("RestartEcs", "ecs-restart"),
    ("Conclude", "ecs-restart"),
    ("ProtectAgain", "replace-replica"),
    ("BeforePromote", "call-hook"),
    ("AfterPromote", "call-hook"),
    ("BeforeNames", "call-hook"),
    ("AfterNames", "call-hook"),
    ("BeforeServices", "call-hook"),
    ("AfterServices", "call-hook"),
];

/// What a topology has beside its steps: the port that it alone needs, and its adapter.
const BESIDE: [&str; 2] = ["aws", "members"];

/// What steps share: whether a writer came back, what RDS shows of a promotion and what comes before one, what stands against a planned one, what makes members again, the other plans over one database, the kinds of routes and of services, how runs
/// start, and what keeps functions awake.
const SHARED: [&str; 13] = [
    "lib",
    "came_back",
    "carried_out",
    "of_plan",
    "promotion",
    "readiness",
    "rebuilding",
    "rivals",
    "routes",
    "services",
    "standing",
    "start",
    "warm",
];

/// The topology that is one step as a whole, whose files are its parts.
const OF_ONE_STEP: (&str, &str) = ("workload", "restore_home");

#[test]
fn every_function_is_a_step_and_every_step_a_function() {
    let crates: BTreeSet<_> = functions()
        .iter()
        .map(|function| function.module())
        .collect();
    let mut folders = vec![root().join("crates/steps/src")];
    let topologies = std::fs::read_dir(root().join("crates/topologies")).unwrap();
    let topologies = topologies.map(|topology| topology.unwrap().path());
    let topologies = topologies.filter(|topology| !topology.ends_with(OF_ONE_STEP.0));
    folders.extend(topologies.map(|topology| topology.join("src")));
    let entries = folders
        .iter()
        .map(|folder| std::fs::read_dir(folder).unwrap());
    let mut steps: BTreeSet<_> = entries
        .flatten()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !SHARED.contains(&name.as_str()) && !BESIDE.contains(&name.as_str()))
        .collect();
    steps.insert(OF_ONE_STEP.1.to_owned());
    assert_eq!(crates, steps);
}

#[test]
fn every_function_is_deployed_under_its_name() {
    let deployed = template::member_functions();
    let ids: BTreeSet<_> = deployed.iter().map(|(id, ..)| id.clone()).collect();
    assert_eq!(
        ids.len(),
        deployed.len(),
        "a function stands in two templates"
    );
    let expected: BTreeSet<_> = functions()
        .iter()
        .map(|function| format!("{}Function", function.pascal()))
        .collect();
    assert_eq!(ids, expected);
    for function in functions() {
        let (name, id) = (&function.name, function.pascal());
        let (_, properties, template) = deployed
            .iter()
            .find(|(found, ..)| *found == format!("{id}Function"))
            .unwrap();
        assert_eq!(
            properties["FunctionName"],
            format!("aurora-failover-{name}")
        );
        assert_eq!(
            properties["Code"]["S3Key"],
            json!({"Fn::Sub": format!("${{ArtifactPrefix}}/{name}.zip")})
        );
        assert_eq!(
            properties["Role"],
            json!({"Fn::GetAtt": format!("{id}Role.Arn")})
        );
        let logs = &template["Resources"][format!("{id}Logs")]["Properties"]["LogGroupName"];
        assert_eq!(*logs, format!("/aws/lambda/aurora-failover-{name}"));
    }
}

#[test]
fn the_witness_is_confirm_outage_by_the_same_names() {
    let witness = template::read("witness");
    let functions = template::read("observe");
    let deployed = template::resources(&witness, "AWS::Lambda::Function");
    let [(id, properties)] = deployed.as_slice() else {
        panic!("the witness Region has not one function");
    };
    assert_eq!(*id, "ConfirmOutageFunction");
    for property in [
        "FunctionName",
        "Code",
        "Handler",
        "Runtime",
        "Role",
        "Timeout",
    ] {
        let member = &functions["Resources"][*id]["Properties"][property];
        assert_eq!(properties[property], *member, "{property}");
    }
}

#[test]
fn every_substitution_is_called_like_the_function_it_names() {
    for machine in machine::all() {
        let (_, properties) = template::of_machine(&machine.name);
        let machine = machine.name;
        for (substitution, arn) in properties["DefinitionSubstitutions"].as_object().unwrap() {
            let name = function_of(arn);
            let function = functions()
                .into_iter()
                .find(|function| name == format!("aurora-failover-{}", function.name));
            let function =
                function.unwrap_or_else(|| panic!("{machine} names {name}, which no crate is"));
            assert_eq!(*substitution, format!("{}FunctionArn", function.pascal()));
        }
    }
}

#[test]
fn every_state_is_called_like_its_function_or_like_its_job() {
    for machine in machine::all() {
        for (state, task) in machine.tasks() {
            let called = task["Arguments"]["FunctionName"].as_str().unwrap();
            let function = functions()
                .into_iter()
                .find(|function| called == format!("${{{}FunctionArn}}", function.pascal()));
            let function =
                function.unwrap_or_else(|| panic!("{state} calls {called}, which no crate is"));
            if function.module() == OF_ONE_STEP.1 {
                continue;
            }
            let job = STATES.iter().find(|(name, _)| *name == state);
            match job {
                Some((_, expected)) => assert_eq!(function.name, *expected, "{state}"),
                // A run that changes nothing calls a step by its name, too.
                None => assert_eq!(
                    function.pascal(),
                    state.strip_prefix("Dry").unwrap_or(state)
                ),
            }
        }
    }
}
