//! The reference of metrics and alarms is made of the list in the code and of the templates. `UPDATE_GOLDEN=1` writes it.

use std::fmt::Write as _;

use failover::metric;
use serde_json::Value;
use tests::{
    repository::{sources, text},
    template,
};

use crate::generated::holds;

const PAGE: &str = "docs/reference/metrics.md";

fn metrics() -> String {
    let mut table =
        "| metric | unit | by | function | when | what it says |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for metric in metric::ALL {
        let sets = metric
            .dimensions
            .iter()
            .map(|set| format!("`{}`", set.join("`, `")));
        let sets = sets.collect::<Vec<_>>().join(" and ");
        let by = match metric.by.contains(' ') {
            true => metric.by.to_owned(),
            false => format!("`{}`", metric.by),
        };
        let (name, unit, when, about) = (metric.name, metric.unit, metric.when, metric.about);
        writeln!(
            table,
            "| `{name}` | {unit} | {sets} | {by} | {when} | {about} |"
        )
        .unwrap();
    }
    table
}

/// After how many periods of how many an alarm is raised.
fn after(alarm: &Value) -> String {
    let number = |field: &str| alarm[field].as_u64().unwrap();
    let (of, most) = (number("DatapointsToAlarm"), number("EvaluationPeriods"));
    let period = match number("Period") {
        60 => "minute",
        3_600 => "hour",
        other => panic!("{other} s"),
    };
    match most {
        1 => format!("a {period}"),
        _ => format!("{of} of {most} {period}s"),
    }
}

fn alarms() -> String {
    let mut text = String::new();
    for name in template::of_alarms() {
        writeln!(text, "\n### aurora-failover-{name}\n").unwrap();
        let template = template::read(name);
        for (_, alarm) in template::resources(&template, "AWS::CloudWatch::Alarm") {
            let field = |field: &str| alarm[field].as_str().unwrap();
            let (name, told) = (field("AlarmName"), field("AlarmDescription"));
            writeln!(text, "- `{name}`, {}: {told}", after(alarm)).unwrap();
        }
    }
    text
}

#[test]
fn the_reference_lists_every_metric_and_every_alarm() {
    let made = format!("## Metrics\n\n{}\n## Alarms\n{}", metrics(), alarms());
    holds(PAGE, made.trim_end());
}

/// A metric that is in the list and that nobody sends is a promise.
#[test]
fn every_metric_of_the_list_is_measured_somewhere() {
    let code: String = sources("crates/steps/src")
        .iter()
        .map(|path| text(path))
        .collect();
    for (metric, constant) in metric::ALL.iter().zip([
        "BEAT_AGE",
        "REPLICATION_LAG",
        "PROTECTED",
        "WRITES",
        "SWITCH_ON",
        "VERDICTS",
        "RUNS_ENDED",
        "RTO",
        "RPO",
    ]) {
        let sent = format!("metric::{constant}");
        assert!(code.contains(&sent), "nobody measures {}", metric.name);
    }
    assert!(code.contains("metric::failed("));
}
