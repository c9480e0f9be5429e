//! CloudFormation templates as JSON: a tag becomes the function it is short for, as in `{"Ref": "Watch"}`. The prefix of all names
//! stands there with its default.

use std::{fs, sync::LazyLock};

use failover::installation;
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

use crate::repository;

/// What stands for the prefix in a text.
const PREFIX: &str = "${Prefix}";

/// The one list of templates.
static OF_A_MEMBER: LazyLock<Vec<String>> = LazyLock::new(|| listed("MEMBER"));

/// One of the lists of templates that the deploying program has.
pub fn listed(name: &str) -> Vec<String> {
    let program = repository::text("tools/deploy/templates.py");
    let (_, list) = program.split_once(&format!("\n{name} = (")).unwrap();
    let (list, _) = list.split_once(')').unwrap();
    let quoted = list.split('"').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

/// What is deployed in a member Region, in its order.
pub fn of_a_member() -> impl Iterator<Item = &'static str> {
    OF_A_MEMBER.iter().map(String::as_str)
}

/// Those templates of a member Region that have a resource of a type. One that is yet to be generated has none.
fn with(kind: &str) -> Vec<&'static str> {
    let there = names();
    let all = OF_A_MEMBER.iter().filter(|name| there.contains(name));
    let all = all.map(String::as_str);
    let found = all.filter(|name| !resources(&read(name), kind).is_empty());
    let found: Vec<_> = found.collect();
    assert!(!found.is_empty(), "no template has an {kind}");
    found
}

/// The templates of a member Region that have functions, one per concern.
pub fn of_functions() -> Vec<&'static str> {
    with("AWS::Lambda::Function")
}

/// Those with alarms.
pub fn of_alarms() -> Vec<&'static str> {
    with("AWS::CloudWatch::Alarm")
}

/// Those with state machines and the alarms on their runs, one per topology, generated from `crates/machines`.
pub fn of_machines() -> Vec<&'static str> {
    with("AWS::StepFunctions::StateMachine")
}

/// The machine of a definition: its template, and its properties there.
pub fn of_machine(name: &str) -> (Value, Value) {
    let key = format!("${{ArtifactPrefix}}/{name}.asl.json");
    for template in of_machines().into_iter().map(read) {
        let machines = resources(&template, "AWS::StepFunctions::StateMachine");
        let found = machines
            .into_iter()
            .find(|(_, properties)| properties["DefinitionS3Location"]["Key"]["Fn::Sub"] == *key);
        if let Some((_, properties)) = found {
            return (template.clone(), properties.clone());
        }
    }
    panic!("{name} is not deployed")
}

/// What only a failback may do, one for each topology: stacks that are deployed before one and deleted after it.
pub const OF_FAILBACK: [&str; 3] = [
    "aurora-global-failback",
    "rds-replica-failback",
    "workload-failback",
];

/// What a member Region has only where the answers ask for it: the page behind links, with alarms of its own.
pub const OFF_BY_DEFAULT: &str = "approval-page";

/// What somebody deploys by hand for a name that objects lead.
pub const OF_A_SWITCH: &str = "health-switch";

/// What somebody deploys by hand for exports of an instance's snapshots.
pub const OF_EXPORTS: &str = "instance-exports";

/// What somebody deploys by hand, each with the page that says how.
pub const BY_HAND: [(&str, &str); 3] = [
    (OF_A_SWITCH, "docs/how-to/health-switch.md"),
    ("database-instance", "docs/how-to/database-instance.md"),
    (OF_EXPORTS, "docs/how-to/database-instance.md"),
];

/// Every template of `cloudformation/`, in alphabetical order.
pub fn names() -> Vec<String> {
    let files = fs::read_dir(repository::root().join("cloudformation")).unwrap();
    let files = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names = files.filter_map(|file| file.strip_suffix(".yaml").map(str::to_owned));
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// The functions of a member Region: logical id, properties, and the template that has them.
pub fn member_functions() -> Vec<(String, Value, Value)> {
    let templates: Vec<_> = of_functions().into_iter().map(read).collect();
    let found = templates.iter().flat_map(|template| {
        resources(template, "AWS::Lambda::Function")
            .into_iter()
            .map(|(id, properties)| (id.to_owned(), properties.clone(), template.clone()))
    });
    found.collect()
}

/// A template of `cloudformation/`, by its name without the ending.
pub fn read(name: &str) -> Value {
    read_at(&format!("cloudformation/{name}.yaml"))
}

/// A template, or another file in YAML, by its path from the root.
pub fn read_at(path: &str) -> Value {
    let text = repository::text(path);
    let documents = Yaml::load_from_str(&text).unwrap_or_else(|why| panic!("{path}: {why}"));
    let [document] = documents.as_slice() else {
        panic!("{path} holds {} documents", documents.len());
    };
    json_of(document)
}

/// The resources of a type: logical id and properties, in the order of their ids.
pub fn resources<'a>(template: &'a Value, kind: &str) -> Vec<(&'a str, &'a Value)> {
    let all = template["Resources"].as_object().unwrap();
    all.iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .map(|(id, resource)| (id.as_str(), &resource["Properties"]))
        .collect()
}

/// The policies of a template: the logical id of the role, or of the managed policy, and the document.
pub fn policies(template: &Value) -> Vec<(&str, &Value)> {
    let of_roles = resources(template, "AWS::IAM::Role")
        .into_iter()
        .flat_map(|(id, role)| {
            let policies = role["Policies"].as_array().into_iter().flatten();
            policies.map(move |policy| (id, &policy["PolicyDocument"]))
        });
    let managed = resources(template, "AWS::IAM::ManagedPolicy")
        .into_iter()
        .map(|(id, policy)| (id, &policy["PolicyDocument"]));
    of_roles.chain(managed).collect()
}

/// The name at the end of a function's ARN that is put together by `Fn::Sub`.
pub fn function_of(arn: &Value) -> &str {
    let text = arn["Fn::Sub"]
        .as_str()
        .unwrap_or_else(|| panic!("{arn} is no Fn::Sub"));
    let (_, name) = text
        .rsplit_once(":function:")
        .unwrap_or_else(|| panic!("{text} names no function"));
    name
}

/// What a function makes of nothing but the prefix.
fn filled_by_the_prefix(function: &str, value: &Value) -> Option<Value> {
    match (function, value.as_str()?) {
        ("Ref", "Prefix") => Some(installation::PREFIX.into()),
        ("Sub", text) => {
            let text = text.replace(PREFIX, installation::PREFIX);
            (!text.contains("${")).then(|| text.into())
        }
        _ => None,
    }
}

fn with_the_prefix(value: Value) -> Value {
    match value {
        Value::String(text) => text.replace(PREFIX, installation::PREFIX).into(),
        Value::Array(items) => items.into_iter().map(with_the_prefix).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value,
    }
}

fn json_of(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(items) => items.iter().map(json_of).collect(),
        Yaml::Mapping(entries) => entries
            .iter()
            .map(|(key, value)| (key.as_str().unwrap().to_owned(), json_of(value)))
            .collect::<Map<_, _>>()
            .into(),
        Yaml::Tagged(tag, value) => {
            let name = tag.suffix.as_str();
            let value = json_of(value);
            if let Some(text) = filled_by_the_prefix(name, &value) {
                return text;
            }
            let function = match name {
                "Ref" | "Condition" => name.to_owned(),
                _ => format!("Fn::{name}"),
            };
            json!({function: with_the_prefix(value)})
        }
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            panic!("{node:?} stands in a template")
        }
    }
}
