//! Where this Region's member stands beside the writer that the ledgers name: what the fence and the loss ledger go by.

use serde::Serialize;

use failover::{
    Error,
    domain::Region,
    guard::not_adopted,
    ledger::{Current, Rows},
    plan::Plan,
    ports::Runtime,
    topologies::{Topologies, Topology, recorded_group},
    topology::{Cluster, Group, Role, standing as stands},
};

/// Where this Region's member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// This Region has the writer, or a change of writer to it has begun.
    Endorsed,
    /// RDS shows no cluster of the plan's name here.
    Gone,
    /// It follows the writer, or RDS is bringing it back as a follower.
    Follows,
    /// It follows the deposed writer of a third Region, and takes nothing of its own until it leaves that one.
    FollowsDeposed,
    /// It leads another group or stands alone, and the writer is elsewhere.
    Deposed,
}

/// Where this Region's member stands, and its cluster where that was asked for.
///
/// # Errors
/// `NotReady` where no ledger names a writer, `Unavailable`.
pub async fn standing(
    world: &(impl Runtime + Topologies),
    plan: &Plan,
    rows: &Rows,
) -> Result<(Standing, Option<Cluster>), Error> {
    let here = world.region();
    let current = rows.current().ok_or_else(|| not_adopted(&plan.plan))?;
    let to_here = rows.intent().is_some_and(|intent| intent.to == *here);
    if current.writer == *here || to_here {
        return Ok((Standing::Endorsed, None));
    }
    let name = plan
        .members()
        .get(here)
        .map(|member| member.identifier.as_str());
    let Some(cluster) = world
        .topology(plan.kind())
        .cluster(world, here, name.unwrap_or_default())
        .await?
    else {
        return Ok((Standing::Gone, None));
    };
    let standing = beside(world, plan, current, &cluster).await?;
    Ok((standing, Some(cluster)))
}

/// Where a cluster of this Region stands beside a writer of another one.
async fn beside(
    world: &(impl Runtime + Topologies),
    plan: &Plan,
    current: &Current,
    cluster: &Cluster,
) -> Result<Standing, Error> {
    let group = match &current.global_cluster {
        Some(named) => recorded_group(world, plan, world.region(), named).await?,
        None => None,
    };
    Ok(match stands(group.as_ref(), cluster) {
        Role::Standby => Standing::Follows,
        Role::Unsettled if follows_deposed(world, plan, current, cluster).await? => {
            Standing::FollowsDeposed
        }
        // The ledgers name another writer: what leads or stands alone here was deposed. A standby of a group that is
        // past may be among them, which its database tells.
        Role::Primary | Role::Standalone | Role::Unsettled => Standing::Deposed,
    })
}

/// Whether RDS shows that it follows another member of the plan than the proven writer: of three or more, the deposed one.
async fn follows_deposed(
    world: &(impl Runtime + Topologies),
    plan: &Plan,
    current: &Current,
    cluster: &Cluster,
) -> Result<bool, Error> {
    let here = world.region();
    let Some(own) = cluster.group() else {
        return Ok(false);
    };
    if plan.members().len() < 3 {
        return Ok(false);
    }
    let topology = world.topology(plan.kind());
    let group = topology.group(world, plan, here, Some(own)).await?;
    Ok(group.is_some_and(|group| is_led_elsewhere(&group, plan, (here, current), cluster)))
}

/// Whether a group has the cluster as a standby of a member that is neither here nor the proven writer.
fn is_led_elsewhere(
    group: &Group,
    plan: &Plan,
    (here, current): (&Region, &Current),
    cluster: &Cluster,
) -> bool {
    let follows = stands(Some(group), cluster) == Role::Standby && group.operation.is_none();
    let mut others = plan.members().iter();
    follows
        && others.any(|(region, member)| {
            region != here
                && *region != current.writer
                && group.is_led_by(region, &member.identifier)
        })
}
