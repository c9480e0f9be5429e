//! The decision, row by row, and whole runs of it.

use failover::{
    domain::Region,
    topology::{Blueprint, Healthy, Snapshot, names::Retire},
};
use serde_json::json;

use super::*;
use crate::members::{
    makes::Call,
    tests::{EAST, WEST, east},
};
use small_rds::{at, deposed, home, note_completion, play, replicating, shape, west};

pub(super) mod small_rds;

const STRANGER: &str = "arn:aws:rds:us-west-2:123456789012:db:reports";

fn decided(observed: &Observed) -> Result<&'static str, &'static str> {
    let action = next_action(observed, Retire::Rename);
    action
        .map(|action| action.acting().name)
        .map_err(|why| why.name())
}

#[test]
fn an_old_writer_is_remembered_kept_and_renamed_and_a_replica_takes_its_name() {
    let done = play(deposed(), Retire::Rename).unwrap();
    let expected = [
        "remember",
        "create_snapshot",
        "rename",
        "create_replica",
        "complete",
        "none",
    ];
    assert_eq!(done, expected);
}

#[test]
fn it_is_deleted_on_demand_once_it_is_listed_and_kept() {
    let done = play(deposed(), Retire::Delete).unwrap();
    let expected = [
        "remember",
        "create_snapshot",
        "lift_protection",
        "delete",
        "create_replica",
        "complete",
        "none",
    ];
    assert_eq!(done, expected);
    let mut observed = deposed();
    home(&mut observed).unlisted = Some("nothing lists it".into());
    let why = play(observed.clone(), Retire::Delete).unwrap_err();
    assert_eq!(why.to_string(), "nothing lists it");
    assert!(
        play(observed, Retire::Rename).is_ok(),
        "renamed it keeps its rows"
    );
}

#[test]
fn an_old_writer_that_is_not_fenced_waits_for_the_fence_of_its_region() {
    let mut observed = deposed();
    home(&mut observed).fenced_at = None;
    assert_eq!(decided(&observed), Ok("await_fence"));
}

#[test]
fn a_snapshot_of_something_else_is_not_taken_for_the_last_one() {
    let with = |status: &str, resource_id: &str, second| {
        let mut observed = deposed();
        let epoch = observed.epoch;
        let member = home(&mut observed);
        member.blueprint = Some(Blueprint::of(shape("db-OLD"), None, epoch, at(100_200)));
        member.snapshot = Some(Snapshot {
            identifier: "orders-west-final-8".into(),
            status: status.into(),
            kind: "manual".into(),
            resource_id: resource_id.into(),
            taken_at: Some(at(second)),
        });
        decided(&observed)
    };
    assert_eq!(with("available", "db-OLD", 100_300), Ok("rename"));
    assert_eq!(with("creating", "db-OLD", 100_300), Ok("wait"));
    assert_eq!(with("available", "db-OTHER", 100_300), Err("NotReady"));
    assert_eq!(with("available", "db-OLD", 10), Err("NotReady"));
    assert_eq!(with("failed", "db-OLD", 100_300), Err("NotReady"));
}

#[test]
fn a_replica_is_waited_for_until_it_replicates_and_what_does_not_pass_is_said() {
    let with = |change: fn(&mut SeenMember)| {
        let mut observed = deposed();
        let member = home(&mut observed);
        (member.instance, member.place) = (Some(west(Some(EAST))), Place::Follows);
        change(member);
        decided(&observed)
    };
    assert_eq!(with(|_| {}), Ok("none"));
    assert_eq!(
        with(|member| member.instance.as_mut().unwrap().replication = None),
        Ok("wait")
    );
    for (status, is_normal, expected) in [
        ("replicating", false, Ok("wait")),
        ("error", false, Ok("wait")),
        ("terminated", false, Err("NotReady")),
        ("stopped", true, Err("NotReady")),
    ] {
        let mut observed = deposed();
        let member = home(&mut observed);
        let mut follows = west(Some(EAST));
        follows.replication = Some(replicating(status, is_normal));
        (member.instance, member.place) = (Some(follows), Place::Follows);
        assert_eq!(decided(&observed), expected, "{status}");
    }
    let creating = |member: &mut SeenMember| {
        member.instance.as_mut().unwrap().status = "creating".into();
    };
    assert_eq!(with(creating), Ok("wait"));
    // A move behind it would be refused.
    let backed_up = |member: &mut SeenMember| {
        member.instance.as_mut().unwrap().status = "backing-up".into();
    };
    assert_eq!(with(backed_up), Ok("wait"));
    let full = |member: &mut SeenMember| {
        member.instance.as_mut().unwrap().status = "storage-full".into();
    };
    assert_eq!(with(full), Err("NotReady"));
}

