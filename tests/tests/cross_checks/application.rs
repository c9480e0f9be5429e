//! `examples/application/`: the program on real PostgreSQL, its templates against each other, and the README that leads through them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use serde_json::Value;
use tests::{repository, template};

use crate::deploying::said;

mod plan;

const FOLDER: &str = "examples/application";
/// Bytes of a template, at most.
const SIZE: usize = 20_000;
/// Names that a page looks up at most: the database's, and each member's.
const NAMES: u64 = 3;

/// Every template, by its name without the ending.
fn templates() -> BTreeMap<String, Value> {
    let files = repository::files(&format!("{FOLDER}/cloudformation"), "yaml");
    let read = |path: String| {
        let name = Path::new(&path).file_stem().unwrap().to_str().unwrap();
        (name.to_owned(), template::read_at(&path))
    };
    files.into_iter().map(read).collect()
}

fn text(name: &str) -> String {
    repository::text(&format!("{FOLDER}/{name}"))
}

/// Everything in a part of a template, itself included.
fn parts<'a>(part: &'a Value, found: &mut Vec<&'a Value>) {
    found.push(part);
    match part {
        Value::Object(fields) => fields.values().for_each(|inner| parts(inner, found)),
        Value::Array(items) => items.iter().for_each(|inner| parts(inner, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn all(template: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    parts(template, &mut found);
    found
}

#[test]
fn writes_go_on_when_the_server_dies_and_another_one_stands_behind_the_same_name() {
    let root = repository::root();
    let output = Command::new(root.join(".tools/venv/bin/python"))
        .arg("-B")
        .arg(root.join("tests/tests/cross_checks/application/acceptance.py"))
        .arg(root.join(FOLDER))
        .arg(root.join("tools/resolved.py"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", said(&output));
    assert!(text.ends_with("accepted\n"), "{text}");
}

#[test]
fn every_template_of_the_example_is_small_and_describes_each_parameter_that_it_uses() {
    for (name, template) in templates() {
        let text = text(&format!("cloudformation/{name}.yaml"));
        assert!(text.len() < SIZE, "{name} has {} bytes", text.len());
        for (parameter, declared) in template["Parameters"].as_object().unwrap() {
            let description = declared["Description"].as_str().unwrap_or_default();
            assert!(!description.is_empty(), "{name}: {parameter}");
            let resources = template["Resources"].to_string();
            let outputs = template["Outputs"].to_string();
            let conditions = template["Conditions"].to_string();
            let named = [format!("\"{parameter}\""), format!("${{{parameter}}}")];
            let is_used = named.iter().any(|named| {
                [&resources, &outputs, &conditions]
                    .iter()
                    .any(|part| part.contains(named))
            });
            assert!(is_used, "{name}: {parameter} is not used");
        }
    }
}

#[test]
fn no_role_of_the_example_is_wider_than_its_words() {
    let mut roles = 0;
    for (name, template) in templates() {
        for (id, role) in template::resources(&template, "AWS::IAM::Role") {
            roles += 1;
            assert!(role["ManagedPolicyArns"].is_null(), "{name}: {id}");
            let policies = role["Policies"].as_array().unwrap().iter();
            let statements =
                policies.flat_map(|one| one["PolicyDocument"]["Statement"].as_array().unwrap());
            for statement in statements {
                // One that is there for a way to the writer only.
                let statement = statement["Fn::If"].get(1).unwrap_or(statement);
                let actions = statement["Action"].to_string();
                assert!(!actions.contains('*'), "{name}: {id}: {actions}");
                // A registry's token is for no repository.
                let is_token = statement["Action"] == "ecr:GetAuthorizationToken";
                assert_eq!(statement["Resource"] == "*", is_token, "{name}: {id}");
            }
        }
    }
    assert_eq!(roles, 3);
}

/// What a template imports: the parameter that names the other stack, and the rest of the export's name.
fn imports(template: &Value) -> BTreeSet<(String, String)> {
    let imported = all(template)
        .into_iter()
        .filter_map(|part| part["Fn::ImportValue"]["Fn::Sub"].as_str());
    let parts = imported.map(|name| {
        let (stack, rest) = name.strip_prefix("${").unwrap().split_once("}-").unwrap();
        (stack.to_owned(), rest.to_owned())
    });
    parts.collect()
}

#[test]
fn what_a_template_of_the_example_imports_another_one_exports_and_nothing_more() {
    let templates = templates();
    let mut imported = BTreeSet::new();
    for (name, template) in &templates {
        for (stack, rest) in imports(template) {
            let default = &template["Parameters"][&stack]["Default"];
            let of = default.as_str().unwrap().strip_prefix("application-");
            imported.insert((of.unwrap().to_owned(), rest));
            assert_ne!(of, Some(name.as_str()));
        }
    }
    let exported = templates.iter().flat_map(|(name, template)| {
        let outputs = template["Outputs"].as_object().unwrap().values();
        let exports = outputs.filter_map(|output| output["Export"]["Name"]["Fn::Sub"].as_str());
        exports.map(move |export| {
            let rest = export.strip_prefix("${AWS::StackName}-").unwrap();
            (name.clone(), rest.to_owned())
        })
    });
    assert_eq!(imported, exported.collect());
}

/// The commands of the README, each in one line.
fn commands() -> Vec<String> {
    let readme = text("README.md").replace("\\\n", " ");
    let blocks = readme.split("```bash\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap().lines());
    lines.map(str::to_owned).collect()
}

#[test]
fn the_readme_of_the_example_gives_each_template_what_it_needs_and_asks_for_outputs_that_are_there()
{
    let templates = templates();
    let (mut deployed, mut asked) = (BTreeSet::new(), 0);
    for command in commands() {
        let words: Vec<_> = command.split_whitespace().collect();
        let after = |word: &str| {
            let at = words.iter().position(|found| *found == word);
            words[at.unwrap_or_else(|| panic!("{word}: {command}")) + 1]
        };
        if command.contains("cloudformation deploy") {
            let name = after("--stack-name").strip_prefix("application-").unwrap();
            let file = format!("{FOLDER}/cloudformation/{name}.yaml");
            assert_eq!(after("--template-file"), file);
            let given: BTreeSet<_> = words
                .iter()
                .filter_map(|word| word.split_once('='))
                .map(|(parameter, _)| parameter)
                .filter(|parameter| parameter.starts_with(|c: char| c.is_ascii_uppercase()))
                .collect();
            let declared = templates[name]["Parameters"].as_object().unwrap();
            for parameter in &given {
                assert!(declared.contains_key(*parameter), "{name}: {parameter}");
            }
            for (parameter, declared) in declared {
                let is_given = given.contains(parameter.as_str());
                let may_be_left_out = !declared["Default"].is_null();
                assert!(is_given || may_be_left_out, "{name}: {parameter}");
            }
            let has_roles = !template::resources(&templates[name], "AWS::IAM::Role").is_empty();
            assert_eq!(command.contains("CAPABILITY_IAM"), has_roles, "{name}");
            deployed.insert(name.to_owned());
        }
        for call in command.split("$(output ").skip(1) {
            let words: Vec<_> = call.split(')').next().unwrap().split(' ').collect();
            let (stack, output) = (words[1], words[2]);
            if let Some(name) = stack.strip_prefix("application-") {
                let there = &templates[name]["Outputs"];
                assert!(!there[output].is_null(), "{stack} has no {output}");
                asked += 1;
            }
        }
    }
    assert_eq!(deployed, templates.into_keys().collect());
    assert!(asked >= 8, "{asked}");
}

/// A number that the program has.
fn seconds(program: &str, name: &str) -> u64 {
    let after = program.split(&format!("\n{name} = ")).nth(1);
    let after = after.unwrap_or_else(|| panic!("{name} is no number of the program"));
    after.lines().next().unwrap().parse().unwrap()
}

#[test]
fn a_page_ends_before_the_load_balancer_and_ecs_let_go_of_its_task() {
    let (program, templates) = (text("application.py"), templates());
    assert!(text("Dockerfile").contains("RES_OPTIONS=\"timeout:1 attempts:2\""));
    let waits = [
        "QUEUE_SECONDS",
        "RETRY_WITHIN_SECONDS",
        "CONNECT_SECONDS",
        "STATEMENT_SECONDS",
    ];
    let longest: u64 = waits.iter().map(|name| seconds(&program, name)).sum();
    let longest = longest + NAMES * 2;
    let told = format!("A page takes {longest} s at most");
    assert!(text("README.md").contains(&told), "{told}");
    let groups = template::resources(
        &templates["balancer"],
        "AWS::ElasticLoadBalancingV2::TargetGroup",
    );
    assert_eq!(groups.len(), 2);
    for (id, group) in groups {
        let delay = group["TargetGroupAttributes"][0]["Value"].as_str().unwrap();
        assert!(delay.parse::<u64>().unwrap() > longest, "{id}: {delay}");
        assert_eq!(group["HealthCheckPath"], "/healthz");
    }
    let task = template::resources(&templates["containers"], "AWS::ECS::TaskDefinition");
    let stop = task[0].1["ContainerDefinitions"][0]["StopTimeout"].as_u64();
    assert!(stop.unwrap() > longest, "{stop:?}");
}

#[test]
fn the_scripts_of_an_instance_are_bash() {
    let instances = &templates()["instances"];
    let launch = template::resources(instances, "AWS::EC2::LaunchTemplate");
    let data = &launch[0].1["LaunchTemplateData"]["UserData"]["Fn::Base64"]["Fn::Sub"];
    let whole = data[0].as_str().unwrap();
    let inner = whole.split("<<'SETTINGS'\n").nth(1).unwrap();
    let inner = inner.split("\nSETTINGS\n").next().unwrap();
    for script in [whole, inner] {
        assert!(script.starts_with("#!/bin/bash\n"), "{script}");
        let output = Command::new("bash").args(["-n", "-c", script]).output();
        let output = output.unwrap();
        // What is not ended it only warns of.
        let is_right = output.status.success() && output.stderr.is_empty();
        assert!(is_right, "{}", said(&output));
    }
}
