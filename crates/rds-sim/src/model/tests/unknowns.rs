//! What is missing, unknown or taken is refused with its code, HTTP status and words.

use super::world::{EAST, EAST_ARN, ENGINE, GLOBAL, ID, OHIO, WEST, World, expect};

#[test]
fn an_unknown_operation_is_an_invalid_action() {
    let mut world = World::two_members();
    expect(
        &world.refused(WEST, "RestoreDBClusterToPointInTime", &[]),
        400,
        "InvalidAction",
        "RestoreDBClusterToPointInTime",
    );
}

#[test]
fn missing_parameters_are_named() {
    let mut world = World::two_members();
    for (action, missing, given) in [
        ("CreateGlobalCluster", "GlobalClusterIdentifier", vec![]),
        (
            "CreateGlobalCluster",
            "Engine",
            vec![("GlobalClusterIdentifier", "other")],
        ),
        ("FailoverGlobalCluster", "GlobalClusterIdentifier", vec![]),
        (
            "FailoverGlobalCluster",
            "TargetDbClusterIdentifier",
            vec![ID],
        ),
        (
            "SwitchoverGlobalCluster",
            "TargetDbClusterIdentifier",
            vec![ID],
        ),
        ("RemoveFromGlobalCluster", "GlobalClusterIdentifier", vec![]),
        ("RemoveFromGlobalCluster", "DbClusterIdentifier", vec![ID]),
        ("CreateDBCluster", "DBClusterIdentifier", vec![]),
        (
            "CreateDBCluster",
            "Engine",
            vec![("DBClusterIdentifier", "x")],
        ),
        ("CreateDBInstance", "DBInstanceIdentifier", vec![]),
        (
            "CreateDBInstance",
            "DBInstanceClass",
            vec![("DBInstanceIdentifier", "x")],
        ),
        ("ModifyDBCluster", "DBClusterIdentifier", vec![]),
    ] {
        expect(
            &world.refused(EAST, action, &given),
            400,
            "MissingParameter",
            missing,
        );
    }
}

#[test]
fn an_unknown_global_cluster_is_not_found() {
    let mut world = World::two_members();
    let other = ("GlobalClusterIdentifier", "other");
    let (target, member) = (
        ("TargetDbClusterIdentifier", EAST_ARN),
        ("DbClusterIdentifier", EAST_ARN),
    );
    for (action, given) in [
        ("DescribeGlobalClusters", vec![other]),
        ("FailoverGlobalCluster", vec![other, target]),
        ("SwitchoverGlobalCluster", vec![other, target]),
        ("RemoveFromGlobalCluster", vec![other, member]),
        (
            "CreateDBCluster",
            vec![other, ENGINE, ("DBClusterIdentifier", "x")],
        ),
    ] {
        expect(
            &world.refused(EAST, action, &given),
            404,
            "GlobalClusterNotFoundFault",
            "other",
        );
    }
}

#[test]
fn an_unknown_cluster_or_instance_is_not_found() {
    let mut world = World::two_members();
    for (action, given) in [
        (
            "DescribeDBClusters",
            vec![("DBClusterIdentifier", "nobody")],
        ),
        ("ModifyDBCluster", vec![("DBClusterIdentifier", "nobody")]),
        (
            "FailoverGlobalCluster",
            vec![ID, ("TargetDbClusterIdentifier", "nobody")],
        ),
        (
            "SwitchoverGlobalCluster",
            vec![ID, ("TargetDbClusterIdentifier", "nobody")],
        ),
        (
            "RemoveFromGlobalCluster",
            vec![ID, ("DbClusterIdentifier", "nobody")],
        ),
        (
            "CreateGlobalCluster",
            vec![
                ("GlobalClusterIdentifier", "other"),
                (
                    "SourceDBClusterIdentifier",
                    "arn:aws:rds:us-east-1:123456789012:cluster:nobody",
                ),
            ],
        ),
        (
            "CreateDBInstance",
            vec![
                ("DBInstanceIdentifier", "i"),
                ("DBInstanceClass", "db.r6g.large"),
                ENGINE,
                ("DBClusterIdentifier", "nobody"),
            ],
        ),
    ] {
        expect(
            &world.refused(EAST, action, &given),
            404,
            "DBClusterNotFoundFault",
            "nobody",
        );
    }
    let instance = [("DBInstanceIdentifier", "nobody")];
    expect(
        &world.refused(EAST, "DescribeDBInstances", &instance),
        404,
        "DBInstanceNotFound",
        "nobody",
    );
    // A cluster is found in its own Region only.
    let elsewhere = [("DBClusterIdentifier", "orders-west")];
    expect(
        &world.refused(EAST, "DescribeDBClusters", &elsewhere),
        404,
        "DBClusterNotFoundFault",
        "orders-west",
    );
}

#[test]
fn a_region_has_no_more_clusters_than_its_quota() {
    let mut world = World::two_members();
    world.model.limit_clusters(world.now, WEST, Some(1));
    let another = [("DBClusterIdentifier", "another"), ENGINE];
    expect(
        &world.refused(WEST, "CreateDBCluster", &another),
        403,
        "DBClusterQuotaExceededFault",
        "maximum allowed DB cluster quota",
    );
    world.model.limit_clusters(world.now, WEST, None);
    let login = [
        ("MasterUsername", "admin"),
        ("MasterUserPassword", "it's not a secret"),
    ];
    world.ok(
        WEST,
        "CreateDBCluster",
        &[another.as_slice(), &login].concat(),
    );
}

#[test]
fn names_are_taken_once() {
    let mut world = World::two_members();
    expect(
        &world.refused(WEST, "CreateGlobalCluster", &[ID, ENGINE]),
        400,
        "GlobalClusterAlreadyExistsFault",
        GLOBAL,
    );
    let cluster = [("DBClusterIdentifier", "Orders-West"), ENGINE];
    expect(
        &world.refused(WEST, "CreateDBCluster", &cluster),
        400,
        "DBClusterAlreadyExistsFault",
        "already exists",
    );
    // Cluster names are unique across the Regions of a global cluster.
    let twin = [("DBClusterIdentifier", "orders-west"), ENGINE, ID];
    expect(
        &world.refused(OHIO, "CreateDBCluster", &twin),
        400,
        "DBClusterAlreadyExistsFault",
        "already exists",
    );
    let instance = [
        ("DBInstanceIdentifier", "orders-west-1"),
        ("DBInstanceClass", "db.r6g.large"),
        ENGINE,
        ("DBClusterIdentifier", "orders-west"),
    ];
    expect(
        &world.refused(WEST, "CreateDBInstance", &instance),
        400,
        "DBInstanceAlreadyExists",
        "already exists",
    );
}
