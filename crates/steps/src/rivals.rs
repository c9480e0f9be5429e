//! Other plans over the same database: both would be watched, and each move of one would be an outage of the other.

use futures::future::{join_all, try_join_all};

use failover::{
    Error,
    domain::Region,
    ledger::{Current, KeptPlan},
    plan::{Member, Plan, parameters},
    ports::{Ledger, Parameters},
    topology::Named,
};

/// Refuses a plan beside another one that was adopted over its database, whichever of its member Regions knows that.
///
/// # Errors
/// `InvalidRequest` that names the other plan; `Unavailable` where a member Region does not tell.
pub(super) async fn none(
    world: &(impl Ledger + Parameters),
    plan: &Plan,
    ours: Option<&Current>,
) -> Result<(), Error> {
    for (region, found) in everywhere(world, plan, ours).await {
        let found = found.map_err(|why| why.reworded(unknown(&region, &why)))?;
        if let Some(why) = found.into_iter().next() {
            return Err(Error::InvalidRequest(why));
        }
    }
    Ok(())
}

/// A sentence for each other plan that was adopted over this one's database, and for each member Region that does not tell.
pub async fn reasons(
    world: &(impl Ledger + Parameters),
    plan: &Plan,
    ours: Option<&Current>,
) -> Vec<String> {
    let everywhere = everywhere(world, plan, ours).await.into_iter();
    let reasons = everywhere.flat_map(|(region, found)| match found {
        Ok(found) => found,
        Err(why) => vec![unknown(&region, &why)],
    });
    reasons.collect()
}

/// The plans whose parameter was taken away, and whose database this one protects now: from here on they count no more in any
/// member Region that takes that. A sentence for each that stays, and why. One with a member that this plan does not name stays too:
/// its fence is all that keeps that member shut.
pub(super) async fn end_predecessors(
    world: &(impl Ledger + Parameters),
    plan: &Plan,
    ours: &Current,
) -> Vec<String> {
    let each = plan.members().keys().map(async |region| {
        let stays = Box::pin(end_in(world, plan, ours, region)).await;
        stays.unwrap_or_else(|why| {
            vec![format!(
                "whether a plan before this one counts on in {region} is not known: {why}"
            )]
        })
    });
    join_all(each).await.concat()
}

async fn end_in(
    world: &(impl Ledger + Parameters),
    plan: &Plan,
    ours: &Current,
    region: &Region,
) -> Result<Vec<String>, Error> {
    let global = ours.global_cluster.as_ref();
    let mut stays = Vec::new();
    for known in world.all_known(region).await? {
        let name = &known.plan.plan;
        if *name == plan.plan || !is_gone(world.plan_in(region, name).await) {
            continue;
        }
        let shared = shared_with(world, plan, global, (region, &known)).await?;
        let why = match shared {
            None => None,
            Some(_) if covers(plan, &known.plan) => world.end_known(region, &known).await.err(),
            Some(_) => Some(Error::NotReady(format!(
                "it names a member that plan {} does not",
                plan.plan
            ))),
        };
        stays.extend(why.map(|why| format!("plan {name} counts on in {region}: {why}")));
    }
    Ok(stays)
}

/// Whether a plan's parameter was taken away.
fn is_gone(read: Result<String, Error>) -> bool {
    matches!(read, Err(Error::InvalidRequest(_)))
}

/// Whether a plan names every member of another one.
fn covers(plan: &Plan, other: &Plan) -> bool {
    let same = |region: &Region, theirs: &Member| {
        let ours = plan.members().get(region);
        ours.is_some_and(|ours| ours.identifier.eq_ignore_ascii_case(&theirs.identifier))
    };
    other
        .members()
        .iter()
        .all(|(region, theirs)| same(region, theirs))
}

fn unknown(region: &Region, why: &Error) -> String {
    format!(
        "nobody knows whether {region} has another plan over this database, every member Region has to answer: {why}"
    )
}

/// A sentence for each such plan that a member Region knows. The Region that another plan shares with this one need not be that
/// of the call.
async fn everywhere(
    world: &(impl Ledger + Parameters),
    plan: &Plan,
    ours: Option<&Current>,
) -> Vec<(Region, Result<Vec<String>, Error>)> {
    let ours = ours.and_then(|ours| ours.global_cluster.as_ref());
    let asked = plan.members().keys();
    let asked = asked.map(async |region| {
        let found = Box::pin(in_region(world, plan, ours, region)).await;
        (region.clone(), found)
    });
    join_all(asked).await
}

async fn in_region(
    world: &(impl Ledger + Parameters),
    plan: &Plan,
    ours: Option<&Named>,
    region: &Region,
) -> Result<Vec<String>, Error> {
    let known = world.all_known(region).await?;
    let others = known.iter().filter(|other| other.plan.plan != plan.plan);
    let judged = others.map(|other| judge(world, plan, ours, (region, other)));
    let judged = try_join_all(judged).await?;
    Ok(judged.into_iter().flatten().collect())
}

/// What stands against a plan beside another one that a Region knows. One that was not adopted acts on nothing, and one whose
/// parameter was taken away counts no more.
async fn judge(
    world: &(impl Ledger + Parameters),
    plan: &Plan,
    ours: Option<&Named>,
    (region, other): (&Region, &KeptPlan),
) -> Result<Option<String>, Error> {
    let name = &other.plan.plan;
    let Some(shared) = shared_with(world, plan, ours, (region, other)).await? else {
        return Ok(None);
    };
    match world.plan_in(region, name).await {
        Err(Error::InvalidRequest(_)) => Ok(None),
        Err(why) => Err(why),
        Ok(_) => Ok(Some(format!(
            "plan {own} names {shared}, which plan {name} protects already in {region}; remove one of the parameters {parameters}{own} and {parameters}{name} in every Region",
            own = plan.plan,
            parameters = parameters(),
        ))),
    }
}

/// What a plan shares with another one that was adopted.
async fn shared_with(
    world: &impl Ledger,
    plan: &Plan,
    ours: Option<&Named>,
    (region, other): (&Region, &KeptPlan),
) -> Result<Option<String>, Error> {
    let theirs = world.row(region, &other.plan.plan).await?.current;
    Ok(theirs.and_then(|theirs| shared(plan, ours, &other.plan, theirs.global_cluster.as_ref())))
}

/// What two plans both name: a member, or the global cluster.
fn shared(
    plan: &Plan,
    ours: Option<&Named>,
    other: &Plan,
    theirs: Option<&Named>,
) -> Option<String> {
    if plan.kind() != other.kind() {
        return None;
    }
    let mut members = plan.members().iter();
    let member = members.find(|(region, member)| {
        let same = |theirs: &Member| theirs.identifier.eq_ignore_ascii_case(&member.identifier);
        other.members().get(region).is_some_and(same)
    });
    if let Some((region, member)) = member {
        let what = plan.kind().member();
        return Some(format!("{what} {} in {region}", member.identifier));
    }
    let (_, first) = plan.topology.named_group()?;
    let (_, their_first) = other.topology.named_group()?;
    let named = |ledgers: Option<&Named>, first: &str| {
        let kept = ledgers.map(|named| named.name.clone());
        kept.unwrap_or_else(|| first.to_owned())
    };
    let (ours, theirs) = (named(ours, first), named(theirs, their_first));
    ours.eq_ignore_ascii_case(&theirs)
        .then(|| format!("global cluster {ours}"))
}

#[cfg(test)]
mod tests;
