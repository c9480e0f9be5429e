//! What only a failback may do: a stack by itself allows it, and nothing else does.

use std::collections::BTreeSet;

use aurora_global::rebuild_global::TAKES_AWAY;
use tests::{policy, template};

use crate::deploying::{answers, parameters};

/// The one function that may call one of them at any time, and which.
const LEAVES: (&str, &str) = ("DetachAndPromoteRole", "rds:RemoveFromGlobalCluster");

/// Whether an action of RDS takes something away or changes what is there.
fn is_taking(action: &str) -> bool {
    let verbs = ["Delete", "Modify", "Reboot", "Remove", "Stop"];
    let operation = action.strip_prefix("rds:").unwrap_or_default();
    TAKES_AWAY.contains(&action) || verbs.iter().any(|verb| operation.starts_with(verb))
}

#[test]
fn the_stack_of_a_failback_allows_what_a_rebuild_takes_away_and_no_more() {
    let added = policy::of_failback();
    let functions: Vec<_> = added.keys().map(String::as_str).collect();
    assert_eq!(functions, ["aurora-failover-rebuild-global"]);
    let allowed: BTreeSet<_> = added.values().flat_map(policy::Role::actions).collect();
    assert_eq!(allowed, TAKES_AWAY.into());
}

#[test]
fn no_other_stack_allows_anything_that_takes_a_database_away_or_changes_one() {
    let mut found = Vec::new();
    for name in template::names() {
        if name == template::OF_FAILBACK {
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
fn the_stack_of_a_failback_holds_nothing_but_policies() {
    let template = template::read(template::OF_FAILBACK);
    let resources = template["Resources"].as_object().unwrap();
    for (id, resource) in resources {
        assert_eq!(resource["Type"], "AWS::IAM::ManagedPolicy", "{id}");
    }
    for name in template::names() {
        let text = template::read(&name).to_string();
        for word in ["Fn::ImportValue", "\"Export\""] {
            assert!(!text.contains(word), "{name} has {word}");
        }
    }
}

#[test]
fn the_stack_of_a_failback_is_none_of_those_that_are_deployed_with_the_rest() {
    assert_eq!(template::listed("FAILBACK"), [template::OF_FAILBACK]);
    let deployed = parameters(&answers());
    for (region, stacks) in deployed {
        assert!(!stacks.contains_key(template::OF_FAILBACK), "{region}");
    }
}
