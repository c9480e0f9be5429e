//! Restarts the plan's services, so that no pool keeps the old writer's address. One service a pass is given a new
//! deployment; then each is followed by that deployment's id. A service that cannot be restarted does not hide the others.

use serde::Serialize;

use super::{Here, Input, Output, Pass, Progress, wait_seconds};
use crate::{
    Error,
    domain::Region,
    ledger::{Ledger, Restart},
    plan::EcsService,
};

/// The step's name in timelines and logs.
pub const STEP: &str = "ecs_restart";

/// A service as ECS shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// The tasks it should have.
    pub desired_count: u32,
    /// The tasks it has.
    pub running_count: u32,
    /// Its deployments.
    pub deployments: Vec<Deployment>,
}

/// A deployment of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deployment {
    /// Its id.
    pub id: String,
    /// `PRIMARY`, `ACTIVE` or `INACTIVE`.
    pub status: String,
    /// `IN_PROGRESS`, `COMPLETED` or `FAILED`.
    pub rollout: String,
    /// Why it is in that state.
    pub rollout_reason: String,
}

/// One service of the plan and what the pass saw of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Seen {
    /// Its Region.
    pub region: Region,
    /// Its ECS cluster.
    pub cluster: String,
    /// Its name.
    pub service: String,
    /// The tasks to scale up to when it stands at 0, where its Region takes over.
    pub takeover_count: Option<u32>,
    /// What this run did to it.
    pub restart: Option<Restart>,
    /// What ECS shows; a sentence where it does not.
    pub now: Result<Service, String>,
}

/// ECS.
pub trait Ecs: Sync {
    /// A service; `NotReady` when there is none of this name.
    fn service(
        &self,
        region: &Region,
        cluster: &str,
        service: &str,
    ) -> impl Future<Output = Result<Service, Error>> + Send;
    /// Forces a new deployment, and scales where `desired_count` is given; answers the new deployment's id.
    fn force_deployment(
        &self,
        region: &Region,
        cluster: &str,
        service: &str,
        desired_count: Option<u32>,
    ) -> impl Future<Output = Result<String, Error>> + Send;
}

/// How far one service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It has not been given a new deployment.
    Untouched,
    /// Its deployment is rolling out.
    RollingOut,
    /// Its deployment is complete and its tasks run.
    Completed,
    /// It could not be restarted.
    Failed(String),
}

/// What a pass does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Every service is restarted.
    Done,
    /// Deployments are rolling out.
    Wait,
    /// Gives the service at this place of the list a new deployment.
    Restart(usize),
}

/// One pass.
///
/// # Errors
/// The guards' refusals; `NotReady` at the end, naming every service that could not be restarted.
pub async fn run(
    world: &(impl Ledger + Here + Ecs),
    input: &Input,
) -> Result<Output<Vec<Seen>>, Error> {
    let mut pass = Pass::open(world, input).await?;
    let seen = observe(world, &pass).await;
    let action = next_action(&seen)?;
    let (name, reason) = describe(&action, &seen, &pass);
    if let Action::Restart(index) = action
        && let Some(service) = seen.get(index)
        && !pass.dry_run
    {
        let restart = restart(world, service).await?;
        pass.run.restarts.insert(key(service), restart);
    }
    if action != Action::Wait {
        pass.record(world, STEP, name, &reason).await?;
    }
    tracing::info!(plan = %input.plan, step = STEP, action = name, reason, "pass");
    let (progress, wait_seconds) = match action {
        Action::Done => (Progress::Done, 0),
        Action::Restart(_) => (Progress::Pending, 0),
        Action::Wait => (Progress::Pending, wait_seconds(pass.began(STEP), pass.now)),
    };
    Ok(Output {
        progress,
        wait_seconds,
        action: name,
        reason,
        observed: seen,
    })
}

