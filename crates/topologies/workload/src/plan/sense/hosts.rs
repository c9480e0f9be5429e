//! What the plan says of a host.

use super::{Faults, ends};
use crate::plan::{
    Ec2Instance, IsolatedSubnet, Resource, WorkloadPlan,
    form::{item, joined},
    names,
};

pub(super) fn host(
    plan: &WorkloadPlan,
    (resource, host): (&Resource, &Ec2Instance),
    at: &str,
    found: &mut Faults,
) {
    let field = joined(at, "kind");
    found.when(true, &field, || {
        format!("{field} is ec2_instance, which this release cannot bring home yet; leave it out")
    });
    let fix = "write the id of a host, like i-0123456789abcdef0";
    ends(resource, at, names::is_host, fix, found);
    let devices = host.leave_out.iter().enumerate();
    let devices =
        devices.map(|(index, device)| (item(&joined(at, "leave_out"), index), device.as_str()));
    let wished = host.volumes.keys();
    let wished = wished.map(|device| (joined(&joined(at, "volumes"), device), device.as_str()));
    for (field, device) in devices.chain(wished) {
        let fix = "write the name of a device, like /dev/sdf";
        found.named(&field, device, names::is_device(device), fix);
    }
    for (device, wish) in &host.volumes {
        let at = joined(&joined(at, "volumes"), device);
        super::key(plan, wish.kms_key.as_deref(), &at, found);
        found.when(host.leave_out.contains(device), &at, || {
            format!("{at} is in leave_out too; write it in one of both")
        });
    }
    if let Some(zone) = &host.zone {
        let home = plan.home_region.as_str();
        let fits = names::is_zone(zone) && zone.starts_with(home);
        let fix = format!("write a zone of {home}, like {home}a");
        found.named(&joined(at, "zone"), zone, fits, &fix);
    }
    if let Some(of) = &host.instance_type {
        let fix = "write the type of a host, like m6i.large";
        let fits = names::is_instance_type(of);
        found.named(&joined(at, "instance_type"), of, fits, fix);
    }
    isolated(host.rehearsal.as_ref(), at, found);
}

fn isolated(place: Option<&IsolatedSubnet>, at: &str, found: &mut Faults) {
    let Some(place) = place else { return };
    let (at, subnet) = (joined(at, "rehearsal"), &place.subnet);
    let fix = "write the id of a subnet, like subnet-0123456789abcdef0";
    let fits = names::is_subnet(subnet);
    found.named(&joined(&at, "subnet"), subnet, fits, fix);
    super::security_groups(&place.security_groups, &at, found);
}
