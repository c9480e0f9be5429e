//! Calls to AWS, and how many there were per function, service, Region and operation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One call through the front door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// When it came, in Unix milliseconds.
    pub at_ms: u64,
    /// The calling function.
    pub function: String,
    /// The Region the calling function runs in.
    pub caller_region: String,
    /// The called service by its signing name; empty when the call was not signed.
    pub service: String,
    /// The called Region; empty when the call was not signed.
    pub region: String,
    /// The operation, or method and path where those name none.
    pub operation: String,
    /// The answer's HTTP status; `None` when no answer was given (yet).
    pub status: Option<u16>,
    /// The service's error code, or why there was no answer: `hung`, `refused`, `unreachable`, `caller went away`.
    pub error_code: Option<String>,
    /// From request to answer or end; `None` while under way.
    pub duration_ms: Option<u64>,
    /// A message to people: its subject, and its text on the lines after it.
    #[serde(skip)]
    pub message: Option<String>,
}

/// Equal calls, counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCount {
    /// The function that called.
    pub function: String,
    /// The function's own Region.
    pub caller_region: String,
    /// The service, by its signing name.
    pub service: String,
    /// The Region that was called.
    pub region: String,
    /// The operation.
    pub operation: String,
    /// How many calls.
    pub count: u64,
    /// How many of them failed or were never answered.
    pub errors: u64,
}

impl CallCount {
    /// Counts calls: one entry for all that are alike, in alphabetical order.
    pub fn tally(calls: impl IntoIterator<Item = Call>) -> Vec<Self> {
        let mut counted: BTreeMap<[String; 5], (u64, u64)> = BTreeMap::new();
        for call in calls {
            let key = [
                call.function,
                call.caller_region,
                call.service,
                call.region,
                call.operation,
            ];
            let entry = counted.entry(key).or_default();
            entry.0 += 1;
            // A call without a status was never answered.
            entry.1 += u64::from(call.status.is_none_or(|status| status >= 400));
        }
        counted
            .into_iter()
            .map(|(key, (count, errors))| {
                let [function, caller_region, service, region, operation] = key;
                Self {
                    function,
                    caller_region,
                    service,
                    region,
                    operation,
                    count,
                    errors,
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::call;

    #[test]
    fn equal_calls_are_counted_together_and_an_unanswered_one_is_an_error() {
        let one = |caller_region: &str, status| Call {
            at_ms: 0,
            function: "dns-flip".into(),
            caller_region: caller_region.into(),
            service: "route53".into(),
            region: "us-east-1".into(),
            operation: "GetChange".into(),
            status,
            error_code: None,
            duration_ms: None,
            message: None,
        };
        let calls = [
            one("us-west-2", Some(200)),
            one("us-east-1", Some(200)),
            one("us-east-1", None),
            one("us-east-1", Some(400)),
        ];
        let expected = |region, count| {
            call(
                "dns-flip",
                region,
                "route53",
                "us-east-1",
                "GetChange",
                count,
            )
        };
        assert_eq!(
            CallCount::tally(calls),
            [expected("us-east-1", [3, 2]), expected("us-west-2", [1, 0])]
        );
    }
}
