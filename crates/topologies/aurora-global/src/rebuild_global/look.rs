//! What a pass of a rebuild sees.

use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};

use super::{
    NextGlobal, Observed, SeenMember,
    decide::is_protected,
    kept::left_out,
    led::led,
    unfit::{out_of_reach, unfit},
};
use crate::members::Members;
use failover::{
    Error,
    beat::Write,
    domain::{Region, seconds_between},
    ledger::Current,
    pass::Pass,
    plan::{Auth, Plan, ProbeLogin},
    ports::{Functions, Ledger, Parameters, Runtime},
    topology::{
        Cluster, GlobalCluster, Named, Shape, Snapshot,
        names::{Names, final_snapshot, unplanned_copy},
    },
};
use steps::loss_ledger::unlisted;

/// How many identifiers are tried for the next global cluster.
const CANDIDATES: u32 = 10;
/// How long before it is proven a promotion may have begun.
const BEFORE_PROOF: SignedDuration = SignedDuration::from_hours(1);
/// A rebuilt member that is further behind than this is no standby yet, in seconds.
const LAG_SECONDS_MAX: f64 = 10.0;

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

/// The plan's cluster of a member Region.
fn cluster_of(plan: &Plan, region: &Region) -> String {
    let member = plan.members().get(region);
    member
        .map(|member| member.cluster.clone())
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
    let of_this = |kept: &Snapshot| is_since(proven_at, kept) == Some(true);
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

/// Whether a snapshot was taken since the promotion began; `None` while RDS does not say when.
pub(super) fn is_since(proven_at: Timestamp, snapshot: &Snapshot) -> Option<bool> {
    let taken_at = snapshot.taken_at?;
    Some(taken_at >= proven_at - BEFORE_PROOF)
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

/// Finds what the next global cluster can be called. While the writer leads one, a dry run looks what would be refused one day.
async fn name_next(
    world: &impl Members,
    pass: &Pass,
    observed: &mut Observed,
) -> Result<(), Error> {
    if observed.leads.is_none() {
        observed.next_global = next_global(world, pass, observed).await?;
    } else if pass.dry_run {
        let next = next_global(world, pass, observed).await?;
        let mut refused: Vec<_> = next
            .denied(observed.wished_global.as_deref())
            .into_iter()
            .collect();
        if let Some(reach) = world.reach() {
            let (region, cluster) = (&observed.writer_region, &observed.writer.identifier);
            let writer = world.shape(region, cluster).await?;
            refused.extend(out_of_reach(reach, observed, writer.as_ref()));
        }
        observed.outlook = (!refused.is_empty()).then(|| refused.join(". "));
    }
    Ok(())
}

/// The identifier of the next global cluster: the one that was asked for, or the plan's with its number counted up. It is
/// free only when RDS in every member's Region answers that there is none.
async fn next_global(
    world: &impl Members,
    pass: &Pass,
    observed: &Observed,
) -> Result<NextGlobal, Error> {
    if let Some(wished) = &observed.wished_global {
        return wish(world, pass, observed, wished).await;
    }
    let first = pass.run.plan.topology.group();
    let numbered = first
        .rsplit_once('-')
        .and_then(|(stem, number)| Some((stem, number.parse::<u32>().ok()?)));
    let (stem, number) = numbered.unwrap_or((first, 1));
    for number in (number + 1)..=(number + CANDIDATES) {
        let candidate = format!("{stem}-{number}");
        match holder(world, pass, &candidate).await {
            Ok(None) => return Ok(NextGlobal::Free(candidate)),
            Ok(Some(_)) => {}
            Err(why) => return denied(candidate, why),
        }
    }
    Ok(NextGlobal::None)
}

/// An identifier that this function's role does not reach; any other error stays one.
fn denied(name: String, why: Error) -> Result<NextGlobal, Error> {
    if let Error::Denied(why) = why {
        return Ok(NextGlobal::Denied { name, why });
    }
    Err(why)
}

/// What becomes of the identifier that was asked for.
async fn wish(
    world: &impl Members,
    pass: &Pass,
    observed: &Observed,
    wished: &str,
) -> Result<NextGlobal, Error> {
    let name = wished.to_owned();
    let (region, found) = match holder(world, pass, wished).await {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(NextGlobal::Free(name)),
        Err(why) => return denied(name, why),
    };
    let is_past = |past: &GlobalCluster| Named::from(past).is(&Named::from(&found));
    if !observed.past.as_ref().is_some_and(is_past) {
        let why = "it is none that this rebuild deletes".into();
        return Ok(NextGlobal::Taken { name, region, why });
    }
    if is_protected(&found) {
        let why = "it has deletion protection; lift that".into();
        return Ok(NextGlobal::Taken { name, region, why });
    }
    Ok(NextGlobal::AfterPast(name))
}

/// Who bears an identifier, and the first Region that shows it. Every member's Region must answer.
async fn holder(
    world: &impl Members,
    pass: &Pass,
    identifier: &str,
) -> Result<Option<(Region, GlobalCluster)>, Error> {
    let regions = pass.run.plan.members().keys();
    let asked = regions.map(async |region| {
        let found = world.global_cluster(region, identifier).await?;
        Ok::<_, Error>(found.map(|found| (region.clone(), found)))
    });
    let answers = try_join_all(asked).await?;
    Ok(answers.into_iter().flatten().next())
}

/// Why complete members are not to be relied on yet: what this Region's probe reads is too old. Asked only once every member
/// is there, since it costs a fresh look.
async fn lag(world: &impl Functions, pass: &Pass, observed: &Observed) -> Option<String> {
    let global = observed.leads.as_ref()?;
    if !are_complete(&observed.members, global) || observed.acting == observed.writer_region {
        return None;
    }
    let seen = match world.ask_probe(pass.run.name(), pass.dry_run).await {
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
            "the probe in {} commits no beat on the writer: {}",
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
            "the member in {} cannot be read yet{}",
            observed.acting,
            sign_in(pass, observed)
        )),
    }
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

/// A rebuilt cluster has another resource id, and a policy that names the one before locks the probe out.
fn sign_in(pass: &Pass, observed: &Observed) -> String {
    let here = observed.members.iter();
    let here = here.filter(|member| member.region == observed.acting);
    let shape = here.filter_map(|member| member.cluster.as_ref()).next();
    shape
        .map(|shape| reach(&pass.run.plan.database.probe, shape))
        .unwrap_or_default()
}

fn reach(probe: &ProbeLogin, shape: &Shape) -> String {
    match probe.auth {
        Auth::Iam => format!(
            "; the probe signs in by IAM: rds-db:connect must reach dbuser:{}/{}, by a pattern best",
            shape.resource_id, probe.user
        ),
        Auth::Secret { .. } => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_that_signs_in_by_iam_is_told_the_resource_id_that_its_policy_must_reach() {
        let shape = Shape {
            resource_id: "cluster-NEW".into(),
            ..Shape::default()
        };
        let mut probe = failover::testing::run().plan.database.probe;
        assert_eq!(reach(&probe, &shape), "");
        probe.auth = Auth::Iam;
        let said = reach(&probe, &shape);
        assert!(said.contains("dbuser:cluster-NEW/failover_probe"), "{said}");
    }

    #[test]
    fn an_identifier_that_the_role_does_not_reach_is_told_from_a_region_that_is_silent() {
        let why = || "RDS DescribeGlobalClusters in us-west-2: AccessDenied".to_owned();
        let found = denied("gdb9".into(), Error::Denied(why())).unwrap();
        let name = "gdb9".into();
        assert_eq!(found, NextGlobal::Denied { name, why: why() });
        let silent = Error::Unavailable("us-west-2 is silent".into());
        assert_eq!(denied("gdb9".into(), silent.clone()), Err(silent));
    }
}
