//! Adopts the writer that RDS shows: opens an epoch for it in every ledger. Called by hand, at first deployment or after
//! a move made outside. Adopting the writer that the ledgers already name changes nothing.

use jiff::Timestamp;
use serde::Serialize;

use super::{AdoptInput, open::ADOPTED, plan};
use crate::rivals;
use failover::{
    Error,
    domain::{PlanName, Region},
    ledger::{Current, Rows},
    pass::Output,
    plan::Plan,
    ports::{self, Ledger, Parameters, Runtime, update},
    topologies::{Topologies, Topology},
    topology::{Cluster, Group, Named, Role, standing},
};

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Adopted {
    plan: PlanName,
    current: Current,
}

pub(super) async fn run<W: Ledger + Runtime + Topologies + Parameters>(
    world: &W,
    input: &AdoptInput,
) -> Result<Output<Adopted>, Error> {
    match adopt(world, input).await {
        Err(why) if input.dry_run => Output::refused(why, None, Vec::new()),
        adopted => adopted,
    }
}

async fn adopt<W: Ledger + Runtime + Topologies + Parameters>(
    world: &W,
    input: &AdoptInput,
) -> Result<Output<Adopted>, Error> {
    let plan = plan(world, &input.plan).await?;
    let rows = every_row(world, &plan).await?;
    idle(&rows, world.now())?;
    rivals::none(world, &plan, rows.current()).await?;
    let primary = primary(world, &plan, &rows).await?;
    withdrawable(&rows, &primary.region)?;
    let (action, current) = match named(&rows, &primary) {
        Some(current) => ("none", current.clone()),
        None => ("adopt", successor(&rows, primary, world.now())),
    };
    let stays = if input.dry_run {
        Vec::new()
    } else {
        write(world, &plan, &current).await?
    };
    let would = input.dry_run && action != "none";
    let reason = reason(&plan.plan, &current, would, &stays);
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

/// Every member Region answers, or nothing is adopted.
async fn every_row(world: &impl Ledger, plan: &Plan) -> Result<Rows, Error> {
    let rows = ports::rows(world, plan.members().keys(), &plan.plan).await;
    rows.map_err(|why| {
        why.reworded(format!(
            "every member Region has to answer before a writer is adopted: {why}"
        ))
    })
}

/// The writer that the ledgers name, where it is the one that RDS shows and nothing is open.
fn named<'a>(rows: &'a Rows, primary: &Primary) -> Option<&'a Current> {
    let current = rows.current().filter(|_| rows.intent().is_none())?;
    let leads_the_same = match (&current.global_cluster, &primary.global_cluster) {
        (Some(kept), Some(shown)) => kept.is(shown),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    (current.writer == primary.region && leads_the_same).then_some(current)
}

/// The writer that RDS shows, under the next epoch.
fn successor(rows: &Rows, primary: Primary, now: Timestamp) -> Current {
    Current {
        epoch: rows.next_epoch(),
        writer: primary.region,
        global_cluster: primary.global_cluster,
        run_id: ADOPTED.into(),
        proven_at: now,
        unplanned: false,
        acknowledged_at: None,
    }
}

fn reason(plan: &PlanName, current: &Current, would: bool, stays: &[String]) -> String {
    let is = if would { "would be adopted as" } else { "is" };
    let adopted = format!(
        "{} {is} the writer of plan {plan} in epoch {}",
        current.writer, current.epoch
    );
    let stays = stays.iter().map(|why| format!("; {why}"));
    [adopted].into_iter().chain(stays).collect()
}

/// Into every ledger, and what each member is made of; a sentence for each plan before this one that stays.
async fn write<W: Ledger + Runtime + Topologies + Parameters>(
    world: &W,
    plan: &Plan,
    current: &Current,
) -> Result<Vec<String>, Error> {
    for region in plan.members().keys() {
        update(world, region, &plan.plan, |row| {
            Ok(row.learn(current).unwrap_or_else(|| row.clone()))
        })
        .await?;
    }
    // From now on a rebuild knows what each member was made of before an outage.
    for (region, member) in plan.members() {
        let topology = world.topology(plan.kind());
        let (action, reason) = topology
            .keep_member(world, plan, region, &member.identifier, current)
            .await?;
        tracing::info!(plan = %plan.plan, %region, action, reason, "what a member is made of");
    }
    Ok(rivals::end_predecessors(world, plan, current).await)
}

