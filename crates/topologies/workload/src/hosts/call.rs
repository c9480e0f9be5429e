//! The calls that bring a host home, as data.

use std::{collections::BTreeMap, fmt};

use failover::domain::Region;
use serde::Serialize;

use super::Tags;

/// A call in its Region.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Where it is made.
    pub region: Region,
    /// What is made.
    #[serde(flatten)]
    pub call: Call,
}

/// One changing call to EC2.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "call", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each field is the parameter of its name")]
pub enum Call {
    /// `CreateSnapshots`: all volumes of a host at one instant, but for those that are left out.
    TakeSnapshots {
        host: String,
        without_root: bool,
        without: Vec<String>,
        tags: Tags,
    },
    /// `CopySnapshot`, from another Region.
    CopySnapshot {
        from: Region,
        snapshot: String,
        kms_key: Option<String>,
        tags: Tags,
    },
    /// `DeleteSnapshot`.
    DropSnapshot { snapshot: String },
    /// `CreateVolume`.
    CreateVolume(Box<NewVolume>),
    /// `DetachVolume`.
    Detach {
        host: String,
        volume: String,
        device: String,
    },
    /// `AttachVolume`.
    Attach {
        host: String,
        volume: String,
        device: String,
    },
    /// `ModifyInstanceAttribute` with what goes with the host, by device.
    SetDeleteOnTermination {
        host: String,
        devices: BTreeMap<String, bool>,
    },
    /// `StopInstances`.
    Stop { host: String },
    /// `StartInstances`.
    Start { host: String },
    /// `RegisterImage`, of a snapshot of a root.
    RegisterImage {
        name: String,
        root_device: String,
        snapshot: String,
        architecture: String,
        boot_mode: Option<String>,
        tags: Tags,
    },
    /// `DeregisterImage`.
    DropImage { image: String },
    /// `RunInstances`.
    Launch(Box<Launch>),
    /// `TerminateInstances`, of a rehearsal's twin.
    Terminate { host: String },
    /// `CreateTags`.
    Tag { id: String, tags: Tags },
}

/// A volume that is made of a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NewVolume {
    /// What makes a second call answer the first one's volume.
    pub token: String,
    /// The zone.
    pub zone: String,
    /// What it is at home, for people.
    pub device: String,
    /// The volume itself.
    pub disk: LaunchDisk,
    /// Its tags.
    pub tags: Tags,
}

/// What a disk is made as.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LaunchDisk {
    /// The snapshot; `None` where an image brings it.
    pub snapshot: Option<String>,
    /// Its size, in GiB.
    pub size_gib: u64,
    /// Its type.
    pub volume_type: String,
    /// Its operations in a second, where its type lets them be chosen.
    pub iops: Option<u32>,
    /// Its MiB in a second, where its type lets them be chosen.
    pub throughput: Option<u32>,
    /// Its key.
    pub kms_key: Option<String>,
    /// MiB in a second at which it is loaded.
    pub initialisation_rate: Option<u32>,
    /// Whether it goes with the host.
    pub delete_on_termination: bool,
}

/// A host that is launched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Launch {
    /// What makes a second call answer the first one's host.
    pub token: String,
    /// The image.
    pub image: String,
    /// The type.
    pub instance_type: String,
    /// The subnet.
    pub subnet: String,
    /// The security groups.
    pub security_groups: Vec<String>,
    /// The name of its key pair.
    pub key_name: Option<String>,
    /// The ARN of its instance profile.
    pub profile_arn: Option<String>,
    /// Whether it has bandwidth of its own for its volumes.
    pub ebs_optimized: bool,
    /// Whether it is monitored in detail.
    pub monitored: bool,
    /// `HttpTokens` and the like, by name.
    pub metadata: BTreeMap<String, String>,
    /// Its disks, by device.
    pub disks: BTreeMap<String, LaunchDisk>,
    /// Its tags.
    pub tags: Tags,
    /// The tags of its volumes.
    pub volume_tags: Tags,
}

impl Call {
    /// EC2's own name for it. The action that allows it is called the same.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        match self {
            Self::TakeSnapshots { .. } => "CreateSnapshots",
            Self::CopySnapshot { .. } => "CopySnapshot",
            Self::DropSnapshot { .. } => "DeleteSnapshot",
            Self::CreateVolume(_) => "CreateVolume",
            Self::Detach { .. } => "DetachVolume",
            Self::Attach { .. } => "AttachVolume",
            Self::SetDeleteOnTermination { .. } => "ModifyInstanceAttribute",
            Self::Stop { .. } => "StopInstances",
            Self::Start { .. } => "StartInstances",
            Self::RegisterImage { .. } => "RegisterImage",
            Self::DropImage { .. } => "DeregisterImage",
            Self::Launch(_) => "RunInstances",
            Self::Terminate { .. } => "TerminateInstances",
            Self::Tag { .. } => "CreateTags",
        }
    }

    /// Its name in records and logs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TakeSnapshots { .. } => "take_snapshots",
            Self::CopySnapshot { .. } => "copy_snapshot",
            Self::DropSnapshot { .. } => "drop_snapshot",
            Self::CreateVolume(_) => "create_volume",
            Self::Detach { .. } => "detach",
            Self::Attach { .. } => "attach",
            Self::SetDeleteOnTermination { .. } => "set_delete_on_termination",
            Self::Stop { .. } => "stop",
            Self::Start { .. } => "start",
            Self::RegisterImage { .. } => "register_image",
            Self::DropImage { .. } => "drop_image",
            Self::Launch(_) => "launch",
            Self::Terminate { .. } => "terminate",
            Self::Tag { .. } => "tag",
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TakeSnapshots { host, .. } => {
                write!(
                    f,
                    "the volumes of {host} are kept as snapshots of one instant"
                )
            }
            Self::CopySnapshot { from, snapshot, .. } => {
                write!(f, "{snapshot} is copied home from {from}")
            }
            Self::DropSnapshot { snapshot } => {
                write!(
                    f,
                    "{snapshot} has a later one that is complete and is deleted"
                )
            }
            Self::CreateVolume(new) => {
                let snapshot = new.disk.snapshot.as_deref().unwrap_or("nothing");
                write!(
                    f,
                    "a volume for {} is made of {snapshot} in {}",
                    new.device, new.zone
                )
            }
            Self::Detach {
                host,
                volume,
                device,
            } => {
                write!(f, "{volume} is detached from {device} of {host} and kept")
            }
            Self::Attach {
                host,
                volume,
                device,
            } => {
                write!(f, "{volume} is attached to {host} as {device}")
            }
            Self::SetDeleteOnTermination { host, devices } => {
                let devices: Vec<_> = devices.keys().map(String::as_str).collect();
                write!(
                    f,
                    "{} of {host} go with it or not as before",
                    devices.join(", ")
                )
            }
            Self::Stop { host } => write!(f, "{host} is stopped"),
            Self::Start { host } => write!(f, "{host} is started"),
            Self::RegisterImage { name, snapshot, .. } => {
                write!(f, "image {name} is made of {snapshot}")
            }
            Self::DropImage { image } => {
                write!(f, "{image} was needed for one launch and is taken away")
            }
            Self::Launch(launch) => {
                write!(
                    f,
                    "a host is launched of {} in {}",
                    launch.image, launch.subnet
                )
            }
            Self::Terminate { host } => write!(f, "twin {host} is taken away"),
            Self::Tag { id, .. } => write!(f, "{id} is tagged with what becomes of it"),
        }
    }
}
