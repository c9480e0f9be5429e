//! Waiting for what RDS is at, and saying so where that does not end by itself.

use failover::{
    Error,
    domain::Region,
    topology::status::{is_at_rest, stays, stuck},
};

use super::{Pass, Step, wait, wait_for};
use crate::{
    databases::{Found, Taken},
    verbs::Progress,
};

/// A GiB, in bytes.
const GIB: u64 = 1 << 30;

/// What is waited for until nothing is done to a database at home or to an instance of it; `None` where nothing is.
///
/// # Errors
/// `NotReady` for a status that stays.
pub(super) fn at_rest(pass: &Pass<'_>, found: &Found) -> Result<Option<Step>, Error> {
    let region = &pass.on.plan.home_region;
    if let Some(step) = itself_at_rest(pass, region, found)? {
        return Ok(Some(step));
    }
    let Some(busy) = found.shape.busy_instance() else {
        return Ok(None);
    };
    match stays("instance", &busy.identifier, &busy.status, region) {
        Some(why) => Err(Error::NotReady(why)),
        None => Ok(Some(wait(format!(
            "instance {} is {}",
            busy.identifier, busy.status
        )))),
    }
}

/// The same without its instances.
///
/// # Errors
/// `NotReady` for a status that stays.
pub(super) fn itself_at_rest(
    pass: &Pass<'_>,
    region: &Region,
    found: &Found,
) -> Result<Option<Step>, Error> {
    let (name, status) = (&found.shape.identifier, &found.shape.status);
    if is_at_rest(status) {
        return Ok(None);
    }
    match stays(pass.word(), name, status, region) {
        Some(why) => Err(Error::NotReady(why)),
        None => Ok(Some(wait(format!("{} {name} is {status}", pass.word())))),
    }
}

/// What is waited for until a snapshot is complete; `None` where it is.
///
/// # Errors
/// `NotReady` for one that is not this run's, and for one that has failed.
pub(super) fn complete(pass: &Pass<'_>, taken: &Taken) -> Result<Option<Step>, Error> {
    let name = &taken.identifier;
    if !pass.took(taken) {
        return Err(Error::NotReady(format!(
            "the name {name} is taken by a snapshot that this run did not make; rename or delete that one"
        )));
    }
    if taken.is_available() {
        return Ok(None);
    }
    if stuck(&taken.status).is_some() {
        return Err(Error::NotReady(format!(
            "snapshot {name} is {}; look at RDS's events, delete it, and start again",
            taken.status
        )));
    }
    let gib = taken.storage_gib.and_then(|gib| u64::try_from(gib).ok());
    let progress = Progress {
        percent: taken.percent,
        total_bytes: gib.map(|gib| gib * GIB),
        what: format!("snapshot {name}"),
        ..Progress::default()
    };
    let reason = format!("snapshot {name} is {}", taken.status);
    Ok(Some(wait_for(reason, progress)))
}
