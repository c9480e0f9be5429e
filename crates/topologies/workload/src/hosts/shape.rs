//! Hosts, volumes, snapshots and networks, as EC2 shows them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Tags;

/// The tag that a member of an Auto Scaling group has.
/// Source: <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html>.
const GROUP_TAG: &str = "aws:autoscaling:groupName";
/// What a host's root is on that has a volume for it.
const EBS: &str = "ebs";

/// A host as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Host {
    /// Its id.
    pub id: String,
    /// `pending`, `running`, `stopping`, `stopped`, `shutting-down` or `terminated`.
    pub state: String,
    /// Why EC2 has changed that by itself.
    pub state_reason: Option<String>,
    /// Its image.
    pub image: String,
    /// Its type.
    pub instance_type: String,
    /// Its zone.
    pub zone: String,
    /// Its subnet.
    pub subnet: String,
    /// Its network.
    pub vpc: String,
    /// The ids of its security groups.
    pub security_groups: Vec<String>,
    /// Its address within the network.
    pub private_address: Option<String>,
    /// Its address outside.
    pub public_address: Option<String>,
    /// Whether that one is an Elastic IP address, which it keeps.
    pub keeps_public_address: bool,
    /// How many network interfaces it has.
    pub interfaces: usize,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// `windows`, or nothing for all others.
    pub platform: Option<String>,
    /// How it starts, where EC2 says: `legacy-bios` or `uefi`.
    pub boot_mode: Option<String>,
    /// `hvm`, or what was before.
    pub virtualization: String,
    /// `ebs` or `instance-store`.
    pub root_type: String,
    /// The device of its root.
    pub root_device: String,
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
    /// Its volumes, by device.
    pub devices: Vec<Device>,
    /// Its tags.
    pub tags: Tags,
}

/// A volume at a host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Device {
    /// The device.
    pub name: String,
    /// The volume.
    pub volume: String,
    /// `attaching`, `attached`, `detaching` or `detached`.
    pub state: String,
    /// Whether the volume goes with the host.
    pub delete_on_termination: bool,
}

/// A volume.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Volume {
    /// Its id.
    pub id: String,
    /// `creating`, `available`, `in-use`, `deleting` or `error`.
    pub state: String,
    /// Its zone.
    pub zone: String,
    /// Its size, in GiB.
    pub size_gib: u64,
    /// Its type.
    pub volume_type: String,
    /// Its operations in a second.
    pub iops: Option<u32>,
    /// Its MiB in a second.
    pub throughput: Option<u32>,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// The ARN of its key.
    pub kms_key: Option<String>,
    /// The snapshot that it was made of.
    pub snapshot: Option<String>,
    /// Whether several hosts may have it at once.
    pub multi_attach: bool,
    /// Where it is attached.
    pub attachments: Vec<Attachment>,
    /// Its tags.
    pub tags: Tags,
}

/// Where a volume is attached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attachment {
    /// The host.
    pub host: String,
    /// The device.
    pub device: String,
    /// `attaching`, `attached`, `detaching`, `detached` or `busy`.
    pub state: String,
    /// Whether the volume goes with the host.
    pub delete_on_termination: bool,
}

/// A snapshot of a volume, or a copy of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// Its id.
    pub id: String,
    /// `pending`, `completed` or `error`.
    pub state: String,
    /// What EC2 says of that. Of some failures it is all that is ever said.
    pub message: Option<String>,
    /// The volume that it is of. A copy has one that means nothing.
    pub volume: String,
    /// The volume's size, in GiB.
    pub size_gib: u64,
    /// How much of it is done.
    pub percent: Option<u8>,
    /// When it was begun.
    pub began_at: Option<Timestamp>,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// The ARN of its key.
    pub kms_key: Option<String>,
    /// The bytes of all its blocks, where it is complete.
    pub full_bytes: Option<u64>,
    /// Its tags.
    pub tags: Tags,
}

/// How far a volume is loaded that was made of a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Loading {
    /// The volume.
    pub volume: String,
    /// How much of it is there.
    pub percent: Option<u8>,
    /// In how many seconds the rest is, where a rate was asked for.
    pub seconds_left: Option<u64>,
    /// Whether all of it is there.
    pub is_whole: bool,
}

