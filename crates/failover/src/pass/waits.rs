//! How long a pass waits: for a ledger that may be silent, and until the next look.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    Error,
    domain::{Region, seconds_between},
};

/// How long a pass waits for the ledger of the Region that its run leaves.
pub const SILENCE: Duration = Duration::from_secs(1);

/// What a Region's ledger says that may be silent.
///
/// # Errors
/// `Unavailable` where it is silent for longer than [`SILENCE`], and what was asked.
pub async fn briefly<T>(
    region: &Region,
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let late = |_| {
        Err(Error::Unavailable(format!(
            "the ledger of {region} is silent"
        )))
    };
    let answered = tokio::time::timeout(SILENCE, asked).await;
    answered.unwrap_or_else(late)
}

/// The longest that most passes ask to wait for the next one, in seconds.
const WAIT_SECONDS_MAX: u64 = 60;

/// Seconds to the next look: one at first, growing with the time already waited, so that hours fit into a history.
#[must_use]
pub fn wait_seconds(since: Timestamp, now: Timestamp) -> u64 {
    wait_seconds_at(USUAL, since, now)
}

/// How often a step looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// What was waited for already is so many times the next wait.
    pub looks_per_age: f64,
    /// The longest wait, in seconds.
    pub seconds_max: u64,
}

/// The pace of most steps.
const USUAL: Pace = Pace {
    looks_per_age: 30.0,
    seconds_max: WAIT_SECONDS_MAX,
};

/// The same at a pace of its own: what takes a day, or waits dozens of times for minutes, must fit into a history, too.
#[must_use]
pub fn wait_seconds_at(pace: Pace, since: Timestamp, now: Timestamp) -> u64 {
    let age = seconds_between(since, now).max(0.0) / pace.looks_per_age;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is at least one, and cut to what is allowed"
    )]
    let whole = age.max(1.0) as u64;
    whole.min(pace.seconds_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_starts_at_a_second_and_grows_to_a_minute() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(
            [0, 30, 90, 100_000].map(|age| wait_seconds(at(0), at(age))),
            [1, 1, 3, 60]
        );
    }

    #[test]
    fn a_slower_pace_looks_less_often_and_waits_as_long_as_it_may() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let pace = Pace {
            looks_per_age: 5.0,
            seconds_max: 120,
        };
        assert_eq!(
            [0, 5, 60, 600, 6_000].map(|age| wait_seconds_at(pace, at(0), at(age))),
            [1, 1, 12, 120, 120]
        );
    }
}
