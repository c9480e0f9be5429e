//! What a pass of a rebuild sees.

use futures::future::try_join_all;
use jiff::Timestamp;

use super::{
    NextGlobal, Observed, SeenMember, kept::left_out, led::led, misnamed::misnamed,
    next_global::name_next, unfit::unfit,
};
use crate::members::Members;
use failover::{
    Error,
    domain::Region,
    ledger::Current,
    pass::Pass,
    plan::Plan,
    ports::{Functions, Ledger, Parameters, Runtime},
    topology::{
        Cluster, GlobalCluster, Shape, Snapshot,
        names::{Names, final_snapshot, unplanned_copy},
    },
};
use steps::{loss_ledger::unlisted, rebuilding};

pub(super) async fn observe(
    world: &(impl Ledger + Runtime + Members + Parameters + Functions),
    pass: &Pass,
    names: &Names,
) -> Result<Observed, Error> {
    let plan = &pass.run.plan;
    let current = pass
        .rows
        .current()
        .ok_or_else(|| failover::guard::not_adopted(&plan.plan))?;
    let killed = world.switches(&plan.plan).await?.kill;
    let writer_region = current.writer.clone();
    let writer = writer(world, plan, &writer_region).await?;
    let leads = led(world, current, &writer).await?;
    let members = members(world, pass, current, names).await?;
    let past = past(world, &members, leads.as_ref(), &writer_region).await?;
    let (past_region, past) = past.unzip();
    let misnamed = misnamed(world, plan, leads.as_ref()).await?;
    let mut observed = Observed {
        acting: world.region().clone(),
        killed,
        writer_region,
        epoch: current.epoch,
        proven_at: current.proven_at,
        writer,
        leads,
        recorded_global: current.global_cluster.clone(),
        past,
        past_region: past_region.unwrap_or_else(|| world.region().clone()),
        wished_global: names.global_cluster.clone(),
        next_global: NextGlobal::NotNeeded,
        misnamed,
        members,
        lag: None,
        outlook: None,
        left_out: pass.dry_run.then(left_out),
    };
    name_next(world, pass, &mut observed).await?;
    let seen = observed.members.iter();
    let reasons = seen.map(|member| unfit(world, &observed, names, member));
    let reasons = try_join_all(reasons).await?;
    for (member, reasons) in observed.members.iter_mut().zip(reasons) {
        member.unfit = reasons;
    }
    observed.lag = lag(world, pass, &observed).await;
    Ok(observed)
}

/// Why complete members are not to be relied on yet. Asked only once every member is there.
async fn lag(world: &impl Functions, pass: &Pass, observed: &Observed) -> Option<String> {
    let global = observed.leads.as_ref()?;
    let here = &observed.acting;
    if !are_complete(&observed.members, global) || *here == observed.writer_region {
        return None;
    }
    let mut members = observed.members.iter();
    let own = members.find(|member| member.region == *here);
    let own = own.and_then(|member| member.cluster.as_ref());
    let resource_id = own.map(|shape| shape.resource_id.as_str());
    rebuilding::lag(world, pass, here, resource_id).await
}

fn are_complete(members: &[SeenMember], global: &GlobalCluster) -> bool {
    let is_complete = |shape: &Shape| {
        shape.is_available()
            && shape.busy_instance().is_none()
            && global.member(&shape.arn).is_some()
    };
    members
        .iter()
        .all(|member| member.cluster.as_ref().is_some_and(is_complete))
}

/// The plan's cluster of a member Region.
fn cluster_of(plan: &Plan, region: &Region) -> String {
    let member = plan.members().get(region);
    member
        .map(|member| member.identifier.clone())
        .unwrap_or_default()
}

async fn writer(world: &impl Members, plan: &Plan, region: &Region) -> Result<Cluster, Error> {
    let name = cluster_of(plan, region);
    let found = world.cluster(region, &name).await?;
    found.ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "RDS in {region} knows no cluster {name}, which the ledgers name as the writer"
        ))
    })
}

