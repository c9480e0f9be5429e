//! What is against it, and what a phase refuses.

use failover::domain::Epoch;
use serde_json::{Value, json};

use super::{
    super::*,
    play::{HOME, Play, RECOVERY, SHORT, plan},
    small_rds::standing,
};
use crate::{databases::Taken, kinds::databases::names::EPOCH_TAG, run};

/// Both sides as they stand before anything was done.
pub(super) fn both(kind: Kind) -> Seen {
    let (home, away): (&[&str], &[&str]) = match kind {
        Kind::Instance => (&["orders"], &["orders-dr"]),
        Kind::Cluster => (&["orders-1", "orders-2"], &["orders-dr-1"]),
    };
    Seen {
        home: Some(standing(kind, HOME, "orders", home)),
        recovery: Some(standing(kind, RECOVERY, "orders-dr", away)),
        ..Seen::default()
    }
}

pub(super) fn decided(play: &Play, phase: Phase, seen: &Seen) -> Result<Step, Error> {
    let on = On {
        plan: &play.run.plan,
        resource: &play.run.plan.resources[0],
        run: &play.run,
        phase,
        row: &play.row,
        now: play.now,
        dry_run: true,
    };
    decide(play.kind, &on, seen)
}

pub(super) fn refusal(play: &Play, phase: Phase, seen: &Seen) -> String {
    decided(play, phase, seen).unwrap_err().to_string()
}

pub(super) fn play(kind: Kind) -> Play {
    Play::new(kind, run::Kind::RestoreHome)
}

/// A run that has prepared.
pub(super) fn prepared(kind: Kind) -> Play {
    let mut play = play(kind);
    match decided(&play, Phase::Prepare, &both(kind)).unwrap() {
        Next::Done { keep, .. } => play.row.keep(keep),
        other @ Next::Wait { .. } | other @ Next::Remember { .. } | other @ Next::Call { .. } => {
            panic!("{other:?}")
        }
    }
    play
}

/// With one thing changed, preparing is refused by a sentence that names it.
fn is_against(kind: Kind, words: &str, change: impl FnOnce(&mut Seen)) {
    let mut seen = both(kind);
    change(&mut seen);
    let play = play(kind);
    let why = decided(&play, Phase::Prepare, &seen).unwrap_err();
    assert_eq!(why.name(), "NotReady");
    assert!(why.to_string().contains(words), "{words}: {why}");
}

#[test]
fn nothing_is_against_a_pair_that_fits() {
    for kind in [Kind::Instance, Kind::Cluster] {
        let step = decided(&play(kind), Phase::Prepare, &both(kind)).unwrap();
        assert!(matches!(step, Next::Done { .. }), "{step:?}");
    }
}

#[test]
fn every_reason_against_it_is_a_sentence_that_names_what_to_do() {
    let kind = Kind::Instance;
    let home = |seen: &mut Seen, change: fn(&mut Found)| change(seen.home.as_mut().unwrap());
    let away = |seen: &mut Seen, change: fn(&mut Found)| change(seen.recovery.as_mut().unwrap());
    is_against(kind, "there is no instance orders-dr", |seen| {
        seen.recovery = None
    });
    is_against(kind, "the engine of orders", |seen| {
        home(seen, |found| found.engine = "mysql".into());
    });
    is_against(kind, "the version of orders", |seen| {
        away(seen, |found| found.engine_version = "17.1".into());
    });
    is_against(
        kind,
        "orders in us-east-1 is modifying; wait for it",
        |seen| {
            home(seen, |found| found.shape.status = "modifying".into());
        },
    );
    is_against(kind, "is stopped; start it", |seen| {
        home(seen, |found| found.shape.status = "stopped".into());
    });
    is_against(kind, "is a read replica of other", |seen| {
        home(seen, |found| found.source = Some("other".into()));
    });
    is_against(kind, "has read replicas", |seen| {
        home(seen, |found| found.replicas = vec!["orders-r".into()]);
    });
    is_against(kind, "still a read replica", |seen| {
        away(seen, |found| found.source = Some("orders".into()));
    });
    is_against(kind, "made under epoch 9", |seen| {
        home(seen, |found| {
            found.shape.tags.insert(EPOCH_TAG.into(), "9".into());
        });
    });
    is_against(kind, "exchanged in the plan", |seen| seen.exchanged = true);
    is_against(kind, "the name orders-old-1f0c9d34", |seen| {
        seen.old = Some(standing(kind, HOME, "orders-old-1f0c9d34", &[]));
    });
    is_against(Kind::Cluster, "the name orders-1-old-1f0c9d34", |seen| {
        seen.taken = vec![format!("orders-1-old-{SHORT}")];
    });
}

#[test]
fn every_reason_is_listed_and_not_the_first_alone() {
    let mut seen = both(Kind::Instance);
    let home = seen.home.as_mut().unwrap();
    home.engine = "mysql".into();
    home.replicas = vec!["orders-r".into()];
    let why = refusal(&play(Kind::Instance), Phase::Prepare, &seen);
    assert!(
        why.contains("the engine of orders") && why.contains("read replicas"),
        "{why}"
    );
}

