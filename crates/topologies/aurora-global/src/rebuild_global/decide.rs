//! What one pass of a rebuild does, from nothing but what it sees.

use super::{
    Action, NextGlobal, Observed, Retire, SeenMember, complete::completion, retire::retirement,
    waits::waits,
};
use failover::{
    Error,
    topology::{Call, GlobalCluster, GlobalMember, GlobalSettings, Named},
};
use steps::rebuilding;

/// Decides what one pass does.
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
    if !observed.writer.is_ready() {
        let writer = &observed.writer;
        return waits(
            "the writer",
            &writer.identifier,
            &writer.status,
            &observed.writer_region,
        );
    }
    match &observed.leads {
        Some(global) => {
            leads(observed, global)?;
            refuse_unless_empty(unfit(observed))?;
        }
        None => fits(observed)?,
    }
    for member in leaving(observed) {
        if let Some(action) = retirement(observed, member, retire)? {
            return Ok(action);
        }
    }
    if let Some(action) = clears(observed) {
        return Ok(action);
    }
    let Some(global) = &observed.leads else {
        return creates(observed);
    };
    complete(observed, global)
}

/// The global cluster is recorded, and every member made whole in it.
fn complete(observed: &Observed, global: &GlobalCluster) -> Result<Action, Error> {
    let shown = Named::from(global);
    if observed.recorded_global.as_ref() != Some(&shown) {
        return Ok(Action::Record(shown));
    }
    if let Some(region) = observed.misnamed.first() {
        return Ok(Action::Name(region.clone(), shown));
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

/// The members in the order in which they leave a deposed global cluster: its followers before its primary.
fn leaving(observed: &Observed) -> Vec<&SeenMember> {
    let leads_past = |member: &&SeenMember| {
        let shape = member.cluster.as_ref().zip(observed.past.as_ref());
        shape
            .and_then(|(shape, past)| past.member(&shape.arn))
            .is_some_and(|found| found.is_writer)
    };
    let mut members: Vec<_> = observed.members.iter().collect();
    members.sort_by_key(leads_past);
    members
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
    match &observed.wished_global {
        Some(wished) if !wished.eq_ignore_ascii_case(&global.identifier) => {
            Err(Error::NotReady(format!(
                "names.global_cluster is {wished}, and the writer leads {} already; leave it out, or write that",
                global.identifier
            )))
        }
        Some(_) | None => Ok(()),
    }
}

/// What would be refused once the deposed member is retired is refused before: a taken name, a parameter group of another
/// version.
fn fits(observed: &Observed) -> Result<(), Error> {
    let mut found: Vec<String> = Vec::new();
    match &observed.next_global {
        NextGlobal::Taken { name, region, why } => found.push(format!(
            "global cluster {name} is taken in {region}: {why}; choose another as names.global_cluster"
        )),
        NextGlobal::None => found.push(
            "no identifier for the next global cluster is free; delete one, or choose one as names.global_cluster".into(),
        ),
        NextGlobal::NotNeeded
        | NextGlobal::Free(_)
        | NextGlobal::AfterPast(_)
        | NextGlobal::Denied { .. } => {}
    }
    let wished = observed.wished_global.as_deref();
    found.extend(observed.next_global.denied(wished));
    found.extend(unfit(observed));
    refuse_unless_empty(found)
}

/// What RDS would refuse of what the members are made of, while one of them has still to be taken away.
fn unfit(observed: &Observed) -> Vec<String> {
    let unfit = observed.members.iter().flat_map(|member| &member.unfit);
    unfit.cloned().collect()
}

fn refuse_unless_empty(found: Vec<String>) -> Result<(), Error> {
    if found.is_empty() {
        return Ok(());
    }
    Err(Error::NotReady(format!(
        "nothing was taken away yet, and the rebuild would be refused: {}",
        found.join(". ")
    )))
}

/// Deletes the deposed global cluster once it is empty. One that is protected is left; nothing needs its place.
fn clears(observed: &Observed) -> Option<Action> {
    let past = observed.past.as_ref()?;
    if !past.members.is_empty() || is_protected(past) {
        return None;
    }
    if past.status == "deleting" {
        return Some(Action::Wait(format!(
            "global cluster {} is being deleted",
            past.identifier
        )));
    }
    let region = observed.past_region.clone();
    let global_cluster = past.identifier.clone();
    Some(Action::Call(region, Call::DeleteGlobal { global_cluster }))
}

/// Whether a global cluster must not be deleted.
pub(super) fn is_protected(global: &GlobalCluster) -> bool {
    global.settings.deletion_protection == Some(true)
}

/// The empty global cluster that is left since it is protected.
pub(super) fn left(observed: &Observed) -> Option<&GlobalCluster> {
    let past = observed.past.as_ref();
    past.filter(|past| past.members.is_empty() && is_protected(past))
}

/// Creates the next global cluster around the writer, with what the one before was given.
fn creates(observed: &Observed) -> Result<Action, Error> {
    match &observed.next_global {
        NextGlobal::Free(name) => {
            let call = Call::CreateGlobal {
                global_cluster: name.clone(),
                source_arn: observed.writer.arn.clone(),
                like: inherited(observed),
            };
            Ok(Action::Call(observed.writer_region.clone(), call))
        }
        NextGlobal::AfterPast(name) => Ok(Action::Wait(format!(
            "global cluster {name} is still shown; it is taken again when RDS in every member's Region shows none"
        ))),
        NextGlobal::Taken { .. }
        | NextGlobal::Denied { .. }
        | NextGlobal::None
        | NextGlobal::NotNeeded => Err(Error::NotReady(
            "no identifier for the next global cluster is free; delete one, or choose one as names.global_cluster".into(),
        )),
    }
}

/// What the deposed global cluster was given: as RDS shows it, or as it was kept before it was deleted.
fn inherited(observed: &Observed) -> GlobalSettings {
    let past = observed.past.as_ref().map(|past| past.settings.clone());
    let kept = || {
        let mut members = observed.members.iter().rev();
        members.find_map(|member| member.blueprint.as_ref()?.global.clone())
    };
    past.or_else(kept).unwrap_or_default()
}
