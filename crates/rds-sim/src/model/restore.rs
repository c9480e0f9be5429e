//! RestoreDBClusterFromSnapshot. What a call does not say has AWS's defaults, whatever the cluster had that the snapshot is of:
//! default groups, no roles, no tags, no custom endpoints, no instance.

use crate::{
    answer::Node,
    model::{
        Model, cluster::new_cluster, effect::Effect, fault::Fault, params::Params,
        state::SnapshotStatus, version::Version,
    },
};

impl Model {
    /// A new cluster of its own from a snapshot, without an instance.
    pub(crate) fn restore_db_cluster_from_snapshot(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let key = self.new_cluster_key(region, params)?;
        let id = params.required("SnapshotIdentifier")?;
        let from = self.names.parse_snapshot(id, region)?;
        let source = self.snapshots.get(&from).filter(|_| from.region == region);
        let source = source.ok_or_else(|| Fault::snapshot_not_found(id))?.clone();
        if source.status != SnapshotStatus::Available {
            return Err(Fault::snapshot_state(format!(
                "Cannot restore snapshot {} because it is not in the available state.",
                from.id
            )));
        }
        let mut cluster = new_cluster(key.clone(), self.now, params)?;
        cluster.resource_id = self.names.resource_id("cluster-");
        cluster.engine_version = restored_version(&source.engine_version, params)?;
        cluster.master_username.clone_from(&source.master_username);
        // Source: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBClusterFromSnapshot.html>.
        if params.optional("Port").is_none() {
            cluster.port = source.port;
        }
        if params.optional("BackupRetentionPeriod").is_none() {
            cluster.backup_retention_days = source.backup_retention_days;
        }
        cluster.network.encrypted |= source.encrypted || cluster.network.kms_key.is_some();
        if let Some(given) = &cluster.network.kms_key {
            Fault::unless_key_of(region, given)?;
        }
        cluster.network.kms_key = cluster.network.kms_key.or(source.kms_key);
        self.check_groups(&cluster)?;
        let effect = Effect::Restore {
            snapshot: from,
            cluster: key.clone(),
        };
        self.begin_creation(cluster, effect, &[region]);
        self.record(region, &key.id, "restoration accepted");
        self.cluster_answer(&key)
    }
}

/// The version that is asked for, which is no older than the snapshot's; the snapshot's where none is.
fn restored_version(of_snapshot: &str, params: &Params) -> Result<String, Fault> {
    let Some(text) = params.optional("EngineVersion") else {
        return Ok(of_snapshot.to_owned());
    };
    let (from, to): (Version, Version) = (of_snapshot.parse()?, text.parse()?);
    if to < from {
        // AWS publishes no text for it.
        return Err(Fault::invalid_combination(format!(
            "A snapshot of aurora-postgresql {from} can't be restored as {to}."
        )));
    }
    Ok(to.to_string())
}
