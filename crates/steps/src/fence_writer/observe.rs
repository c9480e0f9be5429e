//! What a pass of the fence sees of this Region's member, and what it notes of that.

use super::{AccessCounts, Forwarded, OBSERVING, Observed, patience};
use crate::standing::{Standing, standing};
use failover::{
    Error,
    guard::not_adopted,
    ledger::{KeptPlan, PlanState, Rows},
    ports::{Fence, Ledger, Runtime, update_if},
    topologies::{Topologies, Topology},
    topology::Cluster,
};

/// What stands of this Region's member, in RDS and in its database.
///
/// # Errors
/// `NotReady` where no ledger names a writer, `Unavailable`.
pub(super) async fn observe(
    world: &(impl Runtime + Topologies + Fence),
    known: &KeptPlan,
    rows: &Rows,
) -> Result<Observed, Error> {
    let current = rows.current();
    let current = current.ok_or_else(|| not_adopted(&known.plan.plan))?;
    let here = world.region();
    let (standing, cluster) = standing(world, &known.plan, rows).await?;
    let deposed = cluster.filter(|_| standing == Standing::Deposed);
    let deposed = deposed.as_ref();
    let unreachable = deposed.and_then(|cluster| {
        let why = cluster.unreachable(here);
        why.or_else(|| known.plan.cannot_be_fenced())
    });
    let reachable = deposed.filter(|_| unreachable.is_none());
    let (access, forwarded) = match reachable {
        Some(cluster) => access(world, known, cluster).await?,
        None => (None, Forwarded::default()),
    };
    let alone = deposed.filter(|cluster| cluster.group().is_none());
    let row = rows.0.get(here);
    Ok(Observed {
        standing,
        writer: current.writer.clone(),
        epoch: current.epoch,
        fenced: row.and_then(|row| row.fenced_at.and(row.fenced)),
        access,
        forwarded,
        unreachable,
        alone: alone.map(|cluster| format!("{} in {here}", cluster.identifier)),
        kind: known.plan.kind(),
    })
}

/// What is open on a deposed member's database, and what of other instances may bring writes to it.
async fn access(
    world: &(impl Runtime + Topologies + Fence),
    known: &KeptPlan,
    cluster: &Cluster,
) -> Result<(Option<AccessCounts>, Forwarded), Error> {
    let here = world.region();
    let what = format!("looking at the doors in {here}");
    let access = patience::in_time(world, OBSERVING, &what, world.access(known)).await;
    let access = access.map_err(|why| cluster.explained(here, why))?;
    let topology = world.topology(known.plan.kind());
    let forwarding = topology.forwarding(world, cluster).await;
    Ok((
        Some(access.into()),
        Forwarded::of(here, cluster, forwarding),
    ))
}

/// Notes that rows may have come in since this Region's member was fenced, whether or not this pass can shut it: what was listed of it
/// under that fence is not all of it.
///
/// # Errors
/// `Unavailable`.
pub(super) async fn note_open(
    world: &(impl Ledger + Runtime),
    known: &KeptPlan,
    seen: &Observed,
) -> Result<(), Error> {
    let is_open = seen
        .access
        .as_ref()
        .is_some_and(AccessCounts::may_take_rows);
    if seen.fenced.is_some() && (is_open || !seen.forwarded.on.is_empty()) {
        update_if(world, world.region(), &known.plan.plan, PlanState::open).await?;
    }
    Ok(())
}
