//! Instances launched, one by one.

use std::collections::BTreeMap;

use crate::{
    answer::Node,
    model::{
        Model,
        fault::Fault,
        params::Params,
        state::{Attachment, AttachmentStatus, Attributes, Image, Instance, Power, RootDevice},
        task::Then,
        volumes::NewVolume,
    },
};

const TAKEN: [&str; 21] = [
    "BlockDeviceMapping",
    "ClientToken",
    "DisableApiStop",
    "DisableApiTermination",
    "EbsOptimized",
    "IamInstanceProfile",
    "ImageId",
    "InstanceInitiatedShutdownBehavior",
    "InstanceType",
    "KeyName",
    "MaxCount",
    "MetadataOptions",
    "MinCount",
    "Monitoring",
    "NetworkInterface",
    "Placement",
    "PrivateIpAddress",
    "SecurityGroupId",
    "SubnetId",
    "TagSpecification",
    "UserData",
];
const OF_EBS: [&str; 9] = [
    "DeleteOnTermination",
    "Encrypted",
    "Iops",
    "KmsKeyId",
    "SnapshotId",
    "Throughput",
    "VolumeInitializationRate",
    "VolumeSize",
    "VolumeType",
];

/// A device to be made with an instance, and whether it goes with it.
type Device = (String, bool, NewVolume);

impl Model {
    pub(crate) fn run_instances(&mut self, region: &str, params: &Params) -> Result<Node, Fault> {
        params.only(&TAKEN)?;
        for name in ["MinCount", "MaxCount"] {
            params.required(name)?;
            params.number(name, 1, 1)?;
        }
        let image = self.image(region, params.required("ImageId")?)?.clone();
        let network = self.network_of(region, params)?;
        let attributes = attributes(&self.settings.account, params)?;
        let kinds = ["instance", "volume", "network-interface"];
        let tags = params.tags_for("instance", &kinds)?;
        let instance_type = params.optional("InstanceType").unwrap_or("m1.small");
        if self.full.contains(&network.zone) {
            return Err(Fault::no_capacity(&network.zone, instance_type));
        }
        let devices = self.devices(&network.zone, &image, params)?;
        let id = self.ids.new_id("i");
        let public = self.ids.public_ip();
        let private = self.ids.private_ip();
        let instance = Instance {
            id: id.clone(),
            region: region.to_owned(),
            zone: network.zone,
            reservation: self.ids.new_id("r"),
            interface: self.ids.new_id("eni"),
            client_token: params.owned("ClientToken"),
            power: Power::Pending,
            state_reason: None,
            launched_at: self.now,
            running_since: None,
            image: image.id,
            instance_type: instance_type.to_owned(),
            subnet: network.subnet,
            vpc: network.vpc,
            groups: network.groups,
            private_ip: network.private_ip.unwrap_or(private),
            public_ip: network.wants_public_ip.then_some(public),
            wants_public_ip: network.wants_public_ip,
            elastic_ip: None,
            root_device: image.root_device,
            root: RootDevice::Ebs,
            attributes,
            tags,
            is_impaired: false,
        };
        let node = self.begin_instance(instance, devices);
        Ok(node)
    }

    fn begin_instance(&mut self, instance: Instance, devices: Vec<Device>) -> Node {
        let id = instance.id.clone();
        self.world.instances.insert(id.clone(), instance);
        for (device, delete_on_termination, volume) in devices {
            let attachment = Attachment {
                instance: id.clone(),
                device,
                status: AttachmentStatus::Attaching,
                since: self.now,
                delete_on_termination,
            };
            self.make_volume(volume, Some(attachment));
        }
        let after_ms = self.settings.durations.start_ms;
        self.after(after_ms, Then::InstanceRuns(id.clone()));
        let made = self.world.instances.get(&id);
        made.map_or(Node::Fields(Vec::new()), |it| self.reservation_node(it))
    }

    pub(crate) fn image(&self, region: &str, id: &str) -> Result<&Image, Fault> {
        let found = self.images.get(id);
        found
            .filter(|image| image.region == region)
            .ok_or_else(|| Fault::not_found("InvalidAMIID", "image id", id))
    }

