//! How far a service is: judged by the deployment that this run gave it, not by whichever is there.

use jiff::Timestamp;

use super::{Now, Seen};
use crate::services::State;
use failover::{
    domain::seconds_between,
    ledger::Restart,
    ports::{Deployment, Service},
};

/// How long a new deployment may be missing from what ECS shows, in seconds: its answers lag behind.
const MISSING_SECONDS: f64 = 30.0;
/// How long after the run came to this step a service may stay unseen, in seconds; then the run goes on without it.
const SILENT_SECONDS: f64 = 120.0;
/// How long a service that ECS did not answer about rests before it is tried again, in seconds.
const REST_SECONDS: f64 = 5.0;

impl Seen {
    /// How far it is, in a run that came to its services at `entered`.
    #[must_use]
    pub fn state(&self, entered: Timestamp, now: Timestamp) -> State {
        match &self.restart {
            Some(Restart::Refused { why }) => State::Failed(why.clone()),
            Some(Restart::Postponed { at }) if seconds_between(*at, now) < REST_SECONDS => {
                State::Resting
            }
            None | Some(Restart::Postponed { .. }) => self.before(seconds_between(entered, now)),
            Some(Restart::Deployment { id, at }) => self.after(id, seconds_between(*at, now)),
        }
    }

    /// How it stands for a restart, so many seconds after the run came to its services.
    fn before(&self, waited_seconds: f64) -> State {
        match &self.now {
            Now::Refused(why) => State::Failed(why.clone()),
            Now::Silent(why) if waited_seconds > SILENT_SECONDS => {
                State::Failed(format!("ECS did not answer about it: {why}"))
            }
            // Whether a pilot light stands at 0 must be seen before it is scaled.
            Now::Silent(_) => State::Resting,
            Now::Service(_) => State::Untouched,
        }
    }

    /// How far it is with a deployment, so many seconds after that was asked for.
    fn after(&self, id: &str, waited_seconds: f64) -> State {
        // Not seen this time; the loop is bounded.
        let Now::Service(service) = &self.now else {
            return State::RollingOut;
        };
        let mut deployments = service.deployments.iter();
        match deployments.find(|deployment| deployment.id == id) {
            Some(deployment) => self.rolled_out(service, deployment),
            None if waited_seconds < MISSING_SECONDS => State::RollingOut,
            None => State::Failed(format!("deployment {id} was rolled back or replaced")),
        }
    }

    fn rolled_out(&self, service: &Service, deployment: &Deployment) -> State {
        match deployment.rollout.as_str() {
            "FAILED" => State::Failed(format!(
                "deployment {} failed: {}",
                deployment.id, deployment.rollout_reason
            )),
            "COMPLETED" if self.runs(service) => State::Completed,
            _ => State::RollingOut,
        }
    }

    /// ECS completes a deployment of no tasks at once.
    fn runs(&self, service: &Service) -> bool {
        let is_off = service.desired_count == 0 && self.takeover_count.unwrap_or(0) == 0;
        service.running_count > 0 || is_off
    }
}
