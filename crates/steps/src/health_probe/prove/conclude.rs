//! Makes the proven writer the current one, in every ledger that the run leased.

use failover::{
    Error,
    domain::Epoch,
    ledger::{Current, PlanState, Run, RunKind},
    pass::Pass,
    ports::{Ledger, update},
    topologies::{Topologies, recorded_group},
    topology::Named,
};

/// Turns the intent into the current row of every ledger that the run leased, the acting Region's first. Any other one may
/// have fallen silent; it learns the epoch when it is back.
///
/// # Errors
/// `RunRefused` without the lease; `UnexpectedTopology` when a later epoch is current; `Unavailable`.
pub async fn conclude(
    world: &(impl Ledger + Topologies),
    pass: &Pass,
    epoch: Epoch,
) -> Result<(), Error> {
    let run = &pass.run;
    let current = Current {
        epoch,
        writer: run.to.clone(),
        global_cluster: leads(world, pass).await?,
        run_id: run.run_id.clone(),
        proven_at: pass.now,
        unplanned: pass.run.kind == RunKind::UnplannedFailover,
        acknowledged_at: None,
    };
    let others = run.leased.iter().filter(|region| **region != run.to);
    for region in std::iter::once(&run.to).chain(others) {
        let proven = update(world, region, run.name(), |row| proven(row, run, &current));
        match proven.await {
            // The target is promoted: no other Region can hold that up by being silent.
            Err(Error::Unavailable(why)) if *region != run.to => {
                tracing::warn!(%region, why, "a Region does not take the epoch now; it learns it later");
            }
            other => drop(other?),
        }
    }
    Ok(())
}

/// The row with the writer as the current one; as it is where that is known.
fn proven(row: &PlanState, run: &Run, current: &Current) -> Result<PlanState, Error> {
    let held = row.current.as_ref();
    if held.is_some_and(|held| held.epoch == current.epoch) {
        return Ok(row.clone());
    }
    row.prove(&run.run_id, current.clone())
}

/// The group that the promoted writer leads, as RDS shows it; `None` where it stands alone.
async fn leads(world: &impl Topologies, pass: &Pass) -> Result<Option<Named>, Error> {
    let run = &pass.run;
    let intent = pass
        .rows
        .intent()
        .and_then(|intent| intent.global_cluster.clone());
    let current = pass
        .rows
        .current()
        .and_then(|current| current.global_cluster.clone());
    let Some(named) = intent.or(current) else {
        return Ok(None);
    };
    let Some(member) = run.plan.members().get(&run.to) else {
        return Ok(None);
    };
    let group = recorded_group(world, &run.plan, &run.to, &named).await?;
    let led = group.filter(|group| group.names_as_leader(&run.to, &member.identifier));
    Ok(led.map(|group| group.named))
}
