//! State machines: a Task fails in known ways, is tried again within bounds, and is caught.

use failover::Error;

use crate::machines::{each_task, strings, waits_for_a_human};

/// Names of AWS's own that a Task on Lambda can fail with and that may heal, by the Step Functions and the Lambda manual.
const AWS_ERRORS: [&str; 17] = [
    "States.ALL",
    "States.Timeout",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Lambda.CodeArtifactUserPendingException",
    "Lambda.ResourceNotReadyException",
    "Lambda.ResourceConflictException",
    "Lambda.ENINotReadyException",
    "Lambda.EC2ThrottledException",
    "Lambda.EC2UnexpectedException",
    "Lambda.SubnetIPAddressLimitReachedException",
    "Sandbox.Timedout",
    "Runtime.ExitError",
];

#[test]
fn a_failed_task_is_tried_again_within_bounds_and_with_jitter() {
    each_task(|_, name, task| {
        let retries = task["Retry"]
            .as_array()
            .unwrap_or_else(|| panic!("{name} gives up at once"));
        let tried: Vec<_> = retries
            .iter()
            .filter(|retry| retry["MaxAttempts"] != 0)
            .collect();
        for retry in &tried {
            let attempts = retry["MaxAttempts"].as_u64();
            assert!(
                attempts.is_some_and(|attempts| attempts <= 25),
                "{name}: {attempts:?}"
            );
            assert!(
                retry["MaxDelaySeconds"].is_u64(),
                "{name}: delays grow without bound"
            );
            assert_eq!(retry["JitterStrategy"], "FULL", "{name}");
        }
        let errors: Vec<_> = tried
            .iter()
            .flat_map(|retry| strings(&retry["ErrorEquals"]))
            .collect();
        assert!(errors.contains(&"Unavailable"), "{name}");
        // Nobody is asked the same twice: no answer in time is an answer, and so is a refusal of any name.
        let asks = waits_for_a_human(task);
        assert_eq!(errors.contains(&"States.ALL"), !asks, "{name}");
        assert!(!(asks && errors.contains(&"States.Timeout")), "{name}");
    });
}

#[test]
fn every_error_that_is_named_exists() {
    each_task(|_, name, task| {
        for handler in [&task["Retry"], &task["Catch"]] {
            for error in handler
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|handler| strings(&handler["ErrorEquals"]))
            {
                assert!(
                    Error::NAMES.contains(&error)
                        || AWS_ERRORS.contains(&error)
                        || machines::PERMANENT.contains(&error),
                    "{name} handles {error}"
                );
            }
        }
    });
}

#[test]
fn every_failure_is_caught() {
    each_task(|_, name, task| {
        let catches = task["Catch"]
            .as_array()
            .unwrap_or_else(|| panic!("{name} catches nothing"));
        assert_eq!(
            strings(&catches.last().unwrap()["ErrorEquals"]),
            ["States.ALL"],
            "{name}"
        );
    });
}

#[test]
fn a_failure_without_a_name_or_a_cause_is_handed_on_as_one() {
    each_task(|_, name, task| {
        for catch in task["Catch"].as_array().unwrap() {
            let Some(trouble) = catch["Assign"]["trouble"].as_str() else {
                continue;
            };
            for named in [
                "$states.errorOutput.Error ? $states.errorOutput.Error : 'States.TaskFailed'",
                "$states.errorOutput.Cause ? $substring($states.errorOutput.Cause, 0, 2000) : ''",
            ] {
                assert!(trouble.contains(named), "{name}: {trouble}");
            }
        }
    });
}
