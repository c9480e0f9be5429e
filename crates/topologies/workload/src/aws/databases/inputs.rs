//! What RDS is given to restore what comes home, and the settings that it is given afterwards: of each restore the whole input, so that a
//! test can hold it against the SDK's.

use ::aws::shapes::{
    clusters::scaling, insights, instances::provisioned, own_group, some, tag_list,
};
use aws_sdk_rds::{
    operation::{
        modify_db_cluster::builders::ModifyDbClusterInputBuilder,
        modify_db_instance::builders::ModifyDbInstanceInputBuilder,
        restore_db_cluster_from_snapshot::builders::RestoreDbClusterFromSnapshotInputBuilder,
        restore_db_instance_from_db_snapshot::builders::RestoreDbInstanceFromDbSnapshotInputBuilder,
    },
    types::CloudwatchLogsExportConfiguration,
};
use failover::topology::Shape;

/// A cluster takes logins and databases from the snapshot; the rest is as it was.
pub(super) fn cluster(
    snapshot: &str,
    (engine, engine_version): (&str, &str),
    like: &Shape,
) -> RestoreDbClusterFromSnapshotInputBuilder {
    let monitoring = &like.monitoring;
    let on = insights(monitoring);
    RestoreDbClusterFromSnapshotInputBuilder::default()
        .db_cluster_identifier(&like.identifier)
        .snapshot_identifier(snapshot)
        .engine(engine)
        .engine_version(engine_version)
        .set_port(like.port)
        .set_db_subnet_group_name(like.subnet_group.clone())
        .set_network_type(like.network_type.clone())
        .set_availability_zones(some(like.availability_zones.clone()))
        .set_vpc_security_group_ids(some(like.security_groups.clone()))
        .set_db_cluster_parameter_group_name(own_group(like.parameter_group.as_ref()))
        .set_kms_key_id(like.kms_key.clone())
        .set_storage_type(like.storage_type.clone())
        .enable_iam_database_authentication(like.iam_authentication)
        .deletion_protection(like.deletion_protection)
        .set_backup_retention_period(kept_days(like))
        .set_preferred_backup_window(like.backup_window.clone())
        .set_copy_tags_to_snapshot(like.copy_tags_to_snapshot)
        .set_engine_lifecycle_support(like.engine_lifecycle_support.clone())
        .set_enable_cloudwatch_logs_exports(some(like.log_exports.clone()))
        .set_serverless_v2_scaling_configuration(like.scaling.as_ref().map(scaling))
        .set_monitoring_interval(monitoring.interval_seconds)
        .set_monitoring_role_arn(monitoring.writer())
        .set_enable_performance_insights(monitoring.insights)
        .set_performance_insights_kms_key_id(on.and_then(|on| on.insights_key.clone()))
        .set_performance_insights_retention_period(on.and_then(|on| on.insights_days))
        .set_domain(like.domain.clone())
        .set_domain_iam_role_name(like.domain_role.clone())
        .set_tags(tag_list(&like.tags))
}

/// RDS refuses no days for a cluster, which always has backups.
fn kept_days(like: &Shape) -> Option<i32> {
    like.backup_retention_days.filter(|days| *days > 0)
}

/// What a restore of a cluster is not given, and what RDS may not have taken.
pub(super) fn cluster_settings(like: &Shape) -> ModifyDbClusterInputBuilder {
    let monitoring = &like.monitoring;
    let on = insights(monitoring);
    ModifyDbClusterInputBuilder::default()
        .db_cluster_identifier(&like.identifier)
        .apply_immediately(true)
        .set_backup_retention_period(kept_days(like))
        .set_preferred_backup_window(like.backup_window.clone())
        .set_preferred_maintenance_window(like.maintenance_window.clone())
        .set_copy_tags_to_snapshot(like.copy_tags_to_snapshot)
        .set_auto_minor_version_upgrade(like.auto_minor_version_upgrade)
        .set_db_cluster_parameter_group_name(own_group(like.parameter_group.as_ref()))
        .enable_iam_database_authentication(like.iam_authentication)
        .deletion_protection(like.deletion_protection)
        .set_enable_http_endpoint(like.http_endpoint)
        .set_enable_local_write_forwarding(like.local_write_forwarding)
        .set_serverless_v2_scaling_configuration(like.scaling.as_ref().map(scaling))
        .set_cloudwatch_logs_export_configuration(logs(like))
        .set_monitoring_interval(monitoring.interval_seconds)
        .set_monitoring_role_arn(monitoring.writer())
        .set_database_insights_mode(like.insights_mode.as_deref().map(Into::into))
        .set_enable_performance_insights(monitoring.insights)
        .set_performance_insights_kms_key_id(on.and_then(|on| on.insights_key.clone()))
        .set_performance_insights_retention_period(on.and_then(|on| on.insights_days))
}

