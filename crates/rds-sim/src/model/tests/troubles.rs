//! Answers that are lost, refusals that stay, describes that lag, and calls from the other Region.

use super::world::{EAST, EAST_ARN, ENGINE, ID, OHIO, WEST, World, expect};
use crate::model::{Fault, Loss, Settings, SwitchoverFrom};

impl World {
    fn failover_state(&mut self, region: &str) -> Option<String> {
        self.global(region, "FailoverState.Status")
    }
}

#[test]
fn a_describe_may_lag_behind_a_call_in_each_region_by_its_own_setting() {
    let mut settings = Settings::default();
    settings.describe_lag_ms.insert(EAST.to_owned(), 800);
    let mut world = World::two_members_with(settings);
    world.switchover(WEST, EAST_ARN).unwrap();
    assert_eq!(world.failover_state(WEST).unwrap(), "pending");
    assert_eq!(world.failover_state(EAST), None);
    world.pass(790);
    assert_eq!(world.failover_state(WEST).unwrap(), "switching-over");
    assert_eq!(world.failover_state(EAST), None);
    world.pass(20);
    assert_eq!(world.failover_state(EAST).unwrap(), "pending");
    world.pass(1_200);
    // It is over, and there it still goes on.
    assert_eq!(world.failover_state(WEST), None);
    assert_eq!(world.failover_state(EAST).unwrap(), "switching-over");
    assert_eq!(world.status(EAST, "orders-east"), "failing-over");
    world.pass(800);
    assert_eq!(world.failover_state(EAST), None);
    assert_eq!(world.members(EAST), world.members(WEST));
    assert_eq!(world.status(EAST, "orders-east"), "available");
}

#[test]
fn what_was_just_made_is_not_found_where_describes_lag_and_yet_its_name_is_taken() {
    let mut world = World::two_members();
    world.model.lag_describes(world.now, WEST, 500);
    let new = [
        ("DBClusterSnapshotIdentifier", "kept"),
        ("DBClusterIdentifier", "orders-west"),
    ];
    world.ok(WEST, "CreateDBClusterSnapshot", &new);
    let unseen = world.refused(WEST, "DescribeDBClusterSnapshots", &new[..1]);
    expect(&unseen, 404, "DBClusterSnapshotNotFoundFault", "not found");
    let twice = world.refused(WEST, "CreateDBClusterSnapshot", &new);
    expect(&twice, 400, "DBClusterSnapshotAlreadyExistsFault", "exists");
    world.pass(500);
    world.ok(WEST, "DescribeDBClusterSnapshots", &new[..1]);
    world.model.lag_describes(world.now, WEST, 0);
    let next = [
        ("DBClusterSnapshotIdentifier", "kept-too"),
        ("DBClusterIdentifier", "orders-west"),
    ];
    world.ok(WEST, "CreateDBClusterSnapshot", &next);
    world.ok(WEST, "DescribeDBClusterSnapshots", &next[..1]);
}

#[test]
fn a_describe_that_lags_changes_nothing_of_what_is() {
    let mut world = World::two_members();
    world.model.lag_describes(world.now, EAST, 60_000);
    world.detach(EAST, EAST_ARN).unwrap();
    world.settle();
    for _ in 0..3 {
        world.ok(EAST, "DescribeDBClusters", &[]);
    }
    assert_eq!(world.members(WEST), ["orders-west writer connected"]);
    assert!(world.takes_writes(EAST, "orders-east"));
}

#[test]
fn so_many_calls_take_effect_and_lose_their_answers() {
    let mut world = World::two_members();
    let call = "SwitchoverGlobalCluster";
    world
        .model
        .lose_answers(WEST, call, 1, Loss::InternalFailure);
    assert_eq!(world.model.lost_answer(EAST, call), None);
    assert_eq!(world.model.lost_answer(WEST, "FailoverGlobalCluster"), None);
    assert_eq!(
        world.model.lost_answer(WEST, call),
        Some(Loss::InternalFailure)
    );
    assert_eq!(world.model.lost_answer(WEST, call), None);
    assert_eq!(world.model.history().last().unwrap().what, "answer lost");
}

#[test]
fn a_refusal_stays_for_as_many_calls_as_it_is_set_for_and_nothing_comes_of_them() {
    let mut world = World::two_members();
    let with = Fault::global_state("Global cluster orders-global-1 is not in a valid state");
    let call = "FailoverGlobalCluster";
    world.model.refuse_calls(EAST, call, 3, with.clone());
    for _ in 0..3 {
        assert_eq!(world.failover(EAST, EAST_ARN).unwrap_err(), with);
        assert_eq!(world.failover_state(EAST), None);
    }
    world.failover(EAST, EAST_ARN).unwrap();
    world.model.refuse_calls(EAST, call, u32::MAX, with);
    world.model.end_troubles(EAST);
    let twice = world.failover(EAST, EAST_ARN).unwrap_err();
    expect(&twice, 400, "InvalidGlobalClusterStateFault", "pending");
}

#[test]
fn a_switchover_is_taken_in_the_primarys_region_alone_or_in_every_members() {
    let mut world = World::two_members();
    let elsewhere = world.switchover(EAST, EAST_ARN).unwrap_err();
    expect(&elsewhere, 400, "InvalidParameterValue", WEST);

    let settings = Settings {
        switchover_from: SwitchoverFrom::Members,
        ..Settings::default()
    };
    let mut world = World::two_members_with(settings);
    let stranger = world.switchover(OHIO, EAST_ARN).unwrap_err();
    expect(&stranger, 400, "InvalidParameterValue", WEST);
    world.switchover(EAST, EAST_ARN).unwrap();
    world.settle();
    assert_eq!(
        world.members(WEST),
        [
            "orders-east writer connected",
            "orders-west standby connected"
        ]
    );
    // A failover belongs in the target's Region all the same.
    let home = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west";
    let wrong = world.failover(EAST, home).unwrap_err();
    expect(&wrong, 400, "InvalidParameterValue", WEST);
    world.refused(WEST, "CreateGlobalCluster", &[ID, ENGINE]);
}
