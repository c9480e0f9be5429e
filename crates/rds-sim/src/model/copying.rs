//! Copies of snapshots, of clusters and of instances alike: how many at once, how many bytes, and who reads what.
//! CopyDBClusterSnapshot is here, CopyDBSnapshot in [`super::standalone`].

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        copied::Copied,
        effect::{Effect, When},
        fault::Fault,
        key::ClusterKey,
        names::check_identifier,
        params::Params,
        span::Span,
        state::{Snapshot, SnapshotStatus},
        task::{TaskId, Then},
        transfer::Transfer,
    },
};

/// How many copies of instances' snapshots a Region takes from other ones at once.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html>.
const OF_INSTANCES_MAX: usize = 20;
/// The same of clusters' snapshots.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-copy-snapshot.html>.
const OF_CLUSTERS_MAX: usize = 5;
/// A cluster's volume counts as this large where nothing is beneath it, as its `AllocatedStorage` says.
const CLUSTER_GIB: u32 = 1;

impl Model {
    /// Refuses a copy from another Region while as many are under way as a Region takes at once.
    /// AWS documents the limits; the code is the nearest of those that it lists.
    pub(crate) fn check_room_for_copy(&self, from: &str, region: &str) -> Result<(), Fault> {
        let under_way = self.instance_snapshots.values().filter(|copy| {
            copy.status == SnapshotStatus::Creating
                && self.comes_to(region, &copy.key, copy.copied_from.as_deref())
        });
        if from != region && under_way.count() >= OF_INSTANCES_MAX {
            return Err(Fault::copies_at_once(OF_INSTANCES_MAX, region));
        }
        Ok(())
    }

    /// The same of clusters' snapshots.
    fn check_room_for_cluster_copy(&self, from: &str, region: &str) -> Result<(), Fault> {
        let under_way = self.snapshots.values().filter(|copy| {
            copy.status == SnapshotStatus::Creating
                && self.comes_to(region, &copy.key, copy.copied_from.as_deref())
        });
        if from != region && under_way.count() >= OF_CLUSTERS_MAX {
            return Err(Fault::copies_at_once(OF_CLUSTERS_MAX, region));
        }
        Ok(())
    }

    /// Whether a snapshot is a copy that a Region has from another one.
    fn comes_to(&self, region: &str, copy: &ClusterKey, copied_from: Option<&str>) -> bool {
        let home = copied_from.and_then(|arn| self.names.parse_arn(arn));
        copy.region == region && home.is_some_and(|(home, _, _)| home != region)
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
        if !source.encrypted && params.optional("KmsKeyId").is_some() {
            // Source: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CopyDBClusterSnapshot.html>. AWS publishes no text.
            return Err(Fault::invalid_combination(format!(
                "KmsKeyId can't be given for a copy of the unencrypted snapshot {}.",
                from.id
            )));
        }
        let of_source = (source.encrypted, &source.kms_key, source.tags.as_slice());
        let copied = Copied::of(params, (&from, region), of_source)?;
        self.check_room_for_cluster_copy(&from.region, region)?;
        self.check_room_for_cluster_snapshot(region)?;
        let duration_ms = self.settings.durations.copy_snapshot_ms;
        let copy = Snapshot {
            key: key.clone(),
            is_automated: false,
            copied_from: Some(self.names.snapshot_arn(&from)),
            status: SnapshotStatus::Creating,
            encrypted: copied.encrypted,
            kms_key: copied.kms_key,
            tags: copied.tags,
            made: self.span(duration_ms),
            // Copies of clusters' snapshots are always full.
            transfer: Some(Transfer::since(None)),
            ..source.clone()
        };
        let view = self.snapshot_view(&copy);
        self.snapshots.insert(key.clone(), copy);
        self.record(region, &key.id, "snapshot copy begun");
        let effect = Effect::CopySnapshot {
            from: from.clone(),
            to: key.clone(),
            since: None,
        };
        self.plan(
            &[&from.region, region],
            duration_ms,
            Some((When::AtOnce, effect)),
            Then::SnapshotTaken(key),
        );
        Ok(Fields::default().node("DBClusterSnapshot", view).done())
    }

    /// From now on.
    pub(crate) const fn span(&self, lasts_ms: u64) -> Span {
        Span {
            begun_at: self.now,
            lasts_ms,
        }
    }

    /// How far a snapshot has come that is being made. It comes no further while its own Region is lost, or the one that it is
    /// copied from.
    pub(crate) fn percent(&self, made: Span, key: &ClusterKey, copied_from: Option<&str>) -> u64 {
        let home = copied_from.and_then(|arn| self.names.parse_arn(arn));
        let home = home.map(|(region, _, _)| region);
        let needed = std::iter::once(key.region.as_str()).chain(home);
        let lost_at = needed
            .filter_map(|region| self.lost.get(region))
            .min()
            .copied();
        made.percent(lost_at.unwrap_or(self.now))
    }

    /// Whether a copy or a restoration reads a snapshot's volume still.
    pub(crate) fn is_read(&self, volume: &ClusterKey) -> bool {
        self.tasks.iter().any(|task| match &task.effect {
            Some(Effect::CopySnapshot { from, .. } | Effect::Restore { snapshot: from, .. }) => {
                from == volume && !task.is_carried()
            }
            Some(_) | None => false,
        })
    }

    /// The storage has counted what it copied.
    pub fn moved(&mut self, id: TaskId, bytes: u64) {
        let task = self.tasks.iter().find(|task| task.id == id);
        let transfer = match task.map(|task| &task.then) {
            Some(Then::SnapshotTaken(key)) => self
                .snapshots
                .get_mut(key)
                .and_then(|copy| copy.transfer.as_mut()),
            Some(Then::InstanceSnapshotTaken(key)) => self
                .instance_snapshots
                .get_mut(key)
                .and_then(|copy| copy.transfer.as_mut()),
            Some(_) | None => None,
        };
        if let Some(transfer) = transfer {
            transfer.bytes = Some(bytes);
        }
    }

    pub(crate) fn snapshot_taken(&mut self, key: &ClusterKey) {
        self.record(&key.region, &key.id, "snapshot available");
        if let Some(snapshot) = self.snapshots.get_mut(key) {
            snapshot.status = SnapshotStatus::Available;
            if let Some(transfer) = &mut snapshot.transfer {
                transfer.done(CLUSTER_GIB);
            }
        }
    }

    /// What a copy of an instance's snapshot took along; nothing for what is no copy, and for an unknown one.
    #[must_use]
    pub fn transfer(&self, copy: &ClusterKey) -> Option<Transfer> {
        self.instance_snapshots.get(copy)?.transfer.clone()
    }

    /// The same of a cluster's snapshot.
    #[must_use]
    pub fn cluster_transfer(&self, copy: &ClusterKey) -> Option<Transfer> {
        self.snapshots.get(copy)?.transfer.clone()
    }
}
