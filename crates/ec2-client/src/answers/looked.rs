//! What there is, as describes show it.

use serde::Deserialize;

use super::Set;

/// Structures whose fields are elements of their names.
macro_rules! elements {
    ($(#[doc = $doc:literal] $name:ident { $($field:ident: $type:ty,)* })*) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        #[expect(missing_docs, reason = "each field is the element of its name")]
        pub struct $name {
            $(pub $field: $type,)*
        }
    )*};
}

elements! {
    #[doc = "A tag."]
    Tag { key: String, value: String, }
    #[doc = "What some hosts were launched in."]
    Reservation { instances_set: Set<Instance>, }
    #[doc = "A host."]
    Instance {
        instance_id: String,
        image_id: String,
        instance_state: InstanceState,
        state_reason: Option<StateReason>,
        instance_type: String,
        placement: Placement,
        subnet_id: String,
        vpc_id: String,
        group_set: Set<GroupId>,
        private_ip_address: Option<String>,
        ip_address: Option<String>,
        network_interface_set: Set<Interface>,
        architecture: String,
        platform: Option<String>,
        current_instance_boot_mode: Option<String>,
        virtualization_type: String,
        root_device_type: String,
        root_device_name: String,
        key_name: Option<String>,
        iam_instance_profile: Option<Profile>,
        ebs_optimized: bool,
        monitoring: Status,
        metadata_options: Option<Metadata>,
        block_device_mapping: Set<Device>,
        tag_set: Set<Tag>,
    }
    #[doc = "The state of a host."]
    InstanceState { code: u16, name: String, }
    #[doc = "Why a host is in its state."]
    StateReason { code: String, message: String, }
    #[doc = "Where a host is."]
    Placement { availability_zone: String, }
    #[doc = "A security group of a host."]
    GroupId { group_id: String, }
    #[doc = "A network interface of a host."]
    Interface { network_interface_id: String, association: Option<Association>, }
    #[doc = "The address outside of an interface. Whose it is tells an Elastic IP address from another one."]
    Association { public_ip: String, ip_owner_id: String, }
    #[doc = "The instance profile of a host."]
    Profile { arn: String, }
    #[doc = "How a host reaches what is told about it."]
    Metadata {
        http_tokens: Option<String>,
        http_put_response_hop_limit: Option<String>,
        http_endpoint: Option<String>,
        instance_metadata_tags: Option<String>,
    }
    #[doc = "A device of a host."]
    Device { device_name: String, ebs: Option<Ebs>, }
    #[doc = "The volume at a device."]
    Ebs { volume_id: String, status: String, delete_on_termination: bool, }
    #[doc = "A status or a state, alone."]
    Status { status: String, state: String, details: Set<Detail>, }
    #[doc = "A detail of a status."]
    Detail { name: String, status: String, }
    #[doc = "What the status checks of a host say."]
    Checked { instance_id: String, system_status: Status, instance_status: Status, }
    #[doc = "A volume."]
    Volume {
        volume_id: String,
        size: u64,
        snapshot_id: Option<String>,
        availability_zone: String,
        status: String,
        attachment_set: Set<Attached>,
        volume_type: String,
        iops: Option<u32>,
        throughput: Option<u32>,
        encrypted: bool,
        kms_key_id: Option<String>,
        multi_attach_enabled: bool,
        tag_set: Set<Tag>,
    }
    #[doc = "Where a volume is attached."]
    Attached {
        volume_id: String,
        instance_id: String,
        device: String,
        status: String,
        delete_on_termination: bool,
    }
    #[doc = "How a volume is."]
    CheckedVolume {
        volume_id: String,
        volume_status: Status,
        initialization_status_details: Option<Initialization>,
    }
    #[doc = "How far a volume is loaded that was made of a snapshot."]
    Initialization {
        initialization_type: String,
        progress: Option<u8>,
        estimated_time_to_complete_in_seconds: Option<u64>,
    }
    #[doc = "The value of an attribute."]
    AttributeValue { value: bool, }
    #[doc = "An image."]
    Image { image_id: String, image_state: String, name: String, tag_set: Set<Tag>, }
    #[doc = "A subnet."]
    Subnet { subnet_id: String, vpc_id: String, availability_zone: String, tag_set: Set<Tag>, }
    #[doc = "A security group."]
    Group {
        group_id: String,
        group_name: String,
        vpc_id: String,
        ip_permissions_egress: Set<Permission>,
    }
    #[doc = "A rule of a security group."]
    Permission { ip_protocol: String, }
    #[doc = "A route table."]
    RouteTable {
        route_table_id: String,
        vpc_id: String,
        route_set: Set<Route>,
        association_set: Set<Named>,
    }
    #[doc = "A route. Exactly one of what it may go through is there."]
    Route {
        destination_cidr_block: Option<String>,
        gateway_id: Option<String>,
        nat_gateway_id: Option<String>,
        transit_gateway_id: Option<String>,
        vpc_peering_connection_id: Option<String>,
        network_interface_id: Option<String>,
        instance_id: Option<String>,
        egress_only_internet_gateway_id: Option<String>,
        local_gateway_id: Option<String>,
        carrier_gateway_id: Option<String>,
        core_network_arn: Option<String>,
    }
    #[doc = "What a route table is of."]
    Named { subnet_id: Option<String>, main: bool, }
}

impl Route {
    /// What it goes through.
    #[must_use]
    pub fn through(&self) -> Option<&str> {
        [
            &self.gateway_id,
            &self.nat_gateway_id,
            &self.transit_gateway_id,
            &self.vpc_peering_connection_id,
            &self.network_interface_id,
            &self.instance_id,
            &self.egress_only_internet_gateway_id,
            &self.local_gateway_id,
            &self.carrier_gateway_id,
            &self.core_network_arn,
        ]
        .into_iter()
        .find_map(Option::as_deref)
    }
}
