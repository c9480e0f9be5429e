//! Holds what a rebuilt member is given against everything that the SDK could give.

use crate::rebuild_global::{CLUSTER, ENDPOINT, GLOBAL, INSTANCE};
use ::aws::shapes::clusters::shape;
use aws_sdk_rds::{
    operation::{
        create_db_cluster::CreateDbClusterInput,
        create_db_cluster_endpoint::CreateDbClusterEndpointInput,
        create_db_instance::CreateDbInstanceInput, create_global_cluster::CreateGlobalClusterInput,
    },
    types,
};
use failover::testing::holds;

use super::*;

fn tag(key: &str) -> types::Tag {
    types::Tag::builder().key(key).value("v").build()
}

/// A cluster with every property that a member can have.
fn cluster() -> types::DbCluster {
    let group = types::VpcSecurityGroupMembership::builder().vpc_security_group_id("sg-1");
    let scaling = types::ServerlessV2ScalingConfigurationInfo::builder()
        .min_capacity(0.0)
        .max_capacity(4.5)
        .seconds_until_auto_pause(300);
    let domain = types::DomainMembership::builder()
        .domain("d-1")
        .iam_role_name("directory");
    let role = types::DbClusterRole::builder()
        .role_arn("arn:aws:iam::123456789012:role/import")
        .feature_name("s3Import")
        .status("ACTIVE");
    types::DbCluster::builder()
        .db_cluster_identifier("orders-west")
        .db_cluster_arn("arn:aws:rds:us-west-2:123456789012:cluster:orders-west")
        .db_cluster_resource_id("cluster-OLD")
        .status("available")
        .port(6432)
        .db_subnet_group("private")
        .network_type("DUAL")
        .availability_zones("us-west-2a")
        .vpc_security_groups(group.build())
        .db_cluster_parameter_group("orders-16")
        .kms_key_id("key-1")
        .storage_type("aurora-iopt1")
        .iam_database_authentication_enabled(true)
        .deletion_protection(true)
        .backup_retention_period(14)
        .preferred_backup_window("03:00-03:30")
        .preferred_maintenance_window("sun:05:00-sun:05:30")
        .copy_tags_to_snapshot(true)
        .auto_minor_version_upgrade(false)
        .engine_lifecycle_support("open-source-rds-extended-support-disabled")
        .enabled_cloudwatch_logs_exports("postgresql")
        .serverless_v2_scaling_configuration(scaling.build())
        .http_endpoint_enabled(true)
        .global_write_forwarding_requested(true)
        .local_write_forwarding_status(types::LocalWriteForwardingStatus::Enabled)
        .monitoring_interval(30)
        .monitoring_role_arn("arn:aws:iam::123456789012:role/monitoring")
        .database_insights_mode(types::DatabaseInsightsMode::Advanced)
        .performance_insights_enabled(true)
        .performance_insights_kms_key_id("key-2")
        .performance_insights_retention_period(465)
        .domain_memberships(domain.build())
        .associated_roles(role.build())
        .tag_list(tag("team"))
        .tag_list(tag("aws:cloudformation:stack-name"))
        .build()
}

fn instances() -> types::DbInstance {
    let group = types::DbParameterGroupStatus::builder().db_parameter_group_name("orders-i16");
    types::DbInstance::builder()
        .db_instance_identifier("orders-west-1")
        .db_instance_status("available")
        .db_instance_class("db.serverless")
        .promotion_tier(1)
        .db_parameter_groups(group.build())
        .availability_zone("us-west-2a")
        .preferred_maintenance_window("mon:05:00-mon:05:30")
        .auto_minor_version_upgrade(false)
        .publicly_accessible(true)
        .ca_certificate_identifier("rds-ca-rsa4096-g1")
        .monitoring_interval(60)
        .monitoring_role_arn("arn:aws:iam::123456789012:role/monitoring")
        .performance_insights_enabled(true)
        .performance_insights_kms_key_id("key-2")
        .performance_insights_retention_period(7)
        .tag_list(tag("tier"))
        .build()
}

