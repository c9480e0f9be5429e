//! What calls change.

use failover::{Error, topology::Accepted};

use super::{State, place};
use crate::hosts::{
    Attachment, Call, Device, Host, Image, Launch, LaunchDisk, Snapshot, Tags, Volume,
};

impl State {
    /// What a call changes.
    pub(super) fn carry_out(&mut self, region: &str, call: &Call) -> Result<Accepted, Error> {
        match call {
            Call::TakeSnapshots { host, .. } => {
                let last = self.cut_at.insert(host.clone(), self.now);
                let gap = last.map(|last| self.now.duration_since(last).as_secs());
                assert!(gap.is_none_or(|gap| gap >= 15), "snapshots after {gap:?} s");
                self.take(region, call);
            }
            Call::CopySnapshot { .. } => self.copy(region, call),
            Call::DropSnapshot { snapshot } => {
                self.snapshots.remove(&place(region, snapshot));
            }
            Call::CreateVolume(new) => {
                if !self.tokens.contains_key(&new.token) {
                    let id = self.volume(region, &new.zone, &new.disk, &new.tags);
                    self.tokens.insert(new.token.clone(), id);
                }
            }
            Call::Detach { volume, host, .. } => return self.detach(region, volume, host),
            Call::Attach {
                volume,
                host,
                device,
            } => return self.attach(region, (volume, host, device)),
            Call::SetDeleteOnTermination { host, devices } => {
                let all = self.volumes.values_mut().flat_map(|it| &mut it.attachments);
                for at in all.filter(|at| at.host == *host) {
                    if let Some(deletes) = devices.get(&at.device) {
                        at.delete_on_termination = *deletes;
                    }
                }
            }
            Call::Stop { host } => self.power(region, host, "running", "stopping"),
            Call::Start { host } => self.power(region, host, "stopped", "pending"),
            Call::RegisterImage { .. } => self.register(region, call),
            Call::DropImage { image } => self.images.retain(|_, (_, _, it)| it.id != *image),
            Call::Launch(launch) => self.launch(region, launch),
            Call::Terminate { host } => {
                self.power(region, host, "running", "shutting-down");
                self.volumes.retain(|_, volume| {
                    let mut at = volume.attachments.iter();
                    !at.any(|at| at.host == *host && at.delete_on_termination)
                });
            }
            Call::Tag { id, tags } => {
                if let Some(host) = self.hosts.get_mut(&place(region, id)) {
                    host.tags.extend(tags.clone());
                }
                if let Some(volume) = self.volumes.get_mut(&place(region, id)) {
                    volume.tags.extend(tags.clone());
                }
            }
        }
        self.show_devices();
        Ok(Accepted::Yes)
    }

    fn copy(&mut self, region: &str, call: &Call) {
        let Call::CopySnapshot {
            from,
            snapshot,
            kms_key,
            tags,
        } = call
        else {
            return;
        };
        let source = self.snapshots[&place(&from.0, snapshot)].clone();
        assert!(
            source.is_complete(),
            "{snapshot} is copied before it is complete"
        );
        let id = self.id("copy");
        let copy = Snapshot {
            id: id.clone(),
            state: "pending".into(),
            volume: "vol-ffffffff".into(),
            kms_key: kms_key.clone(),
            tags: tags.clone(),
            began_at: Some(self.now),
            full_bytes: None,
            ..source
        };
        self.snapshots.insert(place(region, &id), copy);
    }

    fn register(&mut self, region: &str, call: &Call) {
        let Call::RegisterImage {
            name,
            root_device,
            snapshot,
            tags,
            ..
        } = call
        else {
            return;
        };
        let image = Image {
            id: self.id("ami"),
            state: "pending".into(),
            tags: tags.clone(),
        };
        let image = (root_device.clone(), snapshot.clone(), image);
        let before = self.images.insert(place(region, name), image);
        assert!(before.is_none(), "two images {name}");
    }

    fn detach(&mut self, region: &str, id: &str, host: &str) -> Result<Accepted, Error> {
        let state = self.host(region, host).state.clone();
        assert_eq!(
            state, "stopped",
            "{id} is detached from a host that is {state}"
        );
        let volume = self.volumes.get_mut(&place(region, id)).unwrap();
        let Some(at) = volume.attachments.first_mut() else {
            return Ok(Accepted::NotNow("it is attached nowhere".to_owned()));
        };
        at.state = "detaching".into();
        self.show_devices();
        Ok(Accepted::Yes)
    }

