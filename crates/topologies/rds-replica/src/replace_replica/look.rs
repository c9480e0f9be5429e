//! What a pass sees.

use failover::{
    Error,
    domain::{Epoch, Region},
    guard::not_adopted,
    ledger::{Current, PlanState},
    pass::Pass,
    plan::Plan,
    ports::{Functions, Ledger, Parameters, Runtime},
    topology::{
        Blueprint, Reach, Shape, is_default_group,
        names::{Names, final_snapshot},
    },
};
use futures::future::{try_join_all, try_join3};
use jiff::Timestamp;
use steps::{loss_ledger::unlisted, rebuilding};

use super::{
    Observed, Place, SeenMember,
    complete::{completion, is_complete},
    kept::left_out,
};
use crate::members::{Instance, Makes, makes::Whole};

pub(super) async fn observe(
    world: &(impl Ledger + Runtime + Makes + Parameters + Functions),
    pass: &Pass,
    names: &Names,
) -> Result<Observed, Error> {
    let plan = &pass.run.plan;
    plan.movable()?;
    let current = pass.rows.current().ok_or_else(|| not_adopted(&plan.plan))?;
    let killed = world.switches(&plan.plan).await?.kill;
    let writer_region = current.writer.clone();
    let name = instance_of(plan, &writer_region);
    let Some(writer) = world.whole(&writer_region, &name).await? else {
        return Err(Error::UnexpectedTopology(format!(
            "RDS in {writer_region} knows no instance {name}, which the ledgers name as the writer"
        )));
    };
    writer.instance.fits(plan.database.engine)?;
    let (members, rows): (Vec<_>, Vec<_>) = members(world, pass, (current, &writer), names)
        .await?
        .into_iter()
        .unzip();
    is_current(pass, current, rows)?;
    let members = in_order(members, world.region());
    let mut observed = Observed {
        acting: world.region().clone(),
        killed,
        writer_region,
        epoch: current.epoch,
        proven_at: current.proven_at,
        unplanned: current.unplanned,
        writer: writer.instance.clone(),
        members,
        now: pass.now,
        storage_gib: storage_gib(&writer.shape),
        lag: None,
        outlook: None,
        left_out: pass.dry_run.then(left_out),
    };
    observed.lag = lag(world, pass, &observed).await;
    if pass.dry_run {
        observed.outlook = outlook(world.reach(), &observed, &writer.shape);
    }
    Ok(observed)
}

/// The plan's instance of a member Region.
fn instance_of(plan: &Plan, region: &Region) -> String {
    let member = plan.members().get(region);
    member
        .map(|member| member.identifier.clone())
        .unwrap_or_default()
}

/// All members but the writer, each with its Region's row.
async fn members(
    world: &(impl Ledger + Makes),
    pass: &Pass,
    (current, writer): (&Current, &Whole),
    names: &Names,
) -> Result<Vec<(SeenMember, (Region, PlanState))>, Error> {
    let others = pass.run.plan.members().keys();
    let others = others.filter(|region| **region != current.writer);
    let seen = others.map(async |region| {
        let row = match pass.rows.0.get(region) {
            Some(row) => row.clone(),
            None => world.row(region, pass.run.name()).await?,
        };
        let seen = member(world, pass, (region, &row), (current, writer), names).await?;
        Ok::<_, Error>((seen, (region.clone(), row)))
    });
    try_join_all(seen).await
}

/// The order in which they make room.
fn in_order(mut members: Vec<SeenMember>, here: &Region) -> Vec<SeenMember> {
    members.sort_by_key(|seen| {
        let follows = matches!(seen.place, Place::FollowsDeposed(_));
        (!follows, seen.region == *here)
    });
    members
}

