//! CreateDBSnapshot, DescribeDBSnapshots and DeleteDBSnapshot; and the backups that RDS takes itself.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
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

/// So many backups of one minute have names of their own.
const NAMES_MAX: u32 = 1_000;

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
        self.check_room_for_snapshot(region)?;
        self.back_up(&instance, id, false, params.tags());
        self.instance_snapshot_answer(&ClusterKey::new(region, id))
    }

    pub(super) fn check_snapshot_name(&self, key: &ClusterKey) -> Result<(), Fault> {
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

    /// What RDS calls the backup that it takes now. One that had the name before may have been backed up in the same minute.
    pub(super) fn automated_name(&self, instance: &ClusterKey) -> String {
        let now = iso(self.now);
        let minute = now.get(..16).unwrap_or_default().replace(['T', ':'], "-");
        let name = format!("rds:{}-{minute}", instance.id);
        let is_free = |name: &String| {
            let key = ClusterKey::new(&instance.region, name);
            !self.instance_snapshots.contains_key(&key)
        };
        let numbered = (2..=NAMES_MAX).map(|number| format!("{name}-{number}"));
        let mut all = std::iter::once(name.clone()).chain(numbered);
        all.find(is_free).unwrap_or(name)
    }

    /// A manual snapshot of an instance, under a name that is free.
    pub(super) fn new_instance_snapshot(
        &mut self,
        instance: &ClusterKey,
        id: &str,
    ) -> Result<ClusterKey, Fault> {
        let key = ClusterKey::new(&instance.region, id);
        self.check_snapshot_name(&key)?;
        self.check_room_for_snapshot(&key.region)?;
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
            read_from: source.read_side(),
            made: self.span(self.settings.durations.snapshot_ms),
            transfer: None,
            class: source.class.clone(),
            backup_retention_days: source.backup_retention_days,
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
            taken_at: self.now,
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
            if let Some(transfer) = &mut snapshot.transfer {
                transfer.done(snapshot.storage_gib);
            }
        }
    }

    pub(crate) fn instance_snapshot_deleted(&mut self, key: &ClusterKey) {
        self.instance_snapshots.remove(key);
        self.record(&key.region, &key.id, "snapshot deleted");
    }

    /// The snapshot that a name means in a Region, or an ARN in its own.
    pub(super) fn snapshot_key(&self, region: &str, name: &str) -> Result<ClusterKey, Fault> {
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
        let found = self.instance_snapshots.get(&key);
        let found = found.ok_or_else(|| Fault::instance_snapshot_not_found(id))?;
        // A copy that is under way ends with its target.
        let is_being_copied =
            found.status == SnapshotStatus::Creating && found.copied_from.is_some();
        let may_go = found.status == SnapshotStatus::Available || is_being_copied;
        if found.is_automated || !may_go {
            return Err(Fault::instance_snapshot_state(format!(
                "Only manual snapshots in the available state may be deleted; {id} is not one.",
            )));
        }
        // AWS does not say what becomes of a copy whose source is deleted meanwhile.
        if self.is_read(&InstanceSnapshot::volume(&key)) {
            return Err(Fault::instance_snapshot_state(format!(
                "Cannot delete snapshot {id} while it is being copied or restored."
            )));
        }
        // What is answered still has the status before.
        let answer = self.instance_snapshot_answer(&key);
        if let Some(found) = self.instance_snapshots.get_mut(&key) {
            found.status = SnapshotStatus::Deleting;
        }
        let copying = Then::InstanceSnapshotTaken(key.clone());
        self.tasks.retain(|task| task.then != copying);
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

    pub(super) fn instance_snapshot_answer(&self, key: &ClusterKey) -> Result<Node, Fault> {
        let found = self.instance_snapshots.get(key);
        let found = found.ok_or_else(|| Fault::instance_snapshot_not_found(&key.id))?;
        let view = self.instance_snapshot_view(found);
        Ok(Fields::default().node("DBSnapshot", view).done())
    }

    fn instance_snapshot_view(&self, snapshot: &InstanceSnapshot) -> Node {
        let copied_from = snapshot.copied_from.as_deref();
        let percent = match snapshot.status {
            SnapshotStatus::Creating => self.percent(snapshot.made, &snapshot.key, copied_from),
            SnapshotStatus::Available | SnapshotStatus::Deleting => 100,
        };
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
            .text("OriginalSnapshotCreateTime", iso(snapshot.taken_at))
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
