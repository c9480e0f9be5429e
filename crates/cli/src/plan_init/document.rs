//! The plan's document, from what was found, with every guess in it.

use failover::{
    domain::{PlanName, Region},
    plan::{Plan, TopologyKind, check},
};
use serde_json::{Value, json};

use super::{
    found::{Found, Member},
    guess::{Guess, LeftOut},
};
use crate::ending::{Answer, Ending};

/// The probe's login, as every document calls it.
pub(super) const PROBE: &str = "failover_probe";
/// What PostgreSQL connects to where nobody made another database.
const POSTGRES: &str = "postgres";

/// What the plan is to be called, what it is to follow, and who is to witness.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) plan: &'a PlanName,
    /// Whether somebody named it.
    pub(super) is_given: bool,
    /// The highest revision of that plan that lies in a member Region.
    pub(super) lies: Option<u64>,
    pub(super) witness: Option<&'a Region>,
}

/// A plan that `plan check` finds no fault in.
#[derive(Debug)]
pub(super) struct Drafted {
    pub(super) plan: Plan,
    pub(super) guesses: Vec<Guess>,
    pub(super) left_out: Vec<LeftOut>,
}

/// Makes the document.
///
/// # Errors
/// An answer that names what RDS shows and no plan can hold.
pub(super) fn draft(found: &Found, names: Names<'_>) -> Result<Drafted, Answer> {
    let mut guesses = Vec::new();
    let revision = names.lies.map_or(1, |lies| lies + 1);
    named(found, names, &mut guesses);
    let mut document = json!({
        "plan": names.plan,
        "revision": revision,
        "home_region": found.writer,
        "topology": topology(found, &mut guesses),
        "database": database(found, names.plan, &mut guesses),
        "detection": {"interval_seconds": 5, "failures": 3, "timeout_seconds": 3},
        "unplanned": {"region_down": "observe", "writer_down": "observe", "max_lost_seconds": 30},
    });
    guesses.push(Guess::new(
        "detection",
        "3 failures in a row, 5 s apart, of 3 s each",
        "the documents begin so, and an outage is noticed within 15 s",
    ));
    guesses.push(Guess::new(
        "unplanned",
        "observe, and 30 s of writes may be lost",
        "nothing is to be promoted by itself before somebody has chosen that",
    ));
    if !found.engine.has_heart() {
        document["unplanned"]["unknown_loss"] = "accept".into();
        let because = "nothing logs in to this engine, and so nobody measures a loss";
        guesses.push(Guess::new("unplanned.unknown_loss", "accept", because));
    }
    if let Some(witness) = names.witness {
        document["witness_region"] = json!(witness);
    }
    let plan = check(&document.to_string()).map_err(|faults| {
        let faults: Vec<_> = faults.into_iter().map(|fault| fault.says).collect();
        let why = format!("what RDS shows makes no plan: {}", faults.join("; "));
        Answer::none(Ending::NotWell, why)
    })?;
    Ok(Drafted {
        plan,
        guesses,
        left_out: left_out(found, names.witness),
    })
}

fn named(found: &Found, names: Names<'_>, guesses: &mut Vec<Guess>) {
    let plan = names.plan.as_str();
    if !names.is_given {
        let because = match &found.group {
            Some(group) => format!("the global cluster is called {group}"),
            None => "the members' names begin so".to_owned(),
        };
        guesses.push(Guess::new("plan", plan, &because));
    }
    if let Some(lies) = names.lies {
        let because = format!("plan {plan} lies in a member Region with revision {lies}");
        guesses.push(Guess::new("revision", &(lies + 1).to_string(), &because));
    }
    let because = "the writer is there now";
    guesses.push(Guess::new("home_region", found.writer.as_str(), because));
}

fn topology(found: &Found, guesses: &mut Vec<Guess>) -> Value {
    let kind = found.kind;
    let members = found.members.iter().map(|(region, member)| {
        let identifier = json!({kind.member(): member.arn.name});
        (region.to_string(), identifier)
    });
    let members: serde_json::Map<_, _> = members.collect();
    let mut topology = json!({"kind": kind.name(), "members": members});
    if kind == TopologyKind::AuroraGlobal {
        topology["global_cluster"] = json!(found.group);
        topology["strategy"] = "auto".into();
        let because = "it keeps the global cluster where RDS can, and detaches where it cannot";
        guesses.push(Guess::new("topology.strategy", "auto", because));
    }
    topology
}

