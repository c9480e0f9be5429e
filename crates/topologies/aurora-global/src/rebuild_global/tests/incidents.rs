//! What is being made counts as not there yet, what failed is told, and what an earlier incident made is not taken for this
//! one's.

use super::*;
use failover::topology::{GlobalSettings, RoleShape};

/// The member follows the writer again.
fn following() -> Observed {
    let mut observed = deposed();
    observed.past = None;
    observed.next_global = NextGlobal::NotNeeded;
    observed.leads = Some(global("orders-global-1", &[(EAST, true), (WEST, false)]));
    observed.recorded_global = Some("orders-global-1".into());
    observed
}

#[test]
fn instances_whose_names_agree_in_their_beginning_are_retired_under_different_names() {
    let names: std::collections::BTreeSet<_> = ["reader-one", "reader-two"]
        .map(|end| {
            let mut observed = deposed();
            let long = format!("{}{end}", "o".repeat(46));
            home_shape(&mut observed).instances[0].identifier = long;
            after(&mut observed, 4);
            let Action::Call(_, Call::RenameInstance { to, .. }) = next(&observed) else {
                panic!("it is renamed next");
            };
            assert!(
                to.len() <= 63 && to.ends_with("-retired-20261121-8"),
                "{to}"
            );
            to
        })
        .into();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn past_midnight_a_renamed_instance_is_not_renamed_again() {
    let mut observed = deposed();
    after(&mut observed, 5);
    // The record is of the day before; nothing in what a pass sees is of today.
    assert_eq!(next(&observed).acting().name, "rename_cluster");
}

#[test]
fn a_cluster_that_does_not_heal_by_itself_is_said_at_once_with_what_to_do() {
    for status in [
        "stopped",
        "inaccessible-encryption-credentials-recoverable",
        "incompatible-parameters",
    ] {
        let mut observed = deposed();
        home(&mut observed).fenced_at = None;
        home_shape(&mut observed).status = status.into();
        let (name, why) = refused(&observed);
        assert!(name == "NotReady" && why.contains(status), "{why}");
    }
    let mut observed = deposed();
    after(&mut observed, 3);
    home_shape(&mut observed).endpoints.clear();
    home_shape(&mut observed).instances[0].status = "incompatible-parameters".into();
    let (name, why) = refused(&observed);
    assert!(name == "NotReady" && why.contains("orders-west-1"), "{why}");
}

#[test]
fn an_endpoint_that_is_being_deleted_is_waited_for_and_not_deleted_twice() {
    let mut observed = deposed();
    after(&mut observed, 3);
    assert_eq!(next(&observed).acting().name, "delete_endpoint");
    home_shape(&mut observed).endpoints[0].status = "deleting".into();
    let wait = Action::Wait("endpoint reports is deleting".into());
    assert_eq!(next(&observed), wait);
}

#[test]
fn an_endpoint_that_is_being_made_is_not_there_yet() {
    let mut observed = deposed();
    while next(&observed) != Action::Done {
        let action = next(&observed);
        carry_out(&mut observed, &action);
    }
    home_shape(&mut observed).endpoints[0].status = "creating".into();
    assert_eq!(next(&observed).acting().name, "wait");
    home_shape(&mut observed).endpoints[0].status = "inactive".into();
    assert_eq!(next(&observed), Action::Done);
}

#[test]
fn a_protected_global_cluster_that_is_empty_is_left_and_named() {
    let mut observed = deposed();
    observed.past.as_mut().unwrap().settings.deletion_protection = Some(true);
    let names = played(observed.clone(), Retire::Rename);
    assert!(!names.contains(&"delete_global"), "{names:?}");
    while next(&observed) != Action::Done {
        let action = next(&observed);
        carry_out(&mut observed, &action);
    }
    let said = reason(&observed, &Action::Done, false);
    assert!(said.contains("orders-global-1 is left"), "{said}");
}

#[test]
fn the_next_global_cluster_has_the_protection_and_the_tags_of_the_one_before() {
    let mut observed = deposed();
    let settings = GlobalSettings {
        deletion_protection: Some(false),
        engine_lifecycle_support: Some("open-source-rds-extended-support-disabled".into()),
        tags: [("team".into(), "orders".into())].into(),
    };
    observed.past.as_mut().unwrap().settings = settings.clone();
    loop {
        let action = next(&observed);
        if let Action::Call(_, Call::CreateGlobal { like, .. }) = &action {
            assert_eq!((like, observed.past.is_none()), (&settings, true));
            return;
        }
        carry_out(&mut observed, &action);
    }
}

#[test]
fn a_member_being_made_that_the_global_cluster_does_not_list_yet_is_not_retired() {
    let mut observed = deposed();
    after(&mut observed, 10);
    observed.leads = Some(global("orders-global-2", &[(EAST, true)]));
    let shape = home_shape(&mut observed);
    shape.global_cluster = Some("orders-global-2".into());
    assert_eq!(next(&observed).acting().name, "wait", "it says whose it is");
    let shape = home_shape(&mut observed);
    (shape.global_cluster, shape.status) = (None, "creating".into());
    assert_eq!(next(&observed).acting().name, "wait", "it is being made");
    home_shape(&mut observed).status = "available".into();
    let (name, why) = refused(&observed);
    assert!(
        name == "UnexpectedTopology" && why.contains("cluster-NEW"),
        "{why}"
    );
}

#[test]
fn a_member_whose_synchronization_nobody_tells_or_nobody_lists_is_not_there_yet() {
    let mut observed = following();
    assert_eq!(next(&observed), Action::Done);
    observed.leads.as_mut().unwrap().members[1].synchronization = None;
    assert_eq!(next(&observed).acting().name, "wait");
}

#[test]
fn a_snapshot_that_a_managed_failover_is_still_taking_is_waited_for_and_a_failed_copy_told() {
    let mut observed = following();
    home(&mut observed).unplanned = Some(snapshot("rds:unplanned-1", "creating", -60));
    assert_eq!(next(&observed).acting().name, "wait");
    home(&mut observed).unplanned = Some(snapshot("rds:unplanned-1", "available", -60));
    home(&mut observed).copy = Some(snapshot("orders-west-unplanned-8", "failed", 60));
    let (name, why) = refused(&observed);
    assert!(name == "NotReady" && why.contains("has failed"), "{why}");
    home(&mut observed).copy = Some(snapshot("orders-west-unplanned-8", "available", -9_000));
    let (name, why) = refused(&observed);
    assert!(
        name == "NotReady" && why.contains("is taken by another"),
        "{why}"
    );
    // RDS only attempts it: what failed there is not waited for.
    home(&mut observed).copy = None;
    home(&mut observed).unplanned = Some(snapshot("rds:unplanned-1", "failed", -60));
    assert_eq!(next(&observed), Action::Done);
}

#[test]
fn a_final_snapshot_of_an_earlier_incident_is_not_taken_for_this_ones() {
    let mut observed = deposed();
    after(&mut observed, 1);
    home(&mut observed).snapshot = Some(snapshot("orders-west-final-8", "available", -9_000));
    let (name, why) = refused(&observed);
    assert!(
        name == "NotReady" && why.contains("before this incident"),
        "{why}"
    );
    let delete = Call::DeleteCluster {
        cluster: "orders-west".into(),
    };
    let made = harmless(&observed, &"us-west-2".into(), &delete, Retire::Delete);
    assert_eq!(made.unwrap_err().name(), "UnexpectedTopology");
}

#[test]
fn roles_come_back_before_instances_and_one_that_is_pending_is_waited_for() {
    let mut observed = deposed();
    let role = RoleShape {
        arn: "arn:aws:iam::123456789012:role/import".into(),
        feature: Some("s3Import".into()),
        status: "ACTIVE".into(),
    };
    home_shape(&mut observed).roles.push(role);
    let names = played(observed.clone(), Retire::Rename);
    assert_eq!(
        names[9..],
        [
            "create_member",
            "add_role",
            "create_instance",
            "create_endpoint"
        ]
    );
    let mut whole = following();
    home_shape(&mut whole).roles.push(RoleShape {
        status: "PENDING".into(),
        ..RoleShape::default()
    });
    assert_eq!(next(&whole).acting().name, "wait");
}

#[test]
fn what_would_be_refused_afterwards_is_refused_before_anything_is_taken_away() {
    let mut observed = deposed();
    observed.next_global = NextGlobal::Taken {
        name: "gdb1".into(),
        region: "us-east-1".into(),
        why: "it is none that this rebuild deletes".into(),
    };
    home(&mut observed).unfit = vec!["parameter group orders-15 is for aurora-postgresql15".into()];
    let (name, why) = refused(&observed);
    assert_eq!(name, "NotReady");
    for fault in ["global cluster gdb1 is taken in us-east-1", "orders-15"] {
        assert!(why.contains(fault), "{why}");
    }
    // Somebody made the global cluster around the writer already.
    observed.leads = Some(global("orders-global-2", &[(EAST, true)]));
    let (name, why) = refused(&observed);
    assert!(name == "NotReady" && why.contains("orders-15"), "{why}");
}

#[test]
fn a_global_cluster_that_the_role_may_not_create_is_refused_before_anything_is_taken_away() {
    let denied = NextGlobal::Denied {
        name: "gdb9".into(),
        why: "RDS DescribeGlobalClusters in us-east-1: AccessDenied".into(),
    };
    for (wished, says) in [
        (Some("gdb9"), "names.global_cluster is gdb9"),
        (None, "the next global cluster is gdb9"),
    ] {
        let mut observed = deposed();
        observed.wished_global = wished.map(str::to_owned);
        observed.next_global = denied.clone();
        let (name, why) = refused(&observed);
        assert_eq!(name, "NotReady");
        for part in [
            "nothing was taken away yet",
            says,
            "AccessDenied",
            "GlobalClusterArns",
        ] {
            assert!(why.contains(part), "{why} lacks {part}");
        }
    }
}

#[test]
fn a_member_that_follows_without_an_instance_is_not_called_rebuilt() {
    let mut observed = deposed();
    let leads = global("orders-global-2", &[(EAST, true), (WEST, false)]);
    observed.recorded_global = Some(Named::from(&leads));
    observed.leads = Some(leads);
    let shape = home(&mut observed).cluster.as_mut().unwrap();
    shape.global_cluster = Some("orders-global-2".into());
    shape.instances.clear();
    let (name, why) = refused(&observed);
    assert_eq!(name, "NotReady");
    assert!(why.contains("has no instance"), "{why}");
}

#[test]
fn an_identifier_is_taken_again_only_once_no_region_shows_it() {
    let mut observed = deposed();
    observed.wished_global = Some("orders-global-1".into());
    observed.next_global = NextGlobal::AfterPast("orders-global-1".into());
    after(&mut observed, 7);
    assert_eq!(observed.past, None, "it is deleted");
    assert_eq!(next(&observed).acting().name, "wait");
    observed.next_global = NextGlobal::Free("orders-global-1".into());
    assert_eq!(next(&observed).acting().name, "create_global");
    let mut leads = following();
    leads.wished_global = Some("gdb1-restored-node".into());
    let (name, why) = refused(&leads);
    assert!(
        name == "NotReady" && why.contains("gdb1-restored-node"),
        "{why}"
    );
}
