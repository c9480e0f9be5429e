//! The closed set of errors a step may answer with; a state machine branches on their names.

use lambda_runtime::Diagnostic;

/// What went wrong, named after what the caller should do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Throttling, a server error, a time-out or no connection: try again, within bounds.
    #[error("{0}")]
    Unavailable(String),
    /// The input or the plan is wrong; the message names every faulty field.
    #[error("{0}")]
    InvalidRequest(String),
    /// A precondition does not hold; the message lists every one.
    #[error("{0}")]
    NotReady(String),
    /// The world is not as the ledger and the input say: stop and page.
    #[error("{0}")]
    UnexpectedTopology(String),
    /// The evidence is older than [`crate::guard::EVIDENCE_SECONDS_MAX`]: confirm again.
    #[error("{0}")]
    EvidenceStale(String),
    /// The loss exceeds the plan's bound, or is unknown and the plan does not accept that.
    #[error("{0}")]
    DataLossTooLarge(String),
    /// Another run holds the plan, or this incident has been dealt with.
    #[error("{0}")]
    RunRefused(String),
    /// Access denied or bad credentials.
    #[error("{0}")]
    Denied(String),
}

impl Error {
    /// The name that a state machine's `ErrorEquals` matches.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "Unavailable",
            Self::InvalidRequest(_) => "InvalidRequest",
            Self::NotReady(_) => "NotReady",
            Self::UnexpectedTopology(_) => "UnexpectedTopology",
            Self::EvidenceStale(_) => "EvidenceStale",
            Self::DataLossTooLarge(_) => "DataLossTooLarge",
            Self::RunRefused(_) => "RunRefused",
            Self::Denied(_) => "Denied",
        }
    }

    /// The same name with other words.
    #[must_use]
    pub const fn reworded(&self, words: String) -> Self {
        match self {
            Self::Unavailable(_) => Self::Unavailable(words),
            Self::InvalidRequest(_) => Self::InvalidRequest(words),
            Self::NotReady(_) => Self::NotReady(words),
            Self::UnexpectedTopology(_) => Self::UnexpectedTopology(words),
            Self::EvidenceStale(_) => Self::EvidenceStale(words),
            Self::DataLossTooLarge(_) => Self::DataLossTooLarge(words),
            Self::RunRefused(_) => Self::RunRefused(words),
            Self::Denied(_) => Self::Denied(words),
        }
    }

    /// Whether whoever was asked has said this: silence and a call that could not be made are no answer.
    #[must_use]
    pub const fn is_answer(&self) -> bool {
        !matches!(self, Self::Unavailable(_) | Self::InvalidRequest(_))
    }

    /// Every name there is, in the order of the documentation.
    pub const NAMES: [&'static str; 8] = [
        "Unavailable",
        "InvalidRequest",
        "NotReady",
        "UnexpectedTopology",
        "EvidenceStale",
        "DataLossTooLarge",
        "RunRefused",
        "Denied",
    ];
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        Self {
            error_type: error.name().into(),
            error_message: error.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_machine_sees_the_name_and_the_sentence() {
        let seen = Diagnostic::from(Error::RunRefused("orders is held by run a".into()));
        assert_eq!(
            (seen.error_type.as_str(), seen.error_message.as_str()),
            ("RunRefused", "orders is held by run a")
        );
    }
}