/// What the status checks of a host say, each `ok`, `impaired`, `initializing`, `insufficient-data` or `not-applicable`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Checks {
    /// Of what it runs on.
    pub system: String,
    /// Of the host itself.
    pub instance: String,
}

/// An image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Image {
    /// Its id.
    pub id: String,
    /// `pending`, `available`, `failed` or another one.
    pub state: String,
    /// Its tags.
    pub tags: Tags,
}

/// Where hosts can be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    /// The subnets.
    pub subnets: Vec<Subnet>,
    /// The security groups.
    pub groups: Vec<Group>,
    /// The route tables.
    pub tables: Vec<RouteTable>,
}

/// A subnet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subnet {
    /// Its id.
    pub id: String,
    /// Its network.
    pub vpc: String,
    /// Its zone.
    pub zone: String,
    /// Its tags.
    pub tags: Tags,
}

/// A security group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its network.
    pub vpc: String,
    /// How many rules it has for what goes out.
    pub egress_rules: usize,
}

/// A route table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RouteTable {
    /// Its id.
    pub id: String,
    /// Its network.
    pub vpc: String,
    /// Whether it is that of subnets without one of their own.
    pub is_main: bool,
    /// The subnets that it is of.
    pub subnets: Vec<String>,
    /// What its routes go through: `local`, a gateway, an interface.
    pub through: Vec<String>,
}

impl Host {
    /// Whether it is terminated, or about to be.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self.state.as_str(), "shutting-down" | "terminated")
    }

    /// Whether it runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state == "running"
    }

    /// Whether it is stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.state == "stopped"
    }

    /// Whether its root is on a volume.
    #[must_use]
    pub fn has_volume_as_root(&self) -> bool {
        self.root_type == EBS
    }

    /// The Auto Scaling group that it is a member of.
    #[must_use]
    pub fn scaling_group(&self) -> Option<&str> {
        self.tags.get(GROUP_TAG).map(String::as_str)
    }

    /// What is at a device.
    #[must_use]
    pub fn device(&self, name: &str) -> Option<&Device> {
        self.devices.iter().find(|device| device.name == name)
    }
}

impl Volume {
    /// Whether it is at no host.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.state == "available"
    }

    /// Where it is attached, or is about to be or to be no longer.
    #[must_use]
    pub fn attachment(&self) -> Option<&Attachment> {
        let mut all = self.attachments.iter();
        all.find(|attachment| attachment.state != "detached")
    }

    /// Whether it is attached to a host at a device, and nothing moves there.
    #[must_use]
    pub fn is_at(&self, host: &str, device: &str) -> bool {
        self.attachment()
            .is_some_and(|at| at.host == host && at.device == device && at.state == "attached")
    }
}

impl Snapshot {
    /// Whether it is complete.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.state == "completed"
    }

    /// Whether it will never be.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.state == "error"
    }
}

impl Checks {
    /// Whether both have passed.
    #[must_use]
    pub fn have_passed(&self) -> bool {
        self.system == "ok" && self.instance == "ok"
    }

    /// Whether one has failed.
    #[must_use]
    pub fn have_failed(&self) -> bool {
        self.system == "impaired" || self.instance == "impaired"
    }
}

impl Network {
    /// The subnet of that id.
    #[must_use]
    pub fn subnet(&self, id: &str) -> Option<&Subnet> {
        self.subnets.iter().find(|subnet| subnet.id == id)
    }

    /// The security group of that id.
    #[must_use]
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.id == id)
    }

    /// The route table of a subnet: its own, or that of its network.
    #[must_use]
    pub fn table(&self, subnet: &Subnet) -> Option<&RouteTable> {
        let own = |table: &&RouteTable| table.subnets.contains(&subnet.id);
        let main = |table: &&RouteTable| table.is_main && table.vpc == subnet.vpc;
        let mut all = self.tables.iter();
        all.clone().find(own).or_else(|| all.find(main))
    }
}
