//! What a member cluster is made of, as far as it has to be made again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    names::is_retired,
    status::{AT_REST, is_at_rest, stuck},
};
/// A member cluster with everything that belongs to it. What an older record lacks is as RDS gives it by default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
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
    /// `IPV4` or `DUAL`.
    pub network_type: Option<String>,
    /// The zones that its storage and instances are in.
    pub availability_zones: Vec<String>,
    /// Its security groups.
    pub security_groups: Vec<String>,
    /// Its cluster parameter group.
    pub parameter_group: Option<String>,
    /// The key that encrypts it.
    pub kms_key: Option<String>,
    /// `aurora-iopt1` where its input and output are included.
    pub storage_type: Option<String>,
    /// Whether it takes IAM tokens.
    pub iam_authentication: bool,
    /// Whether it must not be deleted.
    pub deletion_protection: bool,
    /// Days that backups are kept.
    pub backup_retention_days: Option<i32>,
    /// When backups are taken, in UTC.
    pub backup_window: Option<String>,
    /// When RDS may maintain it, in UTC.
    pub maintenance_window: Option<String>,
    /// Whether its snapshots bear its tags.
    pub copy_tags_to_snapshot: Option<bool>,
    /// Whether minor versions come by themselves.
    pub auto_minor_version_upgrade: Option<bool>,
    /// Whether it is enrolled in extended support.
    pub engine_lifecycle_support: Option<String>,
    /// Logs that go to CloudWatch.
    pub log_exports: Vec<String>,
    /// Between which capacities its serverless instances scale.
    pub scaling: Option<ScalingShape>,
    /// Whether the Data API is on.
    pub http_endpoint: Option<bool>,
    /// Whether it forwards writes to the writer's cluster.
    pub global_write_forwarding: Option<bool>,
    /// Whether its readers forward writes to its writer.
    pub local_write_forwarding: Option<bool>,
    /// How it is watched, where that is set for the whole cluster.
    pub monitoring: MonitoringShape,
    /// `standard` or `advanced`.
    pub insights_mode: Option<String>,
    /// The directory that it is joined to.
    pub domain: Option<String>,
    /// The role by which it is.
    pub domain_role: Option<String>,
    /// The IAM roles that it may take on.
    pub roles: Vec<RoleShape>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its instances.
    pub instances: Vec<InstanceShape>,
    /// Its custom endpoints.
    pub endpoints: Vec<EndpointShape>,
    /// What it has and no successor can be given, in words.
    pub beyond: Vec<String>,
}

/// Between which capacities serverless instances scale.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScalingShape {
    /// The least, in Aurora capacity units.
    pub acus_min: Option<f64>,
    /// The most, in Aurora capacity units.
    pub acus_max: Option<f64>,
    /// Idle seconds until it pauses.
    pub auto_pause_seconds: Option<i32>,
}

/// How an instance, or a whole cluster, is watched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MonitoringShape {
    /// Seconds between two figures of Enhanced Monitoring; 0 where it is off.
    pub interval_seconds: Option<i32>,
    /// The role that writes them.
    pub role: Option<String>,
    /// Whether Performance Insights is on.
    pub insights: Option<bool>,
    /// The key that encrypts it.
    pub insights_key: Option<String>,
    /// Days that it is kept.
    pub insights_days: Option<i32>,
}

/// An IAM role that a cluster may take on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoleShape {
    /// Its ARN.
    pub arn: String,
    /// What it is for, such as `s3Import`.
    pub feature: Option<String>,
    /// `ACTIVE`, `PENDING`, or `INVALID` where the cluster may not take it on.
    pub status: String,
}

/// An instance of a member cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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
    /// Its zone.
    pub availability_zone: Option<String>,
    /// When RDS may maintain it, in UTC.
    pub maintenance_window: Option<String>,
    /// Whether minor versions come by themselves.
    pub auto_minor_version_upgrade: Option<bool>,
    /// Whether its name resolves to a public address.
    pub publicly_accessible: Option<bool>,
    /// The authority that its certificate is from.
    pub ca_certificate: Option<String>,
    /// How it is watched.
    pub monitoring: MonitoringShape,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// What it has where it belongs to no cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alone: Option<AloneShape>,
}

