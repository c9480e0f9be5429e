//! Making a deposed member's place free: it is remembered, kept by a snapshot, and renamed or deleted.

use super::{
    Action, Observed, Retire, SeenMember,
    led::refuse_the_writers,
    status::{AT_REST, stuck},
    waits::{waits, waits_for, waits_for_instances},
};
use failover::{
    Error,
    topology::{
        Blueprint, Call, GlobalCluster, Shape,
        names::{retired, with_suffix},
    },
};

/// The next step of making a deposed member's place free; `None` where it is free, or the member follows the writer.
pub(super) fn retirement(
    observed: &Observed,
    member: &SeenMember,
    retire: Retire,
) -> Result<Option<Action>, Error> {
    let Some(shape) = deposed(observed, member)? else {
        return Ok(None);
    };
    let past = past_of(observed, shape)?;
    if past.is_none()
        && let Some(action) = arriving(observed, member, shape)?
    {
        return Ok(Some(action));
    }
    // What will not heal can neither be fenced nor kept: it is said at once.
    if stuck(&shape.status).is_some() {
        return waits_for(shape, &member.region);
    }
    let follows_past = past
        .and_then(|past| past.member(&shape.arn))
        .is_some_and(|found| !found.is_writer);
    if let Some(action) = secure(observed, (member, shape), retire, follows_past)? {
        return Ok(Some(action));
    }
    match past {
        Some(past) => leave(past, member, shape),
        None => free(member, shape, retire),
    }
}

/// The member's cluster, where it is still to be retired.
fn deposed<'a>(observed: &Observed, member: &'a SeenMember) -> Result<Option<&'a Shape>, Error> {
    let Some(shape) = &member.cluster else {
        return Ok(None);
    };
    let global = observed.leads.as_ref();
    if global.is_some_and(|global| global.member(&shape.arn).is_some()) {
        return Ok(None);
    }
    let Some(rival) = rival(member, global, shape) else {
        return Ok(Some(shape));
    };
    Err(Error::UnexpectedTopology(format!(
        "{} has two candidates for the member: {} is in global cluster {}, and {} has the plan's name; keep one",
        member.region,
        rival,
        global.map_or("", |global| global.identifier.as_str()),
        shape.identifier
    )))
}

/// What comes before anything is taken away: the fence, the list of what only it has, what it is made of, a snapshot of it.
fn secure(
    observed: &Observed,
    (member, shape): (&SeenMember, &Shape),
    retire: Retire,
    follows_past: bool,
) -> Result<Option<Action>, Error> {
    // A follower of the deposed writer takes no writes until it leaves; then it is fenced like that one.
    if member.fenced_at.is_none() && !follows_past {
        return Ok(Some(Action::Fence(member.region.clone())));
    }
    let is_deleted = retire == Retire::Delete && !follows_past;
    refuse(is_deleted, member.unlisted.clone())?;
    if member.blueprint.is_none() {
        return Ok(Some(Action::Remember(member.region.clone())));
    }
    if !follows_past && let Some(action) = snapshot(observed, member, shape)? {
        return Ok(Some(action));
    }
    refuse(is_deleted, undeletable(member, shape))?;
    Ok(None)
}

/// It leaves the global cluster that it belonged to.
fn leave(
    past: &GlobalCluster,
    member: &SeenMember,
    shape: &Shape,
) -> Result<Option<Action>, Error> {
    if !shape.is_available() {
        return waits_for(shape, &member.region);
    }
    let leaves = Call::Remove {
        global_cluster: past.identifier.clone(),
        arn: shape.arn.clone(),
    };
    Ok(Some(Action::Call(member.region.clone(), leaves)))
}

/// It gives its names free, its endpoints' first.
fn free(member: &SeenMember, shape: &Shape, retire: Retire) -> Result<Option<Action>, Error> {
    if let Some(endpoint) = shape.endpoints.first() {
        // It takes a while to go.
        if !endpoint.is_there() {
            let (name, status) = (&endpoint.identifier, &endpoint.status);
            return waits("endpoint", name, status, &member.region).map(Some);
        }
        let endpoint = endpoint.identifier.clone();
        let gone = Call::DeleteEndpoint { endpoint };
        return Ok(Some(Action::Call(member.region.clone(), gone)));
    }
    match (retire, &member.blueprint) {
        (Retire::Rename, Some(known)) => rename(member, shape, known),
        (Retire::Rename, None) => Ok(Some(Action::Remember(member.region.clone()))),
        (Retire::Delete, _) => delete(member, shape),
    }
}

fn refuse(is_deleted: bool, why: Option<String>) -> Result<(), Error> {
    match why {
        Some(why) if is_deleted => Err(Error::NotReady(why)),
        _ => Ok(()),
    }
}

/// Why a member may not be deleted; `None` where whatever it has is listed, and is in its final snapshot.
pub(super) fn undeletable(member: &SeenMember, shape: &Shape) -> Option<String> {
    if member.unlisted.is_some() {
        return member.unlisted.clone();
    }
    let taken_at = member.snapshot.as_ref().and_then(|taken| taken.taken_at);
    let is_of_fenced = taken_at.zip(member.fenced_at);
    let is_of_fenced = is_of_fenced.is_some_and(|(taken, fenced)| taken >= fenced);
    (!is_of_fenced).then(|| {
        format!(
            "snapshot {} in {} was not taken after {} was fenced, and may lack rows; delete that snapshot, and the next pass takes another, or retire it by rename",
            member.snapshot_name, member.region, shape.identifier
        )
    })
}

