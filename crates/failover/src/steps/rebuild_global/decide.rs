//! What one pass of a rebuild does, from nothing but what it sees.

use super::{
    Action, Observed, Retire, SeenMember,
    call::Call,
    shape::{Blueprint, Shape},
};
use crate::{
    Error,
    topology::{GlobalCluster, GlobalMember, Named},
};

/// The longest identifier that RDS takes.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html>.
const IDENTIFIER_MAX: usize = 63;

/// Decides what one pass does.
///
/// # Errors
/// `NotReady` for what a human has to put right first, `UnexpectedTopology` where RDS contradicts the ledgers.
pub fn next_action(observed: &Observed, retire: Retire) -> Result<Action, Error> {
    if !observed.writer.is_ready() {
        return Ok(Action::Wait(format!(
            "the writer {} is {}",
            observed.writer.identifier, observed.writer.status
        )));
    }
    if let Some(global) = &observed.leads {
        leads(observed, global)?;
    }
    for member in &observed.members {
        if let Some(action) = retirement(observed, member, retire)? {
            return Ok(action);
        }
    }
    if let Some(past) = observed
        .past
        .as_ref()
        .filter(|past| past.members.is_empty())
    {
        let region = observed.past_region.clone();
        let global_cluster = past.identifier.clone();
        return Ok(Action::Call(region, Call::DeleteGlobal { global_cluster }));
    }
    let Some(global) = &observed.leads else {
        let free = observed.free_global.clone().ok_or_else(|| {
            Error::NotReady("no identifier for the next global cluster is free; delete one".into())
        })?;
        let call = Call::CreateGlobal {
            global_cluster: free,
            source_arn: observed.writer.arn.clone(),
        };
        return Ok(Action::Call(observed.writer_region.clone(), call));
    };
    let shown = Named::from(global);
    if observed.recorded_global.as_ref() != Some(&shown) {
        return Ok(Action::Record(shown));
    }
    if global.status != "available" {
        return Ok(Action::Wait(format!(
            "global cluster {} is {}",
            global.identifier, global.status
        )));
    }
    for member in &observed.members {
        if let Some(action) = completion(observed, member, global)? {
            return Ok(action);
        }
    }
    Ok(observed.lag.clone().map_or(Action::Done, Action::Wait))
}

/// The writer must be the primary of its global cluster, and nothing else may be done to that.
fn leads(observed: &Observed, global: &GlobalCluster) -> Result<(), Error> {
    let is_primary = |member: &GlobalMember| member.is_writer && member.arn == observed.writer.arn;
    if !global.members.iter().any(is_primary) {
        return Err(Error::UnexpectedTopology(format!(
            "{} is not the primary of global cluster {}; adopt it first",
            observed.writer.identifier, global.identifier
        )));
    }
    if let Some(operation) = &global.failover {
        return Err(Error::UnexpectedTopology(format!(
            "global cluster {} is {} to {}; wait until that has ended",
            global.identifier, operation.status, operation.to
        )));
    }
    Ok(())
}

