mod cloud;
mod counted;
mod play;
mod prepared;
mod reverted;
mod verified;

use failover::Error;
use jiff::SignedDuration;
use serde_json::json;

use super::*;
use crate::{
    run::Kind,
    tables::{Call, TableShape},
};
use cloud::{Fault, items};
use play::{HOME, PACE, Play, RECOVERY};

const TO_THE_STOP: [Phase; 4] = [Phase::Prepare, Phase::Sync, Phase::Suspend, Phase::LastSync];
const WHOLE_RUN: [Phase; 8] = [
    Phase::Prepare,
    Phase::Sync,
    Phase::Suspend,
    Phase::LastSync,
    Phase::CutOver,
    Phase::Verify,
    Phase::Retire,
    Phase::Conclude,
];

/// A table without what is new with every table.
fn settings(table: &TableShape) -> TableShape {
    let mut plain = table.clone();
    (plain.id, plain.restored_from) = (String::new(), None);
    if let Some(stream) = &mut plain.stream {
        stream.arn = None;
    }
    if let Some(policy) = &mut plain.policy {
        policy.revision = None;
    }
    // Whose it is now.
    plain
        .tags
        .retain(|key, _| !key.starts_with("aurora-failover:"));
    // Within the hour DynamoDB says that it is being turned on.
    plain.ttl.status.clear();
    plain
}

/// The table at home holds what the recovery table held, and is what it was.
fn is_home(play: &Play) {
    play.world(|world| {
        let home = world.at(HOME, "orders").unwrap();
        assert_eq!(home.items, items(5..25, "new"));
        let was = cloud::whole(HOME, "orders");
        assert_eq!(settings(&home.shape), settings(&was));
        assert_ne!(home.shape.stream, was.stream, "a stream is a new one");
    });
}

#[tokio::test]
async fn a_table_comes_home_with_its_items_and_its_settings() {
    let mut play = Play::new(Kind::RestoreHome);
    let said = play.phases(&WHOLE_RUN).await;
    is_home(&play);
    assert!(said[5].contains("holds the 20 items"), "{}", said[5]);
    let reader = "uuid-1 of arn:aws:lambda:us-east-1:123456789012:function:ship";
    assert!(said[5].contains(reader), "{}", said[5]);
    assert!(said[6].contains("writes stay denied"), "{}", said[6]);
    assert!(
        said[7].contains("point-in-time recovery as before"),
        "{}",
        said[7]
    );
    play.world(|world| {
        let of = |name: &'static str| {
            world
                .backups
                .iter()
                .filter(move |saved| saved.of.name == name)
        };
        assert_eq!((of("orders-dr").count(), of("orders").count()), (2, 2));
        let point = of("orders").next_back().unwrap();
        assert!(point.backup.is_available());
        assert_eq!(point.items, items(5..25, "new"));
        assert_eq!(
            world.at(RECOVERY, "orders-dr").unwrap().items,
            items(5..25, "new")
        );
    });
}

#[tokio::test]
async fn a_call_that_is_cut_off_or_whose_answer_is_lost_changes_nothing_of_the_end() {
    let mut undisturbed = Play::new(Kind::RestoreHome);
    undisturbed.phases(&WHOLE_RUN).await;
    let (calls, effects) = undisturbed.world(|world| (world.calls, world.effects.len()));
    assert!(calls > 12, "{calls}");
    for number in 0..calls {
        for fault in [Fault::CutOff(number), Fault::AnswerLost(number)] {
            let mut play = Play::new(Kind::RestoreHome).with_fault(fault);
            play.phases(&WHOLE_RUN).await;
            is_home(&play);
            play.world(|world| {
                assert_eq!(
                    world.effects.len(),
                    effects,
                    "{fault:?}: {:?}",
                    world.effects
                );
                let mut names: Vec<_> = world
                    .backups
                    .iter()
                    .map(|saved| &saved.backup.name)
                    .collect();
                names.sort();
                names.dedup();
                assert_eq!(names.len(), world.backups.len(), "{fault:?}");
            });
        }
    }
}

#[tokio::test]
async fn nothing_of_home_changes_before_the_cut_over() {
    let mut play = Play::new(Kind::RestoreHome);
    let before = play.world(|world| world.at(HOME, "orders").unwrap().shape.clone());
    play.phases(&TO_THE_STOP).await;
    play.world(|world| {
        assert_eq!(world.at(HOME, "orders").unwrap().shape, before);
        let here = |effect: &&String| effect.starts_with(HOME);
        assert_eq!(world.effects.iter().find(here), None);
    });
}

