//! What RDS shows of an instance, as it has to be made again.

use aws_sdk_rds::types;
use failover::topology::{AloneShape, InstanceShape, MonitoringShape, Shape, Snapshot};

use super::{tags, timestamp};

/// From so much on RDS takes a provision of its own for the storage type `gp3`, in GiB.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html>.
const GP3_PROVISIONED_GIB: i32 = 400;

/// The instance as a cluster that has it alone.
#[must_use]
pub fn shape(found: types::DbInstance) -> Shape {
    let beyond = beyond(&found);
    let only = only(&found);
    let groups = found.vpc_security_groups.unwrap_or_default();
    let domain = found.domain_memberships.unwrap_or_default();
    let domain = domain.into_iter().next();
    let port = found.endpoint.and_then(|endpoint| endpoint.port);
    let subnets = found.db_subnet_group;
    Shape {
        identifier: found.db_instance_identifier.unwrap_or_default(),
        arn: found.db_instance_arn.unwrap_or_default(),
        resource_id: found.dbi_resource_id.unwrap_or_default(),
        status: found.db_instance_status.unwrap_or_default(),
        global_cluster: found
            .read_replica_source_db_instance_identifier
            .filter(|source| !source.is_empty()),
        port,
        subnet_group: subnets.and_then(|group| group.db_subnet_group_name),
        network_type: found.network_type,
        security_groups: groups
            .into_iter()
            .filter_map(|group| group.vpc_security_group_id)
            .collect(),
        kms_key: found.kms_key_id,
        storage_type: found.storage_type.filter(|kind| !kind.is_empty()),
        iam_authentication: found
            .iam_database_authentication_enabled
            .unwrap_or_default(),
        deletion_protection: found.deletion_protection.unwrap_or_default(),
        backup_retention_days: found.backup_retention_period,
        backup_window: found.preferred_backup_window,
        maintenance_window: found.preferred_maintenance_window,
        copy_tags_to_snapshot: found.copy_tags_to_snapshot,
        log_exports: found.enabled_cloudwatch_logs_exports.unwrap_or_default(),
        monitoring: MonitoringShape {
            interval_seconds: found.monitoring_interval,
            role: found.monitoring_role_arn,
            insights: found.performance_insights_enabled,
            insights_key: found.performance_insights_kms_key_id,
            insights_days: found.performance_insights_retention_period,
        },
        insights_mode: found
            .database_insights_mode
            .map(|mode| mode.as_str().to_owned()),
        domain_role: domain.as_ref().and_then(|one| one.iam_role_name.clone()),
        domain: domain.and_then(|one| one.domain),
        tags: tags(found.tag_list),
        instances: vec![only],
        beyond,
        ..Shape::default()
    }
}

/// What an Aurora cluster's instance has, and what its cluster would.
fn only(found: &types::DbInstance) -> InstanceShape {
    let groups = found.db_parameter_groups.iter().flatten();
    let options = found.option_group_memberships.iter().flatten();
    InstanceShape {
        identifier: found.db_instance_identifier.clone().unwrap_or_default(),
        status: found.db_instance_status.clone().unwrap_or_default(),
        class: found.db_instance_class.clone().unwrap_or_default(),
        parameter_group: groups
            .filter_map(|group| group.db_parameter_group_name.clone())
            .next(),
        availability_zone: found.availability_zone.clone(),
        auto_minor_version_upgrade: found.auto_minor_version_upgrade,
        publicly_accessible: found.publicly_accessible,
        ca_certificate: found.ca_certificate_identifier.clone(),
        alone: Some(AloneShape {
            storage_gib: found.allocated_storage,
            storage_gib_max: found.max_allocated_storage,
            iops: found.iops,
            throughput_mib: found.storage_throughput,
            multi_az: found.multi_az,
            option_group: options
                .filter_map(|group| group.option_group_name.clone())
                .next(),
            dedicated_log_volume: found.dedicated_log_volume,
        }),
        ..InstanceShape::default()
    }
}

/// What an instance has and no call that makes a replica can give, in words.
fn beyond(found: &types::DbInstance) -> Vec<String> {
    let mut beyond = Vec::new();
    for role in found.associated_roles.iter().flatten() {
        let name = role.role_arn.as_deref().unwrap_or_default();
        let feature = role.feature_name.as_deref().unwrap_or_default();
        beyond.push(format!("the role {name} for {feature}"));
    }
    let stream = found.activity_stream_status.as_ref();
    if stream.is_some_and(|status| status.as_str() != "stopped") {
        let name = found.activity_stream_kinesis_stream_name.as_deref();
        beyond.push(format!(
            "the database activity stream {}",
            name.unwrap_or_default()
        ));
    }
    if found.master_user_secret.is_some() {
        beyond.push("a password that RDS keeps in Secrets Manager".into());
    }
    let replicated = found.db_instance_automated_backups_replications.as_ref();
    if replicated.is_some_and(|replicated| !replicated.is_empty()) {
        beyond.push("the copies of its automated backups in another Region".into());
    }
    if found.aws_backup_recovery_point_arn.is_some() {
        beyond.push("the recovery points that AWS Backup made of it".into());
    }
    beyond
}

/// A snapshot of an instance.
#[must_use]
pub fn snapshot(found: types::DbSnapshot) -> Snapshot {
    Snapshot {
        identifier: found.db_snapshot_identifier.unwrap_or_default(),
        status: found.status.unwrap_or_default(),
        kind: found.snapshot_type.unwrap_or_default(),
        resource_id: found.dbi_resource_id.unwrap_or_default(),
        taken_at: found.snapshot_create_time.and_then(timestamp),
    }
}

/// Operations and throughput, where the storage is provisioned with them: else RDS shows its baseline, and refuses to be given it.
#[must_use]
pub fn provisioned(kind: Option<&str>, alone: &AloneShape) -> (Option<i32>, Option<i32>) {
    let is_large = alone.storage_gib >= Some(GP3_PROVISIONED_GIB);
    match kind {
        Some("io1" | "io2") => (alone.iops, None),
        Some("gp3") if is_large => (alone.iops, alone.throughput_mib),
        Some(_) | None => (None, None),
    }
}
