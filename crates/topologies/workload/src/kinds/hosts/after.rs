//! The recovery host stopped before the last round and left so after the cut-over, and the home host looked at and protected again.

use failover::Error;
use serde_json::json;

use super::{
    Pass, Step,
    copies::{complete, progress},
    done, done_keeping, names,
    remembered::{asking, keep},
    wait, wait_for,
};
use crate::{
    hosts::{Call, Host, Snapshot},
    verbs::Next,
};

/// Checks that have failed for so long do not pass any more, in seconds.
const FAILING_SECONDS: i64 = 600;

/// Stops the host that serves in the recovery Region.
///
/// # Errors
/// `UnexpectedTopology` where it is gone.
pub(super) fn suspend(pass: &Pass<'_>) -> Result<Step, Error> {
    let (id, region) = (&pass.wished.recovery, &pass.on.plan.recovery_region);
    let found = pass.seen.recovery.as_ref().filter(|host| !host.is_gone());
    let recovery = found.ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "{id} is not in {region} any more; look at what became of it"
        ))
    })?;
    Ok(match recovery.state.as_str() {
        "stopped" => done(format!("{id} in {region} is stopped and writes nothing")),
        "running" => {
            let keep = keep([("recovery_stopped", json!(true))]);
            let call = Call::Stop { host: id.clone() };
            pass.keeping(keep, region, call)
        }
        other => wait(format!("{id} is {other}")),
    })
}

/// Looks whether the home host runs, passes its checks, and is reached as before.
///
/// # Errors
/// `NotReady` where its checks fail for long.
pub(super) fn verify(pass: &Pass<'_>) -> Result<Step, Error> {
    let home = pass.home()?;
    if !home.is_running() {
        return Ok(wait(format!("{} is {}", home.id, home.state)));
    }
    let Some(checks) = &pass.seen.checks else {
        return Ok(wait(format!("the checks of {} are not told yet", home.id)));
    };
    if checks.have_passed() {
        let differences = differences(pass, home);
        let so = match differences.is_empty() {
            true => "it is as it was".to_owned(),
            false => differences.join(", "),
        };
        return Ok(done_keeping(
            format!(
                "{} runs and both its status checks have passed; {so}",
                home.id
            ),
            keep([("differences", json!(differences))]),
        ));
    }
    let Some(since) = pass.kept.running_since else {
        return Ok(Next::Remember {
            reason: format!("{} runs", home.id),
            keep: keep([("running_since", json!(pass.on.now))]),
        });
    };
    if checks.have_failed() && pass.on.now.duration_since(since).as_secs() > FAILING_SECONDS {
        return Err(Error::NotReady(format!(
            "{} has failed its status checks for ten minutes: system {}, instance {}; look at its console output, or revert",
            home.id, checks.system, checks.instance
        )));
    }
    Ok(wait(format!(
        "{} runs, its checks are {} and {}",
        home.id, checks.system, checks.instance
    )))
}

/// In what the home host is not what it was.
fn differences(pass: &Pass<'_>, home: &Host) -> Vec<String> {
    let Some(was) = &pass.kept.home_shape else {
        return vec!["it was made anew and has new addresses".to_owned()];
    };
    let told = |address: &Option<String>| address.clone().unwrap_or_else(|| "none".to_owned());
    let mut found = Vec::new();
    let addresses = [
        ("private", &was.private_address, &home.private_address),
        ("public", &was.public_address, &home.public_address),
    ];
    for (what, was, is) in addresses {
        if was != is {
            found.push(format!(
                "its {what} address was {} and is {}",
                told(was),
                told(is)
            ));
        }
    }
    if was.instance_type != home.instance_type {
        found.push(format!(
            "its type was {} and is {}",
            was.instance_type, home.instance_type
        ));
    }
    if was.security_groups != home.security_groups {
        found.push("its security groups are others".to_owned());
    }
    for device in &was.devices {
        let is = home.device(&device.name);
        match is {
            None => found.push(format!("nothing is at {}", device.name)),
            Some(is) if is.delete_on_termination != device.delete_on_termination => {
                found.push(format!(
                    "what is at {} goes with the host or not, unlike before",
                    device.name
                ))
            }
            Some(_) => {}
        }
    }
    found
}

