//! A move to here whose promotion has begun, or whose writer is proven, and whose run died: it goes forward, and nobody asks for it.

use failover::{
    Error,
    domain::RunId,
    ledger::{KeptPlan, PlanState, RunKind, Stage},
    pass::briefly,
    ports::{Functions, Ledger, Runtime},
};
use futures::future::join_all;
use serde_json::json;

/// Starts the machine anew, once for each lease that lapsed; the execution. A run that was closed has told people what is left, and is
/// theirs. While another member's ledger is silent nothing is started: such a run would be refused, every minute anew.
pub(super) async fn resume(
    world: &(impl Ledger + Runtime + Functions),
    known: &KeptPlan,
    row: &PlanState,
) -> Result<Option<String>, Error> {
    let (here, plan) = (world.region(), &known.plan.plan);
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
    if died.is_none() || is_any_silent(world, known).await {
        return Ok(None);
    }
    let name = RunId(format!("resume-{plan}-{epoch}-{}", row.token));
    world.start(Some(&name), &json!({"plan": plan})).await
}

async fn is_any_silent(world: &(impl Ledger + Runtime), known: &KeptPlan) -> bool {
    let plan = &known.plan;
    let members = plan.members().keys();
    let others = members.filter(|region| *region != world.region());
    let asked = others.map(|region| briefly(region, world.row(region, &plan.plan)));
    join_all(asked).await.iter().any(Result::is_err)
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
    use crate::members::tests::plan;

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
        resumed_in(Books::with(row), row, died).await
    }

    async fn resumed_in(books: Books, row: &PlanState, died: Option<&Run>) -> Option<String> {
        let books = books.of_plan(plan());
        if let Some(died) = died {
            books.put_run(&died.to, died).await.unwrap();
        }
        let known = books.known(&"us-east-1".into(), &"orders".into()).await;
        resume(&books, &known.unwrap().unwrap(), row).await.unwrap()
    }

    #[tokio::test]
    async fn nothing_is_started_that_a_silent_region_would_have_refused() {
        let (begun, died) = (promoting("us-east-1", Stage::Promoting), run(None));
        let silent = Books::with(&begun).silence("us-west-2");
        assert_eq!(resumed_in(silent, &begun, Some(&died)).await, None);
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
