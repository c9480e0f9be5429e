//! Whether a run that opens has still to promote its target, or only to finish what an earlier one left.

use super::{Held, Opening};
use crate::{carried_out::is_carried_out, recovery_ledger::messages};
use failover::{
    Error,
    domain::Epoch,
    guard,
    ledger::{Current, Outcome, Rows, Run, RunKind},
    pass::SILENCE,
    plan::Plan,
    ports::{Ledger, People, Runtime},
    topologies::Topologies,
};

/// What stands for a run where a writer was adopted.
pub(in crate::recovery_ledger) const ADOPTED: &str = "adopt";

/// Whether the target is promoted already, so that only what comes after that is left; where it is not, the cool-down
/// has its word.
pub(super) async fn resumes(
    world: &(impl Ledger + Runtime + Topologies + People),
    plan: &Plan,
    input: &Opening,
    rows: &Rows,
    held: &Held,
) -> Result<bool, Error> {
    let current = rows.current();
    let proven = current.filter(|current| current.writer == input.target_region);
    if let Some(current) = proven {
        something_to_do(world, plan, input, current).await?;
    }
    let resume = held.behind.is_none()
        && (proven.is_some()
            || held.carried_out
            || is_carried_out(world, plan, rows, &input.target_region).await?);
    if !resume {
        cooled_down(world, plan, input, current).await?;
    }
    Ok(resume)
}

/// Refuses a run to where the writer is already, unless something is left to be done there: a new run by hand does it, a late
/// suspicion does not.
async fn something_to_do(
    world: &(impl Ledger + Runtime),
    plan: &Plan,
    input: &Opening,
    current: &Current,
) -> Result<(), Error> {
    if input.incident.is_some() {
        return Err(Error::RunRefused(format!(
            "{} already is the writer of plan {} (epoch {})",
            input.target_region, plan.plan, current.epoch
        )));
    }
    not_overtaken(world, plan, input, current.epoch).await?;
    something_is_left(world, plan, input, current).await
}

/// The cool-down keeps the system from chasing outages, not people from moving the writer.
async fn cooled_down(
    world: &(impl Ledger + Runtime + People),
    plan: &Plan,
    input: &Opening,
    current: Option<&Current>,
) -> Result<(), Error> {
    if input.kind != RunKind::UnplannedFailover {
        return Ok(());
    }
    let cooled_down = guard::cooldown(current, plan, world.now());
    if let Err(why) = &cooled_down
        && !input.dry_run
    {
        messages::refused(world, plan, input, "cool-down", why).await;
    }
    cooled_down
}

/// A Region that was parted may take itself for the writer still: a later run left it without writing here.
async fn not_overtaken(
    world: &impl Ledger,
    plan: &Plan,
    input: &Opening,
    epoch: Epoch,
) -> Result<(), Error> {
    let region = &input.from_region;
    match tokio::time::timeout(SILENCE, world.row(region, &plan.plan)).await {
        Ok(Ok(row)) if row.epoch() > epoch => Err(Error::UnexpectedTopology(format!(
            "the ledger of {region} holds epoch {} of plan {}, this Region's {epoch}; look which member is the writer",
            row.epoch(),
            plan.plan
        ))),
        _ => Ok(()),
    }
}

/// A run to where the writer is already has something to do only if what brought it there left something: services would be
/// restarted for nothing, and people told of a take-over that was none.
async fn something_is_left(
    world: &(impl Ledger + Runtime),
    plan: &Plan,
    input: &Opening,
    current: &Current,
) -> Result<(), Error> {
    let here = world.region();
    let brought = world.run(here, &plan.plan, &current.run_id).await?;
    if is_unfinished(current, brought.as_ref(), input.kind) {
        return Ok(());
    }
    Err(Error::RunRefused(format!(
        "{} is the writer of plan {} already (epoch {}), and nothing is left to do; where a name leads elsewhere, force dns-flip there",
        input.target_region, plan.plan, current.epoch
    )))
}

