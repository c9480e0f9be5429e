//! Every status over time, held against golden files: what DescribeGlobalClusters, DescribeDBClusters and
//! DescribeDBInstances show from the call on, with the milliseconds at which it changes.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use super::{
    standalone::{AT_ONCE, FROM_WEST, NEW, REPLICA, REPLICA_ARN, SKIP, SOURCE},
    world::{EAST, EAST_ARN, ENGINE, ID, WEST, WEST_ARN, World},
};
use crate::model::{ClusterKey, Settings};

impl World {
    /// What a client sees now, by what it is of.
    fn seen(&self) -> BTreeMap<String, String> {
        let mut seen = BTreeMap::new();
        for global in self.model.globals.values() {
            let state = global.failover.as_ref();
            let state = state.map_or("no FailoverState".to_owned(), |failover| {
                format!("FailoverState {} to {}", failover.status(), failover.to.id)
            });
            let writer = global.writer.iter().map(|key| format!("{} leads", key.id));
            let standbys = global.standbys.iter().map(|standby| {
                let synchronization = standby.synchronization.as_str();
                format!("{} {synchronization}", standby.cluster.id)
            });
            let members: Vec<_> = writer.chain(standbys).collect();
            let shown = format!("{state}; {}", members.join(", "));
            seen.insert(format!("global {}", global.id), shown);
        }
        for (key, cluster) in &self.model.clusters {
            seen.insert(
                format!("cluster {}", key.id),
                cluster.status.as_str().into(),
            );
        }
        for (key, instance) in &self.model.instances {
            seen.insert(
                format!("instance {}", key.id),
                instance.status.as_str().into(),
            );
        }
        for (key, instance) in &self.model.standalones {
            let mut shown = instance.status.as_str().to_owned();
            if let Some(following) = self.model.following(key) {
                let said = following.status.unwrap_or("not yet");
                let _ = write!(shown, ", follows {}: {said}", following.source.id);
            }
            for replica in &instance.replicas {
                let _ = write!(shown, ", followed by {}", replica.key.id);
            }
            seen.insert(format!("instance {}", key.id), shown);
        }
        let alone = &self.model.instance_snapshots;
        for (key, snapshot) in alone {
            let status = snapshot.status.as_str();
            seen.insert(format!("snapshot {}", key.id), status.into());
        }
        for (key, snapshot) in &self.model.snapshots {
            let status = snapshot.status.as_str();
            seen.insert(format!("snapshot {}", key.id), status.into());
        }
        seen
    }
}

/// A world under watch: what is asked of it, and what changes when.
struct Watch {
    world: World,
    before: BTreeMap<String, String>,
    began: u64,
    text: String,
}

impl Watch {
    fn call(&mut self, region: &str, action: &str, params: &[(&str, &str)]) {
        let at = self.world.now - self.began;
        let (params, answer) = (params, self.world.call(region, action, params));
        let given: Vec<_> = params.iter().map(|(_, value)| *value).collect();
        let refused = answer.err().map(|fault| format!(": {}", fault.message));
        let refused = refused.unwrap_or_default();
        let _ = writeln!(
            self.text,
            "{at:>5} ms  {region} {action} {}{refused}",
            given.join(" ")
        );
        self.look();
    }

    fn look(&mut self) {
        let (at, now) = (self.world.now - self.began, self.world.seen());
        for (what, shown) in &now {
            if self.before.get(what) != Some(shown) {
                let _ = writeln!(self.text, "{at:>5} ms    {what}: {shown}");
            }
        }
        for what in self.before.keys().filter(|what| !now.contains_key(*what)) {
            let _ = writeln!(self.text, "{at:>5} ms    {what}: gone");
        }
        self.before = now;
    }

    /// Looks until nothing more is due.
    fn settle(&mut self) {
        while self.world.model.next_due().is_some() {
            self.pass(10);
        }
    }

    /// Looks every 10 ms.
    fn pass(&mut self, millis: u64) {
        for _ in 0..millis / 10 {
            self.world.pass(10);
            self.look();
        }
    }
}

fn golden(name: &str, world: World, act: impl FnOnce(&mut Watch)) {
    let mut watch = Watch {
        before: world.seen(),
        began: world.now,
        world,
        text: String::new(),
    };
    act(&mut watch);
    watch.settle();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &watch.text).unwrap();
    }
    let wanted = std::fs::read_to_string(&file).unwrap();
    let seen = watch.text;
    assert_eq!(seen, wanted, "UPDATE_GOLDEN=1 renews {}", file.display());
}

const WEST_NAME: (&str, &str) = ("DBClusterIdentifier", "orders-west");
const EAST_NAME: (&str, &str) = ("DBClusterIdentifier", "orders-east");
const TO_EAST: (&str, &str) = ("TargetDbClusterIdentifier", EAST_ARN);
const LOSSY: (&str, &str) = ("AllowDataLoss", "true");

#[test]
fn create_global_cluster_and_members() {
    golden("create", World::empty(Settings::default()), |watch| {
        watch.call(WEST, "CreateGlobalCluster", &[ID, ENGINE]);
        let user = ("MasterUsername", "admin");
        let password = ("MasterUserPassword", "not-a-secret");
        watch.call(
            WEST,
            "CreateDBCluster",
            &[WEST_NAME, ID, ENGINE, user, password],
        );
        watch.settle();
        watch.call(EAST, "CreateDBCluster", &[EAST_NAME, ID, ENGINE]);
        let instance = ("DBInstanceIdentifier", "orders-west-1");
        let class = ("DBInstanceClass", "db.r6g.large");
        watch.call(
            WEST,
            "CreateDBInstance",
            &[instance, WEST_NAME, ENGINE, class],
        );
    });
}

