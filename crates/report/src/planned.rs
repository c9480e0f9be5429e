//! Planned moves of the writer, as the client saw them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Gap, seconds};

/// A planned move of the writer: how long nobody could write, and what of it nobody asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedMove {
    /// The Region that the writer went to.
    pub to: String,
    /// When the run began to move it.
    pub began_at: Timestamp,
    /// When the run ended.
    pub ended_at: Timestamp,
    /// The run's own measure, from its ledger: the old writer's last beat → the first one on the new writer.
    pub rto_seconds: Option<f64>,
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
    /// The same move with a pause from `from_ms` until `until_ms`, of which RDS took until `switched_ms`.
    #[must_use]
    pub fn paused(
        self,
        (from_ms, until_ms): (i64, i64),
        switched_ms: i64,
        ttl_wait_ms: i64,
    ) -> Self {
        let outage = until_ms - from_ms;
        let switchover = (switched_ms - from_ms).clamp(0, outage);
        let ttl_wait = ttl_wait_ms.clamp(0, outage - switchover);
        Self {
            outage_seconds: Some(seconds(outage)),
            switchover_seconds: seconds(switchover),
            ttl_wait_seconds: seconds(ttl_wait),
            overhead_seconds: seconds(outage - switchover - ttl_wait),
            ..self
        }
    }

    /// Whether an outage began while the writer was moved.
    #[must_use]
    pub fn explains(&self, gap: &Gap) -> bool {
        (self.began_at..=self.ended_at).contains(&gap.from)
    }

    /// A move to a Region in which the client saw no pause that counts as an outage.
    #[must_use]
    pub fn unnoticed(to: &str, (began_at, ended_at): (Timestamp, Timestamp)) -> Self {
        Self {
            to: to.into(),
            began_at,
            ended_at,
            rto_seconds: None,
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
    use crate::timestamp;

    fn planned() -> PlannedMove {
        PlannedMove::unnoticed("us-east-1", (timestamp(500), timestamp(4_000)))
    }

    #[test]
    fn the_overhead_is_what_neither_rds_nor_the_cached_name_took() {
        let planned = planned().paused((1_000, 3_200), 2_100, 700);
        assert_eq!(planned.outage_seconds, Some(2.2));
        assert_eq!(
            (planned.switchover_seconds, planned.ttl_wait_seconds),
            (1.1, 0.7)
        );
        assert_eq!(planned.overhead_seconds, 0.4);
    }

    #[test]
    fn neither_part_counts_for_more_than_there_was() {
        let planned = planned().paused((1_000, 3_000), 5_000, 700);
        assert_eq!(planned.overhead_seconds, 0.0);
        assert_eq!(planned.ttl_wait_seconds, 0.0);
    }
}
