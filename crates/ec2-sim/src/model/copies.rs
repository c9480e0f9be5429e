//! Copies of snapshots in other Regions: what is moved, and what goes wrong without anybody's saying so.
//!
//! A copy is incremental if the snapshot's volume was copied into the Region before, the copy that was completed last is still
//! there, and all copies that are there have the same key as the new one, or all none. Else it is full.
//! Source: EBS user guide, *Copy an Amazon EBS snapshot*.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        blocks::{Blocks, Digest, bytes_of},
        effect::Effect,
        fault::Fault,
        lookup::tag_set,
        params::Params,
        state::{Copied, Millis, Snapshot, SnapshotStatus},
        task::Then,
    },
};

/// What EC2 says of a copy whose key may not be used, and nothing else does.
pub(crate) const NO_KEY: &str = "Given key ID is not accessible";
/// The volume that copies show.
const ARBITRARY: &str = "vol-ffffffff";

/// A copy that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Copy {
    /// The copy.
    pub snapshot: String,
    /// Its Region.
    pub to: String,
    /// What it is a copy of.
    pub source: String,
    /// The source's Region.
    pub from: String,
    /// The volume that the source is of.
    pub volume: String,
    /// Whether only what changed is moved.
    pub incremental: bool,
    /// What is moved, in bytes.
    pub bytes: u64,
    /// When it was asked for.
    pub begun_at: Millis,
    /// When it was complete, if it ever was.
    pub completed_at: Option<Millis>,
}

impl Model {
    pub(crate) fn copy_snapshot(&mut self, region: &str, params: &Params) -> Result<Node, Fault> {
        params.only(&[
            "CompletionDurationMinutes",
            "Description",
            "DestinationRegion",
            "Encrypted",
            "KmsKeyId",
            "PresignedUrl",
            "SourceRegion",
            "SourceSnapshotId",
            "TagSpecification",
        ])?;
        let from = params.required("SourceRegion")?.to_owned();
        if !self.answers(&from) {
            return Err(Fault::region_away(&from));
        }
        let source = self.snapshot(&from, params.required("SourceSnapshotId")?)?;
        if source.status != SnapshotStatus::Completed {
            return Err(Fault::state(format!(
                "The snapshot {} is in state '{}' and cannot be copied.",
                source.id,
                source.status.as_str()
            )));
        }
        let source = source.clone();
        let minutes = completion_minutes(params)?;
        let most = self.settings.limits.copies_at_once;
        if self.copies_under_way(region) >= most {
            return Err(Fault::too_many_copies(most));
        }
        let key = self.key_for(region, params, source.key.as_deref())?;
        let tags = params.tags_for("snapshot", &["snapshot"])?;
        let id = self.ids.new_id("snap");
        let copy = Snapshot {
            id: id.clone(),
            region: region.to_owned(),
            volume: ARBITRARY.to_owned(),
            key,
            description: params.owned("Description").unwrap_or_default(),
            status: SnapshotStatus::Pending,
            begun_at: self.now,
            due: None,
            completed_at: None,
            // Those of the source are not copied.
            tags,
            copied: None,
            ..source.clone()
        };
        let node = Fields::default()
            .text("snapshotId", &id)
            .some("tagSet", tag_set(&copy.tags))
            .done();
        self.begin_copy(copy, &source, minutes);
        Ok(node)
    }

