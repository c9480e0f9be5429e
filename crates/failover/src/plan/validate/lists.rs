//! What a plan lists: routes, services, topics and tables, each once and by a name that there can be.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Faults, MEMBERS, listed};
use crate::{
    domain::Region,
    installation,
    json::shown,
    plan::{AsgTarget, EcsTarget, Engine, KeyedTable, Plan, Route, Service, names, routes::Checks},
};

/// The longest time a resolver may keep the writer's name: beyond it the record outlives every other step of a failover.
const TTL_SECONDS_MAX: u32 = 300;

pub(super) fn routes(plan: &Plan, found: &mut Faults) {
    let (mut seen, mut objects) = (BTreeSet::new(), BTreeSet::new());
    for (index, route) in plan.routes.iter().enumerate() {
        let of = |field: &str| format!("routes.{index}.{field}");
        let (field, name) = match route {
            Route::Cname { name, .. } => (of("name"), name),
            Route::Ssm { parameter, .. } => (of("parameter"), parameter),
            Route::HealthSwitch { name, .. } => (of("name"), name),
        };
        found.when(!seen.insert(name), &[&field], || {
            format!("{field} {name} stands twice; keep one")
        });
        match route {
            Route::Cname { .. } => cname(plan, (index, route), found),
            Route::Ssm { .. } => parameter(&field, name, found),
            Route::HealthSwitch { switches, .. } => {
                switch(plan, (index, route), found);
                for (region, switch) in switches {
                    let at = of(&format!("switches.{region}"));
                    let is_second = !objects.insert((region, &switch.bucket, &switch.key));
                    found.when(is_second, &[&at], || {
                        format!(
                            "{at} is object {} of bucket {}, which stands twice; give each name its own",
                            switch.key, switch.bucket
                        )
                    });
                }
            }
        }
    }
}

/// A name in DNS.
fn host(field: &str, name: &str, found: &mut Faults) {
    let fix = "write a full name without the trailing dot, in letters from a to z, digits, hyphens and underscores";
    found.named(field, name, names::is_host(name), fix);
}

fn cname(plan: &Plan, (index, route): (usize, &Route), found: &mut Faults) {
    let of = |field: &str| format!("routes.{index}.{field}");
    let Route::Cname {
        hosted_zone,
        name,
        ttl_seconds,
        accept_route53_risk,
        ..
    } = route
    else {
        return;
    };
    let zone = of("hosted_zone");
    let fix = "write the id alone, like Z0EXAMPLE";
    found.named(&zone, hosted_zone, names::is_hosted_zone(hosted_zone), fix);
    host(&of("name"), name, found);
    let ttl = of("ttl_seconds");
    let fits = (1..=TTL_SECONDS_MAX).contains(ttl_seconds);
    found.when(!fits, &[&ttl], || {
        format!("{ttl} is {ttl_seconds}; use 1 to {TTL_SECONDS_MAX}: clients keep the dead writer that long")
    });
    // Route 53's control plane lives there and nowhere else in the partition.
    let control_plane = plan.home_region.of_route53();
    let risk = plan.members().contains_key(&control_plane) && !accept_route53_risk;
    let accepted = of("accept_route53_risk");
    found.when(risk, &[&accepted, "home_region", MEMBERS], || {
        format!(
            "{accepted} is false and routes.{index} needs Route 53's control plane, which lives in {control_plane}, a member; \
             use kind ssm, or write \"accept_route53_risk\": true if losing both at once is acceptable"
        )
    });
}