/// A replica that follows, and lacks the backups that the instance had which it stands for.
fn incomplete() -> Observed {
    let mut observed = deposed();
    let epoch = observed.epoch;
    let member = home(&mut observed);
    member.blueprint = Some(Blueprint::of(shape("db-OLD"), None, epoch, at(100_200)));
    let mut made = shape("db-NEW");
    made.backup_retention_days = Some(0);
    (member.instance, member.shape) = (Some(west(Some(EAST))), Some(made));
    member.place = Place::Follows;
    observed
}

#[test]
fn the_old_answer_after_a_call_is_waited_out_and_what_rds_does_not_take_is_tried_three_times() {
    let mut observed = incomplete();
    for tries in 0..3 {
        assert_eq!(decided(&observed), Ok("complete"), "{tries}");
        note_completion(home(&mut observed));
        assert_eq!(
            decided(&observed),
            Ok(if tries < 2 { "wait" } else { "none" })
        );
        let noted = home(&mut observed).blueprint.as_mut().unwrap();
        noted.completed_at = Some(at(199_900));
    }
    assert_eq!(decided(&observed), Ok("none"));
    let said = words::reason(&observed, &Action::Done, false);
    assert!(said.contains("backup_retention_days"), "{said}");
}

#[test]
fn a_replica_is_never_given_fewer_days_of_backups_than_it_has() {
    let mut observed = incomplete();
    let member = home(&mut observed);
    let shape = member.shape.as_mut().unwrap();
    shape.backup_retention_days = Some(14);
    shape.backup_window = Some("05:00-05:30".into());
    let Ok(Action::Call(_, Call::Complete { like })) = next_action(&observed, Retire::Rename)
    else {
        panic!("{observed:?}");
    };
    assert_eq!(like.backup_retention_days, Some(14));
    assert_eq!(like.backup_window.as_deref(), Some("03:00-03:30"));
}

#[test]
fn nothing_is_done_while_the_writer_is_not_shown_as_one() {
    let mut observed = deposed();
    observed.writer = east(Some(WEST));
    assert_eq!(decided(&observed), Ok("wait"), "the old answer");
    observed.writer = east(None);
    observed.writer.status = "rebooting".into();
    assert_eq!(decided(&observed), Ok("wait"));
    observed.writer.status = "failed".into();
    assert_eq!(decided(&observed), Err("NotReady"));
    observed.writer.status = "available".into();
    observed.writer.backup_days = Some(0);
    assert_eq!(decided(&observed), Err("NotReady"), "RDS would refuse it");
}

#[test]
fn what_follows_a_stranger_is_left_alone() {
    let mut observed = deposed();
    let member = home(&mut observed);
    (member.instance, member.place) = (
        Some(west(Some(STRANGER))),
        Place::FollowsStranger(STRANGER.into()),
    );
    assert_eq!(decided(&observed), Err("UnexpectedTopology"));
}

#[test]
fn another_instance_than_the_fenced_one_is_left_alone_unless_it_is_being_made() {
    let mut observed = deposed();
    let member = home(&mut observed);
    member.stranger = Some("it is db-NEW, and the one that epoch 8 deposed is db-OLD".into());
    member.instance.as_mut().unwrap().status = "creating".into();
    assert_eq!(
        decided(&observed),
        Ok("wait"),
        "its source is not shown yet"
    );
    let member = home(&mut observed);
    member.instance.as_mut().unwrap().status = "available".into();
    assert_eq!(decided(&observed), Err("UnexpectedTopology"));
    let rename = Call::Rename {
        instance: "orders-west".into(),
        to: "orders-west-retired-19700102-8".into(),
    };
    let harm = harmless(&observed, &"us-west-2".into(), &rename, Retire::Rename);
    assert!(harm.is_err(), "whatever was decided");
}

#[test]
fn a_member_that_is_gone_is_made_as_it_was_last_seen_or_people_are_asked() {
    let mut observed = deposed();
    let epoch = observed.epoch;
    let member = home(&mut observed);
    (member.instance, member.shape, member.place) = (None, None, Place::Free);
    assert_eq!(decided(&observed), Err("NotReady"));
    let was = Blueprint::of(shape("db-OLD"), None, epoch, at(100_200));
    home(&mut observed).healthy = Some(Healthy::after(None, was.clone()));
    assert_eq!(
        decided(&observed),
        Ok("remember"),
        "so that it is completed, too"
    );
    home(&mut observed).blueprint = Some(was);
    assert_eq!(decided(&observed), Ok("create_replica"));
    observed.writer.status = "modifying".into();
    assert_eq!(decided(&observed), Ok("wait"), "RDS makes one at a time");
}

