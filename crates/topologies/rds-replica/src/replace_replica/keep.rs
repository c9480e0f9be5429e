//! The record of what members are made of: kept from adoption on, and refreshed on schedule while a member is healthy and in its right
//! role.

use failover::{
    Error,
    domain::Region,
    ledger::Current,
    plan::Plan,
    ports::{Ledger, Runtime},
    topology::{Blueprint, Healthy, Shape},
};

use super::complete::lacks;
use crate::members::{Makes, makes::Whole};

/// Keeps what a Region's member is made of in that Region's ledger, where it is healthy and in its right role.
///
/// # Errors
/// `Unavailable`, `Denied`.
pub async fn keep_member(
    world: &(impl Ledger + Runtime + Makes),
    plan: &Plan,
    region: &Region,
    (identifier, noted): (&str, Option<Blueprint>),
    current: &Current,
) -> Result<(&'static str, String), Error> {
    let found = world.whole(region, identifier).await?;
    let shape = match judge(plan, region, current, found) {
        Ok(shape) => shape,
        Err(why) => return Ok(("none", why)),
    };
    // A replica that was never given all of it is no record of what is to be made.
    let noted = noted.filter(|noted| noted.succeeded_at.is_none() && current.writer != *region);
    if let Some(noted) = noted.filter(|noted| lacks(noted, &shape).is_some()) {
        return Ok((
            "none",
            format!(
                "{} lacks some of what was retired in epoch {}, and replace-replica has still to give it that",
                shape.identifier, noted.epoch
            ),
        ));
    }
    let reason = format!("{} is healthy and in its role", shape.identifier);
    let known = world.healthy(&plan.plan, region).await?;
    let seen = Blueprint::of(shape, None, current.epoch, world.now());
    let healthy = Healthy::after(known, seen);
    world.put_healthy(&plan.plan, region, &healthy).await?;
    Ok(("keep", reason))
}

/// The member, where it is worth keeping.
///
/// # Errors
/// Why it is not.
fn judge(
    plan: &Plan,
    region: &Region,
    current: &Current,
    found: Option<Whole>,
) -> Result<Shape, String> {
    let found = found.ok_or_else(|| format!("there is no instance in {region}"))?;
    let (instance, shape) = (found.instance, found.shape);
    if !shape.is_whole() {
        return Err(format!("{} is {}", instance.identifier, instance.status));
    }
    let writer = plan.members().get(&current.writer);
    let follows =
        writer.is_some_and(|writer| instance.follows(&current.writer, &writer.identifier));
    let writes = current.writer == *region;
    if (writes && instance.source.is_none()) || (!writes && follows) {
        return Ok(shape);
    }
    Err(format!(
        "{} is not in the role that the ledger of epoch {} gives it",
        instance.identifier, current.epoch
    ))
}