#[test]
fn an_encrypted_side_needs_a_key_of_home() {
    let mut play = play(Kind::Instance);
    play.run.plan = with(Kind::Instance, "kms_key", &Value::Null);
    let why = refusal(&play, Phase::Prepare, &both(Kind::Instance));
    assert!(why.contains("the plan has no kms_key for orders"), "{why}");
}

#[test]
fn a_member_of_a_global_cluster_comes_home_only_where_the_plan_names_that() {
    let kind = Kind::Cluster;
    let global = |found: &mut Option<Found>| {
        found.as_mut().unwrap().shape.global_cluster = Some("shop-global".into());
    };
    is_against(kind, "the plan does not name", |seen| {
        global(&mut seen.home)
    });
    is_against(kind, "the plan does not name", |seen| {
        global(&mut seen.recovery)
    });
    let mut play = play(kind);
    play.run.plan = with(kind, "global_cluster", &json!("shop-global"));
    let mut seen = both(kind);
    global(&mut seen.home);
    match decided(&play, Phase::Prepare, &seen).unwrap() {
        Next::Done { reason, keep } => {
            assert!(reason.contains("does not form that again"), "{reason}");
            play.row.keep(keep);
        }
        other @ Next::Wait { .. } | other @ Next::Remember { .. } | other @ Next::Call { .. } => {
            panic!("{other:?}")
        }
    }
    play.row.kept.insert("cut_over".into(), json!(true));
    play.row.kept.insert("last_round".into(), json!(1));
    seen.copy = Some(copy("available"));
    match decided(&play, Phase::CutOver, &seen).unwrap() {
        Next::Call { name, .. } => assert_eq!(name, "leave_global"),
        other @ Next::Done { .. } | other @ Next::Wait { .. } | other @ Next::Remember { .. } => {
            panic!("{other:?}")
        }
    }
}

/// The plan with one field of its resource changed.
fn with(kind: Kind, field: &str, value: &Value) -> crate::plan::WorkloadPlan {
    let mut plan = serde_json::to_value(plan(kind)).unwrap();
    let resource = plan["resources"][0].as_object_mut().unwrap();
    resource.remove(field);
    if !value.is_null() {
        resource.insert(field.to_owned(), value.clone());
    }
    serde_json::from_value(plan).unwrap()
}

fn copy(status: &str) -> Taken {
    Taken {
        identifier: format!("af-shop-orders-1-{SHORT}"),
        status: status.into(),
        encrypted: true,
        tags: [(names::RUN_TAG.to_owned(), "1f0c9d34-aaaa".to_owned())].into(),
        ..Taken::default()
    }
}

#[test]
fn what_is_gone_from_home_is_made_as_the_recovery_side_is_and_said() {
    let mut seen = both(Kind::Cluster);
    seen.home = None;
    match decided(&play(Kind::Cluster), Phase::Prepare, &seen).unwrap() {
        Next::Done { reason, keep } => {
            assert!(
                reason.contains("Nothing is called orders at home"),
                "{reason}"
            );
            assert_eq!(keep["home_gone"], true);
            let shape = &keep["home_shape"];
            assert_eq!(shape["identifier"], "orders");
            assert_eq!(shape["instances"][0]["identifier"], "orders-1");
            assert_eq!(shape["security_groups"], json!([]));
            assert_eq!(shape["kms_key"], "alias/home");
        }
        other @ Next::Wait { .. } | other @ Next::Remember { .. } | other @ Next::Call { .. } => {
            panic!("{other:?}")
        }
    }
}

#[test]
fn smaller_storage_and_protection_at_home_are_told_and_refuse_nothing() {
    let mut seen = both(Kind::Instance);
    let away = seen.recovery.as_mut().unwrap();
    let alone = away.shape.instances[0].alone.as_mut().unwrap();
    alone.storage_gib = Some(200);
    match decided(&play(Kind::Instance), Phase::Prepare, &seen).unwrap() {
        Next::Done { reason, .. } => {
            assert!(reason.contains("100 GiB of storage at home and comes back with 200"));
            assert!(reason.contains("deletion protection of orders stays on"));
        }
        other @ Next::Wait { .. } | other @ Next::Remember { .. } | other @ Next::Call { .. } => {
            panic!("{other:?}")
        }
    }
}

#[test]
fn nothing_is_touched_without_the_last_copy() {
    let kind = Kind::Instance;
    let mut play = prepared(kind);
    play.row.kept.insert("last_round".into(), json!(1));
    play.row.kept.insert("cut_over".into(), json!(true));
    for copy in [None, Some(copy("copying")), Some(copy("failed"))] {
        let seen = Seen { copy, ..both(kind) };
        let why = refusal(&play, Phase::CutOver, &seen);
        assert!(
            why.contains("the last copy of orders is not complete"),
            "{why}"
        );
    }
}