/// Asks for every service in the Regions that the run counts on, the new writer's first.
async fn observe(world: &(impl Ledger + Here + Ecs), pass: &Pass) -> Vec<Seen> {
    let run = &pass.run;
    let mut services = Vec::new();
    let others = run.leased.iter().filter(|region| **region != run.to);
    for region in std::iter::once(&run.to).chain(others) {
        for target in run.plan.ecs.get(region).into_iter().flatten() {
            services.extend(
                target
                    .services
                    .iter()
                    .map(|service| (region, &target.cluster, service)),
            );
        }
    }
    let looks = services
        .into_iter()
        .map(async |(region, cluster, service)| {
            let takeover_count = match service {
                EcsService::PilotLight(pilot_light) if *region == run.to => {
                    Some(pilot_light.takeover_count)
                }
                EcsService::PilotLight(_) | EcsService::Running(_) => None,
            };
            let now = world
                .service(region, cluster, service.name())
                .await
                .map_err(|why| why.to_string());
            let mut seen = Seen {
                region: region.clone(),
                cluster: cluster.clone(),
                service: service.name().to_owned(),
                takeover_count,
                restart: None,
                now,
            };
            seen.restart = run.restarts.get(&key(&seen)).cloned();
            seen
        });
    futures::future::join_all(looks).await
}

/// Decides what one pass does.
///
/// # Errors
/// `NotReady` when nothing is left to do or to wait for and a service has failed.
pub fn next_action(seen: &[Seen]) -> Result<Action, Error> {
    let states: Vec<_> = seen.iter().map(state).collect();
    if let Some(index) = states.iter().position(|state| *state == State::Untouched) {
        return Ok(Action::Restart(index));
    }
    if states.contains(&State::RollingOut) {
        return Ok(Action::Wait);
    }
    let failed: Vec<_> = seen
        .iter()
        .zip(&states)
        .filter_map(|(seen, state)| match state {
            State::Failed(why) => Some(format!("{}: {why}", key(seen))),
            State::Untouched | State::RollingOut | State::Completed => None,
        })
        .collect();
    if failed.is_empty() {
        return Ok(Action::Done);
    }
    Err(Error::NotReady(format!(
        "{} of {} services could not be restarted: {}",
        failed.len(),
        seen.len(),
        failed.join("; ")
    )))
}

/// How far a service is: judged by the deployment that this run gave it, not by whichever is there.
#[must_use]
pub fn state(seen: &Seen) -> State {
    let id = match &seen.restart {
        None => return State::Untouched,
        Some(Restart::Refused { why }) => return State::Failed(why.clone()),
        Some(Restart::Deployment { id }) => id,
    };
    let service = match &seen.now {
        Ok(service) => service,
        // Not seen this time; the loop is bounded.
        Err(_) => return State::RollingOut,
    };
    let Some(deployment) = service
        .deployments
        .iter()
        .find(|deployment| deployment.id == *id)
    else {
        return State::Failed(format!("deployment {id} was rolled back or replaced"));
    };
    match deployment.rollout.as_str() {
        "FAILED" => State::Failed(format!(
            "deployment {id} failed: {}",
            deployment.rollout_reason
        )),
        // ECS completes a deployment of no tasks at once.
        "COMPLETED" if service.running_count > 0 || service.desired_count == 0 => State::Completed,
        _ => State::RollingOut,
    }
}

/// A refusal by ECS is what came of this service; an answer that is missing is worth another pass.
async fn restart(world: &impl Ecs, seen: &Seen) -> Result<Restart, Error> {
    let stands_at_zero = seen
        .now
        .as_ref()
        .is_ok_and(|service| service.desired_count == 0);
    let count = seen.takeover_count.filter(|_| stands_at_zero);
    match world
        .force_deployment(&seen.region, &seen.cluster, &seen.service, count)
        .await
    {
        Ok(id) => Ok(Restart::Deployment { id }),
        Err(why @ Error::Unavailable(_)) => Err(why),
        Err(why) => Ok(Restart::Refused {
            why: why.to_string(),
        }),
    }
}

fn key(seen: &Seen) -> String {
    format!("{}/{}/{}", seen.region, seen.cluster, seen.service)
}