/// A pair of failover records: two Regions of the plan, of which one is the primary, and at least the other one's object.
fn switch(plan: &Plan, (index, route): (usize, &Route), found: &mut Faults) {
    let of = |field: &str| format!("routes.{index}.{field}");
    let Route::HealthSwitch {
        name,
        primary,
        switches,
        targets,
        ..
    } = route
    else {
        return;
    };
    host(&of("name"), name, found);
    let (at_primary, at_switches, at_targets) = (of("primary"), of("switches"), of("targets"));
    let two = targets.len() == 2;
    found.when(!two, &[&at_targets], || {
        format!(
            "{at_targets} has {} Regions; a pair of failover records has two, the primary's and the standby's",
            targets.len()
        )
    });
    for (region, target) in targets {
        host(&format!("{at_targets}.{region}"), target, found);
        let is_member = plan.members().contains_key(region);
        found.when(!is_member, &[&at_targets, MEMBERS], || {
            format!(
                "{at_targets} has {region}, which is not in {MEMBERS}; choose two of {}",
                listed(plan)
            )
        });
    }
    let is_target = targets.contains_key(primary);
    found.when(!is_target, &[&at_primary, &at_targets], || {
        format!("{at_primary} is {primary}, which has no name in {at_targets}; write the Region of the PRIMARY record")
    });
    let standby = targets.keys().find(|region| *region != primary);
    let decides = standby.is_none_or(|standby| switches.contains_key(standby));
    found.when(!decides, &[&at_switches, &at_primary], || {
        format!(
            "{at_switches} has no bucket in {}, whose object moves the traffic there; name it",
            standby.map_or("the standby's Region", Region::as_str)
        )
    });
    for (region, switch) in switches {
        let is_target = targets.contains_key(region);
        found.when(!is_target, &[&at_switches, &at_targets], || {
            format!("{at_switches} has {region}, which has no name in {at_targets}; take it out")
        });
        let at = |field: &str| format!("{at_switches}.{region}.{field}");
        let (bucket, key) = (&switch.bucket, &switch.key);
        let fix = "write the name of a bucket: 3 to 63 letters from a to z, digits and hyphens";
        found.named(&at("bucket"), bucket, names::is_bucket(bucket), fix);
        let fix =
            "write a key like switch, in letters, digits, hyphens, underscores, dots and slashes";
        found.named(&at("key"), key, names::is_key(key), fix);
        if let Some(canary) = &switch.canary {
            host(&at("canary"), canary, found);
            found.when(canary == name, &[&at("canary")], || {
                format!(
                    "{} is {name}, which the switch leads; write a name of its own",
                    at("canary")
                )
            });
        }
    }
    checks((index, route), found);
}

/// How the checks of a switch are set.
fn checks((index, route): (usize, &Route), found: &mut Faults) {
    let Route::HealthSwitch {
        check_interval_seconds: interval,
        check_failures: failures,
        by_hand_minutes: minutes,
        ..
    } = route
    else {
        return;
    };
    let of = |field: &str| format!("routes.{index}.{field}");
    let at = of("check_interval_seconds");
    found.when(!Checks::INTERVALS.contains(interval), &[&at], || {
        format!("{at} is {interval}; write 10 or 30, as the health checks have it")
    });
    let bounded = [
        (of("check_failures"), failures, Checks::FAILURES_MAX),
        (of("by_hand_minutes"), minutes, Checks::BY_HAND_MINUTES_MAX),
    ];
    for (at, given, most) in bounded {
        found.when(!(1..=most).contains(given), &[&at], || {
            format!("{at} is {given}; use 1 to {most}")
        });
    }
}

/// A parameter that runs write has to lie outside what AWS and this installation keep for themselves.
pub(super) fn parameter(field: &str, name: &str, found: &mut Faults) {
    let own = installation::parameter("");
    let fix = format!("write a name like /orders/writer, outside {own}");
    found.named(field, name, names::is_parameter(name), &fix);
}

pub(super) fn services(plan: &Plan, found: &mut Faults) {
    let (mut services, mut groups) = (BTreeSet::new(), BTreeSet::new());
    for (index, service) in plan.services.iter().enumerate() {
        let (at_region, region) = (format!("services.{index}.region"), service.region());
        let is_member = plan.members().contains_key(region);
        found.when(!is_member, &[&at_region, MEMBERS], || {
            format!(
                "{at_region} is {region}, which is not in {MEMBERS}; choose one of {}",
                listed(plan)
            )
        });
        match service {
            Service::Ecs(target) => ecs(index, target, &mut services, found),
            Service::Asg(target) => asg(index, target, &mut groups, found),
        }
    }
}

