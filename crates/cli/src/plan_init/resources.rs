//! `plan init --workload`: a workload's plan of what bears its tag in either Region, with every guess named. AWS is only asked.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use failover::domain::{PlanName, Region};
use futures::future::join;
use serde::Serialize;
use serde_json::{Value, json};
use workload::plan::{BYTES_MAX, check, parameter};

use super::{
    free,
    guess::{Guess, LeftOut},
    write,
};
use crate::{
    account::Tagged,
    desk::Desk,
    ending::{Answer, Ending},
    survey::{PATIENCE, patiently},
};

/// How long a Region is waited for that lists all its databases.
const LISTING: Duration = Duration::from_secs(60);

/// What a plan is wanted for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The plan's name, which the tags have.
    pub plan: &'a PlanName,
    /// Where the workload normally lives.
    pub home: &'a Region,
    /// Where it runs after a disaster.
    pub recovery: &'a Region,
    /// The folder that the file is written into.
    pub folder: &'a Path,
    /// Whether a file that is there is written over.
    pub force: bool,
}

/// What was written.
#[derive(Debug, Serialize)]
struct Written {
    plan: PlanName,
    revision: u64,
    file: PathBuf,
    resources: Vec<Pair>,
    guesses: Vec<Guess>,
    left_out: Vec<LeftOut>,
}

/// A resource of the plan.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Pair {
    kind: &'static str,
    name: String,
    home: String,
    recovery: String,
}

/// What the tags come to.
#[derive(Debug, Default)]
struct Paired {
    resources: Vec<Pair>,
    guesses: Vec<Guess>,
    left_out: Vec<LeftOut>,
}

/// Writes a workload's plan.
pub async fn run(desk: &Desk<'_>, wanted: Wanted<'_>) -> Answer {
    match Box::pin(initialised(desk, wanted)).await {
        Ok(written) => {
            let table = || table(&written);
            Answer::new(desk.output, &written, table, Ending::Well)
        }
        Err(why) => why,
    }
}

async fn initialised(desk: &Desk<'_>, wanted: Wanted<'_>) -> Result<Written, Answer> {
    let Wanted {
        plan,
        home,
        recovery,
        ..
    } = wanted;
    if home == recovery {
        let why = format!("--home and --recovery are both {home}; name two Regions");
        return Err(Answer::none(Ending::Misused, why));
    }
    let file = wanted.folder.join(format!("{plan}.json"));
    if !wanted.force {
        free(&[&file])?;
    }
    let (at_home, away) = join(tagged(desk, home, plan), tagged(desk, recovery, plan)).await;
    let paired = pair(at_home?, away?);
    if paired.resources.is_empty() {
        return Err(nothing(wanted, &paired));
    }
    let (there, other) = join(revision(desk, home, plan), revision(desk, recovery, plan)).await;
    let revision = there?.max(other?).map_or(1, |revision| revision + 1);
    let text = document(wanted, revision, &paired.resources);
    if let Err(faults) = check(&text) {
        let says: Vec<_> = faults.into_iter().map(|fault| fault.says).collect();
        let why = format!(
            "what bears the tag makes no plan: {}; mend the tags, or write the plan by hand",
            says.join("; ")
        );
        return Err(Answer::none(Ending::NotWell, why));
    }
    write((&file, &text), wanted.force)?;
    Ok(Written {
        plan: plan.clone(),
        revision,
        file,
        resources: paired.resources,
        guesses: paired.guesses,
        left_out: paired.left_out,
    })
}

/// What bears the plan's tag in a Region. A plan of one side alone would be none.
async fn tagged(desk: &Desk<'_>, region: &Region, plan: &PlanName) -> Result<Vec<Tagged>, Answer> {
    let found = desk.account.tagged(region, plan.as_str());
    let found = patiently(region, LISTING, found).await;
    found.map_err(|why| {
        let why = format!(
            "what bears the tag in {region} is not known: {why}; ask again when it answers"
        );
        Answer::none(Ending::Unknown, why)
    })
}

/// The revision that lies in a Region.
async fn revision(
    desk: &Desk<'_>,
    region: &Region,
    plan: &PlanName,
) -> Result<Option<u64>, Answer> {
    let there = patiently(region, PATIENCE, desk.account.parameters(region)).await;
    let there = there.map_err(|why| Answer::none(Ending::Unknown, why.to_string()))?;
    let text = there.get(&parameter(plan));
    let document: Option<Value> = text.and_then(|text| serde_json::from_str(text).ok());
    Ok(document.and_then(|document| document["revision"].as_u64()))
}

