//! `plan put`: a plan's document is written to every member Region, once it is without fault and its revision has grown.

use std::collections::{BTreeMap, BTreeSet};

use failover::{
    Error,
    domain::{PlanName, Region},
};
use futures::future::join_all;
use serde::Serialize;
use serde_json::Value;

use crate::{
    consent::Consent,
    desk::Desk,
    ending::{Answer, Ending},
    plan_check::{Sound, sound},
    survey::{PATIENCE, patiently},
};

/// What was written.
#[derive(Debug, Serialize)]
struct Put {
    plan: PlanName,
    revision: u64,
    dry_run: bool,
    /// What the document says otherwise than the newest one that was there.
    changes: Vec<Change>,
    regions: Vec<InRegion>,
}

/// A field that says something else.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Change {
    field: String,
    before: Option<String>,
    after: Option<String>,
}

/// What came of it in one Region.
#[derive(Debug, Serialize)]
struct InRegion {
    region: Region,
    /// The revision that was there; nothing where there was none.
    before: Option<u64>,
    /// Whether the document lies there now; in a dry run, whether it would.
    written: bool,
    error: Option<String>,
}

/// What lies in a Region, where that could be read.
type There = Result<Lies, Error>;

/// What lies in a Region: nothing, or a document.
#[derive(Debug, Default)]
struct Lies {
    document: Option<Value>,
    /// Whether a plan of the other sort bears the name: a database's, or a workload's.
    is_taken: bool,
}

/// Writes the plan of a file. Where `partial`, a member Region that does not answer is left out.
pub async fn run(desk: &Desk<'_>, (file, partial): (&str, bool), consent: Consent) -> Answer {
    let plan = match sound(file) {
        Ok(sound) => sound,
        Err(why) => return why,
    };
    let Ok(new) = serde_json::from_str::<Value>(&plan.text) else {
        return Answer::none(
            Ending::NotWell,
            format!("{file} is no JSON; run plan check on it"),
        );
    };
    let mut there = everywhere(desk, &plan).await;
    let stands = |there: &BTreeMap<Region, There>| {
        is_free(&plan, there)?;
        has_grown((file, &plan, &new), there)?;
        is_heard(&plan, there, partial)
    };
    if let Err(why) = stands(&there) {
        return why;
    }
    let changes = changes(newest(&there), &new);
    if !consent.dry_run {
        changes
            .iter()
            .for_each(|change| desk.terminal.say(&change.line()));
        let regions: Vec<_> = there.keys().map(Region::as_str).collect();
        let what = format!(
            "revision {} of plan {} is about to be written in {}",
            plan.revision,
            plan.plan,
            regions.join(", ")
        );
        let agreed = desk
            .terminal
            .confirm(consent.yes, (&what, plan.plan.as_str()));
        if let Err(why) = agreed.await {
            return why;
        }
        // Somebody else may have written while this was being agreed to.
        there = everywhere(desk, &plan).await;
        if let Err(why) = stands(&there) {
            return why;
        }
    }
    let written = there
        .into_iter()
        .map(|(region, there)| written(desk, (region, there), (&plan, &new), consent.dry_run));
    let put = Put {
        regions: join_all(written).await,
        revision: plan.revision,
        dry_run: consent.dry_run,
        changes,
        plan: plan.plan.clone(),
    };
    let errors = put.regions.iter();
    let errors = errors.filter_map(|one| Some((&one.region, one.error.as_ref()?)));
    let complaints: Vec<_> = errors
        .map(|(region, why)| {
            format!("{region} was not written to ({why}); put the plan again when it answers")
        })
        .collect();
    let ending = if complaints.is_empty() {
        Ending::Well
    } else {
        Ending::Unknown
    };
    let mut answer = Answer::new(desk.output, &put, || table(&put), ending);
    answer.complaints = complaints;
    answer
}

/// What lies in every member Region.
async fn everywhere(desk: &Desk<'_>, plan: &Sound) -> BTreeMap<Region, There> {
    let regions = plan.regions.iter().cloned();
    let there = regions.map(async |region| {
        let there = there(desk, &region, plan).await;
        (region, there)
    });
    join_all(there).await.into_iter().collect()
}

/// Refuses a name that a plan of the other sort bears already: no command could tell which one is meant.
fn is_free(plan: &Sound, there: &BTreeMap<Region, There>) -> Result<(), Answer> {
    let is_taken = |there: &There| there.as_ref().is_ok_and(|there| there.is_taken);
    let Some((region, _)) = there.iter().find(|(_, there)| is_taken(there)) else {
        return Ok(());
    };
    let why = format!(
        "plan is {}, and {region} has another plan of that name as {}; give this one a name of its own",
        plan.plan, plan.other
    );
    Err(Answer::none(Ending::Misused, why))
}

