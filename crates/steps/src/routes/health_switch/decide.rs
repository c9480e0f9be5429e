//! Which object is written next, and when nothing more is: the table of the route, row by row. It was tried by brute force
//! beside simpler ones, which left traffic where an older epoch wanted it.

use failover::domain::Epoch;
use serde::Serialize;

use super::word::{Held, Says, Word};

/// Whose bucket, or whose record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The record that answers while its check is healthy.
    Primary,
    /// The one that answers in its place.
    Standby,
}

/// What was learnt of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// The plan leaves it out.
    Absent,
    /// It did not answer.
    Silent,
    /// It holds this.
    Answers(Held),
}

impl Bucket {
    /// Whether it tells what it holds.
    pub(super) fn answers(self) -> bool {
        matches!(self, Self::Answers(_))
    }

    /// Whether it holds that word.
    pub(super) fn holds(self, word: Word) -> bool {
        self == Self::Answers(Held::Written(word))
    }
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// This word is written to the bucket of that side.
    Put(Side, Says),
    /// The bucket that decides does not answer, and what the name leads to would prove nothing.
    Undecided,
    /// The words stand, as far as buckets answer. What one missed is written once both do.
    Stands,
}

/// What each bucket is to say, the standby's first, in a run that leads traffic to `target`.
pub(super) fn wanted(target: Side, standby: Bucket) -> [Says; 2] {
    match target {
        Side::Standby => [Says::StandbyActive, Says::Nothing],
        Side::Primary if standby.answers() => [Says::Nothing, Says::Nothing],
        // Only beside a standby's bucket that does not answer: both words at once would mean the primary, too.
        Side::Primary => [Says::Nothing, Says::PrimaryActive],
    }
}

/// What follows for a run of `epoch` that leads traffic to `target`. The standby's bucket is written first, because its word decides.
pub(super) fn next((target, epoch): (Side, Epoch), standby: Bucket, primary: Bucket) -> Next {
    let [in_standby, in_primary] = wanted(target, standby);
    for (side, bucket, says) in [
        (Side::Standby, standby, in_standby),
        (Side::Primary, primary, in_primary),
    ] {
        if bucket.answers() && !bucket.holds(Word { epoch, says }) {
            return Next::Put(side, says);
        }
    }
    let by_the_primarys = target == Side::Primary && primary.answers();
    if standby.answers() || by_the_primarys {
        Next::Stands
    } else {
        Next::Undecided
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: Epoch = Epoch(8);

    fn word(epoch: u64, says: Says) -> Bucket {
        let epoch = Epoch(epoch);
        Bucket::Answers(Held::Written(Word { epoch, says }))
    }

    /// Writes what is asked for until nothing more is: what is written, in order, and how it ends.
    fn written(
        target: Side,
        (mut standby, mut primary): (Bucket, Bucket),
    ) -> (Vec<(Side, Says)>, Next) {
        let mut puts = Vec::new();
        loop {
            match next((target, EPOCH), standby, primary) {
                Next::Put(side, says) => {
                    puts.push((side, says));
                    assert!(puts.len() < 3, "{puts:?}");
                    let bucket = match side {
                        Side::Standby => &mut standby,
                        Side::Primary => &mut primary,
                    };
                    *bucket = word(8, says);
                }
                end @ (Next::Undecided | Next::Stands) => return (puts, end),
            }
        }
    }

    #[test]
    fn the_table_writes_the_deciding_bucket_first_and_ends_as_its_rows_say() {
        use Next::{Stands, Undecided};
        use Says::{Nothing, PrimaryActive, StandbyActive};
        use Side::{Primary, Standby};
        let (older, silent) = (word(7, Nothing), Bucket::Silent);
        let both = [(Standby, StandbyActive), (Primary, Nothing)];
        let back = [(Standby, Nothing), (Primary, Nothing)];
        type Row<'a> = (Side, (Bucket, Bucket), &'a [(Side, Says)], Next);
        let rows: [Row<'_>; 8] = [
            (Standby, (older, older), &both, Stands),
            (Standby, (older, silent), &both[..1], Stands),
            (Standby, (silent, older), &both[1..], Undecided),
            (Standby, (silent, silent), &[], Undecided),
            (Primary, (older, older), &back, Stands),
            (Primary, (older, silent), &back[..1], Stands),
            (
                Primary,
                (silent, older),
                &[(Primary, PrimaryActive)],
                Stands,
            ),
            (Primary, (silent, silent), &[], Undecided),
        ];
        for (target, buckets, puts, end) in rows {
            let found = written(target, buckets);
            assert_eq!(found, (puts.to_vec(), end), "{target:?} {buckets:?}");
        }
    }

    #[test]
    fn what_stands_is_not_written_again_and_what_was_put_by_hand_is_overwritten() {
        let by_hand = Bucket::Answers(Held::ByHand);
        let none = Bucket::Answers(Held::Nothing);
        let stands = (word(8, Says::StandbyActive), word(8, Says::Nothing));
        assert_eq!(written(Side::Standby, stands), (vec![], Next::Stands));
        let (puts, _) = written(Side::Primary, (by_hand, none));
        assert_eq!(puts.len(), 2);
        // An older word of this epoch: the standby's bucket was silent then.
        let earlier = (none, word(8, Says::PrimaryActive));
        let (puts, _) = written(Side::Primary, earlier);
        assert_eq!(puts[1], (Side::Primary, Says::Nothing));
    }

    #[test]
    fn a_plan_with_one_bucket_moves_by_that_one() {
        let one = |target, standby| written(target, (standby, Bucket::Absent));
        let active = (Side::Standby, Says::StandbyActive);
        let older = word(7, Says::Nothing);
        assert_eq!(one(Side::Standby, older), (vec![active], Next::Stands));
        assert_eq!(one(Side::Primary, older).1, Next::Stands);
        for target in [Side::Primary, Side::Standby] {
            assert_eq!(one(target, Bucket::Silent).1, Next::Undecided);
        }
    }
}
