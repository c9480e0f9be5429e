//! CreateDBSnapshot, CopyDBSnapshot, DescribeDBSnapshots and DeleteDBSnapshot; and the backups that RDS takes itself.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        copied::Copied,
        course::{End, Phase},
        effect::{Effect, When},
        engine::default_options,
        fault::Fault,
        filters::Filters,
        key::ClusterKey,
        names::check_identifier,
        network::VPC,
        page::page,
        params::Params,
        state::{InstanceSnapshot, InstanceStatus, SnapshotStatus},
        task::Then,
        views::{iso, tags_view},
    },
};

impl Model {
    pub(crate) fn create_db_snapshot(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let id = params.required("DBSnapshotIdentifier")?;
        check_identifier("DBSnapshotIdentifier", id)?;
        let name = params.required("DBInstanceIdentifier")?;
        let instance = self.idle_standalone(region, name)?.key.clone();
        self.check_snapshot_name(&ClusterKey::new(region, id))?;
        self.back_up(&instance, id, false, params.tags());
        self.instance_snapshot_answer(&ClusterKey::new(region, id))
    }

    fn check_snapshot_name(&self, key: &ClusterKey) -> Result<(), Fault> {
        if self.instance_snapshots.contains_key(key) {
            return Err(Fault::instance_snapshot_exists(&key.id));
        }
        Ok(())
    }

    /// The instance is `backing-up` while the snapshot is taken.
    pub(super) fn back_up(
        &mut self,
        instance: &ClusterKey,
        id: &str,
        is_automated: bool,
        tags: Vec<(String, String)>,
    ) {
        let key = ClusterKey::new(&instance.region, id);
        self.keep_instance_snapshot(instance, &key, is_automated, tags);
        let effect = Effect::Snapshot {
            cluster: instance.clone(),
            snapshot: InstanceSnapshot::volume(&key),
        };
        let duration_ms = self.settings.durations.snapshot_ms;
        let backing_up = Phase::doing(InstanceStatus::BackingUp, duration_ms, effect);
        self.begin_course(instance, [backing_up], End::BackedUp(key));
    }

    /// What RDS calls the backup that it takes now.
    pub(super) fn automated_name(&self, instance: &ClusterKey) -> String {
        let now = iso(self.now);
        let minute = now.get(..16).unwrap_or_default().replace(['T', ':'], "-");
        format!("rds:{}-{minute}", instance.id)
    }

    /// A manual snapshot of an instance, under a name that is free.
    pub(super) fn new_instance_snapshot(
        &mut self,
        instance: &ClusterKey,
        id: &str,
    ) -> Result<ClusterKey, Fault> {
        let key = ClusterKey::new(&instance.region, id);
        self.check_snapshot_name(&key)?;
        self.keep_instance_snapshot(instance, &key, false, Vec::new());
        Ok(key)
    }

    fn keep_instance_snapshot(
        &mut self,
        instance: &ClusterKey,
        key: &ClusterKey,
        is_automated: bool,
        mut tags: Vec<(String, String)>,
    ) {
        let Some(source) = self.standalones.get(instance) else {
            return;
        };
        if source.kept.is_on("CopyTagsToSnapshot") {
            tags.extend(source.tags.iter().cloned());
        }
        let snapshot = InstanceSnapshot {
            key: key.clone(),
            instance: instance.clone(),
            is_automated,
            copied_from: None,
            resource_id: source.resource_id.clone(),
            status: SnapshotStatus::Creating,
            engine: source.engine,
            engine_version: source.engine_version.clone(),
            master_username: source.master_username.clone(),
            port: source.port,
            storage_gib: source.storage_gib,
            storage_type: source.kept.get("StorageType").unwrap_or("gp2").to_owned(),
            encrypted: source.network.encrypted,
            kms_key: source.network.kms_key.clone(),
            iam_authentication: source.iam_authentication,
            instance_created_at: source.created_at,
            created_at: self.now,
            tags,
        };
        self.record(&key.region, &key.id, "snapshot begun");
        self.instance_snapshots.insert(key.clone(), snapshot);
    }

    pub(crate) fn instance_snapshot_taken(&mut self, key: &ClusterKey) {
        self.record(&key.region, &key.id, "snapshot available");
        if let Some(snapshot) = self.instance_snapshots.get_mut(key) {
            snapshot.status = SnapshotStatus::Available;
        }
    }

