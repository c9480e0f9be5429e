//! How far a service is: judged by the deployment that this run gave it, not by whichever is there.

use jiff::Timestamp;

use super::{Now, Seen};
use crate::services::{MISSING_SECONDS, State, judged, unseen};
use failover::ports::{Deployment, Service};

impl Seen {
    /// How far it is, in a run that came to its services at `entered`.
    #[must_use]
    pub fn state(&self, entered: Timestamp, now: Timestamp) -> State {
        judged(
            self.restart.as_ref(),
            (entered, now),
            |waited_seconds| self.before(waited_seconds),
            |id, waited_seconds| self.after(id, waited_seconds),
        )
    }

    /// How it stands for a restart, so many seconds after the run came to its services.
    fn before(&self, waited_seconds: f64) -> State {
        match &self.now {
            Now::Refused(why) => State::Failed(why.clone()),
            // Whether a pilot light stands at 0 must be seen before it is scaled.
            Now::Silent(why) => unseen("ECS", why, waited_seconds),
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
