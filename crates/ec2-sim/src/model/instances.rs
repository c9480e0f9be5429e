//! Instances, described.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        fault::Fault,
        ids::zone_id,
        lookup::{Shown, asked, listed, tag_set, time},
        params::Params,
        state::{Instance, Power, RootDevice, Tags, Volume},
    },
};

impl Shown for Instance {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "instance-id" => vec![self.id.clone()],
            "instance-state-name" => vec![self.power.as_str().to_owned()],
            "instance-state-code" => vec![self.power.code().to_string()],
            "availability-zone" => vec![self.zone.clone()],
            "instance-type" => vec![self.instance_type.clone()],
            "subnet-id" => vec![self.subnet.clone()],
            "vpc-id" => vec![self.vpc.clone()],
            "image-id" => vec![self.image.clone()],
            "private-ip-address" => vec![self.private_ip.clone()],
            "client-token" => self.client_token.iter().cloned().collect(),
            "root-device-type" => vec![root_type(self.root).to_owned()],
            "instance.group-id" => self.groups.clone(),
            _ => return None,
        })
    }
}

impl Model {
    pub(crate) fn describe_instances(&self, region: &str, params: &Params) -> Result<Node, Fault> {
        params.only(&["InstanceId", "Filter", "MaxResults", "NextToken"])?;
        let all = self.world.instances.values();
        let all = all.filter(|instance| instance.region == region);
        let (found, next) = asked(all, params, "InstanceId", Fault::instance_not_found)?;
        let items = found.into_iter().map(|it| self.reservation_node(it));
        Ok(listed("reservationSet", items, next))
    }

    pub(crate) fn describe_instance_status(
        &self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        params.only(&[
            "InstanceId",
            "Filter",
            "IncludeAllInstances",
            "MaxResults",
            "NextToken",
        ])?;
        let shows_all = params.flag("IncludeAllInstances")? == Some(true);
        let all = self.world.instances.values();
        let all = all.filter(|instance| instance.region == region);
        let (found, next) = asked(all, params, "InstanceId", Fault::instance_not_found)?;
        let shown = found
            .into_iter()
            .filter(|instance| shows_all || instance.power == Power::Running);
        let items = shown.map(|instance| self.status_node(instance));
        Ok(listed("instanceStatusSet", items, next))
    }

    /// What the status checks of an instance say.
    pub(crate) fn checks(&self, instance: &Instance) -> &'static str {
        let checked_ms = self.settings.durations.status_checks_ms;
        match instance.running_since {
            Some(_) if instance.is_impaired => "impaired",
            Some(since) if self.now >= since.saturating_add(checked_ms) => "ok",
            Some(_) => "initializing",
            None => "not-applicable",
        }
    }

    fn status_node(&self, instance: &Instance) -> Node {
        let status = self.checks(instance);
        let checks = || {
            let detail = Fields::default()
                .text("name", "reachability")
                .text(
                    "status",
                    match status {
                        "ok" => "passed",
                        "impaired" => "failed",
                        other => other,
                    },
                )
                .done();
            Fields::default()
                .text("status", status)
                .node("details", Node::list([detail]))
                .done()
        };
        Fields::default()
            .text("instanceId", &instance.id)
            .text("availabilityZone", &instance.zone)
            .text("availabilityZoneId", zone_id(&instance.zone))
            .node("eventsSet", Node::list([]))
            .node("instanceState", state_node(instance.power))
            .node("systemStatus", checks())
            .node("instanceStatus", checks())
            .node("attachedEbsStatus", checks())
            .done()
    }

    /// An instance with the reservation that it alone is in.
    pub(crate) fn reservation_node(&self, instance: &Instance) -> Node {
        Fields::default()
            .text("reservationId", &instance.reservation)
            .text("ownerId", &self.settings.account)
            .node("groupSet", Node::list([]))
            .node("instancesSet", Node::list([self.instance_node(instance)]))
            .done()
    }

    fn instance_node(&self, instance: &Instance) -> Node {
        let attributes = &instance.attributes;
        let profile = attributes.profile_arn.as_ref().map(|arn| {
            let id = format!("AIPA{}", instance.interface.trim_start_matches("eni-"));
            Fields::default().text("arn", arn).text("id", id).done()
        });
        let reason = instance.state_reason.map(|code| {
            Fields::default()
                .text("code", code)
                .text("message", format!("{code}: Client error on launch"))
                .done()
        });
        let public = instance.shown_public_ip();
        let mut fields = Fields::default()
            .text("instanceId", &instance.id)
            .text("imageId", &instance.image)
            .node("instanceState", state_node(instance.power))
            .text("privateDnsName", private_name(instance))
            .text("dnsName", public.map(public_name).unwrap_or_default())
            .optional("keyName", attributes.key_name.as_ref())
            .text("amiLaunchIndex", 0)
            .node("productCodes", Node::list([]))
            .text("instanceType", &instance.instance_type)
            .text("launchTime", time(instance.launched_at))
            .node("placement", placement(instance))
            .node("monitoring", monitoring(attributes.is_monitored))
            .text("subnetId", &instance.subnet)
            .text("vpcId", &instance.vpc)
            .text("privateIpAddress", &instance.private_ip)
            .optional("ipAddress", public)
            .text("sourceDestCheck", attributes.checks_source_and_destination)
            .node("groupSet", group_set(&instance.groups))
            .text("architecture", "x86_64")
            .text("rootDeviceType", root_type(instance.root))
            .text("rootDeviceName", &instance.root_device)
            .node("blockDeviceMapping", self.mapping(&instance.id))
            .text("virtualizationType", "hvm")
            .optional("clientToken", instance.client_token.as_ref())
            .some("tagSet", tag_set(&instance.tags))
            .text("hypervisor", "xen")
            .node("networkInterfaceSet", self.interfaces(instance))
            .text("ebsOptimized", attributes.is_ebs_optimized)
            .text("enaSupport", true)
            .node("metadataOptions", metadata(instance));
        if let Some(profile) = profile {
            fields = fields.node("iamInstanceProfile", profile);
        }
        if let Some(reason) = reason {
            fields = fields.node("stateReason", reason);
        }
        fields.done()
    }

    /// `blockDeviceMapping`: what is attached, by device.
    pub(crate) fn mapping(&self, instance: &str) -> Node {
        Node::list(self.volumes_at(instance).into_iter().filter_map(device))
    }

    fn interfaces(&self, instance: &Instance) -> Node {
        let mut fields = Fields::default()
            .text("networkInterfaceId", &instance.interface)
            .text("subnetId", &instance.subnet)
            .text("vpcId", &instance.vpc)
            .text("ownerId", &self.settings.account)
            .text("status", "in-use")
            .text("privateIpAddress", &instance.private_ip)
            .text(
                "sourceDestCheck",
                instance.attributes.checks_source_and_destination,
            )
            .node("groupSet", group_set(&instance.groups))
            .node(
                "attachment",
                Fields::default()
                    .text("deviceIndex", 0)
                    .text("status", "attached")
                    .text("deleteOnTermination", true)
                    .done(),
            )
            .text("interfaceType", "interface");
        if let Some(public) = instance.shown_public_ip() {
            let owner = match instance.elastic_ip {
                Some(_) => self.settings.account.as_str(),
                None => "amazon",
            };
            let association = Fields::default()
                .text("publicIp", public)
                .text("publicDnsName", public_name(public))
                .text("ipOwnerId", owner)
                .done();
            fields = fields.node("association", association);
        }
        Node::list([fields.done()])
    }
}