/// Refuses where any member's row tells of a later change of writer. RDS does not tell the writer from one that was deposed: the rows
/// are all that does.
fn is_current(
    pass: &Pass,
    current: &Current,
    read: impl IntoIterator<Item = (Region, PlanState)>,
) -> Result<(), Error> {
    let mut rows = pass.rows.clone();
    rows.0.extend(read);
    let name = pass.run.name();
    if let Some(intent) = rows.intent() {
        return Err(Error::NotReady(format!(
            "a change of writer of plan {name} to {} is open (run {}), and until it is over nobody knows which instance is deposed; end it first",
            intent.to, intent.run_id
        )));
    }
    let later = rows.0.iter().find(|(_, row)| {
        let known = row.current.as_ref();
        known.is_some_and(|known| {
            let is_same = known.epoch == current.epoch && known.writer != current.writer;
            known.epoch > current.epoch || is_same
        })
    });
    match later {
        None => Ok(()),
        Some((region, row)) => Err(Error::UnexpectedTopology(format!(
            "the ledger of {region} knows another writer of plan {name}, of epoch {}, than the one of epoch {} in {} that this pass goes by",
            row.proven_epoch(),
            current.epoch,
            current.writer
        ))),
    }
}

fn storage_gib(shape: &Shape) -> Option<i32> {
    let alone = shape.instances.first()?.alone.as_ref()?;
    alone.storage_gib
}

async fn member(
    world: &(impl Ledger + Makes),
    pass: &Pass,
    (region, row): (&Region, &PlanState),
    (current, writer): (&Current, &Whole),
    names: &Names,
) -> Result<SeenMember, Error> {
    let (run, plan, epoch) = (&pass.run, pass.run.name(), current.epoch);
    let name = instance_of(&run.plan, region);
    let snapshot_name = final_snapshot(&name, epoch);
    let kept = async {
        let blueprint = world.blueprint(plan, region);
        let losses = world.losses(region, plan, &name);
        try_join3(blueprint, world.healthy(plan, region), losses).await
    };
    let (found, snapshot, (blueprint, healthy, losses)) = try_join3(
        world.whole(region, &name),
        world.snapshot(region, &snapshot_name),
        kept,
    )
    .await?;
    let fenced_at = row.fence_under(epoch);
    let stranger = found
        .as_ref()
        .and_then(|found| stranger(found, (blueprint.as_ref(), epoch), fenced_at));
    let (instance, shape) = found.map(|found| (found.instance, found.shape)).unzip();
    let unlisted = shape.as_ref().and_then(|live| {
        let of = (name.as_str(), live.resource_id.as_str(), region);
        unlisted(losses, of, &run.plan.loss_ledger, (epoch, fenced_at))
    });
    let blueprint = blueprint
        .filter(|kept| kept.tells_of(epoch, shape.as_ref(), healthy.as_ref()))
        .map(|mut kept| {
            renamed(&mut kept.shape, names);
            kept
        });
    let mut seen = SeenMember {
        place: place(&run.plan, instance.as_ref(), (&current.writer, writer)),
        region: region.clone(),
        name,
        instance,
        shape,
        fenced_at,
        stranger,
        unlisted,
        blueprint,
        healthy,
        unfit: Vec::new(),
        snapshot_name,
        snapshot,
    };
    seen.unfit = unfit(world, &seen, writer).await?;
    Ok(seen)
}

/// Why the fence of this Region is not this very instance's, where another one bore its name then: one that was made or promoted since
/// may take writes.
fn stranger(
    found: &Whole,
    (noted, epoch): (Option<&Blueprint>, Epoch),
    fenced_at: Option<Timestamp>,
) -> Option<String> {
    let own = &found.shape.resource_id;
    let noted = noted.filter(|noted| noted.epoch == epoch && noted.shape.resource_id != *own);
    if let Some(noted) = noted {
        let deposed = &noted.shape.resource_id;
        return Some(format!(
            "it is {own}, and the one that epoch {epoch} deposed is {deposed}"
        ));
    }
    let (created, fenced) = found.created_at.zip(fenced_at)?;
    (created > fenced).then(|| {
        format!("it was made at {created}, after the one of its name was fenced at {fenced}")
    })
}

