//! How the fields of a plan fit together. What a schema can say of it the published one says too.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Auth, Detection, KeyedTable, Mode, Plan, Route, Service,
    fault::{Found, Part},
    names,
};
use crate::{
    domain::PlanName,
    json::shown,
    topology::names::{IDENTIFIER_MAX, is_identifier},
};

/// The longest time a resolver may keep the writer's name: beyond it the record outlives every other step of a failover.
const TTL_SECONDS_MAX: u32 = 300;
/// The longest time that a human may be given to answer: the state machines outlast it, three questions included.
pub const APPROVAL_MINUTES_MAX: u64 = 1440;
/// The field that every Region is held against.
const MEMBERS: &str = "topology.members";
/// A probe invocation lasts a minute, so that a longer interval would never be measured.
const INTERVAL_SECONDS_MAX: u64 = 30;

/// What is wrong with how a plan's fields fit together.
pub(super) struct Judged {
    /// The fields that the judgement stands on.
    about: Vec<String>,
    found: Found,
}

impl Judged {
    /// The fault itself.
    pub(super) fn found(self) -> Found {
        self.found
    }

    /// Whether it is about what somebody wrote, and not about what was filled in at one of these places.
    pub(super) fn is_of_what_was_written(&self, filled: &[String]) -> bool {
        let stands_on = |place: &String| {
            let mut about = self.about.iter();
            about.any(|field| {
                let rest = field.strip_prefix(place.as_str());
                let is_under = |rest: &str| rest.is_empty() || rest.starts_with('.');
                place.is_empty() || rest.is_some_and(is_under)
            })
        };
        !filled.iter().any(stands_on)
    }
}

#[derive(Default)]
struct Faults(Vec<Judged>);

impl Faults {
    /// A fault of the first of the fields that the judgement stands on.
    fn when(&mut self, faulty: bool, about: &[&str], say: impl FnOnce() -> String) {
        if faulty {
            let field = about.first().copied().unwrap_or_default();
            self.push(about, Found::new(field, Part::Value, say()));
        }
    }

    /// A field that should not be there.
    fn out_of_place(&mut self, field: &str, about: &[&str], says: String) {
        self.push(about, Found::new(field, Part::Name, says));
    }

    fn push(&mut self, about: &[&str], found: Found) {
        let about = about.iter().map(|&field| field.to_owned()).collect();
        self.0.push(Judged { about, found });
    }

    /// A name that is none.
    fn named(&mut self, field: &str, name: &str, fits: bool, fix: &str) {
        self.when(!fits, &[field], || {
            format!("{field} is {}; {fix}", quoted(name))
        });
    }
}

fn quoted(text: &str) -> String {
    shown(&Value::from(text))
}

/// Everything that is wrong.
pub(super) fn faults(plan: &Plan) -> Vec<Judged> {
    let mut found = Faults::default();
    identifiers(plan, &mut found);
    regions(plan, &mut found);
    database(plan, &mut found);
    detection(plan, &mut found);
    policy(plan, &mut found);
    routes(plan, &mut found);
    ecs(plan, &mut found);
    topics(plan, &mut found);
    loss_ledger(plan, &mut found);
    found.0
}

/// What the schema says of fields that depend on each other.
pub(super) fn conditions() -> Value {
    let mode = |field: &str, word: &str| json!({"properties": {"unplanned": {"required": [field], "properties": {field: {"const": word}}}}, "required": ["unplanned"]});
    let asks = json!({"required": ["notify"], "properties": {"notify": {"minProperties": 2}}});
    let witnessed = json!({"required": ["witness_region"], "properties": {"witness_region": {"type": "string"}}});
    let accepted = json!({"properties": {"unplanned": {"required": ["without_witness"], "properties": {"without_witness": {"const": "accept"}}}}});
    let grace = json!({"properties": {"detection": {"properties": {"in_region_grace_seconds": {"minimum": Detection::GRACE_SECONDS}}}}});
    json!([
        {"if": mode("region_down", "automatic"), "then": {"anyOf": [witnessed, accepted]}},
        {"if": mode("region_down", "approval"), "then": asks},
        {"if": mode("writer_down", "approval"), "then": asks},
        {"if": mode("writer_down", "automatic"), "then": grace},
    ])
}

