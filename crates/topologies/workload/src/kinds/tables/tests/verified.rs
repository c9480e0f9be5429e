//! What `Verify` says of what came home: what is refused, and what is told.

use super::*;
use crate::tables::{Capacity, Encryption};

/// A table that came home.
async fn home(change: impl FnOnce(&mut Play)) -> Play {
    let mut play = Play::new(Kind::RestoreHome);
    change(&mut play);
    play.phases(&TO_THE_STOP).await;
    play.phase(Phase::CutOver).await.unwrap();
    play
}

fn told(play: &Play) -> Vec<String> {
    serde_json::from_value(play.row.kept[memory::DIFFERENCES].clone()).unwrap()
}

fn wish(play: &mut Play) -> &mut DynamodbTable {
    let Resource::DynamodbTable(table) = &mut play.run.plan.resources[0] else {
        panic!("the plan has no table");
    };
    table
}

#[tokio::test]
async fn an_item_that_did_not_come_home_is_found_before_anybody_is_sent_home() {
    let mut play = home(|_| {}).await;
    play.world(|world| {
        world.at_mut(HOME, "orders").unwrap().items.pop_first();
    });
    let why = play.phase(Phase::Verify).await.unwrap_err();
    assert_eq!(why.name(), "UnexpectedTopology");
    assert!(
        why.to_string()
            .contains("holds 19 items and orders-dr held 20"),
        "{why}"
    );
}

#[tokio::test]
async fn a_write_to_the_recovery_table_after_the_last_count_is_found_where_writers_are_not_denied()
{
    let mut play = home(|play| wish(play).deny_writes = false).await;
    play.world(|world| {
        let table = world.at_mut(RECOVERY, "orders-dr").unwrap();
        table.items.extend(items(90..91, "late"));
    });
    let why = play.phase(Phase::Verify).await.unwrap_err();
    assert_eq!(why.name(), "UnexpectedTopology");
    let said = "somebody wrote to orders-dr after the stop: it holds 21 items and held 20";
    assert!(why.to_string().contains(said), "{why}");
}

#[tokio::test]
async fn the_recovery_table_is_counted_again_only_where_somebody_could_have_written_to_it() {
    for denies in [true, false] {
        let mut play = home(|play| wish(play).deny_writes = denies).await;
        let said = play.phase(Phase::Verify).await.unwrap();
        assert_eq!(play.row.kept.contains_key("scan_again"), !denies, "{said}");
        assert_eq!(told(&play), Vec::<String>::new());
    }
    // The policy went after the stop.
    let mut play = home(|_| {}).await;
    play.world(|world| world.at_mut(RECOVERY, "orders-dr").unwrap().shape.policy = None);
    play.phase(Phase::Verify).await.unwrap();
    assert!(play.row.kept.contains_key("scan_again"));
}

#[tokio::test]
async fn a_recovery_table_that_is_gone_is_told_and_home_is_held_against_the_last_count() {
    let mut play = home(|_| {}).await;
    play.world(|world| world.tables.remove(&(RECOVERY.into(), "orders-dr".into())));
    let said = play.phase(Phase::Verify).await.unwrap();
    assert!(said.contains("holds the 20 items"), "{said}");
    assert!(
        told(&play)[0].contains("there is no table orders-dr"),
        "{said}"
    );
}

#[tokio::test]
async fn a_setting_that_is_another_is_told_and_stops_nobody_from_going_home() {
    let mut play = home(|_| {}).await;
    play.world(|world| {
        let home = &mut world.at_mut(HOME, "orders").unwrap().shape;
        (home.recovery, home.deletion_protected) = (None, false);
        home.capacity = Capacity::Provisioned {
            read: 70,
            write: 20,
        };
    });
    let said = play.phase(Phase::Verify).await.unwrap();
    let other = [
        "orders has another capacity, which auto scaling may have moved",
        "orders has other point-in-time recovery",
        "orders has another deletion protection",
    ];
    assert_eq!(told(&play), other);
    assert!(said.contains(&other.join(", ")), "{said}");
}

#[tokio::test]
async fn another_key_or_a_missing_index_is_refused() {
    let changes: [fn(&mut TableShape); 2] = [|home| home.indexes.clear(), |home| home.keys.clear()];
    for change in changes {
        let mut play = home(|_| {}).await;
        play.world(|world| change(&mut world.at_mut(HOME, "orders").unwrap().shape));
        let why = play.phase(Phase::Verify).await.unwrap_err();
        assert_eq!(why.name(), "NotReady", "{why}");
    }
}

