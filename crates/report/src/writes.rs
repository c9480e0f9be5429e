//! What became of the client's writes, and how many were acknowledged per quarter of a second.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ClientRecord, Comparison, seconds, timestamp};

/// The width of one bar of the picture.
pub const BUCKET_MS: i64 = 250;
/// Two hours of buckets: the bound of the series.
const MAX_BUCKETS: i64 = 4 * 2 * 3_600;
/// How many lost rows are listed by number.
const MAX_LISTED: usize = 100;

/// The client's writes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Writes {
    /// Rows that the database acknowledged.
    pub acknowledged: u64,
    /// Acknowledged rows that the current writer lacks.
    pub lost: Option<u64>,
    /// Rows that the current writer holds more than once.
    pub duplicated: Option<u64>,
    /// Rows of unknown fate that the current writer holds.
    pub unacknowledged_present: Option<u64>,
    /// Rows on the current writer that were refused or never sent.
    pub unexpected: Option<u64>,
    /// Rows whose answer never came.
    pub unknown: u64,
    /// How long all outages lasted together; unknown when one never ended.
    pub outage_seconds: Option<f64>,
    /// Every silence of more than a second.
    pub outages: Vec<Gap>,
    /// The first hundred lost rows, by number.
    pub lost_rows: Vec<i64>,
    /// Acknowledgements over time.
    pub rate: Rate,
}

/// A time without acknowledgements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The last acknowledgement before it.
    pub from: Timestamp,
    /// The first one after it; `None` when there was none.
    pub until: Option<Timestamp>,
}

/// Acknowledgements counted per bucket, one series for each endpoint that gave them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// The beginning of the first bucket: the client's start.
    pub from: Timestamp,
    /// The client's stop.
    pub until: Timestamp,
    /// The width of a bucket.
    pub bucket_ms: i64,
    /// The series, in the order of the endpoints' first acknowledgement.
    pub series: Vec<Series>,
}

/// One endpoint's acknowledgements per bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// The database endpoint.
    pub endpoint: String,
    /// Counts, one per bucket from the client's start.
    pub counts: Vec<u32>,
}

impl Writes {
    /// Sums the client's record up; without a comparison what the database holds stays unknown.
    pub fn new(record: &ClientRecord, comparison: Option<&Comparison>) -> Self {
        let length = |rows: fn(&Comparison) -> &[i64]| comparison.map(|c| rows(c).len() as u64);
        Self {
            acknowledged: record.acknowledged.len() as u64,
            lost: length(|c| &c.lost),
            duplicated: length(|c| &c.duplicated),
            unacknowledged_present: length(|c| &c.unacknowledged_present),
            unexpected: length(|c| &c.unexpected),
            unknown: record.unknown.len() as u64,
            outage_seconds: record.outage_ms().map(seconds),
            outages: record
                .outages()
                .iter()
                .map(|outage| Gap {
                    from: timestamp(outage.from_ms),
                    until: outage.until_ms.map(timestamp),
                })
                .collect(),
            lost_rows: comparison
                .map(|c| c.lost.iter().copied().take(MAX_LISTED).collect())
                .unwrap_or_default(),
            rate: Rate::new(record),
        }
    }
}

impl Writes {
    /// How long writes have been missing when they were still missing at the client's stop.
    pub(crate) fn missing_seconds(&self) -> Option<f64> {
        let open = self.outages.iter().find(|gap| gap.until.is_none())?;
        Some(seconds(
            self.rate.until.as_millisecond() - open.from.as_millisecond(),
        ))
    }
}

impl Rate {
    fn new(record: &ClientRecord) -> Self {
        let bucket_of = |at_ms: i64| {
            let bucket = (at_ms - record.started_ms).max(0) / BUCKET_MS;
            usize::try_from(bucket.min(MAX_BUCKETS - 1)).unwrap_or(0)
        };
        let buckets = bucket_of(record.stopped_ms) + 1;
        let mut order: Vec<&str> = Vec::new();
        let mut counts: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for ack in &record.acknowledged {
            let series = counts.entry(&ack.endpoint).or_insert_with(|| {
                order.push(&ack.endpoint);
                vec![0; buckets]
            });
            if let Some(count) = series.get_mut(bucket_of(ack.acked_ms)) {
                *count += 1;
            }
        }
        Self {
            from: timestamp(record.started_ms),
            until: timestamp(record.stopped_ms),
            bucket_ms: BUCKET_MS,
            series: order
                .into_iter()
                .map(|endpoint| Series {
                    endpoint: endpoint.into(),
                    counts: counts.remove(endpoint).unwrap_or_default(),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ack;

    fn record() -> ClientRecord {
        let acks = [(10, "west"), (240, "west"), (260, "west"), (1_600, "east")];
        ClientRecord {
            started_ms: 1_000_000,
            stopped_ms: 1_001_700,
            acknowledged: acks
                .iter()
                .zip(1..)
                .map(|((at, endpoint), n)| Ack {
                    n,
                    sent_ms: 1_000_000 + at - 1,
                    acked_ms: 1_000_000 + at,
                    endpoint: (*endpoint).into(),
                })
                .collect(),
            ..ClientRecord::default()
        }
    }

    #[test]
    fn acknowledgements_are_counted_per_quarter_second_and_endpoint() {
        let rate = Writes::new(&record(), None).rate;
        assert_eq!(
            rate.series,
            [
                Series {
                    endpoint: "west".into(),
                    counts: vec![2, 1, 0, 0, 0, 0, 0],
                },
                Series {
                    endpoint: "east".into(),
                    counts: vec![0, 0, 0, 0, 0, 0, 1],
                }
            ]
        );
    }

    #[test]
    fn without_a_comparison_the_database_is_unknown_not_empty() {
        let writes = Writes::new(&record(), None);
        assert_eq!((writes.lost, writes.duplicated), (None, None));
        assert_eq!(writes.outage_seconds, Some(1.34));
    }

    #[test]
    fn the_comparison_is_counted_and_its_lost_rows_are_listed_up_to_a_bound() {
        let comparison = Comparison {
            lost: (1..=250).collect(),
            duplicated: vec![7],
            ..Comparison::default()
        };
        let writes = Writes::new(&record(), Some(&comparison));
        assert_eq!((writes.lost, writes.duplicated), (Some(250), Some(1)));
        assert_eq!(writes.unexpected, Some(0));
        assert_eq!(writes.lost_rows.len(), MAX_LISTED);
    }
}
