//! Alarms: whatever runs by itself has one that tells people when it does not, and every run and function one on its errors.

use std::collections::BTreeSet;

use failover::metric::{Counted, NAMESPACE};
use serde_json::{Value, json};
use steps::warm;
use tests::{machine, template};

/// Alarms on what is called once an hour.
const OF_HOURLY_CALLS: [&str; 3] = [
    "aurora-failover-rebuild-global-errors",
    "aurora-failover-recovery-ledger-missing",
    "aurora-failover-warm-failed",
];

fn alarms() -> Vec<Value> {
    let templates = template::of_alarms().into_iter().map(template::read);
    let templates: Vec<_> = templates.collect();
    let found = templates
        .iter()
        .flat_map(|template| template::resources(template, "AWS::CloudWatch::Alarm"));
    found.map(|(_, alarm)| alarm.clone()).collect()
}

/// The values that a dimension has in the alarms on a metric.
fn covered(namespace: &str, metric: &str, dimension: &str) -> BTreeSet<String> {
    let found = alarms().into_iter().filter(|alarm| {
        alarm["Namespace"] == namespace
            && alarm["MetricName"] == metric
            && alarm["Dimensions"][0]["Name"] == dimension
    });
    found
        .map(|alarm| {
            let value = &alarm["Dimensions"][0]["Value"];
            value
                .as_str()
                .or(value["Fn::Sub"].as_str())
                .unwrap()
                .to_owned()
        })
        .collect()
}

/// The functions that must not fall silent: those that a schedule calls every minute, and the one that keeps all others awake.
fn may_not_be_silent() -> BTreeSet<String> {
    let triggers = template::read("triggers");
    let rules = template::resources(&triggers, "AWS::Events::Rule");
    let warm = warm::request().to_string();
    let called = rules.iter().filter(|(_, rule)| {
        rule["ScheduleExpression"] == "rate(1 minute)" || rule["Targets"][0]["Input"] == *warm
    });
    called
        .map(|(_, rule)| template::function_of(&rule["Targets"][0]["Arn"]).to_owned())
        .collect()
}

#[test]
fn every_function_has_an_alarm_on_its_errors_and_one_on_refused_calls() {
    let functions: BTreeSet<_> = template::member_functions()
        .into_iter()
        .map(|(_, function, _)| function["FunctionName"].as_str().unwrap().to_owned())
        .collect();
    for metric in ["Errors", "Throttles"] {
        assert_eq!(
            covered("AWS/Lambda", metric, "FunctionName"),
            functions,
            "{metric}"
        );
    }
}

#[test]
fn every_failure_that_is_counted_has_an_alarm() {
    let steps = Counted::ALL.map(|counted| counted.step().to_owned());
    assert_eq!(covered(NAMESPACE, "Failed", "Step"), steps.into());
}

#[test]
fn every_run_that_fails_has_an_alarm() {
    let machines: BTreeSet<_> = machine::all()
        .iter()
        .map(|machine| {
            let name = &machine.name;
            format!("arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:stateMachine:aurora-failover-{name}")
        })
        .collect();
    for metric in ["ExecutionsFailed", "ExecutionsTimedOut"] {
        assert_eq!(
            covered("AWS/States", metric, "StateMachineArn"),
            machines,
            "{metric}"
        );
    }
}

#[test]
fn a_rule_that_starts_runs_has_an_alarm_on_events_that_started_none() {
    let triggers = template::read("triggers");
    let rules = template::resources(&triggers, "AWS::Events::Rule");
    let starts = |rule: &Value| {
        let target = rule["Targets"][0]["Arn"]["Fn::Sub"].as_str();
        target.is_some_and(|target| target.contains(":stateMachine:"))
    };
    let starting = rules.iter().filter(|(_, rule)| starts(rule));
    let names: BTreeSet<_> = starting
        .map(|(_, rule)| rule["Name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names.len(), 1);
    assert_eq!(
        covered("AWS/Events", "FailedInvocations", "RuleName"),
        names
    );
}

/// A dead probe sends nothing: no data is the news.
#[test]
fn what_watches_sweeps_or_keeps_awake_has_an_alarm_on_its_silence_while_it_is_switched_on() {
    let missing = covered("AWS/Lambda", "Invocations", "FunctionName");
    assert_eq!(missing, may_not_be_silent());
    let templates = template::of_alarms().into_iter().map(template::read);
    let templates: Vec<_> = templates.collect();
    let resources = templates
        .iter()
        .flat_map(|template| template["Resources"].as_object().unwrap())
        .filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Alarm");
    for (id, resource) in resources {
        let alarm = &resource["Properties"];
        let is_on_silence = alarm["MetricName"] == "Invocations";
        let (treats, compares) = match is_on_silence {
            true => ("breaching", "LessThanThreshold"),
            false => ("notBreaching", "GreaterThanOrEqualToThreshold"),
        };
        assert_eq!(alarm["TreatMissingData"], treats, "{id}");
        assert_eq!(alarm["ComparisonOperator"], compares, "{id}");
        assert_eq!(resource["Condition"] == "Watches", is_on_silence, "{id}");
    }
    let watches: Vec<_> = templates
        .iter()
        .map(|template| &template["Conditions"]["Watches"])
        .filter(|condition| !condition.is_null())
        .collect();
    assert_eq!(
        watches,
        [&json!({"Fn::Equals": [{"Ref": "Watch"}, "ENABLED"]})]
    );
}

#[test]
fn an_alarm_tells_the_topic_that_is_named_and_nobody_where_none_is() {
    let topic =
        json!({"Fn::If": ["HasTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]});
    for alarm in alarms() {
        let name = alarm["AlarmName"].as_str().unwrap();
        assert_eq!(alarm["AlarmActions"], topic, "{name}");
        assert_eq!(alarm["OKActions"], topic, "{name}");
    }
    for template in template::of_alarms().into_iter().map(template::read) {
        let declared = &template["Parameters"]["AlarmTopicArn"];
        assert_eq!(declared["Default"], "");
    }
}

/// One error that was tried again is no news; what goes on for minutes is.
#[test]
fn an_alarm_on_what_is_tried_again_waits_for_several_and_tells_within_minutes() {
    for alarm in alarms() {
        let name = alarm["AlarmName"].as_str().unwrap();
        let number = |field: &str| alarm[field].as_u64().unwrap();
        let is_of_runs = alarm["Namespace"] == "AWS/States";
        let is_hourly = number("Period") == 3_600;
        assert_eq!(number("DatapointsToAlarm") >= 2, !is_of_runs, "{name}");
        assert!(
            is_hourly || number("Period") * number("EvaluationPeriods") <= 300,
            "{name}"
        );
        assert_eq!(is_hourly, OF_HOURLY_CALLS.contains(&name), "{name}");
    }
}
