//! FailoverGlobalCluster and SwitchoverGlobalCluster: who may take over from whom, and when.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        fault::Fault,
        key::ClusterKey,
        params::Params,
        settings::SwitchoverFrom,
        state::{ClusterStatus, Failover, FailoverKind, Global, InstanceStatus, Synchronization},
        version::Version,
    },
};

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
        let taken_here = kind == FailoverKind::Switchover
            && self.settings.switchover_from == SwitchoverFrom::Members
            && global.members().any(|member| member.region == region);
        if expected != region && !taken_here {
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
