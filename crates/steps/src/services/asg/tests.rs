//! How far a group is, case by case, and what is begun with it.

use jiff::Timestamp;

use super::*;
use crate::services::State;
use failover::ports::Refresh;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A group of so many instances, all of which serve.
fn group(desired_capacity: u32, refreshes: &[(&str, &str)]) -> Group {
    let refresh = |(id, status): &(&str, &str)| Refresh {
        id: (*id).into(),
        status: (*status).into(),
        reason: "why".into(),
        begun_at: Some(at(0)),
        skips_matching: false,
    };
    Group {
        desired_capacity,
        min_size: 0,
        max_size: 4,
        launches: true,
        kept: 0,
        instances: desired_capacity,
        serving: desired_capacity,
        refreshes: refreshes.iter().map(refresh).collect(),
    }
}

fn seen(restart: Option<&str>, takeover_capacity: Option<u32>, group: Group) -> Seen {
    Seen {
        region: "us-east-1".into(),
        group: "web".into(),
        takeover_capacity,
        former_min_size: None,
        restart: restart.map(|id| Restart::Deployment {
            id: id.into(),
            at: at(0),
        }),
        now: Now::Group(group),
    }
}

fn state(seen: &Seen, second: i64) -> State {
    seen.state(at(0), at(second))
}

#[test]
fn a_group_is_restarted_once_and_one_that_stays_at_none_has_nothing_to_restart() {
    assert_eq!(state(&seen(None, None, group(2, &[])), 1), State::Untouched);
    assert_eq!(state(&seen(None, None, group(0, &[])), 1), State::Completed);
    let light = seen(None, Some(2), group(0, &[]));
    assert_eq!(state(&light, 1), State::Untouched);
}

#[test]
fn the_refresh_that_this_run_began_counts_and_no_other() {
    let of = |refreshes: &[(&str, &str)]| seen(Some("new"), None, group(2, refreshes));
    let other = of(&[("old", "Successful")]);
    assert_eq!(state(&other, 10), State::RollingOut, "it is not shown yet");
    assert!(matches!(state(&other, 40), State::Failed(_)));
    for (status, is_done) in [
        ("Pending", false),
        ("InProgress", false),
        ("Successful", true),
    ] {
        let expected = if is_done {
            State::Completed
        } else {
            State::RollingOut
        };
        let now = of(&[("new", status), ("old", "Successful")]);
        assert_eq!(state(&now, 10), expected, "{status}");
    }
    for ended in ["Failed", "Cancelled", "RollbackSuccessful"] {
        let State::Failed(why) = state(&of(&[("new", ended)]), 10) else {
            panic!("{ended} is no end");
        };
        assert!(why.contains(ended) && why.contains("why"), "{why}");
    }
    let mut alone = group(2, &[("new", "Successful")]);
    alone.serving = 0;
    let alone = seen(Some("new"), None, alone);
    assert_eq!(state(&alone, 10), State::RollingOut, "nothing serves");
}

#[test]
fn a_refresh_that_began_since_is_followed_and_one_from_before_is_waited_for() {
    let of = |status: &str, begun_at: i64, skips_matching| {
        let mut group = group(2, &[("other", status)]);
        group.refreshes[0].begun_at = Some(at(begun_at));
        group.refreshes[0].skips_matching = skips_matching;
        seen(None, None, group).state(at(10), at(20))
    };
    assert_eq!(
        of("InProgress", 11, false),
        State::RollingOut,
        "its answer was lost"
    );
    assert_eq!(of("Successful", 11, false), State::Completed);
    let mut within = group(2, &[("other", "InProgress")]);
    within.refreshes[0].begun_at = Some(at(10));
    let entered = at(10) + jiff::SignedDuration::from_millis(700);
    let within = seen(None, None, within).state(entered, at(20));
    assert_eq!(within, State::RollingOut, "AWS tells no milliseconds");
    assert_eq!(of("Failed", 11, false), State::Untouched);
    assert_eq!(
        of("InProgress", 9, false),
        State::Resting,
        "it may be through with some"
    );
    assert_eq!(of("InProgress", 11, true), State::Resting);
    assert_eq!(of("Successful", 9, false), State::Untouched);
}

#[test]
fn a_pilot_light_is_noted_before_it_is_scaled_and_a_group_that_runs_is_not() {
    let noted = |takeover_capacity, desired| {
        mark(&seen(None, takeover_capacity, group(desired, &[])), at(5))
    };
    let scaled = Restart::Deployment {
        id: SCALED.into(),
        at: at(5),
    };
    assert_eq!(noted(Some(2), 0), Some(scaled));
    assert_eq!(noted(Some(2), 1), None);
    assert_eq!(noted(None, 0), None);
}

#[test]
fn a_pilot_light_is_up_once_as_many_serve_as_it_was_scaled_to() {
    let of = |desired, serving| {
        let group = Group {
            serving,
            ..group(desired, &[])
        };
        state(&seen(Some(SCALED), Some(2), group), 300)
    };
    assert_eq!(of(2, 0), State::RollingOut);
    assert_eq!(of(2, 1), State::RollingOut);
    assert_eq!(of(2, 2), State::Completed);
    assert_eq!(of(1, 1), State::Completed, "somebody scaled it down");
    assert_eq!(of(0, 2), State::Untouched, "the call was lost");
    let mut stuck = group(2, &[]);
    (stuck.serving, stuck.launches) = (0, false);
    let why = "its process Launch is suspended";
    let stuck = seen(Some(SCALED), Some(2), stuck);
    assert_eq!(state(&stuck, 10), State::Failed(why.into()));
}

#[test]
fn a_group_that_nobody_sees_rests_and_the_run_goes_on_without_it_in_the_end() {
    let silent = Seen {
        now: Now::Silent("timed out".into()),
        ..seen(None, None, group(2, &[]))
    };
    assert_eq!(state(&silent, 10), State::Resting);
    let why = "Auto Scaling did not answer about it: timed out";
    assert_eq!(state(&silent, 121), State::Failed(why.into()));
    let begun = Seen {
        now: Now::Silent("timed out".into()),
        ..seen(Some("new"), None, group(2, &[]))
    };
    assert_eq!(state(&begun, 121), State::RollingOut);
}
