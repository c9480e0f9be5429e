//! Holds what the client was told against what the database has.

use std::collections::{BTreeMap, BTreeSet};

use super::ClientRecord;

/// What became of the client's numbers on the current writer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// How many numbers were acknowledged.
    pub acknowledged: usize,
    /// Acknowledged numbers that the database lacks.
    pub lost: Vec<i64>,
    /// Numbers that the database holds more than once.
    pub duplicated: Vec<i64>,
    /// Numbers whose fate the client did not know and that the database holds.
    pub unacknowledged_present: Vec<i64>,
    /// Numbers in the database that were refused or never sent.
    pub unexpected: Vec<i64>,
    /// The acknowledgements of the first and the last lost number, in milliseconds of Unix time.
    pub lost_between_ms: Option<(i64, i64)>,
}

impl Comparison {
    /// Compares what the client was told with how often the database holds each number.
    #[must_use]
    pub fn of(record: &ClientRecord, copies: &BTreeMap<i64, i64>) -> Self {
        let acknowledged: BTreeSet<i64> = record.acknowledged.iter().map(|ack| ack.n).collect();
        let unknown: BTreeSet<i64> = record.unknown.iter().map(|number| number.n).collect();
        let lost_at: Vec<i64> = record
            .acknowledged
            .iter()
            .filter(|ack| !copies.contains_key(&ack.n))
            .map(|ack| ack.acked_ms)
            .collect();
        Self {
            acknowledged: acknowledged.len(),
            lost: acknowledged
                .iter()
                .copied()
                .filter(|n| !copies.contains_key(n))
                .collect(),
            duplicated: copies
                .iter()
                .filter(|(_, count)| **count > 1)
                .map(|(n, _)| *n)
                .collect(),
            unacknowledged_present: copies
                .keys()
                .copied()
                .filter(|n| unknown.contains(n))
                .collect(),
            unexpected: copies
                .keys()
                .copied()
                .filter(|n| !acknowledged.contains(n) && !unknown.contains(n))
                .collect(),
            lost_between_ms: lost_at
                .iter()
                .copied()
                .min()
                .zip(lost_at.iter().copied().max()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ack, Unacknowledged};

    fn ack(n: i64) -> Ack {
        Ack {
            n,
            sent_ms: n * 100,
            acked_ms: n * 100 + 3,
            endpoint: "west".into(),
        }
    }

    fn unacknowledged(n: i64) -> Unacknowledged {
        Unacknowledged {
            n,
            sent_ms: 0,
            given_up_ms: 1,
            endpoint: "west".into(),
            reason: "connection closed".into(),
        }
    }

    #[test]
    fn every_kind_of_disagreement_is_found_and_named() {
        let record = ClientRecord {
            acknowledged: [1, 2, 3, 6, 7].map(ack).to_vec(),
            unknown: [4, 5].map(unacknowledged).to_vec(),
            refused: vec![unacknowledged(8)],
            ..ClientRecord::default()
        };
        // 2 and 3 are gone; 4 came through unseen, 5 did not; 6 is there twice; 8 was refused and 99 never sent.
        let copies = [(1, 1), (4, 1), (6, 2), (7, 1), (8, 1), (99, 1)].into();
        assert_eq!(
            Comparison::of(&record, &copies),
            Comparison {
                acknowledged: 5,
                lost: vec![2, 3],
                duplicated: vec![6],
                unacknowledged_present: vec![4],
                unexpected: vec![8, 99],
                lost_between_ms: Some((203, 303)),
            }
        );
    }

    #[test]
    fn a_number_of_unknown_fate_that_is_there_twice_is_a_duplicate_too() {
        let record = ClientRecord {
            unknown: vec![unacknowledged(4)],
            ..ClientRecord::default()
        };
        let comparison = Comparison::of(&record, &[(4, 2)].into());
        assert_eq!(comparison.duplicated, [4]);
        assert_eq!(comparison.unacknowledged_present, [4]);
    }

    #[test]
    fn when_all_is_there_nothing_is_lost() {
        let record = ClientRecord {
            acknowledged: [1, 2].map(ack).to_vec(),
            ..ClientRecord::default()
        };
        assert_eq!(
            Comparison::of(&record, &[(1, 1), (2, 1)].into()),
            Comparison {
                acknowledged: 2,
                ..Comparison::default()
            }
        );
    }
}
