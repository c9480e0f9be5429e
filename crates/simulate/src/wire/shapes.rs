//! What is to be made, read from a request.

use failover::topology::{
    EndpointShape, GlobalSettings, InstanceShape, MonitoringShape, RoleShape, ScalingShape, Shape,
};

use super::form::Form;

/// What a new global cluster is given.
pub(super) fn settings(form: &mut Form) -> GlobalSettings {
    GlobalSettings {
        deletion_protection: form.value("DeletionProtection"),
        engine_lifecycle_support: form.text("EngineLifecycleSupport"),
        tags: form.tags(),
    }
}

/// A new member.
pub(super) fn cluster(form: &mut Form) -> Option<Shape> {
    form.says("Engine", "aurora-postgresql")?;
    Some(Shape {
        identifier: form.text("DBClusterIdentifier")?,
        port: form.value("Port"),
        subnet_group: form.text("DBSubnetGroupName"),
        network_type: form.text("NetworkType"),
        availability_zones: form.list("AvailabilityZones.AvailabilityZone"),
        security_groups: form.list("VpcSecurityGroupIds.VpcSecurityGroupId"),
        parameter_group: form.text("DBClusterParameterGroupName"),
        kms_key: form.text("KmsKeyId"),
        storage_type: form.text("StorageType"),
        iam_authentication: form.value("EnableIAMDatabaseAuthentication")?,
        deletion_protection: form.value("DeletionProtection")?,
        backup_retention_days: form.value("BackupRetentionPeriod"),
        backup_window: form.text("PreferredBackupWindow"),
        maintenance_window: form.text("PreferredMaintenanceWindow"),
        copy_tags_to_snapshot: form.value("CopyTagsToSnapshot"),
        auto_minor_version_upgrade: form.value("AutoMinorVersionUpgrade"),
        engine_lifecycle_support: form.text("EngineLifecycleSupport"),
        log_exports: form.list("EnableCloudwatchLogsExports.member"),
        scaling: scaling(form),
        http_endpoint: form.value("EnableHttpEndpoint"),
        global_write_forwarding: form.value("EnableGlobalWriteForwarding"),
        local_write_forwarding: form.value("EnableLocalWriteForwarding"),
        monitoring: monitoring(form),
        insights_mode: form.text("DatabaseInsightsMode"),
        domain: form.text("Domain"),
        domain_role: form.text("DomainIAMRoleName"),
        tags: form.tags(),
        ..Shape::default()
    })
}

fn scaling(form: &mut Form) -> Option<ScalingShape> {
    let scaling = ScalingShape {
        acus_min: form.value("ServerlessV2ScalingConfiguration.MinCapacity"),
        acus_max: form.value("ServerlessV2ScalingConfiguration.MaxCapacity"),
        auto_pause_seconds: form.value("ServerlessV2ScalingConfiguration.SecondsUntilAutoPause"),
    };
    (scaling != ScalingShape::default()).then_some(scaling)
}

fn monitoring(form: &mut Form) -> MonitoringShape {
    MonitoringShape {
        interval_seconds: form.value("MonitoringInterval"),
        role: form.text("MonitoringRoleArn"),
        insights: form.value("EnablePerformanceInsights"),
        insights_key: form.text("PerformanceInsightsKMSKeyId"),
        insights_days: form.value("PerformanceInsightsRetentionPeriod"),
    }
}

/// A new instance.
pub(super) fn instance(form: &mut Form) -> Option<InstanceShape> {
    form.says("Engine", "aurora-postgresql")?;
    Some(InstanceShape {
        identifier: form.text("DBInstanceIdentifier")?,
        class: form.text("DBInstanceClass")?,
        promotion_tier: form.value("PromotionTier"),
        parameter_group: form.text("DBParameterGroupName"),
        availability_zone: form.text("AvailabilityZone"),
        maintenance_window: form.text("PreferredMaintenanceWindow"),
        auto_minor_version_upgrade: form.value("AutoMinorVersionUpgrade"),
        publicly_accessible: form.value("PubliclyAccessible"),
        ca_certificate: form.text("CACertificateIdentifier"),
        monitoring: monitoring(form),
        tags: form.tags(),
        ..InstanceShape::default()
    })
}

/// A new custom endpoint.
pub(super) fn endpoint(form: &mut Form) -> Option<EndpointShape> {
    Some(EndpointShape {
        identifier: form.text("DBClusterEndpointIdentifier")?,
        kind: form.text("EndpointType")?,
        static_members: form.list("StaticMembers.member"),
        excluded_members: form.list("ExcludedMembers.member"),
        tags: form.tags(),
        ..EndpointShape::default()
    })
}

/// A role that a cluster may take on from now on.
pub(super) fn role(form: &mut Form) -> Option<RoleShape> {
    Some(RoleShape {
        arn: form.text("RoleArn")?,
        feature: form.text("FeatureName"),
        ..RoleShape::default()
    })
}
