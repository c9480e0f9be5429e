//! Instances of their own, and what follows them.

mod changes;
mod copies;
mod copying;
mod engines;
mod exports;
mod given;
mod promotions;
mod random;
mod refusals;
mod replicas;
mod restores;
mod sides;
mod snapshots;

use super::world::{EAST, WEST, World};
use crate::model::{ClusterKey, Settings};

pub(super) const SOURCE: (&str, &str) = ("DBInstanceIdentifier", "orders-west");
pub(super) const REPLICA: (&str, &str) = ("DBInstanceIdentifier", "orders-east");
pub(super) const SOURCE_ARN: &str = "arn:aws:rds:us-west-2:123456789012:db:orders-west";
pub(super) const REPLICA_ARN: &str = "arn:aws:rds:us-east-1:123456789012:db:orders-east";
pub(super) const FROM_WEST: (&str, &str) = ("SourceDBInstanceIdentifier", SOURCE_ARN);
pub(super) const AT_ONCE: (&str, &str) = ("ApplyImmediately", "true");
pub(super) const SKIP: (&str, &str) = ("SkipFinalSnapshot", "true");

/// What a new instance of its own is given beside its name.
pub(super) const NEW: [(&str, &str); 5] = [
    ("Engine", "postgres"),
    ("DBInstanceClass", "db.m6g.large"),
    ("AllocatedStorage", "20"),
    ("MasterUsername", "postgres"),
    ("MasterUserPassword", "not-a-secret"),
];

impl World {
    /// A source in the west, available.
    pub(super) fn source_with(settings: Settings, more: &[(&str, &str)]) -> Self {
        let mut world = Self::empty(settings);
        world.alone(WEST, SOURCE.1, more);
        world.settle();
        world
    }

    pub(super) fn source() -> Self {
        Self::source_with(Settings::default(), &[])
    }

    /// That, and a replica in the east that replicates.
    pub(super) fn pair_with(settings: Settings) -> Self {
        let mut world = Self::source_with(settings, &[]);
        world.ok(EAST, "CreateDBInstanceReadReplica", &[REPLICA, FROM_WEST]);
        world.settle();
        world
    }

    pub(super) fn pair() -> Self {
        Self::pair_with(Settings::default())
    }

    /// An instance of its own, which is being made.
    pub(super) fn alone(&mut self, region: &str, id: &str, more: &[(&str, &str)]) {
        let name = [("DBInstanceIdentifier", id)];
        self.ok(
            region,
            "CreateDBInstance",
            &[&name[..], &NEW, more].concat(),
        );
    }

    /// What DescribeDBInstances shows of an instance.
    pub(super) fn shown(&mut self, region: &str, id: &str, field: &str) -> Option<String> {
        let name = [("DBInstanceIdentifier", id)];
        let answer = self.ok(region, "DescribeDBInstances", &name);
        Self::text_at(&answer, &format!("DBInstances.0.{field}"))
    }

    /// What RDS says of a replica's replication.
    pub(super) fn replication(&mut self, region: &str, id: &str) -> Option<String> {
        self.shown(region, id, "StatusInfos.0.Status")
    }

    pub(super) fn follows(&mut self, region: &str, id: &str) -> Option<String> {
        self.shown(region, id, "ReadReplicaSourceDBInstanceIdentifier")
    }

    pub(super) fn followers(&mut self, region: &str, id: &str) -> Vec<String> {
        (0..20)
            .map_while(|index| {
                let field = format!("ReadReplicaDBInstanceIdentifiers.{index}");
                self.shown(region, id, &field)
            })
            .collect()
    }

    /// The statuses that an instance shows from now on, each once, until nothing more is due within ten seconds.
    pub(super) fn statuses(&mut self, region: &str, id: &str) -> Vec<String> {
        let mut seen: Vec<String> = Vec::new();
        for _ in 0..1_000 {
            let status = self.instance_status(region, id);
            if seen.last() != Some(&status) {
                seen.push(status);
            }
            self.pass(10);
        }
        seen
    }

    /// How many slots there are on a source.
    pub(super) fn slots_on(&self, region: &str, id: &str) -> usize {
        let source = ClusterKey::new(region, id);
        let held = self.slots.iter();
        held.filter(|(on, _)| *on == source).count()
    }
}
