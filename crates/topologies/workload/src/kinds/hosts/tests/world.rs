//! EC2 in memory, as far as hosts come home by it: what is begun ends at the next tick. A call may be cut off before its effect, and
//! its answer lost after it.

mod calls;
mod port;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use jiff::Timestamp;

use crate::hosts::{
    Attachment, Call, Device, Group, Host, Image, Network, RouteTable, Snapshot, Subnet, Tags,
    Volume,
};

pub(super) const HOME: &str = "us-east-1";
pub(super) const AWAY: &str = "us-west-2";
/// What a round moves: all of each volume, or what changed.
pub(super) const FULL: u64 = 8 << 20;
pub(super) const CHANGED: u64 = 512 << 10;

/// How a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is cut off before its effect.
    Before,
    /// Its answer is lost after its effect.
    After,
}

/// What is there.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) now: Timestamp,
    pub(super) hosts: BTreeMap<(String, String), Host>,
    pub(super) volumes: BTreeMap<(String, String), Volume>,
    pub(super) snapshots: BTreeMap<(String, String), Snapshot>,
    pub(super) images: BTreeMap<(String, String), (String, String, Image)>,
    pub(super) networks: BTreeMap<String, Network>,
    pub(super) protected: BTreeSet<String>,
    /// Keys that nobody may use.
    pub(super) locked: BTreeSet<String>,
    /// Checks of hosts that do not pass.
    pub(super) failing: BTreeSet<String>,
    /// How much is loaded of volumes that load slowly.
    pub(super) loading: Option<u8>,
    /// Snapshots are shown so many seconds late.
    pub(super) late_seconds: i64,
    pub(super) calls: Vec<(String, Call)>,
    pub(super) fault: Option<(usize, Fault)>,
    pub(super) cut_at: BTreeMap<String, Timestamp>,
    pub(super) tokens: BTreeMap<String, String>,
    pub(super) last_id: u32,
}

/// EC2 in memory.
#[derive(Debug, Default)]
pub(super) struct World(pub(super) Mutex<State>);

pub(super) fn place(region: &str, id: &str) -> (String, String) {
    (region.to_owned(), id.to_owned())
}

pub(super) fn has(tags: &Tags, wanted: &Tags) -> bool {
    wanted
        .iter()
        .all(|(key, value)| tags.get(key) == Some(value))
}

/// A volume of 8 GiB, and the device that it is at.
pub(super) fn disk(name: &str, volume: &str) -> (Device, Volume) {
    let device = Device {
        name: name.into(),
        volume: volume.into(),
        state: "attached".into(),
        delete_on_termination: name == "/dev/xvda",
    };
    let volume = Volume {
        id: volume.into(),
        state: "in-use".into(),
        size_gib: 8,
        volume_type: "gp3".into(),
        iops: Some(3_000),
        throughput: Some(125),
        tags: [("Name".to_owned(), format!("web {name}"))].into(),
        ..Volume::default()
    };
    (device, volume)
}

impl State {
    pub(super) fn plant(&mut self, region: &str, mut host: Host, disks: Vec<(Device, Volume)>) {
        for (device, mut volume) in disks {
            volume.zone = host.zone.clone();
            volume.attachments = vec![Attachment {
                host: host.id.clone(),
                device: device.name.clone(),
                state: "attached".into(),
                delete_on_termination: device.delete_on_termination,
            }];
            host.devices.push(device);
            self.volumes.insert(place(region, &volume.id), volume);
        }
        self.hosts.insert(place(region, &host.id), host);
        self.show_devices();
    }

    pub(super) fn id(&mut self, kind: &str) -> String {
        self.last_id += 1;
        format!("{kind}-{:04}", self.last_id)
    }

    pub(super) fn host(&self, region: &str, id: &str) -> &Host {
        &self.hosts[&place(region, id)]
    }

    /// What was begun ends.
    pub(super) fn tick(&mut self, seconds: i64) {
        self.now += jiff::SignedDuration::from_secs(seconds);
        for host in self.hosts.values_mut() {
            host.state = match host.state.as_str() {
                "pending" => "running".into(),
                "stopping" => "stopped".into(),
                "shutting-down" => "terminated".into(),
                _ => continue,
            };
        }
        for image in self.images.values_mut() {
            image.2.state = "available".into();
        }
        for snapshot in self.snapshots.values_mut() {
            if snapshot.state == "pending" {
                let key = snapshot.kms_key.as_ref();
                let is_locked = key.is_some_and(|key| self.locked.contains(key));
                snapshot.state = if is_locked { "error" } else { "completed" }.into();
                snapshot.message = is_locked.then(|| "Given key ID is not accessible".into());
                snapshot.full_bytes = Some(FULL);
            }
        }
        let locked = self.locked.clone();
        let is_locked = |volume: &Volume| {
            let key = volume.kms_key.as_ref();
            volume.state == "creating" && key.is_some_and(|key| locked.contains(key))
        };
        self.volumes.retain(|_, volume| !is_locked(volume));
        for volume in self.volumes.values_mut() {
            if volume.state == "creating" {
                volume.state = "available".into();
            }
            for at in &mut volume.attachments {
                at.state = at.state.replace("attaching", "attached");
            }
            if volume.attachments.iter().any(|at| at.state == "detaching") {
                volume.attachments.clear();
                volume.state = "available".into();
            }
        }
        self.show_devices();
    }

    /// Hosts show where volumes are.
    pub(super) fn show_devices(&mut self) {
        for ((region, id), host) in &mut self.hosts {
            let volumes = self.volumes.iter().filter(|((at, _), _)| at == region);
            let devices = volumes.flat_map(|(_, volume)| {
                let here = volume.attachments.iter().filter(|at| at.host == *id);
                here.map(|at| Device {
                    name: at.device.clone(),
                    volume: volume.id.clone(),
                    state: at.state.clone(),
                    delete_on_termination: at.delete_on_termination,
                })
            });
            host.devices = devices.collect();
            host.devices.sort_by(|one, other| one.name.cmp(&other.name));
        }
    }
}

/// A subnet, its table, and a security group, isolated or not.
pub(super) fn network(
    zone: &str,
    subnets: &[(&str, &str, &str)],
    groups: &[(&str, &str, usize)],
) -> Network {
    let of = |(id, name, _): &(&str, &str, &str)| Subnet {
        id: (*id).into(),
        vpc: "vpc-1".into(),
        zone: zone.into(),
        tags: [("Name".to_owned(), (*name).to_owned())].into(),
    };
    let table = |(id, _, through): &(&str, &str, &str)| RouteTable {
        id: format!("rtb-{id}"),
        vpc: "vpc-1".into(),
        is_main: false,
        subnets: vec![(*id).into()],
        through: vec!["local".into(), (*through).into()],
    };
    let group = |(id, name, egress): &(&str, &str, usize)| Group {
        id: (*id).into(),
        name: (*name).into(),
        vpc: "vpc-1".into(),
        egress_rules: *egress,
    };
    Network {
        subnets: subnets.iter().map(of).collect(),
        tables: subnets.iter().map(table).collect(),
        groups: groups.iter().map(group).collect(),
    }
}
