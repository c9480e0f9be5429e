//! Whether RDS shows that the change of writer which a ledger holds open has been carried out: from there on no other Region's
//! silence may hold up what comes after it.

use failover::{
    Error,
    domain::Region,
    ledger::Rows,
    plan::Plan,
    topologies::{Topologies, Topology, recorded_group},
    topology::{Role, standing},
};

/// Whether an open intent to the target has already been carried out: RDS shows that it follows nobody and is ready.
///
/// # Errors
/// `Unavailable`, `Denied` where RDS does not tell.
pub async fn is_carried_out(
    world: &impl Topologies,
    plan: &Plan,
    rows: &Rows,
    target: &Region,
) -> Result<bool, Error> {
    let Some(intent) = rows.intent().filter(|intent| intent.to == *target) else {
        return Ok(false);
    };
    let Some(member) = plan.members().get(target) else {
        return Ok(false);
    };
    let Some(cluster) = world
        .topology(plan.kind())
        .cluster(world, target, &member.identifier)
        .await?
    else {
        return Ok(false);
    };
    let group = match &intent.global_cluster {
        Some(named) => recorded_group(world, plan, target, named).await?,
        None => None,
    };
    let role = standing(group.as_ref(), &cluster);
    Ok(matches!(role, Role::Primary | Role::Standalone) && cluster.is_ready())
}

/// The same by the target's own row alone, which alone decides about changes to it; what RDS does not tell counts as not
/// carried out.
pub async fn shows(world: &impl Topologies, plan: &Plan, rows: &Rows, target: &Region) -> bool {
    let own = rows.0.get(target).map(|row| (target.clone(), row.clone()));
    let own = Rows(own.into_iter().collect());
    let shown = is_carried_out(world, plan, &own, target).await;
    shown.unwrap_or_else(|why| {
        tracing::warn!(plan = %plan.plan, %why, "RDS does not tell whether the change of writer is carried out");
        false
    })
}
