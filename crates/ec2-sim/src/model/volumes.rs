//! Volumes: made, described, deleted.

use crate::{
    answer::{Fields, Node},
    model::{
        BLOCK_BYTES, Blocks, Model,
        effect::Effect,
        fault::Fault,
        ids::{region_of_zone, zone_id},
        lookup::{Shown, asked, listed, tag_set, time},
        params::Params,
        state::{
            Attachment, Initialization, SnapshotStatus, Tags, Volume, VolumeShape, VolumeStatus,
        },
        task::Then,
    },
};

/// What every volume type is between, in GiB.
const SIZE_GIB_MAX: u64 = 65_536;
const MIB: u64 = 1 << 20;

/// A volume to be made.
#[derive(Debug)]
pub(crate) struct NewVolume {
    pub(crate) zone: String,
    pub(crate) shape: VolumeShape,
    pub(crate) snapshot: Option<String>,
    pub(crate) rate_mib: Option<u64>,
    pub(crate) tags: Tags,
}

impl Shown for Volume {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        let attachment = self.attachment.as_ref();
        let of = |field: fn(&Attachment) -> String| attachment.map(field).into_iter().collect();
        Some(match filter {
            "volume-id" => vec![self.id.clone()],
            "availability-zone" => vec![self.zone.clone()],
            "status" => vec![self.status.as_str().to_owned()],
            "volume-type" => vec![self.shape.volume_type.clone()],
            "snapshot-id" => self.snapshot.iter().cloned().collect(),
            "encrypted" => vec![self.shape.key.is_some().to_string()],
            "size" => vec![self.shape.size_gib.to_string()],
            "attachment.instance-id" => of(|it| it.instance.clone()),
            "attachment.device" => of(|it| it.device.clone()),
            "attachment.status" => of(|it| it.status.as_str().to_owned()),
            "attachment.delete-on-termination" => of(|it| it.delete_on_termination.to_string()),
            _ => return None,
        })
    }
}

impl Model {
    pub(crate) fn create_volume(&mut self, region: &str, params: &Params) -> Result<Node, Fault> {
        params.only(&[
            "AvailabilityZone",
            "AvailabilityZoneId",
            "ClientToken",
            "Encrypted",
            "Iops",
            "KmsKeyId",
            "Size",
            "SnapshotId",
            "TagSpecification",
            "Throughput",
            "VolumeInitializationRate",
            "VolumeType",
        ])?;
        let zone = zone_of(region, params)?;
        let tags = params.tags_for("volume", &["volume"])?;
        let new = self.new_volume(zone, params, "Size", tags)?;
        let id = self.make_volume(new, None);
        self.volume(region, &id).map(|it| self.volume_node(it))
    }

    /// What a volume is made with that such parameters ask for.
    pub(crate) fn new_volume(
        &self,
        zone: String,
        params: &Params,
        size: &str,
        tags: Tags,
    ) -> Result<NewVolume, Fault> {
        let region = region_of_zone(&zone).to_owned();
        let snapshot = match params.optional("SnapshotId") {
            Some(id) => Some(self.snapshot(&region, id)?),
            None => None,
        };
        if let Some(snapshot) = snapshot
            && snapshot.status != SnapshotStatus::Completed
        {
            return Err(Fault::state(format!(
                "Snapshot is in invalid state - {}",
                snapshot.status.as_str()
            )));
        }
        let least = snapshot.map_or(1, |snapshot| snapshot.size_gib);
        let size_gib = params.number(size, least, SIZE_GIB_MAX)?;
        if size_gib.is_none() && snapshot.is_none() {
            return Err(Fault::missing("Size or SnapshotId"));
        }
        let rate_mib = params.number("VolumeInitializationRate", 100, 300)?;
        self.check_rate(&region, rate_mib, snapshot.is_some())?;
        let origin = snapshot.and_then(|snapshot| snapshot.key.as_deref());
        let key = self.key_for(&region, params, origin)?;
        Ok(NewVolume {
            shape: shape(size_gib.unwrap_or(least), params, key)?,
            snapshot: snapshot.map(|snapshot| snapshot.id.clone()),
            zone,
            rate_mib,
            tags,
        })
    }

