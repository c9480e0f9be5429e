//! What the record of the writer's own Region is worth.

use super::*;
use crate::{
    beat::{Signs, Vantage},
    domain::Region,
};

fn home(second: i64, write: Write) -> Vantage {
    Vantage {
        region: "us-west-2".into(),
        writer_region: "us-west-2".into(),
        at: at(second),
        write,
        last_beat: None,
        failing_since: None,
        failures: 0,
        reading: None,
        moved_at: None,
        signs: Signs::default(),
        version: None,
    }
}

fn judged(home: Option<&Vantage>, since: i64, now: i64) -> HomeVantage {
    let writer = Region::from("us-west-2");
    HomeVantage::of(home, &writer, Some(at(since)), &detection(), at(now))
}

#[test]
fn a_home_vantage_counts_when_it_is_from_after_our_first_failure_and_not_old() {
    let beat = Beat {
        seq: 1,
        epoch: Epoch(7),
        at: at(11),
    };
    let success = home(11, Write::Committed { beat });
    assert_eq!(judged(Some(&success), 10, 20), HomeVantage::FreshSuccess);
    assert_eq!(judged(Some(&success), 11, 20), HomeVantage::Unknown);
    assert_eq!(judged(Some(&success), 10, 60), HomeVantage::Unknown);
    assert_eq!(judged(None, 10, 20), HomeVantage::Unknown);
    let other = Vantage {
        writer_region: "us-east-1".into(),
        ..success
    };
    assert_eq!(judged(Some(&other), 10, 20), HomeVantage::Unknown);
}

#[test]
fn only_a_failing_writer_makes_a_home_vantage_bad_news() {
    let failure = home(
        11,
        Write::Failed {
            why: "refused".into(),
        },
    );
    assert_eq!(judged(Some(&failure), 10, 20), HomeVantage::FreshFailure);
    let read_only = home(11, Write::ReadOnly);
    assert_eq!(judged(Some(&read_only), 10, 20), HomeVantage::Unknown);
}

#[test]
fn a_home_vantage_that_finds_no_slot_has_seen_a_living_writer() {
    let why = "sorry, too many clients already (SQLSTATE 53300)".to_owned();
    let saturated = home(9, Write::Saturated { why });
    assert_eq!(judged(Some(&saturated), 10, 20), HomeVantage::Saturated);
    assert_eq!(judged(Some(&saturated), 10, 60), HomeVantage::Unknown);
}
