//! `examples/cdk/` is synthesised, and its templates are looked at.

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use tests::repository;

/// Kinds of resources that hold data, or belong to what does.
const KEPT: [&str; 5] = [
    "AWS::RDS::GlobalCluster",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBClusterParameterGroup",
    "AWS::RDS::DBParameterGroup",
];
/// Properties that say who follows whom.
const OF_ROLES: [&str; 4] = [
    "ReplicationSourceIdentifier",
    "SourceDBClusterIdentifier",
    "SourceDbClusterResourceId",
    "SourceRegion",
];

/// Runs a program of the tools.
fn run(program: &str, words: &[&str], variables: &[(&str, &Path)]) {
    let mut command = Command::new(program);
    command.args(words).current_dir(repository::root());
    for (name, value) in variables {
        command.env(name, value);
    }
    let answer = command.output().unwrap();
    assert!(answer.status.success(), "{program} {words:?}: {answer:?}");
}

/// The templates by the names of their stacks, in a folder that is theirs.
fn synthesised(folder: &Path) -> Vec<(String, Value)> {
    let modules = repository::root().join(".tools/node/node_modules");
    let variables = [("NODE_PATH", modules.as_path()), ("CDK_OUTDIR", folder)];
    run("node", &["examples/cdk/app.js"], &variables);
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<_> = names
        .filter_map(|name| Some(name.strip_suffix(".template.json")?.to_owned()))
        .map(|stack| {
            let text = fs::read_to_string(folder.join(format!("{stack}.template.json")));
            (stack, serde_json::from_str(&text.unwrap()).unwrap())
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

fn resources(template: &Value) -> impl Iterator<Item = (&String, &Value)> {
    template["Resources"].as_object().unwrap().iter()
}

#[test]
fn every_template_of_the_cdk_example_keeps_what_it_made_and_names_no_writer() {
    let folder = tempfile::tempdir().unwrap();
    let templates = synthesised(folder.path());
    let stacks: Vec<_> = templates.iter().map(|(stack, _)| stack.as_str()).collect();
    assert_eq!(stacks, ["orders-east", "orders-global", "orders-west"]);
    for (stack, template) in &templates {
        for (name, resource) in resources(template) {
            let kind = resource["Type"].as_str().unwrap();
            assert!(KEPT.contains(&kind), "{stack}: {name} is a {kind}");
            for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
                assert_eq!(resource[policy], "Retain", "{stack}: {name}: {policy}");
            }
            for property in OF_ROLES {
                assert!(
                    resource["Properties"].get(property).is_none(),
                    "{stack}: {name}: {property}"
                );
            }
        }
        assert!(template.get("Outputs").is_none(), "{stack} has outputs");
    }
    let members = [&templates[0], &templates[2]];
    assert_eq!(
        alike(
            members[0],
            &["orders-east", "us-east-1", "sg-0fedcba9876543210"]
        ),
        alike(
            members[1],
            &["orders-west", "us-west-2", "sg-0123456789abcdef0"]
        ),
        "the members' templates differ by more than their own names"
    );
    lint(folder.path(), &stacks);
}

/// A member's template without what is that member's own.
fn alike((_, template): &(String, Value), own: &[&str]) -> Value {
    let mut template = template.clone();
    for (_, resource) in template["Resources"].as_object_mut().unwrap() {
        if let Some(key) = resource["Properties"].get_mut("KmsKeyId") {
            *key = "a key".into();
        }
    }
    let mut text = template.to_string();
    for word in own {
        text = text.replace(word, "its own");
    }
    serde_json::from_str(&text).unwrap()
}

/// cfn-lint finds nothing.
fn lint(folder: &Path, stacks: &[&str]) {
    let program = repository::root().join(".tools/venv/bin/cfn-lint");
    let files = stacks
        .iter()
        .map(|stack| folder.join(format!("{stack}.template.json")));
    let files: Vec<_> = files
        .map(|file| file.to_str().unwrap().to_owned())
        .collect();
    let words: Vec<_> = files.iter().map(String::as_str).collect();
    run(program.to_str().unwrap(), &words, &[]);
}

#[test]
fn the_stack_policy_refuses_to_replace_and_to_remove_what_holds_data() {
    let policy: Value =
        serde_json::from_str(&repository::text("examples/cdk/stack-policy.json")).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    let denied = statements
        .iter()
        .find(|statement| statement["Effect"] == "Deny")
        .unwrap();
    assert_eq!(
        denied["Action"],
        serde_json::json!(["Update:Replace", "Update:Delete"])
    );
    let kinds = &denied["Condition"]["StringEquals"]["ResourceType"];
    assert_eq!(*kinds, serde_json::json!(KEPT[..3]));
}

#[test]
fn the_cdk_example_is_synthesised_with_the_versions_that_it_asks_for() {
    let dependencies = |file: &str| {
        let package: Value = serde_json::from_str(&repository::text(file)).unwrap();
        package["dependencies"].as_object().unwrap().clone()
    };
    let ours = dependencies("tools/package.json");
    for (name, version) in dependencies("examples/cdk/package.json") {
        assert_eq!(ours.get(&name), Some(&version), "{name}");
    }
}
