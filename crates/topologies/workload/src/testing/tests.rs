//! What the world in memory is relied on for.

use failover::ports::Runtime;

use super::*;

#[tokio::test]
async fn a_record_is_replaced_only_at_the_version_that_was_read() {
    let (shelf, run, home) = (Shelf::usual(), run(), Region::from(HOME));
    assert_eq!(shelf.put_workload_run(&home, &run).await, Ok(true));
    assert_eq!(shelf.put_workload_run(&home, &run).await, Ok(false));
    let read = shelf.workload_run(&home, run.name(), &run.run_id).await;
    let read = read.unwrap().unwrap();
    assert_eq!(read.version, 1);
    assert_eq!(shelf.put_workload_run(&home, &read).await, Ok(true));
    let last = shelf.last_run(&home, run.name(), Kind::RestoreHome).await;
    assert_eq!(last.unwrap().unwrap().version, 2);
    let last = shelf.last_run(&home, run.name(), Kind::Revert).await;
    assert_eq!(last, Ok(None));
}

#[tokio::test]
async fn a_row_whose_answer_is_lost_is_written_and_one_that_comes_second_is_not() {
    let (shelf, home, name) = (Shelf::usual(), Region::from(HOME), "orders".into());
    let row = Row::new("a".into(), "billing", shelf.now());
    shelf.lose_answers(1);
    assert!(shelf.put_row(&home, &name, &row).await.is_err());
    assert_eq!(shelf.kept()["billing"].version, 1);
    assert_eq!(shelf.put_row(&home, &name, &row).await, Ok(false));
    shelf.refuse_writes(1);
    let next = shelf.kept()["billing"].clone();
    assert!(shelf.put_row(&home, &name, &next).await.is_err());
    assert_eq!(shelf.put_row(&home, &name, &next).await, Ok(true));
    assert_eq!(shelf.written().len(), 2);
    let rows = shelf.rows(&home, &name, &"a".into()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(shelf.rows(&home, &name, &"b".into()).await, Ok(Vec::new()));
}

#[tokio::test]
async fn what_somebody_else_writes_first_stands() {
    let (shelf, home, name) = (Shelf::usual(), Region::from(HOME), "orders".into());
    let mut row = Row::new("a".into(), "billing", shelf.now());
    row.version = 5;
    shelf.write_beside(row.clone());
    row.version = 4;
    assert_eq!(shelf.put_row(&home, &name, &row).await, Ok(false));
    assert_eq!(shelf.kept()["billing"].version, 5);
}

#[tokio::test]
async fn a_region_may_be_silent_and_a_plan_unknown() {
    let mut shelf = Shelf::usual().silence(RECOVERY).with_document(HOME, None);
    let (home, recovery) = (Region::from(HOME), Region::from(RECOVERY));
    let why = shelf
        .workload_plan(&home, &"orders".into())
        .await
        .unwrap_err();
    assert!(
        why.to_string()
            .contains("/aurora-failover/workloads/orders"),
        "{why}"
    );
    let why = shelf.workload_plan(&recovery, &"orders".into()).await;
    assert!(matches!(why, Err(Error::Unavailable(_))));
    shelf.wake(RECOVERY);
    let read = shelf.workload_plan(&recovery, &"orders".into()).await;
    assert_eq!(read, Ok(plan()));
}
