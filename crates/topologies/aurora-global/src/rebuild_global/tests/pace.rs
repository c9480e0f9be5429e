//! How often a rebuild looks, and how many looks that makes.

use jiff::{SignedDuration, Timestamp};

use super::*;

/// The machine ends a rebuild after so many passes.
#[test]
fn two_members_made_anew_by_calls_that_take_minutes_fit_into_the_passes_of_a_run() {
    const PASSES: u64 = 720;
    const CALLS: u64 = 22;
    let start = Timestamp::UNIX_EPOCH;
    let (mut now, mut passes) = (start, 0);
    while now < start + SignedDuration::from_mins(5) {
        let seconds = wait_seconds_at(PACE, start, now);
        now += SignedDuration::from_secs(i64::try_from(seconds).unwrap());
        passes += 1;
    }
    assert!(passes * CALLS < PASSES, "{passes} passes for each call");
}
