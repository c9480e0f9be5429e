//! What is counted: one line in CloudWatch's embedded metric format, which the function's log group turns into a metric.
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use std::cell::RefCell;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::PlanName;

/// The namespace of every metric.
pub const NAMESPACE: &str = "AuroraFailover";

/// What runs on schedule, and may fail each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// A plan could not be watched.
    Watch,
    /// A plan could not be swept for a deposed writer.
    Fence,
    /// A function that a run needs could not be called.
    Warm,
}

impl Counted {
    /// All of them. Each has an alarm.
    pub const ALL: [Self; 3] = [Self::Watch, Self::Fence, Self::Warm];

    /// The value of the dimension `Step`.
    #[must_use]
    pub const fn step(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Fence => "fence_writer",
            Self::Warm => "warm",
        }
    }
}

/// Counts that something failed for a plan: `Failed`, by `Step` and by `Step` and `Plan`.
pub fn failed(counted: Counted, plan: &PlanName, now: Timestamp) {
    failed_for(counted, "Plan", plan.as_str(), now);
}

/// Counts that something failed: `Failed`, by `Step` and by `Step` and another dimension. An alarm on it is how people learn
/// that it goes on.
pub fn failed_for(counted: Counted, dimension: &str, value: &str, now: Timestamp) {
    let is_kept = COUNTED.with_borrow_mut(|all| {
        let all = all.as_mut()?;
        all.push((counted, value.to_owned()));
        Some(())
    });
    if is_kept.is_some() {
        return;
    }
    #[expect(
        clippy::print_stdout,
        reason = "a metric is a line on standard output, and nothing may stand around it"
    )]
    {
        println!("{}", line(counted.step(), (dimension, value), now));
    }
}

thread_local! {
    /// What a thread has counted whose counts somebody asks for; `None` where nobody does.
    static COUNTED: RefCell<Option<Vec<(Counted, String)>>> = const { RefCell::new(None) };
}

/// What this thread has counted since a test or a simulation last asked. Before the first time nothing is kept, and everything is
/// written; from then on it is the other way round.
#[must_use]
pub fn counted() -> Vec<(Counted, String)> {
    COUNTED.replace(Some(Vec::new())).unwrap_or_default()
}

fn line(step: &str, (dimension, value): (&str, &str), now: Timestamp) -> Value {
    json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["Step"], ["Step", dimension]],
                "Metrics": [{"Name": "Failed", "Unit": "Count"}]
            }]
        },
        "Step": step,
        dimension: value,
        "Failed": 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_that_cloudwatch_counts() {
        let line = line("fence_writer", ("Plan", "orders"), Timestamp::UNIX_EPOCH);
        let metrics = &line["_aws"]["CloudWatchMetrics"][0];
        for dimensions in metrics["Dimensions"].as_array().unwrap() {
            for dimension in dimensions.as_array().unwrap() {
                assert!(line[dimension.as_str().unwrap()].is_string(), "{dimension}");
            }
        }
        let name = metrics["Metrics"][0]["Name"].as_str().unwrap();
        assert_eq!(line[name], 1);
        assert!(!line.to_string().contains('\n'));
    }
}