/// Refuses to write beside what cannot be seen, unless that is wanted.
fn is_heard(plan: &Sound, there: &BTreeMap<Region, There>, partial: bool) -> Result<(), Answer> {
    let unread = there
        .iter()
        .find_map(|(region, there)| Some((region, there.as_ref().err()?)));
    let Some((region, why)) = unread.filter(|_| !partial) else {
        return Ok(());
    };
    let why = format!(
        "what lies in {region} of plan {} cannot be read ({why}); wait until it can, or add --partial to write to the others alone",
        plan.plan
    );
    Err(Answer::none(Ending::Unknown, why))
}

async fn there(desk: &Desk<'_>, region: &Region, plan: &Sound) -> There {
    let parameters_there = desk.account.parameters(region);
    let found = patiently(region, PATIENCE, parameters_there).await?;
    let text = found.get(&plan.parameter);
    Ok(Lies {
        // What is no JSON is written over like an older revision.
        document: text.map(|text| serde_json::from_str(text).unwrap_or_default()),
        is_taken: found.contains_key(&plan.other),
    })
}

/// Refuses a document that says something else under a revision that is there already.
fn has_grown(
    (file, plan, new): (&str, &Sound, &Value),
    there: &BTreeMap<Region, There>,
) -> Result<(), Answer> {
    let stale = there.iter().find_map(|(region, there)| {
        let there = there.as_ref().ok()?.document.as_ref()?;
        let revision = revision(there)?;
        (revision >= plan.revision && there != new).then_some((region, revision))
    });
    let Some((region, revision)) = stale else {
        return Ok(());
    };
    let why = format!(
        "revision of {file} is {}, and plan {} in {region} has revision {revision} and says something else; raise it above {revision}",
        plan.revision, plan.plan
    );
    Err(Answer::none(Ending::Misused, why))
}

fn revision(document: &Value) -> Option<u64> {
    document["revision"].as_u64()
}

fn newest(there: &BTreeMap<Region, There>) -> Option<&Value> {
    let documents = there
        .values()
        .filter_map(|there| there.as_ref().ok()?.document.as_ref());
    documents.max_by_key(|document| revision(document))
}

async fn written(
    desk: &Desk<'_>,
    (region, there): (Region, There),
    (plan, new): (&Sound, &Value),
    is_dry: bool,
) -> InRegion {
    let put = match &there {
        Err(why) => Err(why.clone()),
        Ok(there) if there.document.as_ref() == Some(new) => Ok(()),
        Ok(_) if is_dry => Ok(()),
        Ok(_) => put(desk, &region, (plan, new)).await,
    };
    let before = there.ok().and_then(|there| there.document);
    InRegion {
        region,
        before: before.as_ref().and_then(revision),
        written: put.is_ok(),
        error: put.err().map(|why| why.to_string()),
    }
}

/// Writes the document, and sees that it lies there.
async fn put(desk: &Desk<'_>, region: &Region, (plan, new): (&Sound, &Value)) -> Result<(), Error> {
    let put = desk.account.put_plan(region, &plan.parameter, &plan.text);
    patiently(region, PATIENCE, put).await?;
    if there(desk, region, plan).await?.document.as_ref() == Some(new) {
        return Ok(());
    }
    Err(Error::Unavailable(
        "another document lies there than was written, which somebody else is writing".to_owned(),
    ))
}

/// What one document says otherwise than another, field by field.
fn changes(before: Option<&Value>, after: &Value) -> Vec<Change> {
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    if let Some(before) = before {
        flatten("", before, &mut old);
    }
    flatten("", after, &mut new);
    let fields: BTreeSet<_> = old.keys().chain(new.keys()).cloned().collect();
    let changes = fields.into_iter().filter_map(|field| {
        let (before, after) = (old.get(&field).cloned(), new.get(&field).cloned());
        (before != after).then_some(Change {
            field,
            before,
            after,
        })
    });
    changes.collect()
}

/// Every value of a document by its path.
fn flatten(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                flatten(&format!("{path}{dot}{name}"), value, into);
            }
        }
        Value::Array(values) if !values.is_empty() => {
            for (at, value) in values.iter().enumerate() {
                flatten(&format!("{path}[{at}]"), value, into);
            }
        }
        Value::Object(_)
        | Value::Array(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_) => {
            into.insert(path.to_owned(), value.to_string());
        }
    }
}

impl Change {
    fn line(&self) -> String {
        let Self {
            field,
            before,
            after,
        } = self;
        match (before, after) {
            (Some(before), Some(after)) => format!("  ~ {field}: {before} → {after}"),
            (None, Some(after)) => format!("  + {field}: {after}"),
            (Some(before), None) => format!("  - {field}: {before}"),
            (None, None) => String::new(),
        }
    }
}

fn table(put: &Put) -> String {
    let mut text = format!("{}: revision {}\n", put.plan, put.revision);
    if put.dry_run {
        text.extend(put.changes.iter().map(|change| change.line() + "\n"));
    }
    for one in &put.regions {
        let before = one.before;
        let before = before.map_or("none".to_owned(), |revision| revision.to_string());
        let what = match (one.written, put.dry_run) {
            (false, _) => "not written",
            (true, false) => "is there",
            (true, true) => "would be there",
        };
        text += &format!("  {}  before: {before}, {what}\n", one.region);
    }
    text
}

#[cfg(test)]
mod tests;
