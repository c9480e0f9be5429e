//! What the state of things forbids: the code, the HTTP status and the words that clients match.

use super::world::{EAST, EAST_ARN, ENGINE, ID, OHIO, WEST, WEST_ARN, World, expect};
use crate::model::Settings;

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
        World::text_at(&answer, "GlobalCluster.FailoverState.IsDataLossAllowed").unwrap(),
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
fn where_it_is_allowed_a_detach_calls_off_what_hangs() {
    let settings = Settings {
        detach_during_failover: true,
        ..Settings::default()
    };
    let mut world = World::two_members_with(settings);
    world.switchover(WEST, EAST_ARN).unwrap();
    world.lose(WEST);
    world.detach(EAST, EAST_ARN).unwrap();
    world.settle();
    assert_eq!(world.status(EAST, "orders-east"), "available");
    assert!(world.takes_writes(EAST, "orders-east"));
    world.regain(WEST);
    assert_eq!(world.members(WEST), ["orders-west writer connected"]);
    assert_eq!(world.global(WEST, "FailoverState.Status"), None);
    assert_eq!(world.status(WEST, "orders-west"), "available");
}