const fn kind(one: &Tagged) -> &'static str {
    if one.is_cluster {
        "aurora_cluster"
    } else {
        "rds_instance"
    }
}

/// What a thing is paired by: its tag, or else its identifier.
fn key(one: &Tagged) -> (&'static str, String) {
    let name = one.resource.as_ref().unwrap_or(&one.identifier);
    (kind(one), name.clone())
}

/// Pairs what is at home with what is away.
fn pair(at_home: Vec<Tagged>, away: Vec<Tagged>) -> Paired {
    let mut found = Paired::default();
    let mut others = BTreeMap::new();
    for one in away {
        if let Some(twice) = others.insert(key(&one), one) {
            found.leaves_out(
                &twice,
                "another one in the recovery Region bears the same name",
            );
        }
    }
    for one in at_home {
        match others.remove(&key(&one)) {
            None => found.leaves_out(&one, "nothing in the recovery Region bears its name; give both the tag aurora-failover:resource"),
            Some(other) => found.takes(&one, &other),
        }
    }
    for other in others.into_values() {
        found.leaves_out(
            &other,
            "nothing at home bears its name; give both the tag aurora-failover:resource",
        );
    }
    let tables = "no table of DynamoDB was looked at, and no host; add those that come home";
    found.left_out.push(LeftOut::new("resources", tables));
    let nobody = "whom to ask is not tagged; add a topic for each Region, or no run can ask";
    found.left_out.push(LeftOut::new("notify", nobody));
    found
}

impl Paired {
    fn leaves_out(&mut self, one: &Tagged, because: &str) {
        let field = format!("{} {}", kind(one), one.identifier);
        self.left_out.push(LeftOut::new(&field, because));
    }

    fn takes(&mut self, home: &Tagged, recovery: &Tagged) {
        let (kind, name) = key(home);
        if !PlanName::fits(&name) {
            self.leaves_out(
                home,
                "no plan calls anything so; give both a tag aurora-failover:resource of 1 to 40 letters, digits and hyphens",
            );
            return;
        }
        let field = format!("resources[{}]", self.resources.len());
        if home.resource.is_none() {
            self.guesses.push(Guess::new(
                &format!("{field}.recovery"),
                &recovery.identifier,
                "both are called so and bear the plan's tag",
            ));
        }
        self.guesses.push(Guess::new(
            &format!("{field}.order"),
            "1",
            "no tag says what is put in place first",
        ));
        if recovery.is_encrypted {
            let because = "it is encrypted, and no tag says by which key at home; the snapshot is copied with the default one";
            self.left_out
                .push(LeftOut::new(&format!("{field}.kms_key"), because));
        }
        self.resources.push(Pair {
            kind,
            name,
            home: home.identifier.clone(),
            recovery: recovery.identifier.clone(),
        });
    }
}

/// The document, without spaces where it would not fit otherwise.
fn document(wanted: Wanted<'_>, revision: u64, resources: &[Pair]) -> String {
    let document = json!({
        "kind": "workload", "plan": wanted.plan, "revision": revision, "home_region": wanted.home,
        "recovery_region": wanted.recovery, "resources": resources,
    });
    let pretty = format!("{document:#}\n");
    if pretty.len() <= BYTES_MAX {
        return pretty;
    }
    format!("{document}\n")
}

fn nothing(wanted: Wanted<'_>, paired: &Paired) -> Answer {
    let Wanted {
        plan,
        home,
        recovery,
        ..
    } = wanted;
    let left_out = paired.left_out.iter().map(LeftOut::line);
    let mut answer = Answer::none(
        Ending::Misused,
        format!(
            "no instance and no cluster bears the tag aurora-failover={plan} in both {home} and {recovery}; tag both sides of what comes home"
        ),
    );
    answer.complaints.extend(left_out);
    answer
}

fn table(written: &Written) -> String {
    let Written {
        plan,
        revision,
        file,
        ..
    } = written;
    let file = file.display();
    let mut text = format!("{file}: workload {plan}, revision {revision}\n");
    for Pair {
        kind,
        name,
        home,
        recovery,
    } in &written.resources
    {
        text += &format!("  {name}  {kind}  {home} from {recovery}\n");
    }
    let guesses = written.guesses.iter().map(Guess::line);
    let left_out = written.left_out.iter().map(LeftOut::line);
    text.extend(guesses.chain(left_out).map(|line| format!("  {line}\n")));
    text + &format!("next: aurora-failover plan check {file}\n")
}

#[cfg(test)]
mod tests;