fn endpoints() -> types::DbClusterEndpoint {
    types::DbClusterEndpoint::builder()
        .db_cluster_endpoint_identifier("reports")
        .custom_endpoint_type("READER")
        .status("available")
        .static_members("orders-west-2")
        .excluded_members("orders-west-1")
        .build()
}

fn full() -> Shape {
    let (mut shape, endpoints) = shape(cluster(), vec![instances()], vec![endpoints()]);
    shape.endpoints = endpoints
        .into_iter()
        .map(|(endpoint, _)| endpoint)
        .collect();
    shape.endpoints[0]
        .tags
        .insert("use".into(), "reports".into());
    shape
}

#[test]
fn every_input_of_create_global_cluster_is_given_or_on_the_list() {
    let like = GlobalSettings {
        deletion_protection: Some(true),
        engine_lifecycle_support: Some("open-source-rds-extended-support".into()),
        tags: [("team".into(), "orders".into())].into(),
    };
    let none = CreateGlobalClusterInput::builder().build().unwrap();
    let full = global("orders-global-2", "arn", &like).build().unwrap();
    holds("CreateGlobalCluster", &GLOBAL, &none, &full);
}

#[test]
fn every_input_of_create_db_cluster_is_given_or_on_the_list() {
    let none = CreateDbClusterInput::builder().build().unwrap();
    let full = member("orders-global-2", "16.6", &full()).build().unwrap();
    holds("CreateDBCluster", &CLUSTER, &none, &full);
}

#[test]
fn every_input_of_create_db_instance_is_given_or_on_the_list() {
    let none = CreateDbInstanceInput::builder().build().unwrap();
    let full = instance("orders-west", &full().instances[0])
        .build()
        .unwrap();
    holds("CreateDBInstance", &INSTANCE, &none, &full);
}

#[test]
fn every_input_of_create_db_cluster_endpoint_is_given_or_on_the_list() {
    let none = CreateDbClusterEndpointInput::builder().build().unwrap();
    let full = endpoint("orders-west", &full().endpoints[0])
        .build()
        .unwrap();
    holds("CreateDBClusterEndpoint", &ENDPOINT, &none, &full);
}

#[test]
fn a_serverless_members_scaling_configuration_is_kept() {
    let input = member("orders-global-2", "16.6", &full()).build().unwrap();
    let scaling = input.serverless_v2_scaling_configuration().unwrap();
    assert_eq!(
        (
            scaling.min_capacity(),
            scaling.max_capacity(),
            scaling.seconds_until_auto_pause()
        ),
        (Some(0.0), Some(4.5), Some(300))
    );
}

#[test]
fn a_default_parameter_group_comes_with_the_version_and_is_not_given() {
    let mut shape = full();
    shape.parameter_group = Some("default.aurora-postgresql15".into());
    let input = member("orders-global-2", "16.6", &shape).build().unwrap();
    assert_eq!(input.db_cluster_parameter_group_name(), None);
}

#[test]
fn what_no_successor_can_be_given_is_told_in_words() {
    let stream = types::DbCluster::builder()
        .activity_stream_status(types::ActivityStreamStatus::Started)
        .activity_stream_kinesis_stream_name("aws-rds-das-1")
        .build();
    let (shape, _) = shape(stream, Vec::new(), Vec::new());
    assert_eq!(shape.beyond, ["the database activity stream aws-rds-das-1"]);
}

#[test]
fn what_rds_refuses_while_its_feature_is_off_is_not_given() {
    let mut shape = full();
    shape.monitoring.interval_seconds = Some(0);
    shape.monitoring.insights = Some(false);
    let input = member("orders-global-2", "16.6", &shape).build().unwrap();
    assert_eq!(
        (
            input.monitoring_role_arn(),
            input.performance_insights_kms_key_id(),
            input.performance_insights_retention_period()
        ),
        (None, None, None)
    );
    assert_eq!(input.enable_performance_insights(), Some(false));
}
