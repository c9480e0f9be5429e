//! Images: looked at, made of a snapshot, taken away.

use std::collections::BTreeMap;

use crate::{
    Request,
    answers::{Done, Images},
};

/// `DescribeImages`, of the account's own of that name.
#[must_use]
pub fn image(name: &str) -> Request<Images> {
    Request::new("DescribeImages")
        .list("Owner", ["self"])
        .filters(&[("name", vec![name])])
}

/// An image to be made.
#[derive(Debug, Clone, Copy, Default)]
#[expect(missing_docs, reason = "each field is the parameter of its name")]
pub struct NewImage<'a> {
    pub name: &'a str,
    pub root_device: &'a str,
    pub snapshot: &'a str,
    pub architecture: &'a str,
    pub boot_mode: Option<&'a str>,
}

/// `RegisterImage`, of a snapshot of a root. Its name is its account's and Region's only one.
#[must_use]
pub fn register(new: NewImage<'_>, tags: &BTreeMap<String, String>) -> Request<Done> {
    Request::new("RegisterImage")
        .with("Name", new.name)
        .with("Architecture", new.architecture)
        .some("BootMode", new.boot_mode)
        .with("VirtualizationType", "hvm")
        .with("EnaSupport", true)
        .with("RootDeviceName", new.root_device)
        .with("BlockDeviceMapping.1.DeviceName", new.root_device)
        .with("BlockDeviceMapping.1.Ebs.SnapshotId", new.snapshot)
        .tagged(1, "image", tags)
}

/// `DeregisterImage`. Its snapshot stays.
#[must_use]
pub fn deregister(id: &str) -> Request<Done> {
    Request::new("DeregisterImage").with("ImageId", id)
}
