//! `plan show` of a workload: its document as it lies in the Regions.

use failover::domain::{PlanName, Region};
use serde_json::Value;
use workload::plan::parameter;

use super::found::{Document, Found, the};
use crate::{
    arguments::Output,
    desk::Desk,
    ending::{Answer, Ending},
    survey::{PATIENCE, patiently},
};

/// Prints the newest document, and says which Region has another one.
pub(crate) async fn run(desk: &Desk<'_>, plan: &PlanName) -> Answer {
    let found = match the(desk, plan).await {
        Ok(found) => found,
        Err(why) => return why,
    };
    let newest = match found.sound() {
        Ok(newest) => newest.revision,
        Err(why) => return why,
    };
    let text = match text(desk, &found, newest).await {
        Ok(text) => text,
        Err(why) => return why,
    };
    let complaints = others(&found, newest);
    let is_silent = found
        .regions
        .values()
        .any(|there| matches!(there.document, Document::Unread(_)));
    let ending = match (complaints.is_empty(), is_silent) {
        (true, _) => Ending::Well,
        (false, true) => Ending::Unknown,
        (false, false) => Ending::NotWell,
    };
    let text = match (desk.output, serde_json::from_str::<Value>(&text)) {
        (Output::Json, Ok(value)) => format!("{value:#}\n"),
        (Output::Table, _) | (Output::Json, Err(_)) => format!("{}\n", text.trim_end()),
    };
    Answer {
        text,
        complaints,
        ending,
    }
}

/// The document as it was written.
async fn text(desk: &Desk<'_>, found: &Found, newest: u64) -> Result<String, Answer> {
    let regions = found.regions.iter();
    let mut has = regions.filter(|(_, there)| revision(&there.document) == Some(newest));
    let Some((region, _)) = has.next() else {
        let why = format!("workload {} has no document; ask again", found.name);
        return Err(Answer::none(Ending::Unknown, why));
    };
    let there = patiently(region, PATIENCE, desk.account.parameters(region)).await;
    let there = there.map_err(|why| Answer::none(Ending::Unknown, why.to_string()))?;
    Ok(there
        .get(&parameter(&found.name))
        .cloned()
        .unwrap_or_default())
}

const fn revision(document: &Document) -> Option<u64> {
    match document {
        Document::Plan(plan) => Some(plan.revision),
        Document::Unread(_) | Document::Missing | Document::Broken(_) => None,
    }
}

/// Each Region that has another one, or none.
fn others(found: &Found, newest: u64) -> Vec<String> {
    let regions = found.regions.iter();
    let others = regions.filter_map(|(region, there)| {
        let what = other((region, &there.document), newest)?;
        Some(format!(
            "{what}; write it with aurora-failover plan put FILE"
        ))
    });
    others.collect()
}

fn other((region, document): (&Region, &Document), newest: u64) -> Option<String> {
    match document {
        Document::Plan(plan) if plan.revision == newest => None,
        Document::Plan(plan) => Some(format!(
            "{region} has revision {} of workload {}",
            plan.revision, plan.plan
        )),
        Document::Missing => Some(format!("{region} has no document of the workload")),
        Document::Broken(why) => Some(format!("{region} has a document that is no plan ({why})")),
        Document::Unread(why) => Some(format!("{region} could not be asked ({why})")),
    }
}
