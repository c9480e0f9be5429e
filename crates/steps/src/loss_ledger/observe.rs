//! What a pass sees: where the deposed cluster stands, and what was found of it before.

use super::{Observed, account};
use crate::standing::{Standing, standing};
use failover::{
    Error,
    domain::Region,
    ledger::{Current, KeptPlan, Rows, RunKind},
    ports::{Ledger, Runtime},
    topologies::{Topologies, Topology},
    topology::{
        Cluster,
        names::{final_snapshot, retired, with_suffix},
    },
};

/// What there is of this Region's member, or of another cluster that was named, and the cluster itself.
///
/// # Errors
/// `InvalidRequest` or `NotReady` for a cluster that was named and is not one to be compared, `Unavailable`.
pub(super) async fn observe(
    world: &(impl Ledger + Runtime + Topologies),
    known: &KeptPlan,
    rows: &Rows,
    current: &Current,
    named: Option<&str>,
) -> Result<(Observed, Option<Cluster>), Error> {
    let (here, plan) = (world.region(), &known.plan);
    let member = plan.members().get(here);
    let member = member.map(|member| member.identifier.clone());
    let member = member.unwrap_or_default();
    // The member has to be fenced by whichever name it goes.
    let is_other = |named: &&str| current.writer == *here || !member.eq_ignore_ascii_case(named);
    let other = named.filter(is_other);
    let (standing, found) = match other {
        None => {
            let (standing, found) = standing(world, plan, rows).await?;
            (Some(standing), found)
        }
        Some(named) => (None, Some(restored(world, known, current, named).await?)),
    };
    let row = rows.0.get(here).filter(|_| other.is_none());
    let fenced_at = row.and_then(|row| row.fence_under(current.epoch));
    let cluster = other.map_or(member, str::to_owned);
    let losses = world.losses(here, &plan.plan, &cluster).await?;
    let resource_id = found.as_ref().and_then(|found| found.resource_id.clone());
    let of_this = (standing, resource_id.as_deref());
    let losses =
        losses.filter(|losses| account::counts(losses, of_this, (current.epoch, fenced_at)));
    let (planned_from, kept) = left_behind(world, known, current, standing, &cluster).await?;
    let observed = Observed {
        planned_from,
        kept,
        standing,
        writer: current.writer.clone(),
        epoch: current.epoch,
        fenced_at,
        unreachable: found.as_ref().and_then(|cluster| cluster.unreachable(here)),
        losses: losses.map(|losses| losses.by(&plan.loss_ledger, world.now())),
        cluster,
        resource_id,
    };
    Ok((observed, found))
}

/// Of a member that has gone or follows again: the Region that the writer left as planned, and where what was retired is kept.
async fn left_behind(
    world: &(impl Ledger + Runtime + Topologies),
    known: &KeptPlan,
    current: &Current,
    standing: Option<Standing>,
    cluster: &str,
) -> Result<(Option<Region>, Option<String>), Error> {
    if !matches!(standing, Some(Standing::Gone | Standing::Follows)) {
        return Ok((None, None));
    }
    let planned = planned_from(world, known, current).await?;
    let is_of_this = |from: &Region| standing == Some(Standing::Follows) || from == world.region();
    let kept = retired_as(world, known, current, cluster).await?;
    Ok((planned.filter(is_of_this), kept))
}

/// The Region that the writer left for the one that it is in, where a run switched it over.
async fn planned_from(
    world: &impl Ledger,
    known: &KeptPlan,
    current: &Current,
) -> Result<Option<Region>, Error> {
    let run = world
        .run(&current.writer, &known.plan.plan, &current.run_id)
        .await?;
    let moved = run.filter(|run| {
        matches!(run.kind, RunKind::PlannedFailover | RunKind::Failback) && run.to == current.writer
    });
    Ok(moved.map(|run| run.from))
}

/// Where a rebuild of this epoch has put what it retired: the cluster of another name while it is there, else its final snapshot.
async fn retired_as(
    world: &(impl Ledger + Runtime + Topologies),
    known: &KeptPlan,
    current: &Current,
    member: &str,
) -> Result<Option<String>, Error> {
    let (here, epoch) = (world.region(), current.epoch);
    let kept = world.blueprint(&known.plan.plan, here).await?;
    let Some(kept) = kept.filter(|kept| kept.epoch == epoch) else {
        return Ok(None);
    };
    let renamed = with_suffix(member, &retired(kept.seen_at, epoch));
    let is_there = world
        .topology(known.plan.kind())
        .cluster(world, here, &renamed)
        .await?
        .is_some();
    Ok(Some(if is_there {
        format!("it was retired as {renamed}; name that cluster")
    } else {
        format!(
            "it was retired, and its final snapshot is {}; restore that and name the restored cluster",
            final_snapshot(member, epoch)
        )
    }))
}

/// A cluster that was named by hand: it must be there, available, and no member of a global cluster.
async fn restored(
    world: &(impl Runtime + Topologies),
    known: &KeptPlan,
    current: &Current,
    named: &str,
) -> Result<Cluster, Error> {
    let here = world.region();
    let is_writer = known.plan.members().get(here).is_some_and(|member| {
        current.writer == *here && member.identifier.eq_ignore_ascii_case(named)
    });
    if is_writer {
        return Err(Error::InvalidRequest(format!(
            "cluster is {named:?}, which is the writer; name one that was restored from a snapshot"
        )));
    }
    let found = world
        .topology(known.plan.kind())
        .cluster(world, here, named)
        .await?
        .ok_or_else(|| {
            Error::InvalidRequest(format!(
                "cluster is {named:?}, and RDS in {here} knows none of that name"
            ))
        })?;
    stands_alone(&found, named)?;
    Ok(found)
}

/// That a cluster belongs to no global cluster and has an instance to ask.
fn stands_alone(found: &Cluster, named: &str) -> Result<(), Error> {
    if let Some(global) = found.group() {
        return Err(Error::InvalidRequest(format!(
            "cluster is {named:?}, a member of global cluster {global}; name one that stands alone"
        )));
    }
    if !found.is_ready() {
        return Err(Error::NotReady(format!(
            "cluster {named} is {}; it needs an instance that is available",
            found.status
        )));
    }
    Ok(())
}
