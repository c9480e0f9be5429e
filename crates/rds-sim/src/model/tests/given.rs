//! What a call gives: parameters that RDS refuses, and filters that filter.

use super::world::{EAST, ENGINE, WEST, World, expect};
use crate::model::Settings;

const CLUSTER: (&str, &str) = ("DBClusterIdentifier", "orders-west");

impl World {
    /// How many items of a list there are under these filters.
    fn filtered(&mut self, action: &str, list: &str, filters: &[(&str, &str)]) -> usize {
        let names: Vec<_> = (1..=filters.len())
            .map(|index| {
                let filter = format!("Filters.Filter.{index}");
                (format!("{filter}.Name"), format!("{filter}.Values.Value.1"))
            })
            .collect();
        let pairs = names.iter().zip(filters);
        let params: Vec<_> = pairs
            .flat_map(|((name, values), (filter, value))| [(&**name, *filter), (&**values, *value)])
            .collect();
        let answer = self.ok(WEST, action, &params);
        (0..100)
            .take_while(|index| {
                let node = answer.get(list);
                node.is_some_and(
                    |node| matches!(node, crate::answer::Node::Fields(all) if all.len() > *index),
                )
            })
            .count()
    }
}

#[test]
fn a_serverless_instance_needs_the_clusters_scaling_configuration() {
    let mut world = World::two_members();
    let instance = [
        ("DBInstanceIdentifier", "orders-west-2"),
        ("DBInstanceClass", "db.serverless"),
        ENGINE,
        CLUSTER,
    ];
    // As often as it is asked: nothing but a change of the cluster helps.
    for _ in 0..3 {
        let refusal = world.refused(WEST, "CreateDBInstance", &instance);
        expect(
            &refusal,
            400,
            "InvalidDBClusterStateFault",
            "scaling configuration",
        );
        world.settle();
    }
    let half = ("ServerlessV2ScalingConfiguration.MinCapacity", "0.5");
    let lone = world.refused(WEST, "ModifyDBCluster", &[CLUSTER, half]);
    expect(&lone, 400, "InvalidParameterCombination", "maximum");
    let odd = ("ServerlessV2ScalingConfiguration.MaxCapacity", "2.3");
    let wrong = world.refused(WEST, "ModifyDBCluster", &[CLUSTER, half, odd]);
    expect(&wrong, 400, "InvalidParameterValue", "2.3");
    let two = ("ServerlessV2ScalingConfiguration.MaxCapacity", "2");
    world.ok(WEST, "ModifyDBCluster", &[CLUSTER, half, two]);
    world.settle();
    world.ok(WEST, "CreateDBInstance", &instance);
}

#[test]
fn a_master_password_has_eight_characters_at_least_and_none_that_rds_forbids() {
    let mut world = World::empty(Settings::default());
    let with = |password: &'static str| {
        [
            ("DBClusterIdentifier", "alone"),
            ENGINE,
            ("MasterUsername", "postgres"),
            ("MasterUserPassword", password),
        ]
    };
    for wrong in [
        "sevench",
        "with/slash",
        "with@sign",
        "with\"quote",
        "umläuter",
    ] {
        let refusal = world.refused(WEST, "CreateDBCluster", &with(wrong));
        expect(
            &refusal,
            400,
            "InvalidParameterValue",
            "not a valid password",
        );
        assert!(!refusal.message.contains(wrong), "{refusal}");
    }
    world.ok(WEST, "CreateDBCluster", &with("eightchr"));
    world.settle();
    let short = [
        ("DBClusterIdentifier", "alone"),
        ("MasterUserPassword", "short"),
    ];
    let refusal = world.refused(WEST, "ModifyDBCluster", &short);
    expect(&refusal, 400, "InvalidParameterValue", "shorter than 8");
}

#[test]
fn what_an_instance_has_from_its_cluster_may_not_be_given_to_it() {
    let mut world = World::two_members();
    for (name, value, words) in [
        ("BackupRetentionPeriod", "7", "backup retention period"),
        (
            "VpcSecurityGroupIds.VpcSecurityGroupId.1",
            "sg-1",
            "vpc security group",
        ),
        ("PreferredBackupWindow", "01:00-01:30", "backup window"),
        ("MasterUserPassword", "not-a-secret", "MasterUserPassword"),
        ("StorageEncrypted", "true", "encryption"),
    ] {
        let new = [
            ("DBInstanceIdentifier", "orders-west-2"),
            ("DBInstanceClass", "db.r6g.large"),
            ENGINE,
            CLUSTER,
            (name, value),
        ];
        let refusal = world.refused(WEST, "CreateDBInstance", &new);
        expect(&refusal, 400, "InvalidParameterCombination", words);
        let change = [("DBInstanceIdentifier", "orders-west-1"), (name, value)];
        let refusal = world.refused(WEST, "ModifyDBInstance", &change);
        expect(&refusal, 400, "InvalidParameterCombination", words);
    }
}

