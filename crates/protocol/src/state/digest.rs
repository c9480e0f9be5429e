//! What the search tells apart: values by a digest of what matters of them.

use std::{
    collections::hash_map::DefaultHasher,
    fmt::Debug,
    hash::{Hash, Hasher},
    sync::Arc,
};

use failover::ledger::PlanState;
use jiff::{SignedDuration, Timestamp};

use super::{LATER, start};

/// A value that compares and hashes by a digest of what matters of it.
#[derive(Clone)]
pub struct Digested<T> {
    digest: u64,
    /// The value.
    pub value: Arc<T>,
}

impl<T> Digested<T> {
    /// A value, and what matters of it.
    pub fn of(value: T, matters: &impl Debug) -> Self {
        let mut hasher = DefaultHasher::new();
        format!("{matters:?}").hash(&mut hasher);
        Self {
            digest: hasher.finish(),
            value: Arc::new(value),
        }
    }
}

impl<T> PartialEq for Digested<T> {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl<T> Hash for Digested<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
    }
}

impl<T> Debug for Digested<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.digest)
    }
}

/// When a lease lapses whose run has just been silent for too long.
#[must_use]
pub fn renewed_long_ago(now: Timestamp) -> Timestamp {
    now + failover::ledger::LEASE
        - failover::ledger::SUPERSEDED_AFTER
        - SignedDuration::from_secs(1)
}

/// A row as the search tells rows apart: by everything but its times, of which a lease has three: renewed now, renewed too
/// long ago for a living run, and lapsed.
#[must_use]
pub fn digested(mut row: PlanState) -> Digested<PlanState> {
    let now = start();
    if let Some(lease) = &mut row.lease {
        let silent = renewed_long_ago(now);
        lease.expires_at = if lease.expires_at > silent {
            now + failover::ledger::LEASE
        } else if lease.expires_at > now + LATER {
            silent
        } else {
            now
        };
    }
    if let Some(current) = &mut row.current {
        current.proven_at = now;
    }
    if let Some(intent) = &mut row.intent {
        intent.written_at = now;
    }
    if let Some(stop) = &mut row.stop {
        stop.written_at = now;
    }
    row.alive_at = row.alive_at.map(|_| now);
    row.maybe_alive_at = row.maybe_alive_at.map(|_| now);
    row.busy_at = row.busy_at.map(|_| now);
    // Whom a message reaches, and through whom, decides nothing.
    row.telling.clear();
    row.version = 0;
    let matters = format!("{row:?}");
    Digested::of(row, &matters)
}
