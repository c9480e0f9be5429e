//! What an accepted failover or switchover does, from its first moment to the rebuilt standby.

use crate::model::{
    Model,
    effect::{Effect, When},
    key::ClusterKey,
    settings::WriteFencing,
    state::{ClusterStatus, Failover, FailoverKind, InstanceStatus, Standby, Synchronization},
    task::Then,
};

const CATEGORY: &str = "global failover";

impl Model {
    pub(crate) fn accept(&mut self, id: &str, failover: Failover) {
        let durations = self.settings.durations;
        let (from, to) = (failover.from.clone(), failover.to.clone());
        self.set_status(&to, ClusterStatus::FailingOver);
        self.set_instances(&to, InstanceStatus::Rebooting);
        match failover.kind {
            FailoverKind::Switchover => {
                self.record(&to.region, id, "switchover accepted");
                self.set_status(&from, ClusterStatus::FailingOver);
                self.both_events(
                    &from,
                    &to,
                    format!(
                        "Global switchover to DB cluster {} in Region {} started.",
                        to.id, to.region
                    ),
                );
                let effect = Effect::SwitchOver { from, to };
                self.plan(
                    &[],
                    durations.switchover_ms,
                    Some((When::WhenDue, effect)),
                    Then::SwitchedOver(id.to_owned()),
                );
            }
            FailoverKind::DataLossAllowed => {
                self.record(&to.region, id, "managed failover accepted");
                self.fence(&from, &to);
                self.plan_at_once(
                    &to.region,
                    Effect::StopReplication {
                        cluster: to.clone(),
                    },
                );
                let (needs, effect) = (to.region.clone(), Effect::Promote { cluster: to });
                let then = Then::FailedOver(id.to_owned());
                self.plan(
                    &[&needs],
                    durations.managed_failover_ms,
                    Some((When::WhenDue, effect)),
                    then,
                );
            }
        }
        self.plan(
            &[],
            durations.failover_pending_ms,
            None,
            Then::FailoverBegun(id.to_owned()),
        );
        if let Some(global) = self.globals.get_mut(id) {
            global.failover = Some(failover);
        }
    }

    /// Best effort: the deposed writer loses its writes unless fencing times out.
    fn fence(&mut self, from: &ClusterKey, to: &ClusterKey) {
        let reachable = !self.is_lost(&from.region);
        if self.settings.write_fencing == WriteFencing::Blocks {
            if let Some(cluster) = self.clusters.get_mut(from) {
                cluster.fenced = true;
            }
            if reachable {
                self.plan_at_once(
                    &from.region,
                    Effect::Fence {
                        cluster: from.clone(),
                    },
                );
                self.instance_events(
                    from,
                    format!(
                        "Aurora blocked writes to the volume of old primary DB cluster {}.",
                        from.id
                    ),
                );
                return;
            }
        }
        let place = if reachable { from } else { to };
        self.instance_events(
            place,
            format!(
                "Aurora timed out blocking writes to the volume of old primary DB cluster {}.",
                from.id
            ),
        );
    }

    pub(crate) fn failover_begun(&mut self, id: &str) {
        if let Some(failover) = self
            .globals
            .get_mut(id)
            .and_then(|global| global.failover.as_mut())
        {
            failover.begun = true;
            let (region, status) = (failover.to.region.clone(), failover.status());
            self.record(&region, id, status);
        }
    }

    pub(crate) fn failed_over(&mut self, id: &str) {
        let Some(Failover { from, to, .. }) = self.swap_roles(id, Synchronization::PendingResync)
        else {
            return;
        };
        self.record(&to.region, &to.id, "promotion completed");
        self.both_events(
            &from,
            &to,
            format!(
                "Global failover to DB cluster {} in Region {} completed.",
                to.id, to.region
            ),
        );
        self.both_events(
            &from,
            &to,
            "Aurora finished changing the DNS entry for the global writer endpoint.".to_owned(),
        );
        let members: Vec<ClusterKey> = self
            .globals
            .get(id)
            .into_iter()
            .flat_map(|g| &g.standbys)
            .map(|standby| standby.cluster.clone())
            .collect();
        for member in members {
            if member == from {
                self.keep_deposed(id, &member, &to);
            } else {
                self.plan_resynchronisation(id, &member, &to);
            }
        }
    }

    pub(crate) fn switched_over(&mut self, id: &str) {
        let Some(Failover { from, to, .. }) = self.swap_roles(id, Synchronization::Connected)
        else {
            return;
        };
        self.set_status(&from, ClusterStatus::Available);
        self.record(&to.region, &to.id, "promotion completed");
        for message in [
            format!(
                "Old primary DB cluster {} in Region {} successfully shut down.",
                from.id, from.region
            ),
            format!(
                "New primary DB cluster {} in Region {} was successfully promoted.",
                to.id, to.region
            ),
            format!(
                "Global switchover to DB cluster {} in Region {} finished.",
                to.id, to.region
            ),
            "Aurora finished changing the DNS entry for the global writer endpoint.".to_owned(),
        ] {
            self.both_events(&from, &to, message);
        }
    }

