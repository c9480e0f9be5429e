//! What only a failback may do: a stack by itself allows it for each topology, and nothing else does.

use std::collections::{BTreeMap, BTreeSet};

use aurora_global::rebuild_global;
use rds_replica::replace_replica;
use serde_json::{Value, json};
use tests::{policy, template};

use crate::deploying::{answers, parameters, python, said};

/// The one function that may call one of them at any time, and which.
const LEAVES: (&str, &str) = ("DetachAndPromoteRole", "rds:RemoveFromGlobalCluster");

/// Whether an action of RDS takes something away or changes what is there.
fn is_taking(action: &str) -> bool {
    let verbs = ["Delete", "Modify", "Reboot", "Remove", "Stop"];
    let operation = action.strip_prefix("rds:").unwrap_or_default();
    let known = rebuild_global::TAKES_AWAY.contains(&action)
        || replace_replica::TAKES_AWAY.contains(&action);
    known || verbs.iter().any(|verb| operation.starts_with(verb))
}

#[test]
fn the_stacks_of_a_failback_allow_what_a_rebuild_takes_away_and_no_more() {
    let added = policy::of_failback();
    let allowed: BTreeMap<_, BTreeSet<_>> = added
        .iter()
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
    assert_eq!(found, [(role.to_owned(), action.to_owned())]);
}

/// What it adds to must be there before it, and it must be gone before that: no other stack has to change for either.
#[test]
fn the_stacks_of_a_failback_hold_nothing_but_policies() {
    for template in template::OF_FAILBACK.map(template::read) {
        let resources = template["Resources"].as_object().unwrap();
        for (id, resource) in resources {
            assert_eq!(resource["Type"], "AWS::IAM::ManagedPolicy", "{id}");
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
    let [of_clusters, of_instances] = template::OF_FAILBACK;
    let mut answers = answers();
    assert_eq!(given(&answers), [of_clusters]);
    answers["everywhere"]["ReplicaInstanceArns"] =
        json!(["arn:aws:rds:*:123456789012:db:invoices-*"]);
    assert_eq!(given(&answers), [of_clusters, of_instances]);
}
