//! What a member cluster is made of, as far as it has to be made again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::Epoch;

/// A member cluster with everything that belongs to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Its identifier.
    pub identifier: String,
    /// Its ARN.
    pub arn: String,
    /// What RDS calls it for good, whatever its identifier.
    pub resource_id: String,
    /// `available`, or what is being done to it.
    pub status: String,
    /// The global cluster that it says it belongs to.
    pub global_cluster: Option<String>,
    /// Its port.
    pub port: Option<i32>,
    /// Its subnet group.
    pub subnet_group: Option<String>,
    /// Its security groups.
    pub security_groups: Vec<String>,
    /// Its cluster parameter group.
    pub parameter_group: Option<String>,
    /// The key that encrypts it.
    pub kms_key: Option<String>,
    /// Whether it takes IAM tokens.
    pub iam_authentication: bool,
    /// Whether it must not be deleted.
    pub deletion_protection: bool,
    /// Days that backups are kept.
    pub backup_retention_days: Option<i32>,
    /// Logs that go to CloudWatch.
    pub log_exports: Vec<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its instances.
    pub instances: Vec<InstanceShape>,
    /// Its custom endpoints.
    pub endpoints: Vec<EndpointShape>,
}

/// An instance of a member cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceShape {
    /// Its identifier.
    pub identifier: String,
    /// `available`, or what is being done to it.
    pub status: String,
    /// Its class.
    pub class: String,
    /// In which order it becomes the writer.
    pub promotion_tier: Option<i32>,
    /// Its parameter group.
    pub parameter_group: Option<String>,
}

/// A custom endpoint of a member cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointShape {
    /// Its identifier.
    pub identifier: String,
    /// `READER` or `ANY`.
    pub kind: String,
    /// The instances that it leads to; empty when it leads to all.
    pub static_members: Vec<String>,
    /// The instances that it does not lead to.
    pub excluded_members: Vec<String>,
}

/// What a member was before it was retired: kept in the ledger of the Region that rebuilds, until the next retirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blueprint {
    /// The cluster as it was.
    pub shape: Shape,
    /// The epoch that deposed it.
    pub epoch: Epoch,
    /// When that was seen.
    pub seen_at: Timestamp,
}

/// A snapshot of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its identifier.
    pub identifier: String,
    /// `available`, or what is being done to it.
    pub status: String,
    /// `manual` or `automated`.
    pub kind: String,
    /// The resource that it is of.
    pub resource_id: String,
    /// When it was taken.
    pub taken_at: Option<Timestamp>,
}

impl Shape {
    /// Whether nothing is being done to it.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.status == "available"
    }

    /// The first instance that something is being done to.
    #[must_use]
    pub fn busy_instance(&self) -> Option<&InstanceShape> {
        let mut instances = self.instances.iter();
        instances.find(|instance| instance.status != "available")
    }

    /// What of `wanted` this cluster lacks: an instance or an endpoint by its identifier.
    #[must_use]
    pub fn missing_instance<'a>(&self, wanted: &'a Self) -> Option<&'a InstanceShape> {
        let has = |identifier: &str| {
            let mut all = self.instances.iter();
            all.any(|instance| instance.identifier == identifier)
        };
        let mut all = wanted.instances.iter();
        all.find(|instance| !has(&instance.identifier))
    }

    /// As [`Shape::missing_instance`].
    #[must_use]
    pub fn missing_endpoint<'a>(&self, wanted: &'a Self) -> Option<&'a EndpointShape> {
        let has = |identifier: &str| {
            let mut all = self.endpoints.iter();
            all.any(|endpoint| endpoint.identifier == identifier)
        };
        let mut all = wanted.endpoints.iter();
        all.find(|endpoint| !has(&endpoint.identifier))
    }
}
