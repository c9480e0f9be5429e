//! A rebuild against a small RDS in memory: which calls it makes, in which order, and what it never does.

mod contradictions;
mod incidents;
mod pace;
mod records;
mod refusals;
mod small_rds;

use super::{carry_out::successions, words::reason, *};
use failover::{
    domain::Epoch,
    topology::{Blueprint, FailoverState, Healthy, Shape, Snapshot},
};

pub(crate) use small_rds::{EAST, WEST, deposed, global, home};
use small_rds::{
    PASSES_MAX, after, at, carry_out, home_shape, next, played, refused, shape, snapshot,
};

#[test]
fn after_a_detach_the_deposed_cluster_is_kept_and_renamed_before_it_is_made_anew() {
    assert_eq!(
        played(deposed(), Retire::Rename),
        [
            "remember",
            "create_snapshot",
            "remove",
            "delete_endpoint",
            "rename_instance",
            "rename_cluster",
            "delete_global",
            "create_global",
            "record",
            "create_member",
            "create_instance",
            "create_endpoint"
        ]
    );
}

#[test]
fn the_plans_parameters_name_the_new_global_cluster_before_its_members_are_made() {
    let mut observed = deposed();
    observed.misnamed = vec!["us-east-1".into(), "us-west-2".into()];
    let calls = played(observed, Retire::Rename);
    let created = calls.iter().position(|call| *call == "create_global");
    let then: Vec<_> = calls[created.unwrap()..].to_vec();
    assert_eq!(
        then[..5],
        ["create_global", "record", "name", "name", "create_member"]
    );
}

#[test]
fn it_is_deleted_only_after_its_snapshot_and_without_protection_last() {
    assert_eq!(
        played(deposed(), Retire::Delete)[..8],
        [
            "remember",
            "create_snapshot",
            "remove",
            "delete_endpoint",
            "lift_protection",
            "delete_instance",
            "delete_cluster",
            "delete_global"
        ]
    );
}

#[test]
fn nothing_is_deleted_before_the_loss_is_listed() {
    let mut observed = deposed();
    for _ in 0..4 {
        let action = next_action(&observed, Retire::Delete).unwrap();
        carry_out(&mut observed, &action);
    }
    let west = "us-west-2".into();
    let delete = Call::DeleteCluster {
        cluster: "orders-west".into(),
    };
    assert_eq!(harmless(&observed, &west, &delete, Retire::Delete), Ok(()));
    home(&mut observed).unlisted = Some("invoke loss-ledger in us-west-2 first".into());
    let refused = next_action(&observed, Retire::Delete).unwrap_err();
    assert!(
        refused.name() == "NotReady" && refused.to_string().contains("loss-ledger"),
        "{refused}"
    );
    assert!(harmless(&observed, &west, &delete, Retire::Delete).is_err());
    assert!(next_action(&observed, Retire::Rename).is_ok());
}

#[test]
fn what_may_not_be_deleted_is_said_before_anything_is_taken_from_it() {
    let mut observed = deposed();
    home(&mut observed).unlisted = Some("loss_ledger is empty in the plan".into());
    let refused = next_action(&observed, Retire::Delete).unwrap_err();
    assert!(refused.to_string().contains("is empty"), "{refused}");
    let goes_on = next_action(&observed, Retire::Rename).unwrap();
    assert_eq!(goes_on, Action::Remember("us-west-2".into()));
}

#[test]
fn a_member_of_another_region_is_deleted_only_by_its_own_account() {
    let mut observed = deposed();
    let third = SeenMember {
        region: "eu-west-1".into(),
        name: "orders-third".into(),
        unlisted: Some("nothing lists yet what only orders-third has".into()),
        ..home(&mut observed).clone()
    };
    observed.past = None;
    observed.members.insert(0, third);
    let refused = next_action(&observed, Retire::Delete).unwrap_err();
    assert!(refused.to_string().contains("orders-third"), "{refused}");
    let delete = Call::DeleteCluster {
        cluster: "orders-third".into(),
    };
    home(&mut observed).snapshot = Some(snapshot("orders-west-final-8", "available", 200));
    observed.members[0].snapshot = home(&mut observed).snapshot.clone();
    let made = harmless(&observed, &"eu-west-1".into(), &delete, Retire::Delete).unwrap_err();
    assert!(made.to_string().contains("orders-third"), "{made}");
    assert_eq!(
        harmless(&observed, &"us-west-2".into(), &delete, Retire::Delete),
        Ok(())
    );
}

