//! Every refusal: what was asked, the code, the HTTP status and the words that clients match.

use super::world::{EAST, EAST_ARN, GLOBAL, OHIO, WEST, WEST_ARN, World};
use crate::model::{Fault, Settings};

const ID: (&str, &str) = ("GlobalClusterIdentifier", GLOBAL);
const ENGINE: (&str, &str) = ("Engine", "aurora-postgresql");

fn expect(fault: &Fault, status: u16, code: &str, words: &str) {
    assert_eq!((fault.status, fault.code), (status, code), "{fault}");
    assert!(fault.message.contains(words), "{fault}");
}

#[test]
fn an_unknown_operation_is_an_invalid_action() {
    let mut world = World::two_members();
    expect(
        &world.refused(WEST, "DeleteDBCluster", &[]),
        400,
        "InvalidAction",
        "DeleteDBCluster",
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
fn what_does_not_exist_is_not_found() {
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

#[test]
fn global_operations_belong_in_their_region() {
    let mut world = World::two_members();
    expect(
        &world.failover(WEST, EAST_ARN).unwrap_err(),
        400,
        "InvalidParameterValue",
        EAST,
    );
    expect(
        &world.switchover(EAST, EAST_ARN).unwrap_err(),
        400,
        "InvalidParameterValue",
        WEST,
    );
    // Neither flag means a switchover, so the primary's Region it is.
    let bare = [ID, ("TargetDbClusterIdentifier", EAST_ARN)];
    expect(
        &world.refused(EAST, "FailoverGlobalCluster", &bare),
        400,
        "InvalidParameterValue",
        WEST,
    );
    let answer = world.ok(WEST, "FailoverGlobalCluster", &bare);
    assert_eq!(
        World::look(&answer, "GlobalCluster.FailoverState.IsDataLossAllowed").unwrap(),
        "false"
    );
}

#[test]
fn data_loss_and_switchover_exclude_each_other() {
    let mut world = World::two_members();
    let both = [
        ID,
        ("TargetDbClusterIdentifier", EAST_ARN),
        ("AllowDataLoss", "true"),
        ("Switchover", "true"),
    ];
    expect(
        &world.refused(EAST, "FailoverGlobalCluster", &both),
        400,
        "InvalidParameterCombination",
        "mutually exclusive",
    );
}

#[test]
fn the_writer_is_no_target() {
    let mut world = World::two_members();
    expect(
        &world.failover(WEST, WEST_ARN).unwrap_err(),
        400,
        "InvalidDBClusterStateFault",
        "already the primary",
    );
    expect(
        &world.switchover(WEST, WEST_ARN).unwrap_err(),
        400,
        "InvalidDBClusterStateFault",
        "already the primary",
    );
}

#[test]
fn a_cluster_outside_the_global_cluster_is_no_target_and_no_member() {
    let mut world = World::two_members();
    world.ok(
        EAST,
        "CreateDBCluster",
        &[
            ("DBClusterIdentifier", "alone"),
            ENGINE,
            ("MasterUsername", "postgres"),
            ("MasterUserPassword", "not-a-secret"),
        ],
    );
    world.settle();
    expect(
        &world.failover(EAST, "alone").unwrap_err(),
        404,
        "DBClusterNotFoundFault",
        "alone",
    );
    expect(
        &world.detach(EAST, "alone").unwrap_err(),
        400,
        "InvalidParameterValue",
        "is not found in global cluster",
    );
}

#[test]
fn a_second_operation_waits_for_the_first() {
    let mut world = World::two_members();
    world.failover(EAST, EAST_ARN).unwrap();
    expect(
        &world.failover(EAST, EAST_ARN).unwrap_err(),
        400,
        "InvalidGlobalClusterStateFault",
        "pending",
    );
    world.pass(300);
    expect(
        &world.switchover(WEST, EAST_ARN).unwrap_err(),
        400,
        "InvalidGlobalClusterStateFault",
        "failing-over",
    );
    expect(
        &world.detach(EAST, EAST_ARN).unwrap_err(),
        400,
        "InvalidGlobalClusterStateFault",
        "failing-over",
    );
    let third = [("DBClusterIdentifier", "orders-ohio"), ENGINE, ID];
    expect(
        &world.refused(OHIO, "CreateDBCluster", &third),
        400,
        "InvalidGlobalClusterStateFault",
        "failing-over",
    );
}

#[test]
fn a_headless_target_is_refused_but_may_be_detached() {
    let mut world = World::two_members();
    world.standby(OHIO, "orders-ohio");
    world.settle();
    let ohio = "arn:aws:rds:us-east-2:123456789012:cluster:orders-ohio";
    expect(
        &world.failover(OHIO, ohio).unwrap_err(),
        400,
        "InvalidDBClusterStateFault",
        "must add a DB instance",
    );
    expect(
        &world.switchover(WEST, ohio).unwrap_err(),
        400,
        "InvalidDBClusterStateFault",
        "must add a DB instance",
    );
    world.detach(OHIO, ohio).unwrap();
}

#[test]
fn a_busy_cluster_is_refused() {
    let mut world = World::two_members();
    let modify = [
        ("DBClusterIdentifier", "orders-east"),
        ("BackupRetentionPeriod", "7"),
    ];
    world.ok(EAST, "ModifyDBCluster", &modify);
    for fault in [
        world.failover(EAST, EAST_ARN).unwrap_err(),
        world.switchover(WEST, EAST_ARN).unwrap_err(),
        world.detach(EAST, EAST_ARN).unwrap_err(),
        world.refused(
            EAST,
            "ModifyDBCluster",
            &[
                ("DBClusterIdentifier", "orders-east"),
                ("BackupRetentionPeriod", "8"),
            ],
        ),
    ] {
        expect(&fault, 400, "InvalidDBClusterStateFault", "modifying");
    }
}

#[test]
fn an_upgrading_or_mismatched_version_blocks_a_takeover_but_not_a_detach() {
    let mut world = World::two_members();
    let upgrade = [
        ("DBClusterIdentifier", "orders-east"),
        ("EngineVersion", "16.8"),
    ];
    world.ok(EAST, "ModifyDBCluster", &upgrade);
    expect(
        &world.failover(EAST, EAST_ARN).unwrap_err(),
        400,
        "InvalidGlobalClusterStateFault",
        "is upgrading",
    );
    world.settle();
    expect(
        &world.failover(EAST, EAST_ARN).unwrap_err(),
        400,
        "InvalidGlobalClusterStateFault",
        "16.8",
    );
    expect(
        &world.switchover(WEST, EAST_ARN).unwrap_err(),
        400,
        "InvalidGlobalClusterStateFault",
        "16.8",
    );
    world.detach(EAST, EAST_ARN).unwrap();
}

#[test]
fn a_member_awaiting_its_resync_is_no_target() {
    let mut world = World::two_members();
    world.lose(WEST);
    world.failover(EAST, EAST_ARN).unwrap();
    world.settle();
    world.regain(WEST);
    world.pass(10);
    let fault = world.failover(WEST, WEST_ARN).unwrap_err();
    expect(&fault, 400, "InvalidDBClusterStateFault", "orders-west");
}

#[test]
fn the_primary_is_never_removed_before_its_standbys() {
    let mut world = World::two_members();
    let fault = world.detach(WEST, WEST_ARN).unwrap_err();
    let words = "Unable to delete cluster that is a primary member of global cluster while there are other global cluster members";
    expect(&fault, 400, "InvalidGlobalClusterStateFault", words);
    world.detach(EAST, EAST_ARN).unwrap();
    world.detach(WEST, WEST_ARN).unwrap();
    assert_eq!(world.members(WEST), Vec::<String>::new());
    assert!(world.takes_writes(WEST, "orders-west"));
}

#[test]
fn a_member_of_a_lost_region_cannot_be_removed_from_afar() {
    let mut world = World::two_members();
    world.lose(EAST);
    expect(
        &world.detach(WEST, EAST_ARN).unwrap_err(),
        400,
        "InvalidDBClusterStateFault",
        "can't be reached",
    );
    expect(
        &world.switchover(WEST, EAST_ARN).unwrap_err(),
        400,
        "InvalidDBClusterStateFault",
        "can't be reached",
    );
    // With both Regions up it works across Regions, by ARN.
    world.regain(EAST);
    world.detach(WEST, EAST_ARN).unwrap();
}

#[test]
fn a_hanging_operation_blocks_a_detach_unless_set_otherwise() {
    let settings = Settings {
        detach_during_failover: true,
        ..Settings::default()
    };
    let mut world = World::two_members_with(settings);
    world.switchover(WEST, EAST_ARN).unwrap();
    // The target is busy in it all the same.
    expect(
        &world.detach(EAST, EAST_ARN).unwrap_err(),
        400,
        "InvalidDBClusterStateFault",
        "failing-over",
    );
}
