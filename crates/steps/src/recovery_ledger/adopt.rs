//! Adopts the writer that RDS shows: opens an epoch for it in every ledger. Called by hand, at first deployment or after
//! a move made outside. Adopting the writer that the ledgers already name changes nothing.

use serde::Serialize;

use super::{AdoptInput, open::ADOPTED, plan};
use crate::rivals;
use failover::{
    Error,
    domain::{PlanName, Region},
    ledger::{Current, Rows},
    pass::Output,
    plan::Plan,
    ports::{self, Here, Ledger, Members, Parameters, update},
    topologies::Blueprints,
    topology::{Cluster, GlobalCluster, Named},
};

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Adopted {
    plan: PlanName,
    current: Current,
}

pub(super) async fn run<W: Ledger + Here + Members + Parameters>(
    world: &W,
    topology: &impl Blueprints<W>,
    input: &AdoptInput,
) -> Result<Output<Adopted>, Error> {
    match adopt(world, topology, input).await {
        Err(why) if input.dry_run => Output::refused(why, None, Vec::new()),
        adopted => adopted,
    }
}

async fn adopt<W: Ledger + Here + Members + Parameters>(
    world: &W,
    topology: &impl Blueprints<W>,
    input: &AdoptInput,
) -> Result<Output<Adopted>, Error> {
    let plan = plan(world, &input.plan).await?;
    // Every member Region answers, or nothing is adopted.
    let rows = ports::rows(world, plan.members.keys(), &plan.plan).await;
    let rows = rows.map_err(|why| {
        why.reworded(format!(
            "every member Region has to answer before a writer is adopted: {why}"
        ))
    })?;
    idle(&rows, world.now())?;
    rivals::none(world, &plan, rows.current()).await?;
    let (writer, global_cluster) = writer(world, &plan, &rows).await?;
    withdrawable(&rows, &writer)?;
    let named = rows
        .current()
        .filter(|_| rows.intent().is_none())
        .filter(|current| current.writer == writer)
        .filter(|current| match (&current.global_cluster, &global_cluster) {
            (Some(kept), Some(shown)) => kept.is(shown),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        });
    let (action, current) = match named {
        Some(current) => ("none", current.clone()),
        None => {
            let current = Current {
                epoch: rows.next_epoch(),
                writer,
                global_cluster,
                run_id: ADOPTED.into(),
                proven_at: world.now(),
                unplanned: false,
                acknowledged_at: None,
            };
            ("adopt", current)
        }
    };
    let stays = if input.dry_run {
        Vec::new()
    } else {
        write(world, topology, &plan, &current).await?
    };
    let mut reason = format!(
        "{} {} the writer of plan {} in epoch {}",
        current.writer,
        if input.dry_run && action != "none" {
            "would be adopted as"
        } else {
            "is"
        },
        plan.plan,
        current.epoch
    );
    for why in stays {
        reason = format!("{reason}; {why}");
    }
    tracing::info!(plan = %plan.plan, action, reason, "adopted");
    let observed = Adopted {
        plan: plan.plan,
        current,
    };
    Ok(Output {
        dry_run: input.dry_run,
        ..Output::done(action, reason, observed)
    })
}

/// Into every ledger, and what each member is made of; a sentence for each plan before this one that stays.
async fn write<W: Ledger + Here + Members + Parameters>(
    world: &W,
    topology: &impl Blueprints<W>,
    plan: &Plan,
    current: &Current,
) -> Result<Vec<String>, Error> {
    for region in plan.members.keys() {
        update(world, region, &plan.plan, |row| {
            Ok(row.learn(current).unwrap_or_else(|| row.clone()))
        })
        .await?;
    }
    // From now on a rebuild knows what each member was made of before an outage.
    for (region, member) in &plan.members {
        let (action, reason) = topology
            .keep_member(world, &plan.plan, region, &member.cluster, current)
            .await?;
        tracing::info!(plan = %plan.plan, %region, action, reason, "what a member is made of");
    }
    Ok(rivals::end_predecessors(world, plan, current).await)
}

/// Nothing is under way.
fn idle(rows: &Rows, now: jiff::Timestamp) -> Result<(), Error> {
    for (region, row) in &rows.0 {
        if let Some(lease) = row.lease.as_ref().filter(|lease| lease.expires_at > now) {
            return Err(Error::RunRefused(format!(
                "run {} holds the plan in {region}",
                lease.run_id
            )));
        }
    }
    Ok(())
}

/// An open change of writer may be withdrawn by adopting, when RDS shows that it was never carried out.
fn withdrawable(rows: &Rows, writer: &Region) -> Result<(), Error> {
    match rows.intent().filter(|open| open.to == *writer) {
        Some(open) => Err(Error::RunRefused(format!(
            "a change of writer to {} (epoch {}) is carried out and not proven; start a new run to it",
            open.to, open.epoch
        ))),
        None => Ok(()),
    }
}

/// The one member that every Region's RDS names as the primary.
async fn writer(
    world: &impl Members,
    plan: &Plan,
    rows: &Rows,
) -> Result<(Region, Option<Named>), Error> {
    let ledgers = rows
        .current()
        .and_then(|current| current.global_cluster.clone());
    let identifier = ledgers.unwrap_or_else(|| plan.topology.global_cluster().into());
    let mut named = Vec::new();
    let mut seen: Option<Named> = None;
    for (region, member) in &plan.members {
        let cluster = world
            .cluster(region, &member.cluster)
            .await?
            .ok_or_else(|| {
                Error::UnexpectedTopology(format!(
                    "RDS in {region} knows no cluster {}",
                    member.cluster
                ))
            })?;
        let global = world.global_cluster(region, &identifier).await?;
        settled(region, global.as_ref(), &cluster)?;
        let shown = global.as_ref().map(Named::from);
        if let (Some(one), Some(other)) = (&seen, &shown)
            && !one.is(other)
        {
            return Err(Error::UnexpectedTopology(format!(
                "two global clusters are named {identifier}: {region} shows {}, another Region {}; remove the one that is past",
                other.resource_id.as_deref().unwrap_or("none"),
                one.resource_id.as_deref().unwrap_or("none")
            )));
        }
        seen = seen.or(shown);
        let role = failover::topology::role(global.as_ref(), &cluster);
        match role {
            failover::topology::Role::Primary => {
                named.push((region.clone(), global.as_ref().map(Named::from)))
            }
            failover::topology::Role::Standby => {}
            failover::topology::Role::Standalone | failover::topology::Role::Unsettled => {
                return Err(Error::UnexpectedTopology(format!(
                    "{} in {region} is no member of global cluster {identifier}",
                    member.cluster
                )));
            }
        }
    }
    match named.as_slice() {
        [one] => Ok(one.clone()),
        other => Err(Error::UnexpectedTopology(format!(
            "{} members are primaries, exactly one must be",
            other.len()
        ))),
    }
}

/// Nothing is under way at RDS either: what a run began and gave up may still be carried out.
fn settled(
    region: &Region,
    global: Option<&GlobalCluster>,
    cluster: &Cluster,
) -> Result<(), Error> {
    if let Some(operation) = global.and_then(|global| global.failover.as_ref()) {
        return Err(Error::NotReady(format!(
            "RDS is still {} to {}; wait until it has ended",
            operation.status, operation.to
        )));
    }
    if cluster.status == "promoting" {
        return Err(Error::NotReady(format!(
            "{} in {region} is still promoting; wait until it has ended",
            cluster.identifier
        )));
    }
    Ok(())
}
