//! What a replica that follows the writer lacks yet to be a standby.

use failover::{
    Error,
    domain::seconds_between,
    topology::{Blueprint, Shape, status::stays},
};

use super::{
    Action, Observed, Place, SeenMember,
    waits::{is_busy, takes_calls},
};
use crate::members::{Instance, makes::Call};

/// How often a replica is given what it cannot be made with.
const COMPLETIONS_MAX: u32 = 3;
/// For so long RDS may show what was before a call, in seconds.
const OLD_ANSWER_SECONDS: f64 = 60.0;

/// What a replica needs yet; `None` where it replicates, has what it had, and RDS is at nothing about it.
///
/// # Errors
/// `NotReady` for a replication that does not go on by itself, and for a status that stays.
pub(super) fn completion(
    observed: &Observed,
    (member, instance, shape): (&SeenMember, &Instance, &Shape),
) -> Result<Option<Action>, Error> {
    let (name, region) = (&instance.identifier, &member.region);
    if let Some(why) = stays("instance", name, &instance.status, region) {
        return Err(Error::NotReady(why));
    }
    if !instance.serves() {
        return Ok(Some(is_busy(instance)));
    }
    let Some(replication) = &instance.replication else {
        return Ok(Some(Action::Wait(format!(
            "RDS does not say yet that {name} replicates"
        ))));
    };
    let said = replication.message.as_deref().unwrap_or("no message");
    match replication.status.as_str() {
        "terminated" | "stopped" => {
            return Err(Error::NotReady(format!(
                "the replication of {name} in {region} is {} ({said}), and does not go on by itself; delete the replica, and start again",
                replication.status
            )));
        }
        "replicating" if replication.is_normal => {}
        status => {
            return Ok(Some(Action::Wait(format!(
                "the replication of {name} is {status} ({said})"
            ))));
        }
    }
    let Some(like) = member.blueprint.as_ref().and_then(|was| lacks(was, shape)) else {
        // A planned move behind this is refused while it is being backed up, or anything else is done to it.
        return Ok((!takes_calls(instance)).then(|| is_busy(instance)));
    };
    if is_old_answer(observed, member) {
        return Ok(Some(Action::Wait(format!(
            "{name} was given its backups and its windows less than a minute ago"
        ))));
    }
    let like = Box::new(like);
    Ok(Some(Action::Call(region.clone(), Call::Complete { like })))
}

/// Whether what is shown may still be what was before the last call.
fn is_old_answer(observed: &Observed, member: &SeenMember) -> bool {
    let called = member.blueprint.as_ref().and_then(|was| was.completed_at);
    called.is_some_and(|at| seconds_between(at, observed.now) < OLD_ANSWER_SECONDS)
}

/// What a replica is to be given that it cannot be made with: never fewer days of backups than it has. `None` where it lacks nothing of
/// that, or what RDS does not take was tried often enough: that is told at the end.
pub(super) fn lacks(was: &Blueprint, shape: &Shape) -> Option<Shape> {
    let before = &was.shape;
    let differs = |was: &Option<String>, is: &Option<String>| {
        let lower = |window: &String| window.to_lowercase();
        was.is_some() && was.as_ref().map(lower) != is.as_ref().map(lower)
    };
    let is_less = before.backup_retention_days > shape.backup_retention_days
        || differs(&before.backup_window, &shape.backup_window)
        || differs(&before.maintenance_window, &shape.maintenance_window);
    let is_another = before.resource_id != shape.resource_id;
    (is_another && is_less && was.completions < COMPLETIONS_MAX).then(|| Shape {
        identifier: shape.identifier.clone(),
        backup_retention_days: before
            .backup_retention_days
            .max(shape.backup_retention_days),
        ..before.clone()
    })
}

/// Whether it follows the writer, so that it need not be made.
pub(super) fn is_complete(member: &SeenMember) -> bool {
    member.place == Place::Follows
}
