//! The dashboard is made of the metrics and the alarms that there are. `UPDATE_GOLDEN=1` writes its template.

use std::{env, fs};

use failover::metric::{
    self, BEAT_AGE, FAILED, Metric, PROTECTED, READY, REPLICATION_LAG, RPO, RTO, RUNS_ENDED,
    VERDICTS, WRITES,
};
use serde_json::{Value, json};
use steps::confirm_outage::BEAT_OLD;
use tests::{
    repository::{root, text},
    template,
};

const PATH: &str = "cloudformation/dashboard.yaml";

/// What the template begins with. A dashboard's name is of the account, not of a Region.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html>.
const HEAD: &str = r#"# Generated: UPDATE_GOLDEN=1 cargo test --release --workspace --test cross_checks
AWSTemplateFormatVersion: "2010-09-09"
Description: aurora-failover, the page on which one member Region shows who writes, whether everything is protected, how far its standbys are behind, and how the last runs ended.

Parameters:
  Prefix:
    Type: String
    Default: aurora-failover
    AllowedPattern: (?!aws|ssm)[a-z][a-z0-9-]{0,18}[a-z0-9]
    Description: What all names begin with.
  MemberRegions:
    Type: CommaDelimitedList
    Description: Every Region that holds a member of a plan, this one included.

Resources:
  Dashboard:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardName: !Sub ${Prefix}-${AWS::Region}
      DashboardBody: !Sub
        - |
"#;

const TAIL: &str = r#"        - Regions: !Join [", ", !Ref MemberRegions]
"#;

/// The most metrics that one widget shows are 500, and an alarm widget's alarms 100.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>.
const ALARMS_MAX: usize = 100;

/// Every value of a metric's dimensions, by the set of dimensions that names a plan, where one does.
fn search(metric: &Metric, statistic: &str, seconds: u32) -> Value {
    let mut sets = metric.dimensions.iter();
    let of_plans = sets.find(|set| set.contains(&"Plan"));
    let set = of_plans.unwrap_or(&metric.dimensions[0]).join(",");
    let name = metric.name;
    let expression = format!(
        "SEARCH('{{\"${{Prefix}}\",{set}}} MetricName=\"{name}\"', '{statistic}', {seconds})"
    );
    json!([{"expression": expression, "id": name.to_lowercase()}])
}

/// A widget that shows metrics: its title, its place and size, and how.
fn shows(title: &str, [x, y, width, height]: [u32; 4], metrics: &[Value], more: &Value) -> Value {
    let mut properties = json!({"title": title, "region": "${AWS::Region}", "metrics": metrics});
    let own = properties.as_object_mut().unwrap();
    own.extend(more.as_object().unwrap().clone());
    json!({"type": "metric", "x": x, "y": y, "width": width, "height": height, "properties": properties})
}

/// Who writes, and whether all is there for the day that it is needed.
fn at_a_glance() -> [Value; 3] {
    let area = json!({"view": "timeSeries", "stacked": true});
    let number = json!({"view": "singleValue"});
    [
        shows(
            "Who writes",
            [0, 2, 12, 6],
            &[search(&WRITES, "Maximum", 60)],
            &area,
        ),
        shows(
            "Protected (1) or not (0)",
            [12, 2, 8, 6],
            &[search(&PROTECTED, "Minimum", 60)],
            &number,
        ),
        shows(
            "Ready for planned moves here (1) or not (0)",
            [20, 2, 4, 6],
            &[search(&READY, "Minimum", 900)],
            &number,
        ),
    ]
}