#[tokio::test]
async fn a_rehearsal_touches_nothing_that_is_called_home_and_leaves_no_table() {
    let mut play = Play::new(Kind::Rehearse);
    play.row.kept.clear();
    let before = play.world(|world| world.at(HOME, "orders").unwrap().shape.clone());
    play.phases(&[Phase::Prepare, Phase::Sync]).await;
    let stands = play.phase(Phase::Rehearse).await.unwrap();
    assert!(stands.contains("32 of 32 parts were equal"), "{stands}");
    let side = play.world(|world| world.at(HOME, "orders-rehearsal").cloned().unwrap());
    assert_eq!(side.items, items(5..25, "new"));
    assert_eq!(side.shape.tags["aurora-failover:run"], "restore-20261121");
    play.answer(Phase::Rehearse, true);
    play.phases(&[Phase::Rehearse]).await;
    assert!(play.row.kept.contains_key(memory::REHEARSED_AT));
    play.world(|world| {
        assert!(world.at(HOME, "orders-rehearsal").is_none());
        assert_eq!(world.at(HOME, "orders").unwrap().shape, before);
        let home = |effect: &&String| effect.starts_with(HOME);
        for effect in world.effects.iter().filter(home) {
            assert!(effect.contains(" orders-rehearsal "), "{effect}");
        }
    });
}

#[tokio::test]
async fn a_rehearsal_that_lost_an_item_is_none() {
    let mut play = Play::new(Kind::Rehearse);
    play.row.kept.clear();
    play.world(|world| world.loses_items = true);
    play.phases(&[Phase::Prepare, Phase::Sync]).await;
    let why = play.phase(Phase::Rehearse).await.unwrap_err();
    assert!(
        why.to_string().contains("holds 19 items and orders-dr 20"),
        "{why}"
    );
    assert!(!play.row.kept.contains_key(memory::REHEARSED_AT));
    play.answer(Phase::Rehearse, false);
    play.phases(&[Phase::Rehearse]).await;
    play.world(|world| assert!(world.at(HOME, "orders-rehearsal").is_none()));
}

#[tokio::test]
async fn a_rehearsal_of_a_table_that_is_written_compares_what_was_not() {
    let mut play = Play::new(Kind::Rehearse);
    play.phases(&[Phase::Prepare, Phase::Sync]).await;
    play.world(|world| {
        let table = world.at_mut(RECOVERY, "orders-dr").unwrap();
        table.items.extend(items(77..78, "later"));
    });
    let said = play.phase(Phase::Rehearse).await.unwrap();
    assert!(said.contains("31 of 32 parts were equal"), "{said}");
}

#[tokio::test]
async fn somebody_elses_table_of_the_side_tables_name_is_not_deleted() {
    let mut play = Play::new(Kind::Rehearse);
    play.phases(&[Phase::Prepare, Phase::Sync]).await;
    let foreign = cloud::plain(HOME, "orders-rehearsal", "foreign");
    play.world(|world| world.put(HOME, foreign.clone(), items(0..1, "theirs")));
    let why = play.phase(Phase::Rehearse).await.unwrap_err();
    assert!(why.to_string().contains("this run did not make"), "{why}");
    play.answer(Phase::Rehearse, false);
    play.phases(&[Phase::Rehearse]).await;
    let left = play.world(|world| {
        world
            .at(HOME, "orders-rehearsal")
            .map(|left| left.shape.clone())
    });
    assert_eq!(left, Some(foreign));
}

#[tokio::test]
async fn a_table_that_was_not_rehearsed_lately_is_refused_before_anything_is_asked() {
    let days = |days: i64| Some(SignedDuration::from_hours(24 * days));
    for (ago, goes_on) in [(None, false), (days(8), false), (days(6), true)] {
        let mut play = Play::new(Kind::RestoreHome);
        play.row.kept.clear();
        if let Some(ago) = ago {
            let at = play.world(|world| world.now - ago);
            play.row.kept.insert(memory::REHEARSED_AT.into(), json!(at));
        }
        let came = play.phase(Phase::Prepare).await;
        assert_eq!(came.is_ok(), goes_on, "{ago:?}");
        if let Err(why) = came {
            let said = "table orders has not been rehearsed within 7 days; start a rehearsal first";
            assert_eq!((why.name(), why.to_string()), ("NotReady", said.into()));
        }
    }
}

