//! The answers of `make deploy`, from what was found. They are YAML, so that each guess stands above its line.

use std::collections::BTreeSet;

use failover::{
    domain::Region,
    installation,
    plan::{Plan, TopologyKind},
};

use super::{
    document::{Drafted, without_number},
    found::{Arn, Found},
    guess::{Guess, LeftOut},
};
use crate::account::Database;

/// The file, and what of it was guessed or left out.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) text: String,
    pub(super) guesses: Vec<Guess>,
    pub(super) left_out: Vec<LeftOut>,
}

/// Writes the answers for a plan that lies in the file `document`.
pub(super) fn answers(found: &Found, drafted: &Drafted, document: &str) -> Answers {
    let mut sheet = Sheet::default();
    let plan = &drafted.plan;
    head(&mut sheet, drafted, document);
    let account = found.members.values().next();
    let account = account.map_or("", |member| member.arn.account.as_str());
    sheet.line(&format!("account: \"{account}\""));
    let because = "the writer is there now";
    sheet.guess("home_region", plan.home_region.as_str(), because);
    sheet.line(&format!("home_region: {}", plan.home_region));
    match &plan.witness_region {
        Some(witness) => sheet.line(&format!("witness_region: {witness}")),
        None => sheet.leave(
            "witness_region",
            "a third Region that only observes, where there is one",
        ),
    }
    sheet.line(&format!("installation: {}", plan.plan));
    if installation::prefix() != installation::PREFIX {
        sheet.line(&format!("prefix: {}", installation::prefix()));
    }
    sheet.line("everywhere:");
    sheet.path = "everywhere".to_owned();
    match found.kind {
        TopologyKind::AuroraGlobal => of_clusters(&mut sheet, found),
        TopologyKind::RdsReplica => of_instances(&mut sheet, found),
    }
    of_all(&mut sheet, found, plan);
    of_names(&mut sheet);
    sheet.path.clear();
    sheet.line("members:");
    for region in found.members.keys() {
        of_member(&mut sheet, found, region);
    }
    sheet.path.clear();
    sheet.line("plans:");
    sheet.line(&format!("  - {document}"));
    Answers {
        text: sheet.text,
        guesses: sheet.guesses,
        left_out: sheet.left_out,
    }
}

/// The document can hold no comment, so that its guesses stand here.
fn head(sheet: &mut Sheet, drafted: &Drafted, document: &str) {
    sheet.line(&format!(
        "# Answers of make deploy for plan {}, written by aurora-failover plan init from what RDS shows.",
        drafted.plan.plan
    ));
    sheet.line("# What is guessed says so above its line. Read it before you deploy.");
    sheet.line("#");
    sheet.line(&format!(
        "# {document} is JSON and holds no comment. What was guessed there:"
    ));
    let guesses = drafted.guesses.iter().map(Guess::line);
    let left_out = drafted.left_out.iter().map(LeftOut::line);
    for line in guesses.chain(left_out) {
        sheet.line(&format!("#   {line}"));
    }
}

/// What a failback may change of clusters. It retires one under a longer name, and counts the global cluster's number up.
fn of_clusters(sheet: &mut Sheet, found: &Found) {
    let clusters = found
        .members
        .values()
        .map(|member| covering(&member.arn, "cluster", &member.arn.name));
    sheet.list("MemberClusterArns", clusters);
    let mut instances = BTreeSet::new();
    let mut is_guessed = false;
    for member in found.members.values() {
        let shown = member.shown.as_ref().ok();
        let named = shown.map(|shown| shown.instances.as_slice());
        let named = named.unwrap_or_default();
        is_guessed |= named.is_empty();
        let own = &member.arn.name;
        // One pattern for all that are called after their cluster: a policy has room for so many.
        if named.iter().all(|name| name.starts_with(own.as_str())) {
            instances.insert(covering(&member.arn, "db", own));
            continue;
        }
        let named = named.iter();
        instances.extend(named.map(|name| covering(&member.arn, "db", name)));
    }
    if is_guessed {
        let because =
            "RDS showed no instance of one member, and its instances may be called otherwise";
        sheet.guess("MemberInstanceArns", "the member's own name", because);
    }
    sheet.list("MemberInstanceArns", instances);
    let group = found.group.as_deref().unwrap_or_default();
    let first = found.members.values().next();
    let global = first.map(|member| {
        let Arn {
            partition, account, ..
        } = &member.arn;
        let name = without_number(group);
        let rest = if name == group { "*" } else { "-*" };
        format!("arn:{partition}:rds::{account}:global-cluster:{name}{rest}")
    });
    sheet.list("GlobalClusterArns", global);
    let endpoints = found.members.values().flat_map(|member| {
        let shown = member.shown.as_ref().ok();
        let hosts = shown.into_iter().flat_map(|shown| &shown.custom_endpoints);
        let names = hosts.filter_map(|host| host.split('.').next());
        names.map(|name| covering(&member.arn, "cluster-endpoint", name))
    });
    sheet.list("CustomEndpointArns", endpoints);
}

/// What a failback may change of instances. The parameters for clusters have no default, and are to cover nothing.
fn of_instances(sheet: &mut Sheet, found: &Found) {
    let instances = found
        .members
        .values()
        .map(|member| covering(&member.arn, "db", &member.arn.name));
    sheet.list("ReplicaInstanceArns", instances);
    let Some(first) = found.members.values().next() else {
        return;
    };
    let Arn {
        partition, account, ..
    } = &first.arn;
    sheet.line("  # Nothing is called so: no global database is watched.");
    for (name, kind) in [
        ("MemberClusterArns", "cluster"),
        ("MemberInstanceArns", "db"),
    ] {
        let none = format!("arn:{partition}:rds:*:{account}:{kind}:none");
        sheet.list(name, Some(none));
    }
    let none = format!("arn:{partition}:rds::{account}:global-cluster:none");
    sheet.list("GlobalClusterArns", Some(none));
}