    fn network_of(&self, region: &str, params: &Params) -> Result<Network, Fault> {
        let interface = params.each("NetworkInterface").into_iter().next();
        let source = interface.as_ref().unwrap_or(params);
        if let Some(interface) = &interface {
            interface.only(&[
                "AssociatePublicIpAddress",
                "DeleteOnTermination",
                "DeviceIndex",
                "PrivateIpAddress",
                "SecurityGroupId",
                "SubnetId",
            ])?;
            if params.optional("SubnetId").is_some() || !params.list("SecurityGroupId").is_empty() {
                return Err(Fault::invalid_combination(
                    "Network interfaces and an instance-level subnet ID or security groups may not be specified on the same request",
                ));
            }
        }
        let id = source.required("SubnetId")?;
        let subnet = self
            .world
            .subnets
            .get(id)
            .filter(|subnet| crate::model::ids::region_of_zone(&subnet.zone) == region)
            .ok_or_else(|| Fault::not_found("InvalidSubnetID", "subnet ID", id))?;
        let placement = params.within("Placement");
        placement.only(&["AvailabilityZone", "Tenancy"])?;
        if placement
            .optional("AvailabilityZone")
            .is_some_and(|zone| zone != subnet.zone)
        {
            return Err(Fault::invalid_value(format!(
                "The subnet '{id}' is not in the zone that is asked for."
            )));
        }
        let groups: Vec<_> = source
            .list("SecurityGroupId")
            .into_iter()
            .map(str::to_owned)
            .collect();
        for group in &groups {
            let found = self.world.groups.get(group);
            if found.is_none_or(|found| found.vpc != subnet.vpc) {
                return Err(Fault::not_found("InvalidGroup", "security group", group));
            }
        }
        let private_ip = source.owned("PrivateIpAddress");
        if let Some(address) = &private_ip {
            self.check_address(&subnet.vpc, address)?;
        }
        let asked = source.flag("AssociatePublicIpAddress")?;
        Ok(Network {
            zone: subnet.zone.clone(),
            subnet: subnet.id.clone(),
            vpc: subnet.vpc.clone(),
            groups,
            private_ip,
            wants_public_ip: asked.unwrap_or(subnet.gives_public_addresses),
        })
    }

    /// A private address is one instance's, as long as that is not terminated.
    fn check_address(&self, vpc: &str, address: &str) -> Result<(), Fault> {
        let mut there = self.world.instances.values();
        let is_taken = there.any(|other| {
            other.vpc == vpc && other.private_ip == address && other.power != Power::Terminated
        });
        if is_taken {
            return Err(Fault::new(
                400,
                "InvalidIPAddress.InUse",
                format!("Address {address} is in use."),
            ));
        }
        Ok(())
    }

    /// The root as the image has it, and what the mapping asks for.
    fn devices(&self, zone: &str, image: &Image, params: &Params) -> Result<Vec<Device>, Fault> {
        let kinds = ["instance", "volume", "network-interface"];
        let tags = params.tags_for("volume", &kinds)?;
        let mut asked: BTreeMap<String, Params> = BTreeMap::new();
        for entry in params.each("BlockDeviceMapping") {
            entry.only(&["DeviceName", "Ebs"])?;
            let ebs = entry.within("Ebs");
            ebs.only(&OF_EBS)?;
            asked.insert(entry.required("DeviceName")?.to_owned(), ebs);
        }
        let root = asked.entry(image.root_device.clone()).or_default();
        let own = image.snapshot.as_deref();
        if root
            .optional("SnapshotId")
            .is_some_and(|id| Some(id) != own)
        {
            // [U] that it is this code.
            return Err(Fault::new(
                400,
                "InvalidBlockDeviceMapping",
                "The snapshot of the root device cannot be changed.",
            ));
        }
        let mut pairs: Vec<(String, String)> = root
            .all()
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if root.optional("VolumeSize").is_none() {
            pairs.push(("VolumeSize".to_owned(), image.size_gib.to_string()));
        }
        pairs.extend(own.map(|id| ("SnapshotId".to_owned(), id.to_owned())));
        *root = Params::new(pairs);
        let made = asked.into_iter().map(|(device, ebs)| {
            let deletes = ebs.flag("DeleteOnTermination")?.unwrap_or(true);
            let volume = self.new_volume(zone.to_owned(), &ebs, "VolumeSize", tags.clone())?;
            Ok((device, deletes, volume))
        });
        made.collect()
    }
}

/// Where an instance is placed.
#[derive(Debug)]
struct Network {
    zone: String,
    subnet: String,
    vpc: String,
    groups: Vec<String>,
    private_ip: Option<String>,
    wants_public_ip: bool,
}

fn attributes(account: &str, params: &Params) -> Result<Attributes, Fault> {
    let mut attributes = Attributes::default();
    let profile = params.within("IamInstanceProfile");
    let options = params.within("MetadataOptions");
    options.only(&[
        "HttpEndpoint",
        "HttpPutResponseHopLimit",
        "HttpTokens",
        "InstanceMetadataTags",
    ])?;
    for (name, value) in options.all() {
        let mut letters = name.chars();
        let first = letters.next().map(|first| first.to_ascii_lowercase());
        let name = first.into_iter().chain(letters).collect();
        attributes.metadata.insert(name, value.clone());
    }
    attributes.key_name = params.owned("KeyName");
    attributes.profile_arn = profile.owned("Arn").or_else(|| {
        let name = profile.optional("Name")?;
        Some(format!("arn:aws:iam::{account}:instance-profile/{name}"))
    });
    attributes.user_data = params.owned("UserData");
    attributes.is_ebs_optimized = params.flag("EbsOptimized")? == Some(true);
    attributes.is_monitored = params.within("Monitoring").flag("Enabled")? == Some(true);
    attributes.cannot_be_stopped = params.flag("DisableApiStop")? == Some(true);
    attributes.cannot_be_terminated = params.flag("DisableApiTermination")? == Some(true);
    if let Some(behavior) = params.owned("InstanceInitiatedShutdownBehavior") {
        attributes.shutdown_behavior = behavior;
    }
    Ok(attributes)
}
