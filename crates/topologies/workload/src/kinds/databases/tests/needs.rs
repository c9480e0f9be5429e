//! What a run needs beside the two sides, and what it says of what it does not see or cannot give back.

use failover::topology::Shape;
use serde_json::json;

use super::{
    super::*,
    against::{both, decided, play, prepared, refusal},
    play::{HOME, Play, RECOVERY},
    small_rds::standing,
};
use crate::{
    kinds::databases::names::{RIGHTS_TAG, RUN_TAG},
    run,
};

/// What preparing says at its end.
fn said(play: &Play, seen: &Seen) -> String {
    match decided(play, Phase::Prepare, seen).unwrap() {
        Next::Done { reason, .. } => reason,
        other @ Next::Wait { .. } | other @ Next::Remember { .. } | other @ Next::Call { .. } => {
            panic!("{other:?}")
        }
    }
}

#[test]
fn both_sides_carry_the_tag_that_the_rights_to_take_away_go_by() {
    let kind = Kind::Instance;
    let mut seen = both(kind);
    let home = &mut seen.home.as_mut().unwrap().shape;
    home.tags.remove(RIGHTS_TAG);
    let away = &mut seen.recovery.as_mut().unwrap().shape;
    away.tags.insert(RIGHTS_TAG.into(), "till".into());
    let why = refusal(&play(kind), Phase::Prepare, &seen);
    for part in [
        "orders in us-east-1 does not carry the tag aurora-failover=shop",
        "aws rds add-tags-to-resource --region us-east-1 --resource-name arn:aws:rds:us-east-1:123456789012:instance:orders --tags Key=aurora-failover,Value=shop",
        "orders-dr in us-west-2 carries the tag aurora-failover=till and not aurora-failover=shop",
        "add-tags-to-resource --region us-west-2",
    ] {
        assert!(why.contains(part), "{part:?} is not in {why}");
    }
}

#[test]
fn the_instances_of_homes_cluster_carry_it_since_they_are_renamed() {
    let kind = Kind::Cluster;
    let mut seen = both(kind);
    seen.home.as_mut().unwrap().shape.instances[1].tags.clear();
    seen.recovery.as_mut().unwrap().shape.instances[0]
        .tags
        .clear();
    let why = refusal(&play(kind), Phase::Prepare, &seen);
    let arn = "--resource-name arn:aws:rds:us-east-1:123456789012:db:orders-2 --tags";
    assert!(why.contains(arn), "{why}");
    assert_eq!(why.matches("add-tags-to-resource").count(), 1, "{why}");
}

#[test]
fn what_is_made_in_the_place_of_nothing_carries_it_with_its_instances() {
    let kind = Kind::Cluster;
    let mut seen = both(kind);
    seen.home = None;
    let recovery = &mut seen.recovery.as_mut().unwrap().shape;
    recovery.instances[0].tags.clear();
    match decided(&play(kind), Phase::Prepare, &seen).unwrap() {
        Next::Done { keep, .. } => {
            let shape: Shape = serde_json::from_value(keep["home_shape"].clone()).unwrap();
            assert_eq!(shape.tags[RIGHTS_TAG], "shop");
            assert_eq!(shape.instances[0].tags[RIGHTS_TAG], "shop");
        }
        other @ Next::Wait { .. } | other @ Next::Remember { .. } | other @ Next::Call { .. } => {
            panic!("{other:?}")
        }
    }
}

/// With something under the name of a rehearsal.
fn with_rehearsal(kind: Kind, tags: &[(&str, &str)]) -> Seen {
    let mut beside = standing(kind, HOME, "orders-rehearsal", &["orders-rehearsal"]);
    let tags = tags.iter();
    beside.shape.tags = tags
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    Seen {
        rehearsal: Some(beside),
        ..both(kind)
    }
}

#[test]
fn a_rehearsal_that_was_left_is_in_the_way_of_no_run_home() {
    let kind = Kind::Instance;
    let left = with_rehearsal(kind, &[(RUN_TAG, "earlier"), (RIGHTS_TAG, "shop")]);
    let reason = said(&play(kind), &left);
    assert!(
        reason.contains("aws rds delete-db-instance --db-instance-identifier orders-rehearsal"),
        "{reason}"
    );
    let reason = said(&play(kind), &with_rehearsal(kind, &[]));
    assert!(reason.contains("orders-rehearsal stands in us-east-1 and is left alone"));
}