/// Waits for what is on its way into the writer's global cluster, which does not list it yet: neither a member that this
/// rebuild has made nor one that RDS brings back is taken for the deposed one.
fn arriving(
    observed: &Observed,
    member: &SeenMember,
    shape: &Shape,
) -> Result<Option<Action>, Error> {
    if let (Some(global), Some(own)) = (&observed.leads, &shape.global_cluster)
        && own.eq_ignore_ascii_case(&global.identifier)
    {
        return Ok(Some(Action::Wait(format!(
            "{} says that it belongs to {own}, which does not list it yet",
            shape.identifier
        ))));
    }
    let known = member.blueprint.as_ref().map(|known| &known.shape);
    let Some(other) = known.filter(|known| known.resource_id != shape.resource_id) else {
        return Ok(None);
    };
    if !shape.is_available() {
        return waits_for(shape, &member.region);
    }
    Err(Error::UnexpectedTopology(format!(
        "{} in {} is {}, not {}, which epoch {} deposed, and it follows nobody; rename it, and start again",
        shape.identifier, member.region, shape.resource_id, other.resource_id, observed.epoch
    )))
}

/// The cluster of another name that is the writer's member in this Region.
fn rival(member: &SeenMember, global: Option<&GlobalCluster>, shape: &Shape) -> Option<String> {
    let in_region = |arn: &str| arn.split(':').nth(3) == Some(member.region.as_str());
    let mut members = global?.members.iter();
    members
        .find(|found| in_region(&found.arn) && found.arn != shape.arn)
        .map(|found| found.arn.clone())
}

/// The deposed global cluster that the cluster still belongs to. Its primary leaves last.
fn past_of<'a>(observed: &'a Observed, shape: &Shape) -> Result<Option<&'a GlobalCluster>, Error> {
    let Some(past) = observed
        .past
        .as_ref()
        .filter(|past| past.member(&shape.arn).is_some())
    else {
        return Ok(None);
    };
    // Its own description may lag behind: what follows the writer is not detached.
    refuse_the_writers(observed)?;
    let leads = past
        .member(&shape.arn)
        .is_some_and(|member| member.is_writer);
    let known = |arn: &str| {
        let mut clusters = observed
            .members
            .iter()
            .filter_map(|seen| seen.cluster.as_ref());
        clusters.any(|cluster| cluster.arn == arn)
    };
    let mut strangers = past.members.iter().filter(|member| !known(&member.arn));
    if let Some(stranger) = strangers.next().filter(|_| leads) {
        return Err(Error::UnexpectedTopology(format!(
            "global cluster {} has a member that the plan does not name: {}; remove it first",
            past.identifier, stranger.arn
        )));
    }
    Ok(Some(past))
}

/// The final snapshot, before anything is taken from the cluster. One of an earlier incident is not taken for it.
fn snapshot(
    observed: &Observed,
    member: &SeenMember,
    shape: &Shape,
) -> Result<Option<Action>, Error> {
    match &member.snapshot {
        Some(taken) => {
            let of = ("cluster", shape.resource_id.as_str());
            if taken.keeps(of, observed.proven_at, &member.region)? {
                return Ok(None);
            }
            waits("snapshot", &taken.identifier, &taken.status, &member.region).map(Some)
        }
        None if !shape.is_available() => waits_for(shape, &member.region),
        None => Ok(Some(Action::Call(
            member.region.clone(),
            Call::CreateSnapshot {
                cluster: shape.identifier.clone(),
                snapshot: member.snapshot_name.clone(),
            },
        ))),
    }
}

/// Instances first: the rebuilt cluster takes their names too. Both parts of the names are the record's, so that a run under a
/// later epoch goes on with those that the one before gave.
fn rename(member: &SeenMember, shape: &Shape, known: &Blueprint) -> Result<Option<Action>, Error> {
    let suffix = retired(known.seen_at, known.epoch);
    let call = |call| Ok(Some(Action::Call(member.region.clone(), call)));
    for instance in &shape.instances {
        if instance.status == AT_REST && !instance.identifier.ends_with(&suffix) {
            return call(Call::RenameInstance {
                instance: instance.identifier.clone(),
                to: with_suffix(&instance.identifier, &suffix),
            });
        }
    }
    if let Some(action) = waits_for_instances(shape, &member.region)? {
        return Ok(Some(action));
    }
    if !shape.is_available() {
        return waits_for(shape, &member.region);
    }
    call(Call::RenameCluster {
        cluster: shape.identifier.clone(),
        to: with_suffix(&shape.identifier, &suffix),
    })
}

fn delete(member: &SeenMember, shape: &Shape) -> Result<Option<Action>, Error> {
    let call = |call| Ok(Some(Action::Call(member.region.clone(), call)));
    if shape.status == "deleting" {
        return waits_for(shape, &member.region);
    }
    if shape.deletion_protection {
        let cluster = shape.identifier.clone();
        return call(Call::LiftProtection { cluster });
    }
    let mut instances = shape.instances.iter();
    let can_go =
        |status: &str| status == AT_REST || (status != "deleting" && stuck(status).is_some());
    if let Some(instance) = instances.find(|instance| can_go(&instance.status)) {
        let instance = instance.identifier.clone();
        return call(Call::DeleteInstance { instance });
    }
    if let Some(busy) = shape.instances.first() {
        let (name, status) = (&busy.identifier, &busy.status);
        return waits("instance", name, status, &member.region).map(Some);
    }
    if !shape.is_available() {
        return waits_for(shape, &member.region);
    }
    let cluster = shape.identifier.clone();
    call(Call::DeleteCluster { cluster })
}
