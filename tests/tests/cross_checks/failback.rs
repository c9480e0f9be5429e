//! What only a failback may do: a stack by itself allows it for each topology, and nothing else does.

use std::collections::{BTreeMap, BTreeSet};

use aurora_global::rebuild_global;
use rds_replica::replace_replica;
use serde_json::{Value, json};
use tests::{policy, repository::text, template};

use crate::deploying::{answers, parameters, python, said};

/// The one function that may call one of them at any time, and which.
const LEAVES: (&str, &str) = ("DetachAndPromoteRole", "rds:RemoveFromGlobalCluster");

/// What brings workloads home. Its calls are data, and each names the action that allows it.
const BRINGS_HOME: &str = "aurora-failover-restore-home";
const ITS_CALLS: [(&str, &str); 2] = [
    ("rds", "crates/topologies/workload/src/databases/call.rs"),
    ("dynamodb", "crates/topologies/workload/src/tables/calls.rs"),
];
/// What DynamoDB fills a restored table by, under the role of whoever restores it.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_IAM.html>.
const FILLS: [&str; 7] = [
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
];
/// What a call that names tags needs besides.
const TAGS: &str = "rds:AddTagsToResource";

/// Whether an action of RDS or of DynamoDB takes something away or changes what is there.
fn is_taking(action: &str) -> bool {
    let verbs = ["Delete", "Modify", "Reboot", "Remove", "Stop"];
    let operation = action.strip_prefix("rds:").unwrap_or_default();
    let known = rebuild_global::TAKES_AWAY.contains(&action)
        || replace_replica::TAKES_AWAY.contains(&action);
    let of_tables = ["dynamodb:DeleteTable", "dynamodb:UpdateTable"];
    known || of_tables.contains(&action) || verbs.iter().any(|verb| operation.starts_with(verb))
}

#[test]
fn the_stacks_of_a_failback_allow_what_a_rebuild_takes_away_and_no_more() {
    let added = policy::of_failback();
    let allowed: BTreeMap<_, BTreeSet<_>> = added
        .iter()
        .filter(|(function, _)| *function != BRINGS_HOME)
        .map(|(function, role)| (function.as_str(), role.actions().collect()))
        .collect();
    let taken: [(&str, BTreeSet<_>); 2] = [
        (
            "aurora-failover-rebuild-global",
            rebuild_global::TAKES_AWAY.into(),
        ),
        (
            "aurora-failover-replace-replica",
            replace_replica::TAKES_AWAY.into(),
        ),
    ];
    assert_eq!(allowed, taken.into());
}

/// The actions that its calls need, as they name them.
fn of_its_calls() -> BTreeSet<String> {
    let operations = ITS_CALLS.into_iter().flat_map(|(service, file)| {
        let code = text(file);
        let (_, body) = code.split_once("fn operation(").unwrap();
        let body = body.split("\n    }\n").next().unwrap();
        let names = body.split('"').skip(1).step_by(2);
        let named = names.map(|name| format!("{service}:{name}"));
        named.collect::<Vec<_>>()
    });
    operations.collect()
}

/// No drill brings a workload home yet, so that no record holds its role to what it calls. Until then its calls do.
#[test]
fn what_brings_a_workload_home_may_make_its_calls_and_no_other() {
    let calls = of_its_calls();
    assert!(calls.len() > 20, "this check finds only {calls:?}");
    let role = &policy::of_members()[BRINGS_HOME];
    let allowed: BTreeSet<_> = role.actions().map(str::to_owned).collect();
    let lacking: Vec<_> = calls.difference(&allowed).collect();
    assert_eq!(lacking, Vec::<&String>::new(), "no statement allows it");
    let changes = |action: &&String| {
        let (service, operation) = action.split_once(':').unwrap();
        let reads = ["Describe", "Get", "List"];
        let is_read = reads.iter().any(|verb| operation.starts_with(verb));
        ["rds", "dynamodb"].contains(&service) && !is_read
    };
    let idle = allowed.difference(&calls).filter(changes);
    let idle = idle.filter(|action| !FILLS.contains(&&***action) && **action != TAGS);
    assert_eq!(
        idle.collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "no call needs it"
    );
}