/// An instance takes logins, databases and version from the snapshot; the rest is as it was.
pub(super) fn instance(
    snapshot: &str,
    engine: &str,
    like: &Shape,
) -> RestoreDbInstanceFromDbSnapshotInputBuilder {
    let only = like.instances.first().cloned().unwrap_or_default();
    let alone = only.alone.clone().unwrap_or_default();
    let (iops, throughput) = provisioned(like.storage_type.as_deref(), &alone);
    RestoreDbInstanceFromDbSnapshotInputBuilder::default()
        .db_instance_identifier(&like.identifier)
        .db_snapshot_identifier(snapshot)
        .engine(engine)
        .db_instance_class(&only.class)
        // RDS refuses a zone where there are to be two.
        .set_availability_zone(
            only.availability_zone
                .filter(|_| alone.multi_az != Some(true)),
        )
        .set_multi_az(alone.multi_az)
        .set_port(like.port)
        .set_db_subnet_group_name(like.subnet_group.clone())
        .set_network_type(like.network_type.clone())
        .set_vpc_security_group_ids(some(like.security_groups.clone()))
        .set_db_parameter_group_name(own_group(only.parameter_group.as_ref()))
        .set_option_group_name(own_group(alone.option_group.as_ref()))
        .set_storage_type(like.storage_type.clone())
        // RDS takes no size for SQL Server, which comes back with the snapshot's.
        // Source: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromDBSnapshot.html>.
        .set_allocated_storage(
            alone
                .storage_gib
                .filter(|_| !engine.starts_with("sqlserver")),
        )
        .set_iops(iops)
        .set_storage_throughput(throughput)
        .set_dedicated_log_volume(alone.dedicated_log_volume)
        .enable_iam_database_authentication(like.iam_authentication)
        .deletion_protection(like.deletion_protection)
        .set_backup_retention_period(like.backup_retention_days)
        .set_preferred_backup_window(like.backup_window.clone())
        .set_copy_tags_to_snapshot(like.copy_tags_to_snapshot)
        .set_auto_minor_version_upgrade(only.auto_minor_version_upgrade)
        .set_publicly_accessible(only.publicly_accessible)
        .set_ca_certificate_identifier(only.ca_certificate)
        .set_enable_cloudwatch_logs_exports(some(like.log_exports.clone()))
        .set_domain(like.domain.clone())
        .set_domain_iam_role_name(like.domain_role.clone())
        .set_tags(tag_list(&like.tags))
}

/// What a restore of an instance is not given, and what RDS may not have taken.
pub(super) fn instance_settings(like: &Shape) -> ModifyDbInstanceInputBuilder {
    let only = like.instances.first().cloned().unwrap_or_default();
    let alone = only.alone.clone().unwrap_or_default();
    let monitoring = &like.monitoring;
    let on = insights(monitoring);
    ModifyDbInstanceInputBuilder::default()
        .db_instance_identifier(&like.identifier)
        .apply_immediately(true)
        .set_backup_retention_period(like.backup_retention_days)
        .set_preferred_backup_window(like.backup_window.clone())
        .set_preferred_maintenance_window(like.maintenance_window.clone())
        .set_copy_tags_to_snapshot(like.copy_tags_to_snapshot)
        .set_auto_minor_version_upgrade(only.auto_minor_version_upgrade)
        .set_publicly_accessible(only.publicly_accessible)
        .set_db_parameter_group_name(own_group(only.parameter_group.as_ref()))
        .enable_iam_database_authentication(like.iam_authentication)
        .deletion_protection(like.deletion_protection)
        .set_max_allocated_storage(alone.storage_gib_max)
        .set_multi_az(alone.multi_az)
        .set_cloudwatch_logs_export_configuration(logs(like))
        .set_monitoring_interval(monitoring.interval_seconds)
        .set_monitoring_role_arn(monitoring.writer())
        .set_database_insights_mode(like.insights_mode.as_deref().map(Into::into))
        .set_enable_performance_insights(monitoring.insights)
        .set_performance_insights_kms_key_id(on.and_then(|on| on.insights_key.clone()))
        .set_performance_insights_retention_period(on.and_then(|on| on.insights_days))
}

fn logs(like: &Shape) -> Option<CloudwatchLogsExportConfiguration> {
    let types = some(like.log_exports.clone())?;
    let exports = CloudwatchLogsExportConfiguration::builder();
    Some(exports.set_enable_log_types(Some(types)).build())
}

#[cfg(test)]
mod tests;
