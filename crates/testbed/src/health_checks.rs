//! Route 53's health checkers. They read the account's health checks through the API, and several of them, each in a Region of its
//! own, fetch what a check asks for. A check's state follows from what they saw, and nobody can set it. When the API does not answer,
//! what was last read stays good: Route 53's checkers outlive its control plane.

mod account;
mod check;
mod look;
mod pace;
mod reach;
mod s3;
mod state;
mod station;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::task::JoinSet;

pub use self::{
    check::CHECKER_REGIONS,
    pace::Pace,
    reach::Reach,
    s3::{NoRoads, checkers, s3},
    state::Health,
};
use self::{
    check::Check,
    station::{Checkers, Station},
};

/// How long after a reading the next one begins.
const RENEWED_AFTER: Duration = Duration::from_secs(5);

/// The health checks could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the health checks could not be read: {0}")]
pub struct Unreadable(String);

/// Route 53's checkers at work. When it is dropped, they stop looking, and no check has a state any more.
pub struct Prober {
    states: States,
    _keeper: JoinSet<()>,
}

/// The states of all health checks, by what their checkers have seen up to now.
#[derive(Clone, Default)]
pub struct States {
    /// `None` without a prober, or when it is gone: what it had begun to read is not taken over any more.
    stations: Arc<Mutex<Option<BTreeMap<String, Station>>>>,
}

impl Prober {
    /// Reads the health checks for the first time and begins to look. `route53` should not pass a front door's faults, unless the
    /// API is to be lost.
    ///
    /// # Errors
    /// When the health checks cannot be read.
    pub async fn start(
        route53: aws_sdk_route53::Client,
        reach: Reach,
        pace: Pace,
    ) -> Result<Self, Unreadable> {
        let states = States::default();
        let checkers = Arc::new(Checkers { reach, pace });
        let checks = account::read(&route53).await?;
        *states.locked() = Some(BTreeMap::new());
        states.renew(checks, &checkers);
        let mut keeper = JoinSet::new();
        keeper.spawn(keep_reading(route53, states.clone(), checkers));
        Ok(Self {
            states,
            _keeper: keeper,
        })
    }

    /// What a health check says now. `None` where there is no such check, or where it watches an alarm or a routing control.
    #[must_use]
    pub fn state(&self, id: &str) -> Option<Health> {
        self.states.of(id)
    }

    /// The states, for somebody else to look at.
    #[must_use]
    pub fn states(&self) -> States {
        self.states.clone()
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        *self.states.locked() = None;
    }
}

impl States {
    /// What a health check says now, as [`Prober::state`].
    #[must_use]
    pub fn of(&self, id: &str) -> Option<Health> {
        let stations = self.locked();
        let facts = stations.iter().flatten();
        let facts = facts.map(|(id, station)| (id.clone(), station.facts()));
        state::state(id, &facts.collect())
    }

    /// Takes over what the account's checks are now. Checkers of what was not changed go on.
    fn renew(&self, checks: BTreeMap<String, Check>, checkers: &Arc<Checkers>) {
        let mut locked = self.locked();
        let Some(stations) = locked.as_mut() else {
            return;
        };
        let mut before = std::mem::take(stations);
        for (id, check) in checks {
            let station = match before.remove(&id) {
                Some(station) => station.now(check, checkers),
                None => Station::new(check, checkers),
            };
            stations.insert(id, station);
        }
    }

    fn locked(&self) -> MutexGuard<'_, Option<BTreeMap<String, Station>>> {
        self.stations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn keep_reading(route53: aws_sdk_route53::Client, states: States, checkers: Arc<Checkers>) {
    // Ends with the prober.
    loop {
        tokio::time::sleep(checkers.pace.of(RENEWED_AFTER)).await;
        match account::read(&route53).await {
            Ok(checks) => states.renew(checks, &checkers),
            Err(error) => {
                tracing::warn!(%error, "the checkers go on with what was last read");
            }
        }
    }
}
