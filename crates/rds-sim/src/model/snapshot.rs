//! CreateDBClusterSnapshot, DescribeDBClusterSnapshots and DeleteDBClusterSnapshot; and what a managed failover keeps.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        effect::{Effect, When},
        engine::ENGINE,
        fault::Fault,
        filters::Filters,
        key::ClusterKey,
        names::check_identifier,
        network::VPC,
        page::page,
        params::Params,
        state::{Cluster, ClusterStatus, Snapshot, SnapshotStatus},
        task::Then,
        views::{iso, tags_view},
    },
};

impl Model {
    pub(crate) fn create_db_cluster_snapshot(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let id = params.required("DBClusterSnapshotIdentifier")?;
        check_identifier("DBClusterSnapshotIdentifier", id)?;
        let name = params.required("DBClusterIdentifier")?;
        let cluster = self.found_cluster(region, name)?.key.clone();
        let key = ClusterKey::new(region, id);
        self.begin_snapshot(&cluster, &key)?;
        if let Some(snapshot) = self.snapshots.get_mut(&key) {
            snapshot.tags.extend(params.tags());
        }
        let view = self.snapshots.get(&key);
        let view = view.map(|snapshot| self.snapshot_view(snapshot));
        Ok(Fields::default()
            .node("DBClusterSnapshot", view.unwrap_or_else(|| Node::text("")))
            .done())
    }

    /// Begins a manual snapshot of an available cluster.
    pub(crate) fn begin_snapshot(
        &mut self,
        cluster: &ClusterKey,
        key: &ClusterKey,
    ) -> Result<(), Fault> {
        if self.snapshots.contains_key(key) {
            return Err(Fault::snapshot_exists(&key.id));
        }
        let source = self
            .clusters
            .get(cluster)
            .ok_or_else(|| Fault::cluster_not_found(&cluster.id))?;
        if source.status != ClusterStatus::Available {
            return Err(Fault::cluster_state(format!(
                "Can't create a snapshot because the database cluster {} isn't currently in the available state.",
                cluster.id
            )));
        }
        self.check_room_for_cluster_snapshot(&key.region)?;
        let snapshot = self.snapshot_of(source, key);
        self.snapshots.insert(key.clone(), snapshot);
        self.record(&key.region, &key.id, "snapshot begun");
        let effect = Effect::Snapshot {
            cluster: cluster.clone(),
            snapshot: key.clone(),
        };
        self.plan(
            &[&key.region],
            self.settings.durations.snapshot_ms,
            Some((When::AtOnce, effect)),
            Then::SnapshotTaken(key.clone()),
        );
        Ok(())
    }

    fn snapshot_of(&self, source: &Cluster, key: &ClusterKey) -> Snapshot {
        Snapshot {
            key: key.clone(),
            cluster: source.key.clone(),
            is_automated: false,
            copied_from: None,
            resource_id: source.resource_id.clone(),
            status: SnapshotStatus::Creating,
            engine_version: source.engine_version.clone(),
            master_username: source.master_username.clone(),
            port: source.port,
            encrypted: source.network.encrypted,
            kms_key: source.network.kms_key.clone(),
            iam_authentication: source.iam_authentication,
            backup_retention_days: source.backup_retention_days,
            made: self.span(self.settings.durations.snapshot_ms),
            transfer: None,
            cluster_created_at: source.created_at,
            created_at: self.now,
            tags: if source.kept.is_on("CopyTagsToSnapshot") {
                source.tags.clone()
            } else {
                Vec::new()
            },
        }
    }

    /// Before a managed failover replaces the old writer's volume, RDS keeps a snapshot of it.
    pub(crate) fn keep_deposed(&mut self, id: &str, member: &ClusterKey, primary: &ClusterKey) {
        let Some(source) = self.clusters.get(member) else {
            return;
        };
        let minute = iso(self.now)
            .get(..16)
            .unwrap_or_default()
            .replace(['T', ':'], "-");
        let name = format!("rds:unplanned-global-failover-{}-{minute}", member.id);
        let key = ClusterKey::new(&member.region, &name);
        let snapshot = Snapshot {
            is_automated: true,
            ..self.snapshot_of(source, &key)
        };
        self.snapshots.insert(key.clone(), snapshot);
        let effect = Effect::Snapshot {
            cluster: member.clone(),
            snapshot: key.clone(),
        };
        let then = Then::DeposedKept(key, member.clone(), id.to_owned(), primary.clone());
        self.plan(
            &[&member.region],
            self.settings.durations.snapshot_ms,
            Some((When::AtOnce, effect)),
            then,
        );
    }

