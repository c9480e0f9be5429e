//! The cut-over: new volumes in the home host's zone, that host stopped, the old volumes kept, the new ones in their places, and started.

use failover::Error;
use serde_json::{Value, json};

use super::{
    Pass, Step, anew, done_keeping,
    last_round::{last_copy, loaded},
    names,
    pairs::Pair,
    remembered::{asking, keep},
    swap::{self, Swap},
    wait,
};
use crate::{
    hosts::{Call, Host, NewVolume, Volume},
    row::Row,
};

/// The next step of the cut-over.
///
/// # Errors
/// `NotReady` without the last round or a usable key; `UnexpectedTopology` where something else is in the way.
pub(super) fn decide(pass: &Pass<'_>) -> Result<Step, Error> {
    let pairs = pass.kept.paired(pass.on)?;
    if pass.kept.home_shape.is_none() {
        return anew::decide(pass, pairs);
    }
    let home = pass.home()?;
    let mut swaps = Vec::new();
    for pair in pairs {
        let Some(coming) = new_volume(pass, pair) else {
            return create(pass, home, pair);
        };
        swaps.push(Swap {
            pair,
            leaving: old_volume(pass, pair),
            mark: names::tags([(names::REPLACED_TAG, &coming.id)]),
            coming: Some(coming),
        });
    }
    if !swap::is_done(home, &swaps) {
        if let Some(step) = ready(pass, &swaps)? {
            return Ok(step);
        }
        if let Some(step) = claimed(pass, home) {
            return Ok(step);
        }
    }
    if let Some(step) = swap::next(pass, home, &swaps)? {
        return Ok(step);
    }
    if let Some(step) = swap::kept_with_host(pass, home, &swaps) {
        return Ok(step);
    }
    if let Some(step) = swap::running(pass, home)? {
        return Ok(step);
    }
    let old: Vec<_> = pairs
        .iter()
        .filter_map(|pair| pair.home_volume.as_deref())
        .collect();
    Ok(done_keeping(
        format!(
            "{} runs on what came home; kept beside: {}",
            home.id,
            old.join(", ")
        ),
        keep([("made", made(&swaps))]),
    ))
}

fn made(swaps: &[Swap<'_>]) -> Value {
    let new = swaps.iter().filter_map(|swap| {
        let coming = swap.coming?;
        Some((swap.pair.device.clone(), Value::from(coming.id.clone())))
    });
    Value::Object(new.collect())
}

/// The volume that stood at home.
pub(super) fn old_volume<'a>(pass: &Pass<'a>, pair: &Pair) -> Option<&'a Volume> {
    let id = pair.home_volume.as_ref()?;
    pass.seen
        .home_volumes
        .iter()
        .find(|volume| volume.id == *id)
}

/// The volume that this run has made for a device. Of two the first counts.
pub(super) fn new_volume<'a>(pass: &Pass<'a>, pair: &Pair) -> Option<&'a Volume> {
    let all = pass.seen.made.iter();
    all.filter(|volume| pass.made_for(&volume.tags, names::VOLUME))
        .filter(|volume| volume.tags.get(names::DEVICE_TAG) == Some(&pair.device))
        .min_by_key(|volume| &volume.id)
}

fn create(pass: &Pass<'_>, home: &Host, pair: &Pair) -> Result<Step, Error> {
    let what = format!("the volume for {}", pair.device);
    if pass.kept.may_come(&what, pass.on.now) {
        return Ok(wait(format!("{what} was asked for and is not shown yet")));
    }
    let asked = pass.kept.asked.as_ref();
    let was_taken = pass
        .on
        .row
        .last_call("create_volume")
        .and_then(|called| called.answer.as_deref())
        == Some(Row::TAKEN);
    // EC2 takes the call, and the volume is gone after a while: it says nothing else of a key that it may not use.
    if was_taken && asked.is_some_and(|asked| asked.what == what) {
        return Err(Error::NotReady(no_key(pass, pair)));
    }
    let mut tags = pair.tags.clone();
    tags.extend(pass.tags(names::VOLUME));
    tags.insert(names::DEVICE_TAG.to_owned(), pair.device.clone());
    let snapshot = last_copy(pass, pair)?.id.clone();
    let call = Call::CreateVolume(Box::new(NewVolume {
        token: names::token(&pass.kept.run, pass.name(), &pair.device),
        zone: home.zone.clone(),
        device: pair.device.clone(),
        disk: pair.disk(Some(snapshot), pass.wished.initialisation_rate),
        tags,
    }));
    let keep = asking(&what, pass.on.now);
    Ok(pass.keeping(keep, &pass.on.plan.home_region, call))
}

fn no_key(pass: &Pass<'_>, pair: &Pair) -> String {
    let key = pair.kms_key.as_deref().unwrap_or("the key of its snapshot");
    format!(
        "the volume for {} of {} did not come about: let the function's role use {key} in {}, and start another run",
        pair.device,
        pass.name(),
        pass.on.plan.home_region
    )
}

/// Volumes that are not there yet, or not loaded where the plan waits for that. Nothing of home was touched so far.
fn ready(pass: &Pass<'_>, swaps: &[Swap<'_>]) -> Result<Option<Step>, Error> {
    let mut loading = Vec::new();
    for swap in swaps {
        let Some(coming) = swap.coming else { continue };
        match coming.state.as_str() {
            "error" | "deleting" | "deleted" => {
                return Err(Error::NotReady(no_key(pass, swap.pair)));
            }
            "creating" => return Ok(Some(wait(format!("{} is being made", coming.id)))),
            _ => loading.push(coming.id.as_str()),
        }
    }
    Ok(loaded(pass, &loading))
}

/// The home host carries the epoch before anything of it is touched, and what it was is kept.
fn claimed(pass: &Pass<'_>, home: &Host) -> Option<Step> {
    let epoch = pass.on.run.epoch.to_string();
    let is_ours = home.tags.get(names::EPOCH_TAG) == Some(&epoch);
    if is_ours && pass.kept.home_was.is_some() {
        return None;
    }
    let call = Call::Tag {
        id: home.id.clone(),
        tags: names::tags([(names::EPOCH_TAG, &epoch)]),
    };
    let was = pass.kept.home_was.as_ref().unwrap_or(&home.state);
    let keep = keep([("home_was", json!(was))]);
    Some(pass.keeping(keep, &pass.on.plan.home_region, call))
}