#[test]
fn what_rds_would_refuse_is_refused_before_anything_is_taken_away() {
    let mut observed = deposed();
    let epoch = observed.epoch;
    let member = home(&mut observed);
    member.blueprint = Some(Blueprint::of(shape("db-OLD"), None, epoch, at(100_200)));
    member.unfit = vec!["parameter group orders-15 is gone".into()];
    assert_eq!(decided(&observed), Err("NotReady"));
}

/// Three members: the third one follows the old writer.
fn of_three() -> Observed {
    let mut observed = deposed();
    let mut third = home(&mut observed).clone();
    third.region = "eu-west-1".into();
    third.name = "orders-third".into();
    third.place = Place::FollowsDeposed("us-west-2".into());
    third.fenced_at = None;
    third.instance.as_mut().unwrap().source = Some(WEST.into());
    let epoch = observed.epoch;
    third.blueprint = Some(Blueprint::of(shape("db-THIRD"), None, epoch, at(100_200)));
    third.shape = Some(shape("db-THIRD"));
    let member = home(&mut observed);
    member.blueprint = Some(Blueprint::of(shape("db-OLD"), None, epoch, at(100_200)));
    observed.members.insert(0, third);
    observed
}

#[test]
fn a_replica_of_the_old_writer_makes_room_before_that_one_and_is_never_deleted() {
    let mut observed = of_three();
    for retire in [Retire::Rename, Retire::Delete] {
        let Ok(Action::Call(region, call)) = next_action(&observed, retire) else {
            panic!("{observed:?}");
        };
        assert_eq!(region, Region::from("eu-west-1"));
        assert!(matches!(call, Call::Rename { .. }), "{call}");
        assert_eq!(harmless(&observed, &region, &call, retire), Ok(()));
        let delete = Call::Delete {
            instance: "orders-third".into(),
        };
        assert!(harmless(&observed, &region, &delete, retire).is_err());
    }
    observed.members[0].instance.as_mut().unwrap().status = "renaming".into();
    home(&mut observed).snapshot = Some(Snapshot {
        identifier: "orders-west-final-8".into(),
        status: "available".into(),
        kind: "manual".into(),
        resource_id: "db-OLD".into(),
        taken_at: Some(at(100_300)),
    });
    assert_eq!(decided(&observed), Ok("wait"), "it still follows");
}

#[test]
fn what_can_be_done_about_one_member_does_not_wait_for_another() {
    let mut observed = of_three();
    observed.members[0].place = Place::FollowsStranger(STRANGER.into());
    assert_eq!(decided(&observed), Ok("create_snapshot"));
}

#[test]
fn no_call_meets_the_writer_a_replica_of_it_or_what_is_not_fenced() {
    let rename = Call::Rename {
        instance: "orders-west".into(),
        to: "orders-west-retired-19700102-8".into(),
    };
    let why = |observed: &Observed, region: &str| {
        harmless(observed, &region.into(), &rename, Retire::Rename).map_err(|why| why.name())
    };
    let observed = deposed();
    assert_eq!(why(&observed, "us-west-2"), Ok(()));
    assert_eq!(why(&observed, "us-east-1"), Err("UnexpectedTopology"));
    assert_eq!(why(&observed, "eu-west-1"), Err("UnexpectedTopology"));
    let with = |change: fn(&mut SeenMember)| {
        let mut observed = deposed();
        change(home(&mut observed));
        why(&observed, "us-west-2")
    };
    let harm = Err("UnexpectedTopology");
    assert_eq!(with(|member| member.fenced_at = None), harm);
    assert_eq!(with(|member| member.place = Place::Follows), harm);
    assert_eq!(
        with(|member| member.shape.as_mut().unwrap().arn = EAST.into()),
        harm
    );
    let complete = Call::Complete {
        like: Box::new(shape("db-OLD")),
    };
    let changed = harmless(&observed, &"us-east-1".into(), &complete, Retire::Rename);
    assert!(changed.is_err(), "the writer is not changed either");
}

#[test]
fn a_kill_switch_keeps_everything_that_is_there() {
    let mut observed = deposed();
    observed.killed = Some("on".into());
    let done = play(observed, Retire::Rename).unwrap();
    assert_eq!(done, ["remember", "create_snapshot", "wait"]);
}

#[test]
fn names_of_what_instances_do_not_have_are_refused_in_one_sentence() {
    let asked = |names: Value| asked(json!({"plan": "orders", "names": names}));
    let why = asked(json!({"global_cluster": "orders-global-2"})).unwrap_err();
    assert!(
        why.to_string()
            .contains("names.global_cluster is \"orders-global-2\""),
        "{why}"
    );
    assert!(asked(json!({"parameter_groups": {"orders-15": "orders-16"}})).is_ok());
}