fn ecs<'a>(
    index: usize,
    target: &'a EcsTarget,
    seen: &mut BTreeSet<(&'a Region, &'a str, &'a str)>,
    found: &mut Faults,
) {
    let fix = "use 1 to 255 letters from a to z, digits, hyphens and underscores";
    let of = |field: &str| format!("services.{index}.{field}");
    let (cluster, region) = (&target.cluster, &target.region);
    let (field, at_region) = (of("cluster"), of("region"));
    found.named(&field, cluster, names::is_ecs(cluster), fix);
    for (index, service) in target.services.iter().enumerate() {
        let at = of(&format!("services.{index}"));
        let name = service.name();
        found.named(&at, name, names::is_ecs(name), fix);
        let is_second = !seen.insert((region, cluster, name));
        found.when(is_second, &[&at, &field, &at_region], || {
            format!(
                "{at} is service {name} of cluster {cluster} in {region}, which stands twice; keep one"
            )
        });
        let count = format!("{at}.takeover_count");
        found.when(service.is_never_scaled(), &[&count], || {
            format!("{count} is 0; write how many tasks it has after the take-over")
        });
    }
}

fn asg<'a>(
    index: usize,
    target: &'a AsgTarget,
    seen: &mut BTreeSet<(&'a Region, &'a str)>,
    found: &mut Faults,
) {
    let fix = "use 1 to 255 letters from a to z, digits and the signs - _ . + = @ /";
    let of = |field: &str| format!("services.{index}.{field}");
    let (region, at_region) = (&target.region, of("region"));
    for (index, group) in target.groups.iter().enumerate() {
        let at = of(&format!("groups.{index}"));
        let name = group.name();
        found.named(&at, name, names::is_asg(name), fix);
        let is_second = !seen.insert((region, name));
        found.when(is_second, &[&at, &at_region], || {
            format!("{at} is group {name} in {region}, which stands twice; keep one")
        });
        let capacity = format!("{at}.takeover_capacity");
        let is_never_scaled = group.takeover_capacity() == Some(0);
        found.when(is_never_scaled, &[&capacity], || {
            format!("{capacity} is 0; write how many instances it has after the take-over")
        });
    }
}

pub(super) fn topics(plan: &Plan, found: &mut Faults) {
    for (region, arn) in &plan.notify {
        let field = format!("notify.{region}");
        if !plan.members().contains_key(region) {
            let listed = listed(plan);
            let says = format!("{field} is not a member's Region; choose one of {listed}");
            found.out_of_place(&field, &["notify", MEMBERS], says);
        }
        let of = names::region_of_topic(arn);
        let fix = "write the ARN of an SNS topic that is not FIFO";
        found.named(&field, arn, of.is_some(), fix);
        let elsewhere = of.is_some_and(|of| of != region.as_str());
        found.when(elsewhere, &[&field], || {
            format!("{field} is {arn}; name a topic of {region}")
        });
    }
}

pub(super) fn loss_ledger(plan: &Plan, found: &mut Faults) {
    let engine = plan.database.engine;
    let is_counted = engine != Engine::Postgres && !plan.loss_ledger.is_empty();
    found.when(is_counted, &["loss_ledger", "database.engine"], || {
        format!(
            "loss_ledger names tables and database.engine is {}, whose rows are not compared; leave it empty",
            engine.name()
        )
    });
    let mut seen = BTreeSet::new();
    for (index, KeyedTable { table, key }) in plan.loss_ledger.iter().enumerate() {
        let field = format!("loss_ledger.{index}.table");
        let fix = "write schema and name, like public.orders";
        found.named(&field, table, names::is_table(table), fix);
        found.when(!seen.insert(table), &[&field], || {
            format!("{field} {table} stands twice; keep one")
        });
        let columns: BTreeSet<_> = key.iter().filter(|column| !column.is_empty()).collect();
        let at = format!("loss_ledger.{index}.key");
        found.when(key.is_empty() || columns.len() != key.len(), &[&at], || {
            let key = shown(&json!(key));
            format!("{at} is {key}; name the columns of a unique key of {table}, each once")
        });
    }
}
