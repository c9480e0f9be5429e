//! What one pass does, from nothing but what it sees.

use failover::{
    Error,
    topology::{
        Shape,
        names::{Retire, retired, with_suffix},
        status::stays,
    },
};
use steps::rebuilding;

use super::{
    Action, Observed, Place, SeenMember,
    complete::{completion, is_complete},
    waits::{is_busy, takes_calls},
};
use crate::members::{Instance, makes::Call};

/// What RDS calls an instance that is being made.
const CREATING: &str = "creating";
/// Decides what one pass does: what can be done about a member, before what is waited for of another one.
///
/// # Errors
/// `NotReady` for what a human has to put right first, `UnexpectedTopology` where RDS contradicts the ledgers.
pub fn next_action(observed: &Observed, retire: Retire) -> Result<Action, Error> {
    let action = wanted(observed, retire)?;
    if let (Action::Call(_, call), Some(value)) = (&action, &observed.killed)
        && call.takes_away()
    {
        return Ok(Action::Wait(rebuilding::killed(value, &observed.acting)));
    }
    Ok(action)
}

/// What it would do were nothing stopped.
fn wanted(observed: &Observed, retire: Retire) -> Result<Action, Error> {
    if let Some(why) = unready(observed)? {
        return Ok(Action::Wait(why));
    }
    let mut refused = None;
    let mut waits = None;
    for member in &observed.members {
        match of_member(observed, member, retire) {
            Ok(None) => {}
            Ok(Some(Action::Wait(why))) => waits = waits.or(Some(Action::Wait(why))),
            // Its own Region does that, and the other members need not wait.
            Ok(Some(Action::Fence(region))) => waits = waits.or(Some(Action::Fence(region))),
            Ok(Some(action)) => return Ok(action),
            Err(why) => refused = refused.or(Some(why)),
        }
    }
    match (refused, waits) {
        // What is under way about another member is waited for before the run ends.
        (_, Some(waits)) => Ok(waits),
        (Some(why), None) => Err(why),
        (None, None) => Ok(observed.lag.clone().map_or(Action::Done, Action::Wait)),
    }
}

/// Why nothing can follow the writer yet; `None` where a replica of it can be made.
fn unready(observed: &Observed) -> Result<Option<String>, Error> {
    let writer = &observed.writer;
    let (name, region) = (&writer.identifier, &observed.writer_region);
    if let Some(source) = &writer.source {
        return Ok(Some(format!(
            "RDS in {region} shows that {name}, which the ledgers name as the writer, follows {source}"
        )));
    }
    if let Some(why) = stays("the writer", name, &writer.status, region) {
        return Err(Error::NotReady(why));
    }
    if writer.backup_days == Some(0) {
        return Err(Error::NotReady(format!(
            "{name} in {region} keeps no backups, and RDS makes no replica of such an instance; turn them on, which takes it away for a \
             moment, and start again"
        )));
    }
    Ok((!writer.serves()).then(|| format!("the writer {name} is {}", writer.status)))
}

/// The next step about one member; `None` where it follows the writer and lacks nothing.
fn of_member(
    observed: &Observed,
    member: &SeenMember,
    retire: Retire,
) -> Result<Option<Action>, Error> {
    let (name, region) = (&member.name, &member.region);
    match (&member.place, &member.instance, &member.shape) {
        (Place::Follows, Some(instance), Some(shape)) => {
            completion(observed, (member, instance, shape))
        }
        (Place::FollowsStranger(source), ..) => Err(Error::UnexpectedTopology(format!(
            "{name} in {region} follows {source}, which the plan does not name; delete or rename it, and start again"
        ))),
        (Place::Alone, Some(instance), Some(shape)) => {
            deposed(observed, (member, instance, shape), retire)
        }
        (Place::FollowsDeposed(_), Some(instance), Some(shape)) => {
            follower(observed, (member, instance, shape))
        }
        _ => made_again(observed, member).map(Some),
    }
}

