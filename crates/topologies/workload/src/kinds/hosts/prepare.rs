//! Both hosts are looked at, their volumes are paired, and every reason against it is listed. Nothing changes.

use failover::{Error, domain::Region};
use serde_json::json;

use super::{
    Pass, Seen, Step,
    names::{EPOCH_TAG, RIGHTS_TAG},
    pairs::{Paired, Side, pair},
    place,
    remembered::keep,
};
use crate::{
    hosts::Host,
    plan::Ec2Instance,
    verbs::{Next, On},
};

/// Keeps what stands on both sides and the pairs of volumes, and says them.
///
/// # Errors
/// `NotReady` with every reason against it.
pub(super) fn decide(pass: &Pass<'_>) -> Result<Step, Error> {
    let (on, seen) = (pass.on, pass.seen);
    let reasons = reasons(on, pass.wished, seen);
    if !reasons.is_empty() {
        return Err(Error::NotReady(reasons.join("; ")));
    }
    let paired = paired(pass.wished, seen);
    let mut words: Vec<_> = paired.pairs.iter().map(|pair| pair.words()).collect();
    for device in &paired.left_out {
        words.push(format!("{device}: stays away"));
    }
    let home = home(seen);
    let placing = match home {
        Some(_) => None,
        None => place::of_new_home(on, pass.wished, seen).ok(),
    };
    words.insert(0, beginning(on, home, placing.as_ref()));
    Ok(Next::Done {
        reason: words.join("; "),
        keep: keep([
            ("run", json!(on.run.run_id)),
            ("home_shape", json!(home)),
            ("recovery_shape", json!(seen.recovery)),
            ("pairs", json!(paired.pairs)),
            ("place", json!(placing)),
        ]),
    })
}

fn beginning(
    on: &On<'_>,
    home: Option<&Host>,
    placing: Option<&super::remembered::Placing>,
) -> String {
    let recovery = on.resource.recovery();
    match (home, placing) {
        (Some(home), _) if home.is_stopped() => format!(
            "{recovery} comes home to {}, which is stopped: whether {} has room for an {} is known when it is started",
            home.id, home.zone, home.instance_type
        ),
        (Some(home), _) => format!("{recovery} comes home to {} in {}", home.id, home.zone),
        (None, Some(placing)) => format!(
            "{} is gone: a host is made anew in {} as {recovery} is: whether {} has room for it is known when it is launched. Its user data is not taken along",
            on.resource.home(),
            placing.subnet,
            placing.zone
        ),
        (None, None) => format!("{} is gone", on.resource.home()),
    }
}

/// Every reason against it.
pub(super) fn reasons(on: &On<'_>, wished: &Ec2Instance, seen: &Seen) -> Vec<String> {
    let (here, away) = (&on.plan.home_region, &on.plan.recovery_region);
    if seen.exchanged {
        return vec![format!(
            "{} is in {away} and {} is in {here}: home and recovery of {} are exchanged; write them the other way round",
            wished.home, wished.recovery, wished.name
        )];
    }
    let mut reasons = Vec::new();
    let recovery = seen.recovery.as_ref().filter(|host| !host.is_gone());
    match recovery {
        Some(recovery) => {
            of_host(recovery, (away, seen.recovery_protected), &mut reasons);
            reasons.extend(untagged(on, away, recovery));
        }
        None => reasons.push(format!(
            "recovery host {} is not in {away}; write the id of the host that serves there",
            wished.recovery
        )),
    }
    let home = home(seen);
    if let Some(home) = home {
        of_host(home, (here, seen.home_protected), &mut reasons);
        reasons.extend(untagged(on, here, home));
        of_existing(on, wished, home, &mut reasons);
    }
    if let (Some(home), Some(recovery)) = (home, recovery) {
        root_swap(wished, home, recovery, &mut reasons);
    }
    if recovery.is_some() {
        reasons.extend(paired(wished, seen).reasons);
        reasons.extend(keys(on, wished, seen));
    }
    if home.is_none() && recovery.is_some() {
        reasons.extend(place::of_new_home(on, wished, seen).err());
    }
    reasons.extend(place::against_rehearsal(on, wished, seen));
    reasons
}

/// The home host, where it is not gone.
fn home(seen: &Seen) -> Option<&Host> {
    seen.home.as_ref().filter(|host| !host.is_gone())
}

fn paired(wished: &Ec2Instance, seen: &Seen) -> Paired {
    let Some(recovery) = &seen.recovery else {
        return Paired::default();
    };
    let home = home(seen).map(|host| Side {
        host,
        volumes: &seen.home_volumes,
    });
    let recovery = Side {
        host: recovery,
        volumes: &seen.recovery_volumes,
    };
    pair(wished, home, recovery)
}

