//! What RDS shows, as its answers hold it.

use std::collections::BTreeMap;

use aurora_global::members::{BlueGreen, Quota};
use failover::{
    domain::Region,
    topology::{
        EndpointShape, GlobalCluster, InstanceShape, MonitoringShape, RoleShape, ScalingShape,
        Shape, Snapshot,
    },
};
use rds_sim::answer::{Fields, Node};

use crate::rds::{Rds, word};

/// A list of texts.
fn texts(member: &'static str, all: &[String]) -> Node {
    Node::list(member, all.iter().map(Node::text))
}

/// Tags.
pub(super) fn tags(tags: &BTreeMap<String, String>) -> Node {
    let tag = |(key, value)| {
        let fields = Fields::default().text("Key", key);
        fields.text("Value", value).done()
    };
    Node::list("Tag", tags.iter().map(tag))
}

/// A cluster with its instances; `None` where there is none of this name.
pub(super) fn cluster(rds: &Rds, region: &Region, name: &str) -> Option<Node> {
    let (found, shape) = (rds.cluster(region, name)?, rds.shape(region, name)?);
    let members = found.instances.iter().map(|instance| {
        let fields = Fields::default().text("DBInstanceIdentifier", &instance.identifier);
        fields.text("IsClusterWriter", instance.is_writer).done()
    });
    let fields = Fields::default()
        .text("DBClusterIdentifier", &found.identifier)
        .text("DBClusterArn", &found.arn)
        .text("DbClusterResourceId", &shape.resource_id)
        .text("Status", &found.status)
        .text("Engine", "aurora-postgresql")
        .text("EngineVersion", &found.engine_version)
        .optional("GlobalClusterIdentifier", found.global_cluster.as_ref())
        .text("Endpoint", &found.endpoint)
        .text("ReaderEndpoint", &found.reader_endpoint)
        .node("DBClusterMembers", Node::list("DBClusterMember", members));
    let fields = with_network(fields, &shape);
    let fields = with_policies(fields, &shape);
    Some(with_parts(watched(fields, &shape.monitoring), &shape).done())
}

fn with_network(fields: Fields, shape: &Shape) -> Fields {
    let group = |group: &String| Fields::default().text("VpcSecurityGroupId", group).done();
    let groups = shape.security_groups.iter().map(group);
    fields
        .optional("Port", shape.port)
        .optional("DBSubnetGroup", shape.subnet_group.as_ref())
        .optional("NetworkType", shape.network_type.as_ref())
        .node(
            "AvailabilityZones",
            texts("AvailabilityZone", &shape.availability_zones),
        )
        .node(
            "VpcSecurityGroups",
            Node::list("VpcSecurityGroupMembership", groups),
        )
        .optional("DBClusterParameterGroup", shape.parameter_group.as_ref())
        .optional("KmsKeyId", shape.kms_key.as_ref())
        .optional("StorageType", shape.storage_type.as_ref())
}

fn with_policies(fields: Fields, shape: &Shape) -> Fields {
    fields
        .text("IAMDatabaseAuthenticationEnabled", shape.iam_authentication)
        .text("DeletionProtection", shape.deletion_protection)
        .optional("BackupRetentionPeriod", shape.backup_retention_days)
        .optional("PreferredBackupWindow", shape.backup_window.as_ref())
        .optional(
            "PreferredMaintenanceWindow",
            shape.maintenance_window.as_ref(),
        )
        .optional("CopyTagsToSnapshot", shape.copy_tags_to_snapshot)
        .optional("AutoMinorVersionUpgrade", shape.auto_minor_version_upgrade)
        .optional(
            "EngineLifecycleSupport",
            shape.engine_lifecycle_support.as_ref(),
        )
        .optional("HttpEndpointEnabled", shape.http_endpoint)
        .optional(
            "GlobalWriteForwardingRequested",
            shape.global_write_forwarding,
        )
        .text(
            "LocalWriteForwardingStatus",
            word(shape.local_write_forwarding),
        )
        .optional("DatabaseInsightsMode", shape.insights_mode.as_ref())
}

fn with_parts(fields: Fields, shape: &Shape) -> Fields {
    let domain = shape.domain.iter().map(|domain| {
        let fields = Fields::default().text("Domain", domain);
        let fields = fields.optional("IAMRoleName", shape.domain_role.as_ref());
        fields.done()
    });
    let scaling = shape.scaling.as_ref().map(scaling);
    let scaling = scaling.map(|scaling| ("ServerlessV2ScalingConfiguration", scaling));
    let roles = shape.roles.iter().map(role);
    fields
        .node("DomainMemberships", Node::list("DomainMembership", domain))
        .nodes(scaling)
        .node("AssociatedRoles", Node::list("DBClusterRole", roles))
        .node(
            "EnabledCloudwatchLogsExports",
            texts("member", &shape.log_exports),
        )
        .node("TagList", tags(&shape.tags))
}