    pub(crate) fn instance_snapshot_deleted(&mut self, key: &ClusterKey) {
        self.instance_snapshots.remove(key);
        self.record(&key.region, &key.id, "snapshot deleted");
    }

    /// Called where the copy is to be. The source is a name of that Region, or an ARN.
    pub(crate) fn copy_db_snapshot(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("SourceDBSnapshotIdentifier")?;
        let target = params.required("TargetDBSnapshotIdentifier")?;
        check_identifier("TargetDBSnapshotIdentifier", target)?;
        let from = self.snapshot_key(region, name)?;
        let source = self.instance_snapshots.get(&from);
        let source = source.ok_or_else(|| Fault::instance_snapshot_not_found(name))?;
        if source.status != SnapshotStatus::Available {
            return Err(Fault::instance_snapshot_state(format!(
                "Cannot copy snapshot {} because it is not in the available state.",
                from.id
            )));
        }
        let key = ClusterKey::new(region, target);
        self.check_snapshot_name(&key)?;
        let of_source = (source.encrypted, &source.kms_key, source.tags.as_slice());
        let copied = Copied::of(params, (&from, region), of_source)?;
        let copy = InstanceSnapshot {
            key: key.clone(),
            is_automated: false,
            copied_from: Some(self.names.arn("snapshot", &from)),
            status: SnapshotStatus::Creating,
            encrypted: copied.encrypted,
            kms_key: copied.kms_key,
            tags: copied.tags,
            ..source.clone()
        };
        self.instance_snapshots.insert(key.clone(), copy);
        self.record(region, &key.id, "snapshot copy begun");
        let effect = Effect::CopySnapshot {
            from: InstanceSnapshot::volume(&from),
            to: InstanceSnapshot::volume(&key),
        };
        self.plan(
            &[&from.region, region],
            self.settings.durations.snapshot_ms,
            Some((When::AtOnce, effect)),
            Then::InstanceSnapshotTaken(key.clone()),
        );
        self.instance_snapshot_answer(&key)
    }

    /// The snapshot that a name means in a Region, or an ARN in its own.
    fn snapshot_key(&self, region: &str, name: &str) -> Result<ClusterKey, Fault> {
        match self.names.parse_arn(name) {
            Some((home, "snapshot", id)) => Ok(ClusterKey::new(home, id)),
            None if !name.starts_with("arn:") => Ok(ClusterKey::new(region, name)),
            Some(_) | None => Err(Fault::invalid_value(format!(
                "Invalid DB snapshot ARN: {name}"
            ))),
        }
    }

    pub(crate) fn delete_db_snapshot(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let id = params.required("DBSnapshotIdentifier")?;
        let key = ClusterKey::new(region, id);
        let found = self.instance_snapshots.get_mut(&key);
        let found = found.ok_or_else(|| Fault::instance_snapshot_not_found(id))?;
        if found.is_automated || found.status != SnapshotStatus::Available {
            return Err(Fault::instance_snapshot_state(format!(
                "Only manual snapshots in the available state may be deleted; {id} is not one.",
            )));
        }
        // What is answered still has the status before.
        let answer = self.instance_snapshot_answer(&key);
        if let Some(found) = self.instance_snapshots.get_mut(&key) {
            found.status = SnapshotStatus::Deleting;
        }
        self.record(region, &key.id, "snapshot deletion accepted");
        let drop = Effect::DropSnapshot {
            snapshot: InstanceSnapshot::volume(&key),
        };
        self.plan(
            &[region],
            self.settings.durations.delete_ms,
            Some((When::WhenDue, drop)),
            Then::InstanceSnapshotDeleted(key),
        );
        answer
    }

