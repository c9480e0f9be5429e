//! What RDS shows of a member, as it has to be made again, and what RDS is given of its parts.

use aws_sdk_rds::{
    operation::{
        create_db_cluster_endpoint::builders::CreateDbClusterEndpointInputBuilder,
        create_db_instance::builders::CreateDbInstanceInputBuilder,
    },
    types,
};
use failover::topology::{
    EndpointShape, InstanceShape, MonitoringShape, RoleShape, ScalingShape, Shape, Snapshot,
};

use super::{insights, own_group, some, tag_list, tags, timestamp};

/// The cluster with its instances, and its endpoints with their ARNs: their tags are asked for one by one.
#[must_use]
pub fn shape(
    found: types::DbCluster,
    instances: Vec<types::DbInstance>,
    endpoints: Vec<types::DbClusterEndpoint>,
) -> (Shape, Vec<(EndpointShape, String)>) {
    let mut instances: Vec<_> = instances.into_iter().map(instance_of).collect();
    instances.sort_by(|one, other| one.identifier.cmp(&other.identifier));
    let beyond = beyond(&found);
    let groups = found.vpc_security_groups.unwrap_or_default();
    let domain = found.domain_memberships.unwrap_or_default();
    let domain = domain.into_iter().next();
    let roles = found.associated_roles.unwrap_or_default();
    let forwarding = found.local_write_forwarding_status.as_ref();
    let shape = Shape {
        identifier: found.db_cluster_identifier.unwrap_or_default(),
        arn: found.db_cluster_arn.unwrap_or_default(),
        resource_id: found.db_cluster_resource_id.unwrap_or_default(),
        status: found.status.unwrap_or_default(),
        global_cluster: found
            .global_cluster_identifier
            .filter(|identifier| !identifier.is_empty()),
        port: found.port,
        subnet_group: found.db_subnet_group,
        network_type: found.network_type,
        availability_zones: found.availability_zones.unwrap_or_default(),
        security_groups: groups
            .into_iter()
            .filter_map(|group| group.vpc_security_group_id)
            .collect(),
        parameter_group: found.db_cluster_parameter_group,
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
        auto_minor_version_upgrade: found.auto_minor_version_upgrade,
        engine_lifecycle_support: found.engine_lifecycle_support,
        log_exports: found.enabled_cloudwatch_logs_exports.unwrap_or_default(),
        scaling: found.serverless_v2_scaling_configuration.map(scaling_of),
        http_endpoint: found.http_endpoint_enabled,
        global_write_forwarding: found.global_write_forwarding_requested,
        local_write_forwarding: forwarding
            .map(|status| matches!(status.as_str(), "enabled" | "enabling" | "requested")),
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
        roles: roles.into_iter().filter_map(role_of).collect(),
        tags: tags(found.tag_list),
        instances,
        endpoints: Vec::new(),
        beyond,
    };
    let endpoints = endpoints.into_iter().filter_map(endpoint_of).collect();
    (shape, endpoints)
}

/// What a cluster has and no call that makes a member can give, in words.
fn beyond(found: &types::DbCluster) -> Vec<String> {
    let mut beyond = Vec::new();
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
    let scalability = found.cluster_scalability_type.as_ref();
    if scalability.is_some_and(|kind| kind.as_str() != "standard") {
        beyond.push("Limitless Database".into());
    }
    if found.aws_backup_recovery_point_arn.is_some() {
        beyond.push("the recovery points that AWS Backup made of it".into());
    }
    beyond
}

fn scaling_of(found: types::ServerlessV2ScalingConfigurationInfo) -> ScalingShape {
    ScalingShape {
        acus_min: found.min_capacity,
        acus_max: found.max_capacity,
        auto_pause_seconds: found.seconds_until_auto_pause,
    }
}

fn role_of(found: types::DbClusterRole) -> Option<RoleShape> {
    Some(RoleShape {
        arn: found.role_arn?,
        feature: found.feature_name.filter(|feature| !feature.is_empty()),
        status: found.status.unwrap_or_default(),
    })
}

