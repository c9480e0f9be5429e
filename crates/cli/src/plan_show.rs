//! `plan show`: a plan's document as it lies in the Regions.

use failover::{
    domain::{PlanName, Region},
    plan::parameters,
};
use serde_json::Value;

use crate::{
    arguments::Output,
    desk::Desk,
    ending::{Answer, Ending},
    survey::{Document, PATIENCE, Survey, patiently},
};

/// Prints the newest document, and says which Regions have another one.
pub async fn run(desk: &Desk<'_>, plan: &PlanName) -> Answer {
    let survey = match desk.survey(plan).await {
        Ok(survey) => survey,
        Err(why) => return why,
    };
    let Some((region, _)) = newest(&survey) else {
        let why = format!(
            "no member Region that answers has a document of plan {plan}; write one with aurora-failover plan put FILE"
        );
        return Answer::none(Ending::NotWell, why);
    };
    let found = patiently(region, PATIENCE, desk.account.parameters(region)).await;
    let text = match found {
        Ok(found) => found.get(&format!("{}{plan}", parameters())).cloned(),
        Err(why) => return Answer::none(Ending::Unknown, why.to_string()),
    };
    let text = text.unwrap_or_default();
    let complaints = others(&survey);
    let is_silent = survey
        .regions
        .values()
        .any(|entry| matches!(entry.document, Document::Unread(_)));
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

/// Where the newest document lies, and its revision.
fn newest(survey: &Survey) -> Option<(&Region, u64)> {
    let regions = survey.regions.iter();
    let revisions = regions.filter_map(|(region, entry)| match &entry.document {
        Document::Plan(plan) => Some((region, plan.revision)),
        Document::Unread(_) | Document::Missing | Document::Broken(_) => None,
    });
    revisions.max_by_key(|(_, revision)| *revision)
}

/// Each Region that has another one, or none.
fn others(survey: &Survey) -> Vec<String> {
    let newest = newest(survey).map(|(_, revision)| revision);
    let name = &survey.name;
    let regions = survey.regions.iter();
    let others = regions.filter_map(|(region, entry)| {
        let what = match &entry.document {
            Document::Plan(plan) if Some(plan.revision) == newest => return None,
            Document::Plan(plan) => format!("has revision {} of plan {name}", plan.revision),
            Document::Missing => format!("has no document of plan {name}"),
            Document::Broken(why) => {
                format!("has a document of plan {name} that is no plan ({why})")
            }
            Document::Unread(why) => format!("could not be asked for plan {name} ({why})"),
        };
        Some(format!(
            "{region} {what}; write it with aurora-failover plan put FILE"
        ))
    });
    others.collect()
}
