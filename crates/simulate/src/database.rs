//! A member's database: what was committed on it, in order, and what its server answers.

use std::collections::BTreeSet;

use failover::{
    beat::{Beat, Beats, Reading},
    domain::{Epoch, Region, RunId},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Bytes that a transaction moves a position by.
const BYTES: i64 = 300;

/// One transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A beat of a vantage.
    Beat(Region, Beat),
    /// A row of an application, by its number.
    Row(u64),
    /// A new epoch.
    Epoch(Epoch, RunId),
    /// The applications' logins were given or taken.
    Access(bool),
    /// Something else, such as a job's own work.
    Other,
}

/// What a server does with whoever comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It serves.
    #[default]
    Serves,
    /// Nothing answers at its port.
    Gone,
    /// It lets clients in, and commits nothing.
    Hangs,
    /// It refuses every new login for want of slots. Who is in goes on.
    Full,
    /// It is starting.
    Starting,
    /// It refuses the probe's login.
    RefusesLogin,
    /// Its disk is full: it reads and commits nothing.
    OutOfDisk,
}

/// A login that was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The cluster's resource id.
    pub resource_id: String,
    /// Which of its servers, one after the other.
    pub incarnation: u64,
}

/// A database.
#[derive(Debug, Clone)]
pub struct Database {
    /// The Region it is in.
    pub region: Region,
    /// The cluster that it copies; it takes no writes then.
    pub follows: Option<String>,
    /// What was committed, the oldest first.
    pub log: Vec<(Timestamp, Entry)>,
    /// What its server does.
    pub condition: Condition,
    /// Grows with every restart: sessions of an earlier one are gone.
    pub incarnation: u64,
    /// RDS keeps writes from it.
    pub is_closed: bool,
    /// Replication stands still.
    pub is_stalled: bool,
    /// Seconds that it lags behind what it copies.
    pub lag_seconds: f64,
    epoch: Option<Epoch>,
    beats: Beats,
    is_open: bool,
}

impl Database {
    /// An empty one.
    #[must_use]
    pub fn new(region: Region, follows: Option<String>) -> Self {
        Self {
            region,
            follows,
            log: Vec::new(),
            condition: Condition::Serves,
            incarnation: 0,
            is_closed: false,
            is_stalled: false,
            lag_seconds: 0.08,
            epoch: None,
            beats: Beats::new(),
            is_open: true,
        }
    }

    /// A copy that follows another one.
    #[must_use]
    pub fn copy_of(&self, own: &str, region: Region) -> Self {
        Self {
            region,
            follows: Some(own.to_owned()),
            condition: Condition::Serves,
            incarnation: 0,
            is_closed: false,
            is_stalled: false,
            ..self.clone()
        }
    }

    /// Commits a transaction.
    pub fn commit(&mut self, at: Timestamp, entry: Entry) {
        match &entry {
            Entry::Beat(vantage, beat) => drop(self.beats.insert(vantage.clone(), *beat)),
            Entry::Epoch(epoch, _) => self.epoch = Some(*epoch),
            Entry::Access(is_open) => self.is_open = *is_open,
            Entry::Row(_) | Entry::Other => {}
        }
        self.log.push((at, entry));
    }

    /// What of this one a follower that has so many transactions lacks, as far as it was committed by then.
    #[must_use]
    pub fn since(&self, transactions: usize, until: Timestamp) -> Vec<(Timestamp, Entry)> {
        let arrived = self.log.iter().skip(transactions);
        arrived
            .take_while(|(at, _)| *at <= until)
            .cloned()
            .collect()
    }

    /// Commits what has arrived.
    pub fn replay(&mut self, arrived: Vec<(Timestamp, Entry)>) {
        for (at, entry) in arrived {
            self.commit(at, entry);
        }
    }

    /// Its epoch.
    #[must_use]
    pub const fn epoch(&self) -> Option<Epoch> {
        self.epoch
    }

    /// The newest beat of each vantage.
    #[must_use]
    pub const fn beats(&self) -> &Beats {
        &self.beats
    }

    /// Whether applications may log in.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether it takes writes of whoever is let in.
    #[must_use]
    pub const fn takes_writes(&self) -> bool {
        self.follows.is_none() && !self.is_closed
    }

    /// What a reader shows.
    #[must_use]
    pub fn reading(&self) -> Reading {
        Reading {
            position: i64::try_from(self.log.len())
                .ok()
                .map(|entries| entries * BYTES),
            beats: self.beats.clone(),
            committed_at: self.log.last().map(|(at, _)| *at),
        }
    }

    /// The next beat of a vantage.
    #[must_use]
    pub fn next_beat(&self, vantage: &Region, epoch: Epoch, at: Timestamp) -> Beat {
        let last = self.beats.get(vantage);
        Beat {
            seq: last.map_or(0, |beat| beat.seq) + 1,
            epoch,
            at,
        }
    }

    /// The applications' rows.
    #[must_use]
    pub fn rows(&self) -> BTreeSet<u64> {
        let rows = self.log.iter().filter_map(|(_, entry)| match entry {
            Entry::Row(row) => Some(*row),
            Entry::Beat(..) | Entry::Epoch(..) | Entry::Access(_) | Entry::Other => None,
        });
        rows.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_follower_has_what_was_committed_until_its_lag() {
        let mut writer = Database::new("us-west-2".into(), None);
        let mut reader = writer.copy_of("cluster-W", "us-east-1".into());
        for second in 1..=5 {
            writer.commit(at(second), Entry::Row(u64::try_from(second).unwrap()));
        }
        reader.replay(writer.since(0, at(3)));
        assert_eq!(reader.rows(), [1, 2, 3].into());
        reader.replay(writer.since(3, at(3)));
        assert_eq!(reader.log.len(), 3);
        assert!(!reader.takes_writes() && writer.takes_writes());
    }

    #[test]
    fn taken_logins_travel_like_any_row() {
        let mut writer = Database::new("us-west-2".into(), None);
        writer.commit(at(1), Entry::Epoch(Epoch(1), "adopt".into()));
        let mut reader = writer.copy_of("cluster-W", "us-east-1".into());
        writer.commit(at(2), Entry::Access(false));
        assert!(reader.is_open());
        reader.replay(writer.since(1, at(2)));
        assert!(!reader.is_open());
        assert_eq!(reader.epoch(), Some(Epoch(1)));
    }
}
