//! How far a service is, case by case.

use super::*;
use failover::ports::Deployment;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn deployment(id: &str, rollout: &str) -> Deployment {
    Deployment {
        id: id.into(),
        status: "PRIMARY".into(),
        rollout: rollout.into(),
        rollout_reason: "why".into(),
    }
}

fn service(desired_count: u32, running_count: u32, deployments: Vec<Deployment>) -> Now {
    Now::Service(Service {
        desired_count,
        running_count,
        deployments,
    })
}

fn seen(service: &str, restart: Option<Restart>, now: Now) -> Seen {
    Seen {
        region: "us-east-1".into(),
        cluster: "orders".into(),
        service: service.into(),
        takeover_count: None,
        restart,
        now,
    }
}

fn deployed() -> Option<Restart> {
    Some(Restart::Deployment {
        id: "new".into(),
        at: at(0),
    })
}

fn rolling(name: &str) -> Seen {
    let deployments = vec![
        deployment("new", "IN_PROGRESS"),
        deployment("old", "COMPLETED"),
    ];
    seen(name, deployed(), service(2, 2, deployments))
}

fn completed(name: &str) -> Seen {
    let deployments = vec![
        deployment("new", "COMPLETED"),
        deployment("old", "COMPLETED"),
    ];
    seen(name, deployed(), service(2, 2, deployments))
}

fn untouched(name: &str) -> Seen {
    seen(
        name,
        None,
        service(2, 2, vec![deployment("old", "COMPLETED")]),
    )
}

fn action(seen: &[Seen]) -> Result<Action, Error> {
    next_action(seen, at(0), at(10))
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
fn an_old_deployment_that_is_complete_does_not_count() {
    assert_eq!(state(&rolling("api"), at(0), at(10)), State::RollingOut);
}

#[test]
fn a_deployment_that_is_not_shown_yet_is_waited_for_and_has_failed_after_that() {
    let gone = seen(
        "api",
        deployed(),
        service(2, 2, vec![deployment("old", "COMPLETED")]),
    );
    assert_eq!(state(&gone, at(0), at(10)), State::RollingOut);
    assert!(matches!(state(&gone, at(0), at(40)), State::Failed(_)));
    let failed = seen(
        "api",
        deployed(),
        service(2, 2, vec![deployment("new", "FAILED")]),
    );
    assert!(matches!(state(&failed, at(0), at(10)), State::Failed(_)));
}

#[test]
fn a_deployment_completed_without_the_tasks_it_should_run_is_not_done() {
    let complete = || vec![deployment("new", "COMPLETED")];
    let starting = seen("api", deployed(), service(2, 0, complete()));
    assert_eq!(state(&starting, at(0), at(10)), State::RollingOut);
    let off = seen("api", deployed(), service(0, 0, complete()));
    assert_eq!(state(&off, at(0), at(10)), State::Completed);
    let pilot_light = Seen {
        takeover_count: Some(2),
        ..off
    };
    assert_eq!(state(&pilot_light, at(0), at(10)), State::RollingOut);
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
        next_action(&[resting], at(0), at(20)),
        Ok(Action::Restart(0))
    );
}

#[test]
fn a_service_that_was_not_seen_is_not_restarted_blindly() {
    let unseen = [seen("api", None, Now::Silent("throttled".into()))];
    assert_eq!(action(&unseen), Ok(Action::Wait));
    assert!(next_action(&unseen, at(0), at(121)).is_err());
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
