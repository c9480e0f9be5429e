//! How many rounds of copies go home before the business stops: a pure function over what the last one moved.

use jiff::{SignedDuration, Timestamp};

use crate::{phase::Phase, plan::Sync, row::Row, run::WorkloadRun};

/// Bytes of a GiB.
const GIB: u64 = 1 << 30;

/// What follows a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Round {
    /// Another one, at that time.
    Again(Timestamp),
    /// None, and why.
    Enough(String),
}

/// What follows a round that every resource has completed. What is copied whole every time gives no figure, and asks for no round of
/// its own.
#[must_use]
pub fn next_round(run: &WorkloadRun, rows: &[Row], now: Timestamp) -> Round {
    let sync = &run.plan.sync;
    let rounds = rows.iter().map(|row| row.rounds).max().unwrap_or_default();
    if rounds >= sync.rounds_max {
        return Round::Enough(format!(
            "{rounds} round(s) are home, and sync.rounds_max is {}",
            sync.rounds_max
        ));
    }
    if let Some(open) = run.not_before.filter(|at| *at <= now) {
        return Round::Enough(format!(
            "{rounds} round(s) are home, and the window is open since {open}"
        ));
    }
    let since = run.entered.get(&Phase::Sync).copied().unwrap_or(now);
    let most = SignedDuration::from_mins(i64::from(Sync::MINUTES_MAX));
    if now.duration_since(since) >= most {
        return Round::Enough(format!(
            "{rounds} round(s) are home, and they have taken the {} minutes that a run has for them",
            Sync::MINUTES_MAX
        ));
    }
    let small = u64::from(sync.small_gib).saturating_mul(GIB);
    let moved = rows.iter().filter_map(|row| row.bytes.get(&row.rounds));
    let large = moved.copied().filter(|bytes| *bytes > small).max();
    let Some(large) = large else {
        return Round::Enough(format!(
            "{rounds} round(s) are home, and the last one moved no more than sync.small_gib, which is {}, of any resource whose bytes are counted",
            sync.small_gib
        ));
    };
    let began = rows.iter().filter_map(|row| row.round_began).max();
    let due = began.unwrap_or(since) + SignedDuration::from_mins(i64::from(sync.every_minutes));
    tracing::debug!(rounds, large, %due, "another round");
    Round::Again(due)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn row(name: &str, rounds: u32, bytes: Option<u64>) -> Row {
        let mut row = Row::new("0123456789abcdef".into(), name, at(0));
        row.rounds = rounds;
        row.bytes.extend(bytes.map(|bytes| (rounds, bytes)));
        row
    }

    fn run() -> WorkloadRun {
        let mut run = testing::run();
        run.enter(Phase::Sync, at(0));
        run
    }

    #[test]
    fn rounds_begin_every_few_minutes_until_one_is_small() {
        let run = run();
        let next = |bytes| next_round(&run, &[row("a", 1, Some(bytes))], at(600));
        let minutes = 60 * i64::from(run.plan.sync.every_minutes);
        assert_eq!(next(2 * GIB), Round::Again(at(minutes)));
        assert!(matches!(next(GIB), Round::Enough(why) if why.contains("small_gib")));
        let mut later = row("a", 2, Some(2 * GIB));
        later.round_began = Some(at(minutes));
        let next = next_round(&run, &[later], at(minutes + 600));
        assert_eq!(next, Round::Again(at(2 * minutes)), "from begin to begin");
    }

    #[test]
    fn what_is_copied_whole_asks_for_no_other_round() {
        let rows = [row("a", 1, None), row("b", 1, Some(1))];
        assert!(matches!(next_round(&run(), &rows, at(0)), Round::Enough(_)));
    }

    #[test]
    fn the_window_the_most_rounds_and_the_machines_time_end_them_however_much_they_move() {
        let large = [row("a", 1, Some(9 * GIB))];
        let mut run = run();
        run.not_before = Some(at(5));
        let open = next_round(&run, &large, at(5));
        assert!(matches!(open, Round::Enough(why) if why.contains("window")));
        let far = next_round(&run, &large, at(4));
        assert!(matches!(far, Round::Again(_)));
        run.not_before = None;
        let late = next_round(&run, &large, at(60 * 480));
        assert!(matches!(late, Round::Enough(why) if why.contains("480 minutes")));
        let last = [row("a", run.plan.sync.rounds_max, Some(9 * GIB))];
        let most = next_round(&run, &last, at(5));
        assert!(matches!(most, Round::Enough(why) if why.contains("rounds_max")));
    }
}
