//! How far a group is: judged by the refresh that this run gave it, or by the instances that it was scaled up to.

use jiff::Timestamp;

use super::{Now, SCALED, Seen};
use crate::services::{MISSING_SECONDS, REST_SECONDS, State, judged, unseen};
use failover::ports::{Group, Refresh};

/// What AWS says of a refresh that replaced every instance.
const SUCCESSFUL: &str = "Successful";

impl Seen {
    /// How far it is, in a run that came to its services at `entered`.
    #[must_use]
    pub fn state(&self, entered: Timestamp, now: Timestamp) -> State {
        judged(
            self.restart.as_ref(),
            (entered, now),
            |waited_seconds| self.before(entered, waited_seconds),
            |id, waited_seconds| self.after(id, waited_seconds),
        )
    }

    /// How it stands for a restart in a run that came to its services at `entered`, so many seconds before.
    fn before(&self, entered: Timestamp, waited_seconds: f64) -> State {
        let group = match &self.now {
            Now::Refused(why) => return State::Failed(why.clone()),
            // Whether a pilot light stands at 0 must be seen before it is scaled.
            Now::Silent(why) => return unseen("Auto Scaling", why, waited_seconds),
            Now::Group(group) => group,
        };
        if group.desired_capacity == 0 {
            return match self.takeover_capacity {
                None => State::Completed,
                Some(_) => State::Untouched,
            };
        }
        // One that began since then replaces every instance too: most likely it is this run's, and its answer was lost. AWS tells
        // the second.
        let is_as_good = |refresh: &&Refresh| {
            let since = |at: Timestamp| at.as_second() >= entered.as_second();
            let began = refresh.begun_at.is_some_and(since);
            let helps = refresh.is_under_way() || refresh.status == SUCCESSFUL;
            began && helps && !refresh.skips_matching
        };
        match group.refreshes.iter().find(is_as_good) {
            Some(refresh) => refreshed(group, refresh),
            None if group.refreshes.iter().any(Refresh::is_under_way) => State::Resting,
            None => State::Untouched,
        }
    }

    /// How far it is with what was begun, so many seconds after that.
    fn after(&self, id: &str, waited_seconds: f64) -> State {
        // Not seen this time; the loop is bounded.
        let Now::Group(group) = &self.now else {
            return State::RollingOut;
        };
        if id == SCALED {
            return scaled_up(group, waited_seconds);
        }
        let mut refreshes = group.refreshes.iter();
        match refreshes.find(|refresh| refresh.id == id) {
            Some(refresh) => refreshed(group, refresh),
            None if waited_seconds < MISSING_SECONDS => State::RollingOut,
            None => State::Failed(format!("instance refresh {id} is not known any more")),
        }
    }
}

/// How far a group is that was scaled up. Whoever scales it otherwise meanwhile has said how much it is to have; at none the call was
/// lost, and it is asked again.
fn scaled_up(group: &Group, waited_seconds: f64) -> State {
    match group.desired_capacity {
        0 if waited_seconds < REST_SECONDS => State::RollingOut,
        0 => State::Untouched,
        wanted if group.serving >= wanted => State::Completed,
        _ => starting(group),
    }
}

fn refreshed(group: &Group, refresh: &Refresh) -> State {
    match refresh.status.as_str() {
        SUCCESSFUL if group.serving > 0 || group.desired_capacity == 0 => State::Completed,
        SUCCESSFUL => starting(group),
        _ if refresh.is_under_way() => State::RollingOut,
        ended => State::Failed(format!(
            "instance refresh {} ended {ended}: {}",
            refresh.id, refresh.reason
        )),
    }
}

/// Not enough serves yet.
fn starting(group: &Group) -> State {
    if group.launches {
        State::RollingOut
    } else {
        State::Failed("its process Launch is suspended".into())
    }
}
