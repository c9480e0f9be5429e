//! Which volume comes home in the place of which, by device, and as what.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::names::inherited;
use crate::{
    hosts::{Device, Host, LaunchDisk, Tags, Volume},
    plan::{Ec2Instance, VolumeWish},
};

/// A volume that comes home.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pair {
    /// The device at home.
    pub device: String,
    /// Whether that is the root.
    pub is_root: bool,
    /// The volume that serves in the recovery Region.
    pub recovery_volume: String,
    /// Its size, in GiB.
    pub recovery_gib: u64,
    /// The volume that stands at home.
    pub home_volume: Option<String>,
    /// Its size, in GiB.
    pub home_gib: Option<u64>,
    /// What the new one's size is, in GiB.
    pub size_gib: u64,
    /// Its type.
    pub volume_type: String,
    /// Its operations in a second, where its type lets them be chosen.
    pub iops: Option<u32>,
    /// Its MiB in a second, where its type lets them be chosen.
    pub throughput: Option<u32>,
    /// Its key, by which each copy is encrypted, too.
    pub kms_key: Option<String>,
    /// Whether it goes with the host.
    pub delete_on_termination: bool,
    /// Its tags.
    pub tags: Tags,
}

/// What came of pairing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paired {
    /// The pairs, the root first.
    pub pairs: Vec<Pair>,
    /// What speaks against it, one sentence each.
    pub reasons: Vec<String>,
    /// The devices whose volumes stay where they are.
    pub left_out: Vec<String>,
}

/// A host with its volumes.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The host.
    pub host: &'a Host,
    /// Its volumes.
    pub volumes: &'a [Volume],
}

impl Pair {
    /// What the new volume is made as.
    #[must_use]
    pub fn disk(&self, snapshot: Option<String>, initialisation_rate: Option<u32>) -> LaunchDisk {
        LaunchDisk {
            snapshot,
            size_gib: self.size_gib,
            volume_type: self.volume_type.clone(),
            iops: self.iops,
            throughput: self.throughput,
            kms_key: self.kms_key.clone(),
            initialisation_rate,
            delete_on_termination: self.delete_on_termination,
        }
    }

    /// In words, for people.
    #[must_use]
    pub fn words(&self) -> String {
        let comes = format!(
            "{}: {} of {} GiB comes home",
            self.device, self.recovery_volume, self.recovery_gib
        );
        let comes = match (&self.home_volume, self.home_gib) {
            (Some(volume), Some(gib)) if gib == self.size_gib => {
                format!("{comes} in the place of {volume}")
            }
            (Some(volume), gib) => format!(
                "{comes} in the place of {volume}, which has {} GiB, as {} GiB",
                gib.unwrap_or_default(),
                self.size_gib
            ),
            (None, _) => format!("{comes} as a new {}", self.volume_type),
        };
        match &self.kms_key {
            Some(key) => format!("{comes}, encrypted by {key}"),
            None => comes,
        }
    }
}

impl<'a> Side<'a> {
    fn volume(&self, device: &Device) -> Option<&'a Volume> {
        let mut all = self.volumes.iter();
        all.find(|volume| volume.id == device.volume)
    }
}

/// Pairs the volumes of two hosts. A home host that is gone has none.
#[must_use]
pub fn pair(wished: &Ec2Instance, home: Option<Side<'_>>, recovery: Side<'_>) -> Paired {
    let mut paired = Paired::default();
    let mut devices: Vec<&Device> = recovery.host.devices.iter().collect();
    let is_root = |device: &Device| device.name == recovery.host.root_device;
    devices.sort_by_key(|device| (!is_root(device), device.name.clone()));
    for device in devices {
        let root = is_root(device);
        let name = match home.filter(|_| root) {
            Some(home) => &home.host.root_device,
            None => &device.name,
        };
        if wished.leave_out.contains(name) || wished.leave_out.contains(&device.name) {
            paired.left_out.push(name.clone());
            continue;
        }
        match one(wished, home, recovery, (device, name, root)) {
            Ok(pair) => paired.pairs.push(pair),
            Err(why) => paired.reasons.push(why),
        }
    }
    check(wished, home, recovery, &mut paired);
    paired
}

