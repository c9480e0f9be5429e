//! How far a service is, case by case.

use jiff::Timestamp;

use super::*;
use crate::services::State;
use failover::ports::Deployment;

pub(crate) fn at(second: i64) -> Timestamp {
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

pub(crate) fn service(desired_count: u32, running_count: u32, deployments: Vec<Deployment>) -> Now {
    Now::Service(Service {
        desired_count,
        running_count,
        is_daemon: false,
        deployments,
    })
}

pub(crate) fn seen(service: &str, restart: Option<Restart>, now: Now) -> Seen {
    Seen {
        region: "us-east-1".into(),
        cluster: "orders".into(),
        service: service.into(),
        takeover_count: None,
        restart,
        now,
    }
}

pub(crate) fn deployed() -> Option<Restart> {
    Some(Restart::Deployment {
        id: "new".into(),
        at: at(0),
    })
}

pub(crate) fn rolling(name: &str) -> Seen {
    let deployments = vec![
        deployment("new", "IN_PROGRESS"),
        deployment("old", "COMPLETED"),
    ];
    seen(name, deployed(), service(2, 2, deployments))
}

pub(crate) fn completed(name: &str) -> Seen {
    let deployments = vec![
        deployment("new", "COMPLETED"),
        deployment("old", "COMPLETED"),
    ];
    seen(name, deployed(), service(2, 2, deployments))
}

pub(crate) fn untouched(name: &str) -> Seen {
    seen(
        name,
        None,
        service(2, 2, vec![deployment("old", "COMPLETED")]),
    )
}

#[test]
fn an_old_deployment_that_is_complete_does_not_count() {
    assert_eq!(rolling("api").state(at(0), at(10)), State::RollingOut);
}

#[test]
fn a_deployment_that_is_not_shown_yet_is_waited_for_and_has_failed_after_that() {
    let gone = seen(
        "api",
        deployed(),
        service(2, 2, vec![deployment("old", "COMPLETED")]),
    );
    assert_eq!(gone.state(at(0), at(10)), State::RollingOut);
    assert!(matches!(gone.state(at(0), at(40)), State::Failed(_)));
    let failed = seen(
        "api",
        deployed(),
        service(2, 2, vec![deployment("new", "FAILED")]),
    );
    assert!(matches!(failed.state(at(0), at(10)), State::Failed(_)));
}

#[test]
fn a_deployment_completed_without_the_tasks_it_should_run_is_not_done() {
    let complete = || vec![deployment("new", "COMPLETED")];
    let starting = seen("api", deployed(), service(2, 0, complete()));
    assert_eq!(starting.state(at(0), at(10)), State::RollingOut);
    let off = seen("api", deployed(), service(0, 0, complete()));
    assert_eq!(off.state(at(0), at(10)), State::Completed);
    let pilot_light = Seen {
        takeover_count: Some(2),
        ..off
    };
    assert_eq!(pilot_light.state(at(0), at(10)), State::RollingOut);
}