fn identifiers(plan: &Plan, found: &mut Faults) {
    let name = plan.plan.as_str();
    let fix = "use 1 to 40 letters from a to z, digits and hyphens";
    found.named("plan", name, PlanName::fits(name), fix);
    let clusters = plan.members().iter();
    let clusters = clusters.map(|(region, member)| {
        let field = format!("{MEMBERS}.{region}.cluster");
        (field, member.cluster.as_str())
    });
    let (field, group) = plan.topology.named_group();
    let group = (field.to_owned(), group);
    let fix = format!(
        "use 1 to {IDENTIFIER_MAX} letters, digits and single hyphens, a letter first and no hyphen last, as RDS does"
    );
    for (field, name) in clusters.chain([group]) {
        found.named(&field, name, is_identifier(name), &fix);
    }
}

fn regions(plan: &Plan, found: &mut Faults) {
    let members = plan.members();
    let (listed, count) = (listed(plan), members.len());
    found.when(count < 2, &[MEMBERS], || {
        format!("{MEMBERS} has {count} Region(s) ({listed}); name at least two")
    });
    let home = &plan.home_region;
    let is_member = members.contains_key(home);
    found.when(!is_member, &["home_region", MEMBERS], || {
        format!("home_region is {home}, which is not in {MEMBERS}; choose one of {listed}")
    });
    for region in members.keys().filter(|region| !region.is_valid()) {
        let says = format!(
            "{MEMBERS} has {region}, which is not the name of a Region; write it like us-east-1"
        );
        found.out_of_place(&format!("{MEMBERS}.{region}"), &[MEMBERS], says);
    }
    if let Some(witness) = &plan.witness_region {
        let is_member = members.contains_key(witness);
        found.when(is_member, &["witness_region", MEMBERS], || {
            format!("witness_region is {witness}, which is a member; choose a third Region")
        });
        found.when(!witness.is_valid(), &["witness_region"], || {
            format!("witness_region is {witness}, which is not the name of a Region; write it like us-east-1")
        });
    }
}

/// The members' Regions.
fn listed(plan: &Plan) -> String {
    let members: Vec<_> = plan.members().keys().map(ToString::to_string).collect();
    members.join(", ")
}

fn database(plan: &Plan, found: &mut Faults) {
    let database = &plan.database;
    for (field, name) in [
        ("database.name", &database.name),
        ("database.probe.user", &database.probe.user),
    ] {
        let fix = format!("use 1 to {} bytes, as PostgreSQL does", names::POSTGRES_MAX);
        found.named(field, name, names::is_postgres(name), &fix);
    }
    let fix = "write the secret's name, which is the same in every Region, and not its ARN";
    let secret = &database.admin_secret;
    found.named(
        "database.admin_secret",
        secret,
        names::is_secret(secret),
        fix,
    );
    if let Auth::Secret { secret } = &database.probe.auth {
        let field = "database.probe.auth.secret";
        found.named(field, secret, names::is_secret(secret), fix);
    }
}

fn detection(plan: &Plan, found: &mut Faults) {
    let detection = &plan.detection;
    let (interval, timeout) = (detection.interval_seconds, detection.timeout_seconds);
    let (at_interval, at_timeout) = ("detection.interval_seconds", "detection.timeout_seconds");
    let fits = (1..=INTERVAL_SECONDS_MAX).contains(&interval);
    found.when(!fits, &[at_interval], || {
        format!("{at_interval} is {interval}; use 1 to {INTERVAL_SECONDS_MAX}")
    });
    found.when(timeout == 0, &[at_timeout], || {
        format!("{at_timeout} is 0; use at least 1")
    });
    // An interval of 0 is a fault of its own.
    let outlasts = timeout > interval && interval > 0;
    found.when(outlasts, &[at_timeout, at_interval], || {
        format!("{at_timeout} is {timeout}, longer than interval_seconds ({interval}); make it at most {interval}")
    });
    let failures = detection.failures;
    let fits = (2..=60).contains(&failures);
    found.when(!fits, &["detection.failures"], || {
        format!("detection.failures is {failures}; use 2 to 60: one failure proves nothing")
    });
}

