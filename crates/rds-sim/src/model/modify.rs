//! ModifyDBCluster: deletion protection, engine version, backups, network settings; renaming is in [`super::rename`].

use crate::{
    answer::Node,
    model::{
        Model,
        cluster::{check_password, scaling},
        effect::{Effect, When},
        fault::Fault,
        kept::{OF_CLUSTER, OF_CLUSTER_OTHERWISE_SHOWN},
        params::Params,
        state::{Cluster, ClusterStatus, Secret},
        task::Then,
        version::Version,
    },
};

impl Model {
    pub(crate) fn modify_db_cluster(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("DBClusterIdentifier")?;
        let cluster = self.found_cluster(region, name)?;
        let key = cluster.key.clone();
        if cluster.status != ClusterStatus::Available {
            return Err(Fault::cluster_busy(&key, cluster.status.as_str()));
        }
        if let Some(new) = params.owned("NewDBClusterIdentifier") {
            return self.rename_cluster(&key, &new, params);
        }
        refuse_unsimulated(params)?;
        let (modified, mut status) = modified(cluster, params)?;
        self.check_groups(&modified)?;
        let effect = new_password(cluster, params)?.map(|effect| (When::AtOnce, effect));
        if effect.is_some() {
            status = status.or(Some(ClusterStatus::Modifying));
        }
        if let Some(status) = status {
            let duration_ms = if status == ClusterStatus::Upgrading {
                self.settings.durations.upgrade_ms
            } else {
                self.settings.durations.modify_ms
            };
            self.record(region, &key.id, format!("cluster {}", status.as_str()));
            let then = Then::Modified(key.clone());
            self.plan(&[region], duration_ms, effect, then);
        }
        self.clusters.insert(
            key.clone(),
            Cluster {
                status: status.unwrap_or(modified.status),
                ..modified
            },
        );
        self.cluster_answer(&key)
    }
}

/// Better refused than accepted and ignored.
fn refuse_unsimulated(params: &Params) -> Result<(), Fault> {
    match ["Port", "EngineMode"]
        .into_iter()
        .find(|name| params.optional(name).is_some())
    {
        Some(name) => Err(Fault::invalid_value(format!(
            "Modifying {name} is not simulated."
        ))),
        None => Ok(()),
    }
}

/// The master user's new password, if one is asked for. A secondary has the primary's.
fn new_password(cluster: &Cluster, params: &Params) -> Result<Option<Effect>, Fault> {
    let Some(password) = params.owned("MasterUserPassword") else {
        return Ok(None);
    };
    check_password(&password)?;
    let user = cluster.master_username.clone();
    Ok(user.map(|user| Effect::SetPassword {
        cluster: cluster.key.clone(),
        user,
        password: Secret(password),
    }))
}

/// The cluster as asked for, and the status it shows while it changes; nothing to change changes no status.
fn modified(cluster: &Cluster, params: &Params) -> Result<(Cluster, Option<ClusterStatus>), Fault> {
    let mut new = cluster.clone();
    if let Some(protection) = params.flag("DeletionProtection")? {
        new.deletion_protection = protection;
    }
    if let Some(days) = params.number("BackupRetentionPeriod", 1, 35)? {
        new.backup_retention_days = days;
    }
    if let Some(iam) = params.flag("EnableIAMDatabaseAuthentication")? {
        new.iam_authentication = iam;
    }
    if let Some(group) = params.owned("DBClusterParameterGroupName") {
        new.network.parameter_group = Some(group);
    }
    let groups = params.list("VpcSecurityGroupIds.VpcSecurityGroupId");
    if !groups.is_empty() {
        new.network.security_groups = groups.into_iter().map(str::to_owned).collect();
    }
    new.kept.take(&OF_CLUSTER, params)?;
    new.kept.take(&OF_CLUSTER_OTHERWISE_SHOWN, params)?;
    new.scaling = scaling(new.scaling, params)?;
    let logs = "CloudwatchLogsExportConfiguration";
    let off = params.list(&format!("{logs}.DisableLogTypes.member"));
    let on = params.list(&format!("{logs}.EnableLogTypes.member"));
    new.log_exports.retain(|log| !off.contains(&log.as_str()));
    for log in on {
        if !new.log_exports.iter().any(|there| there == log) {
            new.log_exports.push(log.to_owned());
        }
    }
    if let Some(text) = params.optional("EngineVersion") {
        let (from, to): (Version, Version) = (cluster.engine_version.parse()?, text.parse()?);
        if to < from {
            return Err(Fault::invalid_combination(format!(
                "Cannot upgrade aurora-postgresql from {from} to {to}"
            )));
        }
        if to > from {
            new.engine_version = to.to_string();
            return Ok((new, Some(ClusterStatus::Upgrading)));
        }
    }
    let changed = new != *cluster;
    Ok((new, changed.then_some(ClusterStatus::Modifying)))
}