/// A rehearsal takes away what it has built, and a round what a later one replaces. Nothing that anybody else made has such a name.
#[test]
fn what_brings_a_workload_home_takes_away_at_any_time_only_what_it_made() {
    let template = template::read("workload");
    let policies = template::policies(&template);
    let statements = policies[0].1["Statement"].as_array().unwrap().iter();
    let given = statements.map(|one| one.get("Fn::If").map_or(one, |choice| &choice[1]));
    let mut seen = 0;
    for statement in given {
        let words = statement["Action"].to_string();
        if !words.split('"').any(is_taking) {
            continue;
        }
        let resources = statement["Resource"].to_string();
        let named: Vec<_> = resources
            .split('"')
            .filter(|word| word.contains("arn:"))
            .collect();
        assert!(!named.is_empty(), "{statement}");
        for arn in named {
            let its_own = ["-rehearsal", "-rehearsal-1", ":af-*"];
            assert!(its_own.iter().any(|end| arn.ends_with(end)), "{arn}");
        }
        seen += 1;
    }
    assert_eq!(seen, 3, "snapshots, databases and tables");
}

#[test]
fn no_other_stack_allows_anything_that_takes_a_database_away_or_changes_one() {
    let mut found = Vec::new();
    for name in template::names() {
        if template::OF_FAILBACK.contains(&name.as_str()) {
            continue;
        }
        let template = template::read(&name);
        for (id, policy) in template::policies(&template) {
            let text = policy.to_string();
            let words = text.split('"').filter(|word| is_taking(word));
            found.extend(words.map(|word| (id.to_owned(), word.to_owned())));
        }
    }
    let (role, action) = LEAVES;
    // What it takes by this one it has made itself, as the test above holds.
    found.retain(|(role, _)| role != "RestoreHomeRole");
    assert_eq!(found, [(role.to_owned(), action.to_owned())]);
}

/// What it adds to must be there before it, and it must be gone before that: no other stack has to change for either.
#[test]
fn the_stacks_of_a_failback_hold_nothing_but_policies_and_whose_they_are() {
    for template in template::OF_FAILBACK.map(template::read) {
        let resources = template["Resources"].as_object().unwrap();
        for (id, resource) in resources {
            let is_told = id == "RestoreHomePlans" && resource["Type"] == "AWS::SSM::Parameter";
            assert!(
                is_told || resource["Type"] == "AWS::IAM::ManagedPolicy",
                "{id}"
            );
        }
    }
    for name in template::names() {
        let text = template::read(&name).to_string();
        for word in ["Fn::ImportValue", "\"Export\""] {
            assert!(!text.contains(word), "{name} has {word}");
        }
    }
}

#[test]
fn the_stacks_of_a_failback_are_none_of_those_that_are_deployed_with_the_rest() {
    assert_eq!(template::listed("FAILBACK"), template::OF_FAILBACK);
    let deployed = parameters(&answers());
    for (region, stacks) in deployed {
        for stack in template::OF_FAILBACK {
            assert!(!stacks.contains_key(stack), "{stack} in {region}");
        }
    }
}

/// The right is given for what the answers name, and a stack that would hold nothing is not made.
#[test]
fn what_a_failback_may_do_to_instances_is_given_where_the_answers_name_some() {
    let code = "import json, sys, regions\n\
                one = regions.Deployment(json.load(sys.stdin), 'orders')\n\
                print(json.dumps([stack.template for stack in one.failback('us-west-2') if not one.is_empty(stack)]))";
    let given = |answers: &Value| -> Vec<String> {
        let output = python(&["-c", code], &answers.to_string());
        assert!(output.status.success(), "{}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let [of_clusters, of_instances, _] = template::OF_FAILBACK;
    let mut answers = answers();
    assert_eq!(given(&answers), [of_clusters]);
    answers["everywhere"]["ReplicaInstanceArns"] =
        json!(["arn:aws:rds:*:123456789012:db:invoices-*"]);
    assert_eq!(given(&answers), [of_clusters, of_instances]);
    answers["everywhere"]["WorkloadTableArns"] =
        json!(["arn:aws:dynamodb:*:123456789012:table/carts"]);
    assert_eq!(given(&answers), template::OF_FAILBACK);
}
