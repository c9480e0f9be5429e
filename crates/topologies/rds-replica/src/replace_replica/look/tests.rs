//! What the look itself judges: which rows it goes by, and of which instance a fence is.

use std::collections::BTreeMap;

use failover::{ledger::Rows, testing};

use super::*;
use crate::{
    members::tests::{EAST, WEST, plan},
    replace_replica::tests::small_rds::{at, shape, west},
};

fn pass() -> Pass {
    let mut run = testing::run();
    run.plan = plan();
    let own = ("us-east-1".into(), testing::row("us-east-1", 8));
    Pass {
        run,
        rows: Rows([own].into()),
        now: at(200_000),
        dry_run: false,
    }
}

fn judged(home: PlanState) -> Result<(), &'static str> {
    let pass = pass();
    let current = pass.rows.current().unwrap().clone();
    let read = BTreeMap::from([("us-west-2".into(), home)]);
    is_current(&pass, &current, read).map_err(|why| why.name())
}

#[test]
fn a_row_that_knows_of_a_later_writer_or_of_a_move_stops_everything() {
    assert_eq!(judged(testing::row("us-east-1", 8)), Ok(()));
    assert_eq!(judged(testing::row("us-west-2", 7)), Ok(()), "it lags");
    for later in [
        testing::row("us-west-2", 9),
        testing::row("us-west-2", 8),
        testing::row("us-east-1", 9),
    ] {
        assert_eq!(judged(later), Err("UnexpectedTopology"));
    }
    let mut moving = testing::row("us-east-1", 8);
    moving.intent = Some(failover::ledger::Intent {
        epoch: Epoch(9),
        from: "us-east-1".into(),
        to: "us-west-2".into(),
        global_cluster: None,
        run_id: "b".into(),
        written_at: at(199_000),
    });
    assert_eq!(judged(moving), Err("NotReady"));
}

fn whole(resource_id: &str, created: i64) -> Whole {
    Whole {
        instance: west(None),
        shape: shape(resource_id),
        created_at: Some(at(created)),
    }
}

#[test]
fn a_fence_is_of_the_instance_that_bore_the_name_then() {
    let fenced = Some(at(100_100));
    let noted = |epoch| Blueprint::of(shape("db-OLD"), None, Epoch(epoch), at(100_200));
    let of = |found: &Whole, noted: Option<&Blueprint>| stranger(found, (noted, Epoch(8)), fenced);
    let old = whole("db-OLD", 10);
    assert_eq!(of(&old, None), None);
    assert_eq!(of(&old, Some(&noted(8))), None);
    let made_again = whole("db-NEW", 100_300);
    assert!(of(&made_again, Some(&noted(8))).is_some());
    assert!(of(&made_again, None).is_some(), "whatever was noted");
    let mut succeeded = noted(8);
    succeeded.succeeded_at = Some(at(100_400));
    assert!(of(&made_again, Some(&succeeded)).is_some());
    let earlier = whole("db-NEW", 10);
    assert_eq!(of(&earlier, Some(&noted(7))), None, "of another incident");
}

#[test]
fn a_member_stands_by_what_rds_shows_of_its_source() {
    let writer = Whole {
        instance: crate::members::tests::east(None),
        shape: shape("db-EAST"),
        created_at: None,
    };
    let place = |source: Option<&str>| {
        let found = west(source);
        place(&plan(), Some(&found), (&"us-east-1".into(), &writer))
    };
    assert_eq!(place(None), Place::Alone);
    assert_eq!(place(Some(EAST)), Place::Follows);
    assert_eq!(place(Some(WEST)), Place::FollowsDeposed("us-west-2".into()));
    let stranger = "arn:aws:rds:us-east-1:123456789012:db:reports";
    assert_eq!(
        place(Some(stranger)),
        Place::FollowsStranger(stranger.into())
    );
}

#[test]
fn what_rds_would_refuse_of_a_replica_is_named() {
    let region = "us-west-2".into();
    let misfit = |found| misfit(&region, "orders-15", found, "postgres16");
    assert_eq!(misfit(Some("postgres16")), None);
    let other = misfit(Some("postgres15")).unwrap();
    assert!(other.contains("names.parameter_groups"), "{other}");
    assert!(misfit(None).unwrap().contains("is gone"));
    let encrypted = Shape {
        kms_key: Some("key".into()),
        ..shape("db-OLD")
    };
    let mut observed = crate::replace_replica::tests::small_rds::deposed();
    let member = crate::replace_replica::tests::small_rds::home(&mut observed);
    let plain = shape("db-OLD");
    assert!(misencrypted(member, &plain, &encrypted).is_some());
    assert!(misencrypted(member, &encrypted, &plain).is_some());
    assert_eq!(misencrypted(member, &encrypted, &encrypted), None);
}

#[test]
fn what_could_not_be_made_again_one_day_is_told_while_all_is_well() {
    let observed = crate::replace_replica::tests::small_rds::deposed();
    let west = shape("db-OLD");
    let reach = |pattern: &str| Reach {
        instances: vec![pattern.into()],
        ..Reach::default()
    };
    let wide = reach("arn:aws:rds:*:123456789012:db:orders-*");
    assert_eq!(outlook(Some(&wide), &observed, &west), None);
    assert_eq!(outlook(None, &observed, &west), None);
    let narrow = reach("arn:aws:rds:*:123456789012:db:reports-*");
    let said = outlook(Some(&narrow), &observed, &west).unwrap();
    assert!(
        said.contains("ReplicaInstanceArns") && said.contains("orders-west"),
        "{said}"
    );
}