fn database(found: &Found, plan: &PlanName, guesses: &mut Vec<Guess>) -> Value {
    let name = found.database.clone().unwrap_or_else(|| {
        let engine = found.engine.called();
        let because = format!("RDS names none, and a server of {engine} has that one");
        let name = match found.engine {
            failover::plan::Engine::Postgres => POSTGRES,
            failover::plan::Engine::Mariadb | failover::plan::Engine::Mysql => "mysql",
            failover::plan::Engine::Sqlserver => "master",
        };
        guesses.push(Guess::new("database.name", name, &because));
        name.to_owned()
    });
    let mut database = json!({"engine": found.engine.name(), "name": name});
    if !found.engine.has_heart() {
        return database;
    }
    let probe = format!("{plan}/probe");
    database["probe"] =
        json!({"user": PROBE, "auth": {"kind": "secret", "secret": probe.as_str()}});
    guesses.push(Guess::new(
        "database.probe",
        &format!("{PROBE} by the secret {probe}"),
        "the documents call them so; make that secret in every member Region, and setup makes the role",
    ));
    let (admin, because) = admin_secret(found, plan);
    guesses.push(Guess::new("database.admin_secret", &admin, &because));
    database["admin_secret"] = admin.into();
    database
}

/// The administrator's secret: the one that RDS keeps of the writer, else the one that the documents name.
fn admin_secret(found: &Found, plan: &PlanName) -> (String, String) {
    let writer = found.members.get(&found.writer);
    let kept = writer.and_then(|writer| writer.shown.as_ref().ok()?.admin_secret.as_deref());
    match kept.and_then(secret_name) {
        Some(name) => (
            name,
            format!(
                "RDS keeps it in {}; every member Region needs one of this name",
                found.writer
            ),
        ),
        None => (
            format!("{plan}/admin"),
            "the documents call it so; make it in every member Region".to_owned(),
        ),
    }
}

/// The name in a secret's ARN, without the six characters that Secrets Manager adds.
/// Source: <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html>.
fn secret_name(arn: &str) -> Option<String> {
    let (_, named) = arn.split_once(":secret:")?;
    let (name, added) = named.rsplit_once('-')?;
    (added.len() == 6).then(|| name.to_owned())
}

/// What a plan may say besides, and AWS was not asked for.
fn left_out(found: &Found, witness: Option<&Region>) -> Vec<LeftOut> {
    let mut left = Vec::new();
    if witness.is_none() {
        let because = "without a third Region no lost Region leads to a failover by itself; name one with --witness";
        left.push(LeftOut::new("witness_region", because));
    }
    let endpoints = "no zone was looked at; name what applications connect through, or they stay at the old writer";
    left.push(LeftOut::new("routes", endpoints));
    let because =
        "no cluster of ECS was looked at; name what has to be restarted to follow the writer";
    left.push(LeftOut::new("services", because));
    let because =
        "no topic was looked at; name one in each member Region, or nobody is told anything";
    left.push(LeftOut::new("notify", because));
    if found.engine == failover::plan::Engine::Postgres {
        let because = "name the tables whose lost rows are to be listed after a failover";
        left.push(LeftOut::new("loss_ledger", because));
    }
    let apart = found.apart.iter();
    left.extend(apart.map(|why| LeftOut::new("topology.members", why)));
    let unseen = found.members.iter().filter_map(|(region, member)| {
        let why = member.shown.as_ref().err()?;
        Some(LeftOut::new(
            &format!("all that RDS in {region} shows of {}", member.arn.name),
            &why.to_string(),
        ))
    });
    left.extend(unseen);
    left
}

/// What a plan over these members is called where nobody says: what the global cluster's name begins with, or the members' names.
pub(super) fn name_of(found: &Found) -> Option<PlanName> {
    let name = match &found.group {
        Some(group) => {
            let group = without_number(group);
            let shorter = group.strip_suffix("-global").unwrap_or(group);
            shorter.to_owned()
        }
        None => beginning(found.members.values()),
    };
    let name = name.to_lowercase();
    PlanName::fits(&name).then(|| name.as_str().into())
}

/// A name without the number that a rebuild counts up.
pub(super) fn without_number(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((rest, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        Some(_) | None => name,
    }
}

/// The words that all members' names begin with; the first one's whole name where they share none.
fn beginning<'a>(members: impl Iterator<Item = &'a Member>) -> String {
    let names: Vec<_> = members.map(|member| member.arn.name.as_str()).collect();
    let Some((first, others)) = names.split_first() else {
        return String::new();
    };
    let words: Vec<_> = first.split('-').collect();
    let shared = (1..=words.len()).rev().find_map(|count| {
        let begins = words.get(..count)?.join("-");
        let has = |name: &&str| **name == begins || name.starts_with(&format!("{begins}-"));
        others.iter().all(has).then_some(begins)
    });
    shared.unwrap_or_else(|| (*first).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_in_a_secrets_arn_ends_before_what_was_added() {
        let arn = "arn:aws:secretsmanager:us-west-2:123456789012:secret:rds!cluster-0a1b-AbCdEf";
        assert_eq!(secret_name(arn).as_deref(), Some("rds!cluster-0a1b"));
        assert_eq!(secret_name("orders/admin"), None);
    }

    #[test]
    fn the_number_that_a_rebuild_counts_up_is_no_part_of_a_name() {
        let names = ["orders-global-1", "orders-global", "orders", "orders-9-a"];
        let rest = names.map(without_number);
        assert_eq!(
            rest,
            ["orders-global", "orders-global", "orders", "orders-9-a"]
        );
    }
}
