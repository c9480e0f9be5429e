//! How a change of writer begins, is proven, learnt and withdrawn.

use super::*;

#[test]
fn the_last_busy_status_of_rds_is_kept_until_another_writer_is_proven() {
    let busy = row().seen_busy(Some(at(5))).unwrap();
    assert_eq!(busy.seen_busy(Some(at(5))), None);
    assert_eq!(busy.seen_busy(None), None);
    assert_eq!(busy.seen_busy(Some(at(6))).unwrap().busy_at, Some(at(6)));
    let next = busy.learn(&current(8, "us-east-1")).unwrap();
    assert_eq!(next.busy_at, None);
}

#[test]
fn an_intent_needs_the_lease_and_a_higher_epoch() {
    let held = row().claim(&claim("a"), at(0)).unwrap();
    assert!(refused(row().intend(intent("a", 8))));
    assert!(matches!(
        held.intend(intent("a", 7)),
        Err(Error::UnexpectedTopology(_))
    ));
    assert_eq!(held.intend(intent("a", 8)).unwrap().epoch(), Epoch(8));
}

#[test]
fn a_copy_of_a_withdrawn_change_of_writer_is_void_and_its_epoch_is_not_given_out_again() {
    let begun = row()
        .claim(&claim("a"), at(0))
        .and_then(|held| held.intend(intent("a", 8)))
        .unwrap();
    let east: crate::domain::Region = "us-east-1".into();
    let rows = |east_row: &PlanState| {
        crate::ledger::Rows(
            [
                (east.clone(), east_row.clone()),
                ("us-west-2".into(), begun.clone()),
            ]
            .into(),
        )
    };
    assert!(rows(&begun).intent().is_some());
    let withdrawn = begun.withdraw(&"a".into()).unwrap();
    assert_eq!(rows(&withdrawn).intent(), None, "the other copy is void");
    assert_eq!(rows(&withdrawn).next_epoch(), Epoch(9));
    assert!(withdrawn.intend(intent("a", 8)).is_err());
    let learnt = begun.learn_of(&east, &withdrawn).unwrap();
    assert_eq!(
        (learnt.intent.is_none(), learnt.withdrawn),
        (true, Epoch(8))
    );
    assert_eq!(
        begun.learn_of(&"us-west-2".into(), &withdrawn),
        None,
        "not its target"
    );
    let later = withdrawn.intend(intent("a", 9)).unwrap();
    assert!(
        rows(&later)
            .intent()
            .is_some_and(|open| open.epoch == Epoch(9))
    );
}

#[test]
fn the_next_run_to_the_same_target_takes_over_an_open_intent() {
    let left = row()
        .claim(&claim("a"), at(0))
        .unwrap()
        .intend(intent("a", 8))
        .unwrap();
    let next = left
        .claim(&claim("b"), at(901))
        .unwrap()
        .intend(intent("b", 8))
        .unwrap();
    assert_eq!(next.intent.map(|intent| intent.run_id), Some("b".into()));
}

#[test]
fn a_proven_intent_becomes_the_current_row() {
    let held = row()
        .claim(&claim("a"), at(0))
        .unwrap()
        .intend(intent("a", 8))
        .unwrap();
    let proven = held.prove(&"a".into(), current(8, "us-east-1")).unwrap();
    assert_eq!((proven.proven_epoch(), proven.intent), (Epoch(8), None));
}

#[test]
fn an_older_epoch_is_never_learnt() {
    assert_eq!(row().learn(&current(7, "us-east-1")), None);
    assert_eq!(
        row()
            .learn(&current(8, "us-east-1"))
            .map(|row| row.proven_epoch()),
        Some(Epoch(8))
    );
}

#[test]
fn only_the_run_that_made_the_writer_is_acknowledged_and_once() {
    let acknowledged = row().acknowledge(&"adopt".into(), at(5)).unwrap();
    let current = acknowledged.current.clone().unwrap();
    assert_eq!(current.acknowledged_at, Some(at(5)));
    assert_eq!(acknowledged.acknowledge(&"adopt".into(), at(6)), None);
    assert_eq!(row().acknowledge(&"x".into(), at(5)), None);
}

#[test]
fn only_a_runs_own_intent_is_withdrawn_and_only_under_its_lease() {
    let begun = held("a").intend(intent("a", 8)).unwrap();
    let withdrawn = begun.withdraw(&"a".into()).unwrap();
    assert_eq!((withdrawn.intent, withdrawn.current), (None, row().current));
    assert_eq!(begun.withdraw(&"b".into()), None, "another run's lease");
    let anothers = PlanState {
        intent: Some(intent("b", 8)),
        ..held("a")
    };
    assert_eq!(anothers.withdraw(&"a".into()), None, "another run's intent");
    assert_eq!(held("a").withdraw(&"a".into()), None, "nothing is begun");
}

#[test]
fn the_writers_new_global_cluster_is_noted_under_the_lease_and_in_its_own_epoch() {
    let held = held("a");
    let epoch = held.proven_epoch();
    let noted = held
        .lead(&"a".into(), epoch, &"orders-global-2".into())
        .unwrap();
    let global = noted.current.and_then(|current| current.global_cluster);
    assert_eq!(global.as_deref(), Some("orders-global-2"));
    let why = held
        .lead(&"b".into(), epoch, &"orders-global-2".into())
        .unwrap_err();
    assert_eq!(why.name(), "RunRefused");
    let why = held
        .lead(&"a".into(), epoch.next(), &"x".into())
        .unwrap_err();
    assert_eq!(why.name(), "UnexpectedTopology");
}