    fn begin_copy(&mut self, mut copy: Snapshot, source: &Snapshot, minutes: Option<u64>) {
        let usable = copy
            .key
            .as_ref()
            .is_none_or(|key| self.is_accessible_in(&copy.region, key));
        let usable = usable
            && source
                .key
                .as_ref()
                .is_none_or(|key| self.is_accessible(key));
        let (moved, incremental) = if usable {
            self.to_move(&copy, source)
        } else {
            (BTreeMap::new(), false)
        };
        let bytes = bytes_of(moved.len());
        let durations = &self.settings.durations;
        let takes_ms =
            durations.copy_ms + bytes.saturating_mul(1_000) / durations.copy_bytes_per_s.max(1);
        copy.due = Some(self.now.saturating_add(takes_ms));
        copy.copied = Some(Copied {
            from_region: source.region.clone(),
            minutes,
            is_usable: usable,
        });
        self.copies.push(Copy {
            snapshot: copy.id.clone(),
            to: copy.region.clone(),
            source: source.id.clone(),
            from: source.region.clone(),
            volume: source.lineage.clone(),
            incremental,
            bytes,
            begun_at: self.now,
            completed_at: None,
        });
        let then = Then::Copied(copy.id.clone());
        if usable {
            let effect = Effect::Copy {
                from: source.region.clone(),
                to: copy.region.clone(),
                snapshot: copy.id.clone(),
                blocks: source.blocks.clone(),
                moved,
            };
            self.carry(takes_ms, effect, then);
        } else {
            self.after(durations.copy_ms, then);
        }
        self.world.snapshots.insert(copy.id.clone(), copy);
    }

    /// What a copy moves, and whether that is only what changed.
    fn to_move(&self, copy: &Snapshot, source: &Snapshot) -> (BTreeMap<u32, Option<Digest>>, bool) {
        // Within a Region and with the same key nothing is copied at all.
        if copy.region == source.region && copy.key == source.key {
            return (BTreeMap::new(), true);
        }
        let base = self.base_of(copy);
        let blocks = base.map_or_else(Blocks::default, |base| base.blocks.clone());
        (source.blocks.changed_since(&blocks), base.is_some())
    }

    /// The copy that a new one is the difference to, if there is one.
    fn base_of(&self, copy: &Snapshot) -> Option<&Snapshot> {
        let place = (copy.region.clone(), copy.lineage.clone());
        let latest = self.world.snapshots.get(self.latest_copies.get(&place)?)?;
        let all_have_its_key = self
            .world
            .snapshots
            .values()
            .filter(|other| other.copied.is_some() && other.region == copy.region)
            .filter(|other| other.lineage == copy.lineage)
            .filter(|other| other.status != SnapshotStatus::Error)
            .all(|other| other.key == copy.key);
        all_have_its_key.then_some(latest)
    }

    fn copies_under_way(&self, region: &str) -> usize {
        let here = self.world.snapshots.values().filter(|snapshot| {
            let is_pending = snapshot.status == SnapshotStatus::Pending;
            snapshot.region == region && snapshot.copied.is_some() && is_pending
        });
        here.count()
    }

    /// Whether a copy goes on only once its source's Region is back.
    pub(crate) fn waits_for_its_source(&self, id: &str) -> bool {
        let copied = self
            .world
            .snapshots
            .get(id)
            .and_then(|it| it.copied.as_ref());
        copied.is_some_and(|copied| !self.answers(&copied.from_region))
    }

    pub(crate) fn copy_completed(&mut self, id: &str) {
        let Some(copy) = self.world.snapshots.get(id) else {
            return;
        };
        let (region, lineage) = (copy.region.clone(), copy.lineage.clone());
        if !copy.copied.as_ref().is_some_and(|copied| copied.is_usable) {
            self.snapshot_failed(id, NO_KEY);
            return;
        }
        self.snapshot_completed(id);
        self.latest_copies.insert((region, lineage), id.to_owned());
        let now = self.now;
        for copy in self.copies.iter_mut().filter(|copy| copy.snapshot == id) {
            copy.completed_at = Some(now);
        }
    }

    /// Every copy that was asked for, oldest first.
    pub fn copies(&self) -> &[Copy] {
        &self.copies
    }

    /// The bytes that snapshots have stored, by Region.
    pub fn stored_bytes(&self) -> &BTreeMap<String, u64> {
        &self.stored
    }
}

/// `CompletionDurationMinutes`: quarters of hours, up to two days.
fn completion_minutes(params: &Params) -> Result<Option<u64>, Fault> {
    let minutes = params.number("CompletionDurationMinutes", 15, 2_880)?;
    match minutes {
        Some(minutes) if minutes % 15 != 0 => Err(Fault::invalid_value(format!(
            "Value ({minutes}) for parameter CompletionDurationMinutes is invalid. It must be a multiple of 15."
        ))),
        minutes => Ok(minutes),
    }
}
