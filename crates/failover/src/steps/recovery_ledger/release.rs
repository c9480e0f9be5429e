//! Gives a run's leases back: when it closes, and when it could not even be opened to its end. What is not given back, or
//! not in time, lapses by itself.

use std::time::Duration;

use serde::Serialize;

use super::{Here, Ledger, Plans, ReleaseInput, plan_or_last};
use crate::{
    Error,
    domain::{PlanName, Region, RunId},
    ledger::{Run, update_if},
    steps::Output,
};

/// How long a Region is waited for: the one that was left may be dead.
const LIMIT: Duration = Duration::from_secs(2);

/// What was given back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Released {
    regions: Vec<Region>,
}

pub(super) async fn run(
    world: &(impl Ledger + Here + Plans),
    input: &ReleaseInput,
) -> Result<Output<Released>, Error> {
    let plan = plan_or_last(world, &input.plan).await?;
    let released = plan.members.keys().map(async |region| {
        let given = release(world, region, &input.plan, &input.run_id).await;
        given.then(|| region.clone())
    });
    let regions: Vec<_> = futures::future::join_all(released)
        .await
        .into_iter()
        .flatten()
        .collect();
    let reason = format!("run {} holds plan {} no longer", input.run_id, input.plan);
    tracing::info!(plan = %input.plan, run_id = %input.run_id, ?regions, "released");
    let observed = Released { regions };
    Ok(Output::done("release", reason, observed))
}

/// Gives back what a run leased, and the lease of the Region it left, which may have been taken unseen.
pub(super) async fn give_back(world: &impl Ledger, run: &Run) {
    let regions: Vec<_> = run.leased.iter().chain([&run.from]).collect();
    let released = regions
        .into_iter()
        .map(|region| release(world, region, run.name(), &run.run_id));
    futures::future::join_all(released).await;
}

/// Gives one lease back, if the run holds it; whether it is sure that the run does not hold it any more.
pub(super) async fn release(
    world: &impl Ledger,
    region: &Region,
    plan: &PlanName,
    run_id: &RunId,
) -> bool {
    let change = update_if(world, region, plan, |row| row.release(run_id));
    match tokio::time::timeout(LIMIT, change).await {
        Ok(Ok(_)) => true,
        late_or_refused => {
            tracing::warn!(%region, %run_id, ?late_or_refused, "a lease was not given back; it lapses by itself");
            false
        }
    }
}
