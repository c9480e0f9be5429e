//! What an SDK's error means to a step.

use aws_sdk_rds::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use failover::Error;

/// Codes of calls that a service turned away before it looked at them, because too much was asked.
const THROTTLED: [&str; 8] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
];

/// Other codes of calls that are worth another try. The SDK has tried them itself before.
const PASSING: [&str; 10] = [
    "ProvisionedThroughputExceededException",
    "PriorRequestNotComplete",
    "RequestTimeout",
    "RequestTimeoutException",
    "BandwidthLimitExceeded",
    "TransactionInProgressException",
    "LimitExceededException",
    // Of a group that is scaling: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html
    "ScalingActivityInProgress",
    "InternalFailure",
    "ServiceUnavailable",
];

/// Codes of calls that no other try will make right.
const DENIED: [&str; 9] = [
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "ExpiredTokenException",
];

/// What an error says, and all that it came of: people read it, so that no value of Rust stands in it.
fn words(error: &dyn std::error::Error) -> String {
    let all = std::iter::successors(Some(error), |error| error.source());
    all.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Names what a failed call means. `what` says which call it was, as in `RDS DescribeDBClusters in us-east-1`.
pub fn error<E>(what: &str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    match error {
        SdkError::TimeoutError(_) => Error::Unavailable(format!("{what} timed out")),
        SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            Error::Unavailable(format!("{what} got no answer: {}", words(error)))
        }
        SdkError::ServiceError(service) => {
            let code = error.code().unwrap_or("no code");
            of_code(
                what,
                code,
                error.message().unwrap_or_default(),
                service.raw().status().as_u16(),
            )
        }
        SdkError::ConstructionFailure(_) | _ => {
            Error::InvalidRequest(format!("{what} could not be made: {}", words(error)))
        }
    }
}

/// Whether a call was turned away because too much was asked: it has changed nothing, and says nothing of what it asked about.
/// A service in trouble may say the same of what it had begun, and that is no such answer.
pub fn is_throttled<E>(error: &SdkError<E, HttpResponse>) -> bool
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let SdkError::ServiceError(service) = error else {
        return false;
    };
    let code = error.code().is_some_and(|code| THROTTLED.contains(&code));
    code && service.raw().status().as_u16() < 500
}

/// Any response of a service is an answer: it is there.
pub(super) fn answered<T, E>(
    service: &str,
    asked: Result<T, SdkError<E, HttpResponse>>,
) -> Result<String, Error> {
    match asked {
        Err(why) if why.raw_response().is_none() => {
            Err(Error::Unavailable(format!("{service} does not answer")))
        }
        _ => Ok(format!("{service} answers")),
    }
}

fn of_code(what: &str, code: &str, message: &str, status: u16) -> Error {
    let said = format!("{what}: {code}: {message}");
    if DENIED.contains(&code) {
        Error::Denied(said)
    } else if THROTTLED.contains(&code) || PASSING.contains(&code) || status >= 500 {
        Error::Unavailable(said)
    } else if code.starts_with("Invalid") || code.starts_with("Validation") {
        Error::InvalidRequest(said)
    } else {
        Error::NotReady(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart_by_what_the_caller_should_do() {
        let rows = [
            ("ThrottlingException", 400, "Unavailable"),
            ("InternalFailure", 500, "Unavailable"),
            ("SomethingNew", 503, "Unavailable"),
            ("AccessDeniedException", 400, "Denied"),
            ("InvalidParameterValue", 400, "InvalidRequest"),
            ("ValidationException", 400, "InvalidRequest"),
            ("ResourceNotFoundException", 400, "NotReady"),
        ];
        for (code, status, name) in rows {
            assert_eq!(of_code("call", code, "said", status).name(), name, "{code}");
        }
    }
}