/// All members but the writer. The one to move home to comes last: the followers of a deposed writer leave before it.
async fn members(
    world: &(impl Ledger + Members),
    pass: &Pass,
    current: &Current,
    names: &Names,
) -> Result<Vec<SeenMember>, Error> {
    let plan = &pass.run.plan;
    let others = plan.members().keys();
    let others = others.filter(|region| **region != current.writer);
    let mut regions: Vec<_> = others.cloned().collect();
    regions.sort_by_key(|region| *region == pass.run.to);
    let seen = regions.into_iter().map(async |region| {
        let name = cluster_of(plan, &region);
        let seen = member(world, pass, region, name, current).await?;
        Ok::<_, Error>(renamed(seen, names))
    });
    try_join_all(seen).await
}

async fn member(
    world: &(impl Ledger + Members),
    pass: &Pass,
    region: Region,
    name: String,
    current: &Current,
) -> Result<SeenMember, Error> {
    let (plan, epoch) = (pass.run.name(), current.epoch);
    let snapshot_name = final_snapshot(&name, epoch);
    let copy_name = unplanned_copy(&name, epoch);
    let kept = async {
        let blueprint = world.blueprint(plan, &region);
        let losses = world.losses(&region, plan, &name);
        futures::future::try_join3(blueprint, world.healthy(plan, &region), losses).await
    };
    let (cluster, snapshot, unplanned, copy, (blueprint, healthy, losses)) =
        futures::future::try_join5(
            world.shape(&region, &name),
            world.snapshot(&region, &snapshot_name),
            world.unplanned_snapshots(&region, &name),
            world.snapshot(&region, &copy_name),
            kept,
        )
        .await?;
    let row = match pass.rows.0.get(&region) {
        Some(row) => row.clone(),
        None => world.row(&region, plan).await?,
    };
    let fenced_at = row.fence_under(epoch);
    let tables = &pass.run.plan.loss_ledger;
    let under = (epoch, fenced_at);
    let unlisted = cluster
        .as_ref()
        .and_then(|live| unlisted(losses, (&name, &live.resource_id, &region), tables, under));
    Ok(SeenMember {
        unlisted,
        fenced_at,
        blueprint: blueprint
            .filter(|kept| kept.tells_of(epoch, cluster.as_ref(), healthy.as_ref())),
        healthy,
        unfit: Vec::new(),
        region,
        name,
        cluster,
        snapshot_name,
        snapshot,
        unplanned: newest_since(current.proven_at, unplanned),
        copy_name,
        copy,
    })
}

/// The newest snapshot since the promotion began. One of an earlier failover tells nothing of this one.
fn newest_since(proven_at: Timestamp, kept: Vec<Snapshot>) -> Option<Snapshot> {
    let of_this = |kept: &Snapshot| kept.is_since(proven_at) == Some(true);
    let kept = kept.into_iter().filter(of_this);
    kept.max_by_key(|kept| (kept.taken_at, kept.identifier.clone()))
}

/// The member with the parameter groups that stand in for those it had.
fn renamed(mut member: SeenMember, names: &Names) -> SeenMember {
    let stand_in = |group: &mut Option<String>| {
        if let Some(group) = group {
            *group = names.group(group).to_owned();
        }
    };
    if let Some(blueprint) = &mut member.blueprint {
        stand_in(&mut blueprint.shape.parameter_group);
        for instance in &mut blueprint.shape.instances {
            stand_in(&mut instance.parameter_group);
        }
    }
    member
}

/// The global cluster that deposed members belong to, or did before they were retired, and the Region that shows it: one
/// without members is seen where it was created, which may have been the writer's Region.
async fn past(
    world: &impl Members,
    members: &[SeenMember],
    leads: Option<&GlobalCluster>,
    writer_region: &Region,
) -> Result<Option<(Region, GlobalCluster)>, Error> {
    for member in members.iter().rev() {
        let live = member.cluster.as_ref();
        let live = live.and_then(|shape| shape.global_cluster.clone());
        let kept = member.blueprint.as_ref();
        let kept = kept.and_then(|blueprint| blueprint.shape.global_cluster.clone());
        let is_past = |identifier: &String| {
            leads.is_none_or(|global| !global.identifier.eq_ignore_ascii_case(identifier))
        };
        let Some(identifier) = live.filter(is_past).or_else(|| kept.filter(is_past)) else {
            continue;
        };
        for region in [&member.region, writer_region] {
            if let Some(past) = world.global_cluster(region, &identifier).await? {
                return Ok(Some((region.clone(), past)));
            }
        }
    }
    Ok(None)
}
