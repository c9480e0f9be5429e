//! What a drill is told of a host and its disks, which it plays.

use serde::Serialize;

use crate::model::{
    Model,
    fault::Fault,
    state::{Instance, Millis, Volume},
};

/// A host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Host {
    /// Its id.
    pub id: String,
    /// Its Region.
    pub region: String,
    /// Its zone.
    pub zone: String,
    /// Its state. A drill runs its processes while it is `running`.
    pub state: String,
    /// Its status checks.
    pub checks: String,
    /// Its private address.
    pub private_ip: String,
    /// Where it is reached from outside.
    pub public_ip: Option<String>,
    /// Its root device.
    pub root_device: String,
    /// Its volumes, by device.
    pub volumes: Vec<HostVolume>,
}

/// A volume of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostVolume {
    /// Its device.
    pub device: String,
    /// The state of its attachment.
    pub attachment: String,
    /// What it is.
    pub disk: Disk,
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disk {
    /// Its id.
    pub id: String,
    /// Its Region.
    pub region: String,
    /// Its state.
    pub state: String,
    /// Its size in GiB.
    pub size_gib: u64,
    /// The snapshot that it was restored from.
    pub snapshot: Option<String>,
    /// How many of its blocks are not loaded yet.
    pub blocks_pending: usize,
}

impl Model {
    /// All hosts that are not gone, by their ids.
    pub fn hosts(&mut self, at: Millis) -> Vec<Host> {
        self.advance(at);
        let all = self.world.instances.values();
        all.map(|instance| self.host_of(instance)).collect()
    }

    /// One host.
    ///
    /// # Errors
    /// Where there is none of that id.
    pub fn host(&mut self, at: Millis, id: &str) -> Result<Host, Fault> {
        self.advance(at);
        let found = self.world.instances.get(id);
        let found = found.ok_or_else(|| Fault::instance_not_found(id))?;
        Ok(self.host_of(found))
    }

    /// One volume.
    ///
    /// # Errors
    /// Where there is none of that id.
    pub fn disk(&mut self, at: Millis, id: &str) -> Result<Disk, Fault> {
        self.advance(at);
        let found = self.world.volumes.get(id);
        found
            .map(disk_of)
            .ok_or_else(|| Fault::volume_not_found(id))
    }

    fn host_of(&self, instance: &Instance) -> Host {
        let volumes = self.volumes_at(&instance.id).into_iter();
        let volumes = volumes.filter_map(|volume| {
            let attachment = volume.attachment.as_ref()?;
            Some(HostVolume {
                device: attachment.device.clone(),
                attachment: attachment.status.as_str().to_owned(),
                disk: disk_of(volume),
            })
        });
        Host {
            id: instance.id.clone(),
            region: instance.region.clone(),
            zone: instance.zone.clone(),
            state: instance.power.as_str().to_owned(),
            checks: self.checks(instance).to_owned(),
            private_ip: instance.private_ip.clone(),
            public_ip: instance.shown_public_ip().map(str::to_owned),
            root_device: instance.root_device.clone(),
            volumes: volumes.collect(),
        }
    }
}

fn disk_of(volume: &Volume) -> Disk {
    let initialization = volume.initialization.as_ref();
    Disk {
        id: volume.id.clone(),
        region: volume.region.clone(),
        state: volume.status.as_str().to_owned(),
        size_gib: volume.shape.size_gib,
        snapshot: volume.snapshot.clone(),
        blocks_pending: initialization.map_or(0, |it| it.pending.len()),
    }
}
