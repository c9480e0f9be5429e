//! What EC2 holds: instances, volumes, attachments, snapshots, keys.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::blocks::Blocks;

/// Milliseconds since the Unix epoch.
pub type Millis = u64;

/// Keys and values.
pub(crate) type Tags = BTreeMap<String, String>;

/// The tag that EC2 Auto Scaling gives the members of a group.
pub(crate) const GROUP_TAG: &str = "aws:autoscaling:groupName";

/// `InstanceState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Power {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
    Stopping,
    Stopped,
}

impl Power {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Running => 16,
            Self::ShuttingDown => 32,
            Self::Terminated => 48,
            Self::Stopping => 64,
            Self::Stopped => 80,
        }
    }

    /// Whether nothing comes after it.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::ShuttingDown | Self::Terminated)
    }
}

/// `RootDeviceType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RootDevice {
    Ebs,
    /// Such an instance cannot be stopped.
    InstanceStore,
}

/// An instance.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) zone: String,
    pub(crate) reservation: String,
    pub(crate) interface: String,
    pub(crate) client_token: Option<String>,
    pub(crate) power: Power,
    /// Why it is stopped, where nobody asked for it.
    pub(crate) state_reason: Option<&'static str>,
    pub(crate) launched_at: Millis,
    /// Since when it runs, while it does.
    pub(crate) running_since: Option<Millis>,
    pub(crate) image: String,
    pub(crate) instance_type: String,
    pub(crate) subnet: String,
    pub(crate) vpc: String,
    pub(crate) groups: Vec<String>,
    pub(crate) private_ip: String,
    /// What it has while it runs, and another one after each start.
    pub(crate) public_ip: Option<String>,
    pub(crate) wants_public_ip: bool,
    /// What stays.
    pub(crate) elastic_ip: Option<String>,
    pub(crate) root_device: String,
    pub(crate) root: RootDevice,
    pub(crate) attributes: Attributes,
    pub(crate) tags: Tags,
    /// Its status checks fail.
    pub(crate) is_impaired: bool,
}

/// What of an instance can be given and changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) key_name: Option<String>,
    pub(crate) profile_arn: Option<String>,
    pub(crate) user_data: Option<String>,
    pub(crate) is_ebs_optimized: bool,
    pub(crate) is_monitored: bool,
    pub(crate) checks_source_and_destination: bool,
    pub(crate) cannot_be_stopped: bool,
    pub(crate) cannot_be_terminated: bool,
    pub(crate) shutdown_behavior: String,
    /// `MetadataOptions`, by the names of the answer.
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Default for Attributes {
    fn default() -> Self {
        let metadata = [
            ("httpEndpoint", "enabled"),
            ("httpPutResponseHopLimit", "2"),
            ("httpTokens", "required"),
            ("instanceMetadataTags", "disabled"),
        ];
        Self {
            key_name: None,
            profile_arn: None,
            user_data: None,
            is_ebs_optimized: false,
            is_monitored: false,
            checks_source_and_destination: true,
            cannot_be_stopped: false,
            cannot_be_terminated: false,
            shutdown_behavior: "stop".to_owned(),
            metadata: metadata
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        }
    }
}

/// `VolumeState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VolumeStatus {
    Creating,
    Available,
    InUse,
    Deleting,
    Error,
}

impl VolumeStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Available => "available",
            Self::InUse => "in-use",
            Self::Deleting => "deleting",
            Self::Error => "error",
        }
    }
}

/// `VolumeAttachmentState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttachmentStatus {
    Attaching,
    Attached,
    Detaching,
    /// Asked to go, and still mounted.
    Busy,
}

impl AttachmentStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Attaching => "attaching",
            Self::Attached => "attached",
            Self::Detaching => "detaching",
            Self::Busy => "busy",
        }
    }
}

/// A volume at an instance.
#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    pub(crate) instance: String,
    pub(crate) device: String,
    pub(crate) status: AttachmentStatus,
    pub(crate) since: Millis,
    pub(crate) delete_on_termination: bool,
}

/// What a volume is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VolumeShape {
    pub(crate) size_gib: u64,
    pub(crate) volume_type: String,
    pub(crate) iops: Option<u64>,
    pub(crate) throughput: Option<u64>,
    /// The ARN of its key, where it is encrypted.
    pub(crate) key: Option<String>,
}

/// A volume.
#[derive(Debug, Clone)]
pub(crate) struct Volume {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) zone: String,
    pub(crate) shape: VolumeShape,
    pub(crate) snapshot: Option<String>,
    pub(crate) status: VolumeStatus,
    pub(crate) attachment: Option<Attachment>,
    pub(crate) initialization: Option<Initialization>,
    pub(crate) created_at: Millis,
    pub(crate) tags: Tags,
    /// Mounted, so that it cannot be detached from a host that runs.
    pub(crate) is_mounted: bool,
    pub(crate) last_snapshot_at: Option<Millis>,
}

/// How far a restored volume has its blocks.
#[derive(Debug, Clone)]
pub(crate) struct Initialization {
    pub(crate) total: usize,
    pub(crate) pending: BTreeSet<u32>,
    /// What was asked for, in MiB/s.
    pub(crate) rate_mib: Option<u64>,
    /// How fast it goes.
    pub(crate) bytes_per_s: u64,
    /// Thousandths of bytes that have come for a block that is not whole yet.
    pub(crate) credit: u64,
}

/// `SnapshotState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SnapshotStatus {
    Pending,
    Completed,
    Error,
}

impl SnapshotStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Error => "error",
        }
    }
}

/// A snapshot of a volume, or a copy of one.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) id: String,
    pub(crate) region: String,
    /// What it shows. That of a copy is arbitrary.
    pub(crate) volume: String,
    /// The volume that it is of indeed.
    pub(crate) lineage: String,
    pub(crate) size_gib: u64,
    pub(crate) key: Option<String>,
    pub(crate) description: String,
    pub(crate) status: SnapshotStatus,
    pub(crate) status_message: Option<String>,
    pub(crate) begun_at: Millis,
    /// When it is complete if nothing goes wrong, once that is known.
    pub(crate) due: Option<Millis>,
    pub(crate) completed_at: Option<Millis>,
    pub(crate) blocks: Blocks,
    pub(crate) tags: Tags,
    pub(crate) copied: Option<Copied>,
}

/// Where a copy came from, and what it moved.
#[derive(Debug, Clone)]
pub(crate) struct Copied {
    pub(crate) from_region: String,
    pub(crate) minutes: Option<u64>,
    /// Whether both keys could be used when it was asked for.
    pub(crate) is_usable: bool,
}

/// A key of KMS, which volumes and snapshots of its Region can be encrypted with.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) arn: String,
    pub(crate) alias: Option<String>,
    pub(crate) is_accessible: bool,
}

/// A public image, as far as hosts need one.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) root_device: String,
    pub(crate) size_gib: u64,
    /// The snapshot that its root is restored from, if its root holds anything.
    pub(crate) snapshot: Option<String>,
    pub(crate) tags: Tags,
}