    /// The rates of a Region's volumes that still load must not be more than they may be in sum.
    fn check_rate(&self, region: &str, rate: Option<u64>, restores: bool) -> Result<(), Fault> {
        let Some(rate) = rate else {
            return Ok(());
        };
        if !restores {
            return Err(Fault::invalid_combination(
                "VolumeInitializationRate can only be specified with a SnapshotId",
            ));
        }
        let here = self.world.volumes.values().filter(|it| it.region == region);
        let loading = here
            .filter_map(|volume| volume.initialization.as_ref())
            .filter(|it| !it.pending.is_empty())
            .filter_map(|it| it.rate_mib);
        let most = self.settings.limits.initialization_mib_per_s;
        if loading.sum::<u64>() + rate > most {
            return Err(Fault::initialization_rates(most));
        }
        Ok(())
    }

    /// Makes a volume, for an instance at once or for nobody yet, and answers its id.
    pub(crate) fn make_volume(&mut self, new: NewVolume, attachment: Option<Attachment>) -> String {
        let id = self.ids.new_id("vol");
        let blocks = new
            .snapshot
            .as_ref()
            .and_then(|snapshot| self.world.snapshots.get(snapshot))
            .map_or_else(Blocks::default, |snapshot| snapshot.blocks.clone());
        let initialization = new
            .snapshot
            .is_some()
            .then(|| self.initialization(&blocks, new.rate_mib));
        let region = region_of_zone(&new.zone).to_owned();
        let is_readable = new
            .shape
            .key
            .as_ref()
            .is_none_or(|key| self.is_accessible_in(&region, key));
        let effect = Effect::MakeVolume {
            region: region.clone(),
            volume: id.clone(),
            bytes: new.shape.size_gib << 30,
            blocks,
        };
        let status = match attachment {
            Some(_) => VolumeStatus::InUse,
            None => VolumeStatus::Creating,
        };
        let volume = Volume {
            id: id.clone(),
            region,
            zone: new.zone,
            shape: new.shape,
            snapshot: new.snapshot,
            status,
            attachment,
            initialization,
            created_at: self.now,
            tags: new.tags,
            is_mounted: false,
            last_snapshot_at: None,
        };
        self.world.volumes.insert(id.clone(), volume);
        let after_ms = self.settings.durations.create_volume_ms;
        if is_readable {
            self.carry(after_ms, effect, Then::VolumeMade(id.clone()));
        } else {
            // The call succeeds, and the volume does not come about.
            self.after(after_ms, Then::VolumeGone(id.clone()));
        }
        id
    }

    fn initialization(&self, blocks: &Blocks, rate_mib: Option<u64>) -> Initialization {
        let durations = &self.settings.durations;
        let bytes_per_s = rate_mib.map_or(durations.initialization_bytes_per_s, |rate| rate * MIB);
        Initialization {
            total: blocks.len(),
            pending: blocks.iter().map(|(index, _)| index).collect(),
            rate_mib,
            bytes_per_s: bytes_per_s / durations.initialization_slowdown.max(1),
            credit: 0,
        }
    }

    pub(crate) fn delete_volume(&mut self, region: &str, params: &Params) -> Result<Node, Fault> {
        params.only(&["VolumeId"])?;
        let volume = self.volume(region, params.required("VolumeId")?)?;
        let id = volume.id.clone();
        match (volume.status, &volume.attachment) {
            (_, Some(attachment)) => Err(Fault::volume_in_use(format!(
                "Volume {id} is currently attached to {}",
                attachment.instance
            ))),
            (VolumeStatus::Available | VolumeStatus::Error, None) => {
                self.remove_volume(&id);
                Ok(Fields::default().text("return", true).done())
            }
            (VolumeStatus::Deleting, None) => Err(Fault::volume_not_found(&id)),
            (status @ (VolumeStatus::Creating | VolumeStatus::InUse), None) => Err(Fault::state(
                format!("Volume {id} is in the '{}' state.", status.as_str()),
            )),
        }
    }

    pub(crate) fn describe_volumes(&self, region: &str, params: &Params) -> Result<Node, Fault> {
        params.only(&["VolumeId", "Filter", "MaxResults", "NextToken"])?;
        let all = self.world.volumes.values();
        let all = all.filter(|volume| volume.region == region);
        let (found, next) = asked(all, params, "VolumeId", Fault::volume_not_found)?;
        let items = found.into_iter().map(|volume| self.volume_node(volume));
        Ok(listed("volumeSet", items, next))
    }

