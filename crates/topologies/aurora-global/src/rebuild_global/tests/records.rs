//! What a member is made from: what its incident noted, or the record of when it was healthy.

use super::*;

#[test]
fn a_member_that_is_gone_is_made_from_the_record_of_when_it_was_healthy() {
    let mut observed = deposed();
    let seen = Blueprint::of(shape(), None, Epoch(7), at(0));
    home(&mut observed).healthy = Some(Healthy::after(None, seen));
    home(&mut observed).cluster = None;
    observed.past = None;
    let names = played(observed, Retire::Rename);
    assert_eq!(
        names,
        [
            "create_global",
            "record",
            "remember",
            "create_member",
            "create_instance",
            "create_endpoint"
        ]
    );
}

#[test]
fn what_is_left_of_a_member_after_an_outage_is_not_all_that_is_made_again() {
    let mut observed = deposed();
    let seen = Blueprint::of(shape(), None, Epoch(7), at(0));
    home(&mut observed).healthy = Some(Healthy::after(None, seen));
    home_shape(&mut observed).instances.clear();
    after(&mut observed, 1);
    let kept = home(&mut observed).blueprint.clone().unwrap();
    assert_eq!(kept.shape.instances.len(), 1);
}

#[test]
fn what_an_earlier_incident_noted_counts_for_the_cluster_that_it_left_in_pieces_and_for_no_other() {
    let noted = Blueprint::of(shape(), None, Epoch(8), at(1_000));
    let of = |resource_id: &str| {
        let live = Shape {
            resource_id: resource_id.into(),
            ..shape()
        };
        noted.tells_of(Epoch(9), Some(&live), None)
    };
    assert!(of("cluster-OLD"), "what is left of it is less");
    assert!(!of("cluster-NEW"), "another cluster is read anew");
    assert!(noted.tells_of(Epoch(9), None, None), "nothing is left");
    assert!(
        !noted.tells_of(Epoch(7), Some(&shape()), None),
        "of a later incident"
    );
    let healthy =
        |second: i64| Healthy::after(None, Blueprint::of(shape(), None, Epoch(8), at(second)));
    let tells = |healthy: &Healthy| noted.tells_of(Epoch(9), Some(&shape()), Some(healthy));
    assert!(tells(&healthy(900)), "it was healthy before");
    assert!(
        !tells(&healthy(1_100)),
        "it has been whole since: read anew"
    );
    let new = Shape {
        resource_id: "cluster-NEW".into(),
        ..shape()
    };
    assert!(
        noted.tells_of(Epoch(8), Some(&new), Some(&healthy(1_100))),
        "this incident's successor is told by what this incident noted"
    );
}

#[test]
fn once_the_successor_stood_complete_what_it_was_since_counts() {
    let mut observed = deposed();
    assert!(
        successions(&observed, at(2_000)).is_empty(),
        "nothing is retired"
    );
    while next(&observed) != Action::Done {
        assert!(successions(&observed, at(2_000)).is_empty());
        let action = next(&observed);
        carry_out(&mut observed, &action);
    }
    let marked = successions(&observed, at(2_000));
    let [(region, retired)] = marked.as_slice() else {
        panic!("{marked:?}");
    };
    assert_eq!(region.as_str(), "us-west-2");
    let mut live = home(&mut observed.clone()).cluster.clone().unwrap();
    live.endpoints.clear();
    let unmarked = home(&mut observed.clone()).blueprint.clone().unwrap();
    let seen = |second| {
        Healthy::after(
            None,
            Blueprint::of(live.clone(), None, Epoch(8), at(second)),
        )
    };
    let tells = |kept: &Blueprint, live, second| kept.tells_of(Epoch(8), live, Some(&seen(second)));
    assert!(
        tells(&unmarked, Some(&live), 9_000),
        "its endpoint never was there"
    );
    assert!(
        !tells(retired, Some(&live), 9_000),
        "its endpoint was removed on purpose"
    );
    assert!(
        !tells(retired, Some(&live), 0),
        "and before it was read anew"
    );
    assert!(
        !tells(retired, None, 9_000),
        "it is made again as it was last"
    );
    assert!(tells(retired, None, 0), "no record of the successor");
    assert_eq!(retired.succeeded(&live, at(3_000)), None, "marked once");
    home(&mut observed).blueprint = Some(retired.clone());
    assert!(successions(&observed, at(3_000)).is_empty());
}

#[test]
fn a_rebuild_that_goes_on_under_a_later_epoch_finishes_what_was_begun_under_the_names_it_gave() {
    let mut observed = deposed();
    after(&mut observed, 5);
    assert_eq!(next(&observed).acting().name, "rename_cluster");
    observed.epoch = Epoch(9);
    let Action::Call(_, Call::RenameCluster { to, .. }) = next(&observed) else {
        panic!("its instance is not renamed once more");
    };
    assert_eq!(to, "orders-west-retired-20261121-8");
    while next(&observed) != Action::Done {
        let action = next(&observed);
        carry_out(&mut observed, &action);
    }
    let made = home_shape(&mut observed);
    let instances: Vec<_> = made
        .instances
        .iter()
        .map(|made| made.identifier.clone())
        .collect();
    assert_eq!(
        (instances, made.endpoints.len()),
        (vec!["orders-west-1".to_owned()], 1)
    );
}

#[test]
fn what_a_rebuild_has_begun_to_take_apart_is_not_all_that_is_made_again() {
    let mut observed = deposed();
    let seen = Blueprint::of(shape(), None, Epoch(7), at(0));
    home(&mut observed).healthy = Some(Healthy::after(None, seen));
    let live = home_shape(&mut observed);
    live.endpoints.clear();
    live.instances[0].identifier = "orders-west-1-retired-20261121-8".into();
    after(&mut observed, 1);
    let kept = home(&mut observed).blueprint.clone().unwrap().shape;
    assert_eq!(
        (kept.instances[0].identifier.as_str(), kept.endpoints.len()),
        ("orders-west-1", 1)
    );
}

#[test]
fn what_no_successor_has_is_said_before_anything_is_taken_away() {
    let mut observed = deposed();
    home_shape(&mut observed).beyond = vec!["the database activity stream s".into()];
    let action = next(&observed);
    let said = reason(&observed, &action, true);
    assert_eq!(action.acting().name, "remember");
    for word in ["activity stream", "cluster-OLD", "rds-db:connect"] {
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn what_came_back_different_is_said_at_the_end() {
    let mut observed = deposed();
    while next(&observed) != Action::Done {
        let action = next(&observed);
        carry_out(&mut observed, &action);
    }
    assert_eq!(
        reason(&observed, &Action::Done, false),
        "every member follows orders-east"
    );
    home_shape(&mut observed).instances[0].class = "db.r6g.xlarge".into();
    let said = reason(&observed, &Action::Done, false);
    assert!(said.contains("instances.orders-west-1.class"), "{said}");
    let retired = home(&mut observed).blueprint.as_mut().unwrap();
    retired.shape.beyond = vec!["the database activity stream s".into()];
    let said = reason(&observed, &Action::Done, false);
    let lost = "orders-west no longer has the database activity stream s";
    assert!(said.ends_with(lost), "{said}");
}
