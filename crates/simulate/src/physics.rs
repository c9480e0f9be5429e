//! What goes on by itself: RDS carries out what it has begun, databases replicate, and the truth is watched.

use std::{sync::Arc, time::Duration};

use failover::domain::Region;
use jiff::{SignedDuration, Timestamp};

use crate::{
    api::Api,
    clock::pause,
    database::{Condition, Database},
    rds::Happened,
    state::State,
    world::Shared,
};

/// How often.
const TICK: Duration = Duration::from_millis(250);
/// How often RDS is remembered as it was.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(5);
/// How long it is remembered.
const FORGOTTEN: SignedDuration = SignedDuration::from_secs(60);

/// Goes on for ever.
pub(crate) async fn go_on(shared: Arc<Shared>) {
    loop {
        pause(TICK).await;
        let now = shared.now();
        let mut state = shared.state();
        state.settle(now);
        state.replicate(now);
        if state.keeps_rds {
            state.remember(now);
        }
        state.watch(now);
        drop(state);
        // Whoever asked for them may have died.
        shared.start_what_began();
    }
}

impl State {
    /// RDS carries out what it has begun.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        let lost = self.lost.clone();
        let happened = self.rds.settle(now, &|region| !lost.contains(region));
        for one in happened {
            self.note(now, || format!("RDS: {one:?}"));
            self.follow(now, &one);
        }
    }

    fn remember(&mut self, now: Timestamp) {
        let newest = self.rds_before.back().map(|(at, _)| *at);
        if newest.is_none_or(|newest| now.duration_since(newest) >= REMEMBERED) {
            self.rds_before.push_back((now, self.rds.clone()));
        }
        while let Some((at, _)) = self.rds_before.front()
            && now.duration_since(*at) > FORGOTTEN
        {
            self.rds_before.pop_front();
        }
    }

    /// Databases as RDS's doing leaves them.
    fn follow(&mut self, now: Timestamp, happened: &Happened) {
        match happened {
            Happened::Closed { resource_id } => self.is_closed(resource_id, true),
            Happened::Opened { resource_id } => self.is_closed(resource_id, false),
            Happened::Cut { resource_id } => {
                self.judge_promotion(now, resource_id);
                self.judge_record(now, resource_id);
                if let Some(found) = self.databases.get_mut(resource_id) {
                    found.is_stalled = true;
                }
            }
            Happened::Promoted { resource_id, .. } => {
                self.truth.promoted = Some(resource_id.clone());
                self.takes_the_lead(resource_id);
            }
            Happened::SwitchedOver { old, new } => {
                self.judge_record(now, new);
                self.switch_over(now, old, new);
            }
            Happened::Follows {
                resource_id,
                primary_resource_id,
            } => {
                // RDS does that of its own accord after a managed failover, whatever it has kept.
                let region = self
                    .databases
                    .get(resource_id)
                    .map(|found| found.region.clone());
                if let Some(region) = region {
                    self.copy(region, resource_id, primary_resource_id);
                }
            }
            Happened::Created {
                region,
                resource_id,
                primary_resource_id,
            } => self.copy(region.clone(), resource_id, primary_resource_id),
            Happened::Deleted { resource_id } => {
                self.judge_deletion(now, resource_id);
                self.databases.remove(resource_id);
            }
            Happened::Snapshot {
                region,
                snapshot,
                resource_id,
            } => {
                let rows = self.databases.get(resource_id).map(Database::rows);
                let key = (region.clone(), snapshot.clone());
                self.snapshots.insert(key, rows.unwrap_or_default());
            }
            Happened::Copied {
                region,
                source,
                snapshot,
            } => {
                let rows = self
                    .snapshots
                    .get(&(region.clone(), source.clone()))
                    .cloned();
                let key = (region.clone(), snapshot.clone());
                self.snapshots.insert(key, rows.unwrap_or_default());
            }
            Happened::SnapshotLost { region, snapshot } => {
                self.snapshots.remove(&(region.clone(), snapshot.clone()));
            }
            Happened::Restarts { resource_id } => self.behaves(resource_id, Condition::Starting),
            Happened::Restarted { resource_id } => self.behaves(resource_id, Condition::Serves),
        }
    }

    fn is_closed(&mut self, resource_id: &str, is_closed: bool) {
        if let Some(found) = self.databases.get_mut(resource_id) {
            found.is_closed = is_closed;
        }
    }

    fn behaves(&mut self, resource_id: &str, condition: Condition) {
        if let Some(found) = self.databases.get_mut(resource_id) {
            found.incarnation += 1;
            found.condition = condition;
        }
    }

    /// A database becomes a copy that follows another one.
    fn copy(&mut self, region: Region, resource_id: &str, primary: &str) {
        let Some(copy) = self.databases.get(primary) else {
            return;
        };
        let mut copy = copy.copy_of(primary, region);
        copy.incarnation = self
            .databases
            .get(resource_id)
            .map_or(0, |old| old.incarnation + 1);
        self.databases.insert(resource_id.to_owned(), copy);
        self.truth.fenced.remove(resource_id);
    }

    /// No row is lost, and every other follower follows the new primary.
    fn switch_over(&mut self, now: Timestamp, old: &str, new: &str) {
        let has = self.databases.get(new).map_or(0, |found| found.log.len());
        let lacks = self.databases.get(old).map(|whole| whole.since(has, now));
        if let (Some(lacks), Some(found)) = (lacks, self.databases.get_mut(new)) {
            found.replay(lacks);
        }
        for found in self.databases.values_mut() {
            if found.follows.as_deref() == Some(old) {
                found.follows = Some(new.to_owned());
            }
        }
        self.takes_the_lead(new);
        if let Some(found) = self.databases.get_mut(old) {
            found.follows = Some(new.to_owned());
            found.is_closed = false;
            found.incarnation += 1;
        }
    }

    fn takes_the_lead(&mut self, resource_id: &str) {
        if let Some(found) = self.databases.get_mut(resource_id) {
            found.follows = None;
            found.is_stalled = false;
            found.is_closed = false;
            found.incarnation += 1;
        }
    }

    fn replicate(&mut self, now: Timestamp) {
        let followers: Vec<_> = self
            .databases
            .iter()
            .filter_map(|(own, found)| Some((own.clone(), found.follows.clone()?)))
            .collect();
        for (own, follows) in followers {
            let (Some(found), Some(source)) =
                (self.databases.get(&own), self.databases.get(&follows))
            else {
                continue;
            };
            let flows = self.answers(&source.region, &found.region, Api::Database)
                && !found.is_stalled
                && found.log.len() < source.log.len()
                && found.condition != Condition::Gone;
            let lag = SignedDuration::try_from_secs_f64(found.lag_seconds).unwrap_or_default();
            if !flows {
                continue;
            }
            let arrived = source.since(found.log.len(), now - lag);
            if let Some(found) = self.databases.get_mut(&own) {
                found.replay(arrived);
            }
        }
    }

    /// Whether anybody outside its Region reaches a working server of a cluster.
    fn is_reached(&self, resource_id: &str) -> bool {
        let Some(found) = self.databases.get(resource_id) else {
            return false;
        };
        let works = matches!(found.condition, Condition::Serves | Condition::Full)
            && found.takes_writes()
            && found.is_open();
        let mut outside = self.regions().filter(|region| *region != found.region);
        works && outside.any(|region| self.answers(&region, &found.region, Api::Database))
    }

    /// The proven writer's cluster.
    #[must_use]
    pub fn proven(&self) -> Option<(u64, String)> {
        let rows = self.tables.values().filter_map(|table| table.row.as_ref());
        let current = rows.filter_map(|row| row.current.as_ref());
        let newest = current.max_by_key(|current| current.epoch)?;
        let epoch = newest.epoch;
        let holds = |found: &Database| found.takes_writes() && found.epoch() == Some(epoch);
        let mut all = self.databases.iter();
        let own = all.find(|(_, found)| holds(found) && found.region == newest.writer)?;
        Some((epoch.0, own.0.clone()))
    }

    fn watch(&mut self, now: Timestamp) {
        let Some((_, proven)) = self.proven() else {
            return;
        };
        self.listen(now, &proven);
        if !self.is_reached(&proven) {
            self.truth.unreachable.get_or_insert((now, now)).1 = now;
        } else if self.unreached(now).is_zero() {
            self.truth.unreachable = None;
        }
    }
}