/// The next step of making a deposed member's place free; `None` where it is free, or the member follows the writer.
fn retirement(
    observed: &Observed,
    member: &SeenMember,
    retire: Retire,
) -> Result<Option<Action>, Error> {
    let Some(shape) = &member.cluster else {
        return Ok(None);
    };
    let global = observed.leads.as_ref();
    if global.is_some_and(|global| global.member(&shape.arn).is_some()) {
        return Ok(None);
    }
    if let Some(rival) = rival(member, global, shape) {
        return Err(Error::UnexpectedTopology(format!(
            "{} has two candidates for the member: {} is in global cluster {}, and {} has the plan's name; keep one",
            member.region,
            rival,
            global.map_or("", |global| global.identifier.as_str()),
            shape.identifier
        )));
    }
    let past = past_of(observed, shape)?;
    let follows_past = past
        .and_then(|past| past.member(&shape.arn))
        .is_some_and(|found| !found.is_writer);
    // A follower of the deposed writer takes no writes until it leaves; then it is fenced like that one.
    if !member.is_fenced && !follows_past {
        return Ok(Some(Action::Fence(member.region.clone())));
    }
    let known = member.blueprint.as_ref().map(|blueprint| &blueprint.shape);
    let is_kept = known.is_some_and(|known| known.resource_id == shape.resource_id);
    if !is_kept {
        return Ok(Some(Action::Remember(member.region.clone())));
    }
    let call = |call| Ok(Some(Action::Call(member.region.clone(), call)));
    if !follows_past && let Some(action) = snapshot(member, shape)? {
        return Ok(Some(action));
    }
    if let Some(past) = past {
        if !shape.is_available() {
            return Ok(Some(waits(shape)));
        }
        let leaves = Call::Remove {
            global_cluster: past.identifier.clone(),
            arn: shape.arn.clone(),
        };
        return call(leaves);
    }
    if let Some(endpoint) = shape.endpoints.first() {
        let endpoint = endpoint.identifier.clone();
        return call(Call::DeleteEndpoint { endpoint });
    }
    match retire {
        Retire::Rename => rename(observed, member, shape),
        Retire::Delete if !observed.is_loss_listed => Err(Error::NotReady(format!(
            "nothing lists yet what only {} has; invoke loss-ledger in {} first, or retire it by rename",
            shape.identifier, observed.acting
        ))),
        Retire::Delete => delete(member, shape),
    }
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

/// The final snapshot, before anything is taken from the cluster.
fn snapshot(member: &SeenMember, shape: &Shape) -> Result<Option<Action>, Error> {
    match &member.snapshot {
        Some(taken) if taken.resource_id != shape.resource_id => Err(Error::NotReady(format!(
            "the name {} is taken by a snapshot of another cluster in {}; rename or delete that one",
            taken.identifier, member.region
        ))),
        Some(taken) if taken.status == "available" => Ok(None),
        Some(taken) if taken.status == "failed" => Err(Error::NotReady(format!(
            "snapshot {} in {} has failed; delete it, and the next pass takes another",
            taken.identifier, member.region
        ))),
        Some(taken) => Ok(Some(Action::Wait(format!(
            "snapshot {} is {}",
            taken.identifier, taken.status
        )))),
        None if !shape.is_available() => Ok(Some(waits(shape))),
        None => Ok(Some(Action::Call(
            member.region.clone(),
            Call::CreateSnapshot {
                cluster: shape.identifier.clone(),
                snapshot: member.snapshot_name.clone(),
            },
        ))),
    }
}

fn waits(shape: &Shape) -> Action {
    Action::Wait(format!("{} is {}", shape.identifier, shape.status))
}

/// Instances first: the rebuilt cluster takes their names too.
fn rename(
    observed: &Observed,
    member: &SeenMember,
    shape: &Shape,
) -> Result<Option<Action>, Error> {
    // The epoch tells two of one day apart.
    let suffix = format!("-retired-{}-{}", observed.date, observed.epoch);
    let call = |call| Ok(Some(Action::Call(member.region.clone(), call)));
    for instance in &shape.instances {
        if instance.status == "available" && !instance.identifier.ends_with(&suffix) {
            return call(Call::RenameInstance {
                instance: instance.identifier.clone(),
                to: retired(&instance.identifier, &suffix),
            });
        }
    }
    if let Some(busy) = shape.busy_instance() {
        return Ok(Some(Action::Wait(format!(
            "instance {} is {}",
            busy.identifier, busy.status
        ))));
    }
    if !shape.is_available() {
        return Ok(Some(waits(shape)));
    }
    call(Call::RenameCluster {
        cluster: shape.identifier.clone(),
        to: retired(&shape.identifier, &suffix),
    })
}

fn retired(identifier: &str, suffix: &str) -> String {
    let kept = IDENTIFIER_MAX.saturating_sub(suffix.len());
    let kept: String = identifier.chars().take(kept).collect();
    format!("{}{suffix}", kept.trim_end_matches('-'))
}

fn delete(member: &SeenMember, shape: &Shape) -> Result<Option<Action>, Error> {
    let call = |call| Ok(Some(Action::Call(member.region.clone(), call)));
    if shape.status == "deleting" {
        return Ok(Some(waits(shape)));
    }
    if shape.deletion_protection {
        let cluster = shape.identifier.clone();
        return call(Call::LiftProtection { cluster });
    }
    let mut instances = shape.instances.iter();
    if let Some(instance) = instances.find(|instance| instance.status == "available") {
        let instance = instance.identifier.clone();
        return call(Call::DeleteInstance { instance });
    }
    if let Some(busy) = shape.instances.first() {
        return Ok(Some(Action::Wait(format!(
            "instance {} is {}",
            busy.identifier, busy.status
        ))));
    }
    if !shape.is_available() {
        return Ok(Some(waits(shape)));
    }
    let cluster = shape.identifier.clone();
    call(Call::DeleteCluster { cluster })
}

/// The next step of making a member whole; `None` when it is.
fn completion(
    observed: &Observed,
    member: &SeenMember,
    global: &GlobalCluster,
) -> Result<Option<Action>, Error> {
    let call = |call| Ok(Some(Action::Call(member.region.clone(), call)));
    let wanted = member
        .blueprint
        .as_ref()
        .map(|Blueprint { shape, .. }| shape);
    let Some(shape) = &member.cluster else {
        let like = wanted.ok_or_else(|| {
            Error::NotReady(format!(
                "{} is gone from {} and nothing tells what it was made of; create it by hand as a member of {}, and start again",
                member.name, member.region, global.identifier
            ))
        })?;
        return call(Call::CreateMember {
            global_cluster: global.identifier.clone(),
            engine_version: observed.writer.engine_version.clone(),
            like: Box::new(like.clone()),
        });
    };
    if let Some(kept) = &member.unplanned {
        match &member.copy {
            None => {
                return call(Call::CopySnapshot {
                    source: kept.clone(),
                    snapshot: member.copy_name.clone(),
                });
            }
            Some(copy) if copy.status != "available" => {
                return Ok(Some(Action::Wait(format!(
                    "snapshot {} is {}",
                    copy.identifier, copy.status
                ))));
            }
            Some(_) => {}
        }
    }
    if !shape.is_available() {
        return Ok(Some(waits(shape)));
    }
    if let Some(instance) = wanted.and_then(|wanted| shape.missing_instance(wanted)) {
        return call(Call::CreateInstance {
            cluster: shape.identifier.clone(),
            like: instance.clone(),
        });
    }
    if let Some(busy) = shape.busy_instance() {
        return Ok(Some(Action::Wait(format!(
            "instance {} is {}",
            busy.identifier, busy.status
        ))));
    }
    if let Some(endpoint) = wanted.and_then(|wanted| shape.missing_endpoint(wanted)) {
        return call(Call::CreateEndpoint {
            cluster: shape.identifier.clone(),
            like: endpoint.clone(),
        });
    }
    let found = global.member(&shape.arn);
    let synchronization = found.and_then(|found| found.synchronization.as_deref());
    Ok(match synchronization {
        Some("connected") | None => None,
        Some(other) => Some(Action::Wait(format!("{} is {other}", shape.identifier))),
    })
}
