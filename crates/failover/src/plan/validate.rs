//! How the fields of a plan fit together. What a schema can say of it the published one says too.

mod lists;

use serde_json::{Value, json};

use super::{
    Auth, Database, Detection, Engine, Hook, Mode, Plan, Topology, UnknownLoss,
    fault::{Found, Part},
    names,
    topology::STOP_SECONDS,
};
use crate::{
    domain::PlanName,
    json::shown,
    topology::names::{IDENTIFIER_MAX, is_identifier},
};

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
    stop(plan, &mut found);
    detection(plan, &mut found);
    policy(plan, &mut found);
    unmeasured(plan, &mut found);
    lists::routes(plan, &mut found);
    lists::services(plan, &mut found);
    lists::topics(plan, &mut found);
    lists::loss_ledger(plan, &mut found);
    hooks(plan, &mut found);
    found.0
}

/// What the schema says of fields that depend on each other.
pub(super) fn conditions() -> Value {
    let mode = |field: &str, word: &str| json!({"properties": {"unplanned": {"required": [field], "properties": {field: {"const": word}}}}, "required": ["unplanned"]});
    let asks = json!({"required": ["notify"], "properties": {"notify": {"minProperties": 2}}});
    let witnessed = json!({"required": ["witness_region"], "properties": {"witness_region": {"type": "string"}}});
    let accepted = json!({"properties": {"unplanned": {"required": ["without_witness"], "properties": {"without_witness": {"const": "accept"}}}}});
    let grace = json!({"properties": {"detection": {"properties": {"in_region_grace_seconds": {"minimum": Detection::GRACE_SECONDS}}}}});
    let kind = |kind: &str| json!({"properties": {"topology": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}}, "required": ["topology"]});
    let engine =
        |engine: Value| json!({"properties": {"database": {"properties": {"engine": engine}}}});
    let one_of = |engines: Value| json!({"properties": {"database": {"properties": {"engine": {"enum": engines}}, "required": ["engine"]}}, "required": ["database"]});
    let counted = one_of(json!(["mariadb", "mysql"]));
    let let_in = one_of(json!(["postgres", "mariadb", "mysql"]));
    let decided = json!({"enum": ["approval", "observe"]});
    let stops = json!({"properties": {"topology": {"properties": {"stop_services": {"const": true}}, "required": ["stop_services"]}}, "required": ["topology"]});
    json!([
        {"if": let_in, "then": {"properties": {"database": {"required": ["probe", "admin_secret"]}}}},
        {"if": one_of(json!(["sqlserver"])), "then": {"properties": {
            "loss_ledger": {"maxItems": 0},
            "topology": {"properties": {"stop_services": {"const": false}}},
            "database": {"properties": {"probe": {"type": "null"}, "admin_secret": {"type": "null"}}},
            "unplanned": {"required": ["unknown_loss"], "properties": {
                "region_down": decided, "writer_down": decided, "unknown_loss": {"const": "accept"}}},
        }}},
        {"if": kind("aurora_global"), "then": engine(json!({"const": "postgres"}))},
        {"if": counted, "then": {"properties": {
            "loss_ledger": {"maxItems": 0},
            "database": {"properties": {"name": {"maxLength": 32}, "probe": {"properties": {"user": {"maxLength": 32}}}}},
        }}},
        {"if": stops, "then": {"required": ["services"], "properties": {"services": {"minItems": 1}}}},
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
    let members = plan.members().iter();
    let members = members.map(|(region, member)| {
        let field = format!("{MEMBERS}.{region}.{}", plan.kind().member());
        (field, member.identifier.as_str())
    });
    let group = plan.topology.named_group();
    let group = group.map(|(field, name)| (field.to_owned(), name));
    let fix = format!(
        "use 1 to {IDENTIFIER_MAX} letters, digits and single hyphens, a letter first and no hyphen last, as RDS does"
    );
    for (field, name) in members.chain(group) {
        found.named(&field, name, is_identifier(name), &fix);
    }
    if let Some(name) = plan.topology.group_parameter() {
        lists::parameter("topology.global_cluster_parameter", name, found);
    }
}

/// Functions by a name that one role may call, and times that fit a pass.
fn hooks(plan: &Plan, found: &mut Faults) {
    let most = Hook::TIMEOUT_SECONDS_MAX;
    for (phase, hook) in plan.named_hooks() {
        let of = |field: &str| format!("hooks.{}.{field}", phase.name());
        let fix = "use the name of a function that ends with -failover-hook, at most 64 letters, digits, hyphens and underscores";
        found.named(
            &of("function"),
            &hook.function,
            names::is_hook(&hook.function),
            fix,
        );
        let (at, seconds) = (of("timeout_seconds"), hook.timeout_seconds);
        found.when(!(1..=most).contains(&seconds), &[&at], || {
            format!("{at} is {seconds}; use 1 to {most}")
        });
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

fn stop(plan: &Plan, found: &mut Faults) {
    let Topology::RdsReplica {
        stop_seconds,
        stop_services,
        ..
    } = &plan.topology
    else {
        return;
    };
    let [least, most] = STOP_SECONDS;
    let at = "topology.stop_seconds";
    found.when(!(least..=most).contains(stop_seconds), &[at], || {
        format!("{at} is {stop_seconds}; use {least} to {most}")
    });
    let (at, engine) = ("topology.stop_services", plan.database.engine);
    let names_none = plan.services.is_empty();
    found.when(*stop_services && names_none, &[at, "services"], || {
        format!(
            "{at} is true and services names none; name what is to be stopped, or leave {at} out"
        )
    });
    let is_moot = *stop_services && !engine.has_heart();
    found.when(is_moot, &[at, "database.engine"], || {
        format!(
            "{at} is true and database.engine is {}, whose writer no planned move stops; leave it out",
            engine.name()
        )
    });
}

fn database(plan: &Plan, found: &mut Faults) {
    let database = &plan.database;
    let engine = database.engine;
    let is_aurora = matches!(plan.topology, Topology::AuroraGlobal { .. });
    let about = ["database.engine", "topology.kind"];
    found.when(is_aurora && engine != Engine::Postgres, &about, || {
        format!(
            "database.engine is {} and topology.kind is aurora_global; set it to postgres, the only one there",
            engine.name()
        )
    });
    logins(database, found);
    let probe = database.probe.as_ref();
    let user = probe.map(|probe| ("database.probe.user", &probe.user));
    for (field, name) in std::iter::once(("database.name", &database.name)).chain(user) {
        let fix = format!(
            "use 1 to {} bytes, as {} does",
            names::longest(engine),
            engine.called()
        );
        let fits = (1..=names::longest(engine)).contains(&name.len());
        found.named(field, name, fits, &fix);
    }
    let fix = "write the secret's name, which is the same in every Region, and not its ARN";
    if let Some(secret) = &database.admin_secret {
        let field = "database.admin_secret";
        found.named(field, secret, names::is_secret(secret), fix);
    }
    if let Some(Auth::Secret { secret }) = probe.map(|probe| &probe.auth) {
        let field = "database.probe.auth.secret";
        found.named(field, secret, names::is_secret(secret), fix);
    }
}

/// Whoever logs in is named where somebody does, and nowhere else.
fn logins(database: &Database, found: &mut Faults) {
    let engine = database.engine;
    for (field, is_given) in [
        ("database.probe", database.probe.is_some()),
        ("database.admin_secret", database.admin_secret.is_some()),
    ] {
        let about = [field, "database.engine"];
        if engine.has_heart() {
            found.when(!is_given, &about, || format!("{field} is missing; add it"));
        } else if is_given {
            let says = format!(
                "{field} is given and database.engine is {}, to which nothing logs in; remove it",
                engine.name()
            );
            found.out_of_place(field, &about, says);
        }
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
    for (field, mode) in modes {
        heartless(plan, (field, mode == Mode::Automatic), found);
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

/// What only a heart could lead to.
fn heartless(plan: &Plan, (field, is_automatic): (&str, bool), found: &mut Faults) {
    let engine = plan.database.engine;
    if engine.has_heart() {
        return;
    }
    found.when(is_automatic, &[field, "database.engine"], || {
        format!(
            "{field} is automatic and database.engine is {}, in which no heart beats; write approval, or observe",
            engine.name()
        )
    });
}

/// Nobody measures a loss there, so that a bound that counts would refuse whatever people approve.
fn unmeasured(plan: &Plan, found: &mut Faults) {
    let engine = plan.database.engine;
    let refuses = !engine.has_heart() && plan.unplanned.unknown_loss == UnknownLoss::Refuse;
    let field = "unplanned.unknown_loss";
    found.when(refuses, &[field, "database.engine"], || {
        format!(
            "{field} is refuse and database.engine is {}, where nobody can measure a loss; write accept: people decide about each run",
            engine.name()
        )
    });
}

#[cfg(test)]
mod tests;