#[test]
fn an_encrypted_snapshot_is_copied_to_another_region_only_with_a_key_of_it() {
    let mut world = World::empty(Settings::default());
    let own = [
        ("DBClusterIdentifier", "alone"),
        ENGINE,
        ("MasterUsername", "postgres"),
        ("MasterUserPassword", "not-a-secret"),
        ("StorageEncrypted", "true"),
    ];
    world.ok(WEST, "CreateDBCluster", &own);
    world.settle();
    let kept = ("DBClusterSnapshotIdentifier", "kept");
    world.ok(WEST, "CreateDBClusterSnapshot", &[own[0], kept]);
    world.settle();
    let source = "arn:aws:rds:us-west-2:123456789012:cluster-snapshot:kept";
    let copy = [
        ("SourceDBClusterSnapshotIdentifier", source),
        ("TargetDBClusterSnapshotIdentifier", "copied"),
    ];
    let refusal = world.refused(EAST, "CopyDBClusterSnapshot", &copy);
    expect(&refusal, 400, "KMSKeyNotAccessibleFault", "KmsKeyId");
    let afar = ("KmsKeyId", "arn:aws:kms:us-west-2:123456789012:key/orders");
    let refusal = world.refused(EAST, "CopyDBClusterSnapshot", &[copy[0], copy[1], afar]);
    expect(&refusal, 400, "KMSKeyNotAccessibleFault", afar.1);
    let key = "arn:aws:kms:us-east-1:123456789012:key/orders";
    let made = world.ok(
        EAST,
        "CopyDBClusterSnapshot",
        &[copy[0], copy[1], ("KmsKeyId", key)],
    );
    assert_eq!(
        World::text_at(&made, "DBClusterSnapshot.KmsKeyId").unwrap(),
        key
    );
    // Within a Region it keeps its own.
    world.ok(WEST, "CopyDBClusterSnapshot", &copy);
}

#[test]
fn every_documented_filter_filters() {
    let mut world = World::two_members();
    world.ok(
        WEST,
        "CreateDBClusterSnapshot",
        &[CLUSTER, ("DBClusterSnapshotIdentifier", "kept")],
    );
    world.ok(
        WEST,
        "CreateDBClusterEndpoint",
        &[
            CLUSTER,
            ("DBClusterEndpointIdentifier", "reports"),
            ("EndpointType", "READER"),
        ],
    );
    world.settle();
    let resource = world
        .cluster(WEST, "orders-west", "DbClusterResourceId")
        .unwrap();
    let shown = world.ok(WEST, "DescribeDBInstances", &[]);
    let instance = World::text_at(&shown, "DBInstances.0.DbiResourceId").unwrap();
    let cluster = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west";
    let arn = "arn:aws:rds:us-west-2:123456789012:db:orders-west-1";
    let snapshot = "arn:aws:rds:us-west-2:123456789012:cluster-snapshot:kept";
    let clusters = ("DescribeDBClusters", "DBClusters");
    let instances = ("DescribeDBInstances", "DBInstances");
    let snapshots = ("DescribeDBClusterSnapshots", "DBClusterSnapshots");
    let endpoints = ("DescribeDBClusterEndpoints", "DBClusterEndpoints");
    for ((action, list), name, value) in [
        (clusters, "engine", "aurora-postgresql"),
        (clusters, "db-cluster-id", cluster),
        (clusters, "db-cluster-resource-id", &resource),
        (instances, "engine", "aurora-postgresql"),
        (instances, "db-cluster-id", "orders-west"),
        (instances, "db-instance-id", arn),
        (instances, "dbi-resource-id", &instance),
        (snapshots, "snapshot-type", "manual"),
        (snapshots, "engine", "aurora-postgresql"),
        (snapshots, "db-cluster-id", "orders-west"),
        (snapshots, "db-cluster-snapshot-id", snapshot),
        (endpoints, "db-cluster-endpoint-type", "custom"),
        (endpoints, "db-cluster-endpoint-custom-type", "reader"),
        (endpoints, "db-cluster-endpoint-id", "reports"),
    ] {
        assert_eq!(
            world.filtered(action, list, &[(name, value)]),
            1,
            "{action} {name}"
        );
        assert_eq!(
            world.filtered(action, list, &[(name, "other")]),
            0,
            "{action} {name}"
        );
    }
    // All of them together: every filter has to admit it.
    let both = [("engine", "aurora-postgresql"), ("db-cluster-id", "other")];
    assert_eq!(world.filtered(clusters.0, clusters.1, &both), 0);
    for action in [
        "DescribeDBClusters",
        "DescribeDBInstances",
        "DescribeDBClusterSnapshots",
    ] {
        let colour = [
            ("Filters.Filter.1.Name", "colour"),
            ("Filters.Filter.1.Values.Value.1", "red"),
        ];
        let unknown = world.refused(WEST, action, &colour);
        expect(&unknown, 400, "InvalidParameterValue", "colour");
    }
}

#[test]
fn a_group_is_deleted_when_nothing_uses_it_any_more() {
    let mut world = World::two_members();
    for (noun, own) in [
        (
            "DBSubnetGroup",
            vec![("DBSubnetGroupDescription", "of none")],
        ),
        (
            "DBClusterParameterGroup",
            vec![
                ("Description", "of none"),
                ("DBParameterGroupFamily", "aurora-postgresql16"),
            ],
        ),
        (
            "DBParameterGroup",
            vec![
                ("Description", "of none"),
                ("DBParameterGroupFamily", "aurora-postgresql16"),
            ],
        ),
    ] {
        let name = format!("{noun}Name");
        let named = (&*name, "spare");
        let subnets = [
            ("SubnetIds.SubnetIdentifier.1", "subnet-1"),
            ("SubnetIds.SubnetIdentifier.2", "subnet-2"),
        ];
        let create: Vec<_> = [named].into_iter().chain(own).chain(subnets).collect();
        world.ok(WEST, &format!("Create{noun}"), &create);
        if noun == "DBClusterParameterGroup" {
            let uses = ("DBClusterParameterGroupName", "spare");
            world.ok(WEST, "ModifyDBCluster", &[CLUSTER, uses]);
            world.settle();
            let refusal = world.refused(WEST, "DeleteDBClusterParameterGroup", &[named]);
            expect(&refusal, 400, "InvalidDBParameterGroupState", "spare");
            continue;
        }
        world.ok(WEST, &format!("Delete{noun}"), &[named]);
        let gone = world.refused(WEST, &format!("Delete{noun}"), &[named]);
        assert!(gone.code.contains("NotFound"), "{gone:?}");
    }
}