/// What speaks against stopping a host and exchanging its disks.
fn of_host(host: &Host, (region, is_protected): (&Region, bool), reasons: &mut Vec<String>) {
    let id = &host.id;
    if let Some(group) = host.scaling_group() {
        reasons.push(format!(
            "host {id} in {region} is a member of Auto Scaling group {group}, which replaces a host that is stopped; detach it from the group"
        ));
    }
    if !host.has_volume_as_root() {
        reasons.push(format!(
            "the root of host {id} in {region} is on an instance store, which cannot be stopped or kept; bring its data home by other means"
        ));
    }
    if is_protected {
        reasons.push(format!(
            "host {id} in {region} has stop protection; lift it: aws ec2 modify-instance-attribute --region {region} --instance-id {id} --no-disable-api-stop"
        ));
    }
    if !host.is_running() && !host.is_stopped() {
        reasons.push(format!(
            "host {id} in {region} is {}; wait until it runs or is stopped",
            host.state
        ));
    }
}

/// That a host lacks the tag without which the rights to take away do not hold for it.
fn untagged(on: &On<'_>, region: &Region, host: &Host) -> Option<String> {
    let (id, plan) = (&host.id, on.plan.plan.as_str());
    let tag = host.tags.get(RIGHTS_TAG);
    if tag.is_some_and(|tag| tag == plan) {
        return None;
    }
    let has = tag.map_or_else(
        || format!("does not carry the tag {RIGHTS_TAG}={plan}"),
        |other| format!("carries the tag {RIGHTS_TAG}={other} and not {RIGHTS_TAG}={plan}"),
    );
    Some(format!(
        "host {id} in {region} {has}, without which the run may not stop or change it; put it there: aws ec2 create-tags --region {region} --resources {id} --tags Key={RIGHTS_TAG},Value={plan}"
    ))
}

/// What speaks against a home host that is there.
fn of_existing(on: &On<'_>, wished: &Ec2Instance, home: &Host, reasons: &mut Vec<String>) {
    let (id, name) = (&home.id, &wished.name);
    let asked = [
        ("zone", &wished.zone, &home.zone),
        ("instance_type", &wished.instance_type, &home.instance_type),
    ];
    for (field, asked, is) in asked {
        if let Some(asked) = asked
            && asked != is
        {
            reasons.push(format!(
                "{field} of {name} is {asked}, which a host made anew would get, and {id} is there with {is}; take {field} out"
            ));
        }
    }
    let epoch = home.tags.get(EPOCH_TAG).and_then(|text| text.parse().ok());
    if epoch.is_some_and(|epoch: u64| epoch > on.run.epoch.0) {
        reasons.push(format!(
            "{id} carries epoch {}, and this run's is {}; a later run was there, look at what it did",
            epoch.unwrap_or_default(),
            on.run.epoch
        ));
    }
}

/// A host only starts from a root that fits it.
fn root_swap(wished: &Ec2Instance, home: &Host, recovery: &Host, reasons: &mut Vec<String>) {
    if wished.leave_out.contains(&home.root_device) {
        return;
    }
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "not told".to_owned());
    let facts = [
        (
            "architecture",
            home.architecture.clone(),
            recovery.architecture.clone(),
        ),
        ("platform", text(&home.platform), text(&recovery.platform)),
        (
            "boot mode",
            text(&home.boot_mode),
            text(&recovery.boot_mode),
        ),
        (
            "virtualisation",
            home.virtualization.clone(),
            recovery.virtualization.clone(),
        ),
    ];
    for (what, here, there) in facts {
        if here != there {
            reasons.push(format!(
                "{} cannot start from the root of {}: its {what} is {here}, and the other one's {there}; leave {} out, or name another home host",
                home.id, recovery.id, home.root_device
            ));
        }
    }
}

/// A key that is of another Region is no key of home's.
fn keys(on: &On<'_>, wished: &Ec2Instance, seen: &Seen) -> Vec<String> {
    let here = &on.plan.home_region;
    let of_region = |key: &str| {
        key.strip_prefix("arn:")?
            .split(':')
            .nth(2)
            .map(str::to_owned)
    };
    let pairs = paired(wished, seen).pairs;
    let strangers = pairs.iter().filter_map(|pair| {
        let key = pair.kms_key.as_ref()?;
        let region = of_region(key)?;
        (region != here.0).then(|| {
            format!(
                "key {key} for {} of {} is of {region}; name one of {here}",
                pair.device, wished.name
            )
        })
    });
    strangers.collect()
}
