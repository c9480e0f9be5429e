//! Snapshots of a host's volumes at one instant: made, described, deleted.

use crate::{
    answer::{Fields, Node},
    model::{
        Blocks, Model,
        attachments::device_of,
        effect::Effect,
        fault::Fault,
        lookup::{Shown, asked, listed, tag_set, time},
        params::Params,
        state::{Snapshot, SnapshotStatus, Tags, Volume},
        task::Then,
    },
};

impl Shown for Snapshot {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "snapshot-id" => vec![self.id.clone()],
            "volume-id" => vec![self.volume.clone()],
            "status" => vec![self.status.as_str().to_owned()],
            "description" => vec![self.description.clone()],
            "encrypted" => vec![self.key.is_some().to_string()],
            "volume-size" => vec![self.size_gib.to_string()],
            _ => return None,
        })
    }
}

impl Model {
    pub(crate) fn create_snapshots(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        params.only(&[
            "CopyTagsFromSource",
            "Description",
            "InstanceSpecification",
            "TagSpecification",
        ])?;
        let tags = params.tags_for("snapshot", &["snapshot"])?;
        let copies_tags = match params.optional("CopyTagsFromSource") {
            None => false,
            Some("volume") => true,
            Some(other) => {
                return Err(Fault::invalid_value(format!(
                    "Value ({other}) for parameter CopyTagsFromSource is invalid."
                )));
            }
        };
        let specification = params.within("InstanceSpecification");
        let instance = specification.required("InstanceId")?.to_owned();
        let volumes = self.volumes_to_cut(region, &specification)?;
        let description = params.owned("Description").unwrap_or_default();
        let mut pairs = Vec::with_capacity(volumes.len());
        for volume in volumes {
            let mut own = if copies_tags {
                volume.tags.clone()
            } else {
                Tags::new()
            };
            own.extend(tags.clone());
            let id = self.ids.new_id("snap");
            let snapshot = self.begin_snapshot(&id, &volume, &description, own);
            self.world.snapshots.insert(id.clone(), snapshot);
            if let Some(held) = self.world.volumes.get_mut(&volume.id) {
                held.last_snapshot_at = Some(self.now);
            }
            pairs.push((id, volume.id));
        }
        let ids: Vec<_> = pairs.iter().map(|(id, _)| id.clone()).collect();
        let cut = Effect::Cut {
            region: region.to_owned(),
            instance,
            snapshots: pairs,
        };
        self.carry(0, cut, Then::Cut(region.to_owned(), ids.clone()));
        let made = ids.iter().filter_map(|id| self.world.snapshots.get(id));
        let items = made.map(|snapshot| self.snapshot_node(snapshot, "state"));
        Ok(listed("snapshotSet", items, None))
    }

    /// What was cut is put into the store. A snapshot that was deleted meanwhile is forgotten after that.
    pub(crate) fn store_cut(&mut self, region: &str, ids: &[String]) {
        let after_ms = self.settings.durations.snapshot_ms;
        for id in ids {
            let (region, snapshot) = (region.to_owned(), id.clone());
            let release = Effect::Release {
                region: region.clone(),
                snapshot: snapshot.clone(),
            };
            let store = Effect::Store { region, snapshot };
            self.carry(after_ms, store, Then::Snapshotted(id.clone()));
            if !self.world.snapshots.contains_key(id) {
                self.carry(0, release, Then::Nothing);
            }
        }
    }

    /// The volumes that are asked for, if each may have a snapshot now.
    fn volumes_to_cut(&self, region: &str, asked: &Params) -> Result<Vec<Volume>, Fault> {
        asked.only(&["InstanceId", "ExcludeBootVolume", "ExcludeDataVolumeId"])?;
        let instance = self.instance(region, asked.required("InstanceId")?)?;
        if instance.power.is_over() {
            return Err(Fault::instance_state(format!(
                "The instance '{}' is {}.",
                instance.id,
                instance.power.as_str()
            )));
        }
        let without_root = asked.flag("ExcludeBootVolume")? == Some(true);
        let without = asked.list("ExcludeDataVolumeId");
        let volumes = self.volumes_at(&instance.id).into_iter();
        let volumes: Vec<_> = volumes
            .filter(|volume| {
                let is_root = device_of(volume) == Some(instance.root_device.as_str());
                !(without_root && is_root || without.contains(&volume.id.as_str()))
            })
            .cloned()
            .collect();
        if volumes.is_empty() {
            return Err(Fault::invalid_value(format!(
                "The instance '{}' has no volumes to be snapshotted.",
                instance.id
            )));
        }
        let limits = &self.settings.limits;
        for volume in &volumes {
            let pending = self.world.snapshots.values().filter(|snapshot| {
                let is_pending = snapshot.status == SnapshotStatus::Pending;
                is_pending && snapshot.copied.is_none() && snapshot.lineage == volume.id
            });
            if pending.count() >= limits.snapshots_at_once {
                return Err(Fault::concurrent_snapshots(&volume.id));
            }
            let next = volume
                .last_snapshot_at
                .map(|at| at.saturating_add(limits.snapshot_spacing_ms));
            if next.is_some_and(|next| self.now < next) {
                return Err(Fault::snapshot_rate(&volume.id));
            }
        }
        Ok(volumes)
    }