    pub(crate) fn volume_node(&self, volume: &Volume) -> Node {
        let initialization = volume.initialization.as_ref();
        let attachments = volume.attachment.iter();
        Fields::default()
            .text("volumeId", &volume.id)
            .text("size", volume.shape.size_gib)
            .optional("snapshotId", volume.snapshot.as_ref())
            .text("availabilityZone", &volume.zone)
            .text("availabilityZoneId", zone_id(&volume.zone))
            .text("status", volume.status.as_str())
            .text("createTime", time(volume.created_at))
            .node(
                "attachmentSet",
                Node::list(attachments.map(|it| attachment_node(&volume.id, it))),
            )
            .some("tagSet", tag_set(&volume.tags))
            .text("volumeType", &volume.shape.volume_type)
            .optional("iops", volume.shape.iops)
            .optional("throughput", volume.shape.throughput)
            .text("encrypted", volume.shape.key.is_some())
            .optional("kmsKeyId", volume.shape.key.as_ref())
            .text("multiAttachEnabled", false)
            .optional(
                "volumeInitializationRate",
                initialization.and_then(|it| it.rate_mib),
            )
            .done()
    }
}

/// `VolumeAttachment`.
pub(crate) fn attachment_node(volume: &str, attachment: &Attachment) -> Node {
    Fields::default()
        .text("volumeId", volume)
        .text("instanceId", &attachment.instance)
        .text("device", &attachment.device)
        .text("status", attachment.status.as_str())
        .text("attachTime", time(attachment.since))
        .text("deleteOnTermination", attachment.delete_on_termination)
        .done()
}

/// The zone that is asked for, by its name or its id.
fn zone_of(region: &str, params: &Params) -> Result<String, Fault> {
    let by_id = params.optional("AvailabilityZoneId").and_then(|id| {
        let letter = id.rsplit_once("-az")?.1.parse::<u8>().ok()?;
        let zone = format!("{region}{}", char::from(b'a' + letter.checked_sub(1)?));
        (zone_id(&zone) == id).then_some(zone)
    });
    let zone = match (by_id, params.owned("AvailabilityZone")) {
        (Some(zone), _) | (None, Some(zone)) => zone,
        (None, None) => return Err(Fault::missing("AvailabilityZone")),
    };
    if zone == region || region_of_zone(&zone) != region {
        return Err(Fault::new(
            400,
            "InvalidZone.NotFound",
            format!("The zone '{zone}' does not exist."),
        ));
    }
    Ok(zone)
}

/// What a volume is, with EC2's defaults: the type above all is gp2.
pub(crate) fn shape(
    size_gib: u64,
    params: &Params,
    key: Option<String>,
) -> Result<VolumeShape, Fault> {
    let volume_type = params.optional("VolumeType").unwrap_or("gp2");
    let iops = params.number("Iops", 100, 256_000)?;
    let throughput = params.number("Throughput", 125, 2_000)?;
    let (iops, throughput) = match (volume_type, iops, throughput) {
        ("gp3", iops, throughput) => (Some(iops.unwrap_or(3_000)), Some(throughput.unwrap_or(125))),
        ("io1" | "io2", Some(iops), None) => (Some(iops), None),
        ("io1" | "io2", None, None) => return Err(Fault::missing("iops")),
        ("gp2", None, None) => (Some((3 * size_gib).clamp(100, 16_000)), None),
        ("st1" | "sc1" | "standard", None, None) => (None, None),
        ("io1" | "io2" | "gp2" | "st1" | "sc1" | "standard", _, _) => {
            return Err(Fault::invalid_combination(format!(
                "The parameters iops or throughput are not supported for {volume_type} volumes."
            )));
        }
        (other, _, _) => {
            return Err(Fault::invalid_value(format!(
                "Value ({other}) for parameter volumeType is invalid."
            )));
        }
    };
    Ok(VolumeShape {
        size_gib,
        volume_type: volume_type.to_owned(),
        iops,
        throughput,
        key,
    })
}

/// How many blocks a volume has.
pub(crate) fn blocks_of(shape: &VolumeShape) -> u64 {
    (shape.size_gib << 30) / BLOCK_BYTES
}
