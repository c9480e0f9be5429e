//! How far a group is: judged by the refresh that this run gave it, or by the instances that it was scaled up to.

use jiff::Timestamp;

use super::{Now, SCALED, Seen};
use crate::services::{MISSING_SECONDS, State, judged, unseen};
use failover::ports::{Group, Refresh};

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
            Now::Silent(why) => unseen("Auto Scaling", why, waited_seconds),
            Now::Group(group) if group.desired_capacity == 0 && self.stays_out() => {
                State::Completed
            }
            Now::Group(_) => State::Untouched,
        }
    }

    fn stays_out(&self) -> bool {
        self.takeover_capacity.is_none()
    }

    /// How far it is with what was begun, so many seconds after that.
    fn after(&self, id: &str, waited_seconds: f64) -> State {
        // Not seen this time; the loop is bounded.
        let Now::Group(group) = &self.now else {
            return State::RollingOut;
        };
        if id == SCALED {
            return self.scaled_up(group);
        }
        let mut refreshes = group.refreshes.iter();
        match refreshes.find(|refresh| refresh.id == id) {
            Some(refresh) => refreshed(group, refresh),
            None if waited_seconds < MISSING_SECONDS => State::RollingOut,
            None => State::Failed(format!("instance refresh {id} is not known any more")),
        }
    }

    fn scaled_up(&self, group: &Group) -> State {
        let wanted = self.takeover_capacity.unwrap_or(0);
        if group.serving >= wanted && group.desired_capacity >= wanted {
            State::Completed
        } else {
            State::RollingOut
        }
    }
}

/// Source of the words: <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html>.
fn refreshed(group: &Group, refresh: &Refresh) -> State {
    match refresh.status.as_str() {
        "Failed" | "Cancelled" | "RollbackFailed" | "RollbackSuccessful" => State::Failed(format!(
            "instance refresh {} ended {}: {}",
            refresh.id, refresh.status, refresh.reason
        )),
        "Successful" if group.serving > 0 => State::Completed,
        _ => State::RollingOut,
    }
}