#[test]
fn switchover_global_cluster() {
    golden("switchover", World::two_members(), |watch| {
        watch.call(WEST, "SwitchoverGlobalCluster", &[ID, TO_EAST]);
    });
}

#[test]
fn failover_global_cluster() {
    golden("managed_failover", World::two_members(), |watch| {
        watch.call(EAST, "FailoverGlobalCluster", &[ID, TO_EAST, LOSSY]);
    });
}

#[test]
fn failover_global_cluster_of_a_lost_region() {
    let mut world = World::two_members();
    world.lose(WEST);
    golden("managed_failover_of_a_lost_region", world, |watch| {
        watch.call(EAST, "FailoverGlobalCluster", &[ID, TO_EAST, LOSSY]);
        watch.pass(5_000);
        watch.text.push_str("the lost Region comes back\n");
        watch.world.regain(WEST);
    });
}

#[test]
fn remove_from_global_cluster() {
    golden("detach", World::two_members(), |watch| {
        let member = ("DbClusterIdentifier", EAST_ARN);
        watch.call(EAST, "RemoveFromGlobalCluster", &[ID, member]);
    });
}

#[test]
fn modify_db_cluster() {
    golden("modify", World::two_members(), |watch| {
        let retention = ("BackupRetentionPeriod", "7");
        watch.call(WEST, "ModifyDBCluster", &[WEST_NAME, retention]);
        let version = ("EngineVersion", "16.8");
        watch.call(EAST, "ModifyDBCluster", &[EAST_NAME, version]);
    });
}

#[test]
fn modify_global_cluster() {
    golden("rename_global", World::two_members(), |watch| {
        let new = ("NewGlobalClusterIdentifier", "orders-global-2");
        watch.call(WEST, "ModifyGlobalCluster", &[ID, new]);
        let key = ClusterKey::new(EAST, "orders-east");
        let global = watch.world.model.clusters[&key].global.clone();
        assert_eq!(global.as_deref(), Some("orders-global-2"));
    });
}

#[test]
fn delete_everything_in_order() {
    golden("delete", World::two_members(), |watch| {
        for (region, name, arn) in [(EAST, EAST_NAME, EAST_ARN), (WEST, WEST_NAME, WEST_ARN)] {
            let (instance, last) = (format!("{}-1", name.1), format!("{}-last", name.1));
            let member = ("DbClusterIdentifier", arn);
            watch.call(region, "RemoveFromGlobalCluster", &[ID, member]);
            if region == EAST {
                watch.settle();
            }
            let instance = ("DBInstanceIdentifier", &*instance);
            watch.call(region, "DeleteDBInstance", &[instance]);
            let last = ("FinalDBSnapshotIdentifier", &*last);
            watch.call(region, "DeleteDBCluster", &[name, last]);
        }
        watch.call(WEST, "DeleteGlobalCluster", &[ID]);
        watch.pass(500);
        watch.call(WEST, "DeleteGlobalCluster", &[ID]);
    });
}

#[test]
fn create_an_instance_and_a_replica() {
    let world = World::empty(Settings::default());
    golden("replica_create", world, |watch| {
        watch.call(WEST, "CreateDBInstance", &[&[SOURCE][..], &NEW].concat());
        watch.call(EAST, "CreateDBInstanceReadReplica", &[REPLICA, FROM_WEST]);
        watch.settle();
        watch.call(EAST, "CreateDBInstanceReadReplica", &[REPLICA, FROM_WEST]);
    });
}

#[test]
fn promote_a_replica() {
    golden("replica_promote", World::pair(), |watch| {
        watch.call(EAST, "PromoteReadReplica", &[REPLICA]);
        watch.pass(100);
        watch.call(EAST, "PromoteReadReplica", &[REPLICA]);
    });
}

#[test]
fn promote_a_replica_of_a_lost_region_and_replace_its_source() {
    let mut world = World::pair();
    world.lose(WEST);
    golden("replica_takes_over", world, |watch| {
        watch.call(EAST, "PromoteReadReplica", &[REPLICA]);
        watch.pass(5_000);
        watch.text.push_str("the lost Region comes back\n");
        watch.world.regain(WEST);
        watch.settle();
        let old = ("NewDBInstanceIdentifier", "orders-west-old");
        watch.call(WEST, "ModifyDBInstance", &[SOURCE, old, AT_ONCE]);
        watch.settle();
        let from_east = ("SourceDBInstanceIdentifier", REPLICA_ARN);
        watch.call(WEST, "CreateDBInstanceReadReplica", &[SOURCE, from_east]);
    });
}

#[test]
fn delete_a_source_and_what_follows_it() {
    golden("replica_delete", World::pair(), |watch| {
        let last = ("FinalDBSnapshotIdentifier", "orders-last");
        watch.call(WEST, "DeleteDBInstance", &[SOURCE, last]);
        watch.settle();
        watch.call(EAST, "DeleteDBInstance", &[REPLICA, SKIP]);
    });
}
