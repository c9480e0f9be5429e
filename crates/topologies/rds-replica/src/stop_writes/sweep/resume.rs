//! A move to here whose promotion has begun, or whose writer is proven, and whose run died: it goes forward, and nobody asks for it.

use failover::{
    Error,
    domain::{PlanName, RunId},
    ledger::{PlanState, RunKind, Stage},
    ports::{Functions, Ledger, Runtime},
};
use serde_json::json;

/// Starts the machine anew, once for each lease that lapsed; the execution. A run that was closed has told people what is left, and is
/// theirs.
pub(super) async fn resume(
    world: &(impl Ledger + Runtime + Functions),
    plan: &PlanName,
    row: &PlanState,
) -> Result<Option<String>, Error> {
    let here = world.region();
    if row.live_lease(world.now()).is_some() {
        return Ok(None);
    }
    let begun = row.stop.as_ref();
    let begun = begun.filter(|stop| stop.to == *here && stop.stage == Stage::Promoting);
    let proven = row.current.as_ref().filter(|own| own.writer == *here);
    let (run_id, epoch) = match (begun, proven) {
        (Some(stop), _) => (&stop.run_id, stop.epoch),
        (None, Some(own)) => (&own.run_id, own.epoch),
        (None, None) => return Ok(None),
    };
    let died = world.run(here, plan, run_id).await?;
    let died = died.filter(|run| run.kind == RunKind::PlannedFailover && run.closed.is_none());
    if died.is_none() {
        return Ok(None);
    }
    let name = RunId(format!("resume-{plan}-{epoch}-{}", row.token));
    world.start(Some(&name), &json!({"plan": plan})).await
}

#[cfg(test)]
mod tests {
    use failover::{
        domain::Epoch,
        ledger::{Current, Outcome, Run, Stop},
        testing::{self, Books},
    };
    use jiff::Timestamp;

    use super::*;

    /// The record of the run, as the move to here left it.
    fn run(closed: Option<Outcome>) -> Run {
        Run {
            kind: RunKind::PlannedFailover,
            closed: closed.map(testing::closed),
            ..testing::run()
        }
    }

    fn promoting(to: &str, stage: Stage) -> PlanState {
        PlanState {
            stop: Some(Box::new(Stop {
                token: "a".into(),
                epoch: Epoch(8),
                from: "us-west-2".into(),
                to: to.into(),
                run_id: "a".into(),
                written_at: Timestamp::UNIX_EPOCH,
                stage,
            })),
            token: 3,
            ..testing::row("us-west-2", 7)
        }
    }

    fn proven(by: &str) -> PlanState {
        let row = testing::row("us-east-1", 8);
        let current = row.current.clone().map(|current| Current {
            run_id: by.into(),
            ..current
        });
        PlanState { current, ..row }
    }

    async fn resumed(row: &PlanState, died: Option<&Run>) -> Option<String> {
        let books = Books::with(row);
        if let Some(died) = died {
            books.put_run(&died.to, died).await.unwrap();
        }
        resume(&books, &"orders".into(), row).await.unwrap()
    }

    #[tokio::test]
    async fn a_move_that_began_to_promote_and_died_is_started_anew_once_for_each_lapsed_lease() {
        let died = run(None);
        let begun = resumed(&promoting("us-east-1", Stage::Promoting), Some(&died)).await;
        assert_eq!(begun.as_deref(), Some("arn:execution:resume-orders-8-3"));
        let named = resumed(&proven("a"), Some(&died)).await;
        assert_eq!(named.as_deref(), Some("arn:execution:resume-orders-8-0"));
    }

    #[tokio::test]
    async fn what_goes_on_was_closed_or_is_no_move_to_here_is_left_alone() {
        let died = run(None);
        let mut held = promoting("us-east-1", Stage::Promoting);
        let claim = failover::ledger::Claim::of(&died);
        held = held
            .claim(&claim, Timestamp::from_second(999).unwrap())
            .unwrap();
        for (row, run) in [
            (held, Some(&died)),
            (promoting("us-east-1", Stage::Stopping), Some(&died)),
            (promoting("us-west-2", Stage::Promoting), Some(&died)),
            (
                promoting("us-east-1", Stage::Promoting),
                Some(&run(Some(Outcome::Failed))),
            ),
            (promoting("us-east-1", Stage::Promoting), None),
            (proven("a"), Some(&run(Some(Outcome::Succeeded)))),
            (proven("adopt"), None),
            (testing::row("us-west-2", 7), Some(&died)),
        ] {
            assert_eq!(resumed(&row, run).await, None, "{row:?}");
        }
        let unplanned = Run {
            kind: RunKind::UnplannedFailover,
            ..died
        };
        assert_eq!(resumed(&proven("a"), Some(&unplanned)).await, None);
    }
}