/// Leaves the recovery host stopped. It is never terminated.
///
/// # Errors
/// None of its own.
pub(super) fn retire(pass: &Pass<'_>) -> Result<Step, Error> {
    let (id, region) = (&pass.wished.recovery, &pass.on.plan.recovery_region);
    let found = pass.seen.recovery.as_ref().filter(|host| !host.is_gone());
    let Some(recovery) = found else {
        return Ok(done(format!("there is no {id} in {region} to stop")));
    };
    Ok(match recovery.state.as_str() {
        "stopped" => done(format!(
            "{id} in {region} is stopped, and its volumes cost on"
        )),
        "running" => pass.at_recovery(Call::Stop { host: id.clone() }),
        other => wait(format!("{id} is {other}")),
    })
}

/// Gives home its first recovery point, and lists what was kept.
///
/// # Errors
/// `NotReady` where a snapshot fails.
pub(super) fn conclude(pass: &Pass<'_>) -> Result<Step, Error> {
    let home = pass.home()?;
    let is_point = |copy: &&Snapshot| pass.made_for(&copy.tags, names::POINT);
    let points: Vec<&Snapshot> = pass.seen.copies.iter().filter(is_point).collect();
    let is_kept = |volume: &str| points.iter().any(|point| point.volume == volume);
    let all = home.devices.iter().all(|device| is_kept(&device.volume));
    let what = "the first recovery point";
    if !all || points.is_empty() {
        if pass.kept.may_come(what, pass.on.now) || pass.kept.too_soon(pass.on.now) {
            return Ok(wait(format!("{what} of {} is being asked for", home.id)));
        }
        let call = Call::TakeSnapshots {
            host: home.id.clone(),
            without_root: false,
            without: Vec::new(),
            tags: pass.tags(names::POINT),
        };
        let mut keep = asking(what, pass.on.now);
        keep.insert("cut_at".to_owned(), json!(pass.on.now));
        return Ok(pass.keeping(keep, &pass.on.plan.home_region, call));
    }
    if let Some(failed) = points.iter().find(|point| point.has_failed()) {
        return Err(Error::NotReady(format!(
            "snapshot {} of {} failed: {}; take one yourself",
            failed.id,
            failed.volume,
            failed.message.as_deref().unwrap_or("EC2 does not say why")
        )));
    }
    if !complete(&points) {
        let progress = progress(&points, None, pass.on.now, "snapshots");
        return Ok(wait_for(
            format!("{what} of {} is being completed", home.id),
            progress,
        ));
    }
    Ok(done(protected(pass, home, &points)))
}

/// What protects home, and what stays and costs on.
fn protected(pass: &Pass<'_>, home: &Host, points: &[&Snapshot]) -> String {
    let ids = |all: &[&Snapshot]| {
        let ids: Vec<_> = all.iter().map(|one| one.id.as_str()).collect();
        ids.join(", ")
    };
    let mut said = vec![format!(
        "{} has the recovery point {}; schedules that go by tags go on, for the new volumes carry those of the old ones",
        home.id,
        ids(points)
    )];
    let last = pass.kept.last_round.map(names::round).unwrap_or_default();
    let of_last = |all: &[Snapshot]| {
        let kept = all.iter().filter(|one| pass.made_for(&one.tags, &last));
        kept.map(|one| one.id.clone())
            .collect::<Vec<_>>()
            .join(", ")
    };
    said.push(format!(
        "Snapshots {} stay at home for {} days",
        of_last(&pass.seen.copies),
        pass.on.plan.keep_days
    ));
    let old: Vec<_> = pass
        .kept
        .pairs
        .iter()
        .filter_map(|pair| {
            Some((
                pair.home_volume.as_ref()?,
                pair.home_gib.unwrap_or_default(),
            ))
        })
        .map(|(volume, gib)| format!("{volume} ({gib} GiB)"))
        .collect();
    if !old.is_empty() {
        said.push(format!(
            "What was detached stays as {} and costs on until somebody deletes it",
            old.join(", ")
        ));
    }
    if pass.kept.home_shape.is_none() {
        said.push(format!(
            "The plan names {}, which is gone: write {} there",
            pass.wished.home, home.id
        ));
    }
    said.join(". ")
}
