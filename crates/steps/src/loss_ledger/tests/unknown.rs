//! What nobody can know, and what only looks so.

use super::{third::group, *};

const HERE: &str = "arn:aws:rds:us-east-1:123456789012:cluster:orders-east";
const WRITER: &str = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west";

/// The member here follows the writer.
fn following(mut world: FencedMember) -> FencedMember {
    let row = world.books.rows()[&"us-east-1".into()].clone();
    let current = row.current.clone().map(|current| Current {
        global_cluster: Some("orders-global-1".into()),
        ..current
    });
    let row = PlanState { current, ..row };
    world.books = world
        .books
        .with_row("us-east-1", &row)
        .with_row("us-west-2", &row)
        .with_row("eu-west-1", &row);
    world.group = Some(group(WRITER, HERE));
    world
}

#[tokio::test]
async fn a_failback_after_a_planned_move_calls_nothing_unknown() {
    for kind in [RunKind::PlannedFailover, RunKind::Failback] {
        let mut world = following(FencedMember::of(Vec::new()));
        world.proved_by = kind;
        let said = world.forced().await.unwrap();
        let reason =
            "the writer moved from us-east-1 to us-west-2 as planned, by which no row is lost";
        assert_eq!(
            (&said["progress"], &said["reason"]),
            (&"done".into(), &reason.into())
        );
        assert_eq!(*world.losses.lock().unwrap(), None);
    }
    let world = following(FencedMember::of(Vec::new()));
    world.forced().await.unwrap();
    let losses = world.losses.lock().unwrap().clone().unwrap();
    assert!(losses.told().contains("is unknown"), "{losses:?}");
}

fn lines() -> KeyedTable {
    KeyedTable {
        table: "public.lines".into(),
        key: vec!["id".into()],
    }
}

#[tokio::test]
async fn a_table_that_is_added_after_the_member_was_retired_is_named_with_where_it_is_kept() {
    let found = "3 row(s) are only in orders-east and 0 differ there, of 10 in";
    let seen_at = "2026-11-21T23:59:00Z".parse().unwrap();
    let blueprint = Blueprint::of(Shape::default(), None, Epoch(8), seen_at);
    for (is_there, kept) in [
        (
            true,
            "it was retired as orders-east-retired-20261121-8; name that cluster",
        ),
        (
            false,
            "its final snapshot is orders-east-final-8; restore that",
        ),
    ] {
        let mut world = FencedMember::of(vec![batch(None, 3, 0)]);
        for _ in 0..2 {
            world.forced().await.unwrap();
        }
        world.retired = Some((blueprint.clone(), is_there));
        world.tables = vec![orders(), lines()];
        let said = world.forced().await.unwrap();
        assert_eq!(said["progress"], "done");
        let told = world.losses.lock().unwrap().clone().unwrap().told();
        let unknown = "; what orders-east alone had in public.lines is unknown: ";
        for part in [found, unknown, kept] {
            assert!(told.contains(part), "{told:?} lacks {part:?}");
        }
    }
}

#[tokio::test]
async fn a_table_that_is_taken_from_the_plan_after_the_member_was_retired_makes_nothing_unknown() {
    let mut world = FencedMember::of(vec![batch(None, 3, 0), batch(None, 1, 0)]);
    world.tables = vec![orders(), lines()];
    for _ in 0..3 {
        world.forced().await.unwrap();
    }
    let beats = world.losses.lock().unwrap().clone().unwrap().beats;
    let blueprint = Blueprint::of(Shape::default(), None, Epoch(8), LATER);
    world.retired = Some((blueprint, true));
    world.tables = vec![orders()];
    world.forced().await.unwrap();
    let losses = world.losses.lock().unwrap().clone().unwrap();
    assert!(
        losses.is_complete() && losses.unknown.is_none(),
        "{losses:?}"
    );
    assert_eq!((losses.tables.len(), losses.beats), (1, beats));
}
