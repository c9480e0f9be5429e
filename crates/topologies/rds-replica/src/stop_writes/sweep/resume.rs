//! A move to here whose promotion has begun, or whose writer is proven, and whose run died: it goes forward, and nobody asks for it.

use failover::{
    Error,
    domain::{RunId, seconds_between},
    ledger::{KeptPlan, PlanState, Run, RunKind, Stage, Stop},
    pass::{briefly, by_hand},
    ports::{Functions, Ledger, Runtime},
};
use futures::future::join_all;
use serde_json::json;

/// How often a run is started anew that died behind a stopped writer, until one goes on from there, in seconds.
const AGAIN_SECONDS: i64 = 900;
/// For how long, in seconds. What is left then is people's, whom each of them told.
const AGAIN_WITHIN: f64 = 4.0 * 3_600.0;

/// Starts the machine anew where its lease has lapsed; the execution. Behind a stopped writer one starts every quarter of an hour, for four
/// hours, until one answers for the promotion. A run that was closed there, and one that died behind its proof, are continued once: what
/// is left then, people were told of, and is theirs. Nothing is started beside people who carry out the steps by hand, nor while another
/// member's ledger is silent: such a run would be refused, every minute anew.
pub(super) async fn resume(
    world: &(impl Ledger + Runtime + Functions),
    known: &KeptPlan,
    row: &PlanState,
) -> Result<Option<String>, Error> {
    let (here, plan) = (world.region(), &known.plan.plan);
    if row.live_lease(world.now()).is_some() {
        return Ok(None);
    }
    if row
        .intent
        .as_ref()
        .is_some_and(|open| by_hand::is_by_hand(&open.run_id))
    {
        return Ok(None);
    }
    let begun = row.stop.as_deref().filter(|stop| stop.to == *here);
    let proven = row.current.as_ref().filter(|own| own.writer == *here);
    let (run_id, epoch) = match (begun, proven) {
        (Some(stop), _) => (&stop.run_id, stop.epoch),
        (None, Some(own)) => (&own.run_id, own.epoch),
        (None, None) => return Ok(None),
    };
    let is_old = |stop: &Stop| seconds_between(stop.written_at, world.now()) > AGAIN_WITHIN;
    if begun.is_some_and(is_old) {
        return Ok(None);
    }
    let Some(died) = world.run(here, plan, run_id).await? else {
        return Ok(None);
    };
    if !goes_on(&died, begun.is_some()) || !is_to_go_on(world, known, begun).await {
        return Ok(None);
    }
    let which = match (begun, died.closed.is_some()) {
        (Some(_), true) => "closed".to_owned(),
        (Some(_), false) => (world.now().as_second() / AGAIN_SECONDS).to_string(),
        (None, _) => "proven".to_owned(),
    };
    let name = RunId(format!("{}{plan}-{epoch}-{which}", RunId::RESUMES));
    world.start(Some(&name), &json!({"plan": plan})).await
}

/// Whether nobody else is counted on to go on with what a run began.
fn goes_on(died: &Run, is_begun: bool) -> bool {
    match (died.kind, died.closed.is_some()) {
        (RunKind::UnplannedFailover, _) => false,
        (RunKind::Failback, false) => is_begun,
        (RunKind::PlannedFailover, false) => true,
        (RunKind::PlannedFailover | RunKind::Failback, true) => {
            is_begun && !died.run_id.is_resumption()
        }
    }
}

