//! What a drill begins with: hosts with disks, networks, keys, images. And what it does to Regions, zones and hosts.

use serde::Deserialize;

use crate::model::{
    Model,
    effect::Effect,
    fault::Fault,
    ids::region_of_zone,
    network::{RouteTable, SecurityGroup, Subnet},
    params::Params,
    state::{
        Attachment, AttachmentStatus, Attributes, GROUP_TAG, Image, Instance, Key, Millis, Power,
        RootDevice, Tags,
    },
    task::Then,
    volumes::NewVolume,
};

/// A host that runs, or is stopped.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlantedHost {
    /// A subnet that was planted. It tells Region, zone and network.
    pub subnet: String,
    /// Security groups that were planted.
    pub groups: Vec<String>,
    /// An image. It need not have been planted.
    pub image: Option<String>,
    /// `m7i.large` if nothing is said.
    pub instance_type: Option<String>,
    /// An address of its own, if nothing is said.
    pub private_ip: Option<String>,
    /// An address from outside that it keeps.
    pub elastic_ip: Option<String>,
    /// The name of its key pair.
    pub key_name: Option<String>,
    /// Its role.
    pub profile_arn: Option<String>,
    /// Its user data, in base64.
    pub user_data: Option<String>,
    /// `/dev/xvda` if nothing is said.
    pub root_device: Option<String>,
    /// Its root is not on a volume, so it cannot be stopped.
    pub has_instance_store_root: bool,
    /// `DisableApiStop`.
    pub disable_api_stop: bool,
    /// `DisableApiTermination`.
    pub disable_api_termination: bool,
    /// The Auto Scaling group that it is a member of.
    pub auto_scaling_group: Option<String>,
    /// It is stopped.
    pub is_stopped: bool,
    /// Its volumes.
    pub disks: Vec<PlantedDisk>,
    /// Its tags.
    pub tags: Tags,
}

/// A volume of a host.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlantedDisk {
    /// Its device.
    pub device: String,
    /// Its size in GiB.
    pub size_gib: u64,
    /// `gp3` if nothing is said.
    pub volume_type: Option<String>,
    /// Its operations a second.
    pub iops: Option<u64>,
    /// Its MiB/s.
    pub throughput: Option<u64>,
    /// Its key, by id, alias or ARN. Without one it is not encrypted.
    pub key: Option<String>,
    /// The snapshot that it is restored from, wholly at once.
    pub snapshot: Option<String>,
    /// `DeleteOnTermination`.
    pub delete_on_termination: bool,
    /// Its tags.
    pub tags: Tags,
}

/// A key of KMS.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlantedKey {
    /// Its Region.
    pub region: String,
    /// Its id.
    pub id: String,
    /// Its alias, without `alias/`.
    #[serde(default)]
    pub alias: Option<String>,
    /// Whether it may be used.
    pub is_accessible: bool,
}

/// An image.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlantedImage {
    /// Its Region.
    pub region: String,
    /// Its id.
    pub id: String,
    /// Its root device.
    pub root_device: String,
    /// The size of its root in GiB.
    pub size_gib: u64,
    /// The snapshot that the root is restored from.
    #[serde(default)]
    pub snapshot: Option<String>,
}

impl Model {
    /// Makes a subnet.
    pub fn plant_subnet(&mut self, subnet: Subnet) {
        self.world.subnets.insert(subnet.id.clone(), subnet);
    }

    /// Makes a security group.
    pub fn plant_group(&mut self, group: SecurityGroup) {
        self.world.groups.insert(group.id.clone(), group);
    }

    /// Makes a route table.
    pub fn plant_route_table(&mut self, table: RouteTable) {
        self.world.route_tables.insert(table.id.clone(), table);
    }

    /// Makes an image, or changes it.
    pub fn plant_image(&mut self, image: PlantedImage) {
        let made = Image {
            id: image.id.clone(),
            region: image.region,
            name: image.id.clone(),
            root_device: image.root_device,
            size_gib: image.size_gib,
            snapshot: image.snapshot,
            tags: Tags::new(),
        };
        self.images.insert(image.id, made);
    }

    /// Makes a key, or lets it be used or not. Answers its ARN.
    pub fn plant_key(&mut self, key: PlantedKey) -> String {
        let arn = self.key_arn(&key.region, &key.id);
        self.put_key(Key {
            arn: arn.clone(),
            alias: key.alias,
            is_accessible: key.is_accessible,
        });
        arn
    }

