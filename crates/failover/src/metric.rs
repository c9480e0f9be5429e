//! What is counted and measured: lines in CloudWatch's embedded metric format, which the function's log group turns into metrics.
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use std::cell::RefCell;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{domain::PlanName, installation};

pub use list::{
    ALL, BEAT_AGE, FAILED, Metric, PROTECTED, READY, REPLICATION_LAG, RPO, RTO, RUNS_ENDED,
    SWITCH_ON, VERDICTS, WRITES,
};

mod list;

/// What may fail each time that it is tried, and tells nobody by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// A plan could not be watched.
    Watch,
    /// A plan's parameter is wrong.
    Plan,
    /// A plan could not be swept for a deposed writer.
    Fence,
    /// A plan could not be swept for a stop that nobody goes on with.
    Stop,
    /// A function that a run needs could not be called.
    Warm,
    /// A plan's witness did not answer, or does not hear the Region that asks it.
    Witness,
    /// A plan's topic is not there, or took no message.
    Topic,
    /// EventBridge did not take that a run has ended.
    Event,
}

impl Counted {
    /// All of them. Each has an alarm.
    pub const ALL: [Self; 8] = [
        Self::Watch,
        Self::Plan,
        Self::Fence,
        Self::Stop,
        Self::Warm,
        Self::Witness,
        Self::Topic,
        Self::Event,
    ];

    /// The value of the dimension `Step`.
    #[must_use]
    pub const fn step(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Plan => "plan",
            Self::Fence => "fence_writer",
            Self::Stop => "stop_writes",
            Self::Warm => "warm",
            Self::Witness => "witness",
            Self::Topic => "topic",
            Self::Event => "event",
        }
    }
}

/// Counts that something failed for a plan: `Failed`, by `Step` and by `Step` and `Plan`.
pub fn failed(counted: Counted, plan: &PlanName, now: Timestamp) {
    failed_for(counted, "Plan", plan.as_str(), now);
}

/// Counts that something failed: `Failed`, by `Step` and by `Step` and another dimension. An alarm on it is how people learn
/// that it goes on.
pub fn failed_for(counted: Counted, dimension: &'static str, value: &str, now: Timestamp) {
    let is_kept = keep(|kept| kept.failed.push((counted, value.to_owned())));
    if !is_kept {
        let metric = Metric {
            dimensions: &[&["Step"], &["Step", "Plan"], &["Step", "Function"]],
            ..FAILED
        };
        let members = [("Step", counted.step()), (dimension, value)];
        write(&line(&[(&metric, 1.0)], &members, now));
    }
}

/// Measures, in one line. Of a metric's sets of dimensions those are made whose members are all named. A step that measures
/// nothing writes nothing.
pub fn put(measured: &[(&Metric, f64)], members: &[(&str, &str)], now: Timestamp) {
    if measured.is_empty() {
        return;
    }
    let pairs = measured.iter().map(|(metric, value)| (metric.name, *value));
    if !keep(|kept| kept.measured.extend(pairs)) {
        write(&line(measured, members, now));
    }
}

fn write(line: &Value) {
    #[expect(
        clippy::print_stdout,
        reason = "a metric is a line on standard output, and nothing may stand around it"
    )]
    {
        println!("{line}");
    }
}