/// A replica of a deposed member: it has nothing of its own, and can follow nobody else. It is renamed whatever becomes of the deposed
/// one: it may be the only other copy of what that one had.
fn follower(
    observed: &Observed,
    (member, instance, shape): (&SeenMember, &Instance, &Shape),
) -> Result<Option<Action>, Error> {
    if let Some(waits) = settles(member, instance)? {
        return Ok(Some(waits));
    }
    if member.blueprint.is_none() {
        return Ok(Some(Action::Remember(member.region.clone())));
    }
    fits(observed)?;
    Ok(rename(member, shape))
}

/// A deposed member: it is fenced, remembered, kept by a snapshot, and makes room.
fn deposed(
    observed: &Observed,
    (member, instance, shape): (&SeenMember, &Instance, &Shape),
    retire: Retire,
) -> Result<Option<Action>, Error> {
    let region = &member.region;
    // What is being made may not be shown with its source yet.
    if instance.status == CREATING {
        return Ok(Some(is_busy(instance)));
    }
    if let Some(why) = &member.stranger {
        return Err(Error::UnexpectedTopology(format!(
            "{} in {region} follows nobody, and {why}; decide which instance is the writer, rename that one, and start again",
            member.name
        )));
    }
    // What will not heal can neither be fenced nor kept: it is said at once.
    if let Some(why) = stays("instance", &instance.identifier, &instance.status, region) {
        return Err(Error::NotReady(why));
    }
    if member.fenced_at.is_none() {
        return Ok(Some(Action::Fence(region.clone())));
    }
    let is_deleted = retire == Retire::Delete;
    if let Some(why) = member.unlisted.clone().filter(|_| is_deleted) {
        return Err(Error::NotReady(why));
    }
    if member.blueprint.is_none() {
        return Ok(Some(Action::Remember(region.clone())));
    }
    fits(observed)?;
    if let Some(action) = snapshot(observed, (member, instance, shape))? {
        return Ok(Some(action));
    }
    // Whoever follows it is retired first, so that nobody follows a name that the plan does not know.
    let mut others = observed.members.iter();
    let follower = others.find(|other| other.place == Place::FollowsDeposed(region.clone()));
    if let Some(follower) = follower {
        return Ok(Some(Action::Wait(format!(
            "{} in {} still follows {}",
            follower.name, follower.region, member.name
        ))));
    }
    if let Some(waits) = settles(member, instance)? {
        return Ok(Some(waits));
    }
    if is_deleted {
        return delete(member, shape).map(Some);
    }
    Ok(rename(member, shape))
}

/// The final snapshot, before anything is taken from the instance. One of an earlier incident is not taken for it.
fn snapshot(
    observed: &Observed,
    (member, instance, shape): (&SeenMember, &Instance, &Shape),
) -> Result<Option<Action>, Error> {
    let region = &member.region;
    match &member.snapshot {
        Some(taken) => {
            let of = ("instance", shape.resource_id.as_str());
            if taken.keeps(of, observed.proven_at, region)? {
                return Ok(None);
            }
            Ok(Some(Action::Wait(format!(
                "snapshot {} is {}",
                taken.identifier, taken.status
            ))))
        }
        None if !takes_calls(instance) => Ok(Some(is_busy(instance))),
        None => Ok(Some(Action::Call(
            region.clone(),
            Call::CreateSnapshot {
                instance: instance.identifier.clone(),
                snapshot: member.snapshot_name.clone(),
            },
        ))),
    }
}

/// Both parts of the name are the record's, so that a run under a later epoch goes on with that which the one before gave.
fn rename(member: &SeenMember, shape: &Shape) -> Option<Action> {
    let known = member.blueprint.as_ref()?;
    let suffix = retired(known.seen_at, known.epoch);
    let to = with_suffix(&shape.identifier, &suffix);
    let instance = shape.identifier.clone();
    Some(Action::Call(
        member.region.clone(),
        Call::Rename { instance, to },
    ))
}