    pub(crate) fn describe_db_snapshots(
        &self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let wanted = params.optional("DBSnapshotIdentifier");
        let wanted = wanted.map(|name| self.snapshot_key(region, name));
        let wanted = wanted.transpose()?;
        if let Some(key) = &wanted
            && (key.region != region || !self.instance_snapshots.contains_key(key))
        {
            return Err(Fault::instance_snapshot_not_found(&key.id));
        }
        let documented = [
            "db-instance-id",
            "db-snapshot-id",
            "dbi-resource-id",
            "snapshot-type",
            "engine",
        ];
        let filters = Filters::read(params, &documented)?;
        let is = |name: &str, value: &str| {
            let asked = params.optional(name);
            asked.is_none_or(|asked| asked.eq_ignore_ascii_case(value))
        };
        let admitted = |snapshot: &&InstanceSnapshot| {
            let instance = self.names.instance_arn(&snapshot.instance);
            let own = self.names.arn("snapshot", &snapshot.key);
            filters.admit("db-instance-id", &[&snapshot.instance.id, &instance])
                && filters.admit("db-snapshot-id", &[&snapshot.key.id, &own])
                && filters.admit("dbi-resource-id", &[&snapshot.resource_id])
                && filters.admit("snapshot-type", &[kind(snapshot)])
                && filters.admit("engine", &[snapshot.engine.as_str()])
        };
        let items = self
            .instance_snapshots
            .values()
            .filter(|snapshot| snapshot.key.region == region)
            .filter(|snapshot| wanted.as_ref().is_none_or(|key| *key == snapshot.key))
            .filter(|snapshot| is("DBInstanceIdentifier", &snapshot.instance.id))
            .filter(|snapshot| is("DbiResourceId", &snapshot.resource_id))
            .filter(|snapshot| is("SnapshotType", kind(snapshot)))
            .filter(admitted)
            .map(|snapshot| {
                (
                    snapshot.key.id.clone(),
                    self.instance_snapshot_view(snapshot),
                )
            });
        page("DBSnapshots", "DBSnapshot", items.collect(), params)
    }

    fn instance_snapshot_answer(&self, key: &ClusterKey) -> Result<Node, Fault> {
        let found = self.instance_snapshots.get(key);
        let found = found.ok_or_else(|| Fault::instance_snapshot_not_found(&key.id))?;
        let view = self.instance_snapshot_view(found);
        Ok(Fields::default().node("DBSnapshot", view).done())
    }

    fn instance_snapshot_view(&self, snapshot: &InstanceSnapshot) -> Node {
        let percent = match snapshot.status {
            SnapshotStatus::Creating => 0,
            SnapshotStatus::Available | SnapshotStatus::Deleting => 100,
        };
        let copied_from = snapshot.copied_from.as_deref();
        let home = copied_from.and_then(|arn| self.names.parse_arn(arn));
        let home = home
            .map(|(region, _, _)| region)
            .filter(|home| *home != snapshot.key.region);
        Fields::default()
            .text("DBSnapshotIdentifier", &snapshot.key.id)
            .text("DBSnapshotArn", self.names.arn("snapshot", &snapshot.key))
            .text("DBInstanceIdentifier", &snapshot.instance.id)
            .text("DbiResourceId", &snapshot.resource_id)
            .text("SnapshotType", kind(snapshot))
            .text("Status", snapshot.status.as_str())
            .text("PercentProgress", percent)
            .optional("SourceDBSnapshotIdentifier", copied_from)
            .optional("SourceRegion", home)
            .text("Engine", snapshot.engine.as_str())
            .text("EngineVersion", &snapshot.engine_version)
            .text("LicenseModel", snapshot.engine.license())
            .text("MasterUsername", &snapshot.master_username)
            .text("Port", snapshot.port)
            .text("AllocatedStorage", snapshot.storage_gib)
            .text("StorageType", &snapshot.storage_type)
            .text(
                "OptionGroupName",
                default_options(snapshot.engine, &snapshot.engine_version),
            )
            .text("AvailabilityZone", format!("{}a", snapshot.key.region))
            .text("Encrypted", snapshot.encrypted)
            .optional("KmsKeyId", snapshot.kms_key.as_ref())
            .text(
                "IAMDatabaseAuthenticationEnabled",
                snapshot.iam_authentication,
            )
            .text("SnapshotCreateTime", iso(snapshot.created_at))
            .text("OriginalSnapshotCreateTime", iso(snapshot.created_at))
            .text("InstanceCreateTime", iso(snapshot.instance_created_at))
            .text("SnapshotTarget", "region")
            .text("VpcId", VPC)
            .node("TagList", tags_view(&snapshot.tags))
            .done()
    }
}

const fn kind(snapshot: &InstanceSnapshot) -> &'static str {
    if snapshot.is_automated {
        "automated"
    } else {
        "manual"
    }
}
