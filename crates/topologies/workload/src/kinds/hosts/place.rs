//! Where hosts are made: an isolated place for a twin, and a place like the recovery host's for a home host that is gone.

use super::{Seen, remembered::Placing};
use crate::{
    hosts::{Group, Network, Subnet},
    plan::Ec2Instance,
    verbs::On,
};

/// The tag that people know a subnet by.
const NAME: &str = "Name";
/// The only thing that a route of an isolated place goes through.
const LOCAL: &str = "local";

/// What speaks against the place of a rehearsal.
pub(super) fn against_rehearsal(on: &On<'_>, wished: &Ec2Instance, seen: &Seen) -> Vec<String> {
    let Some(asked) = &wished.rehearsal else {
        return Vec::new();
    };
    let (name, region, here) = (&wished.name, &on.plan.home_region, &seen.network);
    let Some(subnet) = here.subnet(&asked.subnet) else {
        return vec![format!(
            "rehearsal.subnet of {name} is {}, which is not in {region}; name one that is",
            asked.subnet
        )];
    };
    let mut reasons = Vec::new();
    if let Some(through) = leads_out(here, subnet) {
        reasons.push(format!(
            "rehearsal.subnet {} of {name} is not isolated: a route leads through {through}; take that route away or name another subnet",
            subnet.id
        ));
    }
    for id in &asked.security_groups {
        let group = here.group(id).filter(|group| group.vpc == subnet.vpc);
        match group {
            None => reasons.push(format!(
                "security group {id} of the rehearsal of {name} is not in {}; name one that is",
                subnet.vpc
            )),
            Some(group) if group.egress_rules > 0 => reasons.push(format!(
                "security group {id} of the rehearsal of {name} lets something out; take its {} rule(s) for that away",
                group.egress_rules
            )),
            Some(_) => {}
        }
    }
    if seen
        .recovery
        .as_ref()
        .is_some_and(|host| host.platform.is_some())
    {
        reasons.push(format!(
            "{} runs Windows, of whose snapshots EC2 makes no image; take the rehearsal of {name} out",
            wished.recovery
        ));
    }
    reasons
}

/// What a route goes through that is not the local one. A subnet without any table is not known to be isolated.
fn leads_out<'a>(network: &'a Network, subnet: &Subnet) -> Option<&'a str> {
    let Some(table) = network.table(subnet) else {
        return Some("a table that is not shown");
    };
    let mut through = table.through.iter().map(String::as_str);
    through.find(|through| *through != LOCAL)
}

/// Where a home host is made that is gone: the one subnet of the same name, in the zone that the plan names, and groups of the same names.
///
/// # Errors
/// What is missing, in a sentence.
pub(super) fn of_new_home(
    on: &On<'_>,
    wished: &Ec2Instance,
    seen: &Seen,
) -> Result<Placing, String> {
    let recovery = seen
        .recovery
        .as_ref()
        .ok_or("the recovery host is not seen")?;
    let gone = format!("{} is gone and", wished.home);
    if recovery.platform.is_some() {
        return Err(format!(
            "{gone} {} runs Windows, of whose snapshots EC2 makes no image; launch a home host yourself and name it",
            recovery.id
        ));
    }
    if wished.leave_out.contains(&recovery.root_device) {
        return Err(format!(
            "{gone} a host made anew needs a root; take {} out of leave_out",
            recovery.root_device
        ));
    }
    let model = seen.away.subnet(&recovery.subnet);
    let name = model.and_then(|subnet| subnet.tags.get(NAME));
    let name = name.ok_or_else(|| {
        format!(
            "{gone} subnet {} of {} has no tag Name by which one like it is found at home; tag it and its counterpart",
            recovery.subnet, recovery.id
        )
    })?;
    let in_zone = |subnet: &&Subnet| wished.zone.as_ref().is_none_or(|zone| *zone == subnet.zone);
    let named = |subnet: &&Subnet| subnet.tags.get(NAME) == Some(name);
    let here = &seen.network;
    let fits: Vec<_> = here.subnets.iter().filter(named).filter(in_zone).collect();
    let [subnet] = fits[..] else {
        return Err(format!(
            "{gone} {} subnets of {} have the tag Name {name}{}; let exactly one have it, or name its zone",
            fits.len(),
            on.plan.home_region,
            wished
                .zone
                .as_ref()
                .map_or(String::new(), |zone| format!(" in {zone}"))
        ));
    };
    let mut security_groups = Vec::new();
    for id in &recovery.security_groups {
        let group = seen.away.group(id).map(|group| group.name.as_str());
        let like = group.and_then(|name| counterpart(here, subnet, name));
        security_groups.push(like.map(|group| group.id.clone()).ok_or_else(|| {
            format!(
                "{gone} security group {} has no counterpart of its name in {}; make one",
                group.unwrap_or(id),
                subnet.vpc
            )
        })?);
    }
    Ok(Placing {
        zone: subnet.zone.clone(),
        subnet: subnet.id.clone(),
        security_groups,
    })
}

fn counterpart<'a>(network: &'a Network, subnet: &Subnet, name: &str) -> Option<&'a Group> {
    let mut all = network.groups.iter();
    all.find(|group| group.vpc == subnet.vpc && group.name == name)
}