impl Instance {
    /// The address that it is reached at from outside: the elastic one, which it keeps, or that of this start.
    pub(crate) fn shown_public_ip(&self) -> Option<&str> {
        self.elastic_ip.as_deref().or(self.public_ip.as_deref())
    }
}

fn device(volume: &Volume) -> Option<Node> {
    let attachment = volume.attachment.as_ref()?;
    let ebs = Fields::default()
        .text("volumeId", &volume.id)
        .text("status", attachment.status.as_str())
        .text("attachTime", time(attachment.since))
        .text("deleteOnTermination", attachment.delete_on_termination)
        .done();
    let fields = Fields::default().text("deviceName", &attachment.device);
    Some(fields.node("ebs", ebs).done())
}

/// `InstanceState`.
pub(crate) fn state_node(power: Power) -> Node {
    Fields::default()
        .text("code", power.code())
        .text("name", power.as_str())
        .done()
}

/// `groupSet`.
pub(crate) fn group_set(groups: &[String]) -> Node {
    Node::list(
        groups
            .iter()
            .map(|group| Fields::default().text("groupId", group).done()),
    )
}

fn placement(instance: &Instance) -> Node {
    Fields::default()
        .text("availabilityZone", &instance.zone)
        .text("availabilityZoneId", zone_id(&instance.zone))
        .text("groupName", "")
        .text("tenancy", "default")
        .done()
}

fn monitoring(is_on: bool) -> Node {
    let state = if is_on { "enabled" } else { "disabled" };
    Fields::default().text("state", state).done()
}

fn metadata(instance: &Instance) -> Node {
    let options = &instance.attributes.metadata;
    let names = [
        "httpTokens",
        "httpPutResponseHopLimit",
        "httpEndpoint",
        "instanceMetadataTags",
    ];
    let state = Fields::default().text("state", "applied");
    names
        .into_iter()
        .fold(state, |fields, name| {
            fields.optional(name, options.get(name))
        })
        .done()
}

fn root_type(root: RootDevice) -> &'static str {
    match root {
        RootDevice::Ebs => "ebs",
        RootDevice::InstanceStore => "instance-store",
    }
}

fn private_name(instance: &Instance) -> String {
    let address = instance.private_ip.replace('.', "-");
    format!("ip-{address}.{}.compute.internal", instance.region)
}

fn public_name(address: &str) -> String {
    format!("ec2-{}.compute.amazonaws.com", address.replace('.', "-"))
}
