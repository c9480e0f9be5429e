//! Whether a run that opens has still to promote its target, or only to finish what an earlier one left.

use super::{Held, Opening};
use crate::{
    Error,
    domain::{Epoch, Region},
    ledger::{Current, Ledger, Outcome, Rows, RunKind},
    plan::Plan,
    policy,
    steps::{
        Here, SILENCE,
        recovery_ledger::{World, news},
    },
    topology::{Describe, Role, role},
};

/// Whether the target is promoted already, so that only what comes after that is left; where it is not, the cool-down
/// has its word.
pub(super) async fn resumes(
    world: &impl World,
    plan: &Plan,
    input: &Opening,
    rows: &Rows,
    held: &Held,
) -> Result<bool, Error> {
    let current = rows.current();
    let epoch = current.map(|current| current.epoch).unwrap_or_default();
    // Only what comes after the promotion is left to be done: a new run by hand does it, a late suspicion does not.
    let proven = current.is_some_and(|current| current.writer == input.target_region);
    if proven && input.incident.is_some() {
        return Err(Error::RunRefused(format!(
            "{} already is the writer of plan {} (epoch {epoch})",
            input.target_region, plan.plan
        )));
    }
    if proven {
        not_overtaken(world, plan, input, epoch).await?;
        something_is_left(world, plan, input, current).await?;
    }
    let resume = held.behind.is_none()
        && (proven || is_promoted(world, plan, rows, &input.target_region).await?);
    // The cool-down keeps the system from chasing outages, not people from moving the writer.
    let unplanned = input.kind == RunKind::UnplannedFailover;
    if unplanned
        && !resume
        && let Err(why) = policy::cooldown(current, plan, world.now())
    {
        news::refused(world, plan, input, "cool-down", &why).await;
        return Err(why);
    }
    Ok(resume)
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

/// A failback to where the writer is already has something to do only if the run that brought it there left something.
async fn something_is_left(
    world: &(impl Ledger + Here),
    plan: &Plan,
    input: &Opening,
    current: Option<&Current>,
) -> Result<(), Error> {
    let Some(current) = current.filter(|_| input.kind == RunKind::Failback) else {
        return Ok(());
    };
    let brought = world
        .run(world.region(), &plan.plan, &current.run_id)
        .await?;
    let outcome = brought.map(|run| run.closed.map(|closed| closed.outcome));
    match outcome {
        // It stopped on the way, or died.
        Some(None | Some(Outcome::Failed)) => Ok(()),
        _ => Err(Error::RunRefused(format!(
            "{} is the writer of plan {} already (epoch {}), and nothing is left to do",
            input.target_region, plan.plan, current.epoch
        ))),
    }
}

/// Whether an open intent to the target has already been carried out: RDS shows that it follows nobody and is ready.
async fn is_promoted(
    world: &impl Describe,
    plan: &Plan,
    rows: &Rows,
    target: &Region,
) -> Result<bool, Error> {
    let Some(intent) = rows.intent().filter(|intent| intent.to == *target) else {
        return Ok(false);
    };
    let Some(member) = plan.members.get(target) else {
        return Ok(false);
    };
    let Some(cluster) = world.cluster(target, &member.cluster).await? else {
        return Ok(false);
    };
    let global = match &intent.global_cluster {
        Some(global) => global.in_region(world, target).await?,
        None => None,
    };
    let role = role(global.as_ref(), &cluster);
    Ok(matches!(role, Role::Primary | Role::Standalone) && cluster.is_ready())
}