    fn power(&mut self, region: &str, id: &str, from: &str, to: &str) {
        let protected = self.protected.contains(id);
        assert!(!protected, "{id} is stopped in spite of its protection");
        let host = self.hosts.get_mut(&place(region, id)).unwrap();
        if host.state == from {
            host.state = to.into();
        }
    }

    fn take(&mut self, region: &str, call: &Call) {
        let Call::TakeSnapshots {
            host,
            without_root,
            without,
            tags,
        } = call
        else {
            return;
        };
        let host = self.host(region, host).clone();
        for device in &host.devices {
            let is_root = device.name == host.root_device;
            if (is_root && *without_root) || without.contains(&device.volume) {
                continue;
            }
            let volume = self.volumes[&place(region, &device.volume)].clone();
            let id = self.id("snap");
            let snapshot = Snapshot {
                id: id.clone(),
                state: "pending".into(),
                volume: volume.id,
                size_gib: volume.size_gib,
                encrypted: volume.encrypted,
                tags: tags.clone(),
                began_at: Some(self.now),
                ..Snapshot::default()
            };
            self.snapshots.insert(place(region, &id), snapshot);
        }
    }

    fn volume(&mut self, region: &str, zone: &str, of: &LaunchDisk, tags: &Tags) -> String {
        let id = self.id("vol");
        let volume = Volume {
            id: id.clone(),
            state: "creating".into(),
            zone: zone.to_owned(),
            size_gib: of.size_gib,
            volume_type: of.volume_type.clone(),
            iops: of.iops,
            throughput: of.throughput,
            kms_key: of.kms_key.clone(),
            snapshot: of.snapshot.clone(),
            tags: tags.clone(),
            ..Volume::default()
        };
        self.volumes.insert(place(region, &id), volume);
        id
    }

    fn attach(
        &mut self,
        region: &str,
        (id, host, device): (&str, &str, &str),
    ) -> Result<Accepted, Error> {
        let at_host = self.host(region, host);
        assert!(
            at_host.device(device).is_none(),
            "{device} of {host} is taken"
        );
        let zone = at_host.zone.clone();
        let volume = self.volumes.get_mut(&place(region, id)).unwrap();
        assert_eq!(volume.zone, zone, "{id} is in another zone");
        assert_eq!(
            volume.state, "available",
            "{id} is attached while it is not"
        );
        volume.state = "in-use".into();
        volume.attachments = vec![Attachment {
            host: host.to_owned(),
            device: device.to_owned(),
            state: "attaching".into(),
            delete_on_termination: false,
        }];
        self.show_devices();
        Ok(Accepted::Yes)
    }

    fn launch(&mut self, region: &str, new: &Launch) {
        if self.tokens.contains_key(&new.token) {
            return;
        }
        let mut images = self.images.values();
        let (root, snapshot, _) = images
            .find(|image| image.2.id == new.image)
            .unwrap()
            .clone();
        let id = self.id("i");
        self.tokens.insert(new.token.clone(), id.clone());
        let subnets = &self.networks[region].subnets;
        let zone = subnets.iter().find(|it| it.id == new.subnet).unwrap();
        let zone = zone.zone.clone();
        let mut disks = Vec::new();
        for (name, of) in &new.disks {
            assert_eq!(
                of.snapshot.is_none(),
                *name == root,
                "the image brings the root"
            );
            let of = LaunchDisk {
                snapshot: of.snapshot.clone().or(Some(snapshot.clone())),
                ..of.clone()
            };
            let volume = self.volume(region, &zone, &of, &new.volume_tags);
            let mut volume = self.volumes.remove(&place(region, &volume)).unwrap();
            volume.state = "in-use".into();
            let device = Device {
                name: name.clone(),
                volume: volume.id.clone(),
                state: "attached".into(),
                delete_on_termination: of.delete_on_termination,
            };
            disks.push((device, volume));
        }
        let host = Host {
            id,
            state: "pending".into(),
            zone,
            subnet: new.subnet.clone(),
            security_groups: new.security_groups.clone(),
            instance_type: new.instance_type.clone(),
            root_device: root,
            root_type: "ebs".into(),
            profile_arn: new.profile_arn.clone(),
            tags: new.tags.clone(),
            ..Host::default()
        };
        self.plant(region, host, disks);
    }
}
