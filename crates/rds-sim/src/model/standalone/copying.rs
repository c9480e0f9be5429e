//! CopyDBSnapshot: full at first, and what changed as long as an earlier one of the same instance is there under the same key.

use crate::{
    answer::Node,
    model::{
        Model,
        copied::Copied,
        effect::{Effect, When},
        fault::Fault,
        key::ClusterKey,
        names::check_identifier,
        params::Params,
        state::{InstanceSnapshot, SnapshotStatus},
        task::Then,
        transfer::Transfer,
    },
};

impl Model {
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
        self.check_room_for_copy(&from.region, region)?;
        self.check_room_for_snapshot(region)?;
        let since = self.copied_before(region, source, copied.kms_key.as_deref());
        let duration_ms = self.settings.durations.copy_snapshot_ms;
        let copy = InstanceSnapshot {
            key: key.clone(),
            is_automated: false,
            copied_from: Some(self.names.arn("snapshot", &from)),
            status: SnapshotStatus::Creating,
            made: self.span(duration_ms),
            transfer: Some(Transfer::since(since.clone())),
            encrypted: copied.encrypted,
            kms_key: copied.kms_key,
            created_at: self.now,
            tags: copied.tags,
            ..source.clone()
        };
        self.instance_snapshots.insert(key.clone(), copy);
        let how = if since.is_some() {
            "snapshot copy begun, of what changed"
        } else {
            "snapshot copy begun"
        };
        self.record(region, &key.id, how);
        let effect = Effect::CopySnapshot {
            from: InstanceSnapshot::volume(&from),
            to: InstanceSnapshot::volume(&key),
            since: since.as_ref().map(InstanceSnapshot::volume),
        };
        self.plan(
            &[&from.region, region],
            duration_ms,
            Some((When::AtOnce, effect)),
            Then::InstanceSnapshotTaken(key.clone()),
        );
        self.instance_snapshot_answer(&key)
    }

    /// The newest snapshot of the same instance that a Region has under the same key, if it is no newer than the source.
    /// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html>.
    fn copied_before(
        &self,
        region: &str,
        source: &InstanceSnapshot,
        kms_key: Option<&str>,
    ) -> Option<ClusterKey> {
        let before = self.instance_snapshots.values().filter(|before| {
            before.key.region == region
                && before.resource_id == source.resource_id
                && before.status == SnapshotStatus::Available
                && before.kms_key.as_deref() == kms_key
                && before.taken_at <= source.taken_at
        });
        let newest = before.max_by_key(|before| (before.taken_at, before.created_at))?;
        Some(newest.key.clone())
    }
}
