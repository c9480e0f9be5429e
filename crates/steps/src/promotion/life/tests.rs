//! What tells of life, and when the Region that is left is asked.

use super::*;
use failover::{beat::Beat, domain::Epoch, evidence::Verdict};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn one_failed_attempt_since_the_last_beat_does_not_hide_a_writer_that_lived_a_moment_ago() {
    let beat = |second| Beat {
        seq: 1,
        epoch: Epoch(1),
        at: at(second),
    };
    let failed = Vantage {
        region: "us-east-1".into(),
        writer_region: "us-west-2".into(),
        at: at(1_005),
        write: Write::Failed {
            why: "timed out".into(),
        },
        last_beat: Some(beat(1_000)),
        failing_since: Some(at(1_002)),
        failures: 1,
        reading: None,
        moved_at: None,
        signs: Default::default(),
        version: None,
    };
    let mut failing = failed.clone();
    failing.signs.uncommitted_since = Some(at(1_002));
    assert_eq!(lived_at(&failing, false), Some(at(1_002)));
    failing.signs.saturated_at = Some(at(1_004));
    assert_eq!(lived_at(&failing, false), Some(at(1_004)));
    let mut long_ago = failed;
    long_ago.last_beat = Some(beat(100));
    long_ago.signs.uncommitted_since = Some(at(1_002));
    assert_eq!(lived_at(&long_ago, false), None, "nobody looked in between");
}

#[test]
fn the_region_that_is_left_is_asked_where_the_very_pass_may_promote() {
    let mut run = failover::testing::run();
    run.confirmed = Some(failover::testing::confirmed(Verdict::RegionDown));
    let asks = |run: &Run, may_promote, second| asks_everywhere(run, may_promote, at(second));
    assert!(asks(&run, true, 5));
    assert!(!asks(&run, true, 4));
    assert!(!asks(&run, false, 5));
    run.forced = true;
    assert!(asks(&run, false, 0));
}
