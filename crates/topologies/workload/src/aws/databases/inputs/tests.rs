//! Holds what a restored database is given against everything that the SDK could give.

use ::aws::shapes::{clusters, instances};
use aws_sdk_rds::{
    operation::{
        restore_db_cluster_from_snapshot::RestoreDbClusterFromSnapshotInput,
        restore_db_instance_from_db_snapshot::RestoreDbInstanceFromDbSnapshotInput,
    },
    types::{
        DatabaseInsightsMode, DbCluster, DbInstance, DbParameterGroupStatus, DbSubnetGroup,
        DomainMembership, Endpoint, OptionGroupMembership, ServerlessV2ScalingConfigurationInfo,
        Tag, VpcSecurityGroupMembership, builders::DbInstanceBuilder,
    },
};
use failover::{
    testing::holds,
    topology::{SdkInput, left_out_of},
};

use super::*;
use crate::kinds::databases::{RESTORED_CLUSTER, RESTORED_INSTANCE};

fn tag(key: &str) -> Tag {
    Tag::builder().key(key).value("v").build()
}

fn security() -> VpcSecurityGroupMembership {
    VpcSecurityGroupMembership::builder()
        .vpc_security_group_id("sg-1")
        .build()
}

fn domain() -> DomainMembership {
    DomainMembership::builder()
        .domain("d-1")
        .iam_role_name("directory")
        .build()
}

/// A cluster with every property that a restored one can be given.
fn full_cluster() -> Shape {
    let scaling = ServerlessV2ScalingConfigurationInfo::builder()
        .min_capacity(0.5)
        .max_capacity(8.0);
    let found = DbCluster::builder()
        .db_cluster_identifier("orders")
        .db_cluster_arn("arn:aws:rds:us-east-1:123456789012:cluster:orders")
        .port(6432)
        .db_subnet_group("private")
        .network_type("DUAL")
        .availability_zones("us-east-1a")
        .vpc_security_groups(security())
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
        .monitoring_interval(30)
        .monitoring_role_arn("arn:aws:iam::123456789012:role/monitoring")
        .database_insights_mode(DatabaseInsightsMode::Advanced)
        .performance_insights_enabled(true)
        .performance_insights_kms_key_id("key-2")
        .performance_insights_retention_period(465)
        .domain_memberships(domain())
        .tag_list(tag("team"));
    clusters::shape(found.build(), Vec::new(), Vec::new()).0
}

/// An instance with every property that a restored one can be given.
fn full_instance() -> DbInstanceBuilder {
    let parameters = DbParameterGroupStatus::builder().db_parameter_group_name("orders-16");
    let options = OptionGroupMembership::builder().option_group_name("orders-options");
    let subnets = DbSubnetGroup::builder().db_subnet_group_name("private");
    DbInstance::builder()
        .db_instance_identifier("orders")
        .db_instance_class("db.m6g.large")
        .endpoint(Endpoint::builder().port(6432).build())
        .db_subnet_group(subnets.build())
        .network_type("DUAL")
        .availability_zone("us-east-1a")
        .multi_az(false)
        .vpc_security_groups(security())
        .db_parameter_groups(parameters.build())
        .option_group_memberships(options.build())
        .storage_type("gp3")
        .allocated_storage(400)
        .max_allocated_storage(1_000)
        .iops(12_000)
        .storage_throughput(500)
        .dedicated_log_volume(false)
        .iam_database_authentication_enabled(true)
        .deletion_protection(true)
        .backup_retention_period(14)
        .preferred_backup_window("03:00-03:30")
        .preferred_maintenance_window("sun:05:00-sun:05:30")
        .copy_tags_to_snapshot(true)
        .auto_minor_version_upgrade(false)
        .publicly_accessible(false)
        .ca_certificate_identifier("rds-ca-rsa2048-g1")
        .enabled_cloudwatch_logs_exports("postgresql")
        .monitoring_interval(30)
        .monitoring_role_arn("arn:aws:iam::123456789012:role/monitoring")
        .database_insights_mode(DatabaseInsightsMode::Advanced)
        .performance_insights_enabled(true)
        .performance_insights_kms_key_id("key-2")
        .performance_insights_retention_period(465)
        .domain_memberships(domain())
        .tag_list(tag("team"))
}

#[test]
fn a_restored_cluster_is_given_everything_that_the_list_says() {
    let none = RestoreDbClusterFromSnapshotInput::builder().build();
    let like = full_cluster();
    let given = cluster("af-1", ("aurora-postgresql", "16.6"), &like).build();
    holds(
        "RestoreDBClusterFromSnapshot",
        &RESTORED_CLUSTER,
        &none.unwrap(),
        &given.unwrap(),
    );
}

#[test]
fn a_restored_instance_is_given_everything_that_the_list_says() {
    let none = RestoreDbInstanceFromDbSnapshotInput::builder().build();
    let like = instances::shape(full_instance().build());
    let given = instance("af-1", "postgres", &like).build();
    holds(
        "RestoreDBInstanceFromDBSnapshot",
        &RESTORED_INSTANCE,
        &none.unwrap(),
        &given.unwrap(),
    );
}

#[test]
fn whatever_is_left_out_has_its_reason() {
    for list in [&RESTORED_CLUSTER[..], &RESTORED_INSTANCE[..]] {
        let left = left_out_of(list);
        let all = list.iter().filter(|(_, input)| *input != SdkInput::Given);
        assert_eq!(left.len(), all.count());
        let is_said = |line: &String| {
            line.split_once(": ")
                .is_some_and(|(_, why)| !why.is_empty())
        };
        assert!(left.iter().all(is_said), "{left:?}");
    }
}

#[test]
fn what_a_restore_is_not_given_is_given_by_a_call_of_its_own() {
    let like = full_cluster();
    let given = cluster_settings(&like).build().unwrap();
    assert_eq!(given.preferred_maintenance_window, like.maintenance_window);
    assert_eq!(given.enable_http_endpoint, Some(true));
    assert_eq!(given.auto_minor_version_upgrade, Some(false));
    let like = instances::shape(full_instance().build());
    let given = instance_settings(&like).build().unwrap();
    assert_eq!(given.preferred_maintenance_window, like.maintenance_window);
    assert_eq!(given.max_allocated_storage, Some(1_000));
    assert_eq!(given.monitoring_interval, Some(30));
    assert_eq!(given.enable_performance_insights, Some(true));
    assert_eq!(given.apply_immediately, Some(true));
}

#[test]
fn what_rds_would_refuse_beside_something_else_is_not_given() {
    let restored = |found: DbInstanceBuilder| {
        let like = instances::shape(found.build());
        instance("af-1", "postgres", &like).build().unwrap()
    };
    let two_zones = restored(full_instance().multi_az(true));
    assert_eq!(two_zones.availability_zone, None);
    assert_eq!(two_zones.multi_az, Some(true));
    let small = restored(full_instance().allocated_storage(399));
    assert_eq!((small.iops, small.storage_throughput), (None, None));
    let like = instances::shape(full_instance().build());
    for engine in ["sqlserver-se", "sqlserver-ee", "sqlserver-web"] {
        let given = instance("af-1", engine, &like).build().unwrap();
        assert_eq!(given.allocated_storage, None, "{engine}");
    }
    let given = instance("af-1", "oracle-ee", &like).build().unwrap();
    assert_eq!(given.allocated_storage, Some(400));
    let mut like = full_cluster();
    like.backup_retention_days = Some(0);
    let given = cluster("af-1", ("aurora-postgresql", "16.6"), &like).build();
    assert_eq!(given.unwrap().backup_retention_period, None);
}
