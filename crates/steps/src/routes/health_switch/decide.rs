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

/// What follows for a sweep, which no run holds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owed {
    /// This word is written to the bucket of that side.
    Put(Side, Says),
    /// This side's bucket does not answer: what it holds may win once the other one is changed.
    Silent(Side),
    /// This side's bucket bears a later epoch than the ledgers have proven: its run is under way.
    Later(Side),
    /// Every bucket holds the word of the epoch, or is left to whoever put something there.
    Nothing,
}

/// What a sweep writes where `epoch` was proven and led traffic to `target`. Both buckets have to answer, and what would win wrongly is
/// taken back first. `rests` says of a side whether somebody put something there by hand lately.
pub(super) fn owed(
    (target, epoch): (Side, Epoch),
    (standby, primary): (Bucket, Bucket),
    rests: impl Fn(Side) -> bool,
) -> Owed {
    let both = [(Side::Standby, standby), (Side::Primary, primary)];
    for (side, bucket) in both {
        match bucket {
            Bucket::Silent => return Owed::Silent(side),
            Bucket::Answers(held) if held.epoch() > Some(epoch) => return Owed::Later(side),
            Bucket::Answers(_) | Bucket::Absent => {}
        }
    }
    let [in_standby, in_primary] = wanted(target, standby);
    let mut words = [
        (Side::Standby, standby, in_standby),
        (Side::Primary, primary, in_primary),
    ];
    if target == Side::Standby {
        words.reverse();
    }
    let lacks = |(side, bucket, says): &(Side, Bucket, Says)| {
        let (epoch, says) = (epoch, *says);
        bucket.answers() && !bucket.holds(Word { epoch, says }) && !rests(*side)
    };
    let first = words.into_iter().find(lacks);
    first.map_or(Owed::Nothing, |(side, _, says)| Owed::Put(side, says))
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

    /// Where the health checks lead traffic.
    fn traffic(standby: Bucket, primary: Bucket) -> Side {
        let says = |bucket, says| matches!(bucket, Bucket::Answers(Held::Written(word)) if word.says == says);
        match (
            says(standby, Says::StandbyActive),
            says(primary, Says::PrimaryActive),
        ) {
            (true, false) => Side::Standby,
            (true, true) | (false, _) => Side::Primary,
        }
    }

    /// What a sweep writes in order, and how it ends; traffic that is where it belongs never leaves it meanwhile.
    fn swept(
        target: Side,
        (mut standby, mut primary): (Bucket, Bucket),
    ) -> (Vec<(Side, Says)>, Owed) {
        let mut puts = Vec::new();
        let mut was_there = traffic(standby, primary) == target;
        loop {
            match owed((target, EPOCH), (standby, primary), |_| false) {
                Owed::Put(side, says) => {
                    puts.push((side, says));
                    assert!(puts.len() < 3, "{puts:?}");
                    let bucket = match side {
                        Side::Standby => &mut standby,
                        Side::Primary => &mut primary,
                    };
                    *bucket = word(8, says);
                    let is_there = traffic(standby, primary) == target;
                    assert!(is_there || !was_there, "{target:?}: {puts:?}");
                    was_there = is_there;
                }
                end @ (Owed::Silent(_) | Owed::Later(_) | Owed::Nothing) => return (puts, end),
            }
        }
    }

    #[test]
    fn a_sweep_writes_what_was_missed_and_takes_back_first_what_would_win_wrongly() {
        use Says::{Nothing, PrimaryActive, StandbyActive};
        use Side::{Primary, Standby};
        let none = Bucket::Answers(Held::Nothing);
        let away = (word(8, StandbyActive), word(8, Nothing));
        let home = (word(8, Nothing), word(8, Nothing));
        type Row<'a> = (Side, (Bucket, Bucket), &'a [(Side, Says)]);
        let rows: [Row<'_>; 8] = [
            (Standby, away, &[]),
            (Primary, home, &[]),
            // The primary's bucket missed the epoch, and may hold what keeps the traffic.
            (
                Standby,
                (away.0, word(7, PrimaryActive)),
                &[(Primary, Nothing)],
            ),
            (
                Standby,
                (word(7, Nothing), word(6, PrimaryActive)),
                &[(Primary, Nothing), (Standby, StandbyActive)],
            ),
            // The standby's was silent when the traffic came home, and returns with what took it away.
            (
                Primary,
                (word(7, StandbyActive), word(8, PrimaryActive)),
                &[(Standby, Nothing), (Primary, Nothing)],
            ),
            (
                Primary,
                (word(7, StandbyActive), word(7, Nothing)),
                &[(Standby, Nothing), (Primary, Nothing)],
            ),
            // Nobody has written anything yet.
            (
                Primary,
                (none, none),
                &[(Standby, Nothing), (Primary, Nothing)],
            ),
            (Standby, (none, Bucket::Absent), &[(Standby, StandbyActive)]),
        ];
        for (target, buckets, puts) in rows {
            let found = swept(target, buckets);
            let expected = (puts.to_vec(), Owed::Nothing);
            assert_eq!(found, expected, "{target:?} {buckets:?}");
        }
    }

    #[test]
    fn a_sweep_leaves_alone_what_it_cannot_see_what_is_later_and_what_a_human_put_lately() {
        use Side::{Primary, Standby};
        let (older, later) = (word(7, Says::StandbyActive), word(9, Says::Nothing));
        let by_hand = Bucket::Answers(Held::ByHand);
        let sees = |buckets, rests: Option<Side>| {
            owed((Primary, EPOCH), buckets, |side| rests == Some(side))
        };
        let silent = Bucket::Silent;
        assert_eq!(sees((older, silent), None), Owed::Silent(Primary));
        assert_eq!(sees((silent, older), None), Owed::Silent(Standby));
        assert_eq!(sees((older, later), None), Owed::Later(Primary));
        assert_eq!(sees((later, older), None), Owed::Later(Standby));
        let stands = word(8, Says::Nothing);
        assert_eq!(sees((by_hand, stands), Some(Standby)), Owed::Nothing);
        let over = Owed::Put(Standby, Says::Nothing);
        assert_eq!(sees((by_hand, stands), None), over);
    }
}
