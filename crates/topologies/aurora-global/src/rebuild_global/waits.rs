//! What is waited for, and what will not pass by itself.

use super::{Action, status::stays};
use failover::{Error, domain::Region, topology::Shape};

/// Waits for what passes, and says at once what does not.
///
/// # Errors
/// `NotReady` for a status that stays until somebody does something.
pub(super) fn waits(
    what: &str,
    identifier: &str,
    status: &str,
    region: &Region,
) -> Result<Action, Error> {
    match stays(what, identifier, status, region) {
        Some(why) => Err(Error::NotReady(why)),
        None => Ok(Action::Wait(format!("{what} {identifier} is {status}"))),
    }
}

/// As [`waits`], for a cluster.
pub(super) fn waits_for(shape: &Shape, region: &Region) -> Result<Option<Action>, Error> {
    waits("cluster", &shape.identifier, &shape.status, region).map(Some)
}

/// As [`waits`], for the first instance that is not at rest; `None` where all are.
pub(super) fn waits_for_instances(shape: &Shape, region: &Region) -> Result<Option<Action>, Error> {
    let Some(busy) = shape.busy_instance() else {
        return Ok(None);
    };
    waits("instance", &busy.identifier, &busy.status, region).map(Some)
}
