//! What a plan lists beside its resources: services and topics, each once and by a name that there can be.

use std::collections::BTreeSet;

use failover::{
    domain::Region,
    plan::{AsgTarget, EcsService, EcsTarget, Service},
};

use super::Faults;
use crate::plan::{
    WorkloadPlan,
    form::{item, joined},
    names,
};

pub(super) fn services(plan: &WorkloadPlan, found: &mut Faults) {
    let mut seen = BTreeSet::new();
    for (index, service) in plan.services.iter().enumerate() {
        let at = item("services", index);
        let (field, region) = (joined(&at, "region"), service.region());
        of_plan(plan, &field, region, found);
        match service {
            Service::Ecs(target) => ecs(target, &at, &mut seen, found),
            Service::Asg(target) => asg(target, &at, &mut seen, found),
        }
    }
}

/// The services or groups that were seen, with their cluster.
type Seen<'a> = BTreeSet<(&'a Region, Option<&'a str>, &'a str)>;

fn ecs<'a>(target: &'a EcsTarget, at: &str, seen: &mut Seen<'a>, found: &mut Faults) {
    let fix = "use 1 to 255 letters from a to z, digits, hyphens and underscores";
    let (region, cluster) = (&target.region, target.cluster.as_str());
    found.named(&joined(at, "cluster"), cluster, names::is_ecs(cluster), fix);
    for (index, service) in target.services.iter().enumerate() {
        let (at, name) = (item(&joined(at, "services"), index), service.name());
        found.named(&at, name, names::is_ecs(name), fix);
        let is_second = !seen.insert((region, Some(cluster), name));
        found.when(is_second, &at, || {
            format!("{at} is service {name} of cluster {cluster} in {region}, which stands twice; keep one")
        });
        let count = joined(&at, "takeover_count");
        let is_never_scaled = match service {
            EcsService::Running(_) => false,
            EcsService::PilotLight(light) => light.takeover_count == 0,
        };
        found.when(is_never_scaled, &count, || {
            format!("{count} is 0; write how many tasks it has after the take-over")
        });
    }
}

fn asg<'a>(target: &'a AsgTarget, at: &str, seen: &mut Seen<'a>, found: &mut Faults) {
    let fix = "use 1 to 255 letters from a to z, digits and the signs - _ . + = @ /";
    let region = &target.region;
    for (index, group) in target.groups.iter().enumerate() {
        let (at, name) = (item(&joined(at, "groups"), index), group.name());
        found.named(&at, name, names::is_asg(name), fix);
        let is_second = !seen.insert((region, None, name));
        found.when(is_second, &at, || {
            format!("{at} is group {name} in {region}, which stands twice; keep one")
        });
        let capacity = joined(&at, "takeover_capacity");
        found.when(group.takeover_capacity() == Some(0), &capacity, || {
            format!("{capacity} is 0; write how many instances it has after the take-over")
        });
    }
}

pub(super) fn topics(plan: &WorkloadPlan, found: &mut Faults) {
    for (region, arn) in &plan.notify {
        let field = joined("notify", region.as_str());
        of_plan(plan, &field, region, found);
        let of = names::region_of_topic(arn);
        let fix = "write the ARN of an SNS topic that is not FIFO";
        found.named(&field, arn, of.is_some(), fix);
        let elsewhere = of.is_some_and(|of| of != region.as_str());
        found.when(elsewhere, &field, || {
            format!("{field} is {arn}; name a topic of {region}")
        });
    }
}

/// Only the plan's two Regions take part.
fn of_plan(plan: &WorkloadPlan, field: &str, region: &Region, found: &mut Faults) {
    let [home, recovery] = plan.regions();
    found.when(region != home && region != recovery, field, || {
        format!("{field} names {region}, which is neither home_region nor recovery_region; write {home} or {recovery}")
    });
}