#[tokio::test]
async fn a_rehearsal_that_was_late_enough_for_prepare_is_for_the_cut_over_however_long_a_run_takes()
{
    let mut play = Play::new(Kind::RestoreHome);
    let nearly = SignedDuration::from_hours(24 * 7 - 1);
    let at = play.world(|world| world.now - nearly);
    play.row.kept.insert(memory::REHEARSED_AT.into(), json!(at));
    play.phases(&[Phase::Prepare, Phase::Sync]).await;
    play.world(|world| world.tick(SignedDuration::from_hours(48)));
    play.phases(&[Phase::Suspend, Phase::LastSync, Phase::CutOver])
        .await;
    play.world(|world| {
        let home = world.at(HOME, "orders").unwrap();
        assert_eq!(home.items, items(5..25, "new"));
    });
}

#[tokio::test]
async fn neither_a_rehearsal_nor_a_home_without_a_table_needs_a_rehearsal_before() {
    for kind in [Kind::Rehearse, Kind::RestoreHome] {
        let mut play = Play::new(kind);
        play.row.kept.clear();
        if kind == Kind::RestoreHome {
            play.world(|world| {
                world.guarded = None;
                world.tables.remove(&(HOME.into(), "orders".into()));
            });
        }
        play.phases(&[Phase::Prepare]).await;
    }
}

#[tokio::test]
async fn an_item_that_expires_on_the_way_is_no_difference() {
    let mut play = Play::new(Kind::RestoreHome);
    let soon = play.world(|world| world.now + 600 * PACE);
    let expires = json!({"id": {"S": "77"}, "text": {"S": "soon"}, "until": {"N": soon.as_second().to_string()}});
    play.world(|world| {
        let table = world.at_mut(RECOVERY, "orders-dr").unwrap();
        table.items.insert("77".into(), expires);
    });
    play.phases(&TO_THE_STOP).await;
    play.phase(Phase::CutOver).await.unwrap();
    play.world(|world| {
        assert!(world.at(HOME, "orders").unwrap().items.contains_key("77"));
        world.tick(SignedDuration::from_hours(2));
        assert!(!world.at(HOME, "orders").unwrap().items.contains_key("77"));
    });
    let said = play.phase(Phase::Verify).await.unwrap();
    assert!(said.contains("holds the 20 items"), "{said}");
}

#[tokio::test]
async fn a_home_table_that_is_gone_is_made_anew_and_one_that_goes_meanwhile_is_asked_about() {
    for early in [true, false] {
        let mut play = Play::new(Kind::RestoreHome);
        let goes = |play: &Play| {
            play.world(|world| {
                world.guarded = None;
                world.tables.remove(&(HOME.into(), "orders".into()));
            });
        };
        if early {
            goes(&play);
        }
        let said = play.phases(&TO_THE_STOP).await;
        if early {
            assert!(said[0].contains("there is no table orders"), "{}", said[0]);
            play.phases(&[Phase::CutOver, Phase::Verify]).await;
            let came = play.world(|world| world.at(HOME, "orders").unwrap().items.clone());
            assert_eq!(came, items(5..25, "new"));
        } else {
            goes(&play);
            let why = play.phase(Phase::CutOver).await.unwrap_err();
            assert_eq!(why.name(), "UnexpectedTopology");
        }
    }
}

#[test]
fn a_phase_makes_no_call_that_is_anothers() {
    let play = Play::new(Kind::RestoreHome);
    let now = play.world(|world| world.now);
    let at = |region: &str, call: Call| Change {
        region: region.into(),
        call,
    };
    let delete = |table: &str| Call::Delete {
        table: table.into(),
    };
    let rows = [
        (Phase::Verify, at(HOME, delete("orders")), false),
        (Phase::Rehearse, at(HOME, delete("orders")), false),
        (Phase::Rehearse, at(HOME, delete("orders-rehearsal")), true),
        (
            Phase::Rehearse,
            at(RECOVERY, delete("orders-rehearsal")),
            false,
        ),
        (Phase::Conclude, at(HOME, delete("orders")), false),
        (Phase::CutOver, at(HOME, delete("orders")), true),
        (Phase::CutOver, at(RECOVERY, delete("orders-dr")), false),
        (Phase::Revert, at(RECOVERY, delete("orders-dr")), false),
    ];
    for (phase, change, may) in rows {
        let on = On {
            plan: &play.run.plan,
            resource: &play.run.plan.resources[0],
            run: &play.run,
            phase,
            row: &play.row,
            now,
            dry_run: false,
        };
        let came = harmless::harmless(&on, table(&on).unwrap(), &change);
        assert_eq!(came.is_ok(), may, "{phase}: {change:?}");
        assert!(came.is_ok() || matches!(came, Err(Error::UnexpectedTopology(_))));
    }
}
