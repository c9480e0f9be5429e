//! Holds what a replica is given against everything that the SDK could give.

use ::aws::shapes::instances::shape;
use aws_sdk_rds::{
    operation::create_db_instance_read_replica::CreateDbInstanceReadReplicaInput,
    types::{
        self, DbInstance, DbParameterGroupStatus, DbSubnetGroup, DomainMembership, Endpoint,
        OptionGroupMembership, Tag, VpcSecurityGroupMembership, builders::DbInstanceBuilder,
    },
};
use failover::testing::holds;

use super::*;
use crate::replace_replica::REPLICA;

const SOURCE: &str = "arn:aws:rds:us-east-1:123456789012:db:orders-east";

/// An instance with every property that a replica can be given.
fn full() -> DbInstanceBuilder {
    let tag = |key: &str| Tag::builder().key(key).value("v").build();
    let security = VpcSecurityGroupMembership::builder().vpc_security_group_id("sg-1");
    let parameters = DbParameterGroupStatus::builder().db_parameter_group_name("orders-16");
    let options = OptionGroupMembership::builder().option_group_name("orders-options");
    let domain = DomainMembership::builder()
        .domain("d-1")
        .iam_role_name("directory");
    DbInstance::builder()
        .db_instance_identifier("orders-west")
        .db_instance_arn("arn:aws:rds:us-west-2:123456789012:db:orders-west")
        .dbi_resource_id("db-OLD")
        .db_instance_status("available")
        .db_instance_class("db.m6g.large")
        .endpoint(Endpoint::builder().port(6432).build())
        .db_subnet_group(
            DbSubnetGroup::builder()
                .db_subnet_group_name("private")
                .build(),
        )
        .network_type("DUAL")
        .availability_zone("us-west-2a")
        .multi_az(false)
        .vpc_security_groups(security.build())
        .db_parameter_groups(parameters.build())
        .option_group_memberships(options.build())
        .kms_key_id("key-1")
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
        .database_insights_mode(types::DatabaseInsightsMode::Advanced)
        .performance_insights_enabled(true)
        .performance_insights_kms_key_id("key-2")
        .performance_insights_retention_period(465)
        .domain_memberships(domain.build())
        .tag_list(tag("team"))
        .tag_list(tag("aws:cloudformation:stack-name"))
}

#[test]
fn a_replica_is_given_everything_that_the_list_says() {
    let none = CreateDbInstanceReadReplicaInput::builder().build().unwrap();
    let given = replica(SOURCE, &shape(full().build())).build().unwrap();
    holds("CreateDBInstanceReadReplica", &REPLICA, &none, &given);
    let tags = given.tags.unwrap();
    assert_eq!(tags.len(), 1, "RDS's own tags cannot be given");
}

#[test]
fn what_rds_would_refuse_beside_something_else_is_not_given() {
    let replica =
        |found: DbInstanceBuilder| replica(SOURCE, &shape(found.build())).build().unwrap();
    let two_zones = replica(full().multi_az(true));
    assert_eq!(two_zones.availability_zone, None);
    let small = replica(full().allocated_storage(399));
    assert_eq!((small.iops, small.storage_throughput), (None, None));
    let provisioned = replica(full().storage_type("io2"));
    assert_eq!(provisioned.iops, Some(12_000));
    assert_eq!(provisioned.storage_throughput, None);
    let unwatched = replica(full().performance_insights_enabled(false));
    assert_eq!(unwatched.performance_insights_kms_key_id, None);
    let options = OptionGroupMembership::builder().option_group_name("default:postgres-16");
    let default = full().set_option_group_memberships(Some(vec![options.build()]));
    assert_eq!(replica(default).option_group_name, None);
}

#[test]
fn a_replica_gets_its_backups_and_its_windows_once_it_is_there() {
    let like = shape(full().build());
    let given = completed(&like).build().unwrap();
    assert_eq!(given.db_instance_identifier.as_deref(), Some("orders-west"));
    assert_eq!(given.backup_retention_period, Some(14));
    assert_eq!(given.preferred_backup_window, like.backup_window);
    assert_eq!(given.preferred_maintenance_window, like.maintenance_window);
    assert_eq!(given.apply_immediately, Some(true));
}