    /// Ends the failover: the target is the writer, the old writer a standby like the others.
    fn swap_roles(&mut self, id: &str, others: Synchronization) -> Option<Failover> {
        let global = self.globals.get_mut(id)?;
        let failover = global.failover.take()?;
        global
            .standbys
            .retain(|standby| standby.cluster != failover.to);
        for standby in &mut global.standbys {
            standby.synchronization = others;
        }
        if let Some(old) = global.writer.replace(failover.to.clone()) {
            global.standbys.push(Standby {
                cluster: old,
                synchronization: others,
            });
        }
        let version = self
            .clusters
            .get(&failover.to)
            .map(|cluster| cluster.engine_version.clone());
        if let (Some(global), Some(version)) = (self.globals.get_mut(id), version) {
            global.engine_version = version;
        }
        self.set_status(&failover.to, ClusterStatus::Available);
        self.set_instances(&failover.to, InstanceStatus::Available);
        self.elect_writer(&failover.to, None);
        Some(failover)
    }

    pub(crate) fn failover_abandoned(&mut self, id: &str, reason: &str) {
        let Some(failover) = self.call_off(id) else {
            return;
        };
        let (from, to) = (failover.from, failover.to);
        self.record(&to.region, id, format!("failed: {reason}"));
        self.set_status(&to, ClusterStatus::Available);
        self.set_instances(&to, InstanceStatus::Available);
        let word = match failover.kind {
            FailoverKind::Switchover => "switchover",
            FailoverKind::DataLossAllowed => "failover",
        };
        self.both_events(
            &from,
            &to,
            format!(
                "Global {word} to DB cluster {} in Region {} failed.",
                to.id, to.region
            ),
        );
        if failover.kind == FailoverKind::DataLossAllowed {
            // Its replication was stopped for the promotion that did not come.
            if let Some(global) = self.globals.get_mut(id) {
                global.set_synchronization(&to, Synchronization::PendingResync);
            }
            self.plan_resynchronisation(id, &to, &from);
        }
    }

    /// Takes back what the acceptance of an operation did to the old writer; the operation is gone.
    pub(crate) fn call_off(&mut self, id: &str) -> Option<Failover> {
        let failover = self.globals.get_mut(id)?.failover.take()?;
        self.tasks
            .retain(|task| !task.then.belongs_to_failover_of(id));
        let from = failover.from.clone();
        if let Some(cluster) = self.clusters.get_mut(&from) {
            if cluster.status == ClusterStatus::FailingOver {
                cluster.status = ClusterStatus::Available;
            }
            if std::mem::take(&mut cluster.fenced) {
                self.plan_at_once(
                    &from.region,
                    Effect::Resume {
                        cluster: from.clone(),
                    },
                );
            }
        }
        Some(failover)
    }

    pub(crate) fn plan_resynchronisation(
        &mut self,
        id: &str,
        member: &ClusterKey,
        primary: &ClusterKey,
    ) {
        let needs = [member.region.as_str(), primary.region.as_str()];
        let effect = Effect::Resynchronise {
            cluster: member.clone(),
            primary: primary.clone(),
        };
        let then = Then::Resynchronised(id.to_owned(), member.clone());
        self.plan(
            &needs,
            self.settings.durations.resync_ms,
            Some((When::AtOnce, effect)),
            then,
        );
    }

    pub(crate) fn resynchronisation_begun(&mut self, cluster: &ClusterKey) {
        self.set_status(cluster, ClusterStatus::Modifying);
        self.record(&cluster.region, &cluster.id, "resynchronisation began");
        self.cluster_event(cluster, CATEGORY, format!(
            "Started resynchronizing members of DB cluster {} in Region {} post global failover.",
            cluster.id, cluster.region
        ));
    }

    pub(crate) fn resynchronised(&mut self, id: &str, key: &ClusterKey) {
        if let Some(global) = self.globals.get_mut(id) {
            global.set_synchronization(key, Synchronization::Connected);
        }
        if let Some(cluster) = self.clusters.get_mut(key) {
            cluster.status = ClusterStatus::Available;
            cluster.fenced = false;
        }
        self.record(&key.region, &key.id, "resynchronisation completed");
        self.cluster_event(key, CATEGORY, format!(
            "Finished resynchronizing members of DB cluster {} in Region {} post global failover.",
            key.id, key.region
        ));
    }

    fn both_events(&mut self, from: &ClusterKey, to: &ClusterKey, message: String) {
        self.cluster_event(from, CATEGORY, message.clone());
        self.cluster_event(to, CATEGORY, message);
    }

    fn instance_events(&mut self, cluster: &ClusterKey, message: String) {
        let instances: Vec<ClusterKey> = self
            .instances_of(cluster)
            .map(|instance| instance.key.clone())
            .collect();
        for instance in instances {
            self.instance_event(&instance, "global database", message.clone());
        }
    }
}