fn describe(action: &Action, seen: &[Seen], pass: &Pass) -> (&'static str, String) {
    match action {
        Action::Done => {
            let left_out: Vec<_> = pass
                .run
                .plan
                .ecs
                .keys()
                .filter(|region| !pass.run.leased.contains(region))
                .map(ToString::to_string)
                .collect();
            let note = if left_out.is_empty() {
                String::new()
            } else {
                format!("; not in {}", left_out.join(", "))
            };
            (
                "none",
                format!("{} services are restarted{note}", seen.len()),
            )
        }
        Action::Wait => {
            let rolling = seen
                .iter()
                .filter(|seen| state(seen) == State::RollingOut)
                .count();
            (
                "wait",
                format!("{rolling} of {} services are rolling out", seen.len()),
            )
        }
        Action::Restart(index) => {
            let service = seen.get(*index).map(key).unwrap_or_default();
            ("restart", format!("{service} is given a new deployment"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(id: &str, rollout: &str) -> Deployment {
        Deployment {
            id: id.into(),
            status: "PRIMARY".into(),
            rollout: rollout.into(),
            rollout_reason: "why".into(),
        }
    }

    fn seen(service: &str, restart: Option<&str>, deployments: Vec<Deployment>) -> Seen {
        Seen {
            region: "us-east-1".into(),
            cluster: "orders".into(),
            service: service.into(),
            takeover_count: None,
            restart: restart.map(|id| Restart::Deployment { id: id.into() }),
            now: Ok(Service {
                desired_count: 2,
                running_count: 2,
                deployments,
            }),
        }
    }

    fn completed(service: &str) -> Seen {
        seen(
            service,
            Some("new"),
            vec![
                deployment("new", "COMPLETED"),
                deployment("old", "COMPLETED"),
            ],
        )
    }

    #[test]
    fn every_service_is_restarted_before_any_is_waited_for() {
        let rolling = seen("api", Some("new"), vec![deployment("new", "IN_PROGRESS")]);
        let untouched = seen("worker", None, vec![deployment("old", "COMPLETED")]);
        assert_eq!(
            next_action(&[rolling.clone(), untouched]),
            Ok(Action::Restart(1))
        );
        assert_eq!(
            next_action(&[rolling, completed("worker")]),
            Ok(Action::Wait)
        );
    }

    #[test]
    fn an_old_deployment_that_is_complete_does_not_count() {
        let started = seen(
            "api",
            Some("new"),
            vec![
                deployment("new", "IN_PROGRESS"),
                deployment("old", "COMPLETED"),
            ],
        );
        assert_eq!(state(&started), State::RollingOut);
    }

    #[test]
    fn a_deployment_that_was_rolled_back_has_failed() {
        let rolled_back = seen("api", Some("new"), vec![deployment("old", "COMPLETED")]);
        assert!(matches!(state(&rolled_back), State::Failed(_)));
        assert!(matches!(
            state(&seen("api", Some("new"), vec![deployment("new", "FAILED")])),
            State::Failed(_)
        ));
    }

    #[test]
    fn a_deployment_completed_without_any_task_running_is_not_done() {
        let mut empty = completed("api");
        if let Ok(service) = &mut empty.now {
            service.running_count = 0;
        }
        assert_eq!(state(&empty), State::RollingOut);
    }

    #[test]
    fn one_broken_service_is_reported_only_after_the_others_are_through() {
        let mut broken = seen("worker", None, Vec::new());
        broken.restart = Some(Restart::Refused {
            why: "there is no such service".into(),
        });
        let rolling = seen("api", Some("new"), vec![deployment("new", "IN_PROGRESS")]);
        assert_eq!(next_action(&[broken.clone(), rolling]), Ok(Action::Wait));
        let why = next_action(&[broken, completed("api")])
            .unwrap_err()
            .to_string();
        assert!(
            why.contains("1 of 2") && why.contains("us-east-1/orders/worker"),
            "{why}"
        );
    }

    #[test]
    fn all_complete_is_done() {
        assert_eq!(
            next_action(&[completed("api"), completed("worker")]),
            Ok(Action::Done)
        );
        assert_eq!(next_action(&[]), Ok(Action::Done));
    }
}