#[tokio::test]
async fn the_encryption_is_held_against_what_the_restore_was_asked_for() {
    let key = |name: &str| format!("arn:aws:kms:us-east-1:123456789012:key/{name}");
    let none = || None::<String>;
    let rows = [
        // What the table was before, what the plan asks for, and what stands there in the end.
        (none(), Some("alias/aws/dynamodb".to_owned()), true),
        (none(), Some(key("1")), true),
        (Some(key("1")), Some(key("2")), true),
        (Some(key("1")), Some(key("2")), false),
    ];
    for (was, wanted, is_so) in rows {
        let mut play = home(|play| {
            wish(play).kms_key = wanted.clone();
            play.world(|world| {
                let home = &mut world.at_mut(HOME, "orders").unwrap().shape;
                home.encryption = was.clone().map(|key| Encryption {
                    key,
                    status: "ENABLED".into(),
                });
            });
        })
        .await;
        if !is_so {
            play.world(|world| {
                world.at_mut(HOME, "orders").unwrap().shape.encryption = None;
            });
        }
        play.phase(Phase::Verify).await.unwrap();
        assert_eq!(told(&play).is_empty(), is_so, "{was:?} {wanted:?}");
    }
}

#[tokio::test]
async fn an_index_that_went_from_the_recovery_table_is_found_while_the_business_can_be_given_back()
{
    let mut play = Play::new(Kind::RestoreHome);
    play.phases(&[Phase::Prepare, Phase::Sync, Phase::Suspend])
        .await;
    play.world(|world| {
        let table = world.at_mut(RECOVERY, "orders-dr").unwrap();
        table.shape.indexes.clear();
    });
    let why = play.phase(Phase::LastSync).await.unwrap_err();
    assert!(
        why.to_string().contains("orders-dr has no index by-text"),
        "{why}"
    );
}

#[tokio::test]
async fn tags_are_given_back_first_and_a_revert_tags_what_it_takes_away() {
    let mut play = Play::new(Kind::RestoreHome);
    play.phases(&TO_THE_STOP).await;
    let restored = |play: &Play| {
        play.world(|world| {
            let home = world.at(HOME, "orders");
            home.is_some_and(|home| home.shape.restored_from.is_some() && home.shape.is_active())
        })
    };
    while !restored(&play) {
        play.pass(Phase::CutOver).await.unwrap();
    }
    let mut other = Play::new(Kind::RestoreHome);
    other.phases(&TO_THE_STOP).await;
    other.phases(&[Phase::CutOver]).await;
    let effects = other.world(|world| world.effects.clone());
    let made = effects
        .iter()
        .position(|one| one.contains("orders is made of"));
    assert_eq!(effects[made.unwrap() + 1], "us-east-1 orders gets its tags");
    // Stopped before the tags: nothing may be deleted that does not bear the plan's.
    play.phase(Phase::Revert).await.unwrap();
    let effects = play.world(|world| world.effects.clone());
    let tags = effects
        .iter()
        .position(|one| one.contains("orders gets its tags"));
    let gone = effects
        .iter()
        .rposition(|one| one.ends_with("orders is deleted"));
    assert!(tags.unwrap() < gone.unwrap(), "{effects:?}");
}

#[tokio::test]
async fn a_capacity_that_something_else_scales_does_not_hold_up_the_cut_over() {
    let mut play = Play::new(Kind::RestoreHome);
    play.phases(&TO_THE_STOP).await;
    let scaled = Capacity::Provisioned {
        read: 99,
        write: 20,
    };
    let mut passes = 0;
    while !play.pass(Phase::CutOver).await.unwrap() {
        passes += 1;
        assert!(passes < 150, "{}", play.row.reason);
        play.world(|world| {
            let home = world.at_mut(HOME, "orders");
            if let Some(home) = home.filter(|home| home.shape.restored_from.is_some()) {
                home.shape.capacity = scaled;
            }
        });
    }
    play.phase(Phase::Verify).await.unwrap();
    assert!(
        told(&play)[0].contains("another capacity"),
        "{:?}",
        told(&play)
    );
}
