//! CreateDBClusterSnapshot, CopyDBClusterSnapshot, DescribeDBClusterSnapshots, DeleteDBClusterSnapshot and
//! RestoreDBClusterFromSnapshot; and what a managed failover keeps.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        cluster::new_cluster,
        copied::Copied,
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

    pub(crate) fn copy_db_cluster_snapshot(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("SourceDBClusterSnapshotIdentifier")?;
        let target = params.required("TargetDBClusterSnapshotIdentifier")?;
        check_identifier("TargetDBClusterSnapshotIdentifier", target)?;
        let from = self.names.parse_snapshot(name, region)?;
        let source = self
            .snapshots
            .get(&from)
            .ok_or_else(|| Fault::snapshot_not_found(name))?;
        if source.status != SnapshotStatus::Available {
            return Err(Fault::snapshot_state(format!(
                "Cannot copy snapshot {} because it is not in the available state.",
                from.id
            )));
        }
        let key = ClusterKey::new(region, target);
        if self.snapshots.contains_key(&key) {
            return Err(Fault::snapshot_exists(target));
        }
        let of_source = (source.encrypted, &source.kms_key, source.tags.as_slice());
        let copied = Copied::of(params, (&from, region), of_source)?;
        let copy = Snapshot {
            key: key.clone(),
            is_automated: false,
            copied_from: Some(self.names.snapshot_arn(&from)),
            status: SnapshotStatus::Creating,
            encrypted: copied.encrypted,
            kms_key: copied.kms_key,
            tags: copied.tags,
            ..source.clone()
        };
        let view = self.snapshot_view(&copy);
        self.snapshots.insert(key.clone(), copy);
        self.record(region, &key.id, "snapshot copy begun");
        let effect = Effect::CopySnapshot {
            from: from.clone(),
            to: key.clone(),
        };
        self.plan(
            &[&from.region, region],
            self.settings.durations.snapshot_ms,
            Some((When::AtOnce, effect)),
            Then::SnapshotTaken(key),
        );
        Ok(Fields::default().node("DBClusterSnapshot", view).done())
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
        if found.is_automated || found.status != SnapshotStatus::Available {
            return Err(Fault::snapshot_state(format!(
                "Only manual snapshots in the available state may be deleted; {id} is not one.",
            )));
        }
        // What is answered still has the status before.
        let view = self.snapshot_view(found);
        if let Some(snapshot) = self.snapshots.get_mut(&key) {
            snapshot.status = SnapshotStatus::Deleting;
        }
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
        cluster.engine_version.clone_from(&source.engine_version);
        cluster.master_username.clone_from(&source.master_username);
        cluster.network.encrypted |= source.encrypted || cluster.network.kms_key.is_some();
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

    fn snapshot_view(&self, snapshot: &Snapshot) -> Node {
        let percent = match snapshot.status {
            SnapshotStatus::Creating => 0,
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
