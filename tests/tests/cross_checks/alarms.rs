//! Alarms: whatever runs by itself has one that tells people when it does not, and every run and function one on its errors.

use std::collections::BTreeSet;

use failover::{
    installation::{self, PREFIX},
    metric::{self, Counted},
    plan::TopologyKind,
};
use serde_json::{Value, json};
use steps::{
    confirm_outage::{BEAT_OLD, SURVEY},
    readiness::schedule,
    warm,
};
use tests::{machine, template};

/// Alarms on what is called once an hour, and on what may be so for hours.
const OF_HOURS: [&str; 6] = [
    "aurora-failover-not-ready",
    "aurora-failover-rebuild-global-errors",
    "aurora-failover-recovery-ledger-missing",
    "aurora-failover-replace-replica-errors",
    "aurora-failover-switch-left-on",
    "aurora-failover-warm-failed",
];

/// Alarms that one time is enough for: what is wrong then does not heal by itself, or was looked for over a minute and a half.
const AT_ONCE: [&str; 3] = [
    "aurora-failover-beat-missing",
    "aurora-failover-event-failed",
    "aurora-failover-plan-wrong",
];

/// How long an alarm may look back, by whether its period is an hour or more, in seconds.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>.
const LOOKS_BACK: [u64; 2] = [86_400, 604_800];

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

/// The functions that must not fall silent: those that a schedule calls every minute, and the one that keeps all others awake. The
/// survey's silence is that of what it measures.
fn may_not_be_silent() -> BTreeSet<String> {
    let templates: Vec<_> = template::of_a_member().map(template::read).collect();
    let rules = templates
        .iter()
        .flat_map(|template| template::resources(template, "AWS::Events::Rule"));
    let warm = warm::request().to_string();
    let survey = json!({"operation": SURVEY}).to_string();
    let called = rules.filter(|(_, rule)| {
        let input = &rule["Targets"][0]["Input"];
        let rate = &rule["ScheduleExpression"];
        let is_called = *rate == "rate(1 minute)" || !rate.is_null() && *input == *warm;
        is_called && *input != *survey
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
    assert_eq!(covered(PREFIX, "Failed", "Step"), steps.into());
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
    let templates: Vec<_> = template::of_a_member().map(template::read).collect();
    let rules = templates
        .iter()
        .flat_map(|template| template::resources(template, "AWS::Events::Rule"));
    let starts = |rule: &Value| {
        let target = rule["Targets"][0]["Arn"]["Fn::Sub"].as_str();
        target.is_some_and(|target| target.contains(":stateMachine:"))
    };
    let starting = rules.filter(|(_, rule)| starts(rule));
    let names: BTreeSet<_> = starting
        .map(|(_, rule)| rule["Name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names.len(), TopologyKind::ALL.len());
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
        let of_beats = alarm["MetricName"] == metric::BEAT_AGE.name;
        let of_calls = alarm["MetricName"] == "Invocations";
        let of_readiness = alarm["MetricName"] == metric::READY.name;
        let is_on_silence = of_beats || of_calls || of_readiness;
        let treats = ["notBreaching", "breaching"][usize::from(is_on_silence)];
        let compares = ["GreaterThanOrEqualToThreshold", "LessThanThreshold"]
            [usize::from(is_on_silence && !of_beats)];
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
        let is_at_once = is_of_runs || AT_ONCE.contains(&name);
        assert_eq!(number("DatapointsToAlarm") >= 2, !is_at_once, "{name}");
        let looks_back = number("Period") * number("EvaluationPeriods");
        assert!(is_hourly || looks_back <= 300, "{name}");
        assert!(looks_back <= LOOKS_BACK[usize::from(is_hourly)], "{name}");
        assert_eq!(is_hourly, OF_HOURS.contains(&name), "{name}");
    }
}

/// A metric that nobody sends, or that is sent by other dimensions, raises nothing for ever.
#[test]
fn an_alarm_on_our_own_metrics_is_on_one_that_is_measured_by_those_dimensions() {
    let mut seen = 0;
    for alarm in alarms() {
        if alarm["Namespace"] != PREFIX {
            continue;
        }
        seen += 1;
        let name = &alarm["MetricName"];
        let metric = metric::ALL.iter().find(|metric| *name == metric.name);
        let metric = metric.unwrap_or_else(|| panic!("{name} is not measured"));
        let by = alarm["Dimensions"].as_array().unwrap().iter();
        let by: Vec<_> = by.map(|one| one["Name"].as_str().unwrap()).collect();
        assert!(metric.dimensions.contains(&&*by), "{name} by {by:?}");
    }
    assert!(seen > 8, "this check sees only {seen} alarms");
}

#[test]
fn a_beat_is_held_for_missing_when_the_survey_calls_it_old() {
    assert_eq!(
        covered(PREFIX, metric::BEAT_AGE.name, "Step"),
        [SURVEY.to_owned()].into()
    );
    let all = alarms();
    let of_beats = all
        .iter()
        .find(|alarm| alarm["MetricName"] == metric::BEAT_AGE.name);
    assert_eq!(of_beats.unwrap()["Threshold"], BEAT_OLD.as_secs());
    assert_eq!(of_beats.unwrap()["Statistic"], "Maximum");
}

#[test]
fn what_the_schedule_finds_of_readiness_is_what_the_alarm_looks_at() {
    let step = schedule::READINESS.to_owned();
    assert_eq!(covered(PREFIX, metric::READY.name, "Step"), [step].into());
    let request = schedule::request().to_string();
    for (name, by) in [
        ("triggers", "planned-failover"),
        ("rds-replica-stop", "stop-writes"),
    ] {
        let stack = template::read(name);
        let rules = template::resources(&stack, "AWS::Events::Rule");
        let sent = rules
            .iter()
            .filter(|(_, rule)| rule["Targets"][0]["Input"] == *request);
        let sent: Vec<_> = sent
            .map(|(_, rule)| template::function_of(&rule["Targets"][0]["Arn"]))
            .collect();
        assert_eq!(sent, [installation::named(by)]);
        assert!(metric::READY.by.contains(by));
    }
}

/// Each member Region has all of them, so that those of a Region that is left tell of the one that is lost.
#[test]
fn every_member_region_has_the_whole_set_and_the_witness_has_none() {
    for name in template::of_alarms() {
        let template = template::read(name);
        let alarms = template["Resources"].as_object().unwrap().values();
        let alarms = alarms.filter(|resource| resource["Type"] == "AWS::CloudWatch::Alarm");
        for alarm in alarms {
            let condition = alarm.get("Condition").and_then(Value::as_str);
            if name == template::OFF_BY_DEFAULT {
                assert_eq!(condition, Some("IsOn"), "{alarm}");
                continue;
            }
            assert!(matches!(condition, None | Some("Watches")), "{alarm}");
        }
    }
    let witness = template::read("witness");
    assert!(template::resources(&witness, "AWS::CloudWatch::Alarm").is_empty());
}
