//! What EC2 shows, as the port has it.

use std::collections::BTreeMap;

use ec2_client::answers;

use crate::hosts::{
    Attachment, Checks, Device, Group, Host, Image, Loading, Network, RouteTable, Snapshot, Subnet,
    Volume,
};

/// Whose an address is that a host does not keep.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceNetworkInterfaceAssociation.html>.
const NOT_KEPT: &str = "amazon";
/// The detail of a volume's status that tells how far it is loaded.
const LOADING: &str = "initialization-state";

pub(super) fn hosts(found: Vec<answers::Reservation>) -> Vec<Host> {
    let all = found.into_iter().flat_map(|one| one.instances_set.items);
    all.map(host).collect()
}

fn host(of: answers::Instance) -> Host {
    let addresses = of.network_interface_set.items.iter();
    let mut addresses = addresses.filter_map(|interface| interface.association.as_ref());
    let keeps = addresses.any(|at| at.ip_owner_id != NOT_KEPT && !at.ip_owner_id.is_empty());
    Host {
        id: of.instance_id,
        state: of.instance_state.name,
        state_reason: of.state_reason.map(|why| match why.message.is_empty() {
            true => why.code,
            false => why.message,
        }),
        image: of.image_id,
        instance_type: of.instance_type,
        zone: of.placement.availability_zone,
        subnet: of.subnet_id,
        vpc: of.vpc_id,
        security_groups: of
            .group_set
            .items
            .into_iter()
            .map(|it| it.group_id)
            .collect(),
        private_address: of.private_ip_address,
        public_address: of.ip_address,
        keeps_public_address: keeps,
        interfaces: of.network_interface_set.items.len(),
        architecture: of.architecture,
        platform: of.platform,
        boot_mode: of.current_instance_boot_mode,
        virtualization: of.virtualization_type,
        root_type: of.root_device_type,
        root_device: of.root_device_name,
        key_name: of.key_name,
        profile_arn: of.iam_instance_profile.map(|profile| profile.arn),
        ebs_optimized: of.ebs_optimized,
        monitored: of.monitoring.state == "enabled",
        metadata: of.metadata_options.map(metadata).unwrap_or_default(),
        devices: of
            .block_device_mapping
            .items
            .into_iter()
            .filter_map(device)
            .collect(),
        tags: of.tag_set.by_key(),
    }
}

/// The options of metadata by the names that a launch takes them under.
fn metadata(of: answers::Metadata) -> BTreeMap<String, String> {
    let all = [
        ("HttpTokens", of.http_tokens),
        ("HttpPutResponseHopLimit", of.http_put_response_hop_limit),
        ("HttpEndpoint", of.http_endpoint),
        ("InstanceMetadataTags", of.instance_metadata_tags),
    ];
    let all = all.into_iter();
    all.filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

fn device(of: answers::Device) -> Option<Device> {
    let ebs = of.ebs?;
    Some(Device {
        name: of.device_name,
        volume: ebs.volume_id,
        state: ebs.status,
        delete_on_termination: ebs.delete_on_termination,
    })
}

pub(super) fn checks(of: answers::Checked) -> Checks {
    Checks {
        system: of.system_status.status,
        instance: of.instance_status.status,
    }
}

pub(super) fn volume(of: answers::Volume) -> Volume {
    let attachment = |of: answers::Attached| Attachment {
        host: of.instance_id,
        device: of.device,
        state: of.status,
        delete_on_termination: of.delete_on_termination,
    };
    Volume {
        id: of.volume_id,
        state: of.status,
        zone: of.availability_zone,
        size_gib: of.size,
        volume_type: of.volume_type,
        iops: of.iops,
        throughput: of.throughput,
        encrypted: of.encrypted,
        kms_key: of.kms_key_id,
        snapshot: of.snapshot_id.filter(|id| !id.is_empty()),
        multi_attach: of.multi_attach_enabled,
        attachments: of
            .attachment_set
            .items
            .into_iter()
            .map(attachment)
            .collect(),
        tags: of.tag_set.by_key(),
    }
}

/// A volume that was made of nothing is whole.
pub(super) fn loading(of: answers::CheckedVolume) -> Loading {
    let mut details = of.volume_status.details.items.iter();
    let state = details.find(|detail| detail.name == LOADING);
    let told = of.initialization_status_details;
    let percent = told.as_ref().and_then(|told| told.progress);
    let is_whole = match state {
        Some(state) => state.status == "completed",
        None => percent.is_none_or(|percent| percent >= 100),
    };
    Loading {
        volume: of.volume_id,
        percent,
        seconds_left: told.and_then(|told| told.estimated_time_to_complete_in_seconds),
        is_whole,
    }
}

pub(super) fn snapshot(of: answers::Snapshot) -> Snapshot {
    let percent = of
        .progress
        .as_deref()
        .map(|text| text.trim_end_matches('%'));
    Snapshot {
        id: of.snapshot_id,
        state: of.status,
        message: of.status_message.filter(|said| !said.is_empty()),
        volume: of.volume_id,
        size_gib: of.volume_size,
        percent: percent.and_then(|text| text.parse().ok()),
        began_at: of.start_time,
        encrypted: of.encrypted,
        kms_key: of.kms_key_id,
        full_bytes: of.full_snapshot_size_in_bytes,
        tags: of.tag_set.by_key(),
    }
}

pub(super) fn image(of: answers::Image) -> Image {
    Image {
        id: of.image_id,
        state: of.image_state,
        tags: of.tag_set.by_key(),
    }
}

pub(super) fn network(
    subnets: Vec<answers::Subnet>,
    groups: Vec<answers::Group>,
    tables: Vec<answers::RouteTable>,
) -> Network {
    let subnet = |of: answers::Subnet| Subnet {
        id: of.subnet_id,
        vpc: of.vpc_id,
        zone: of.availability_zone,
        tags: of.tag_set.by_key(),
    };
    let group = |of: answers::Group| Group {
        id: of.group_id,
        name: of.group_name,
        vpc: of.vpc_id,
        egress_rules: of.ip_permissions_egress.items.len(),
    };
    Network {
        subnets: subnets.into_iter().map(subnet).collect(),
        groups: groups.into_iter().map(group).collect(),
        tables: tables.into_iter().map(table).collect(),
    }
}

/// A route through something that nobody here knows leads somewhere all the same.
fn table(of: answers::RouteTable) -> RouteTable {
    let routes = of.route_set.items.iter();
    let through = routes.map(|route| route.through().unwrap_or("something unknown").to_owned());
    let associations = &of.association_set.items;
    RouteTable {
        through: through.collect(),
        is_main: associations.iter().any(|of| of.main),
        subnets: associations
            .iter()
            .filter_map(|of| of.subnet_id.clone())
            .collect(),
        id: of.route_table_id,
        vpc: of.vpc_id,
    }
}