    /// Makes a host with its disks, and answers its id.
    ///
    /// # Errors
    /// Where it names what is not there, or asks for what no volume can be.
    pub fn plant_host(&mut self, at: Millis, host: PlantedHost) -> Result<String, Fault> {
        self.advance(at);
        let subnet = self.world.subnets.get(&host.subnet);
        let subnet = subnet
            .ok_or_else(|| Fault::not_found("InvalidSubnetID", "subnet ID", &host.subnet))?
            .clone();
        let region = region_of_zone(&subnet.zone).to_owned();
        let mut devices = Vec::with_capacity(host.disks.len());
        for disk in &host.disks {
            devices.push((disk.clone(), self.planted_volume(&subnet.zone, disk)?));
        }
        let id = self.ids.new_id("i");
        let mut tags = host.tags;
        tags.extend(
            host.auto_scaling_group
                .map(|group| (GROUP_TAG.to_owned(), group)),
        );
        let private = self.ids.private_ip();
        let public = self.ids.public_ip();
        let runs = !host.is_stopped;
        let instance = Instance {
            id: id.clone(),
            region,
            zone: subnet.zone,
            reservation: self.ids.new_id("r"),
            interface: self.ids.new_id("eni"),
            client_token: None,
            power: if runs { Power::Running } else { Power::Stopped },
            state_reason: None,
            launched_at: self.now,
            // Its checks have passed long ago.
            running_since: runs.then_some(0),
            image: host.image.unwrap_or_else(|| "ami-planted".to_owned()),
            instance_type: host.instance_type.unwrap_or_else(|| "m7i.large".to_owned()),
            subnet: subnet.id,
            vpc: subnet.vpc,
            groups: host.groups,
            private_ip: host.private_ip.unwrap_or(private),
            public_ip: (runs && subnet.gives_public_addresses).then_some(public),
            wants_public_ip: subnet.gives_public_addresses,
            elastic_ip: host.elastic_ip,
            root_device: host.root_device.unwrap_or_else(|| "/dev/xvda".to_owned()),
            root: match host.has_instance_store_root {
                true => RootDevice::InstanceStore,
                false => RootDevice::Ebs,
            },
            attributes: Attributes {
                key_name: host.key_name,
                profile_arn: host.profile_arn,
                user_data: host.user_data,
                cannot_be_stopped: host.disable_api_stop,
                cannot_be_terminated: host.disable_api_termination,
                ..Attributes::default()
            },
            tags,
            is_impaired: false,
        };
        self.world.instances.insert(id.clone(), instance);
        self.attach_planted(&id, devices);
        Ok(id)
    }

    fn planted_volume(&self, zone: &str, disk: &PlantedDisk) -> Result<NewVolume, Fault> {
        let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
        let params = Params::new([
            ("Size", disk.size_gib.to_string()),
            (
                "VolumeType",
                disk.volume_type.clone().unwrap_or_else(|| "gp3".to_owned()),
            ),
            ("Iops", number(disk.iops)),
            ("Throughput", number(disk.throughput)),
            ("KmsKeyId", disk.key.clone().unwrap_or_default()),
            ("SnapshotId", disk.snapshot.clone().unwrap_or_default()),
        ]);
        self.new_volume(zone.to_owned(), &params, "Size", disk.tags.clone())
    }

    fn attach_planted(&mut self, id: &str, devices: Vec<(PlantedDisk, NewVolume)>) {
        for (disk, volume) in devices {
            let attachment = Attachment {
                instance: id.to_owned(),
                device: disk.device,
                status: AttachmentStatus::Attached,
                since: self.now,
                delete_on_termination: disk.delete_on_termination,
            };
            let volume = self.make_volume(volume, Some(attachment));
            if let Some(volume) = self.world.volumes.get_mut(&volume) {
                volume.initialization = None;
            }
        }
    }

    /// Takes a Region away: its EC2 answers no more, and its hosts end at once. Copies out of it wait.
    pub fn lose_region(&mut self, at: Millis, region: &str) {
        self.advance(at);
        self.lost.insert(region.to_owned());
        let there = self.world.instances.values();
        let hosts: Vec<_> = there
            .filter(|instance| instance.region == region)
            .map(|instance| instance.id.clone())
            .collect();
        for instance in hosts {
            let at_once = true;
            self.carry(0, Effect::Halt { instance, at_once }, Then::Nothing);
        }
    }

    /// Gives a Region back, with its hosts and disks as they were. Their processes are the drill's to start.
    pub fn return_region(&mut self, at: Millis, region: &str) {
        self.advance(at);
        self.lost.remove(region);
        self.advance(at);
    }

    /// Takes a zone's capacity for starts and launches, or gives it back.
    pub fn set_capacity(&mut self, zone: &str, is_there: bool) {
        match is_there {
            true => self.full.remove(zone),
            false => self.full.insert(zone.to_owned()),
        };
    }

    /// Lets the status checks of a host fail, or pass again.
    ///
    /// # Errors
    /// Where there is no such host.
    pub fn impair(&mut self, id: &str, is_impaired: bool) -> Result<(), Fault> {
        let instance = self.world.instances.get_mut(id);
        let instance = instance.ok_or_else(|| Fault::instance_not_found(id))?;
        instance.is_impaired = is_impaired;
        Ok(())
    }

    /// Says that a host has a volume mounted, or unmounted it: a mounted one stays busy when it is detached.
    ///
    /// # Errors
    /// Where there is no such volume.
    pub fn set_mounted(&mut self, at: Millis, id: &str, is_mounted: bool) -> Result<(), Fault> {
        self.advance(at);
        let volume = self.world.volumes.get_mut(id);
        let volume = volume.ok_or_else(|| Fault::volume_not_found(id))?;
        volume.is_mounted = is_mounted;
        self.go_on_detaching(id);
        Ok(())
    }
}
