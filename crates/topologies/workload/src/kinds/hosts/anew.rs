//! A home host that is gone is made anew: an image of the last copy of its root, and a host as the recovery one is, with its own disks.

use std::collections::BTreeMap;

use failover::Error;
use serde_json::json;

use super::{
    Pass, Step, done_keeping,
    last_round::{last_copy, loaded},
    names,
    pairs::Pair,
    remembered::keep,
    wait,
};
use crate::hosts::{Call, Host, Launch, LaunchDisk, Snapshot};

/// The next step.
///
/// # Errors
/// `NotReady` without the last round, or where the host does not come about.
pub(super) fn decide(pass: &Pass<'_>, pairs: &[Pair]) -> Result<Step, Error> {
    let Some(host) = &pass.seen.home else {
        return launch(pass, pairs);
    };
    if host.is_gone() {
        return Err(Error::NotReady(format!(
            "{}, which was launched for {}, is gone again: {}; start another run",
            host.id,
            pass.name(),
            host.state_reason
                .as_deref()
                .unwrap_or("EC2 does not say why")
        )));
    }
    if host.state != "running" {
        return Ok(wait(format!("{} is {}", host.id, host.state)));
    }
    let volumes: Vec<&str> = host
        .devices
        .iter()
        .map(|device| device.volume.as_str())
        .collect();
    if let Some(step) = loaded(pass, &volumes) {
        return Ok(step);
    }
    if let Some(step) = image_away(pass) {
        return Ok(step);
    }
    Ok(done_keeping(
        format!(
            "{} was made in the place of {}, which was gone; write the new id into the plan",
            host.id, pass.wished.home
        ),
        keep([("home_id", json!(host.id)), ("home_was", json!("gone"))]),
    ))
}

/// What was only needed for a launch.
pub(super) fn image_away(pass: &Pass<'_>) -> Option<Step> {
    let image = pass.seen.image.as_ref()?;
    Some(pass.at_home(Call::DropImage {
        image: image.id.clone(),
    }))
}

fn launch(pass: &Pass<'_>, pairs: &[Pair]) -> Result<Step, Error> {
    let recovery = pass.kept.recovery(pass.on)?;
    let place = pass.kept.place.as_ref().ok_or_else(|| {
        Error::NotReady(format!(
            "no place is known for a new home host of {}; let prepare find one",
            pass.name()
        ))
    })?;
    let mut copies = Vec::new();
    for pair in pairs {
        copies.push((pair, last_copy(pass, pair)?));
    }
    if let Some(step) = image(pass, recovery, &copies, names::HOST)? {
        return Ok(step);
    }
    let mut tags = names::inherited(&recovery.tags);
    tags.extend(pass.tags(names::HOST));
    let call = Call::Launch(Box::new(Launch {
        token: names::token(&pass.kept.run, pass.name(), names::HOST),
        image: image_id(pass),
        instance_type: instance_type(pass, recovery),
        subnet: place.subnet.clone(),
        security_groups: place.security_groups.clone(),
        key_name: recovery.key_name.clone(),
        profile_arn: recovery.profile_arn.clone(),
        ebs_optimized: recovery.ebs_optimized,
        monitored: recovery.monitored,
        metadata: recovery.metadata.clone(),
        disks: disks(&copies, pass.wished.initialisation_rate),
        tags,
        volume_tags: pass.tags(names::VOLUME),
    }));
    Ok(pass.asking("the host", call))
}

/// The image of a launch: its id, once [`image`] has seen it.
pub(super) fn image_id(pass: &Pass<'_>) -> String {
    let image = pass.seen.image.as_ref();
    image.map(|image| image.id.clone()).unwrap_or_default()
}

/// The type of a new host.
pub(super) fn instance_type(pass: &Pass<'_>, like: &Host) -> String {
    let wished = pass.wished.instance_type.as_ref();
    wished.unwrap_or(&like.instance_type).clone()
}

/// The disks of a launch, by device. The image brings the root's snapshot.
pub(super) fn disks(
    copies: &[(&Pair, &Snapshot)],
    rate: Option<u32>,
) -> BTreeMap<String, LaunchDisk> {
    let disk = |(pair, copy): &(&Pair, &Snapshot)| {
        let snapshot = (!pair.is_root).then(|| copy.id.clone());
        // A rate goes with a snapshot that is named.
        let rate = rate.filter(|_| snapshot.is_some());
        (pair.device.clone(), pair.disk(snapshot, rate))
    };
    copies.iter().map(disk).collect()
}

/// What the image of a launch lacks; `None` where it can be launched.
///
/// # Errors
/// `NotReady` without a root, and where EC2 cannot make it.
pub(super) fn image(
    pass: &Pass<'_>,
    like: &Host,
    copies: &[(&Pair, &Snapshot)],
    role: &str,
) -> Result<Option<Step>, Error> {
    let Some(found) = &pass.seen.image else {
        let root = copies.iter().find(|(pair, _)| pair.is_root);
        let (pair, copy) = root.ok_or_else(|| {
            Error::NotReady(format!(
                "no root of {} comes home; take it out of leave_out, or its rehearsal out of the plan",
                pass.name()
            ))
        })?;
        let call = Call::RegisterImage {
            name: names::image(pass.name(), role, &pass.kept.run),
            root_device: pair.device.clone(),
            snapshot: copy.id.clone(),
            architecture: like.architecture.clone(),
            boot_mode: like.boot_mode.clone(),
            tags: pass.tags(role),
        };
        return Ok(Some(pass.asking("the image", call)));
    };
    match found.state.as_str() {
        "available" => Ok(None),
        "pending" => Ok(Some(wait(format!("image {} is being made", found.id)))),
        other => Err(Error::NotReady(format!(
            "image {} of {} is {other}; deregister it and start another run",
            found.id,
            pass.name()
        ))),
    }
}
