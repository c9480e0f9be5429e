//! FailoverGlobalCluster and SwitchoverGlobalCluster, from acceptance to the rebuilt standby.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        effect::{Effect, Then, When},
        fault::Fault,
        names::ClusterKey,
        params::Params,
        state::{
            ClusterStatus, Failover, FailoverKind, Global, InstanceStatus, Standby,
            Synchronization, WriteFencing,
        },
        version::Version,
    },
};

const CATEGORY: &str = "global failover";

impl Model {
    pub(crate) fn failover_global_cluster(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let id = params.required("GlobalClusterIdentifier")?;
        let target = params.required("TargetDbClusterIdentifier")?;
        let data_loss = params.flag("AllowDataLoss")?.unwrap_or(false);
        if data_loss && params.flag("Switchover")?.unwrap_or(false) {
            return Err(Fault::invalid_combination(
                "AllowDataLoss and Switchover are mutually exclusive; specify only one.",
            ));
        }
        // Neither flag means a switchover.
        let kind = if data_loss {
            FailoverKind::DataLossAllowed
        } else {
            FailoverKind::Switchover
        };
        self.begin(region, id, target, kind, "FailoverGlobalCluster")
    }

    pub(crate) fn switchover_global_cluster(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let id = params.required("GlobalClusterIdentifier")?;
        let target = params.required("TargetDbClusterIdentifier")?;
        self.begin(
            region,
            id,
            target,
            FailoverKind::Switchover,
            "SwitchoverGlobalCluster",
        )
    }

    fn begin(
        &mut self,
        region: &str,
        id: &str,
        target: &str,
        kind: FailoverKind,
        operation: &str,
    ) -> Result<Node, Fault> {
        let global = self
            .globals
            .get(&id.to_lowercase())
            .ok_or_else(|| Fault::global_not_found(id))?;
        let to = self.names.parse_cluster(target, region)?;
        let from = self.check_roles(global, &to, target)?;
        let expected = match kind {
            FailoverKind::DataLossAllowed => &to.region,
            FailoverKind::Switchover => &from.region,
        };
        if expected != region {
            return Err(Fault::wrong_region(operation, expected, region));
        }
        self.check_state(global, &from, &to, kind)?;
        let id = global.id.clone();
        self.accept(
            &id,
            Failover {
                kind,
                begun: false,
                from,
                to,
            },
        );
        self.global_answer(&id)
    }

    /// Checks that the target is a standby of the global cluster, and names the writer it takes over from.
    fn check_roles(
        &self,
        global: &Global,
        to: &ClusterKey,
        target: &str,
    ) -> Result<ClusterKey, Fault> {
        let Some(from) = global.writer.clone() else {
            return Err(Fault::global_state(format!(
                "Global cluster {} has no primary DB cluster",
                global.id
            )));
        };
        if !self.clusters.contains_key(to) || !global.members().any(|member| member == to) {
            return Err(Fault::cluster_not_found(target));
        }
        if from == *to {
            return Err(Fault::cluster_state(format!(
                "DB cluster {} is already the primary of global cluster {}",
                to.id, global.id
            )));
        }
        Ok(from)
    }

    fn check_state(
        &self,
        global: &Global,
        from: &ClusterKey,
        to: &ClusterKey,
        kind: FailoverKind,
    ) -> Result<(), Fault> {
        if let Some(failover) = &global.failover {
            return Err(Fault::global_state(format!(
                "Global cluster {} is {}",
                global.id,
                failover.status()
            )));
        }
        // A failover does not wait for the old primary; a switchover needs both ends.
        let needed = match kind {
            FailoverKind::DataLossAllowed => vec![to],
            FailoverKind::Switchover => vec![from, to],
        };
        for key in needed {
            let cluster = self
                .clusters
                .get(key)
                .ok_or_else(|| Fault::cluster_not_found(&key.id))?;
            if self.is_lost(&key.region) {
                return Err(Fault::unreachable(key));
            }
            if cluster.status == ClusterStatus::Upgrading {
                return Err(Fault::global_state(format!(
                    "Global cluster {} is upgrading",
                    global.id
                )));
            }
            if cluster.status != ClusterStatus::Available {
                return Err(Fault::cluster_busy(key, cluster.status.as_str()));
            }
        }
        if global
            .standby(to)
            .is_some_and(|standby| standby.synchronization == Synchronization::PendingResync)
        {
            return Err(Fault::cluster_state(format!(
                "DB cluster {} is pending-resync with its primary",
                to.id
            )));
        }
        if !self
            .instances_of(to)
            .any(|instance| instance.status == InstanceStatus::Available)
        {
            return Err(Fault::cluster_state(format!(
                "DB cluster {} has no DB instance; you must add a DB instance before it can become the primary",
                to.id
            )));
        }
        self.check_versions(from, to)
    }

    fn check_versions(&self, from: &ClusterKey, to: &ClusterKey) -> Result<(), Fault> {
        let version = |key: &ClusterKey| -> Result<Version, Fault> {
            self.clusters
                .get(key)
                .ok_or_else(|| Fault::cluster_not_found(&key.id))?
                .engine_version
                .parse()
        };
        match version(from)?.takeover_blocker(version(to)?) {
            Some(reason) => Err(Fault::global_state(format!(
                "The operation isn't allowed because {reason}"
            ))),
            None => Ok(()),
        }
    }

    fn accept(&mut self, id: &str, failover: Failover) {
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
            let needs = [member.region.as_str(), to.region.as_str()];
            let effect = Effect::Resynchronise {
                cluster: member.clone(),
                primary: to.clone(),
            };
            let then = Then::Resynchronised(id.to_owned(), member.clone());
            self.plan(
                &needs,
                self.settings.durations.resync_ms,
                Some((When::AtOnce, effect)),
                then,
            );
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
        Some(failover)
    }

    pub(crate) fn failover_abandoned(&mut self, id: &str, reason: &str) {
        let Some(failover) = self
            .globals
            .get_mut(id)
            .and_then(|global| global.failover.take())
        else {
            return;
        };
        let (from, to) = (failover.from, failover.to);
        self.record(&to.region, id, format!("failed: {reason}"));
        for cluster in [&from, &to] {
            self.set_status(cluster, ClusterStatus::Available);
            self.set_instances(cluster, InstanceStatus::Available);
        }
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

    pub(crate) fn global_answer(&self, id: &str) -> Result<Node, Fault> {
        let global = self
            .globals
            .get(id)
            .ok_or_else(|| Fault::global_not_found(id))?;
        Ok(Fields::default()
            .node("GlobalCluster", self.global_view(global))
            .done())
    }
}