#[test]
fn what_follows_the_deposed_writer_of_a_third_region_leaves_before_it_and_is_fenced_then() {
    const THIRD: &str = "arn:aws:rds:eu-west-1:123456789012:cluster:orders-third";
    let mut observed = deposed();
    let mut third = SeenMember {
        region: "eu-west-1".into(),
        name: "orders-third".into(),
        ..home(&mut observed).clone()
    };
    third.cluster.as_mut().unwrap().arn = THIRD.into();
    observed.members.insert(0, third);
    observed.past = Some(global("orders-global-1", &[(THIRD, true), (WEST, false)]));
    home(&mut observed).fenced_at = None;
    let west = Region::from("us-west-2");
    let next = |observed: &Observed| next_action(observed, Retire::Rename).unwrap();
    let first = next(&observed);
    assert_eq!(first, Action::Remember(west.clone()));
    carry_out(&mut observed, &first);
    let Action::Call(region, call) = next(&observed) else {
        panic!("{:?}", next(&observed));
    };
    assert_eq!((&region, call.name()), (&west, "remove"));
    assert_eq!(harmless(&observed, &region, &call, Retire::Rename), Ok(()));
    observed.past = Some(global("orders-global-1", &[(THIRD, true)]));
    home(&mut observed).cluster.as_mut().unwrap().global_cluster = None;
    assert_eq!(next(&observed), Action::Fence(west));
}

#[test]
fn a_final_snapshot_of_before_the_last_fence_is_no_copy_of_what_came_in_since() {
    let mut observed = deposed();
    for _ in 0..4 {
        let action = next_action(&observed, Retire::Delete).unwrap();
        carry_out(&mut observed, &action);
    }
    let west = "us-west-2".into();
    let delete = Call::DeleteCluster {
        cluster: "orders-west".into(),
    };
    assert_eq!(harmless(&observed, &west, &delete, Retire::Delete), Ok(()));
    home(&mut observed).fenced_at = Some(at(100_201));
    let refused = next_action(&observed, Retire::Delete).unwrap_err();
    for part in ["orders-west-final-8", "us-west-2", "retire it by rename"] {
        assert!(refused.to_string().contains(part), "{refused}");
    }
    assert!(harmless(&observed, &west, &delete, Retire::Delete).is_err());
    assert!(next_action(&observed, Retire::Rename).is_ok());
}

#[test]
fn a_deposed_cluster_that_is_not_fenced_is_not_touched() {
    let mut observed = deposed();
    home(&mut observed).fenced_at = None;
    let action = next_action(&observed, Retire::Rename).unwrap();
    assert_eq!(action, Action::Fence("us-west-2".into()));
}

#[test]
fn after_a_managed_failover_rds_is_waited_for_and_its_snapshot_copied() {
    let mut observed = deposed();
    let both = [(EAST, true), (WEST, false)];
    observed.past = None;
    observed.leads = Some(global("orders-global-1", &both));
    observed.recorded_global = Some("orders-global-1".into());
    home(&mut observed).unplanned = Some(snapshot("rds:unplanned-1", "available", -60));
    home(&mut observed).fenced_at = None;
    assert_eq!(played(observed.clone(), Retire::Rename), ["copy_snapshot"]);
    let members = &mut observed.leads.as_mut().unwrap().members;
    members[1].synchronization = Some("pending-resync".into());
    home(&mut observed).unplanned = None;
    let waits = next_action(&observed, Retire::Rename).unwrap();
    assert_eq!(waits, Action::Wait("orders-west is pending-resync".into()));
}

