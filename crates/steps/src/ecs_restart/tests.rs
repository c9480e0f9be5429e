//! What a pass does about services, case by case.

use super::*;
use crate::services::ecs::{
    self, Now,
    tests::{at, completed, rolling, seen, service, untouched},
};

fn all(seen: &[ecs::Seen]) -> Vec<Seen> {
    seen.iter().cloned().map(Seen::Ecs).collect()
}

fn action(seen: &[ecs::Seen]) -> Result<Action, Error> {
    next_action(&all(seen), at(0), at(10))
}

#[test]
fn every_service_is_restarted_before_any_is_waited_for() {
    assert_eq!(
        action(&[rolling("api"), untouched("worker")]),
        Ok(Action::Restart(1))
    );
    assert_eq!(
        action(&[rolling("api"), completed("worker")]),
        Ok(Action::Wait)
    );
}

#[test]
fn a_service_that_ecs_does_not_answer_about_rests_and_the_others_go_on() {
    let postponed = Some(Restart::Postponed { at: at(8) });
    let resting = seen("api", postponed.clone(), service(2, 2, Vec::new()));
    assert_eq!(
        action(&[resting.clone(), untouched("worker")]),
        Ok(Action::Restart(1))
    );
    assert_eq!(
        action(&[resting.clone(), completed("worker")]),
        Ok(Action::Wait)
    );
    assert_eq!(
        next_action(&all(&[resting]), at(0), at(20)),
        Ok(Action::Restart(0))
    );
}

#[test]
fn a_service_that_was_not_seen_is_not_restarted_blindly() {
    let unseen = [seen("api", None, Now::Silent("throttled".into()))];
    assert_eq!(action(&unseen), Ok(Action::Wait));
    assert!(next_action(&all(&unseen), at(0), at(121)).is_err());
}

#[test]
fn one_broken_service_is_reported_only_after_the_others_are_through() {
    let broken = seen(
        "worker",
        None,
        Now::Refused("there is no such service".into()),
    );
    assert_eq!(action(&[broken.clone(), rolling("api")]), Ok(Action::Wait));
    let why = action(&[broken, completed("api")]).unwrap_err().to_string();
    assert!(
        why.contains("1 of 2") && why.contains("us-east-1/orders/worker"),
        "{why}"
    );
}

#[test]
fn all_complete_is_done() {
    assert_eq!(
        action(&[completed("api"), completed("worker")]),
        Ok(Action::Done)
    );
    assert_eq!(action(&[]), Ok(Action::Done));
}
