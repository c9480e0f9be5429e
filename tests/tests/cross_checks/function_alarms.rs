//! The alarms on functions are made of the templates that have the functions. `UPDATE_GOLDEN=1` writes them.

use std::{env, fs};

use tests::{
    repository::{root, text},
    template,
};

/// The templates of alarms: file, topology whose functions they are on, or none, and what those are.
fn templates() -> Vec<(String, Option<&'static str>, String)> {
    let shared = "the functions that the topologies share";
    let mut all = vec![("function-alarms".to_owned(), None, shared.to_owned())];
    all.extend(machines::topologies().into_iter().map(|topology| {
        let what = format!("the functions of {}", topology.what);
        (
            format!("{}-alarms", topology.name),
            Some(topology.name),
            what,
        )
    }));
    all
}

/// What such a template begins with.
const HEAD: &str = r#"# Generated: UPDATE_GOLDEN=1 cargo test --release --workspace --test cross_checks
AWSTemplateFormatVersion: "2010-09-09"
Description: aurora-failover, the alarms of one member Region on <what>.

Parameters:
  Prefix:
    Type: String
    Default: aurora-failover
    AllowedPattern: (?!aws|ssm)[a-z][a-z0-9-]{0,18}[a-z0-9]
    Description: What all names begin with.
  AlarmTopicArn:
    Type: String
    Default: ""
    Description: ARN of the SNS topic in this Region that alarms go to; empty when nobody is told. Where a customer's key encrypts it, the key admits cloudwatch.amazonaws.com.

Conditions:
  HasTopic: !Not [!Equals [!Ref AlarmTopicArn, ""]]

Resources:
"#;

/// One alarm.
const ALARM: &str = r#"  <Id><Metric>:
    Type: AWS::CloudWatch::Alarm
    Properties: {
      AlarmName: !Sub "${Prefix}-<name>-<metric>",
      AlarmDescription: "<told>",
      Namespace: AWS/Lambda, MetricName: <Metric>,
      Dimensions: [{Name: FunctionName, Value: !Sub "${Prefix}-<name>"}],
      Statistic: Sum, <when>,
      Threshold: 1, ComparisonOperator: GreaterThanOrEqualToThreshold, TreatMissingData: notBreaching,
      AlarmActions: !If [HasTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue],
      OKActions: !If [HasTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue]}
"#;

/// Three of five minutes.
const MINUTES: &str = "Period: 60, EvaluationPeriods: 5, DatapointsToAlarm: 3";
/// Two of three hours.
const HOURS: &str = "Period: 3600, EvaluationPeriods: 3, DatapointsToAlarm: 2";

/// How an error is told, and after how many.
fn on_errors(name: &str) -> (String, &'static str) {
    match name {
        // Its schedule calls it once an hour.
        "rebuild-global" | "replace-replica" => (
            format!(
                "ACTION: {name} ended in an error in two of three hours. What the members are made of may not be kept. Next: its log says why."
            ),
            HOURS,
        ),
        _ => (
            format!(
                "ACTION: {name} ended in an error in three of five minutes. Next: its log says why."
            ),
            MINUTES,
        ),
    }
}

fn alarm(id: &str, name: &str, metric: &str, (told, when): (String, &str)) -> String {
    ALARM
        .replace("<Id>", id)
        .replace("<name>", name)
        .replace("<Metric>", metric)
        .replace("<metric>", &metric.to_lowercase())
        .replace("<told>", &told)
        .replace("<when>", when)
}

fn alarms(template: &str) -> String {
    let template = template::read(template);
    let functions = template::resources(&template, "AWS::Lambda::Function").into_iter();
    let both = functions.map(|(id, function)| {
        let id = id.strip_suffix("Function").unwrap();
        let name = function["FunctionName"].as_str().unwrap();
        let name = name.strip_prefix("aurora-failover-").unwrap();
        let refused = format!(
            "ACTION: Calls of {name} were refused in three of five minutes. Next: look at ReservedConcurrency and the quota of the account."
        );
        alarm(id, name, "Errors", on_errors(name))
            + &alarm(id, name, "Throttles", (refused, MINUTES))
    });
    both.collect()
}

/// The topology that a template is of.
fn topology_of(template: &str) -> Option<&'static str> {
    let topologies = machines::topologies().into_iter();
    let mut topologies = topologies.map(|topology| topology.name);
    topologies.find(|topology| template.starts_with(topology))
}

#[test]
fn the_alarms_on_functions_are_made_of_the_templates_that_have_them() {
    for (file, topology, what) in templates() {
        let templates = template::of_functions().into_iter();
        let made: String = templates
            .filter(|name| topology_of(name) == topology && *name != template::OFF_BY_DEFAULT)
            .map(alarms)
            .collect();
        let made = HEAD.replace("<what>", &what) + &made;
        let path = format!("cloudformation/{file}.yaml");
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(root().join(&path), made).unwrap();
            continue;
        }
        assert_eq!(text(&path), made, "UPDATE_GOLDEN=1 writes {path}");
    }
}
