//! RestoreDBInstanceFromDBSnapshot. What a call does not say has AWS's defaults, whatever the instance had that the snapshot is of:
//! default groups, one zone, no deletion protection.

use crate::{
    answer::Node,
    model::{
        Model,
        course::{End, Phase},
        effect::Effect,
        engine::Engine,
        fault::Fault,
        key::ClusterKey,
        params::Params,
        state::{InstanceSnapshot, InstanceStatus, SnapshotStatus, Standalone},
    },
};

/// What a call may ask for and nothing here would come of.
const UNSIMULATED: [&str; 3] = [
    "BackupTarget",
    "DBClusterSnapshotIdentifier",
    // It names a database where the engine has none of its own, which none of those here does.
    "DBName",
];

impl Model {
    /// A new instance of its own from a snapshot of its Region.
    pub(crate) fn restore_db_instance_from_db_snapshot(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let key = self.new_standalone_key(region, params)?;
        if let Some(what) = UNSIMULATED
            .into_iter()
            .find(|name| params.optional(name).is_some())
        {
            return Err(Fault::not_simulated(what));
        }
        let snapshot = self.restorable(region, params.required("DBSnapshotIdentifier")?)?;
        let mut instance = self.restored(snapshot, key.clone(), params)?;
        let volume = InstanceSnapshot::volume(&snapshot.key);
        self.check_standalone_groups(&instance)?;
        instance.resource_id = self.names.resource_id("db-");
        self.standalones.insert(key.clone(), instance);
        self.record(region, &key.id, "restoration accepted");
        let effect = Effect::Restore {
            snapshot: volume,
            cluster: key.clone(),
        };
        let duration_ms = self.settings.durations.restore_instance_ms;
        let creating = Phase::doing(InstanceStatus::Creating, duration_ms, effect);
        self.begin_course(&key, [creating], End::Created);
        self.standalone_answer(&key)
    }

    /// The snapshot that a name means, or an ARN of this Region, if it can be restored now. One of another Region has to be copied.
    fn restorable(&self, region: &str, name: &str) -> Result<&InstanceSnapshot, Fault> {
        let key = self.snapshot_key(region, name)?;
        let found = self.instance_snapshots.get(&key);
        let found = found.filter(|_| key.region == region);
        let found = found.ok_or_else(|| Fault::instance_snapshot_not_found(name))?;
        if found.status != SnapshotStatus::Available {
            return Err(Fault::instance_snapshot_state(format!(
                "Cannot restore snapshot {} because it is not in the available state.",
                key.id
            )));
        }
        Ok(found)
    }

    /// The instance as a call describes it.
    /// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromDBSnapshot.html>.
    fn restored(
        &self,
        snapshot: &InstanceSnapshot,
        key: ClusterKey,
        params: &Params,
    ) -> Result<Standalone, Fault> {
        check_engine(snapshot, params)?;
        let given = self.new_standalone(key, snapshot.engine, params)?;
        if given.multi_az && given.zone.is_some() {
            return Err(Fault::invalid_combination(
                "AvailabilityZone can't be given for a Multi-AZ instance.",
            ));
        }
        let class = params.owned("DBInstanceClass");
        let port = params.number("Port", 1_150, 65_535)?;
        let days = params.number("BackupRetentionPeriod", 0, 35)?;
        let mut network = given.network.clone();
        network.encrypted = snapshot.encrypted;
        network.kms_key.clone_from(&snapshot.kms_key);
        let tags = if given.tags.is_empty() {
            self.tags_of_source(snapshot)
        } else {
            given.tags.clone()
        };
        Ok(Standalone {
            class: class.unwrap_or_else(|| snapshot.class.clone()),
            engine_version: snapshot.engine_version.clone(),
            port: port.unwrap_or(snapshot.port),
            master_username: snapshot.master_username.clone(),
            storage_gib: allocated(snapshot, params)?,
            backup_retention_days: days.unwrap_or(snapshot.backup_retention_days),
            network,
            tags,
            ..given
        })
    }

    /// RDS takes tags from the instance that a snapshot is of, where that is there still: never from one of another Region.
    /// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromDBSnapshot.html>.
    fn tags_of_source(&self, snapshot: &InstanceSnapshot) -> Vec<(String, String)> {
        let mut here = self.standalones.values().filter(|instance| {
            instance.key.region == snapshot.key.region
                && instance.resource_id == snapshot.resource_id
        });
        here.next()
            .map_or_else(Vec::new, |source| source.tags.clone())
    }
}

/// A snapshot is restored as what it is of.
fn check_engine(snapshot: &InstanceSnapshot, params: &Params) -> Result<(), Fault> {
    let Some(name) = params.optional("Engine") else {
        return Ok(());
    };
    if Engine::named(name) == Some(snapshot.engine) {
        return Ok(());
    }
    // AWS publishes no text for it.
    Err(Fault::invalid_combination(format!(
        "A snapshot of {} can't be restored as {name}.",
        snapshot.engine.as_str()
    )))
}

/// As much storage as the snapshot has, or more.
fn allocated(snapshot: &InstanceSnapshot, params: &Params) -> Result<u32, Fault> {
    let given = params.number("AllocatedStorage", 20, 65_536)?;
    let gib = given.unwrap_or(snapshot.storage_gib);
    if gib < snapshot.storage_gib {
        // AWS publishes no text for it.
        return Err(Fault::invalid_combination(format!(
            "AllocatedStorage {gib} is less than the {} GiB of snapshot {}.",
            snapshot.storage_gib, snapshot.key.id
        )));
    }
    Ok(gib)
}
