//! What is counted: one line in CloudWatch's embedded metric format, which the function's log group turns into a metric.
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{domain::PlanName, steps::fence_writer};

/// The namespace of every metric.
pub const NAMESPACE: &str = "AuroraFailover";

/// What runs every minute, and may fail every minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// A plan could not be watched.
    Watch,
    /// A plan could not be swept for a deposed writer.
    Fence,
}

impl Counted {
    /// All of them. Each has an alarm.
    pub const ALL: [Self; 2] = [Self::Watch, Self::Fence];

    /// The value of the dimension `Step`.
    #[must_use]
    pub const fn step(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Fence => fence_writer::STEP,
        }
    }
}

/// Counts that something failed for a plan: `Failed`, by `Step` and by `Step` and `Plan`. An alarm on it is how people learn
/// that it goes on.
pub fn failed(counted: Counted, plan: &PlanName, now: Timestamp) {
    #[cfg(test)]
    COUNTED.with_borrow_mut(|all| all.push((counted, plan.clone())));
    #[expect(
        clippy::print_stdout,
        reason = "a metric is a line on standard output, and nothing may stand around it"
    )]
    {
        println!("{}", line(counted.step(), plan, now));
    }
}

#[cfg(test)]
thread_local! {
    /// What a test's thread has counted.
    static COUNTED: std::cell::RefCell<Vec<(Counted, PlanName)>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// What this test has counted since it last asked.
#[cfg(test)]
pub(crate) fn counted() -> Vec<(Counted, PlanName)> {
    COUNTED.take()
}

fn line(step: &str, plan: &PlanName, now: Timestamp) -> Value {
    json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["Step"], ["Step", "Plan"]],
                "Metrics": [{"Name": "Failed", "Unit": "Count"}]
            }]
        },
        "Step": step,
        "Plan": plan,
        "Failed": 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_that_cloudwatch_counts() {
        let line = line("fence_writer", &"orders".into(), Timestamp::UNIX_EPOCH);
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
