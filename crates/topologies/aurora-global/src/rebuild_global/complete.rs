//! Making a member whole: the cluster, its roles, its instances and its endpoints, each there before the next.

use super::{
    Action, Observed, SeenMember,
    status::AT_REST,
    waits::{waits, waits_for, waits_for_instances},
};
use failover::{
    Error,
    topology::{Blueprint, Call, GlobalCluster, Shape},
};

/// The next step of making a member whole; `None` when it is.
pub(super) fn completion(
    observed: &Observed,
    member: &SeenMember,
    global: &GlobalCluster,
) -> Result<Option<Action>, Error> {
    let wanted = member
        .blueprint
        .as_ref()
        .map(|Blueprint { shape, .. }| shape);
    let Some(shape) = &member.cluster else {
        return create(observed, member, wanted, global).map(Some);
    };
    if let Some(action) = kept_by_rds(observed, member)? {
        return Ok(Some(action));
    }
    if !shape.is_available() {
        return waits_for(shape, &member.region);
    }
    if let Some(wanted) = wanted
        && let Some(missing) = missing(shape, wanted)
    {
        return Ok(Some(Action::Call(member.region.clone(), missing)));
    }
    if let Some(action) = arriving(member, shape)? {
        return Ok(Some(action));
    }
    // It may have been continued where nothing tells what it was made of: without an instance it can never take over.
    if shape.instances.is_empty() && wanted.is_none_or(|wanted| !wanted.instances.is_empty()) {
        return Err(Error::NotReady(format!(
            "{} in {} follows and has no instance, and nothing tells what it had; create one, and start again",
            shape.identifier, member.region
        )));
    }
    Ok(disconnected(shape, global).map(Action::Wait))
}

/// The member's cluster, made like the one that was there.
fn create(
    observed: &Observed,
    member: &SeenMember,
    wanted: Option<&Shape>,
    global: &GlobalCluster,
) -> Result<Action, Error> {
    match wanted {
        Some(like) if !member.unfit.is_empty() => Err(Error::NotReady(format!(
            "{} would be refused: {}",
            like.identifier,
            member.unfit.join(". ")
        ))),
        Some(like) => {
            let call = Call::CreateMember {
                global_cluster: global.identifier.clone(),
                engine_version: observed.writer.engine_version.clone(),
                like: Box::new(like.clone()),
            };
            Ok(Action::Call(member.region.clone(), call))
        }
        None if member.healthy.is_some() => Ok(Action::Remember(member.region.clone())),
        None => Err(Error::NotReady(format!(
            "{} is gone from {} and nothing tells what it was made of; create it by hand as a member of {}, and start again",
            member.name, member.region, global.identifier
        ))),
    }
}

/// Why the member does not count as connected yet; `None` where RDS says that it is.
fn disconnected(shape: &Shape, global: &GlobalCluster) -> Option<String> {
    let name = &shape.identifier;
    let found = global.member(&shape.arn);
    match found.map(|found| found.synchronization.as_deref()) {
        Some(Some("connected")) => None,
        Some(Some(other)) => Some(format!("{name} is {other}")),
        Some(None) => Some(format!("RDS does not say yet that {name} is connected")),
        None => Some(format!(
            "global cluster {} does not list {name} yet",
            global.identifier
        )),
    }
}

/// What is made next of what the member lacks. A role comes before the instances that may need it.
fn missing(shape: &Shape, wanted: &Shape) -> Option<Call> {
    let cluster = || shape.identifier.clone();
    if let Some(role) = shape.missing_role(wanted) {
        let role = role.clone();
        return Some(Call::AddRole {
            cluster: cluster(),
            role,
        });
    }
    if let Some(instance) = shape.missing_instance(wanted) {
        let like = Box::new(instance.clone());
        return Some(Call::CreateInstance {
            cluster: cluster(),
            like,
        });
    }
    // An endpoint names instances: they must be there.
    if shape.busy_instance().is_some() {
        return None;
    }
    let like = shape.missing_endpoint(wanted)?.clone();
    Some(Call::CreateEndpoint {
        cluster: cluster(),
        like,
    })
}

/// Waits for what is being made of the member.
fn arriving(member: &SeenMember, shape: &Shape) -> Result<Option<Action>, Error> {
    if let Some(action) = waits_for_instances(shape, &member.region)? {
        return Ok(Some(action));
    }
    let mut endpoints = shape.endpoints.iter();
    if let Some(busy) = endpoints.find(|endpoint| !endpoint.is_there()) {
        let (name, status) = (&busy.identifier, &busy.status);
        return waits("endpoint", name, status, &member.region).map(Some);
    }
    let mut roles = shape.roles.iter();
    let pending = roles.find(|role| role.status == "PENDING");
    Ok(pending.map(|role| Action::Wait(format!("role {} is being associated", role.arn))))
}

/// The snapshot that a managed failover kept is copied, since RDS lets it lapse. What is still being taken is waited for.
fn kept_by_rds(observed: &Observed, member: &SeenMember) -> Result<Option<Action>, Error> {
    let Some(kept) = &member.unplanned else {
        return Ok(None);
    };
    let region = &member.region;
    match &member.copy {
        Some(copy) if !observed.is_of_this_incident(copy) => Err(Error::NotReady(format!(
            "the name {} is taken by another snapshot in {region}; rename or delete that one",
            copy.identifier
        ))),
        Some(copy) if copy.status == AT_REST => Ok(None),
        Some(copy) if copy.status == "failed" => Err(Error::NotReady(format!(
            "snapshot {} in {region} has failed; delete it, and the next pass copies {} again",
            copy.identifier, kept.identifier
        ))),
        Some(copy) => waits("snapshot", &copy.identifier, &copy.status, region).map(Some),
        // RDS only attempts to keep it.
        None if kept.status == "failed" => Ok(None),
        None if kept.status != AT_REST => {
            waits("snapshot", &kept.identifier, &kept.status, region).map(Some)
        }
        None => Ok(Some(Action::Call(
            region.clone(),
            Call::CopySnapshot {
                source: kept.identifier.clone(),
                snapshot: member.copy_name.clone(),
            },
        ))),
    }
}
