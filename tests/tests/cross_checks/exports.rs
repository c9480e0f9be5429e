//! The machine that exports an instance's snapshots, which stands in its template: it can be read, it ends, and may do what it does.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::{
    machine::{Machine, unbounded},
    template,
};

/// What a name of an export has at most, as AWS's own pipeline for exports cuts it; no page of AWS's says how long it may be.
/// Source: <https://github.com/aws-samples/rds-snapshot-export-to-s3-pipeline>.
const NAME_MAX: usize = 60;
/// What a Task's resource begins with.
const CALLS: &str = "arn:aws:states:::aws-sdk:rds:";

fn template() -> Value {
    template::read(template::OF_EXPORTS)
}

fn properties<'a>(template: &'a Value, id: &str) -> &'a Value {
    &template["Resources"][id]["Properties"]
}

fn machine(template: &Value) -> Machine {
    Machine {
        name: "exports".into(),
        definition: properties(template, "Exports")["Definition"].clone(),
    }
}

#[test]
fn every_state_is_there_and_reached_and_every_way_ends() {
    let template = template();
    let machine = machine(&template);
    let first = machine.definition["StartAt"].as_str().unwrap();
    let edges = machine.edges();
    let led_to = edges.iter().map(|edge| edge.to.as_str()).chain([first]);
    let led_to: BTreeSet<_> = led_to.collect();
    let states: BTreeSet<_> = machine.states().map(|(name, _)| name).collect();
    assert_eq!(led_to, states);
    for (name, state) in machine.states() {
        let ends = ["Succeed", "Fail"].contains(&state["Type"].as_str().unwrap());
        let leads = edges.iter().any(|edge| edge.from == name);
        assert!(ends != leads, "{name}");
    }
    assert_eq!(unbounded(&edges), []);
    assert!(machine.definition["TimeoutSeconds"].as_u64() > Some(86_400));
    let given = &properties(&template, "Exports")["DefinitionSubstitutions"];
    let given: Vec<_> = given.as_object().unwrap().keys().cloned().collect();
    assert_eq!(machine.substitutions(), given);
}

#[test]
fn every_call_ends_and_is_tried_again_within_a_bound() {
    for (name, task) in machine(&template()).tasks() {
        assert!(task["TimeoutSeconds"].as_u64() > Some(0), "{name}");
        let retries = task["Retry"].as_array().unwrap();
        assert_eq!(retries.last().unwrap()["ErrorEquals"][0], "States.ALL");
        for retry in retries {
            assert!(retry["MaxAttempts"].as_u64() < Some(10), "{name}");
        }
    }
}

/// An event may come twice, and an answer be lost: the name of the export is that of the snapshot, and what has it is followed.
#[test]
fn an_export_that_there_is_already_is_followed() {
    let template = template();
    let machine = machine(&template);
    let start = &machine.definition["States"]["StartExport"];
    let there = "Rds.ExportTaskAlreadyExistsException";
    assert_eq!(start["Retry"][0]["ErrorEquals"][0], there);
    assert_eq!(start["Retry"][0]["MaxAttempts"], 0);
    assert_eq!(start["Catch"][0]["ErrorEquals"][0], there);
    assert_eq!(start["Catch"][0]["Next"], start["Next"]);
    let way = &machine.definition["States"]["IsOfTheInstance"]["Choices"][0];
    let name = way["Assign"]["task"].as_str().unwrap();
    let (_, cut) = name.split_once("$substring('${Instance}', 0, ").unwrap();
    let cut: usize = cut.split(')').next().unwrap().parse().unwrap();
    assert_eq!(cut + "-2026-01-06-04-12".len(), NAME_MAX);
}

#[test]
fn the_machine_may_make_its_calls_on_its_own_snapshots_and_hand_on_one_role() {
    let template = template();
    let called = machine(&template);
    let called = called.tasks().into_iter().map(|(name, task)| {
        let call = task["Resource"].as_str().unwrap().strip_prefix(CALLS);
        let call = call.unwrap_or_else(|| panic!("{name} calls something else"));
        format!("rds:{}{}", call[..1].to_uppercase(), &call[1..])
    });
    let hands_on = ["iam:PassRole", "kms:CreateGrant", "kms:DescribeKey"];
    let wanted: BTreeSet<_> = called.chain(hands_on.map(str::to_owned)).collect();
    let policies = template::policies(&template);
    let of = |role: &str| {
        let found = policies.iter().find(|(id, _)| *id == role);
        found.unwrap().1["Statement"].as_array().unwrap()
    };
    let allowed = of("ExportsRole")
        .iter()
        .map(|statement| &statement["Action"]);
    let allowed: BTreeSet<_> = allowed
        .map(|one| one.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(allowed, wanted);
    let starts = of("ExportsRole").iter().find(|one| one["Sid"] == "Start");
    let snapshots = starts.unwrap()["Resource"]["Fn::Sub"].as_str().unwrap();
    assert!(snapshots.ends_with(":snapshot:rds:${InstanceIdentifier}-*"));
    let hands_on = of("ExportsRole")
        .iter()
        .find(|one| one["Action"] == "iam:PassRole");
    let role = &hands_on.unwrap()["Resource"]["Fn::GetAtt"];
    assert_eq!(role, "BucketRole.Arn");
    let machine = properties(&template, "Exports");
    assert_eq!(machine["RoleArn"]["Fn::GetAtt"], "ExportsRole.Arn");
    assert_eq!(
        &machine["DefinitionSubstitutions"]["RoleArn"]["Fn::GetAtt"],
        role
    );
    for ended in ["Failed", "TimedOut"] {
        let alarm = properties(&template, &format!("Export{ended}"));
        assert_eq!(alarm["MetricName"], format!("Executions{ended}"));
        assert_eq!(alarm["Dimensions"][0]["Value"]["Ref"], "Exports");
    }
}
