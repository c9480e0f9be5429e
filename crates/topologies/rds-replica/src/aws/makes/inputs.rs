//! What RDS is given to make a replica anew: the whole input, so that a test can hold it against the SDK's.

use ::aws::shapes::{insights, instances::provisioned, own_group, some, tag_list};
use aws_sdk_rds::operation::{
    create_db_instance_read_replica::builders::CreateDbInstanceReadReplicaInputBuilder,
    modify_db_instance::builders::ModifyDbInstanceInputBuilder,
};
use failover::topology::Shape;

/// A replica takes logins, databases and version from its source; the rest is as it was.
pub(super) fn replica(source_arn: &str, like: &Shape) -> CreateDbInstanceReadReplicaInputBuilder {
    let instance = like.instances.first().cloned().unwrap_or_default();
    let alone = instance.alone.clone().unwrap_or_default();
    let (iops, throughput) = provisioned(like.storage_type.as_deref(), &alone);
    let zone = instance.availability_zone.clone();
    let options = alone.option_group.as_ref();
    let input = CreateDbInstanceReadReplicaInputBuilder::default()
        .db_instance_identifier(&like.identifier)
        .source_db_instance_identifier(source_arn)
        .db_instance_class(&instance.class)
        // RDS refuses a zone where there are to be two.
        .set_availability_zone(zone.filter(|_| alone.multi_az != Some(true)))
        .set_multi_az(alone.multi_az)
        .set_port(like.port)
        .set_db_subnet_group_name(like.subnet_group.clone())
        .set_network_type(like.network_type.clone())
        .set_vpc_security_group_ids(some(like.security_groups.clone()))
        .set_db_parameter_group_name(own_group(instance.parameter_group.as_ref()))
        .set_option_group_name(own_group(options))
        .set_kms_key_id(like.kms_key.clone())
        .set_storage_type(like.storage_type.clone())
        .set_iops(iops)
        .set_storage_throughput(throughput)
        .set_max_allocated_storage(alone.storage_gib_max)
        .set_dedicated_log_volume(alone.dedicated_log_volume)
        .enable_iam_database_authentication(like.iam_authentication)
        .deletion_protection(like.deletion_protection)
        .set_copy_tags_to_snapshot(like.copy_tags_to_snapshot)
        .set_auto_minor_version_upgrade(instance.auto_minor_version_upgrade)
        .set_publicly_accessible(instance.publicly_accessible)
        .set_ca_certificate_identifier(instance.ca_certificate.clone())
        .set_enable_cloudwatch_logs_exports(some(like.log_exports.clone()))
        .set_domain(like.domain.clone())
        .set_domain_iam_role_name(like.domain_role.clone())
        .set_tags(tag_list(&like.tags));
    watched(input, like)
}

fn watched(
    input: CreateDbInstanceReadReplicaInputBuilder,
    like: &Shape,
) -> CreateDbInstanceReadReplicaInputBuilder {
    let monitoring = &like.monitoring;
    let insights = insights(monitoring);
    input
        .set_monitoring_interval(monitoring.interval_seconds)
        .set_monitoring_role_arn(monitoring.writer())
        .set_database_insights_mode(like.insights_mode.as_deref().map(Into::into))
        .set_enable_performance_insights(monitoring.insights)
        .set_performance_insights_kms_key_id(insights.and_then(|on| on.insights_key.clone()))
        .set_performance_insights_retention_period(insights.and_then(|on| on.insights_days))
}

/// What a replica cannot be made with.
pub(super) fn completed(like: &Shape) -> ModifyDbInstanceInputBuilder {
    ModifyDbInstanceInputBuilder::default()
        .db_instance_identifier(&like.identifier)
        .apply_immediately(true)
        .set_backup_retention_period(like.backup_retention_days)
        .set_preferred_backup_window(like.backup_window.clone())
        .set_preferred_maintenance_window(like.maintenance_window.clone())
}

#[cfg(test)]
mod tests;