fn policy(plan: &Plan, found: &mut Faults) {
    let unplanned = &plan.unplanned;
    let modes = [
        ("unplanned.region_down", unplanned.region_down),
        ("unplanned.writer_down", unplanned.writer_down),
    ];
    let asks = modes.iter().find(|(_, mode)| *mode == Mode::Approval);
    let unheard = |region: &&_| !plan.notify.contains_key(*region);
    if let Some((field, _)) = asks {
        for region in plan.members().keys().filter(unheard) {
            found.when(true, &[field, "notify", MEMBERS], || {
                format!("{field} is approval and notify has no {region}; name an SNS topic there, or nobody is asked")
            });
        }
    }
    let minutes = unplanned.approval_minutes;
    let fits = (1..=APPROVAL_MINUTES_MAX).contains(&minutes);
    found.when(!fits, &["unplanned.approval_minutes"], || {
        format!("unplanned.approval_minutes is {minutes}; use 1 to {APPROVAL_MINUTES_MAX}")
    });
    let at_grace = "detection.in_region_grace_seconds";
    let grace = plan.detection.in_region_grace_seconds;
    if let Some(grace) = grace.filter(|grace| *grace < Detection::GRACE_SECONDS) {
        let acts = unplanned.writer_down == Mode::Automatic;
        found.when(acts, &[at_grace, "unplanned.writer_down"], || {
            format!(
                "{at_grace} is {grace} and unplanned.writer_down is automatic; use at least {}, which a failover within the \
                 Region may take, or write approval",
                Detection::GRACE_SECONDS
            )
        });
    }
    let unwitnessed = plan.witness_region.is_none() && unplanned.without_witness.is_none();
    let about = [
        "unplanned.region_down",
        "unplanned.without_witness",
        "witness_region",
    ];
    let acts = unplanned.region_down == Mode::Automatic;
    found.when(unwitnessed && acts, &about, || {
        "unplanned.region_down is automatic and there is no witness_region; name one, or write \"without_witness\": \"accept\""
            .to_owned()
    });
}

fn routes(plan: &Plan, found: &mut Faults) {
    let mut seen = BTreeSet::new();
    for (index, route) in plan.routes.iter().enumerate() {
        let of = |field: &str| format!("routes.{index}.{field}");
        let (field, name) = match route {
            Route::Cname { name, .. } => (of("name"), name),
            Route::Ssm { parameter, .. } => (of("parameter"), parameter),
        };
        found.when(!seen.insert(name), &[&field], || {
            format!("{field} {name} stands twice; keep one")
        });
        let Route::Cname {
            hosted_zone,
            ttl_seconds,
            accept_route53_risk,
            ..
        } = route
        else {
            let fix = "write a name like /orders/writer, outside /aurora-failover/";
            found.named(&field, name, names::is_parameter(name), fix);
            continue;
        };
        let zone = of("hosted_zone");
        let fix = "write the id alone, like Z0EXAMPLE";
        found.named(&zone, hosted_zone, names::is_hosted_zone(hosted_zone), fix);
        let fix = "write a full name without the trailing dot, in letters from a to z, digits, hyphens and underscores";
        found.named(&field, name, names::is_host(name), fix);
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
}

fn ecs(plan: &Plan, found: &mut Faults) {
    let fix = "use 1 to 255 letters from a to z, digits, hyphens and underscores";
    let mut seen = BTreeSet::new();
    for (index, Service::Ecs(target)) in plan.services.iter().enumerate() {
        let of = |field: &str| format!("services.{index}.{field}");
        let (cluster, region) = (&target.cluster, &target.region);
        let (field, at_region) = (of("cluster"), of("region"));
        found.named(&field, cluster, names::is_ecs(cluster), fix);
        let is_member = plan.members().contains_key(region);
        found.when(!is_member, &[&at_region, MEMBERS], || {
            format!(
                "{at_region} is {region}, which is not in {MEMBERS}; choose one of {}",
                listed(plan)
            )
        });
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
}

fn topics(plan: &Plan, found: &mut Faults) {
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

fn loss_ledger(plan: &Plan, found: &mut Faults) {
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

#[cfg(test)]
mod tests;