fn widgets() -> Vec<Value> {
    let line = json!({"view": "timeSeries"});
    let area = json!({"view": "timeSeries", "stacked": true});
    let from_nought = json!({"view": "timeSeries", "yAxis": {"left": {"min": 0}}});
    let old = json!({"view": "timeSeries", "yAxis": {"left": {"min": 0}},
        "annotations": {"horizontal": [{"value": BEAT_OLD.as_secs(), "label": "raises the alarm"}]}});
    let bars = json!({"view": "bar", "setPeriodToTimeRange": true});
    let about = "## ${Prefix} in ${AWS::Region}\nMember Regions: ${Regions}. Each has a page like this, `${Prefix}-` and its \
        name, of what is seen from there.";
    let runs = "SOURCE '/aws/lambda/${Prefix}-recovery-ledger' | fields @timestamp, Plan, Kind, Outcome, RTO, RPO \
        | filter ispresent(RunsEnded) | sort @timestamp desc | limit 20";
    let [writes, is_protected, is_ready] = at_a_glance();
    vec![
        json!({"type": "text", "x": 0, "y": 0, "width": 24, "height": 2, "properties": {"markdown": about}}),
        writes,
        is_protected,
        is_ready,
        json!({"type": "alarm", "x": 0, "y": 8, "width": 24, "height": 8,
            "properties": {"title": "Alarms", "sortBy": "stateUpdatedTimestamp", "alarms": alarms()}}),
        shows(
            "Seconds since the last beat",
            [0, 16, 12, 6],
            &[search(&BEAT_AGE, "Maximum", 60)],
            &old,
        ),
        shows(
            "Replication lag, ms",
            [12, 16, 12, 6],
            &[search(&REPLICATION_LAG, "Maximum", 60)],
            &from_nought,
        ),
        json!({"type": "log", "x": 0, "y": 22, "width": 24, "height": 6,
            "properties": {"title": "Last runs", "region": "${AWS::Region}", "view": "table", "query": runs}}),
        shows(
            "Runs by outcome",
            [0, 28, 12, 6],
            &[search(&RUNS_ENDED, "Sum", 86_400)],
            &bars,
        ),
        shows(
            "RTO and RPO, s",
            [12, 28, 12, 6],
            &[search(&RTO, "Maximum", 60), search(&RPO, "Maximum", 60)],
            &line,
        ),
        shows(
            "Verdicts",
            [0, 34, 12, 6],
            &[search(&VERDICTS, "Sum", 300)],
            &area,
        ),
        shows(
            "What failed",
            [12, 34, 12, 6],
            &[search(&FAILED, "Sum", 300)],
            &area,
        ),
    ]
}

/// The ARNs of all alarms that are there whatever the answers say: a dashboard shows an error in place of one that is not.
fn alarms() -> Vec<String> {
    let always = template::of_alarms().into_iter();
    let always = always.filter(|name| *name != template::OFF_BY_DEFAULT);
    let templates = always.map(template::read);
    let names = templates.flat_map(|template| {
        let alarms = template::resources(&template, "AWS::CloudWatch::Alarm").into_iter();
        let names = alarms.map(|(_, alarm)| alarm["AlarmName"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    });
    names
        .map(|name| {
            format!("arn:${{AWS::Partition}}:cloudwatch:${{AWS::Region}}:${{AWS::AccountId}}:alarm:{name}")
        })
        .collect()
}

fn made() -> String {
    let widgets: Vec<_> = widgets().iter().map(Value::to_string).collect();
    let widgets = widgets.join(",\n          ");
    let widgets = widgets.replace(":alarm:aurora-failover-", ":alarm:${Prefix}-");
    format!("{HEAD}          {{\"widgets\": [\n          {widgets}\n          ]}}\n{TAIL}")
}

#[test]
fn the_dashboard_is_made_of_the_metrics_and_the_alarms_that_there_are() {
    let made = made();
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(root().join(PATH), made).unwrap();
        return;
    }
    assert_eq!(text(PATH), made, "UPDATE_GOLDEN=1 writes {PATH}");
}

#[test]
fn the_dashboard_is_json_that_shows_every_alarm_and_every_metric_that_a_plan_has() {
    let template = template::read("dashboard");
    let [(_, dashboard)] = template::resources(&template, "AWS::CloudWatch::Dashboard")[..] else {
        panic!("not one dashboard");
    };
    let region = dashboard["DashboardName"]["Fn::Sub"].as_str().unwrap();
    assert!(
        region.ends_with("${AWS::Region}"),
        "two Regions would share one"
    );
    let body = dashboard["DashboardBody"]["Fn::Sub"][0].as_str().unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    let widgets = body["widgets"].as_array().unwrap();
    let shown = |kind: &'static str| widgets.iter().filter(move |widget| widget["type"] == kind);
    let listed =
        shown("alarm").flat_map(|widget| widget["properties"]["alarms"].as_array().unwrap());
    let listed: Vec<_> = listed.map(|arn| arn.as_str().unwrap()).collect();
    assert_eq!(listed, alarms());
    assert!(listed.len() <= ALARMS_MAX);
    let drawn: String = shown("metric").map(Value::to_string).collect();
    // Its alarm tells of it, and while it is on the plan is not protected.
    let elsewhere = [metric::SWITCH_ON.name];
    for metric in metric::ALL {
        let is_drawn = drawn.contains(&format!("MetricName=\\\"{}\\\"", metric.name));
        assert_ne!(
            is_drawn,
            elsewhere.contains(&metric.name),
            "{}",
            metric.name
        );
    }
}
