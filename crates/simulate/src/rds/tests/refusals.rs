//! What RDS turns down.

use failover::topology::InstanceShape;

use super::*;

#[test]
fn a_failover_is_refused_while_one_is_under_way_and_to_a_target_that_is_not_ready() {
    let mut busy = world(Readings::default());
    busy.fail_over();
    let said = "Global cluster orders-global-1 is pending";
    assert_eq!(busy.fail_over(), not_now(said));
    let mut resyncing = three(Readings::default());
    resyncing.fail_over();
    resyncing.pass(65);
    let third = resyncing.cluster(&central(), "orders-central").arn;
    let taken = resyncing
        .rds
        .fail_over(resyncing.now, &central(), GLOBAL, &third);
    let said = "DB cluster orders-central is pending-resync with its primary";
    assert_eq!(taken.unwrap_err().message, said);
    let mut patched = world(Readings::default());
    let taken = patched
        .rds
        .patch(patched.now, &east(), "orders-east", "16.8");
    assert_eq!(taken, Ok(Accepted::Yes));
    let said = "DB cluster orders-east is not in the available state; its status is upgrading.";
    assert_eq!(patched.fail_over(), not_now(said));
    patched.rest();
    let said =
        "The operation isn't allowed because the DB clusters have different engine versions.";
    assert_eq!(patched.fail_over(), not_now(said));
}

#[test]
fn a_failover_is_refused_in_the_wrong_region_of_the_wrong_cluster_and_without_a_global_one() {
    let mut world = world(Readings::default());
    let (old, new) = (world.west().arn, world.east().arn);
    let mut said = |region: Region, global: &str, arn: &str| {
        let taken = world.rds.fail_over(world.now, &region, global, arn);
        let fault = taken.unwrap_err();
        format!("{}: {}", fault.code, fault.message)
    };
    let wrong = said(west(), GLOBAL, &new);
    assert!(wrong.contains("must be called in the Region us-east-1"));
    let none = said(east(), "orders-global-9", &new);
    assert!(none.contains("GlobalClusterNotFoundFault"), "{none}");
    let leads = said(west(), GLOBAL, &old);
    assert!(leads.contains("is already the primary"), "{leads}");
    let stranger = said(east(), GLOBAL, &format!("{new}-2"));
    assert!(stranger.contains("DBClusterNotFoundFault"), "{stranger}");
}

#[test]
fn a_follower_without_an_instance_is_promoted_by_one_reading_only() {
    let headless = |promotes_headless| {
        let mut world = world(Readings {
            promotes_headless,
            ..Readings::default()
        });
        for instance in ["orders-east-1", "orders-east-2"] {
            let call = Call::DeleteInstance {
                instance: instance.into(),
            };
            assert_eq!(world.call(&east(), &call), Accepted::Yes);
        }
        world.rest();
        let taken = world.fail_over();
        world.rest();
        (taken, world)
    };
    assert!(matches!(headless(false).0, Accepted::NotNow(_)));
    let (taken, mut world) = headless(true);
    assert_eq!(taken, Accepted::Yes);
    assert_eq!(world.writing(), [""; 0], "nothing serves it");
    let like = InstanceShape {
        identifier: "orders-east-3".into(),
        ..InstanceShape::default()
    };
    let call = Call::CreateInstance {
        cluster: "orders-east".into(),
        like: Box::new(like),
    };
    assert_eq!(world.call(&east(), &call), Accepted::Yes);
    world.rest();
    assert_eq!(world.writing(), ["orders-east"]);
    assert!(world.east().is_ready());
}

#[test]
fn a_switchover_needs_both_ends_and_its_primarys_region() {
    let mut cut = world(Readings::default());
    cut.lose(east());
    let said = "DB cluster orders-east in us-east-1 can't be reached at this time.";
    assert_eq!(cut.switch_over(), not_now(said));
    for (anywhere, taken) in [(false, Err("InvalidParameterValue")), (true, Ok(()))] {
        let mut world = world(Readings {
            switches_anywhere: anywhere,
            ..Readings::default()
        });
        let to = world.east().arn;
        let asked = world.rds.switch_over(world.now, &east(), GLOBAL, &to);
        assert_eq!(asked.map_err(|fault| fault.code), taken);
    }
}

#[test]
fn a_primary_leaves_last_and_a_member_of_a_dead_region_not_at_all() {
    let remove = |world: &World| Call::Remove {
        global_cluster: GLOBAL.into(),
        arn: world.west().arn,
    };
    let mut world = world(Readings {
        removes_anywhere: true,
        ..Readings::default()
    });
    let call = remove(&world);
    let said = world.refused(&west(), &call);
    assert!(said.contains("while there are other global cluster members"));
    world.detach();
    world.lose(west());
    let said = world.refused(&east(), &call);
    assert!(said.contains("can't be reached"), "{said}");
    world.bring_back(&west());
    assert_eq!(world.call(&west(), &call), Accepted::Yes);
    assert_eq!(world.call(&west(), &call), Accepted::Yes, "it has left");
    assert_eq!(world.west().status, "available");
    let delete = Call::DeleteGlobal {
        global_cluster: GLOBAL.into(),
    };
    let said = world.refused(&west(), &delete);
    assert!(said.contains("is not empty"), "RDS learns of it later");
    world.pass(30);
    assert_eq!(world.call(&west(), &delete), Accepted::Yes);
    world.rest();
    let said = world.refused(&west(), &delete);
    assert!(said.starts_with("GlobalClusterNotFoundFault"), "{said}");
}

#[test]
fn a_protected_global_cluster_stays() {
    let mut world = world(Readings::default());
    world.rds.protect_global(GLOBAL, true);
    let delete = Call::DeleteGlobal {
        global_cluster: GLOBAL.into(),
    };
    let said = world.refused(&west(), &delete);
    assert!(said.contains("Cannot delete protected Global Cluster"));
}

#[test]
fn no_switchover_is_taken_while_a_blue_green_deployment_is_switched_over() {
    let mut world = world(Readings::default());
    let deployment = |world: &World, status: &str| aurora_global::members::BlueGreen {
        name: "major".into(),
        source: world.west().arn,
        status: status.into(),
    };
    let busy = deployment(&world, "SWITCHOVER_IN_PROGRESS");
    world.rds.deploy(&west(), vec![busy]);
    assert!(matches!(world.switch_over(), Accepted::NotNow(_)));
    let waiting = deployment(&world, "AVAILABLE");
    world.rds.deploy(&west(), vec![waiting]);
    assert_eq!(world.rds.blue_green(&west()).len(), 1);
    assert_eq!(world.switch_over(), Accepted::Yes);
}
