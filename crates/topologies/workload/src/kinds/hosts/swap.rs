//! Volumes exchanged at a host that is stopped: what leaves is marked, detached and kept, what comes is attached at the same device.

use std::collections::BTreeMap;

use failover::Error;

use super::{Pass, Step, pairs::Pair, wait};
use crate::hosts::{Call, Host, Tags, Volume};

/// What EC2 says of a host that was stopped by a call, and not by itself.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html>.
const BY_A_CALL: &str = "Client.UserInitiatedShutdown";

/// What changes at a device.
pub(super) struct Swap<'a> {
    /// The pair that it is about.
    pub(super) pair: &'a Pair,
    /// What leaves.
    pub(super) leaving: Option<&'a Volume>,
    /// What it carries before it leaves.
    pub(super) mark: Tags,
    /// What comes.
    pub(super) coming: Option<&'a Volume>,
}

impl Swap<'_> {
    fn is_done(&self, home: &Host) -> bool {
        match self.coming {
            Some(coming) => coming.is_at(&home.id, &self.pair.device),
            None => home.device(&self.pair.device).is_none(),
        }
    }

    fn unmarked(&self) -> Option<Call> {
        let leaving = self.leaving?;
        let has = |(key, value): (&String, &String)| leaving.tags.get(key) == Some(value);
        (!self.mark.iter().all(has)).then(|| Call::Tag {
            id: leaving.id.clone(),
            tags: self.mark.clone(),
        })
    }
}

/// Whether all is exchanged.
pub(super) fn is_done(home: &Host, swaps: &[Swap<'_>]) -> bool {
    swaps.iter().all(|swap| swap.is_done(home))
}

/// The next step of an exchange; `None` where all is exchanged.
///
/// # Errors
/// `UnexpectedTopology` where something else is at a device, or a volume at another host.
pub(super) fn next(
    pass: &Pass<'_>,
    home: &Host,
    swaps: &[Swap<'_>],
) -> Result<Option<Step>, Error> {
    if is_done(home, swaps) {
        return Ok(None);
    }
    if let Some(step) = stopped(pass, home)? {
        return Ok(Some(step));
    }
    // What leaves goes first: a host has room for so many volumes only.
    let rest = || swaps.iter().filter(|swap| !swap.is_done(home));
    for swap in rest() {
        if let Some(step) = leaves(pass, home, swap)? {
            return Ok(Some(step));
        }
    }
    for swap in rest() {
        if let Some(step) = comes(pass, home, swap)? {
            return Ok(Some(step));
        }
    }
    Ok(None)
}

/// A host that is not stopped yet.
///
/// # Errors
/// `UnexpectedTopology` for a state in which a host cannot be stopped.
pub(super) fn stopped(pass: &Pass<'_>, home: &Host) -> Result<Option<Step>, Error> {
    let id = &home.id;
    match home.state.as_str() {
        "stopped" => Ok(None),
        "running" => Ok(Some(pass.at_home(Call::Stop { host: id.clone() }))),
        "pending" | "stopping" => Ok(Some(wait(format!("{id} is {}", home.state)))),
        other => Err(Error::UnexpectedTopology(format!(
            "{id} is {other} and cannot be stopped; look at what became of it"
        ))),
    }
}

/// A host that does not run yet.
///
/// # Errors
/// `NotReady` where it was started and stopped again by itself.
pub(super) fn running(pass: &Pass<'_>, home: &Host) -> Result<Option<Step>, Error> {
    let id = &home.id;
    match home.state.as_str() {
        "running" => Ok(None),
        "stopped" => {
            let reason = home.state_reason.as_deref().unwrap_or_default();
            let by_itself = !reason.is_empty() && !reason.starts_with(BY_A_CALL);
            if by_itself && pass.on.row.last_call("start").is_some() {
                return Err(Error::NotReady(format!(
                    "{id} was started and stopped again: {reason}; let EC2 use the keys of its volumes, or make room in {}",
                    home.zone
                )));
            }
            Ok(Some(pass.at_home(Call::Start { host: id.clone() })))
        }
        "pending" | "stopping" => Ok(Some(wait(format!("{id} is {}", home.state)))),
        other => Err(Error::UnexpectedTopology(format!(
            "{id} is {other} and cannot be started; look at what became of it"
        ))),
    }
}

/// Detaches what leaves. It carries its mark before.
fn leaves(pass: &Pass<'_>, home: &Host, swap: &Swap<'_>) -> Result<Option<Step>, Error> {
    let name = &swap.pair.device;
    let Some(at) = home.device(name) else {
        return Ok(None);
    };
    let is = |volume: Option<&Volume>| volume.is_some_and(|volume| volume.id == at.volume);
    if is(swap.coming) {
        return Ok(Some(wait(format!(
            "{} is {} at {name}",
            at.volume, at.state
        ))));
    }
    if !is(swap.leaving) {
        return Err(Error::UnexpectedTopology(format!(
            "{} is at {name} of {} and is neither what was paired nor what came home; look at who attached it",
            at.volume, home.id
        )));
    }
    if let Some(call) = swap.unmarked() {
        return Ok(Some(pass.at_home(call)));
    }
    if at.state != "attached" {
        return Ok(Some(wait(format!(
            "{} is {} at {name}",
            at.volume, at.state
        ))));
    }
    Ok(Some(pass.at_home(Call::Detach {
        host: home.id.clone(),
        volume: at.volume.clone(),
        device: name.clone(),
    })))
}

/// Attaches what comes, once nothing is at the device.
fn comes(pass: &Pass<'_>, home: &Host, swap: &Swap<'_>) -> Result<Option<Step>, Error> {
    let (name, Some(coming)) = (&swap.pair.device, swap.coming) else {
        return Ok(None);
    };
    if let Some(at) = coming.attachment().filter(|at| at.host != home.id) {
        return Err(Error::UnexpectedTopology(format!(
            "{} for {name} of {} is at {} already; look at who attached it",
            coming.id, home.id, at.host
        )));
    }
    if !coming.is_available() {
        return Ok(Some(wait(format!("{} is {}", coming.id, coming.state))));
    }
    Ok(Some(pass.at_home(Call::Attach {
        host: home.id.clone(),
        volume: coming.id.clone(),
        device: name.clone(),
    })))
}

/// What goes with the host, or stays, as before: an attachment may forget it.
pub(super) fn kept_with_host(pass: &Pass<'_>, home: &Host, swaps: &[Swap<'_>]) -> Option<Step> {
    let differs = |swap: &&Swap<'_>| {
        let at = home.device(&swap.pair.device);
        at.is_some_and(|at| at.delete_on_termination != swap.pair.delete_on_termination)
    };
    let devices: BTreeMap<String, bool> = swaps
        .iter()
        .filter(differs)
        .map(|swap| (swap.pair.device.clone(), swap.pair.delete_on_termination))
        .collect();
    (!devices.is_empty()).then(|| {
        pass.at_home(Call::SetDeleteOnTermination {
            host: home.id.clone(),
            devices,
        })
    })
}
