//! Volumes: looked at, made, attached, detached.

use std::collections::BTreeMap;

use super::{PAGE, by_tags};
use crate::{
    Request,
    answers::{Done, Made, VolumeStatuses, Volumes},
};

/// `DescribeVolumes`, of some. Those that are not there are no refusal.
#[must_use]
pub fn volumes(ids: &[String]) -> Request<Volumes> {
    Request::new("DescribeVolumes")
        .with("MaxResults", PAGE)
        .filters(&[("volume-id", ids.to_vec())])
}

/// `DescribeVolumes`, of those that have all these tags.
#[must_use]
pub fn volumes_with(tags: &BTreeMap<String, String>) -> Request<Volumes> {
    by_tags(
        Request::new("DescribeVolumes").with("MaxResults", PAGE),
        tags,
    )
}

/// `DescribeVolumeStatus`, of some.
#[must_use]
pub fn statuses(ids: &[String]) -> Request<VolumeStatuses> {
    Request::new("DescribeVolumeStatus").list("VolumeId", ids)
}

/// What a volume is made as.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "each field is the parameter of its name")]
pub struct Disk<'a> {
    pub snapshot: Option<&'a str>,
    pub size_gib: u64,
    pub volume_type: &'a str,
    pub iops: Option<u32>,
    pub throughput: Option<u32>,
    pub kms_key: Option<&'a str>,
    pub initialization_rate: Option<u32>,
    pub delete_on_termination: bool,
}

/// The parameters of a volume, where a launch and `CreateVolume` have the same names.
pub(super) fn disk<A>(request: Request<A>, prefix: &str, size: &str, of: &Disk<'_>) -> Request<A> {
    let encrypted = of.kms_key.map(|_| true);
    request
        .some(format!("{prefix}SnapshotId"), of.snapshot)
        .with(format!("{prefix}{size}"), of.size_gib)
        .with(format!("{prefix}VolumeType"), of.volume_type)
        .some(format!("{prefix}Iops"), of.iops)
        .some(format!("{prefix}Throughput"), of.throughput)
        .some(format!("{prefix}Encrypted"), encrypted)
        .some(format!("{prefix}KmsKeyId"), of.kms_key)
        .some(
            format!("{prefix}VolumeInitializationRate"),
            of.initialization_rate,
        )
}

/// `CreateVolume`.
#[must_use]
pub fn create_volume(
    client_token: &str,
    zone: &str,
    of: &Disk<'_>,
    tags: &BTreeMap<String, String>,
) -> Request<Made> {
    let request = Request::new("CreateVolume")
        .with("ClientToken", client_token)
        .with("AvailabilityZone", zone);
    disk(request, "", "Size", of).tagged(1, "volume", tags)
}

/// `AttachVolume`.
#[must_use]
pub fn attach(volume: &str, instance: &str, device: &str) -> Request<Done> {
    at("AttachVolume", volume, instance, device)
}

/// `DetachVolume`, without force.
#[must_use]
pub fn detach(volume: &str, instance: &str, device: &str) -> Request<Done> {
    at("DetachVolume", volume, instance, device)
}

fn at(action: &'static str, volume: &str, instance: &str, device: &str) -> Request<Done> {
    Request::new(action)
        .with("VolumeId", volume)
        .with("InstanceId", instance)
        .with("Device", device)
}
