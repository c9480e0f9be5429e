//! The primary's role moves, or is called off.

use super::*;
use crate::rds::{Fencing, Severed};

/// Of a member, who it is to RDS.
fn member(world: &World, of: &Cluster) -> (bool, String) {
    let global = world.global(&east());
    let member = global.member(&of.arn).unwrap();
    (member.is_writer, member.synchronization.clone().unwrap())
}

#[test]
fn a_managed_failover_promotes_and_brings_the_dead_region_back_as_a_follower() {
    let mut world = world(Readings::default());
    let (old, new) = world.ids();
    world.lose(west());
    assert_eq!(world.fail_over(), Accepted::Yes);
    let cut = Happened::Cut {
        resource_id: new.clone(),
    };
    assert_eq!(world.happened, [cut]);
    let shown = world.global(&east());
    assert_eq!(shown.status, "failing-over");
    assert_eq!(shown.failover.unwrap().status, "pending");
    assert_eq!(world.east().status, "failing-over");
    world.pass(3);
    let operation = world.global(&east()).failover.unwrap();
    let said = (operation.status.as_str(), operation.loses);
    assert_eq!(said, ("failing-over", Some(true)));
    world.pass(57);
    assert_eq!(world.global(&east()).failover, None);
    assert!(world.east().is_ready(), "so it is shown");
    assert_eq!(world.writing(), ["orders-west"], "unheard, in its Region");
    let promoted = Happened::Promoted {
        region: east(),
        resource_id: new.clone(),
        alone: false,
    };
    assert_eq!(world.pass(5), [promoted]);
    let old_one = world.west();
    assert_eq!(member(&world, &old_one), (false, "pending-resync".into()));
    assert_eq!(world.pass(10_000), []);

    world.bring_back(&west());
    let closed = Happened::Closed {
        resource_id: old.clone(),
    };
    assert_eq!(world.happened.last(), Some(&closed));
    assert_eq!(world.writing(), ["orders-east"]);
    let kept = world.pass(60);
    let [snapshot] = &world.rds.unplanned_snapshots(&west(), "orders-west")[..] else {
        panic!("it is kept");
    };
    let begins = "rds:unplanned-global-failover-orders-west-1970-01-01-";
    assert!(snapshot.identifier.starts_with(begins), "{snapshot:?}");
    assert_eq!(
        kept,
        [Happened::Snapshot {
            region: west(),
            snapshot: snapshot.identifier.clone(),
            resource_id: old.clone(),
        }]
    );
    world.pass(180);
    assert_eq!(world.west().status, "modifying");
    let follows = Happened::Follows {
        resource_id: old,
        primary_resource_id: new,
    };
    assert_eq!(world.rest(), [follows]);
    assert_eq!(member(&world, &old_one), (false, "connected".into()));
    assert_eq!(world.west().status, "available");
    assert_eq!(world.writing(), ["orders-east"]);
}

#[test]
fn a_deposed_writer_whose_fence_times_out_takes_writes_until_it_is_brought_back() {
    let mut world = world(Readings {
        fencing: Fencing::TimesOut,
        ..Readings::default()
    });
    world.fail_over();
    world.pass(65);
    assert_eq!(world.writing(), ["orders-west", "orders-east"]);
    world.pass(60);
    assert_eq!(world.writing(), ["orders-east"]);
}

#[test]
fn a_failover_whose_own_region_goes_down_goes_on_when_that_is_back() {
    let mut world = world(Readings::default());
    world.fail_over();
    world.lose(east());
    assert_eq!(world.rds.next_at(), None);
    world.pass(1_000);
    assert!(world.global(&west()).failover.is_some());
    world.bring_back(&east());
    world.pass(65);
    assert_eq!(world.writing(), ["orders-east"]);
}

#[test]
fn a_detached_follower_stands_alone_and_the_stranded_primary_keeps_the_global_cluster() {
    let mut world = world(Readings::default());
    let (_, new) = world.ids();
    world.lose(west());
    assert_eq!(world.detach(), Accepted::Yes);
    assert_eq!(world.east().status, "promoting");
    assert_eq!(world.east().group(), None);
    assert_eq!(world.rds.global_cluster(&east(), GLOBAL), None);
    let left = world.global(&west());
    assert_eq!(left.members.len(), 1);
    assert!(left.members[0].is_writer);
    let promoted = Happened::Promoted {
        region: east(),
        resource_id: new,
        alone: true,
    };
    assert_eq!(world.rest(), [promoted]);
    assert!(world.east().is_ready());
    world.bring_back(&west());
    assert_eq!(world.writing(), ["orders-west", "orders-east"], "no fence");
    assert_eq!(world.detach(), Accepted::Yes, "it is gone already");
}

#[test]
fn a_global_cluster_may_be_shown_where_it_has_no_member() {
    let mut world = world(Readings {
        visibility: crate::rds::Visibility::Everywhere,
        ..Readings::default()
    });
    world.detach();
    assert_eq!(world.global(&east()).members.len(), 1);
}

