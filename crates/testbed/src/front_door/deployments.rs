//! Holds ECS deployments, or lets them fail: the emulator completes a forced deployment at once, real services take their time.

use std::{
    collections::{HashMap, HashSet},
    sync::Mutex,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{call::Asked, locked};

/// The deployments that are shown as `IN_PROGRESS`, and until when; and those that are shown as `FAILED`.
#[derive(Default)]
pub(super) struct Deployments {
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    hold: Option<Duration>,
    until: HashMap<String, Instant>,
    failing: HashSet<String>,
    failed: HashSet<String>,
}

impl Deployments {
    pub(super) fn hold_for(&self, hold: Duration) {
        locked(&self.held).hold = Some(hold);
    }

    pub(super) fn fail(&self, service: &str) {
        locked(&self.held).failing.insert(service.to_owned());
    }

    /// The answer to show instead of the emulator's, when a held deployment is in it.
    pub(super) fn shown(
        &self,
        asked: &Asked,
        request: &[u8],
        answer: &[u8],
        now: Instant,
    ) -> Option<Vec<u8>> {
        let is_update = asked.operation == "UpdateService";
        if asked.service != "ecs" || !(is_update || asked.operation == "DescribeServices") {
            return None;
        }
        let mut held = locked(&self.held);
        held.until.retain(|_, until| *until > now);
        let hold = held.hold?;
        let mut answer: Value = serde_json::from_slice(answer).ok()?;
        if is_update && forces_new_deployment(request) {
            let begun =
                deployments(&mut answer).find(|deployment| deployment["status"] == "PRIMARY");
            if let Some(id) = begun.and_then(|deployment| deployment["id"].as_str()) {
                held.until.insert(id.to_owned(), now + hold);
                if held.failing.contains(&service(request)) {
                    held.failed.insert(id.to_owned());
                }
            }
        }
        let mut changed = false;
        for deployment in deployments(&mut answer) {
            let id = deployment["id"].as_str().unwrap_or_default();
            let shown = if held.until.contains_key(id) {
                ["IN_PROGRESS", ""]
            } else if held.failed.contains(id) {
                [
                    "FAILED",
                    "ECS deployment circuit breaker: tasks failed to start.",
                ]
            } else {
                continue;
            };
            if let Some(fields) = deployment.as_object_mut() {
                for (field, value) in ["rolloutState", "rolloutStateReason"]
                    .into_iter()
                    .zip(shown)
                {
                    fields.insert(field.to_owned(), value.into());
                }
                changed = true;
            }
        }
        changed.then(|| answer.to_string().into_bytes())
    }
}

fn forces_new_deployment(request: &[u8]) -> bool {
    let request: Option<Value> = serde_json::from_slice(request).ok();
    request.is_some_and(|request| request["forceNewDeployment"] == true)
}

/// The service that a request names; it may name it by its ARN.
fn service(request: &[u8]) -> String {
    let request: Value = serde_json::from_slice(request).unwrap_or_default();
    let name = request["service"].as_str().unwrap_or_default();
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

/// All deployments of an `UpdateService` (`service`) or `DescribeServices` (`services`) answer.
fn deployments(answer: &mut Value) -> impl Iterator<Item = &mut Value> {
    let fields = answer.as_object_mut().into_iter().flatten();
    let services = fields.flat_map(|(name, value)| match (name.as_str(), value) {
        ("services", Value::Array(services)) => services.iter_mut().collect(),
        ("service", service) => vec![service],
        _ => Vec::new(),
    });
    services.flat_map(|service| {
        let found = service.get_mut("deployments").and_then(Value::as_array_mut);
        found.into_iter().flatten()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::call::Protocol, *};

    fn ecs(operation: &str) -> Asked {
        Asked {
            service: "ecs".to_owned(),
            region: "us-west-2".to_owned(),
            operation: operation.to_owned(),
            protocol: Protocol::Json,
            message: None,
        }
    }

    fn service_shown() -> Value {
        json!({"serviceName": "api", "deployments": [
            {"id": "new", "status": "PRIMARY", "rolloutState": "COMPLETED"},
            {"id": "old", "status": "ACTIVE", "rolloutState": "COMPLETED"},
        ]})
    }

    fn states(answer: &[u8]) -> Vec<(String, String)> {
        let mut answer: Value = serde_json::from_slice(answer).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        deployments(&mut answer)
            .map(|deployment| (text(&deployment["id"]), text(&deployment["rolloutState"])))
            .collect()
    }

    #[test]
    fn a_deployment_of_a_failing_service_is_in_progress_and_then_fails() {
        let began = Instant::now();
        let deployments = Deployments::default();
        deployments.hold_for(Duration::from_secs(2));
        deployments.fail("api");
        let answer = json!({"service": service_shown()}).to_string().into_bytes();
        let request = json!({"service": "api", "forceNewDeployment": true}).to_string();
        let begun = deployments.shown(&ecs("UpdateService"), request.as_bytes(), &answer, began);
        assert_eq!(states(&begun.unwrap())[0].1, "IN_PROGRESS");
        let later = began + Duration::from_secs(3);
        let seen = deployments.shown(&ecs("DescribeServices"), b"{}", &answer, later);
        assert_eq!(states(&seen.unwrap())[0].1, "FAILED");
    }

    #[test]
    fn a_forced_deployment_is_in_progress_until_its_time_has_passed() {
        let began = Instant::now();
        let deployments = Deployments::default();
        deployments.hold_for(Duration::from_secs(5));
        let request = json!({"service": "api", "forceNewDeployment": true}).to_string();
        let answer = json!({"service": service_shown()}).to_string();
        let shown = deployments.shown(
            &ecs("UpdateService"),
            request.as_bytes(),
            answer.as_bytes(),
            began,
        );
        let expected = [("new", "IN_PROGRESS"), ("old", "COMPLETED")];
        let expected = expected.map(|(id, state)| (id.to_owned(), state.to_owned()));
        assert_eq!(states(&shown.unwrap()), expected);

        let answer = json!({"services": [service_shown()], "failures": []}).to_string();
        let describe =
            |at| deployments.shown(&ecs("DescribeServices"), b"{}", answer.as_bytes(), at);
        assert_eq!(
            states(&describe(began + Duration::from_secs(4)).unwrap()),
            expected
        );
        assert_eq!(describe(began + Duration::from_secs(5)), None);
    }

    #[test]
    fn an_update_that_forces_nothing_is_left_alone() {
        let deployments = Deployments::default();
        deployments.hold_for(Duration::from_secs(5));
        let answer = json!({"service": service_shown()}).to_string();
        let request = json!({"service": "api", "desiredCount": 2}).to_string();
        let update = ecs("UpdateService");
        assert_eq!(
            deployments.shown(
                &update,
                request.as_bytes(),
                answer.as_bytes(),
                Instant::now()
            ),
            None
        );
    }

    #[test]
    fn without_a_hold_nothing_is_rewritten() {
        let request = json!({"forceNewDeployment": true}).to_string();
        let answer = json!({"service": service_shown()}).to_string();
        let shown = Deployments::default().shown(
            &ecs("UpdateService"),
            request.as_bytes(),
            answer.as_bytes(),
            Instant::now(),
        );
        assert_eq!(shown, None);
    }
}