fn scaling(shape: &ScalingShape) -> Node {
    Fields::default()
        .optional("MinCapacity", shape.acus_min)
        .optional("MaxCapacity", shape.acus_max)
        .optional("SecondsUntilAutoPause", shape.auto_pause_seconds)
        .done()
}

fn role(role: &RoleShape) -> Node {
    Fields::default()
        .text("RoleArn", &role.arn)
        .optional("FeatureName", role.feature.as_ref())
        .text("Status", &role.status)
        .done()
}

fn watched(fields: Fields, shape: &MonitoringShape) -> Fields {
    fields
        .optional("MonitoringInterval", shape.interval_seconds)
        .optional("MonitoringRoleArn", shape.role.as_ref())
        .optional("PerformanceInsightsEnabled", shape.insights)
        .optional("PerformanceInsightsKMSKeyId", shape.insights_key.as_ref())
        .optional("PerformanceInsightsRetentionPeriod", shape.insights_days)
}

/// An instance.
pub(super) fn instance(shape: &InstanceShape) -> Node {
    let group = |group: &String| Fields::default().text("DBParameterGroupName", group).done();
    let groups = shape.parameter_group.iter().map(group);
    let fields = Fields::default()
        .text("DBInstanceIdentifier", &shape.identifier)
        .text("DBInstanceStatus", &shape.status)
        .text("DBInstanceClass", &shape.class)
        .optional("PromotionTier", shape.promotion_tier)
        .node("DBParameterGroups", Node::list("DBParameterGroup", groups))
        .optional("AvailabilityZone", shape.availability_zone.as_ref())
        .optional(
            "PreferredMaintenanceWindow",
            shape.maintenance_window.as_ref(),
        )
        .optional("AutoMinorVersionUpgrade", shape.auto_minor_version_upgrade)
        .optional("PubliclyAccessible", shape.publicly_accessible)
        .optional("CACertificateIdentifier", shape.ca_certificate.as_ref());
    let fields = watched(fields, &shape.monitoring);
    fields.node("TagList", tags(&shape.tags)).done()
}

/// A custom endpoint. Its tags are not in its description.
pub(super) fn endpoint(region: &Region, shape: &EndpointShape) -> Node {
    let name = &shape.identifier;
    let arn = format!("arn:aws:rds:{region}:123456789012:cluster-endpoint:{name}");
    Fields::default()
        .text("DBClusterEndpointIdentifier", name)
        .text("DBClusterEndpointArn", arn)
        .text("Status", &shape.status)
        .text("EndpointType", "CUSTOM")
        .text("CustomEndpointType", &shape.kind)
        .node("StaticMembers", texts("member", &shape.static_members))
        .node("ExcludedMembers", texts("member", &shape.excluded_members))
        .done()
}

/// A snapshot.
pub(super) fn snapshot(found: &Snapshot) -> Node {
    Fields::default()
        .text("DBClusterSnapshotIdentifier", &found.identifier)
        .text("Status", &found.status)
        .text("SnapshotType", &found.kind)
        .text("DbClusterResourceId", &found.resource_id)
        .optional("SnapshotCreateTime", found.taken_at)
        .done()
}

/// A global cluster.
pub(super) fn global(rds: &Rds, found: &GlobalCluster) -> Node {
    let members = found.members.iter().map(|member| {
        Fields::default()
            .text("DBClusterArn", &member.arn)
            .text("IsWriter", member.is_writer)
            .text("GlobalWriteForwardingStatus", rds.forwards(&member.arn))
            .optional("SynchronizationStatus", member.synchronization.as_ref())
            .done()
    });
    let operation = found.failover.as_ref().map(|operation| {
        let state = Fields::default()
            .text("Status", &operation.status)
            .text("ToDbClusterArn", &operation.to)
            .optional("IsDataLossAllowed", operation.loses)
            .done();
        ("FailoverState", state)
    });
    let settings = &found.settings;
    let members = Node::list("GlobalClusterMember", members);
    Fields::default()
        .text("GlobalClusterIdentifier", &found.identifier)
        .optional("GlobalClusterResourceId", found.resource_id.as_ref())
        .text("Status", &found.status)
        .text("EngineVersion", &found.engine_version)
        .optional("DeletionProtection", settings.deletion_protection)
        .optional(
            "EngineLifecycleSupport",
            settings.engine_lifecycle_support.as_ref(),
        )
        .node("GlobalClusterMembers", members)
        .nodes(operation)
        .node("TagList", tags(&settings.tags))
        .done()
}

/// A blue/green deployment.
pub(super) fn deployment(one: &BlueGreen) -> Node {
    Fields::default()
        .text("BlueGreenDeploymentName", &one.name)
        .text("Source", &one.source)
        .text("Status", &one.status)
        .done()
}

/// A quota.
pub(super) fn quota(one: &Quota) -> Node {
    Fields::default()
        .text("AccountQuotaName", &one.name)
        .text("Used", one.used)
        .text("Max", one.max)
        .done()
}

/// A parameter group.
pub(super) fn group(family: &str) -> Node {
    let fields = Fields::default().text("DBParameterGroupFamily", family);
    fields.done()
}
