//! Hosts: looked at, started, stopped, launched, terminated.

use std::collections::BTreeMap;

use super::{Disk, PAGE, by_tags, volumes::disk};
use crate::{
    Request,
    answers::{Attribute, Done, Instances, Launched, Statuses},
};

/// `DescribeInstances`, of one. One that is not there is no refusal.
#[must_use]
pub fn host(id: &str) -> Request<Instances> {
    Request::new("DescribeInstances").filters(&[("instance-id", vec![id])])
}

/// `DescribeInstances`, of those that have all these tags.
#[must_use]
pub fn hosts_with(tags: &BTreeMap<String, String>) -> Request<Instances> {
    by_tags(
        Request::new("DescribeInstances").with("MaxResults", PAGE),
        tags,
    )
}

/// `DescribeInstanceAttribute`, of `disableApiStop` and the like.
#[must_use]
pub fn attribute(id: &str, name: &str) -> Request<Attribute> {
    Request::new("DescribeInstanceAttribute")
        .with("InstanceId", id)
        .with("Attribute", name)
}

/// `DescribeInstanceStatus`, of one.
#[must_use]
pub fn checks(id: &str) -> Request<Statuses> {
    Request::new("DescribeInstanceStatus").list("InstanceId", [id])
}

/// `StartInstances`.
#[must_use]
pub fn start(id: &str) -> Request<Done> {
    Request::new("StartInstances").list("InstanceId", [id])
}

/// `StopInstances`.
#[must_use]
pub fn stop(id: &str) -> Request<Done> {
    Request::new("StopInstances").list("InstanceId", [id])
}

/// `TerminateInstances`.
#[must_use]
pub fn terminate(id: &str) -> Request<Done> {
    Request::new("TerminateInstances").list("InstanceId", [id])
}

/// `ModifyInstanceAttribute` with what goes with the host, by device.
#[must_use]
pub fn delete_on_termination(id: &str, devices: &BTreeMap<String, bool>) -> Request<Done> {
    let request = Request::new("ModifyInstanceAttribute").with("InstanceId", id);
    let numbered = devices.iter().zip(1..);
    numbered.fold(request, |request, ((device, deletes), number)| {
        let prefix = format!("BlockDeviceMapping.{number}");
        request
            .with(format!("{prefix}.DeviceName"), device)
            .with(format!("{prefix}.Ebs.DeleteOnTermination"), deletes)
    })
}

/// A host to be launched.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "each field is the parameter of its name")]
pub struct Launch<'a> {
    pub client_token: &'a str,
    pub image: &'a str,
    pub instance_type: &'a str,
    pub subnet: &'a str,
    pub security_groups: &'a [String],
    pub key_name: Option<&'a str>,
    pub profile_arn: Option<&'a str>,
    pub ebs_optimized: bool,
    pub monitored: bool,
    pub metadata: BTreeMap<&'a str, &'a str>,
    pub disks: Vec<(&'a str, Disk<'a>)>,
}

/// `RunInstances`, of one, with tags for it and for its volumes.
#[must_use]
pub fn launch(
    new: &Launch<'_>,
    tags: &BTreeMap<String, String>,
    volume_tags: &BTreeMap<String, String>,
) -> Request<Launched> {
    let request = Request::new("RunInstances")
        .with("ClientToken", new.client_token)
        .with("MinCount", 1)
        .with("MaxCount", 1)
        .with("ImageId", new.image)
        .with("InstanceType", new.instance_type)
        .with("SubnetId", new.subnet)
        .list("SecurityGroupId", new.security_groups)
        .some("KeyName", new.key_name)
        .some("IamInstanceProfile.Arn", new.profile_arn)
        .with("EbsOptimized", new.ebs_optimized)
        .with("Monitoring.Enabled", new.monitored);
    let options = new.metadata.iter();
    let request = options.fold(request, |request, (name, value)| {
        request.with(format!("MetadataOptions.{name}"), value)
    });
    let disks = new.disks.iter().zip(1..);
    let request = disks.fold(request, |request, ((device, of), number)| {
        let prefix = format!("BlockDeviceMapping.{number}");
        let request = request.with(format!("{prefix}.DeviceName"), device);
        let ebs = format!("{prefix}.Ebs.");
        disk(request, &ebs, "VolumeSize", of).with(
            format!("{ebs}DeleteOnTermination"),
            of.delete_on_termination,
        )
    });
    request
        .tagged(1, "instance", tags)
        .tagged(2, "volume", volume_tags)
}
