//! How the fields of a plan fit together, and what its names look like.

use std::collections::BTreeMap;

use failover::{
    domain::{PlanName, Region},
    json::shown,
    topology::names::is_identifier,
};
use serde_json::Value;

use super::{
    AuroraCluster, Fault, Isolated, Resource, Sync, WorkloadPlan,
    form::{item, joined},
    names,
};

mod hosts;
mod lists;

/// Every fault of sense.
pub(super) fn faults(plan: &WorkloadPlan) -> Vec<Fault> {
    let mut found = Faults::default();
    let name = plan.plan.as_str();
    let fix = "use 1 to 40 letters from a to z, digits and hyphens";
    found.named("plan", name, PlanName::fits(name), fix);
    regions(plan, &mut found);
    for (index, resource) in plan.resources.iter().enumerate() {
        let at = item("resources", index);
        found.named(
            &joined(&at, "name"),
            resource.name(),
            PlanName::fits(resource.name()),
            fix,
        );
        one(plan, resource, &at, &mut found);
    }
    twice(plan, &mut found);
    let fix = "use the name of a function that ends with -failover-hook, at most 64 letters, digits, hyphens and underscores";
    for (field, function) in [("prepared", &plan.prepared), ("verify", &plan.verify)] {
        if let Some(function) = function {
            found.named(field, function, names::is_function(function), fix);
        }
    }
    rounds(&plan.sync, &mut found);
    lists::services(plan, &mut found);
    lists::topics(plan, &mut found);
    found.0
}

/// Rounds that a run has no time for.
fn rounds(sync: &Sync, found: &mut Faults) {
    let (minutes, most) = (sync.minutes(), Sync::MINUTES_MAX);
    found.when(minutes > most, "sync.rounds_max", || {
        format!(
            "sync.rounds_max is {} and sync.every_minutes is {}, which are {minutes} minutes of rounds, and a run has time for {most}; make one of them smaller",
            sync.rounds_max, sync.every_minutes
        )
    });
}

#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn when(&mut self, faulty: bool, field: &str, say: impl FnOnce() -> String) {
        if faulty {
            self.0.push(Fault::new(field, say()));
        }
    }

    /// A name that is none.
    fn named(&mut self, field: &str, name: &str, fits: bool, fix: &str) {
        self.when(!fits, field, || {
            format!("{field} is {}; {fix}", shown(&Value::from(name)))
        });
    }
}

fn regions(plan: &WorkloadPlan, found: &mut Faults) {
    let (home, recovery) = (&plan.home_region, &plan.recovery_region);
    let fix = "write the name of a Region, like us-east-1";
    found.named("home_region", home.as_str(), home.is_valid(), fix);
    found.named(
        "recovery_region",
        recovery.as_str(),
        recovery.is_valid(),
        fix,
    );
    found.when(home == recovery, "recovery_region", || {
        format!("recovery_region is {recovery}, which is home_region; name the Region that the workload comes home from")
    });
}

/// What of a resource can be judged alone.
fn one(plan: &WorkloadPlan, resource: &Resource, at: &str, found: &mut Faults) {
    match resource {
        Resource::RdsInstance(one) => {
            ends(resource, at, is_identifier, &of_rds(), found);
            key(plan, one.kms_key.as_deref(), at, found);
            isolated(one.rehearsal.as_ref(), at, found);
        }
        Resource::AuroraCluster(one) => {
            ends(resource, at, is_identifier, &of_rds(), found);
            key(plan, one.kms_key.as_deref(), at, found);
            isolated(one.rehearsal.as_ref(), at, found);
            global(one, at, found);
        }
        Resource::DynamodbTable(one) => {
            let fix =
                "use 3 to 255 letters, digits, underscores, hyphens and dots, as DynamoDB does";
            ends(resource, at, names::is_table, fix, found);
            key(plan, one.kms_key.as_deref(), at, found);
        }
        Resource::Ec2Instance(one) => hosts::host(plan, (resource, one), at, found),
    }
}

fn of_rds() -> String {
    format!(
        "use 1 to {} letters, digits and single hyphens, a letter first and no hyphen last, as RDS does",
        names::IDENTIFIER_MAX
    )
}

/// What a resource is called at home and in the recovery Region.
fn ends(resource: &Resource, at: &str, fits: fn(&str) -> bool, fix: &str, found: &mut Faults) {
    for (field, name) in [("home", resource.home()), ("recovery", resource.recovery())] {
        found.named(&joined(at, field), name, fits(name), fix);
    }
}

