//! A model under test with a storage that obeys at once, and remembers who takes writes.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    answer::Node,
    model::{ClusterKey, Effect, Fault, Millis, Model, Params, Settings, TaskId},
};

pub(super) const WEST: &str = "us-west-2";
pub(super) const EAST: &str = "us-east-1";
pub(super) const OHIO: &str = "us-east-2";
pub(super) const GLOBAL: &str = "orders-global-1";
pub(super) const WEST_ARN: &str = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west";
pub(super) const EAST_ARN: &str = "arn:aws:rds:us-east-1:123456789012:cluster:orders-east";

pub(super) const ID: (&str, &str) = ("GlobalClusterIdentifier", GLOBAL);
pub(super) const ENGINE: (&str, &str) = ("Engine", "aurora-postgresql");

/// Checks a refusal.
pub(super) fn expect(fault: &Fault, status: u16, code: &str, words: &str) {
    assert_eq!((fault.status, fault.code), (status, code), "{fault}");
    assert!(fault.message.contains(words), "{fault}");
}

pub(super) struct World {
    pub(super) model: Model,
    pub(super) now: Millis,
    /// Databases that would commit a write if someone sent one.
    pub(super) writable: BTreeMap<ClusterKey, bool>,
    pub(super) down: BTreeSet<ClusterKey>,
    /// Slots, by what they are on.
    pub(super) slots: BTreeSet<(ClusterKey, String)>,
    /// Effects asked for, in order.
    pub(super) effects: Vec<Effect>,
    /// While set, the storage fails.
    pub(super) broken: bool,
    /// What the storage counts of each copy of a snapshot, where it counts.
    pub(super) counts: Option<u64>,
}

impl World {
    pub(super) fn empty(settings: Settings) -> Self {
        Self {
            model: Model::new(settings, 1_000_000),
            now: 1_000_000,
            writable: BTreeMap::new(),
            down: BTreeSet::new(),
            slots: BTreeSet::new(),
            effects: Vec::new(),
            broken: false,
            counts: None,
        }
    }

    /// Two members, an instance each, everything available.
    pub(super) fn two_members() -> Self {
        Self::two_members_with(Settings::default())
    }

    pub(super) fn two_members_with(settings: Settings) -> Self {
        let mut world = Self::empty(settings);
        world.ok(
            WEST,
            "CreateGlobalCluster",
            &[
                ("GlobalClusterIdentifier", GLOBAL),
                ("Engine", "aurora-postgresql"),
                ("EngineVersion", "16.6"),
            ],
        );
        world.primary(WEST, "orders-west");
        world.settle();
        world.standby(EAST, "orders-east");
        world.settle();
        world.instance(WEST, "orders-west-1", "orders-west");
        world.instance(EAST, "orders-east-1", "orders-east");
        world.settle();
        world
    }

    pub(super) fn primary(&mut self, region: &str, id: &str) {
        self.ok(
            region,
            "CreateDBCluster",
            &[
                ("DBClusterIdentifier", id),
                ("Engine", "aurora-postgresql"),
                ("GlobalClusterIdentifier", GLOBAL),
                ("MasterUsername", "postgres"),
                ("MasterUserPassword", "not-a-secret"),
                ("DatabaseName", "orders"),
            ],
        );
    }

    pub(super) fn standby(&mut self, region: &str, id: &str) {
        self.ok(
            region,
            "CreateDBCluster",
            &[
                ("DBClusterIdentifier", id),
                ("Engine", "aurora-postgresql"),
                ("GlobalClusterIdentifier", GLOBAL),
            ],
        );
    }

    pub(super) fn instance(&mut self, region: &str, id: &str, cluster: &str) {
        self.ok(
            region,
            "CreateDBInstance",
            &[
                ("DBInstanceIdentifier", id),
                ("DBInstanceClass", "db.r6g.large"),
                ("Engine", "aurora-postgresql"),
                ("DBClusterIdentifier", cluster),
            ],
        );
    }

    pub(super) fn call(
        &mut self,
        region: &str,
        action: &str,
        params: &[(&str, &str)],
    ) -> Result<Node, Fault> {
        let answer = self.model.call(
            self.now,
            region,
            action,
            &Params::new(params.iter().copied()),
        );
        self.obey();
        answer
    }

    pub(super) fn ok(&mut self, region: &str, action: &str, params: &[(&str, &str)]) -> Node {
        self.call(region, action, params)
            .unwrap_or_else(|fault| panic!("{action}: {fault}"))
    }

    pub(super) fn refused(&mut self, region: &str, action: &str, params: &[(&str, &str)]) -> Fault {
        match self.call(region, action, params) {
            Err(fault) => fault,
            Ok(node) => panic!("{action} was accepted: {node:?}"),
        }
    }

