//! `pause` and `resume`: the switch of a plan, or of all, in every member Region.

use std::collections::{BTreeMap, BTreeSet};

use failover::{
    Error,
    domain::{PlanName, Region},
    switches::{Switches, kill, maintenance},
};
use futures::future::join_all;
use serde::Serialize;

use crate::{
    clock::now,
    consent::Consent,
    desk::Desk,
    ending::{Answer, Ending},
    survey::{PATIENCE, Survey, patiently, surveys},
    table::columns,
};

/// What a switch says that is off.
const OFF: &str = "off";

/// Which switch, and what it shall say.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The plan; all of them where none is named.
    pub plan: Option<&'a PlanName>,
    /// What it says from now on; `None` switches it off.
    pub says: Option<&'a str>,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Switched {
    switch: String,
    says: String,
    dry_run: bool,
    regions: Vec<InRegion>,
    /// What people should know besides.
    notes: Vec<String>,
}

/// What came of it in one Region.
#[derive(Debug, Serialize)]
struct InRegion {
    region: Region,
    /// What the switch said; nothing where that could not be read.
    before: Option<String>,
    /// What it says now; nothing where nobody can tell.
    now: Option<String>,
    error: Option<String>,
}

/// Writes the switch in every member Region.
pub async fn run(desk: &Desk<'_>, wanted: Wanted<'_>, consent: Consent) -> Answer {
    let surveys = match surveys(desk.account, desk.first, wanted.plan).await {
        Ok(surveys) => surveys,
        Err(why) => return why,
    };
    let says = wanted.says.unwrap_or(OFF);
    let switch = wanted.plan.map_or_else(kill, maintenance);
    let found = found(&surveys, wanted.plan);
    if !consent.dry_run {
        let word = wanted.plan.map_or("all", PlanName::as_str);
        let what = format!("{switch} is about to say {says} in {}", listed(&found));
        let agreed = desk.terminal.confirm(consent.yes, (&what, word)).await;
        if let Err(why) = agreed {
            return why;
        }
    }
    let regions = found
        .into_iter()
        .map(|(region, before)| written(desk, (region, before), (wanted, consent.dry_run)));
    let switched = Switched {
        regions: join_all(regions).await,
        switch,
        says: says.to_owned(),
        dry_run: consent.dry_run,
        notes: notes(&surveys, wanted),
    };
    let mut answer = Answer::new(
        desk.output,
        &switched,
        || table(&switched),
        switched.ending(surveys.iter().all(|survey| survey.plan.is_some())),
    );
    let errors = switched.regions.iter();
    let errors = errors.filter_map(|one| Some((&one.region, one.error.as_ref()?)));
    answer.complaints = errors
        .map(|(region, why)| {
            format!(
                "{region}: {why}; write {says} into {} there",
                switched.switch
            )
        })
        .collect();
    answer
}

/// What the switch says in every member Region, or why that is not known.
fn found(
    surveys: &[Survey],
    plan: Option<&PlanName>,
) -> BTreeMap<Region, Result<Option<String>, Error>> {
    let of = |switches: &Switches| match plan {
        Some(_) => switches.maintenance.clone(),
        None => switches.kill.clone(),
    };
    let entries = surveys.iter().flat_map(|survey| {
        let regions = survey.regions.iter();
        regions.map(move |(region, entry)| (survey, region, entry))
    });
    entries
        .map(|(survey, region, entry)| {
            let says = entry.switches.as_ref().map(of);
            let silent = || {
                let why = if survey.is_silent(region) {
                    "it is silent"
                } else {
                    "what it says could not be read"
                };
                Error::Unavailable(why.to_owned())
            };
            (region.clone(), says.ok_or_else(silent))
        })
        .collect()
}

async fn written(
    desk: &Desk<'_>,
    (region, before): (Region, Result<Option<String>, Error>),
    (wanted, is_dry): (Wanted<'_>, bool),
) -> InRegion {
    let says = wanted.says.unwrap_or(OFF);
    let shown = |said: &Option<String>| said.clone().unwrap_or_else(|| OFF.to_owned());
    let before = match before {
        Ok(said) => said,
        Err(why) => {
            return InRegion {
                region,
                before: None,
                now: None,
                error: Some(why.to_string()),
            };
        }
    };
    // What it said may be old by now: it is written whatever that was.
    let written = if is_dry {
        Ok(())
    } else {
        let put = desk.account.put_switch(&region, wanted.plan, says);
        patiently(&region, PATIENCE, put).await
    };
    let now = if is_dry {
        shown(&before)
    } else {
        says.to_owned()
    };
    InRegion {
        region,
        before: Some(shown(&before)),
        now: written.is_ok().then_some(now),
        error: written.err().map(|why| why.to_string()),
    }
}

impl Switched {
    fn ending(&self, are_members_known: bool) -> Ending {
        if are_members_known && self.regions.iter().all(|one| one.error.is_none()) {
            Ending::Well
        } else {
            Ending::Unknown
        }
    }
}

/// A switch ends nothing that is under way, and keeps more from being done than a failover.
fn notes(surveys: &[Survey], wanted: Wanted<'_>) -> Vec<String> {
    let held = surveys.iter().filter_map(|survey| {
        let lease = survey.lease(now())?;
        Some(format!(
            "run {} of plan {} is under way, and a switch does not end it",
            lease.run_id, survey.name
        ))
    });
    let mut notes: Vec<String> = held.collect();
    if wanted.plan.is_none() {
        let names = surveys.iter().map(|survey| survey.name.as_str());
        notes.push(format!(
            "it is for the plans that are known here: {}; one whose Regions are all others is found with --regions",
            names.collect::<Vec<_>>().join(", ")
        ));
    }
    let unreadable = surveys.iter().filter(|survey| survey.plan.is_none());
    notes.extend(unreadable.map(|survey| {
        format!(
            "the document of plan {} cannot be read, so that it may have more member Regions",
            survey.name
        )
    }));
    if wanted.says.is_some() {
        notes.push(
            "while it is on no run starts by itself, and no deposed writer is fenced".to_owned(),
        );
    }
    notes
}

fn listed(found: &BTreeMap<Region, Result<Option<String>, Error>>) -> String {
    let regions: BTreeSet<_> = found.keys().map(Region::as_str).collect();
    regions.into_iter().collect::<Vec<_>>().join(", ")
}

fn table(switched: &Switched) -> String {
    let tense = if switched.dry_run {
        "would say"
    } else {
        "says"
    };
    let mut text = format!("{} {tense} {}\n", switched.switch, switched.says);
    let rows = switched.regions.iter().map(|one| {
        let unknown = || "?".to_owned();
        vec![
            one.region.to_string(),
            one.before.clone().unwrap_or_else(unknown),
            one.now.clone().unwrap_or_else(unknown),
        ]
    });
    text += &columns(&["REGION", "BEFORE", "NOW"], &rows.collect::<Vec<_>>());
    text.extend(switched.notes.iter().map(|note| format!("  ! {note}\n")));
    text
}

#[cfg(test)]
mod tests;
