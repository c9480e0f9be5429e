//! One health check with its checkers at work.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::task::JoinSet;

use super::{
    check::{Check, Endpoint, Kind},
    look::{Failed, look},
    pace::Pace,
    reach::Reach,
    state::{Facts, Health, Streak},
};

/// What all checkers have in common.
pub(super) struct Checkers {
    pub(super) reach: Reach,
    pub(super) pace: Pace,
}

/// A health check, what its checkers saw, and the checkers.
pub(super) struct Station {
    check: Check,
    streaks: Streaks,
    _at_work: JoinSet<()>,
}

/// What each checker saw. Checkers that look elsewhere by now write to one that nobody reads any more.
type Streaks = Arc<Mutex<Vec<Streak>>>;

impl Station {
    /// A check that nobody has looked at yet.
    pub(super) fn new(check: Check, checkers: &Arc<Checkers>) -> Self {
        let count = watched(&check).map_or(0, |endpoint| endpoint.regions.len());
        Self::with(
            check,
            Arc::new(Mutex::new(vec![Streak::default(); count])),
            checkers,
        )
    }

    /// The same check as it is now. What was seen counts on while the same checkers look at the same.
    pub(super) fn now(self, check: Check, checkers: &Arc<Checkers>) -> Self {
        if self.check == check {
            return self;
        }
        let looks_at = |check| watched(check).map(|endpoint| (&endpoint.target, &endpoint.regions));
        if looks_at(&self.check) == looks_at(&check) {
            return Self::with(check, self.streaks.clone(), checkers);
        }
        Self::new(check, checkers)
    }

    fn with(check: Check, streaks: Streaks, checkers: &Arc<Checkers>) -> Self {
        let mut at_work = JoinSet::new();
        if let Some(endpoint) = watched(&check) {
            let endpoint = Arc::new(endpoint.clone());
            for number in 0..endpoint.regions.len() {
                at_work.spawn(keep_looking(
                    endpoint.clone(),
                    number,
                    streaks.clone(),
                    checkers.clone(),
                ));
            }
        }
        Self {
            check,
            streaks,
            _at_work: at_work,
        }
    }

    pub(super) fn facts(&self) -> Facts {
        Facts {
            check: self.check.clone(),
            streaks: locked(&self.streaks).clone(),
        }
    }
}

/// The endpoint that is looked at, if one is: a disabled check sends nothing.
fn watched(check: &Check) -> Option<&Endpoint> {
    match &check.kind {
        Kind::Endpoint(endpoint) if !check.disabled => Some(endpoint),
        Kind::Endpoint(_) | Kind::Calculated { .. } | Kind::Unwatched => None,
    }
}

/// One checker. Route 53's interval goes from an answer to the next request.
async fn keep_looking(
    endpoint: Arc<Endpoint>,
    number: usize,
    streaks: Streaks,
    checkers: Arc<Checkers>,
) {
    let interval = checkers.pace.of(endpoint.interval);
    // Checkers do not agree upon when they look.
    tokio::time::sleep(share(interval, number, endpoint.regions.len())).await;
    // Ends with its station.
    loop {
        let seen = match once(&endpoint, &endpoint.regions[number], &checkers).await {
            Ok(()) => Health::Healthy,
            Err(why) => {
                let region = &endpoint.regions[number];
                let target = &endpoint.target;
                tracing::debug!(%why, region, ?target, "an endpoint did not pass");
                Health::Unhealthy
            }
        };
        if let Some(streak) = locked(&streaks).get_mut(number) {
            *streak = streak.and(seen, endpoint.threshold);
        }
        tokio::time::sleep(interval).await;
    }
}

async fn once(endpoint: &Endpoint, region: &str, checkers: &Checkers) -> Result<(), Failed> {
    let target = &endpoint.target;
    let at = checkers.reach.address(&target.host, target.port, region);
    look(target, at.ok_or(Failed::NoAddress)?, checkers.pace).await
}

/// So many parts of an interval.
fn share(interval: Duration, number: usize, of: usize) -> Duration {
    let [number, of] = [number, of.max(1)].map(|count| u32::try_from(count).unwrap_or(1));
    interval * number / of
}

fn locked(streaks: &Mutex<Vec<Streak>>) -> MutexGuard<'_, Vec<Streak>> {
    streaks.lock().unwrap_or_else(PoisonError::into_inner)
}
