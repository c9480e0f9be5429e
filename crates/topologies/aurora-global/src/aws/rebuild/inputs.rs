//! What a rebuild gives RDS to make a member anew: of each call the whole input, so that a test can hold it against the SDK's.

pub(super) use ::aws::shapes::clusters::endpoint;
use ::aws::shapes::{
    clusters::{self, scaling},
    insights, own_group, some, tag_list,
};
use aws_sdk_rds::operation::{
    create_db_cluster::builders::CreateDbClusterInputBuilder,
    create_db_instance::builders::CreateDbInstanceInputBuilder,
    create_global_cluster::builders::CreateGlobalClusterInputBuilder,
};
use failover::topology::{GlobalSettings, InstanceShape, Shape};

const ENGINE: &str = "aurora-postgresql";

/// A global cluster around a writer, from which it takes its engine, its version and its encryption.
pub(super) fn global(
    global_cluster: &str,
    source_arn: &str,
    like: &GlobalSettings,
) -> CreateGlobalClusterInputBuilder {
    CreateGlobalClusterInputBuilder::default()
        .global_cluster_identifier(global_cluster)
        .source_db_cluster_identifier(source_arn)
        .set_deletion_protection(like.deletion_protection)
        .set_engine_lifecycle_support(like.engine_lifecycle_support.clone())
        .set_tags(tag_list(&like.tags))
}

/// A secondary takes logins, database and encryption from the primary; the rest is as it was.
pub(super) fn member(
    global_cluster: &str,
    engine_version: &str,
    like: &Shape,
) -> CreateDbClusterInputBuilder {
    CreateDbClusterInputBuilder::default()
        .db_cluster_identifier(&like.identifier)
        .global_cluster_identifier(global_cluster)
        .engine(ENGINE)
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
        .set_backup_retention_period(like.backup_retention_days)
        .set_preferred_backup_window(like.backup_window.clone())
        .set_preferred_maintenance_window(like.maintenance_window.clone())
        .set_copy_tags_to_snapshot(like.copy_tags_to_snapshot)
        .set_auto_minor_version_upgrade(like.auto_minor_version_upgrade)
        .set_engine_lifecycle_support(like.engine_lifecycle_support.clone())
        .set_enable_cloudwatch_logs_exports(some(like.log_exports.clone()))
        .set_serverless_v2_scaling_configuration(like.scaling.as_ref().map(scaling))
        .set_enable_http_endpoint(like.http_endpoint)
        .set_enable_global_write_forwarding(like.global_write_forwarding)
        .set_enable_local_write_forwarding(like.local_write_forwarding)
        .set_monitoring_interval(like.monitoring.interval_seconds)
        .set_monitoring_role_arn(like.monitoring.writer())
        .set_database_insights_mode(like.insights_mode.as_deref().map(Into::into))
        .set_enable_performance_insights(like.monitoring.insights)
        .set_performance_insights_kms_key_id(
            insights(&like.monitoring).and_then(|on| on.insights_key.clone()),
        )
        .set_performance_insights_retention_period(
            insights(&like.monitoring).and_then(|on| on.insights_days),
        )
        .set_domain(like.domain.clone())
        .set_domain_iam_role_name(like.domain_role.clone())
        .set_tags(tag_list(&like.tags))
}

/// An instance takes the rest from its cluster.
pub(super) fn instance(cluster: &str, like: &InstanceShape) -> CreateDbInstanceInputBuilder {
    clusters::instance(cluster, ENGINE, like)
}

#[cfg(test)]
mod tests;