    pub(super) fn failover(&mut self, region: &str, target: &str) -> Result<Node, Fault> {
        self.call(
            region,
            "FailoverGlobalCluster",
            &[
                ("GlobalClusterIdentifier", GLOBAL),
                ("TargetDbClusterIdentifier", target),
                ("AllowDataLoss", "true"),
            ],
        )
    }

    pub(super) fn switchover(&mut self, region: &str, target: &str) -> Result<Node, Fault> {
        self.call(
            region,
            "SwitchoverGlobalCluster",
            &[
                ("GlobalClusterIdentifier", GLOBAL),
                ("TargetDbClusterIdentifier", target),
            ],
        )
    }

    pub(super) fn detach(&mut self, region: &str, member: &str) -> Result<Node, Fault> {
        self.call(
            region,
            "RemoveFromGlobalCluster",
            &[
                ("GlobalClusterIdentifier", GLOBAL),
                ("DbClusterIdentifier", member),
            ],
        )
    }

    /// Lets so many milliseconds pass.
    pub(super) fn pass(&mut self, millis: u64) {
        self.now += millis;
        self.model.advance(self.now);
        self.obey();
    }

    /// Lets time pass until everything is over.
    pub(super) fn settle(&mut self) {
        for _ in 0..1_000 {
            self.pass(100);
        }
    }

    pub(super) fn lose(&mut self, region: &str) {
        self.model.lose_region(self.now, region);
        self.down.extend(
            self.writable
                .keys()
                .filter(|key| key.region == region)
                .cloned(),
        );
        self.obey();
    }

    pub(super) fn regain(&mut self, region: &str) {
        self.model.return_region(self.now, region);
        self.obey();
    }

    fn obey(&mut self) {
        for _ in 0..100 {
            let asked = self.model.take_effects();
            if asked.is_empty() {
                return;
            }
            for (id, effect) in asked {
                self.carry_out(id, effect);
            }
        }
        panic!("effects without end");
    }

    fn carry_out(&mut self, id: TaskId, effect: Effect) {
        if self.broken {
            return self
                .model
                .finished(self.now, id, Err("the storage is broken".to_owned()));
        }
        if let Effect::DropSlot { source, .. } = &effect
            && !self.writable.contains_key(source)
        {
            let none = Err(format!("{source} has no database"));
            return self.model.finished(self.now, id, none);
        }
        self.effects.push(effect.clone());
        match effect {
            Effect::CreatePrimary { cluster: key, .. }
            | Effect::CreateInstance { instance: key, .. }
            | Effect::PromoteReplica { replica: key }
            | Effect::Promote { cluster: key }
            | Effect::Restore { cluster: key, .. } => self.serve(key, true),
            Effect::CreateStandby { cluster: key, .. }
            | Effect::Resynchronise { cluster: key, .. } => self.serve(key, false),
            Effect::CreateReplica {
                replica,
                source,
                slot,
            } => {
                self.slots.insert((source, slot));
                self.serve(replica, false);
            }
            Effect::DropSlot { source, slot } => {
                self.slots.remove(&(source, slot));
            }
            Effect::SwitchOver { from, to } => {
                self.writable.insert(from, false);
                self.writable.insert(to, true);
            }
            Effect::Fence { cluster } | Effect::Halt { cluster } | Effect::Destroy { cluster } => {
                self.down.insert(cluster);
            }
            Effect::Resume { cluster } | Effect::Restart { cluster } => {
                self.down.remove(&cluster);
            }
            Effect::Rename { from, to } => {
                let is_down = self.down.contains(&from);
                self.call_otherwise(&from, &to);
                if is_down {
                    self.down.insert(to);
                }
            }
            Effect::RenameInstance { from, to } => self.call_otherwise(&from, &to),
            Effect::StopReplication { .. }
            | Effect::SetPassword { .. }
            | Effect::Snapshot { .. }
            | Effect::DropSnapshot { .. } => {}
            Effect::CopySnapshot { .. } => {
                if let Some(bytes) = self.counts {
                    self.model.moved(id, bytes);
                }
            }
        }
        self.model.finished(self.now, id, Ok(()));
    }

    fn serve(&mut self, key: ClusterKey, writes: bool) {
        self.down.remove(&key);
        self.writable.insert(key, writes);
    }

    /// A database has another name, with its slots, and is up.
    fn call_otherwise(&mut self, from: &ClusterKey, to: &ClusterKey) {
        self.down.remove(from);
        self.down.remove(to);
        if let Some(writes) = self.writable.remove(from) {
            self.writable.insert(to.clone(), writes);
        }
        let held = std::mem::take(&mut self.slots).into_iter();
        let moved = held.map(|(source, slot)| match source == *from {
            true => (to.clone(), slot),
            false => (source, slot),
        });
        self.slots = moved.collect();
    }

    pub(super) fn takes_writes(&self, region: &str, id: &str) -> bool {
        let key = ClusterKey::new(region, id);
        self.writable.get(&key) == Some(&true) && !self.down.contains(&key)
    }
}