#[test]
fn a_switchover_shuts_the_old_primary_before_the_new_one_opens() {
    let mut world = world(Readings::default());
    let (old, new) = world.ids();
    assert_eq!(world.switch_over(), Accepted::Yes);
    assert_eq!(world.west().status, "failing-over");
    world.pass(10);
    let operation = world.global(&west()).failover.unwrap();
    let said = (operation.status.as_str(), operation.loses);
    assert_eq!(said, ("switching-over", Some(false)));
    assert_eq!(world.writing(), ["orders-west"]);
    let closed = Happened::Closed {
        resource_id: old.clone(),
    };
    assert_eq!(world.pass(10), [closed]);
    assert_eq!(world.writing(), [""; 0]);
    assert_eq!(world.rest(), [Happened::SwitchedOver { old, new }]);
    assert_eq!(world.writing(), ["orders-east"]);
    let (old, new) = (world.west(), world.east());
    assert_eq!(member(&world, &old), (false, "connected".into()));
    assert_eq!(member(&world, &new), (true, "connected".into()));
    assert!(new.is_ready() && !old.is_ready());
}

#[test]
fn a_switchover_whose_old_primary_goes_down_is_called_off_and_that_one_writes_again() {
    let mut world = world(Readings::default());
    let (old, _) = world.ids();
    world.switch_over();
    world.pass(25);
    world.lose(west());
    let operation = world.global(&east()).failover.unwrap();
    assert_eq!(operation.status, "cancelling");
    world.pass(10);
    assert_eq!(world.global(&east()).failover, None);
    assert_eq!(world.east().status, "available");
    assert_eq!(world.writing(), [""; 0]);
    world.bring_back(&west());
    let opened = Happened::Opened { resource_id: old };
    assert_eq!(world.happened.last(), Some(&opened));
    assert_eq!(world.writing(), ["orders-west"]);
    let shown = world.west();
    assert_eq!(member(&world, &shown), (true, "connected".into()));
}

#[test]
fn a_switchover_may_hang_until_its_region_is_back() {
    let mut world = world(Readings {
        severed: Severed::Hangs,
        ..Readings::default()
    });
    world.switch_over();
    world.pass(5);
    world.lose(west());
    world.pass(1_000);
    let operation = world.global(&east()).failover.unwrap();
    assert_eq!(operation.status, "switching-over");
    world.bring_back(&west());
    world.rest();
    assert_eq!(world.writing(), ["orders-east"]);
}

#[test]
fn a_hanging_switchover_keeps_its_target_unless_rds_detaches_meanwhile() {
    let hanging = |detaches_meanwhile| {
        let mut world = world(Readings {
            detaches_meanwhile,
            severed: Severed::Hangs,
            ..Readings::default()
        });
        world.switch_over();
        world.pass(5);
        world.lose(west());
        let taken = world.detach();
        world.rest();
        (taken, world)
    };
    let (taken, _) = hanging(false);
    let said = "Global cluster orders-global-1 is switching-over";
    assert_eq!(taken, not_now(said));
    let (taken, world) = hanging(true);
    assert_eq!(taken, Accepted::Yes);
    assert_eq!(world.global(&west()).failover, None);
    assert!(world.east().is_ready());
}

#[test]
fn every_other_follower_is_rebuilt_from_the_new_primary() {
    let mut world = three(Readings::default());
    let (old, new) = world.ids();
    let third = world.id(&central(), "orders-central");
    world.fail_over();
    let happened = world.rest();
    for follower in [old, third] {
        assert!(happened.contains(&Happened::Follows {
            resource_id: follower,
            primary_resource_id: new.clone(),
        }));
    }
    let shown = world.global(&central());
    let synchronized = |one: &failover::topology::GlobalMember| {
        one.synchronization.as_deref() == Some("connected")
    };
    assert!(shown.members.iter().all(synchronized));
}

#[test]
fn nothing_that_is_under_way_changes_what_an_older_copy_shows() {
    let mut world = world(Readings::default());
    let before = world.rds.clone();
    world.fail_over();
    world.pass(65);
    assert_eq!(
        before.global_cluster(&east(), GLOBAL).unwrap().failover,
        None
    );
    let led = |rds: &Rds| {
        let cluster = rds.cluster(&east(), "orders-east").unwrap();
        cluster.is_ready()
    };
    assert!(!led(&before) && led(&world.rds));
}

#[test]
fn a_quiet_control_plane_shows_nothing_but_the_operation_itself() {
    let mut world = world(Readings {
        is_quiet: true,
        ..Readings::default()
    });
    world.fail_over();
    let shown = world.global(&east());
    assert_eq!(shown.status, "available");
    assert!(shown.failover.is_some());
    assert_eq!(world.east().status, "available");
}