#[test]
fn a_rehearsal_is_refused_by_what_none_of_its_plan_left_and_by_nothing_else() {
    let kind = Kind::Instance;
    let play = Play::new(kind, run::Kind::Rehearse);
    for tags in [
        &[][..],
        &[(RUN_TAG, "earlier")],
        &[(RIGHTS_TAG, "shop")],
        &[(RUN_TAG, "earlier"), (RIGHTS_TAG, "till")],
    ] {
        let why = refusal(&play, Phase::Prepare, &with_rehearsal(kind, tags));
        assert!(why.contains("the name orders-rehearsal"), "{why}");
    }
    let left = with_rehearsal(kind, &[(RUN_TAG, "earlier"), (RIGHTS_TAG, "shop")]);
    assert!(said(&play, &left).contains("is taken away before it is built anew"));
}

#[tokio::test]
async fn what_an_earlier_rehearsal_left_is_taken_away_before_the_next_one_is_built() {
    for kind in [Kind::Instance, Kind::Cluster] {
        let mut earlier = Play::new(kind, run::Kind::Rehearse);
        for phase in [Phase::Prepare, Phase::Sync, Phase::Rehearse] {
            earlier.phase(phase).await.unwrap();
        }
        let mut later = Play::new(kind, run::Kind::Rehearse);
        later.again_in(earlier.world, "2ab41c00-bbbb");
        for phase in [Phase::Prepare, Phase::Sync, Phase::Rehearse] {
            later.phase(phase).await.unwrap();
        }
        let beside = later.world.found(kind, HOME, "orders-rehearsal").unwrap();
        assert_eq!(beside.shape.tags[RUN_TAG], "2ab41c00-bbbb");
    }
}

#[test]
fn a_plan_that_needs_more_snapshots_than_there_is_room_for_is_refused_before_any_is_taken() {
    let kind = Kind::Instance;
    let room = |used| Some(Room { most: 100, used });
    let mut seen = both(kind);
    seen.home_room = room(98);
    seen.recovery_room = room(98);
    assert!(said(&play(kind), &seen).contains("comes home as orders"));
    seen.recovery_room = room(99);
    let why = refusal(&play(kind), Phase::Prepare, &seen);
    assert!(
        why.contains(
            "100 manual snapshots of instances in us-west-2 and has 99: the 1 of the plan need 2"
        ),
        "{why}"
    );
}

#[tokio::test]
async fn nobody_is_told_that_no_write_was_lost_where_none_was_looked_for() {
    let mut play = Play::new(Kind::Instance, run::Kind::RestoreHome);
    for phase in [Phase::Prepare, Phase::Sync, Phase::Suspend] {
        play.phase(phase).await.unwrap();
    }
    let said = "Whether anybody wrote after the snapshot of 2026-11-30T08:00:00Z was not observed";
    let last = play.phase(Phase::LastSync).await.unwrap();
    assert!(last.contains(said), "{last}");
    play.phase(Phase::CutOver).await.unwrap();
    let verified = play.phase(Phase::Verify).await.unwrap();
    assert!(verified.contains(said), "{verified}");
}

#[tokio::test]
async fn a_home_that_is_less_protected_than_before_is_not_concluded_whatever_was_tried() {
    for kind in [Kind::Instance, Kind::Cluster] {
        let mut play = Play::new(kind, run::Kind::RestoreHome);
        play.world.keep_unprotected();
        for phase in [Phase::Prepare, Phase::Sync, Phase::LastSync] {
            play.phase(phase).await.unwrap();
        }
        let reason = play.phase(Phase::CutOver).await.unwrap();
        assert!(reason.contains("differs from what it was in"), "{reason}");
        let lacks = json!(["backup_retention_days", "deletion_protection"]);
        assert_eq!(play.row.kept["differences"], lacks);
        play.phase(Phase::Verify).await.unwrap();
        let why = play.phase(Phase::Conclude).await.unwrap_err();
        assert_eq!(why.name(), "NotReady");
        let why = why.to_string();
        for part in [
            "keeps backups for 1 days and not for 14 and has no deletion protection",
            "--backup-retention-period 14 --deletion-protection --apply-immediately --region us-east-1",
        ] {
            assert!(why.contains(part), "{part:?} is not in {why}");
        }
    }
}

#[test]
fn a_reversal_names_the_global_cluster_that_it_cannot_give_back() {
    let kind = Kind::Cluster;
    let mut play = prepared(kind);
    for side in ["home_shape", "recovery_shape"] {
        play.row.kept[side]["global_cluster"] = json!("shop-global");
    }
    match decided(&play, Phase::Revert, &both(kind)).unwrap() {
        Next::Done { reason, keep } => {
            let lost = keep["differences"].as_array().unwrap();
            let regions = [HOME, RECOVERY];
            assert_eq!(lost.len(), regions.len());
            for (line, region) in lost.iter().zip(regions) {
                let line = line.as_str().unwrap();
                assert!(line.contains(region) && line.contains("global cluster shop-global"));
                assert!(reason.contains(line), "{reason}");
            }
        }
        other @ Next::Wait { .. } | other @ Next::Remember { .. } | other @ Next::Call { .. } => {
            panic!("{other:?}")
        }
    }
}