/// Nothing is under way.
fn idle(rows: &Rows, now: Timestamp) -> Result<(), Error> {
    let mut held = rows.0.iter();
    let held = held.find_map(|(region, row)| Some((region, &row.live_lease(now)?.run_id)));
    held.map_or(Ok(()), |(region, run)| {
        let why = format!("run {run} holds the plan in {region}");
        Err(Error::RunRefused(why))
    })
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

/// The member that RDS shows as the primary, and what it leads.
struct Primary {
    region: Region,
    global_cluster: Option<Named>,
}

/// The one member that every Region's RDS names as the primary.
async fn primary(world: &impl Topologies, plan: &Plan, rows: &Rows) -> Result<Primary, Error> {
    let ledgers = rows
        .current()
        .and_then(|current| current.global_cluster.clone());
    let named = plan.topology.named_group();
    let identifier = named.map(|(_, first)| ledgers.unwrap_or_else(|| first.into()));
    let identifier = identifier.as_ref();
    let mut primaries = Vec::new();
    let mut seen: Option<Named> = None;
    for (region, member) in plan.members() {
        let (cluster, group) = look(world, plan, (region, &member.identifier), identifier).await?;
        let shown = group.as_ref().map(|group| group.named.clone());
        is_the_same(identifier, region, (seen.as_ref(), shown.as_ref()))?;
        let member = (region, member.identifier.as_str());
        if is_primary(member, group.as_ref(), &cluster, identifier)? {
            primaries.push(Primary {
                region: region.clone(),
                global_cluster: shown.clone(),
            });
        }
        seen = seen.or(shown);
    }
    only(primaries)
}

/// A member and its group as its own Region's RDS shows them, with nothing under way.
async fn look(
    world: &impl Topologies,
    plan: &Plan,
    (region, member): (&Region, &str),
    identifier: Option<&Named>,
) -> Result<(Cluster, Option<Group>), Error> {
    let topology = world.topology(plan.kind());
    let cluster = topology
        .cluster(world, region, member)
        .await?
        .ok_or_else(|| {
            let what = plan.kind().member();
            Error::UnexpectedTopology(format!("RDS in {region} knows no {what} {member}"))
        })?;
    let name = identifier.map(|named| named.name.as_str());
    let group = topology.group(world, plan, region, name).await?;
    settled(region, group.as_ref(), &cluster)?;
    Ok((cluster, group))
}

/// Refuses where two Regions show two groups: two global clusters of one name, or members that follow different ones.
fn is_the_same(
    identifier: Option<&Named>,
    region: &Region,
    (seen, shown): (Option<&Named>, Option<&Named>),
) -> Result<(), Error> {
    match (seen, shown) {
        (Some(one), Some(other)) if !one.is(other) => {
            Err(Error::UnexpectedTopology(match identifier {
                Some(identifier) => format!(
                    "two global clusters are named {identifier}: {region} shows {}, another Region {}; remove the one that is past",
                    other.resource_id.as_deref().unwrap_or("none"),
                    one.resource_id.as_deref().unwrap_or("none")
                ),
                None => format!(
                    "{region} shows a member of what {other} leads, another Region one of what {one} leads; make one of them follow the other"
                ),
            }))
        }
        _ => Ok(()),
    }
}

fn is_primary(
    (region, member): (&Region, &str),
    group: Option<&Group>,
    cluster: &Cluster,
    identifier: Option<&Named>,
) -> Result<bool, Error> {
    match standing(group, cluster) {
        Role::Primary => Ok(true),
        Role::Standby => Ok(false),
        Role::Standalone | Role::Unsettled => Err(Error::UnexpectedTopology(match identifier {
            Some(identifier) => {
                format!("{member} in {region} is no member of global cluster {identifier}")
            }
            None => format!("{member} in {region} neither follows a member nor leads one"),
        })),
    }
}

fn only(mut primaries: Vec<Primary>) -> Result<Primary, Error> {
    let count = primaries.len();
    let one = primaries.pop().filter(|_| count == 1);
    one.ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "{count} members are primaries, exactly one must be"
        ))
    })
}

/// Nothing is under way at RDS either: what a run began and gave up may still be carried out.
fn settled(region: &Region, group: Option<&Group>, cluster: &Cluster) -> Result<(), Error> {
    if let Some(operation) = group.and_then(|group| group.operation.as_ref()) {
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
