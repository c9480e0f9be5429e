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
        (region.clone(), given)
    });
    let released = futures::future::join_all(released).await;
    let (free, kept): (Vec<_>, Vec<_>) = released.into_iter().partition(|(_, given)| *given);
    let [regions, kept] = [free, kept].map(|list| {
        list.into_iter()
            .map(|(region, _)| region)
            .collect::<Vec<_>>()
    });
    if !is_enough(world.region(), &kept) {
        return Err(Error::Unavailable(format!(
            "the ledger of {} does not answer, so that run {} may still hold plan {} there; release it again",
            kept.iter()
                .map(Region::as_str)
                .collect::<Vec<_>>()
                .join(", "),
            input.run_id,
            input.plan
        )));
    }
    let reason = format!("run {} holds plan {} no longer", input.run_id, input.plan);
    tracing::info!(plan = %input.plan, run_id = %input.run_id, ?regions, "released");
    let observed = Released { regions };
    Ok(Output::done("release", reason, observed))
}

/// Whether no more was kept than a run may do without: one Region, which may be dead, and never the run's own.
fn is_enough(here: &Region, kept: &[Region]) -> bool {
    kept.len() < 2 && !kept.contains(here)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_that_did_not_reach_the_runs_own_ledger_is_tried_again() {
        let here: Region = "us-east-1".into();
        let enough = |kept: &[&str]| {
            let kept: Vec<Region> = kept.iter().map(|region| (*region).into()).collect();
            is_enough(&here, &kept)
        };
        assert!(enough(&[]));
        // The Region that was left may be dead: its lease lapses.
        assert!(enough(&["us-west-2"]));
        assert!(!enough(&["us-east-1"]));
        assert!(!enough(&["us-west-2", "eu-west-1"]));
    }
}