fn instance_of(found: types::DbInstance) -> InstanceShape {
    let groups = found.db_parameter_groups.unwrap_or_default();
    InstanceShape {
        identifier: found.db_instance_identifier.unwrap_or_default(),
        status: found.db_instance_status.unwrap_or_default(),
        class: found.db_instance_class.unwrap_or_default(),
        promotion_tier: found.promotion_tier,
        parameter_group: groups
            .into_iter()
            .find_map(|group| group.db_parameter_group_name),
        availability_zone: found.availability_zone,
        maintenance_window: found.preferred_maintenance_window,
        auto_minor_version_upgrade: found.auto_minor_version_upgrade,
        publicly_accessible: found.publicly_accessible,
        ca_certificate: found.ca_certificate_identifier,
        monitoring: MonitoringShape {
            interval_seconds: found.monitoring_interval,
            role: found.monitoring_role_arn,
            insights: found.performance_insights_enabled,
            insights_key: found.performance_insights_kms_key_id,
            insights_days: found.performance_insights_retention_period,
        },
        tags: tags(found.tag_list),
        alone: None,
    }
}

/// Every cluster's own endpoints have no identifier.
fn endpoint_of(found: types::DbClusterEndpoint) -> Option<(EndpointShape, String)> {
    let endpoint = EndpointShape {
        identifier: found.db_cluster_endpoint_identifier?,
        status: found.status.unwrap_or_default(),
        kind: found.custom_endpoint_type.unwrap_or_else(|| "ANY".into()),
        static_members: found.static_members.unwrap_or_default(),
        excluded_members: found.excluded_members.unwrap_or_default(),
        tags: Default::default(),
    };
    Some((endpoint, found.db_cluster_endpoint_arn.unwrap_or_default()))
}

/// A snapshot of a cluster.
#[must_use]
pub fn snapshot(found: types::DbClusterSnapshot) -> Snapshot {
    Snapshot {
        identifier: found.db_cluster_snapshot_identifier.unwrap_or_default(),
        status: found.status.unwrap_or_default(),
        kind: found.snapshot_type.unwrap_or_default(),
        resource_id: found.db_cluster_resource_id.unwrap_or_default(),
        taken_at: found.snapshot_create_time.and_then(timestamp),
    }
}

/// An instance takes the rest from its cluster.
#[must_use]
pub fn instance(cluster: &str, engine: &str, like: &InstanceShape) -> CreateDbInstanceInputBuilder {
    CreateDbInstanceInputBuilder::default()
        .db_instance_identifier(&like.identifier)
        .db_cluster_identifier(cluster)
        .db_instance_class(&like.class)
        .engine(engine)
        .set_promotion_tier(like.promotion_tier)
        .set_db_parameter_group_name(own_group(like.parameter_group.as_ref()))
        .set_availability_zone(like.availability_zone.clone())
        .set_preferred_maintenance_window(like.maintenance_window.clone())
        .set_auto_minor_version_upgrade(like.auto_minor_version_upgrade)
        .set_publicly_accessible(like.publicly_accessible)
        .set_ca_certificate_identifier(like.ca_certificate.clone())
        .set_monitoring_interval(like.monitoring.interval_seconds)
        .set_monitoring_role_arn(like.monitoring.writer())
        .set_enable_performance_insights(like.monitoring.insights)
        .set_performance_insights_kms_key_id(
            insights(&like.monitoring).and_then(|on| on.insights_key.clone()),
        )
        .set_performance_insights_retention_period(
            insights(&like.monitoring).and_then(|on| on.insights_days),
        )
        .set_tags(tag_list(&like.tags))
}

/// A custom endpoint.
#[must_use]
pub fn endpoint(cluster: &str, like: &EndpointShape) -> CreateDbClusterEndpointInputBuilder {
    CreateDbClusterEndpointInputBuilder::default()
        .db_cluster_identifier(cluster)
        .db_cluster_endpoint_identifier(&like.identifier)
        .endpoint_type(&like.kind)
        .set_static_members(some(like.static_members.clone()))
        .set_excluded_members(some(like.excluded_members.clone()))
        .set_tags(tag_list(&like.tags))
}

/// Between which capacities a cluster scales, as RDS is given it.
#[must_use]
pub fn scaling(like: &ScalingShape) -> types::ServerlessV2ScalingConfiguration {
    types::ServerlessV2ScalingConfiguration::builder()
        .set_min_capacity(like.acus_min)
        .set_max_capacity(like.acus_max)
        .set_seconds_until_auto_pause(like.auto_pause_seconds)
        .build()
}
