//! Properties are shown as they were given.

use super::world::{WEST, World, expect};
use crate::answer::Node;

const CLUSTER: (&str, &str) = ("DBClusterIdentifier", "orders-west");

#[test]
fn every_property_of_a_cluster_is_shown_as_given() {
    let mut world = World::two_members();
    let given = [
        ("PreferredBackupWindow", "01:00-01:30"),
        ("CopyTagsToSnapshot", "true"),
        ("EnableHttpEndpoint", "true"),
        ("EnablePerformanceInsights", "true"),
        ("StorageType", "aurora-iopt1"),
        ("EnableLocalWriteForwarding", "true"),
        ("ServerlessV2ScalingConfiguration.MinCapacity", "0.5"),
        ("ServerlessV2ScalingConfiguration.MaxCapacity", "16"),
        (
            "CloudwatchLogsExportConfiguration.EnableLogTypes.member.1",
            "postgresql",
        ),
    ];
    world.ok(WEST, "ModifyDBCluster", &[&[CLUSTER][..], &given].concat());
    let role = [
        CLUSTER,
        ("RoleArn", "arn:aws:iam::123456789012:role/export"),
    ];
    let busy = world.refused(WEST, "AddRoleToDBCluster", &role);
    expect(&busy, 400, "InvalidDBClusterStateFault", "modifying");
    world.settle();
    world.ok(WEST, "AddRoleToDBCluster", &role);
    let twice = world.refused(WEST, "AddRoleToDBCluster", &role);
    expect(&twice, 400, "DBClusterRoleAlreadyExists", "already");
    for (field, value) in [
        ("PreferredBackupWindow", "01:00-01:30"),
        ("CopyTagsToSnapshot", "true"),
        ("HttpEndpointEnabled", "true"),
        ("PerformanceInsightsEnabled", "true"),
        ("StorageType", "aurora-iopt1"),
        ("LocalWriteForwardingStatus", "enabled"),
        ("ServerlessV2ScalingConfiguration.MinCapacity", "0.5"),
        ("ServerlessV2ScalingConfiguration.MaxCapacity", "16.0"),
        ("EnabledCloudwatchLogsExports.0", "postgresql"),
        (
            "AssociatedRoles.0.RoleArn",
            "arn:aws:iam::123456789012:role/export",
        ),
    ] {
        assert_eq!(
            world.cluster(WEST, "orders-west", field).unwrap(),
            value,
            "{field}"
        );
    }
}

#[test]
fn every_property_of_an_instance_is_shown_as_given() {
    let mut world = World::two_members();
    let instance = ("DBInstanceIdentifier", "orders-west-1");
    let unpaid = world.refused(
        WEST,
        "ModifyDBInstance",
        &[instance, ("MonitoringInterval", "60")],
    );
    expect(
        &unpaid,
        400,
        "InvalidParameterCombination",
        "MonitoringRoleARN",
    );
    world.ok(
        WEST,
        "ModifyDBInstance",
        &[
            instance,
            ("PromotionTier", "3"),
            ("PubliclyAccessible", "true"),
            ("CACertificateIdentifier", "rds-ca-ecc384-g1"),
        ],
    );
    assert_eq!(world.instance_status(WEST, "orders-west-1"), "modifying");
    world.settle();
    let shown: Node = world.ok(WEST, "DescribeDBInstances", &[instance]);
    for (field, value) in [
        ("PromotionTier", "3"),
        ("PubliclyAccessible", "true"),
        ("CertificateDetails.CAIdentifier", "rds-ca-ecc384-g1"),
        (
            "DBParameterGroups.0.DBParameterGroupName",
            "default.aurora-postgresql16",
        ),
    ] {
        let found = World::text_at(&shown, &format!("DBInstances.0.{field}"));
        assert_eq!(found.unwrap(), value, "{field}");
    }
}
