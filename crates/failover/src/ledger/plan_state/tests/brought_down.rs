//! What services had that a stop brought down, and when they are given it back.

use super::*;
use crate::domain::{Region, StopToken};

fn api(count: u32) -> Former {
    Former::Ecs {
        cluster: "orders".into(),
        service: "api".into(),
        count,
    }
}

fn web() -> Former {
    Former::Asg {
        group: "web".into(),
        min_size: 1,
        capacity: 3,
    }
}

fn home() -> Region {
    "us-west-2".into()
}

/// The row of the Region that is left, under a stop of this token.
fn stopping(row: &PlanState, token: &str) -> PlanState {
    PlanState {
        stop: Some(Box::new(Stop {
            token: token.into(),
            epoch: Epoch(8),
            from: home(),
            to: "us-east-1".into(),
            run_id: "a".into(),
            written_at: at(1),
            stage: Stage::Stopping,
        })),
        ..row.clone()
    }
}

fn down(row: &PlanState, token: &str, found: &[Former]) -> PlanState {
    stopping(row, token)
        .bring_down(&StopToken::from(token), at(1), found)
        .unwrap()
}

fn services(row: &PlanState) -> Vec<Former> {
    let down = row.brought_down.as_deref();
    down.map(|down| down.services.clone()).unwrap_or_default()
}

#[test]
fn nothing_is_written_of_services_but_under_the_stop_that_brings_them_down() {
    assert!(refused(row().bring_down(&"a".into(), at(1), &[api(5)])));
    let other = stopping(&row(), "b");
    assert!(refused(other.bring_down(&"a".into(), at(1), &[api(5)])));
    assert_eq!(
        other.refuse_to_bring_down(&"a".into(), at(1), "no right"),
        None
    );
}

#[test]
fn what_a_stop_wrote_first_stands_whatever_a_later_look_of_its_own_reads() {
    let first = down(&row(), "a", &[api(5)]);
    let again = down(&first, "a", &[api(2), web()]);
    assert_eq!(services(&again), [api(5), web()]);
    let none = down(&again, "a", &[]);
    assert_eq!(services(&none), [api(5), web()]);
}

#[test]
fn a_later_stop_keeps_what_stands_at_none_and_reads_anew_what_does_not() {
    let first = down(&row(), "a", &[api(5), web()]);
    let next = down(&first, "b", &[api(8)]);
    assert_eq!(services(&next), [web(), api(8)]);
}

#[test]
fn services_are_given_back_by_the_row_of_the_writers_region_once_nothing_stops_it() {
    let stopped = down(&row(), "a", &[api(5), web()]);
    assert_eq!(stopped.to_bring_up(&home()), None, "it stands");
    let given = stopped.withdraw_stop(&"a".into()).unwrap();
    assert_eq!(services(&given), [api(5), web()]);
    assert!(given.to_bring_up(&home()).is_some());
    assert_eq!(given.to_bring_up(&"us-east-1".into()), None);
    let moved = stopped.learn(&current(8, "us-east-1")).unwrap();
    assert_eq!(moved.stop, None);
    assert_eq!(moved.to_bring_up(&home()), None, "the writer is elsewhere");
    assert_eq!(moved.former("orders/api"), Some(&api(5)));
    let back = moved.learn(&current(9, "us-west-2")).unwrap();
    assert!(back.to_bring_up(&home()).is_some());
}

#[test]
fn what_was_given_back_is_struck_off_and_nothing_else() {
    let stopped = down(&row(), "a", &[api(5), web()]);
    let key = |one: &Former| vec![one.key()];
    let later = at(92);
    assert_eq!(stopped.brought_up(&key(&web()), &home(), later), None);
    let given = stopped.withdraw_stop(&"a".into()).unwrap();
    assert_eq!(given.brought_up(&[], &home(), later), None);
    let left = given.brought_up(&key(&web()), &home(), later).unwrap();
    assert_eq!(services(&left), [api(5)]);
    let none = left.brought_up(&key(&api(5)), &home(), later).unwrap();
    assert_eq!(none.brought_down, None);
}

#[test]
fn while_a_call_of_the_stop_may_come_late_what_was_given_back_is_noted_and_stays_known() {
    let given = down(&row(), "a", &[api(5), web()]);
    let given = given.withdraw_stop(&"a".into()).unwrap();
    let lacking = |row: &PlanState| {
        let down = row.brought_down.as_deref().unwrap();
        down.lacking().cloned().collect::<Vec<_>>()
    };
    let noted = given.brought_up(&[web().key()], &home(), at(91)).unwrap();
    assert_eq!(services(&noted), [api(5), web()]);
    assert_eq!(lacking(&noted), [api(5)]);
    let again = noted.brought_up(&[web().key()], &home(), at(91));
    assert_eq!(again, None, "it is noted");
    let late = noted.brought_up(&[], &home(), at(91)).unwrap();
    assert_eq!(lacking(&late), [api(5), web()], "it was brought down again");
    let next = down(&noted, "b", &[api(5)]);
    assert_eq!(lacking(&next), [web(), api(5)]);
}

#[test]
fn a_refusal_is_kept_beside_what_was_written_and_goes_with_the_stop() {
    let refused = down(&row(), "a", &[api(5)]);
    let refused = refused.refuse_to_bring_down(&"a".into(), at(1), "no right");
    let refused = refused.unwrap();
    let down = refused.brought_down.as_deref().unwrap();
    assert_eq!(down.refused.as_deref(), Some("no right"));
    assert_eq!(down.services, [api(5)]);
    let given = refused.withdraw_stop(&"a".into()).unwrap();
    let given = given.brought_up(&[api(5).key()], &home(), at(92)).unwrap();
    assert_eq!(given.brought_down, None);
}

#[test]
fn a_row_without_such_services_is_written_as_before() {
    let written = serde_json::to_value(row()).unwrap();
    assert!(written.get("brought_down").is_none(), "{written}");
    let down = down(&row(), "a", &[api(5), web()]);
    let written = serde_json::to_value(&down).unwrap();
    let read: PlanState = serde_json::from_value(written).unwrap();
    assert_eq!(read, down);
}
