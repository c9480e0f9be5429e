//! What people do beside the tool, and what RDS does by itself.

use aurora_global::members::{Accepted, BlueGreen};
use failover::{Error, domain::Region, topology::ParameterGroup};
use jiff::Timestamp;

use super::{
    Happened, Rds,
    answer::Asking,
    fault::{Fault, Taken},
    group_key,
    state::AVAILABLE,
    task::Then,
};

impl Rds {
    /// Calls off what is under way in a global cluster, as RDS does of itself when it cannot go on.
    pub fn cancel(&mut self, now: Timestamp, global: &str) {
        self.at(now);
        let found = self.global_called(global).ok();
        let busy = found.filter(|global| global.operation.is_some());
        if let Some(global) = busy.map(|global| global.resource_id.clone()) {
            self.call_off(&global, now);
        }
    }

    /// Lets what is under way in a global cluster never end: it is shown until it is cancelled.
    pub fn hang(&mut self, global: &str) {
        let found = self.global_called(global).ok();
        let found = found.and_then(|global| {
            let operation = global.operation.as_ref()?;
            Some((global.resource_id.clone(), operation.from.clone()))
        });
        if let Some((global, from)) = found {
            self.forget_operation(&global, &from);
        }
    }

    /// `FailoverDBCluster`: another instance of the same cluster becomes its writer.
    ///
    /// # Errors
    /// As an adapter would answer a refusal.
    pub fn move_writer(
        &mut self,
        now: Timestamp,
        region: &Region,
        cluster: &str,
    ) -> Result<Accepted, Error> {
        self.at(now);
        let taken = self.begin_move(region, cluster);
        answer(taken, "FailoverDBCluster", region)
    }

    fn begin_move(&mut self, region: &Region, cluster: &str) -> Taken {
        let held = self.held(region, cluster)?;
        held.at_rest()?;
        if !held.writes {
            return Err(Fault::cluster_state(format!(
                "DB cluster {cluster} has no writer to fail over from: it is a secondary of its global cluster."
            )));
        }
        let mut next = held.clone();
        next.elect(held.writer.as_deref());
        let Some(next) = next.writer else {
            return Err(Fault::cluster_state(format!(
                "DB cluster {cluster} has no such reader that could take over."
            )));
        };
        let resource = held.shape.resource_id.clone();
        if let Some(held) = self.cluster_mut(&resource) {
            held.shape.status = "failing-over".into();
        }
        self.tell(Happened::Restarts {
            resource_id: resource.clone(),
        });
        let then = Then::WriterMoved(resource, next);
        self.plan(self.timing.move_writer, &[region], then);
        Ok(())
    }

    pub(super) fn writer_moved(&mut self, cluster: &str, to: String) {
        if let Some(held) = self.cluster_mut(cluster) {
            held.writer = Some(to);
        }
        self.rests(cluster);
        self.back(cluster);
    }

    pub(super) fn back(&mut self, cluster: &str) {
        let resource_id = cluster.to_owned();
        self.tell(Happened::Restarted { resource_id });
    }

    /// `RebootDBInstance`.
    ///
    /// # Errors
    /// As an adapter would answer a refusal.
    pub fn restart(
        &mut self,
        now: Timestamp,
        region: &Region,
        instance: &str,
    ) -> Result<Accepted, Error> {
        self.at(now);
        let taken = self.begin_restart(region, instance);
        answer(taken, "RebootDBInstance", region)
    }

    fn begin_restart(&mut self, region: &Region, instance: &str) -> Taken {
        let (held, found) = self.instance(region, instance)?;
        if found.status != AVAILABLE {
            return Err(Fault::busy_instance(instance, &found.status));
        }
        let (resource, name) = (held.shape.resource_id.clone(), found.identifier.clone());
        let is_writer = held.writer.as_ref() == Some(&name);
        let takes = self.timing.restart;
        self.set_instance(&resource, &name, "rebooting");
        if is_writer {
            self.tell(Happened::Restarts {
                resource_id: resource.clone(),
            });
            self.plan(takes, &[region], Then::Back(resource.clone()));
        }
        self.plan(takes, &[region], Then::InstanceRests(resource, name));
        Ok(())
    }

    /// A minor version is given to a cluster: it and its instances are `upgrading`, and its writer restarts.
    ///
    /// # Errors
    /// As an adapter would answer a refusal.
    pub fn patch(
        &mut self,
        now: Timestamp,
        region: &Region,
        cluster: &str,
        version: &str,
    ) -> Result<Accepted, Error> {
        self.at(now);
        let taken = self.begin_patch(region, cluster, version);
        answer(taken, "ModifyDBCluster", region)
    }