/// What a thread has counted and measured.
#[derive(Debug, Default)]
struct Kept {
    failed: Vec<(Counted, String)>,
    measured: Vec<(&'static str, f64)>,
}

thread_local! {
    /// What a thread has counted and measured where somebody asks for that; `None` where nobody does.
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// Whether it is kept, for somebody asks for it.
fn keep(into: impl FnOnce(&mut Kept)) -> bool {
    KEPT.with_borrow_mut(|kept| kept.as_mut().map(into).is_some())
}

/// What this thread has counted since a test or a simulation last asked for anything here. Before the first time nothing is kept,
/// and everything is written. From then on it is the other way round.
#[must_use]
pub fn counted() -> Vec<(Counted, String)> {
    let kept = KEPT.replace(Some(Kept::default()));
    kept.unwrap_or_default().failed
}

/// What this thread has measured since then, each metric by its name.
#[must_use]
pub fn measured() -> Vec<(&'static str, f64)> {
    let kept = KEPT.replace(Some(Kept::default()));
    kept.unwrap_or_default().measured
}

fn line(measured: &[(&Metric, f64)], members: &[(&str, &str)], now: Timestamp) -> Value {
    let is_named = |dimension: &&str| members.iter().any(|(name, _)| name == dimension);
    let directives = measured.iter().map(|(metric, _)| {
        let sets = metric.dimensions.iter();
        let sets: Vec<_> = sets.filter(|set| set.iter().all(is_named)).collect();
        json!({
            "Namespace": installation::prefix(),
            "Dimensions": sets,
            "Metrics": [{"Name": metric.name, "Unit": metric.unit}]
        })
    });
    let directives: Vec<_> = directives.collect();
    let about = json!({"Timestamp": now.as_millisecond(), "CloudWatchMetrics": directives});
    let mut line = Map::from_iter([("_aws".to_owned(), about)]);
    line.extend(
        members
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).into())),
    );
    line.extend(
        measured
            .iter()
            .map(|(metric, value)| (metric.name.to_owned(), (*value).into())),
    );
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every metric of a line: its value and its sets of dimensions, each with its values.
    fn read(line: &Value) -> Vec<(String, f64, Vec<Vec<String>>)> {
        let text = line.to_string();
        assert!(!text.contains('\n'), "{text}");
        let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        let each = directives.iter().map(|directive| {
            assert_eq!(directive["Namespace"], installation::PREFIX);
            let [metric] = directive["Metrics"].as_array().unwrap().as_slice() else {
                panic!("{directive}");
            };
            let name = metric["Name"].as_str().unwrap();
            let sets = directive["Dimensions"].as_array().unwrap().iter();
            let sets = sets.map(|set| {
                let names = set.as_array().unwrap().iter();
                let values = names.map(|name| line[name.as_str().unwrap()].as_str().unwrap());
                values.map(str::to_owned).collect()
            });
            let value = line[name].as_f64().unwrap();
            (name.to_owned(), value, sets.collect())
        });
        each.collect()
    }

    #[test]
    fn a_failure_is_one_line_that_cloudwatch_counts() {
        let metric = FAILED;
        let members = [("Step", "fence_writer"), ("Plan", "orders")];
        let line = line(&[(&metric, 1.0)], &members, Timestamp::UNIX_EPOCH);
        let words = |words: &[&str]| words.iter().copied().map(str::to_owned).collect();
        let sets: Vec<Vec<String>> =
            vec![words(&["fence_writer"]), words(&["fence_writer", "orders"])];
        assert_eq!(read(&line), [("Failed".to_owned(), 1.0, sets)]);
        assert_eq!(line["_aws"]["Timestamp"], 0);
    }

    #[test]
    fn what_is_measured_at_once_stands_in_one_line_each_by_the_dimensions_that_are_named() {
        let members = [("Plan", "orders"), ("Step", "survey")];
        let measured = [(&BEAT_AGE, 2.5), (&REPLICATION_LAG, 80.0)];
        let line = line(&measured, &members, Timestamp::UNIX_EPOCH);
        let read = read(&line);
        let [(age, seconds, by), (lag, ms, of)] = read.as_slice() else {
            panic!("{read:?}");
        };
        assert_eq!((age.as_str(), *seconds, by.len()), ("BeatAge", 2.5, 2));
        assert_eq!((lag.as_str(), *ms, of.len()), ("ReplicationLag", 80.0, 1));
        assert_eq!(of[0], ["orders"]);
    }

    #[test]
    fn what_is_asked_for_is_kept_and_nothing_is_measured_where_there_is_nothing() {
        drop(measured());
        put(&[], &[("Plan", "orders")], Timestamp::UNIX_EPOCH);
        assert!(measured().is_empty());
        put(
            &[(&RTO, 14.0)],
            &[("Plan", "orders")],
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(measured(), [("RTO", 14.0)]);
        failed(Counted::Topic, &"orders".into(), Timestamp::UNIX_EPOCH);
        assert_eq!(counted(), [(Counted::Topic, "orders".to_owned())]);
    }
}