    fn begin_snapshot(&self, id: &str, of: &Volume, description: &str, tags: Tags) -> Snapshot {
        Snapshot {
            id: id.to_owned(),
            region: of.region.clone(),
            volume: of.id.clone(),
            lineage: of.id.clone(),
            size_gib: of.shape.size_gib,
            key: of.shape.key.clone(),
            description: description.to_owned(),
            status: SnapshotStatus::Pending,
            status_message: None,
            begun_at: self.now,
            due: None,
            completed_at: None,
            blocks: Blocks::default(),
            tags,
            copied: None,
        }
    }

    /// A snapshot's blocks are in its Region's store. Answers how many milliseconds AWS would have taken for what changed since
    /// the snapshot before it.
    pub(crate) fn stored(&mut self, id: &str, blocks: Blocks) -> u64 {
        let Some(snapshot) = self.world.snapshots.get(id) else {
            return 0;
        };
        let before = self.world.snapshots.values().filter(|other| {
            let is_own = other.copied.is_none() && other.lineage == snapshot.lineage;
            is_own && other.id != id && other.status == SnapshotStatus::Completed
        });
        let base = before.max_by_key(|other| (other.begun_at, other.completed_at));
        let base = base.map_or_else(Blocks::default, |base| base.blocks.clone());
        let changed = crate::model::bytes_of(blocks.changed_since(&base).len());
        *self.stored.entry(snapshot.region.clone()).or_default() += changed;
        let durations = &self.settings.durations;
        let takes_ms = durations.snapshot_ms
            + changed.saturating_mul(1_000) / durations.snapshot_bytes_per_s.max(1);
        let due = self.now.saturating_add(takes_ms);
        if let Some(snapshot) = self.world.snapshots.get_mut(id) {
            snapshot.blocks = blocks;
            snapshot.due = Some(due);
        }
        takes_ms
    }

    pub(crate) fn snapshot_completed(&mut self, id: &str) {
        let now = self.now;
        if let Some(snapshot) = self.world.snapshots.get_mut(id)
            && snapshot.status == SnapshotStatus::Pending
        {
            snapshot.status = SnapshotStatus::Completed;
            snapshot.completed_at = Some(now);
        }
    }

    pub(crate) fn delete_snapshot(&mut self, region: &str, params: &Params) -> Result<Node, Fault> {
        params.only(&["SnapshotId"])?;
        let id = params.required("SnapshotId")?;
        let id = self.snapshot(region, id)?.id.clone();
        let mut images = self.images.values();
        if let Some(image) = images.find(|image| image.snapshot.as_ref() == Some(&id)) {
            return Err(Fault::new(
                400,
                "InvalidSnapshot.InUse",
                format!("The snapshot {id} is currently in use by {}", image.id),
            ));
        }
        self.world.snapshots.remove(&id);
        let (region, snapshot) = (region.to_owned(), id);
        let release = Effect::Release { region, snapshot };
        self.carry(0, release, Then::Nothing);
        Ok(Fields::default().text("return", true).done())
    }

    pub(crate) fn describe_snapshots(&self, region: &str, params: &Params) -> Result<Node, Fault> {
        params.only(&["SnapshotId", "Filter", "MaxResults", "NextToken", "Owner"])?;
        let strangers = ["self", self.settings.account.as_str()];
        if let Some(other) = params
            .list("Owner")
            .into_iter()
            .find(|owner| !strangers.contains(owner))
        {
            return Err(Fault::invalid_value(format!("Invalid owner: {other}")));
        }
        let all = self.world.snapshots.values();
        let all = all.filter(|snapshot| snapshot.region == region);
        let (found, next) = asked(all, params, "SnapshotId", Fault::snapshot_not_found)?;
        let items = found
            .into_iter()
            .map(|snapshot| self.snapshot_node(snapshot, "status"));
        Ok(listed("snapshotSet", items, next))
    }

    /// How much of it is there, in percent.
    fn progress(&self, snapshot: &Snapshot) -> u64 {
        match (snapshot.status, snapshot.due) {
            (SnapshotStatus::Completed, _) => 100,
            (SnapshotStatus::Error, _) | (SnapshotStatus::Pending, None) => 0,
            (SnapshotStatus::Pending, Some(due)) => {
                let takes = due.saturating_sub(snapshot.begun_at).max(1);
                let gone = self.now.saturating_sub(snapshot.begun_at);
                (gone * 100 / takes).min(99)
            }
        }
    }

    /// A snapshot. What it is called that tells its state differs between operations.
    fn snapshot_node(&self, snapshot: &Snapshot, state: &'static str) -> Node {
        let is_complete = snapshot.status == SnapshotStatus::Completed;
        let copied = snapshot.copied.as_ref();
        let minutes = copied.and_then(|copied| copied.minutes);
        Fields::default()
            .text("snapshotId", &snapshot.id)
            .text("volumeId", &snapshot.volume)
            .text(state, snapshot.status.as_str())
            .optional("statusMessage", snapshot.status_message.as_ref())
            .text("startTime", time(snapshot.begun_at))
            .optional("completionTime", snapshot.completed_at.map(time))
            .text("progress", format!("{}%", self.progress(snapshot)))
            .text("ownerId", &self.settings.account)
            .text("volumeSize", snapshot.size_gib)
            .text("description", &snapshot.description)
            .text("encrypted", snapshot.key.is_some())
            .optional("kmsKeyId", snapshot.key.as_ref())
            .text("storageTier", "standard")
            .optional(
                "transferType",
                copied.map(|_| minutes.map_or("standard", |_| "time-based")),
            )
            .optional("completionDurationMinutes", minutes)
            .optional(
                "fullSnapshotSizeInBytes",
                is_complete.then(|| snapshot.blocks.bytes()),
            )
            .some("tagSet", tag_set(&snapshot.tags))
            .done()
    }
}