    fn begin_patch(&mut self, region: &Region, cluster: &str, version: &str) -> Taken {
        let held = self.held(region, cluster)?;
        held.at_rest()?;
        let resource = held.shape.resource_id.clone();
        if let Some(held) = self.cluster_mut(&resource) {
            held.set("upgrading", "upgrading");
        }
        self.tell(Happened::Restarts {
            resource_id: resource.clone(),
        });
        let then = Then::Patched(resource, version.to_owned());
        self.plan(self.timing.patch, &[region], then);
        Ok(())
    }

    pub(super) fn patched(&mut self, cluster: &str, version: String) {
        if let Some(held) = self.cluster_mut(cluster) {
            if held.shape.status == "upgrading" {
                held.set(AVAILABLE, AVAILABLE);
            }
            held.version.clone_from(&version);
        }
        let mut globals = self.globals.values_mut();
        if let Some(global) = globals.find(|one| one.primary() == Some(cluster)) {
            global.version = version;
        }
        self.back(cluster);
    }

    /// Gives a cluster and its instances a status that stays, such as `inaccessible-encryption-credentials`, until it is given
    /// `available`.
    pub fn strike(&mut self, now: Timestamp, region: &Region, cluster: &str, status: &str) {
        self.at(now);
        let Ok(held) = self.held(region, cluster) else {
            return;
        };
        let resource_id = held.shape.resource_id.clone();
        let was_served = held.is_served();
        let Some(held) = self.cluster_mut(&resource_id) else {
            return;
        };
        held.set(status, status);
        match (held.writes, was_served, held.is_served()) {
            (true, true, false) => self.tell(Happened::Closed { resource_id }),
            (true, false, true) => self.tell(Happened::Opened { resource_id }),
            (true | false, ..) => {}
        }
    }

    /// Gives an instance a status that stays until it is given another.
    pub fn strike_instance(&mut self, region: &Region, instance: &str, status: &str) {
        let found = self.instance(region, instance).ok();
        let found =
            found.map(|(held, one)| (held.shape.resource_id.clone(), one.identifier.clone()));
        if let Some((cluster, instance)) = found {
            self.set_instance(&cluster, &instance, status);
        }
    }

    /// `DeleteDBClusterSnapshot`.
    ///
    /// # Errors
    /// As an adapter would answer a refusal.
    pub fn delete_snapshot(
        &mut self,
        now: Timestamp,
        region: &Region,
        snapshot: &str,
    ) -> Result<Accepted, Error> {
        self.at(now);
        let taken = self.drop_snapshot(region, snapshot);
        answer(taken, "DeleteDBClusterSnapshot", region)
    }

    /// A snapshot that was being taken fails: it has no rows.
    pub fn fail_snapshot(&mut self, region: &Region, snapshot: &str) {
        let key = (region.clone(), snapshot.to_ascii_lowercase());
        if let Some(kept) = self.snapshots.get_mut(&key) {
            kept.shown.status = "failed".into();
            self.forget(|then| *then == Then::SnapshotMade(key.0.clone(), key.1.clone()));
            let (region, snapshot) = key;
            self.tell(Happened::SnapshotLost { region, snapshot });
        }
    }

    /// Whether a cluster must not be deleted.
    pub fn protect(&mut self, region: &Region, cluster: &str, on: bool) {
        let found = self.held(region, cluster).ok();
        let found = found.map(|held| held.shape.resource_id.clone());
        if let Some(held) = found.and_then(|resource| self.cluster_mut(&resource)) {
            held.shape.deletion_protection = on;
        }
    }

    /// Gives a Region a parameter group of a family, or takes it away.
    pub fn set_family(&mut self, region: &Region, group: &ParameterGroup, family: Option<&str>) {
        let key = group_key(region, group);
        match family {
            Some(family) => self.groups.insert(key, family.to_owned()),
            None => self.groups.remove(&key),
        };
    }

    /// What blue/green deployments a Region has from now on.
    pub fn deploy(&mut self, region: &Region, deployments: Vec<BlueGreen>) {
        self.blue_green.insert(region.clone(), deployments);
    }
}

pub(super) fn answer(taken: Taken, operation: &str, region: &Region) -> Result<Accepted, Error> {
    Asking::Rebuilds.answer(taken, operation, region)
}
