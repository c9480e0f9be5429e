//! What people and RDS do beside the tool.

use super::*;
use crate::rds::Deposed;

#[test]
fn a_failover_that_is_called_off_opens_the_fenced_writer_and_rebuilds_its_target() {
    let mut world = world(Readings::default());
    let (old, new) = world.ids();
    world.fail_over();
    assert_eq!(world.writing(), [""; 0], "fenced");
    world.rds.cancel(world.now, GLOBAL);
    let operation = world.global(&east()).failover.unwrap();
    assert_eq!(operation.status, "cancelling");
    let happened = world.rest();
    let opened = Happened::Opened {
        resource_id: old.clone(),
    };
    let follows = Happened::Follows {
        resource_id: new,
        primary_resource_id: old,
    };
    assert_eq!(happened, [opened, follows]);
    assert_eq!(world.writing(), ["orders-west"]);
    assert_eq!(
        world.fail_over(),
        Accepted::Yes,
        "it can be asked for again"
    );
}

#[test]
fn an_operation_that_hangs_is_shown_until_it_is_cancelled() {
    let mut world = world(Readings::default());
    world.switch_over();
    world.pass(4);
    world.rds.hang(GLOBAL);
    world.rest();
    world.pass(10_000);
    let operation = world.global(&west()).failover.unwrap();
    assert_eq!(operation.status, "switching-over");
    world.rds.cancel(world.now, GLOBAL);
    world.rest();
    assert_eq!(world.global(&west()).failover, None);
    assert_eq!(world.writing(), ["orders-west"]);
}

#[test]
fn a_writer_moves_within_its_region_and_comes_back_from_a_restart_and_a_patch() {
    let mut world = world(Readings::default());
    let (id, _) = world.ids();
    let restarts = Happened::Restarts {
        resource_id: id.clone(),
    };
    let restarted = Happened::Restarted { resource_id: id };
    let both = [restarts, restarted];
    let moved = world.rds.move_writer(world.now, &west(), "orders-west");
    assert_eq!(moved, Ok(Accepted::Yes));
    assert_eq!(world.west().status, "failing-over");
    assert_eq!(world.rest(), both);
    let instances = world.west().instances;
    let writers = instances.iter().filter(|instance| instance.is_writer);
    let writers: Vec<_> = writers.map(|one| one.identifier.as_str()).collect();
    assert_eq!(writers, ["orders-west-2"]);
    let reader = world.rds.restart(world.now, &west(), "orders-west-1");
    assert_eq!(reader, Ok(Accepted::Yes));
    assert_eq!(world.rest(), [], "a reader ends no write");
    let writer = world.rds.restart(world.now, &west(), "orders-west-2");
    assert_eq!(writer, Ok(Accepted::Yes));
    assert_eq!(world.west().instances[1].status, "rebooting");
    assert_eq!(world.rest(), both);
    let patched = world.rds.patch(world.now, &west(), "orders-west", "16.8");
    assert_eq!(patched, Ok(Accepted::Yes));
    assert_eq!(world.rest(), both);
    assert_eq!(world.global(&west()).engine_version, "16.8");
    let nobody = world.rds.move_writer(world.now, &east(), "orders-east");
    assert!(
        matches!(nobody, Ok(Accepted::NotNow(_))),
        "it has readers only"
    );
}

#[test]
fn a_writer_whose_instance_is_deleted_moves_to_the_reader() {
    let mut world = world(Readings::default());
    let delete = Call::DeleteInstance {
        instance: "orders-west-1".into(),
    };
    assert_eq!(world.call(&west(), &delete), Accepted::Yes);
    world.rest();
    let [only] = &world.west().instances[..] else {
        panic!("one is left");
    };
    assert!(only.is_writer && only.identifier == "orders-west-2");
    assert_eq!(world.writing(), ["orders-west"]);
}

#[test]
fn a_lost_key_closes_a_cluster_until_it_is_there_again() {
    let mut world = world(Readings::default());
    let status = "inaccessible-encryption-credentials-recoverable";
    world.rds.strike(world.now, &west(), "orders-west", status);
    assert!(matches!(world.pass(0)[..], [Happened::Closed { .. }]));
    assert_eq!(world.west().status, status);
    world
        .rds
        .strike(world.now, &west(), "orders-west", "available");
    assert!(matches!(world.pass(0)[..], [Happened::Opened { .. }]));
}

