//! What is counted: one line in CloudWatch's embedded metric format, which the function's log group turns into a metric.
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::PlanName;

/// The namespace of every metric.
pub const NAMESPACE: &str = "AuroraFailover";

/// Counts that a step failed for a plan: `Failed`, by `Step` and by `Step` and `Plan`. What runs every minute may fail every
/// minute: an alarm on it is how people learn that it goes on.
pub fn failed(step: &str, plan: &PlanName, now: Timestamp) {
    #[expect(
        clippy::print_stdout,
        reason = "a metric is a line on standard output, and nothing may stand around it"
    )]
    {
        println!("{}", line(step, plan, now));
    }
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