/// A key of another Region encrypts nothing at home.
fn key(plan: &WorkloadPlan, key: Option<&str>, at: &str, found: &mut Faults) {
    let Some(key) = key else { return };
    let field = joined(at, "kms_key");
    let fix = "write the ARN, the id or the alias of a KMS key";
    found.named(&field, key, names::is_key(key), fix);
    let home = plan.home_region.as_str();
    let elsewhere = names::region_of_key(key).filter(|region| *region != home);
    found.when(elsewhere.is_some(), &field, || {
        format!("{field} is {key}, which is not in {home}; name a key of {home}")
    });
}

fn isolated(place: Option<&Isolated>, at: &str, found: &mut Faults) {
    let Some(place) = place else { return };
    let at = joined(at, "rehearsal");
    let group = &place.subnet_group;
    let fix = "write the name of a DB subnet group";
    found.named(
        &joined(&at, "subnet_group"),
        group,
        names::is_subnet_group(group),
        fix,
    );
    security_groups(&place.security_groups, &at, found);
}

fn security_groups(groups: &[String], at: &str, found: &mut Faults) {
    let at = joined(at, "security_groups");
    let fix = "write the id of a security group, like sg-0123456789abcdef0";
    for (index, group) in groups.iter().enumerate() {
        let fits = names::is_security_group(group);
        found.named(&item(&at, index), group, fits, fix);
    }
}

fn global(cluster: &AuroraCluster, at: &str, found: &mut Faults) {
    if let Some(name) = &cluster.global_cluster {
        let field = joined(at, "global_cluster");
        found.named(&field, name, is_identifier(name), &of_rds());
    }
}

/// Nothing comes home twice, or to where something else is put.
fn twice(plan: &WorkloadPlan, found: &mut Faults) {
    let mut seen = Seen::default();
    for (index, resource) in plan.resources.iter().enumerate() {
        let at = item("resources", index);
        let kind = resource.kind();
        let name = resource.name();
        seen.once(("name", name.to_owned()), &at, found, |first| {
            format!("{at}.name is {name}, as is {first}.name; give each resource a name of its own")
        });
        for (field, region, end) in [
            ("home", &plan.home_region, resource.home()),
            ("recovery", &plan.recovery_region, resource.recovery()),
        ] {
            let key = (field, format!("{kind}/{}", same(resource, end)));
            seen.once(key, &at, found, |first| {
                stands(&joined(&at, field), end, (first, field), region)
            });
        }
        if let Some(global) = global_of(resource) {
            seen.once(("global_cluster", global.to_ascii_lowercase()), &at, found, |first| {
                format!(
                    "{at}.global_cluster is {global}, as is {first}.global_cluster; a global cluster has one writer, so name it once"
                )
            });
        }
    }
    rehearsals(plan, found);
}

fn stands(field: &str, end: &str, (first, other): (&str, &str), region: &Region) -> String {
    format!("{field} is {end} in {region}, as is {first}.{other}; name each resource once")
}

/// A rehearsal builds beside under a name that no other resource may bear.
fn rehearsals(plan: &WorkloadPlan, found: &mut Faults) {
    for (index, resource) in plan.resources.iter().enumerate() {
        let beside = same(resource, &format!("{}-rehearsal", resource.home()));
        let bears = |other: &&Resource| {
            other.kind() == resource.kind() && same(other, other.home()) == beside
        };
        if let Some(other) = plan.resources.iter().find(bears) {
            let field = joined(&item("resources", index), "home");
            found.when(true, &field, || {
                format!(
                    "{field} is {}, whose rehearsal is built as {beside}, which resource {} is called; bring one of them home by a \
                     plan of its own",
                    resource.home(),
                    other.name()
                )
            });
        }
    }
}

/// A name as its service compares it: RDS tells no capital from a small letter.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html>.
fn same(resource: &Resource, name: &str) -> String {
    match resource {
        Resource::RdsInstance(_) | Resource::AuroraCluster(_) => name.to_ascii_lowercase(),
        Resource::DynamodbTable(_) | Resource::Ec2Instance(_) => name.to_owned(),
    }
}

fn global_of(resource: &Resource) -> Option<&str> {
    match resource {
        Resource::AuroraCluster(cluster) => cluster.global_cluster.as_deref(),
        Resource::RdsInstance(_) | Resource::DynamodbTable(_) | Resource::Ec2Instance(_) => None,
    }
}

/// Where each name stood first.
#[derive(Default)]
struct Seen(BTreeMap<(&'static str, String), String>);

impl Seen {
    fn once(
        &mut self,
        key: (&'static str, String),
        at: &str,
        found: &mut Faults,
        say: impl FnOnce(&str) -> String,
    ) {
        match self.0.get(&key) {
            Some(first) => found.when(true, &joined(at, key.0), || say(first)),
            None => drop(self.0.insert(key, at.to_owned())),
        }
    }
}