fn delete(member: &SeenMember, shape: &Shape) -> Result<Action, Error> {
    if let Some(why) = undeletable(member, shape) {
        return Err(Error::NotReady(why));
    }
    let instance = shape.identifier.clone();
    let call = if shape.deletion_protection {
        Call::LiftProtection { instance }
    } else {
        Call::Delete { instance }
    };
    Ok(Action::Call(member.region.clone(), call))
}

/// Why a member may not be deleted; `None` where whatever it has is listed, and is in its final snapshot.
pub(super) fn undeletable(member: &SeenMember, shape: &Shape) -> Option<String> {
    if member.unlisted.is_some() {
        return member.unlisted.clone();
    }
    let snapshot = member.snapshot.as_ref();
    let is_kept =
        snapshot.is_some_and(|taken| taken.is_final(&shape.resource_id, member.fenced_at));
    (!is_kept).then(|| {
        format!(
            "snapshot {} in {} was not taken after {} was fenced, and may lack rows; delete that snapshot, and the next pass takes another, \
             or retire it by rename",
            member.snapshot_name, member.region, shape.identifier
        )
    })
}

/// A member that is not there is made as it was.
fn made_again(observed: &Observed, member: &SeenMember) -> Result<Action, Error> {
    if member.blueprint.is_none() && member.healthy.is_some() {
        return Ok(Action::Remember(member.region.clone()));
    }
    let Some(like) = member.wanted() else {
        return Err(Error::NotReady(format!(
            "there is no instance {} in {}, and nothing tells what it was made of; create it by hand as a read replica of {}, and start again",
            member.name, member.region, observed.writer.arn
        )));
    };
    fits(observed)?;
    // One writer is the source of one new replica at a time.
    if !takes_calls(&observed.writer) {
        return Ok(Action::Wait(format!(
            "the writer {} is {}",
            observed.writer.identifier, observed.writer.status
        )));
    }
    let like = Box::new(of_writers_size(observed, member, like.clone()));
    let source_arn = observed.writer.arn.clone();
    Ok(Action::Call(
        member.region.clone(),
        Call::CreateReplica { source_arn, like },
    ))
}

/// A replica has the storage of its source, and RDS refuses what does not go with that. What is left out is told at the end.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html>.
fn of_writers_size(observed: &Observed, member: &SeenMember, mut like: Shape) -> Shape {
    like.identifier = member.name.clone();
    for alone in like
        .instances
        .iter_mut()
        .filter_map(|one| one.alone.as_mut())
    {
        alone.storage_gib = observed.storage_gib.or(alone.storage_gib);
        // A limit has to leave room for a tenth more.
        let least = alone
            .storage_gib
            .map(|gib| gib.saturating_add(gib / 10 + 1));
        alone.storage_gib_max = alone.storage_gib_max.filter(|most| Some(*most) >= least);
    }
    like
}

/// What would be refused once a member is retired is refused before.
fn fits(observed: &Observed) -> Result<(), Error> {
    let unfit = observed
        .members
        .iter()
        .filter(|member| !is_complete(member));
    let found: Vec<_> = unfit.flat_map(|member| member.unfit.clone()).collect();
    if found.is_empty() {
        return Ok(());
    }
    Err(Error::NotReady(format!(
        "a replica would be refused, and nothing more is taken away: {}",
        found.join(". ")
    )))
}

/// Waits for what is being done to an instance, and says at once what does not pass.
fn settles(member: &SeenMember, instance: &Instance) -> Result<Option<Action>, Error> {
    if let Some(why) = stays(
        "instance",
        &instance.identifier,
        &instance.status,
        &member.region,
    ) {
        return Err(Error::NotReady(why));
    }
    Ok((!takes_calls(instance)).then(|| is_busy(instance)))
}