fn one(
    wished: &Ec2Instance,
    home: Option<Side<'_>>,
    recovery: Side<'_>,
    (device, name, is_root): (&Device, &str, bool),
) -> Result<Pair, String> {
    let (resource, id) = (&wished.name, &device.volume);
    let unseen =
        |id: &str| format!("volume {id} of {resource} is not shown by EC2; look again later");
    let comes = recovery.volume(device).ok_or_else(|| unseen(id))?;
    let at_home = home.and_then(|home| home.host.device(name));
    let old = match (home, at_home) {
        (Some(home), Some(at)) => Some(home.volume(at).ok_or_else(|| unseen(&at.volume))?),
        (Some(_) | None, None) | (None, Some(_)) => None,
    };
    for volume in [Some(comes), old].into_iter().flatten() {
        if volume.multi_attach {
            return Err(format!(
                "volume {} at {name} of {resource} may be attached to several hosts at once, which no cut-over of one host can replace; name {name} in leave_out",
                volume.id
            ));
        }
    }
    let wish = wished.volumes.get(name).cloned().unwrap_or_default();
    let like = old.unwrap_or(comes);
    let volume_type = wish.volume_type.clone().unwrap_or(like.volume_type.clone());
    let (iops, throughput) = performance(&volume_type, &wish, like);
    if iops.is_none() && is_provisioned(&volume_type) {
        return Err(format!(
            "a volume of type {volume_type} needs iops, and nothing tells those of {name} of {resource}; give volumes.{name}.iops"
        ));
    }
    let kms_key = key(wished, (name, &wish), comes, old)?;
    let source = recovery.host.device(&device.name);
    Ok(Pair {
        device: name.to_owned(),
        is_root,
        recovery_volume: comes.id.clone(),
        recovery_gib: comes.size_gib,
        home_volume: old.map(|old| old.id.clone()),
        home_gib: old.map(|old| old.size_gib),
        size_gib: comes.size_gib.max(least_gib(&volume_type, iops)),
        volume_type,
        iops,
        throughput,
        kms_key,
        delete_on_termination: at_home
            .or(source)
            .is_some_and(|device| device.delete_on_termination),
        tags: inherited(&like.tags),
    })
}

/// The key of the new volume and of every copy on the way to it. What comes of something encrypted is encrypted.
fn key(
    wished: &Ec2Instance,
    (name, wish): (&str, &VolumeWish),
    comes: &Volume,
    old: Option<&Volume>,
) -> Result<Option<String>, String> {
    let own = old.and_then(|old| old.kms_key.clone());
    let key = wish.kms_key.clone().or(own);
    if comes.encrypted && key.is_none() {
        return Err(format!(
            "volume {} at {name} of {} is encrypted and no key at home is named for it; give volumes.{name}.kms_key",
            comes.id, wished.name
        ));
    }
    Ok(key)
}

/// What is passed on of operations and throughput: only what the type lets be chosen, and only between volumes of one type.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html>.
fn performance(volume_type: &str, wish: &VolumeWish, like: &Volume) -> (Option<u32>, Option<u32>) {
    let alike = like.volume_type == volume_type;
    let iops = wish.iops.or(like.iops.filter(|_| alike));
    let throughput = wish.throughput.or(like.throughput.filter(|_| alike));
    let takes_iops = volume_type == "gp3" || is_provisioned(volume_type);
    (
        iops.filter(|_| takes_iops),
        throughput.filter(|_| volume_type == "gp3"),
    )
}

fn is_provisioned(volume_type: &str) -> bool {
    matches!(volume_type, "io1" | "io2")
}

/// The least size that a type lets a volume have, in GiB.
/// Source: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html>.
fn least_gib(volume_type: &str, iops: Option<u32>) -> u64 {
    let iops = u64::from(iops.unwrap_or_default());
    match volume_type {
        "st1" | "sc1" => 125,
        "io1" => iops.div_ceil(50).max(4),
        "io2" => iops.div_ceil(1_000).max(4),
        // The first 3,000 come with every size.
        "gp3" if iops > 3_000 => iops.div_ceil(500),
        _ => 1,
    }
}

/// What no single volume tells.
fn check(wished: &Ec2Instance, home: Option<Side<'_>>, recovery: Side<'_>, paired: &mut Paired) {
    let resource = &wished.name;
    let mut names = BTreeMap::<&str, usize>::new();
    for pair in &paired.pairs {
        *names.entry(&pair.device).or_default() += 1;
    }
    let twice = names.iter().filter(|(_, times)| **times > 1);
    let mut reasons: Vec<String> = twice
        .map(|(device, _)| {
            format!("two volumes of {resource} would come home as {device}; name one of them in leave_out")
        })
        .collect();
    let there: BTreeSet<&str> = home
        .iter()
        .chain([&recovery])
        .flat_map(|side| &side.host.devices)
        .map(|device| device.name.as_str())
        .collect();
    for device in &wished.leave_out {
        if !there.contains(device.as_str()) {
            reasons.push(format!(
                "leave_out of {resource} names {device}, which neither {} nor {} has; take it out",
                wished.home, wished.recovery
            ));
        }
    }
    for device in wished.volumes.keys() {
        if !names.contains_key(device.as_str()) {
            reasons.push(format!(
                "volumes of {resource} names {device}, and no volume comes home there; take it out"
            ));
        }
    }
    let stays = |name: &str| wished.leave_out.iter().any(|left| left == name);
    for device in home.iter().flat_map(|home| &home.host.devices) {
        if stays(&device.name) {
            if !paired.left_out.contains(&device.name) {
                paired.left_out.push(device.name.clone());
            }
        } else if !names.contains_key(device.name.as_str()) && paired.reasons.is_empty() {
            reasons.push(format!(
                "{} at {} of {} has no counterpart at {}; name the device in leave_out, and it stays as it is",
                device.volume, device.name, wished.home, wished.recovery
            ));
        }
    }
    paired.reasons.append(&mut reasons);
    if paired.pairs.is_empty() && paired.reasons.is_empty() {
        paired.reasons.push(format!(
            "no volume of {} is to come home; leave a device out of leave_out, or the host out of the plan",
            wished.recovery
        ));
    }
}
