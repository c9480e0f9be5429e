//! What a pass of a rebuild sees.

use futures::future::try_join_all;

use jiff::SignedDuration;

use super::{Observed, SeenMember, Snapshot, World};
use crate::{
    Error,
    beat::Write,
    domain::{Region, seconds_between},
    ledger::Current,
    steps::Pass,
    topology::GlobalCluster,
};

/// How many identifiers are tried for the next global cluster.
const CANDIDATES: u32 = 10;
/// How long before it is proven a promotion may have begun.
const BEFORE_PROOF: SignedDuration = SignedDuration::from_hours(1);
/// A rebuilt member that is further behind than this is no standby yet, in seconds.
const LAG_SECONDS_MAX: f64 = 10.0;

pub(super) async fn observe(world: &impl World, pass: &Pass) -> Result<Observed, Error> {
    let plan = &pass.run.plan;
    let current = pass
        .rows
        .current()
        .ok_or_else(crate::steps::by_hand::no_writer)?;
    let writer_region = current.writer.clone();
    let name = |region: &Region| {
        let member = plan.members.get(region);
        member
            .map(|member| member.cluster.clone())
            .unwrap_or_default()
    };
    let writer = world.cluster(&writer_region, &name(&writer_region)).await?;
    let writer = writer.ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "RDS in {writer_region} knows no cluster {}, which the ledgers name as the writer",
            name(&writer_region)
        ))
    })?;
    let others = plan
        .members
        .keys()
        .filter(|region| **region != writer_region);
    // The one to move home to comes last: the followers of a deposed writer leave before it.
    let mut regions: Vec<_> = others.cloned().collect();
    regions.sort_by_key(|region| *region == pass.run.to);
    let seen = regions.into_iter().map(async |region| {
        let name = name(&region);
        member(world, pass, region, name, current).await
    });
    let members = try_join_all(seen).await?;
    let leads = match &writer.global_cluster {
        Some(identifier) => world.global_cluster(&writer_region, identifier).await?,
        None => None,
    };
    let past = past(world, &members, leads.as_ref(), &writer_region).await?;
    let (past_region, past) = past.unzip();
    let free_global = match leads {
        Some(_) => None,
        None => free(world, plan.topology.global_cluster(), &writer_region).await?,
    };
    let mut observed = Observed {
        acting: world.region().clone(),
        writer_region,
        epoch: current.epoch,
        writer,
        leads,
        recorded_global: current.global_cluster.clone(),
        past,
        past_region: past_region.unwrap_or_else(|| world.region().clone()),
        free_global,
        members,
        is_loss_listed: is_loss_listed(world, pass, current).await?,
        lag: None,
        date: pass.now.strftime("%Y%m%d").to_string(),
    };
    observed.lag = lag(world, pass, &observed).await;
    Ok(observed)
}

/// What only this Region's deposed member has must be listed before anything is deleted.
async fn is_loss_listed(world: &impl World, pass: &Pass, current: &Current) -> Result<bool, Error> {
    let plan = &pass.run.plan;
    let Some(member) = plan.members.get(world.region()) else {
        return Ok(false);
    };
    let losses = world.losses(&plan.plan, &member.cluster).await?;
    Ok(losses.is_some_and(|losses| losses.epoch == current.epoch && losses.is_complete()))
}

async fn member(
    world: &impl World,
    pass: &Pass,
    region: Region,
    name: String,
    current: &Current,
) -> Result<SeenMember, Error> {
    let (plan, epoch) = (pass.run.name(), current.epoch);
    let snapshot_name = format!("{name}-final-{epoch}");
    let copy_name = format!("{name}-unplanned-{epoch}");
    let (cluster, snapshot, kept, copy, blueprint) = futures::future::try_join5(
        world.shape(&region, &name),
        world.snapshot(&region, &snapshot_name),
        world.unplanned_snapshots(&region, &name),
        world.snapshot(&region, &copy_name),
        world.blueprint(plan, &region),
    )
    .await?;
    // One of an earlier failover tells nothing of this one.
    let since = current.proven_at - BEFORE_PROOF;
    let of_this = |kept: &Snapshot| kept.taken_at.is_some_and(|at| at >= since);
    let newest = kept.into_iter().filter(of_this);
    let newest = newest.filter(|kept| kept.status == "available");
    let newest = newest.map(|kept| kept.identifier).max();
    let row = match pass.rows.0.get(&region) {
        Some(row) => row.clone(),
        None => world.row(&region, plan).await?,
    };
    Ok(SeenMember {
        is_fenced: row.fenced == Some(epoch),
        blueprint: blueprint.filter(|blueprint| blueprint.epoch == epoch),
        region,
        name,
        cluster,
        snapshot_name,
        snapshot,
        unplanned: newest,
        copy_name,
        copy,
    })
}

/// The global cluster that deposed members belong to, or did before they were retired, and the Region that shows it: one
/// without members is seen where it was created, which may have been the writer's Region.
async fn past(
    world: &impl World,
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

/// `orders-global-1` → `orders-global-2`, or the next that no member's Region knows.
async fn free(
    world: &impl World,
    first: &str,
    writer_region: &Region,
) -> Result<Option<String>, Error> {
    let numbered = first
        .rsplit_once('-')
        .and_then(|(stem, number)| Some((stem, number.parse::<u32>().ok()?)));
    let (stem, number) = numbered.unwrap_or((first, 1));
    for number in (number + 1)..=(number + CANDIDATES) {
        let candidate = format!("{stem}-{number}");
        let (here, there) = futures::future::try_join(
            world.global_cluster(world.region(), &candidate),
            world.global_cluster(writer_region, &candidate),
        )
        .await?;
        if here.is_none() && there.is_none() {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

/// Why complete members are not to be relied on yet: what this Region's probe reads is too old. Asked only once every member
/// is there, since it costs a fresh look.
async fn lag(world: &impl World, pass: &Pass, observed: &Observed) -> Option<String> {
    let global = observed.leads.as_ref()?;
    let complete = observed.members.iter().all(|member| {
        let shape = member.cluster.as_ref();
        shape.is_some_and(|shape| {
            shape.is_available()
                && shape.busy_instance().is_none()
                && global.member(&shape.arn).is_some()
        })
    });
    if !complete || observed.acting == observed.writer_region {
        return None;
    }
    let seen = match world.ask_probe(pass.run.name()).await {
        Ok(seen) => seen,
        Err(why) => {
            return Some(format!(
                "the probe in {} does not answer: {why}",
                observed.acting
            ));
        }
    };
    let Write::Committed { beat } = &seen.vantage.write else {
        return Some(format!(
            "the probe in {} commits no beat on the writer: {:?}",
            observed.acting, seen.vantage.write
        ));
    };
    let reading = seen.vantage.reading.as_ref().filter(|_| seen.readable);
    let held = reading.and_then(|reading| reading.beats.values().map(|beat| beat.at).max());
    match held.map(|held| seconds_between(held, beat.at)) {
        Some(lag) if lag <= LAG_SECONDS_MAX => None,
        Some(lag) => Some(format!(
            "the member in {} is {lag:.0} s behind",
            observed.acting
        )),
        None => Some(format!(
            "the member in {} cannot be read yet",
            observed.acting
        )),
    }
}
