//! How fast the checkers' time passes.

use std::time::Duration;

/// Seconds of the drill for a second of Route 53. It scales all of what a checker waits for alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace(pub f64);

impl Pace {
    /// As on AWS.
    pub const REAL: Self = Self(1.0);

    /// How long something takes here.
    pub(super) fn of(self, on_aws: Duration) -> Duration {
        on_aws.mul_f64(self.0)
    }
}