    pub(crate) fn delete_db_cluster_snapshot(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let id = params.required("DBClusterSnapshotIdentifier")?;
        let key = ClusterKey::new(region, id);
        let found = self.snapshots.get(&key);
        let found = found.ok_or_else(|| Fault::snapshot_not_found(id))?;
        // A copy that is under way ends with its target.
        let is_being_copied =
            found.status == SnapshotStatus::Creating && found.copied_from.is_some();
        let may_go = found.status == SnapshotStatus::Available || is_being_copied;
        if found.is_automated || !may_go {
            return Err(Fault::snapshot_state(format!(
                "Only manual snapshots in the available state may be deleted; {id} is not one.",
            )));
        }
        // AWS does not say what becomes of a copy whose source is deleted meanwhile.
        if self.is_read(&key) {
            return Err(Fault::snapshot_state(format!(
                "Cannot delete snapshot {id} while it is being copied or restored."
            )));
        }
        // What is answered still has the status before.
        let view = self.snapshot_view(found);
        if let Some(snapshot) = self.snapshots.get_mut(&key) {
            snapshot.status = SnapshotStatus::Deleting;
        }
        let copying = Then::SnapshotTaken(key.clone());
        self.tasks.retain(|task| task.then != copying);
        self.record(region, &key.id, "snapshot deletion accepted");
        let drop = Effect::DropSnapshot {
            snapshot: key.clone(),
        };
        self.plan(
            &[region],
            self.settings.durations.delete_ms,
            Some((When::WhenDue, drop)),
            Then::SnapshotDeleted(key),
        );
        Ok(Fields::default().node("DBClusterSnapshot", view).done())
    }

    pub(crate) fn describe_db_cluster_snapshots(
        &self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        if let Some(id) = params.optional("DBClusterSnapshotIdentifier")
            && !self.snapshots.contains_key(&ClusterKey::new(region, id))
        {
            return Err(Fault::snapshot_not_found(id));
        }
        let is = |name: &str, value: &str| {
            params
                .optional(name)
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
        };
        let filters = Filters::read(
            params,
            &[
                "db-cluster-id",
                "db-cluster-snapshot-id",
                "snapshot-type",
                "engine",
            ],
        )?;
        let admitted = |snapshot: &&Snapshot| {
            let cluster = self.names.cluster_arn(&snapshot.cluster);
            let own = self.names.snapshot_arn(&snapshot.key);
            filters.admit("db-cluster-id", &[&snapshot.cluster.id, &cluster])
                && filters.admit("db-cluster-snapshot-id", &[&snapshot.key.id, &own])
                && filters.admit("snapshot-type", &[kind(snapshot)])
                && filters.admit("engine", &[ENGINE])
        };
        let items = self
            .snapshots
            .values()
            .filter(|snapshot| snapshot.key.region == region)
            .filter(|snapshot| is("DBClusterSnapshotIdentifier", &snapshot.key.id))
            .filter(|snapshot| is("DBClusterIdentifier", &snapshot.cluster.id))
            .filter(|snapshot| is("SnapshotType", kind(snapshot)))
            .filter(admitted)
            .map(|snapshot| (snapshot.key.id.clone(), self.snapshot_view(snapshot)));
        page(
            "DBClusterSnapshots",
            "DBClusterSnapshot",
            items.collect(),
            params,
        )
    }

    pub(crate) fn snapshot_view(&self, snapshot: &Snapshot) -> Node {
        let percent = match snapshot.status {
            SnapshotStatus::Creating => self.percent(
                snapshot.made,
                &snapshot.key,
                snapshot.copied_from.as_deref(),
            ),
            SnapshotStatus::Available | SnapshotStatus::Deleting => 100,
        };
        let zones =
            ["a", "b", "c"].map(|zone| Node::text(format!("{}{zone}", snapshot.key.region)));
        Fields::default()
            .text("DBClusterSnapshotIdentifier", &snapshot.key.id)
            .text(
                "DBClusterSnapshotArn",
                self.names.snapshot_arn(&snapshot.key),
            )
            .text("DBClusterIdentifier", &snapshot.cluster.id)
            .text("SnapshotType", kind(snapshot))
            .text("DbClusterResourceId", &snapshot.resource_id)
            .optional("SourceDBClusterSnapshotArn", snapshot.copied_from.as_ref())
            .text("Status", snapshot.status.as_str())
            .text("PercentProgress", percent)
            .text("Engine", ENGINE)
            .text("EngineVersion", &snapshot.engine_version)
            .optional("MasterUsername", snapshot.master_username.as_ref())
            .text("Port", snapshot.port)
            .text("StorageEncrypted", snapshot.encrypted)
            .optional("KmsKeyId", snapshot.kms_key.as_ref())
            .text("SnapshotCreateTime", iso(snapshot.created_at))
            .text("ClusterCreateTime", iso(snapshot.cluster_created_at))
            .text(
                "IAMDatabaseAuthenticationEnabled",
                snapshot.iam_authentication,
            )
            .text("AllocatedStorage", 1)
            .text("LicenseModel", "postgresql-license")
            .text("VpcId", VPC)
            .node("AvailabilityZones", Node::list("AvailabilityZone", zones))
            .node("TagList", tags_view(&snapshot.tags))
            .done()
    }
}

const fn kind(snapshot: &Snapshot) -> &'static str {
    if snapshot.is_automated {
        "automated"
    } else {
        "manual"
    }
}