/// Whether every other member's ledger answers, no run holds the plan there, and, where a promotion is not proven, the Region that is left
/// has agreed to it: its row is written first, and the run may have died before it wrote the one here.
async fn is_to_go_on(
    world: &(impl Ledger + Runtime),
    known: &KeptPlan,
    begun: Option<&Stop>,
) -> bool {
    let plan = &known.plan;
    let members = plan.members().keys();
    let others = members.filter(|region| *region != world.region());
    let asked = others.map(async |region| {
        let row = briefly(region, world.row(region, &plan.plan)).await;
        row.map(|row| (region, row))
    });
    let rows: Result<Vec<_>, _> = join_all(asked).await.into_iter().collect();
    let Ok(rows) = rows else {
        return false;
    };
    let is_held = |row: &PlanState| row.live_lease(world.now()).is_some();
    if rows.iter().any(|(_, row)| is_held(row)) {
        return false;
    }
    let Some(stop) = begun else {
        return true;
    };
    let left = rows.iter().find(|(region, _)| **region == stop.from);
    let left = left.and_then(|(_, row)| row.stop.as_deref());
    let agreed = |stop: &Stop| stop.stage == Stage::Promoting;
    agreed(stop) || left.is_some_and(|left| left.token == stop.token && agreed(left))
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
        assert_eq!(begun.as_deref(), Some("arn:execution:resume-orders-8-1"));
        let named = resumed(&proven("a"), Some(&died)).await;
        assert_eq!(
            named.as_deref(),
            Some("arn:execution:resume-orders-8-proven")
        );
    }

    /// A stop of before yesterday.
    fn long_ago(mut row: PlanState) -> PlanState {
        if let Some(stop) = &mut row.stop {
            stop.written_at = Timestamp::from_second(-90_000).unwrap();
        }
        row
    }

    /// A run that was resumed, behind which the stop stands.
    fn resumption(closed: Option<Outcome>) -> Run {
        Run {
            run_id: "resume-orders-8-2".into(),
            ..run(closed)
        }
    }

    #[tokio::test]
    async fn behind_a_stopped_writer_a_run_that_closed_is_continued_once() {
        let begun = promoting("us-east-1", Stage::Promoting);
        for kind in [RunKind::PlannedFailover, RunKind::Failback] {
            let failed = Run {
                kind,
                ..run(Some(Outcome::Failed))
            };
            let started = resumed(&begun, Some(&failed)).await;
            assert_eq!(
                started.as_deref(),
                Some("arn:execution:resume-orders-8-closed")
            );
        }
        let mut again = begun;
        if let Some(stop) = &mut again.stop {
            stop.run_id = "resume-orders-8-2".into();
        }
        let failed = resumption(Some(Outcome::Failed));
        assert_eq!(resumed(&again, Some(&failed)).await, None);
        let died = resumption(None);
        assert!(resumed(&again, Some(&died)).await.is_some());
    }

    #[tokio::test]
    async fn nothing_is_started_beside_steps_that_people_force() {
        let mut row = promoting("us-east-1", Stage::Promoting);
        let forced = by_hand::run_id("promote_replica", &"us-east-1".into(), Epoch(8));
        row.intent = Some(failover::ledger::Intent {
            epoch: Epoch(8),
            from: "us-west-2".into(),
            to: "us-east-1".into(),
            global_cluster: None,
            run_id: RunId(forced),
            written_at: Timestamp::UNIX_EPOCH,
        });
        let failed = run(Some(Outcome::Failed));
        assert_eq!(resumed(&row, Some(&failed)).await, None);
    }

    #[tokio::test]
    async fn a_run_that_died_between_the_two_rows_is_started_anew_by_the_word_of_the_region_that_it_leaves()
     {
        let (here, died) = (promoting("us-east-1", Stage::Stopping), run(None));
        let agreed = promoting("us-east-1", Stage::Promoting);
        let books = Books::with(&here).with_row("us-west-2", &agreed);
        assert!(resumed_in(books, &here, Some(&died)).await.is_some());
        let mut other = agreed;
        if let Some(stop) = &mut other.stop {
            stop.token = "b".into();
        }
        let books = Books::with(&here).with_row("us-west-2", &other);
        assert_eq!(resumed_in(books, &here, Some(&died)).await, None);
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
            (
                long_ago(promoting("us-east-1", Stage::Promoting)),
                Some(&died),
            ),
            (promoting("us-west-2", Stage::Promoting), Some(&died)),
            (
                promoting("us-east-1", Stage::Promoting),
                Some(&resumption(Some(Outcome::Failed))),
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
