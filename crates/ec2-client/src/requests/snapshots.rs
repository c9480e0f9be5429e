//! Snapshots: looked at, taken, copied, deleted.

use std::collections::BTreeMap;

use super::{PAGE, by_tags};
use crate::{
    Request,
    answers::{Done, Snapshots, Taken},
};

/// `DescribeSnapshots`, of the account's own that have all these tags.
#[must_use]
pub fn snapshots_with(tags: &BTreeMap<String, String>) -> Request<Snapshots> {
    let request = Request::new("DescribeSnapshots")
        .list("Owner", ["self"])
        .with("MaxResults", PAGE);
    by_tags(request, tags)
}

/// What is taken of a host.
#[derive(Debug, Clone, Copy, Default)]
#[expect(missing_docs, reason = "each field is the parameter of its name")]
pub struct Cut<'a> {
    pub instance: &'a str,
    pub exclude_boot_volume: bool,
    pub exclude_data_volumes: &'a [String],
    pub description: &'a str,
}

/// `CreateSnapshots`. It has no client token.
#[must_use]
pub fn cut(of: Cut<'_>, tags: &BTreeMap<String, String>) -> Request<Taken> {
    let excludes = of.exclude_boot_volume.then_some(true);
    Request::new("CreateSnapshots")
        .with("InstanceSpecification.InstanceId", of.instance)
        .some("InstanceSpecification.ExcludeBootVolume", excludes)
        .list(
            "InstanceSpecification.ExcludeDataVolumeId",
            of.exclude_data_volumes,
        )
        .with("Description", of.description)
        .tagged(1, "snapshot", tags)
}

/// What is copied into the Region that is asked.
#[derive(Debug, Clone, Copy, Default)]
#[expect(missing_docs, reason = "each field is the parameter of its name")]
pub struct Copy<'a> {
    pub source_region: &'a str,
    pub source_snapshot: &'a str,
    pub kms_key: Option<&'a str>,
    pub description: &'a str,
}

/// `CopySnapshot`. It has no client token.
#[must_use]
pub fn copy(of: Copy<'_>, tags: &BTreeMap<String, String>) -> Request<Done> {
    Request::new("CopySnapshot")
        .with("SourceRegion", of.source_region)
        .with("SourceSnapshotId", of.source_snapshot)
        .some("Encrypted", of.kms_key.map(|_| true))
        .some("KmsKeyId", of.kms_key)
        .with("Description", of.description)
        .tagged(1, "snapshot", tags)
}

/// `DeleteSnapshot`.
#[must_use]
pub fn delete_snapshot(id: &str) -> Request<Done> {
    Request::new("DeleteSnapshot").with("SnapshotId", id)
}