/// Where a member stands beside the writer.
fn place(plan: &Plan, instance: Option<&Instance>, (region, writer): (&Region, &Whole)) -> Place {
    let Some(instance) = instance else {
        return Place::Free;
    };
    let Some(source) = &instance.source else {
        return Place::Alone;
    };
    if instance.follows(region, &writer.instance.identifier) {
        return Place::Follows;
    }
    let mut others = plan.members().iter();
    let deposed = others
        .find(|(other, member)| *other != region && instance.follows(other, &member.identifier));
    match deposed {
        Some((deposed, _)) => Place::FollowsDeposed(deposed.clone()),
        None => Place::FollowsStranger(source.clone()),
    }
}

/// The member with the parameter group that stands in for the one it had.
fn renamed(shape: &mut Shape, names: &Names) {
    for instance in &mut shape.instances {
        if let Some(group) = &mut instance.parameter_group {
            *group = names.group(group).to_owned();
        }
    }
}

/// Why a member could not be made again. Asked where it has to be.
async fn unfit(
    world: &impl Makes,
    member: &SeenMember,
    writer: &Whole,
) -> Result<Vec<String>, Error> {
    let Some(shape) = member.wanted().filter(|_| member.place != Place::Follows) else {
        return Ok(Vec::new());
    };
    let reach = world.reach();
    let mut unfit = reach.map_or_else(Vec::new, |reach| reach.outside(shape));
    unfit.extend(misencrypted(member, shape, &writer.shape));
    let Some(wanted) = writer.instance.family() else {
        return Ok(unfit);
    };
    let groups = shape.instances.iter();
    let groups = groups.filter_map(|instance| instance.parameter_group.as_ref());
    for group in groups.filter(|group| !is_default_group(group)) {
        let found = world.family(&member.region, group).await?;
        unfit.extend(misfit(&member.region, group, found.as_deref(), &wanted));
    }
    Ok(unfit)
}

/// What of the members of today, the writer among them, this function's role could not make again one day.
fn outlook(reach: Option<&Reach>, observed: &Observed, writer: &Shape) -> Option<String> {
    let followers = observed.members.iter().filter(|member| is_complete(member));
    let standing = followers.filter_map(|member| member.shape.as_ref());
    let all = standing.chain([writer]);
    let outside: Vec<_> = all
        .flat_map(|shape| reach.map_or_else(Vec::new, |reach| reach.outside(shape)))
        .collect();
    (!outside.is_empty()).then(|| outside.join(". "))
}

/// A replica is encrypted where its source is, by a key of its own Region.
fn misencrypted(member: &SeenMember, shape: &Shape, writer: &Shape) -> Option<String> {
    let (name, region) = (&member.name, &member.region);
    match (&writer.kms_key, &shape.kms_key) {
        (Some(_), None) => Some(format!(
            "the writer is encrypted and {name} in {region} was not; create it by hand as a replica, with a key of that Region"
        )),
        (None, Some(_)) => Some(format!(
            "the writer is not encrypted and {name} in {region} was; create it by hand as a replica"
        )),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

/// Why a replica cannot be made with a group; `None` where it can.
fn misfit(region: &Region, group: &str, found: Option<&str>, wanted: &str) -> Option<String> {
    match found {
        Some(family) if family == wanted => None,
        Some(family) => Some(format!(
            "parameter group {group} in {region} is for {family} and the writer is of {wanted}; create one for {wanted} and write \
             names.parameter_groups {{\"{group}\": \"<that one>\"}}"
        )),
        None => Some(format!(
            "parameter group {group} is gone from {region}; create it for {wanted}"
        )),
    }
}

/// Why complete members are not to be relied on yet. Asked only once every member follows.
async fn lag(world: &impl Functions, pass: &Pass, observed: &Observed) -> Option<String> {
    let is_done = |member: &SeenMember| {
        let whole = member.instance.as_ref().zip(member.shape.as_ref());
        let lacks = whole.map(|(instance, shape)| completion(observed, (member, instance, shape)));
        is_complete(member) && lacks == Some(Ok(None))
    };
    let here = &observed.acting;
    let own = observed.member(here)?;
    if !observed.members.iter().all(is_done) {
        return None;
    }
    let resource_id = own.shape.as_ref().map(|shape| shape.resource_id.as_str());
    rebuilding::lag(world, pass, here, resource_id).await
}

#[cfg(test)]
mod tests;