/// What both kinds need: keys, roles, secrets, and that nobody watches yet.
fn of_all(sheet: &mut Sheet, found: &Found, plan: &Plan) {
    let members = found.members.values();
    let shown = members.filter_map(|member| member.shown.as_ref().ok());
    let shown: Vec<_> = shown.collect();
    let keys = shown.iter().filter_map(|one| one.kms_key.clone());
    let keys: BTreeSet<_> = keys.collect();
    if !keys.is_empty() {
        let because = "RDS does not tell a customer's key from its own; leave its own out";
        sheet.guess("KmsKeyArns", &keys.len().to_string(), because);
    }
    sheet.list("KmsKeyArns", keys);
    let roles: BTreeSet<_> = shown.iter().flat_map(|one| one.roles.clone()).collect();
    sheet.list("DatabaseRoleArns", roles);
    if let Some(admin) = &plan.database.admin_secret {
        let first = found.members.values().next();
        let (partition, account) = first.map_or(("aws", ""), |member| {
            (member.arn.partition.as_str(), member.arn.account.as_str())
        });
        let own = format!("{}/", plan.plan);
        let of = |name: &str| {
            format!("arn:{partition}:secretsmanager:{{region}}:{account}:secret:{name}*")
        };
        let besides = (!admin.starts_with(&own)).then(|| of(admin));
        let because = "the plan's secrets are called so; name their keys under SecretKeyArns";
        sheet.guess("SecretArns", &own, because);
        sheet.list("SecretArns", std::iter::once(of(&own)).chain(besides));
    }
    let because = "the writer is not adopted yet; write ENABLED after setup, and deploy again";
    sheet.guess("Watch", "DISABLED", because);
    sheet.line("  Watch: DISABLED");
}

/// What the functions may touch besides, as the plan comes to name it.
fn of_names(sheet: &mut Sheet) {
    for (name, because) in [
        ("HostedZoneArns", "the zones of the plan's routes"),
        ("EcsServiceArns", "the plan's services"),
        ("TopicArns", "the topics of the plan's notify"),
        ("AlarmTopicArn", "the topic that alarms go to"),
    ] {
        sheet.leave(name, because);
    }
}

fn of_member(sheet: &mut Sheet, found: &Found, region: &Region) {
    let member = found.members.get(region);
    let shown = member.and_then(|member| member.shown.as_ref().ok());
    let of = |list: fn(&Database) -> &Vec<String>| shown.map(list).cloned().unwrap_or_default();
    let (subnets, groups) = (of(|one| &one.subnets), of(|one| &one.security_groups));
    sheet.path = format!("members.{region}");
    // A Region of which nothing is known is a member all the same.
    let empty = if subnets.is_empty() && groups.is_empty() {
        " {}"
    } else {
        ""
    };
    sheet.line(&format!("  {region}:{empty}"));
    sheet.deeper = true;
    for (name, values, because) in [
        (
            "SubnetIds",
            subnets,
            "the database is there; the functions need a road to AWS's endpoints from theirs",
        ),
        (
            "SecurityGroupIds",
            groups,
            "the database has them; name groups that its own admit",
        ),
    ] {
        if values.is_empty() {
            sheet.leave(name, "RDS showed none there; the functions need their own");
        } else {
            sheet.guess(name, &values.join(", "), because);
            sheet.list(name, values);
        }
    }
    sheet.deeper = false;
}

/// A pattern over what has this name, and over the longer ones under which a failback retires it.
fn covering(arn: &Arn, kind: &str, name: &str) -> String {
    let Arn {
        partition,
        region,
        account,
        ..
    } = arn;
    format!("arn:{partition}:rds:{region}:{account}:{kind}:{name}*")
}

/// The file as it grows.
#[derive(Debug, Default)]
struct Sheet {
    text: String,
    guesses: Vec<Guess>,
    left_out: Vec<LeftOut>,
    /// The place of what is written next.
    path: String,
    /// Whether that is a Region's own.
    deeper: bool,
}

impl Sheet {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn indent(&self) -> &'static str {
        match (self.path.is_empty(), self.deeper) {
            (true, _) => "",
            (false, false) => "  ",
            (false, true) => "    ",
        }
    }

    fn field(&self, name: &str) -> String {
        if self.path.is_empty() {
            return name.to_owned();
        }
        format!("{}.{name}", self.path)
    }

    fn guess(&mut self, name: &str, value: &str, because: &str) {
        self.guesses
            .push(Guess::new(&self.field(name), value, because));
        let line = format!("{}# guessed, because {because}", self.indent());
        self.line(&line);
    }

    fn leave(&mut self, name: &str, because: &str) {
        self.left_out.push(LeftOut::new(&self.field(name), because));
        let line = format!("{}# {name}: left out: {because}", self.indent());
        self.line(&line);
    }

    /// Each value in a line of its own; nothing where there is none.
    fn list(&mut self, name: &str, values: impl IntoIterator<Item = String>) {
        let indent = self.indent();
        let mut values = values.into_iter().peekable();
        if values.peek().is_none() {
            return;
        }
        self.line(&format!("{indent}{name}:"));
        for value in values {
            self.line(&format!("{indent}  - {value}"));
        }
    }
}