#[test]
fn what_takes_from_the_writer_or_from_its_standby_is_never_made() {
    let delete = Call::DeleteCluster {
        cluster: "orders-east".into(),
    };
    let observed = deposed();
    let judged = |observed: &Observed, region: &str, call: &Call| {
        let made = harmless(observed, &region.into(), call, Retire::Delete);
        made.err().map_or("made", |why| why.name())
    };
    assert_eq!(
        judged(&observed, "us-east-1", &delete),
        "UnexpectedTopology"
    );
    let home_cluster = Call::DeleteCluster {
        cluster: "orders-west".into(),
    };
    assert_eq!(
        judged(&observed, "us-west-2", &home_cluster),
        "UnexpectedTopology",
        "without a snapshot"
    );
    let mut follows = deposed();
    follows.leads = Some(global("orders-global-2", &[(EAST, true), (WEST, false)]));
    let rename = Call::RenameCluster {
        cluster: "orders-west".into(),
        to: "x".into(),
    };
    assert_eq!(judged(&follows, "us-west-2", &rename), "UnexpectedTopology");
    assert_eq!(judged(&observed, "us-west-2", &rename), "made");
    let snapshot = Snapshot {
        identifier: "orders-west-final-8".into(),
        status: "available".into(),
        kind: "manual".into(),
        resource_id: "cluster-OTHER".into(),
        taken_at: None,
    };
    let mut others = deposed();
    home(&mut others).snapshot = Some(snapshot);
    assert_eq!(
        judged(&others, "us-west-2", &home_cluster),
        "UnexpectedTopology",
        "with another cluster's snapshot"
    );
}

#[test]
fn what_a_human_has_to_put_right_is_named() {
    let refusal = |change: &dyn Fn(&mut Observed)| {
        let mut observed = deposed();
        change(&mut observed);
        let refused = next_action(&observed, Retire::Rename).unwrap_err();
        (refused.name(), refused.to_string())
    };
    let taken = refusal(&|observed| {
        carry_out(observed, &Action::Remember("us-west-2".into()));
        home(observed).snapshot = Some(Snapshot {
            identifier: "orders-west-final-8".into(),
            status: "available".into(),
            kind: "manual".into(),
            resource_id: "cluster-OTHER".into(),
            taken_at: None,
        });
    });
    assert!(
        taken.0 == "NotReady" && taken.1.contains("is taken by a snapshot"),
        "{taken:?}"
    );
    let gone = refusal(&|observed| {
        home(observed).cluster = None;
        observed.past = None;
        observed.leads = Some(global("orders-global-2", &[(EAST, true)]));
        observed.recorded_global = Some("orders-global-2".into());
    });
    assert!(
        gone.0 == "NotReady" && gone.1.contains("create it by hand"),
        "{gone:?}"
    );
    let two = refusal(&|observed| {
        let other = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west-new";
        observed.leads = Some(global("orders-global-2", &[(EAST, true), (other, false)]));
    });
    assert!(
        two.0 == "UnexpectedTopology" && two.1.contains("two candidates"),
        "{two:?}"
    );
    let stranger = refusal(&|observed| {
        let third = "arn:aws:rds:eu-west-1:123456789012:cluster:reports";
        observed.past = Some(global("orders-global-1", &[(WEST, true), (third, false)]));
        carry_out(observed, &Action::Remember("us-west-2".into()));
    });
    assert!(stranger.1.contains("cluster:reports"), "{stranger:?}");
    let busy = refusal(&|observed| {
        let mut leads = global("orders-global-2", &[(EAST, true)]);
        leads.failover = Some(FailoverState {
            status: "failing-over".into(),
            to: WEST.into(),
            loses: Some(true),
        });
        observed.leads = Some(leads);
    });
    assert_eq!(busy.0, "UnexpectedTopology");
}

#[test]
fn retire_is_one_of_two_words() {
    assert_eq!(serde_json::to_value(Retire::Rename).unwrap(), "rename");
    assert!(serde_json::from_str::<Retire>("\"shred\"").is_err());
}
