//! What `Prepare` says, and about what.

use super::*;
use crate::tables::{Encryption, PointInTime};

/// What is changed before, and what is said then.
type Row = (&'static str, fn(&mut cloud::World));

#[tokio::test]
async fn every_reason_against_it_is_one_sentence_that_names_the_table() {
    let rows: [Row; 8] = [
        ("there is no table orders-dr in us-west-2", |world| {
            world.tables.remove(&(RECOVERY.into(), "orders-dr".into()));
        }),
        ("orders-dr in us-west-2 is UPDATING", |world| {
            world.at_mut(RECOVERY, "orders-dr").unwrap().shape.status = "UPDATING".into();
        }),
        ("orders in us-east-1 is UPDATING", |world| {
            world.at_mut(HOME, "orders").unwrap().shape.status = "UPDATING".into();
        }),
        ("orders and orders-dr have different keys", |world| {
            world.at_mut(RECOVERY, "orders-dr").unwrap().shape.keys[0].kind = "N".into();
        }),
        ("orders-dr has no index by-text", |world| {
            world
                .at_mut(RECOVERY, "orders-dr")
                .unwrap()
                .shape
                .indexes
                .clear();
        }),
        (
            "orders in us-east-1 is a table with replicas, in us-east-2",
            |world| {
                world.at_mut(HOME, "orders").unwrap().shape.replicas = vec!["us-east-2".into()];
            },
        ),
        (
            "encrypted by the KMS key arn:aws:kms:us-east-1:123456789012:key/1",
            |world| {
                world.at_mut(HOME, "orders").unwrap().shape.encryption = Some(Encryption {
                    key: "arn:aws:kms:us-east-1:123456789012:key/1".into(),
                    status: "ENABLED".into(),
                });
            },
        ),
        (
            "orders in us-east-1 bears epoch 8, and this run has 7",
            |world| {
                let home = &mut world.at_mut(HOME, "orders").unwrap().shape;
                home.tags.insert(names::epoch_tag(), "8".into());
            },
        ),
    ];
    for row in rows {
        is_refused(row).await;
    }
}

async fn is_refused((said, change): Row) {
    let mut play = Play::new(Kind::RestoreHome);
    play.world(change);
    let reasons = play.reasons(Phase::Prepare).await;
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(reasons[0].contains(said), "{said}: {}", reasons[0]);
    let why = play.phase(Phase::Prepare).await.unwrap_err();
    assert_eq!(
        (why.name(), why.to_string()),
        ("NotReady", reasons[0].clone())
    );
}

#[tokio::test]
async fn a_table_without_the_tag_of_its_plan_is_refused_with_the_command_that_puts_it() {
    let command = "run: aws dynamodb tag-resource --region us-west-2 --resource-arn arn:aws:dynamodb:us-west-2:123456789012:table/orders-dr --tags Key=aurora-failover,Value=shop";
    let rows: [Row; 2] = [
        (command, |world| {
            let table = world.at_mut(RECOVERY, "orders-dr").unwrap();
            table.shape.tags.clear();
        }),
        (
            "orders in us-east-1 does not bear the tag aurora-failover with the value shop",
            |world| {
                let home = &mut world.at_mut(HOME, "orders").unwrap().shape;
                home.tags.insert("aurora-failover".into(), "other".into());
            },
        ),
    ];
    for row in rows {
        is_refused(row).await;
    }
}

#[tokio::test]
async fn all_reasons_are_said_at_once() {
    let play = Play::new(Kind::RestoreHome);
    play.world(|world| {
        let table = &mut world.at_mut(RECOVERY, "orders-dr").unwrap().shape;
        (table.replicas, table.status) = (vec!["us-east-2".into()], "UPDATING".into());
        table.keys.clear();
    });
    assert_eq!(play.reasons(Phase::Prepare).await.len(), 3);
    assert_eq!(play.reasons(Phase::Sync).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_region_that_dynamodb_does_not_restore_across_is_refused() {
    for region in ["ap-east-1", "me-south-1"] {
        let mut play = Play::new(Kind::RestoreHome);
        play.run.plan.recovery_region = region.into();
        play.world(|world| {
            let table = world.tables.remove(&(RECOVERY.into(), "orders-dr".into()));
            world
                .tables
                .insert((region.into(), "orders-dr".into()), table.unwrap());
        });
        let why = play.phase(Phase::Prepare).await.unwrap_err().to_string();
        assert!(
            why.contains(&format!("from or to {region} across Regions")),
            "{why}"
        );
    }
}

#[tokio::test]
async fn what_is_no_reason_against_it_is_said_all_the_same() {
    let mut play = Play::new(Kind::RestoreHome);
    let said = play.phase(Phase::Prepare).await.unwrap();
    let pair = "orders-dr in us-west-2 is to become orders in us-east-1";
    assert!(said.starts_with(pair), "{said}");
    assert!(said.contains("orders is protected from deletion"), "{said}");
    assert!(
        said.contains("auto scaling of orders is not read"),
        "{said}"
    );
    let off = "table/orders-dr has no point-in-time recovery";
    assert!(said.contains(off), "{said}");
    let mut quiet = Play::new(Kind::RestoreHome);
    quiet.world(|world| {
        let table = &mut world.at_mut(RECOVERY, "orders-dr").unwrap().shape;
        table.recovery = Some(PointInTime { days: None });
    });
    let said = quiet.phase(Phase::Prepare).await.unwrap();
    assert!(!said.contains(off), "{said}");
}

#[tokio::test]
async fn a_rehearsal_needs_the_side_tables_name_and_a_run_home_does_not() {
    for (kind, reasons) in [(Kind::Rehearse, 1), (Kind::RestoreHome, 0)] {
        let play = Play::new(kind);
        let foreign = cloud::plain(HOME, "orders-rehearsal", "foreign");
        play.world(|world| world.put(HOME, foreign, items(0..1, "theirs")));
        assert_eq!(
            play.reasons(Phase::Prepare).await.len(),
            reasons,
            "{kind:?}"
        );
    }
}
