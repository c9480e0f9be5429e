//! The record of a run that opens, and what people are told then.

use super::{
    Held, Opened, Opening,
    lease::{claim, holds_all},
    opened,
    resume::resumes,
};
use crate::recovery_ledger::{STEP, messages};
use failover::{
    Error,
    domain::Epoch,
    guard,
    ledger::{Rows, Run, RunKind},
    plan::Plan,
    ports::{self, Ledger, People, Runtime},
    topologies::Topologies,
};

/// Records a run that holds what it needs, and tells people what is suspected.
///
/// # Errors
/// `RunRefused` for one that lost a lease meanwhile, is closed, or has nothing to do; what the ledgers say against it.
pub(super) async fn record(
    world: &(impl Ledger + Runtime + Topologies + People),
    plan: &Plan,
    input: &Opening,
    held: &Held,
) -> Result<Opened, Error> {
    let rows = rows(world, plan, input, held).await?;
    guard::writer(&rows, &input.from_region, &input.target_region)?;
    let epoch = rows.proven_epoch();
    let resume = resumes(world, plan, input, &rows, held).await?;
    let mut run = open_run(world, plan, input, (epoch, held)).await?;
    let reason = reason(&run, epoch, held);
    run.note(world.now(), STEP, "open", &reason);
    if resume {
        run.promoted_at = run.promoted_at.or(Some(world.now()));
    }
    let is_news = !resume && held.behind.is_none();
    put_and_tell(world, &run, is_news).await?;
    tracing::info!(plan = %plan.plan, run_id = %input.run_id, %epoch, resume, "a run opened");
    Ok(Opened {
        resume,
        ..opened(plan, input, (epoch, held), reason)
    })
}

/// The rows that a run stands on: those it leased, or where it is behind another run those it counts on.
async fn rows(
    world: &(impl Ledger + Runtime),
    plan: &Plan,
    input: &Opening,
    held: &Held,
) -> Result<Rows, Error> {
    if held.behind.is_some() {
        return ports::rows(world, input.counted_on(plan), &plan.plan).await;
    }
    let rows = ports::rows(world, &held.leased, &plan.plan).await?;
    holds_all(&rows, &input.run_id, world.now())?;
    Ok(rows)
}

/// The run's record: the one it has, where it opens again, or a new one.
async fn open_run(
    world: &(impl Ledger + Runtime),
    plan: &Plan,
    input: &Opening,
    (epoch, held): (Epoch, &Held),
) -> Result<Run, Error> {
    let earlier = world.run(world.region(), &plan.plan, &input.run_id).await?;
    match earlier {
        Some(run) if run.closed.is_some() => Err(Error::RunRefused(format!(
            "run {} is closed; start a new one",
            input.run_id
        ))),
        Some(run) => Ok(run),
        None => Ok(Run {
            leased: held.leased.iter().cloned().collect(),
            execution: input.execution.clone(),
            handed_over_by: input.handed_over_by.clone(),
            behind: held.behind.clone(),
            ..Run::opened(claim(input), plan.clone(), epoch, world.now())
        }),
    }
}

fn reason(run: &Run, epoch: Epoch, held: &Held) -> String {
    match &held.behind {
        None => format!(
            "holds plan {} at epoch {epoch}, revision {}",
            run.name(),
            run.plan.revision
        ),
        Some(other) => format!("confirms behind run {other}, which waits for a human's answer"),
    }
}

/// Writes the record, and beside that tells people that the writer is suspected.
async fn put_and_tell(
    world: &(impl Ledger + Runtime + People),
    run: &Run,
    is_news: bool,
) -> Result<(), Error> {
    let suspected = async {
        if is_news && run.kind == RunKind::UnplannedFailover {
            messages::suspected(world, run).await;
        }
    };
    let put = world.put_run(world.region(), run);
    let (put, ()) = futures::future::join(put, suspected).await;
    put
}
