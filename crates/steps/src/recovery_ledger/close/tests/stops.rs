//! What closing a run makes of the stop that it wrote.

use failover::ledger::{Stage, Stop};

use super::*;

/// The ledgers of a run that moves an instance, and has written its stop, agreed to by its own Region or not.
async fn stopped(stage: Stage) -> (failover::testing::Books, Run) {
    let mut document = failover::testing::plan_document();
    document["topology"] = serde_json::json!({"kind": "rds_replica", "members": {
        "us-west-2": {"instance": "orders-west"}, "us-east-1": {"instance": "orders-east"}}});
    let moving = Run {
        kind: RunKind::PlannedFailover,
        plan: failover::plan::read(&document.to_string()).unwrap(),
        ..failover::testing::run()
    };
    let stop = Stop {
        token: "a".into(),
        epoch: Epoch(8),
        from: "us-west-2".into(),
        to: "us-east-1".into(),
        run_id: moving.run_id.clone(),
        written_at: at(990),
        stage: Stage::Stopping,
    };
    let target = PlanState {
        stop: Some(Box::new(stop.clone())),
        ..row(Some(current("adopt")), false)
    };
    let home = PlanState {
        stop: Some(Box::new(Stop { stage, ..stop })),
        ..target.clone()
    };
    let books = failover::testing::Books::with(&target).with_row("us-west-2", &home);
    books.put_run(&moving.to, &moving).await.unwrap();
    (books, moving)
}

#[tokio::test]
async fn a_stop_that_became_no_promotion_is_withdrawn_where_it_decides_and_then_in_its_copy() {
    let bears = |books: &failover::testing::Books| {
        let rows = books.rows();
        ["us-west-2", "us-east-1"].map(|region| rows[&region.into()].stop.is_some())
    };
    let (books, _) = stopped(Stage::Stopping).await;
    run(&books, &closing(Verdict::PathImpaired)).await.unwrap();
    assert_eq!(bears(&books), [false, false]);
    let (books, moving) = stopped(Stage::Promoting).await;
    run(&books, &closing(Verdict::PathImpaired)).await.unwrap();
    assert_eq!(bears(&books), [true, true], "it goes forward");
    let ended = async |books: &failover::testing::Books| {
        let found = books.run(&moving.to, moving.name(), &moving.run_id).await;
        let closed = found.unwrap().unwrap().closed.unwrap();
        (closed.outcome, closed.left.join("; "))
    };
    let (outcome, left) = ended(&books).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(
        left.contains("has agreed to the promotion of us-east-1"),
        "{left}"
    );
    let (books, _) = stopped(Stage::Stopping).await;
    let books = books.silence("us-west-2");
    run(&books, &closing(Verdict::PathImpaired)).await.unwrap();
    assert_eq!(
        bears(&books),
        [true, true],
        "nobody else withdraws the copy first"
    );
    let (outcome, left) = ended(&books).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(
        left.contains("the ledger of us-west-2 does not say"),
        "{left}"
    );
}