/// Whether the run that proved the current writer may have left something to do after that.
fn is_unfinished(current: &Current, brought: Option<&Run>, kind: RunKind) -> bool {
    match brought {
        // A pass that somebody forced proved the writer and nothing more.
        Some(run) if run.forced => kind != RunKind::Failback,
        Some(run) => {
            let closed = run.closed.as_ref();
            // It stopped on the way, or died.
            closed.is_none_or(|closed| closed.outcome == Outcome::Failed || !closed.left.is_empty())
        }
        // Nothing here moved the writer that was adopted. A record that is gone says nothing.
        None => current.run_id.as_str() != ADOPTED && kind != RunKind::Failback,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use failover::{
        ledger::{Claim, Closed, Intent, PlanState},
        testing,
    };

    fn current(run_id: &str) -> Current {
        Current {
            epoch: Epoch(8),
            writer: "us-east-1".into(),
            global_cluster: None,
            run_id: run_id.into(),
            proven_at: jiff::Timestamp::UNIX_EPOCH,
            unplanned: false,
            acknowledged_at: None,
        }
    }

    fn ended(outcome: Option<Outcome>, left: &[&str]) -> Run {
        Run {
            closed: outcome.map(|outcome| Closed {
                left: left.iter().map(|one| (*one).to_owned()).collect(),
                ..testing::closed(outcome)
            }),
            ..testing::run()
        }
    }

    #[test]
    fn a_run_to_where_the_writer_is_already_is_refused_where_nothing_is_left() {
        let judged = |brought: Option<Run>, run_id| {
            is_unfinished(&current(run_id), brought.as_ref(), RunKind::PlannedFailover)
        };
        assert!(!judged(None, ADOPTED), "adopted, and nothing was moved");
        assert!(!judged(Some(ended(Some(Outcome::Succeeded), &[])), "a"));
    }

    #[test]
    fn a_run_that_finishes_what_another_left_is_let_through() {
        let judged = |brought: Option<Run>| {
            is_unfinished(&current("a"), brought.as_ref(), RunKind::UnplannedFailover)
        };
        assert!(judged(Some(ended(None, &[]))), "it died");
        assert!(judged(Some(ended(Some(Outcome::Failed), &[]))));
        let left = ["restart us-east-1/orders/api"];
        assert!(judged(Some(ended(Some(Outcome::Succeeded), &left))));
        let forced = Run {
            forced: true,
            ..ended(Some(Outcome::Succeeded), &[])
        };
        assert!(judged(Some(forced)), "a forced pass proves and no more");
        assert!(judged(None), "its record is gone");
    }

    #[tokio::test]
    async fn the_refusal_of_a_move_to_where_the_writer_is_says_that_it_is_the_writer() {
        let books = testing::Books::with(&failover::ledger::PlanState::new("orders".into()));
        let plan = testing::run().plan;
        let opening = Opening {
            kind: RunKind::PlannedFailover,
            incident: None,
            run_id: "b".into(),
            execution: None,
            handed_over_by: None,
            from_region: "us-west-2".into(),
            target_region: "us-east-1".into(),
            dry_run: false,
        };
        let why = something_is_left(&books, &plan, &opening, &current(ADOPTED))
            .await
            .unwrap_err();
        assert_eq!(why.name(), "RunRefused");
        let says = "us-east-1 is the writer of plan orders already (epoch 8)";
        assert!(why.to_string().contains(says), "{why}");
    }

    /// A plan of three members whose promotion from us-west-2 to us-east-1 is begun; the third Region's ledger is as given.
    fn begun(third: &PlanState) -> testing::Books {
        let mut document = testing::plan_document();
        document["topology"]["members"]["eu-west-1"] = json!({"cluster": "orders-ireland"});
        let row = PlanState {
            current: Some(Current {
                epoch: Epoch(7),
                writer: "us-west-2".into(),
                ..current(ADOPTED)
            }),
            intent: Some(Intent {
                epoch: Epoch(8),
                from: "us-west-2".into(),
                to: "us-east-1".into(),
                global_cluster: None,
                run_id: "before".into(),
                written_at: jiff::Timestamp::UNIX_EPOCH,
            }),
            ..PlanState::new("orders".into())
        };
        testing::Books::with(&row)
            .with_row("eu-west-1", third)
            .with_document(&document.to_string())
    }

    async fn opened(books: &testing::Books, dry_run: bool) -> Result<Value, &'static str> {
        let input = json!({"plan": "orders", "dry_run": dry_run});
        let kind = "unplanned_failover";
        let open = json!({"operation": "open", "kind": kind, "run_id": "b", "input": input});
        let opened = Box::pin(crate::recovery_ledger::handle(books, open)).await;
        opened.map_err(|why| why.name())
    }

    #[tokio::test]
    async fn a_run_opens_past_a_silent_third_region_only_where_rds_shows_the_target_promoted() {
        let free = PlanState::new("orders".into());
        for dry_run in [true, false] {
            let promoted = begun(&free).silence("eu-west-1").alone(Ok(()));
            let answer = opened(&promoted, dry_run).await.unwrap();
            assert_eq!(answer["resume"], true, "{answer}");
            let begun = begun(&free).silence("eu-west-1");
            assert_eq!(opened(&begun, dry_run).await, Err("Unavailable"));
        }
        let promoted = begun(&free).silence("eu-west-1").alone(Ok(()));
        opened(&promoted, false).await.unwrap();
        let run = &promoted.runs()[&"b".into()];
        assert_eq!(run.leased, ["us-east-1".into()].into());
        assert!(run.promoted_at.is_some());
    }

    #[tokio::test]
    async fn a_third_region_that_answers_and_says_otherwise_refuses_a_run_behind_the_promotion_too()
    {
        let claim = Claim {
            run_id: "another".into(),
            kind: RunKind::UnplannedFailover,
            incident: None,
            from: "us-west-2".into(),
            to: "eu-west-1".into(),
        };
        let now = jiff::Timestamp::from_second(999).unwrap();
        let held = PlanState::new("orders".into()).claim(&claim, now).unwrap();
        let books = begun(&held).alone(Ok(()));
        assert_eq!(opened(&books, false).await, Err("RunRefused"));
        assert!(books.rows()[&"us-east-1".into()].lease.is_none());
    }
}