#[test]
fn a_snapshot_is_copied_and_deleted_once_it_is_available() {
    let mut world = world(Readings::default());
    let take = Call::CreateSnapshot {
        cluster: "orders-west".into(),
        snapshot: "kept".into(),
    };
    let copy = Call::CopySnapshot {
        source: "kept".into(),
        snapshot: "copy".into(),
    };
    assert_eq!(world.call(&west(), &take), Accepted::Yes);
    let said = world.refused(&west(), &copy);
    assert!(said.starts_with("InvalidDBClusterSnapshotStateFault"));
    let early = world.rds.delete_snapshot(world.now, &west(), "kept");
    assert!(matches!(early, Ok(Accepted::NotNow(_))));
    world.pass(180);
    assert_eq!(world.call(&west(), &copy), Accepted::Yes);
    let deleted = world.rds.delete_snapshot(world.now, &west(), "kept");
    assert_eq!(deleted, Ok(Accepted::Yes));
    let status = |world: &World, name| world.rds.snapshot(&west(), name).map(|one| one.status);
    assert_eq!(status(&world, "kept").as_deref(), Some("deleting"));
    let lost = Happened::SnapshotLost {
        region: west(),
        snapshot: "kept".into(),
    };
    assert!(world.rest().contains(&lost));
    assert_eq!(status(&world, "kept"), None);
    assert_eq!(status(&world, "copy").as_deref(), Some("available"));
    assert_eq!(status(&world, "none"), None);
}

#[test]
fn what_a_failover_replaces_is_kept_or_failed_or_lost() {
    for (deposed, statuses) in [
        (Deposed::Kept, vec!["available"]),
        (Deposed::Fails, vec!["failed"]),
        (Deposed::Lost, vec![]),
    ] {
        let mut world = world(Readings {
            deposed,
            ..Readings::default()
        });
        world.fail_over();
        world.rest();
        let kept = world.rds.unplanned_snapshots(&west(), "orders-west");
        let kept: Vec<_> = kept.iter().map(|one| one.status.as_str()).collect();
        assert_eq!(kept, statuses);
    }
}

#[test]
fn names_of_hosts_lead_to_whoever_has_them() {
    let mut world = world(Readings::default());
    let (old, new) = world.ids();
    let leads = |world: &World, host: &str| world.rds.endpoint(host).map(str::to_owned);
    let writer = "orders-west.cluster-x.us-west-2.rds.amazonaws.com";
    let custom = "orders-west-reports.cluster-custom-x.us-west-2.rds.amazonaws.com";
    let global = "orders-global-1.global-x.global.rds.amazonaws.com";
    assert_eq!(world.west().endpoint, writer);
    assert_eq!(leads(&world, writer).as_ref(), Some(&old));
    assert_eq!(leads(&world, custom).as_ref(), Some(&old));
    assert_eq!(leads(&world, global).as_ref(), Some(&old));
    for stranger in [
        "orders.example.com",
        "orders-west.cluster-x.us-east-1.rds.amazonaws.com",
    ] {
        assert_eq!(leads(&world, stranger), None);
    }
    world.switch_over();
    world.rest();
    assert_eq!(leads(&world, global), Some(new));
    let renamed = world
        .rds
        .rename_global(world.now, &east(), GLOBAL, "orders-global-7");
    assert_eq!(renamed, Ok(Accepted::Yes));
    assert_eq!(leads(&world, global), None);
    assert_eq!(world.east().group(), Some("orders-global-7"));
}

#[test]
fn a_look_tells_statuses_and_a_name_that_is_not_there_is_an_answer() {
    use failover::evidence;
    let world = world(Readings::default());
    let seen = world.rds.look(&west(), "orders-west");
    let instances = vec!["available".into(); 2];
    let cluster = "available".into();
    assert_eq!(seen, evidence::Rds::Status { cluster, instances });
    let other = world.rds.look(&west(), "orders");
    assert!(matches!(other, evidence::Rds::Other { why } if why.contains("not found")));
    let shown = world.rds.forwarding(&west(), &world.west()).unwrap();
    assert_eq!(shown.local.as_deref(), Some("disabled"));
    assert_eq!(shown.members, [(world.east().arn, Some("disabled".into()))]);
}