#[test]
fn nothing_is_restored_before_what_stood_there_is_seen_under_its_new_name() {
    for kind in [Kind::Instance, Kind::Cluster] {
        let mut play = prepared(kind);
        play.row.kept.insert("cut_over".into(), json!(true));
        play.row.kept.insert("last_round".into(), json!(1));
        let mut seen = Seen {
            copy: Some(copy("available")),
            ..Seen::default()
        };
        let step = decided(&play, Phase::CutOver, &seen).unwrap();
        assert!(matches!(step, Next::Wait { .. }), "{step:?}");
        let mut stranger = both(kind).home.unwrap();
        stranger.shape.resource_id = "another".into();
        seen.old = Some(stranger.clone());
        let why = decided(&play, Phase::CutOver, &seen).unwrap_err();
        assert_eq!(why.name(), "UnexpectedTopology", "{why}");
        seen.old = both(kind).home;
        seen.home = Some(stranger);
        let why = decided(&play, Phase::CutOver, &seen).unwrap_err();
        assert!(why.to_string().contains("did not make"), "{why}");
    }
}

#[test]
fn what_comes_home_is_never_smaller_than_its_snapshot() {
    let kind = Kind::Instance;
    let mut play = prepared(kind);
    play.row.kept.insert("cut_over".into(), json!(true));
    play.row.kept.insert("last_round".into(), json!(1));
    let larger = Taken {
        storage_gib: Some(200),
        ..copy("available")
    };
    let seen = Seen {
        copy: Some(larger),
        old: both(kind).home,
        ..Seen::default()
    };
    let Next::Call { call, .. } = decided(&play, Phase::CutOver, &seen).unwrap() else {
        panic!("it is restored");
    };
    let Call::Restore { like, .. } = call.call else {
        panic!("it is restored");
    };
    let alone = like.instances[0].alone.as_ref().unwrap();
    assert_eq!(alone.storage_gib, Some(200));
    assert_eq!(like.kms_key, None, "the copy's key encrypts it");
}

#[test]
fn a_home_that_changed_hands_since_it_was_prepared_is_not_touched() {
    let play = prepared(Kind::Instance);
    let mut seen = both(Kind::Instance);
    seen.copy = Some(copy("available"));
    seen.home.as_mut().unwrap().shape.resource_id = "another".into();
    let why = decided(&play, Phase::CutOver, &seen).unwrap_err();
    assert!(
        why.to_string()
            .contains("not the instance that was prepared"),
        "{why}"
    );
}

#[test]
fn a_rehearsal_takes_nothing_away_that_its_run_did_not_make() {
    let mut play = prepared(Kind::Instance);
    play.answer(Phase::Rehearse, true);
    let seen = Seen {
        rehearsal: Some(standing(Kind::Instance, HOME, "orders-rehearsal", &["x"])),
        ..Seen::default()
    };
    let why = refusal(&play, Phase::Rehearse, &seen);
    assert!(why.contains("did not make"), "{why}");
}

#[test]
fn a_snapshot_that_failed_or_is_another_runs_is_not_taken_for_this_runs() {
    let mut play = prepared(Kind::Instance);
    play.row.kept.insert("round".into(), json!(1));
    let mut seen = both(Kind::Instance);
    seen.copy = Some(copy("failed"));
    let why = refusal(&play, Phase::Sync, &seen);
    assert!(why.contains("is failed"), "{why}");
    seen.copy.as_mut().unwrap().tags.clear();
    let why = refusal(&play, Phase::Sync, &seen);
    assert!(why.contains("this run did not make"), "{why}");
}

#[test]
fn what_rds_does_not_stop_is_left_running_and_said() {
    let play = prepared(Kind::Instance);
    let mut seen = both(Kind::Instance);
    seen.recovery.as_mut().unwrap().replicas = vec!["orders-r".into()];
    match decided(&play, Phase::Retire, &seen).unwrap() {
        Next::Done { reason, .. } => assert!(reason.contains("runs on and costs on"), "{reason}"),
        other @ Next::Wait { .. } | other @ Next::Remember { .. } | other @ Next::Call { .. } => {
            panic!("{other:?}")
        }
    }
}

#[test]
fn what_a_verified_home_lacks_is_listed() {
    let play = prepared(Kind::Instance);
    let mut seen = both(Kind::Instance);
    let home = seen.home.as_mut().unwrap();
    home.shape.resource_id = "made-1".into();
    home.shape.subnet_group = Some("public".into());
    home.shape.kms_key = Some("key-of-the-plan".into());
    let run = play.run.run_id.to_string();
    home.shape.tags.insert(names::RUN_TAG.into(), run);
    let epoch = Epoch(4).to_string();
    home.shape.tags.insert(EPOCH_TAG.into(), epoch);
    match decided(&play, Phase::Verify, &seen).unwrap() {
        Next::Done { keep, .. } => assert_eq!(keep["differences"], json!(["subnet_group"])),
        other @ Next::Wait { .. } | other @ Next::Remember { .. } | other @ Next::Call { .. } => {
            panic!("{other:?}")
        }
    }
}

#[test]
fn a_reversal_before_anything_was_prepared_has_nothing_to_undo() {
    let step = decided(&play(Kind::Cluster), Phase::Revert, &both(Kind::Cluster)).unwrap();
    assert!(matches!(step, Next::Done { .. }), "{step:?}");
}
