//! A cut-over undone: the home host stopped, what came home detached and kept, the old volumes attached again, started as it was, and the
//! recovery host started. A host that was made anew is stopped and kept.

use failover::Error;

use super::{
    Pass, Step,
    cut_over::{new_volume, old_volume},
    done, names,
    swap::{self, Swap},
    wait,
};
use crate::hosts::{Call, Host};

/// What a volume carries that was taken back.
const TAKEN_BACK: &str = "reverted";
/// What an old volume carries that is in its place again.
const NOTHING: &str = "";

/// The next step of a revert.
///
/// # Errors
/// `UnexpectedTopology` where an old volume is gone or something else is in its place.
pub(super) fn decide(pass: &Pass<'_>) -> Result<Step, Error> {
    let home = match (&pass.kept.home_shape, &pass.kept.home_was) {
        // The cut-over has made a host.
        (None, _) => made_anew(pass)?,
        // The cut-over has touched the host.
        (Some(_), Some(was)) => restored(pass, was)?,
        (Some(_), None) => None,
    };
    if let Some(step) = home {
        return Ok(step);
    }
    recovery(pass)
}

fn made_anew(pass: &Pass<'_>) -> Result<Option<Step>, Error> {
    let Some(host) = pass.seen.home.as_ref().filter(|host| !host.is_gone()) else {
        return Ok(None);
    };
    // Only what this run has launched.
    if !pass.made_for(&host.tags, names::HOST) {
        return Ok(None);
    }
    swap::stopped(pass, host)
}

/// The old volumes in their places, and the host as it was.
fn restored(pass: &Pass<'_>, was: &str) -> Result<Option<Step>, Error> {
    let home = pass.home()?;
    let mut swaps = Vec::new();
    for pair in pass.kept.paired(pass.on)? {
        let coming = old_volume(pass, pair);
        if let (Some(id), None) = (&pair.home_volume, coming) {
            return Err(Error::UnexpectedTopology(format!(
                "{id}, which was at {} of {}, is gone; attach what you have of it and start the host yourself",
                pair.device, home.id
            )));
        }
        swaps.push(Swap {
            pair,
            leaving: new_volume(pass, pair),
            mark: names::tags([(names::REPLACED_TAG, TAKEN_BACK)]),
            coming,
        });
    }
    if let Some(step) = swap::next(pass, home, &swaps)? {
        return Ok(Some(step));
    }
    if let Some(step) = swap::kept_with_host(pass, home, &swaps) {
        return Ok(Some(step));
    }
    let marked = swaps.iter().filter_map(|swap| swap.coming).find(|old| {
        let mark = old.tags.get(names::REPLACED_TAG);
        mark.is_some_and(|mark| mark != NOTHING)
    });
    if let Some(old) = marked {
        return Ok(Some(pass.at_home(Call::Tag {
            id: old.id.clone(),
            tags: names::tags([(names::REPLACED_TAG, NOTHING)]),
        })));
    }
    match was {
        "stopped" => swap::stopped(pass, home),
        _ => swap::running(pass, home),
    }
}

/// The recovery host runs again, where the run has stopped it.
fn recovery(pass: &Pass<'_>) -> Result<Step, Error> {
    let id = &pass.wished.recovery;
    if !pass.kept.recovery_stopped {
        return Ok(done(format!("{id} was not stopped by this run")));
    }
    let found: Option<&Host> = pass.seen.recovery.as_ref().filter(|host| !host.is_gone());
    let recovery = found.ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "{id} is not in {} any more; its last snapshots are",
            pass.on.plan.recovery_region
        ))
    })?;
    Ok(match recovery.state.as_str() {
        "running" => done(format!(
            "{} is as it was, and {id} runs again",
            pass.wished.home
        )),
        "stopped" => pass.at_recovery(Call::Start { host: id.clone() }),
        other => wait(format!("{id} is {other}")),
    })
}