/// What an instance has that belongs to no cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AloneShape {
    /// Its storage, in GiB.
    pub storage_gib: Option<i32>,
    /// Up to how much that grows by itself, in GiB.
    pub storage_gib_max: Option<i32>,
    /// What its storage is provisioned for, in operations a second.
    pub iops: Option<i32>,
    /// The same, in MiB a second.
    pub throughput_mib: Option<i32>,
    /// Whether it has a standby in another zone.
    pub multi_az: Option<bool>,
    /// Its option group.
    pub option_group: Option<String>,
    /// Whether its log has a volume of its own.
    pub dedicated_log_volume: Option<bool>,
}

/// A custom endpoint of a member cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointShape {
    /// Its identifier.
    pub identifier: String,
    /// `available`, `inactive`, or what is being done to it.
    pub status: String,
    /// `READER` or `ANY`.
    pub kind: String,
    /// The instances that it leads to; empty when it leads to all.
    pub static_members: Vec<String>,
    /// The instances that it does not lead to.
    pub excluded_members: Vec<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl Shape {
    /// Whether nothing is being done to it.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.status == AT_REST
    }

    /// Whether it, its instances and its endpoints are at rest and can be relied on.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let mut endpoints = self.endpoints.iter();
        self.is_available()
            && !self.instances.is_empty()
            && self.busy_instance().is_none()
            && endpoints.all(EndpointShape::is_there)
    }

    /// Whether something is being done to it, its instances, its endpoints or its roles that ends by itself.
    #[must_use]
    pub fn is_changing(&self) -> bool {
        let changes = |status: &str| !is_at_rest(status) && stuck(status).is_none();
        let mut instances = self.instances.iter();
        let mut endpoints = self.endpoints.iter();
        let mut roles = self.roles.iter();
        changes(&self.status)
            || instances.any(|instance| changes(&instance.status))
            || endpoints.any(|endpoint| !endpoint.is_there())
            || roles.any(|role| role.status == "PENDING")
    }

    /// Whether a rebuild has begun to take it apart: an instance has the name that it is retired under.
    #[must_use]
    pub fn is_half_retired(&self) -> bool {
        let mut instances = self.instances.iter();
        instances.any(|instance| is_retired(&instance.identifier))
    }

    /// The first instance that something is being done to.
    #[must_use]
    pub fn busy_instance(&self) -> Option<&InstanceShape> {
        let mut instances = self.instances.iter();
        instances.find(|instance| !is_at_rest(&instance.status))
    }

    /// What of `wanted` this cluster lacks: an instance, an endpoint or a role by its name.
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

    /// As [`Shape::missing_instance`].
    #[must_use]
    pub fn missing_role<'a>(&self, wanted: &'a Self) -> Option<&'a RoleShape> {
        let has = |role: &RoleShape| {
            let mut all = self.roles.iter();
            all.any(|other| other.arn == role.arn && other.feature == role.feature)
        };
        let mut all = wanted.roles.iter();
        all.find(|role| !has(role))
    }

    /// The same cluster with nothing but what a successor is given: no status, which changes while nothing else does.
    #[must_use]
    pub fn lasting(&self) -> Self {
        let mut lasting = self.clone();
        lasting.status.clear();
        for instance in &mut lasting.instances {
            instance.status.clear();
        }
        for endpoint in &mut lasting.endpoints {
            endpoint.status.clear();
        }
        for role in &mut lasting.roles {
            role.status.clear();
        }
        lasting
    }
}

impl MonitoringShape {
    /// The role that writes Enhanced Monitoring's figures. RDS refuses one while that is off.
    #[must_use]
    pub fn writer(&self) -> Option<String> {
        let is_on = self.interval_seconds.is_some_and(|seconds| seconds > 0);
        self.role.clone().filter(|_| is_on)
    }
}

impl EndpointShape {
    /// Whether nothing is being done to it. One that its cluster's role cannot use is `inactive`, and there.
    #[must_use]
    pub fn is_there(&self) -> bool {
        is_at_rest(&self.status) || self.status == "inactive"
    }
}
