//! The two sides of a Multi-AZ instance: where it writes, where its standby is, and which of them a snapshot is read from.
//!
//! Beneath both is one server: the standby takes no connections, and has what the other side has.

use crate::model::{
    Model,
    engine::Engine,
    fault::Fault,
    key::ClusterKey,
    side::Side,
    state::{SnapshotStatus, Standalone},
};

impl Standalone {
    /// The side that RDS reads now. Snapshots of SQL Server disturb the instance even where it has a standby.
    /// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CreateSnapshot.html>.
    pub(crate) fn read_side(&self) -> Side {
        let spares_the_writer = match self.engine {
            Engine::Postgres | Engine::MariaDb | Engine::MySql => true,
            Engine::SqlServer => false,
        };
        if self.multi_az && spares_the_writer {
            Side::Standby
        } else {
            Side::Instance
        }
    }

    /// The zone that it writes in, and that of its standby, where it has one.
    pub(crate) fn zones(&self) -> (String, Option<String>) {
        let [first, second] = ["a", "b"].map(|letter| format!("{}{letter}", self.key.region));
        let given = self.zone.clone().unwrap_or_else(|| first.clone());
        if !self.multi_az {
            return (given, None);
        }
        let other = if given == first { second } else { first };
        if self.is_swapped {
            (other, Some(given))
        } else {
            (given, Some(other))
        }
    }

    /// Gives it a standby, or takes it away: it stays in the zone that it writes in.
    pub(crate) fn set_multi_az(&mut self, multi_az: bool) {
        if self.is_swapped && !multi_az {
            self.zone = Some(self.zones().0);
            self.is_swapped = false;
        }
        self.multi_az = multi_az;
    }
}

impl Model {
    /// Refuses a failover to a standby that there is none of. AWS publishes no text for it.
    pub(crate) fn check_standby(instance: &Standalone) -> Result<(), Fault> {
        if instance.multi_az {
            return Ok(());
        }
        Err(Fault::invalid_combination(format!(
            "ForceFailover needs a Multi-AZ instance, and DB instance {} is none.",
            instance.key.id
        )))
    }

    /// The sides have changed their roles.
    pub(crate) fn sides_swapped(&mut self, key: &ClusterKey) {
        let Some(found) = self.standalones.get_mut(key) else {
            return;
        };
        found.is_swapped = !found.is_swapped;
        let zone = found.zones().0;
        self.record(&key.region, &key.id, format!("instance writes in {zone}"));
        let said = "Multi-AZ instance failover completed.";
        self.instance_event(key, "failover", said);
    }

    /// The side that a snapshot of an instance was read from, also where that is a copy of it.
    /// Nothing for one that is being taken, and for an unknown one.
    #[must_use]
    pub fn snapshot_side(&self, snapshot: &ClusterKey) -> Option<Side> {
        let found = self.instance_snapshots.get(snapshot)?;
        (found.status != SnapshotStatus::Creating).then_some(found.read_from)
    }
}
