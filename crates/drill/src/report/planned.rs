//! Planned moves of the writer, as the client saw them.

use serde::{Deserialize, Serialize};

use super::seconds;

/// A planned move of the writer: how long nobody could write, and what of it nobody asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedMove {
    /// The Region that the writer went to.
    pub to: String,
    /// From the last acknowledged write on the old writer to the first on the new one; `None` where the client saw no pause.
    pub outage_seconds: Option<f64>,
    /// How much of it the simulated RDS switched over.
    pub switchover_seconds: f64,
    /// How much of it the client went on with a cached name.
    pub ttl_wait_seconds: f64,
    /// The rest: what this software itself took.
    pub overhead_seconds: f64,
}

impl PlannedMove {
    /// A move to a Region with a pause from `from_ms` until `until_ms`, of which RDS took until `switched_ms`.
    #[must_use]
    pub fn new(
        to: &str,
        (from_ms, until_ms): (i64, i64),
        switched_ms: i64,
        ttl_wait_ms: i64,
    ) -> Self {
        let outage = until_ms - from_ms;
        let switchover = (switched_ms - from_ms).clamp(0, outage);
        let ttl_wait = ttl_wait_ms.clamp(0, outage - switchover);
        Self {
            to: to.into(),
            outage_seconds: Some(seconds(outage)),
            switchover_seconds: seconds(switchover),
            ttl_wait_seconds: seconds(ttl_wait),
            overhead_seconds: seconds(outage - switchover - ttl_wait),
        }
    }

    /// A move in which the client saw no pause that counts as an outage.
    #[must_use]
    pub fn unnoticed(to: &str) -> Self {
        Self {
            to: to.into(),
            outage_seconds: None,
            switchover_seconds: 0.0,
            ttl_wait_seconds: 0.0,
            overhead_seconds: 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overhead_is_what_neither_rds_nor_the_cached_name_took() {
        let planned = PlannedMove::new("us-east-1", (1_000, 3_200), 2_100, 700);
        assert_eq!(planned.outage_seconds, Some(2.2));
        assert_eq!(
            (planned.switchover_seconds, planned.ttl_wait_seconds),
            (1.1, 0.7)
        );
        assert_eq!(planned.overhead_seconds, 0.4);
    }

    #[test]
    fn neither_part_counts_for_more_than_there_was() {
        let planned = PlannedMove::new("us-east-1", (1_000, 3_000), 5_000, 700);
        assert_eq!(planned.overhead_seconds, 0.0);
        assert_eq!(planned.ttl_wait_seconds, 0.0);
    }
}
