//! `run`: all that the record of one run holds: its phases, what it knew, what it did, and what came of it.

mod knew;

use std::{fmt::Write as _, path::Path};

use failover::{
    domain::{PlanName, Region, RunId},
    ledger::{Answer as Answered, Closed, Outcome, Run},
};
use serde::Serialize;

use crate::{
    RunSummary,
    desk::Desk,
    ending::{Answer, Ending},
    survey::{PATIENCE, Survey, patiently, surveys},
    table::columns,
    words::{kind, time},
};

/// A run's record, whole, and where it lies.
#[derive(Debug, Serialize)]
struct Found {
    region: Region,
    started_by: String,
    run: Run,
}

/// Shows a run, by its name or by how that begins. Where a file is named a page is written into it.
pub async fn run(
    desk: &Desk<'_>,
    (id, plan): (&str, Option<&PlanName>),
    page: Option<&Path>,
) -> Answer {
    let surveys = match surveys(desk.account, desk.first, plan).await {
        Ok(surveys) => surveys,
        Err(why) => return why,
    };
    let (region, plan, run_id) = match named(&surveys, id) {
        Ok(found) => found,
        Err(why) => return why,
    };
    let record = desk.account.run(&region, &plan, &run_id);
    let record = match patiently(&region, PATIENCE, record).await {
        Ok(record) => record,
        Err(why) => return Answer::none(Ending::Unknown, why.to_string()),
    };
    let Some(run) = record else {
        let why = format!("run {run_id} is no longer in the ledger in {region}; ask again");
        return Answer::none(Ending::Unknown, why);
    };
    let started_by = RunSummary::from(run.clone()).started_by();
    let found = Found {
        region,
        started_by,
        run,
    };
    let Some(file) = page else {
        return Answer::new(desk.output, &found, || table(&found), Ending::Well);
    };
    match written(&found, file) {
        Ok(says) => Answer::new(desk.output, &found, || says, Ending::Well),
        Err(why) => Answer::none(Ending::Unknown, why),
    }
}

/// Writes the page of a run.
fn written(found: &Found, file: &Path) -> Result<String, String> {
    let of = (&found.region, found.started_by.as_str());
    let page = report::page_of(&found.run, of);
    let file_name = file.display();
    report::write_page(&page, file).map_err(|why| {
        let cause = std::error::Error::source(&why).map(ToString::to_string);
        format!(
            "--html {file_name} cannot be written ({}); name a file in a folder that you may write to",
            cause.unwrap_or_else(|| why.to_string())
        )
    })?;
    Ok(format!(
        "the page of run {} was written to {file_name}\n",
        found.run.run_id
    ))
}

/// The one run of that name, or whose name begins so.
pub(crate) fn named(surveys: &[Survey], id: &str) -> Result<(Region, PlanName, RunId), Answer> {
    let entries = surveys.iter().flat_map(|survey| {
        let regions = survey.regions.iter();
        regions.map(move |(region, entry)| (survey, region, entry))
    });
    let runs = entries.flat_map(|(survey, region, entry)| {
        let runs = entry.books.iter().flat_map(|books| &books.runs);
        runs.map(move |run| (region.clone(), survey.name.clone(), run.run_id.clone()))
    });
    let begin_so: Vec<_> = runs
        .filter(|(_, _, run)| run.as_str().starts_with(id))
        .collect();
    let exact = begin_so.iter().find(|(_, _, run)| run.as_str() == id);
    match (exact, begin_so.as_slice()) {
        (Some(found), _) | (None, [found]) => Ok(found.clone()),
        (None, []) => Err(nobody(surveys, id)),
        (None, several) => {
            let names: Vec<_> = several.iter().map(|(_, _, run)| run.as_str()).collect();
            let why = format!(
                "run {id} may be any of {}; write more of its name",
                names.join(", ")
            );
            Err(Answer::none(Ending::Misused, why))
        }
    }
}

fn nobody(surveys: &[Survey], id: &str) -> Answer {
    let silent = surveys.iter().flat_map(Survey::unlisted);
    let silent = silent.map(|(region, _)| region.as_str());
    let silent: std::collections::BTreeSet<_> = silent.collect();
    if silent.is_empty() {
        let why = format!(
            "run {id} is in no ledger; aurora-failover history lists those there are, and a run that was refused leaves no record"
        );
        return Answer::none(Ending::Misused, why);
    }
    let silent: Vec<_> = silent.into_iter().collect();
    let why = format!(
        "run {id} was not found, and the ledger in {} could not be read whole; ask again when it answers",
        silent.join(", ")
    );
    Answer::none(Ending::Unknown, why)
}

/// The run for people.
fn table(found: &Found) -> String {
    let run = &found.run;
    let mut text = format!(
        "{}: {} of plan {} from {} to {}, started by {}\n  opened {} at epoch {}, in {}\n",
        run.run_id,
        kind(run.kind),
        run.name(),
        run.from,
        run.to,
        found.started_by,
        time(run.opened_at),
        run.epoch,
        found.region
    );
    text += &outcome(run.closed.as_ref());
    if let Some(mark) = &run.false_alarm {
        let at = time(mark.at);
        text += &format!("  marked as a false alarm {at}: {}\n", mark.why);
    }
    text += &phases(run.closed.as_ref());
    text += &list("WHAT IT KNEW", &knew::of(run));
    text += "  TIMELINE\n";
    text += &timeline(run);
    text += &list("CALLS", &calls(run));
    let left = run.closed.as_ref().map(|closed| closed.left.as_slice());
    text += &list("LEFT TO DO", left.unwrap_or_default());
    text
}

/// How a run ended, with what was measured.
pub(crate) fn outcome(closed: Option<&Closed>) -> String {
    let Some(closed) = closed else {
        return "  it is not closed\n".to_owned();
    };
    let rto = match closed.rto_seconds {
        Some(seconds) => format!(", RTO {seconds:.1} s"),
        None if has_moved(closed.outcome) => ", RTO unknown".to_owned(),
        None => String::new(),
    };
    let rpo = match &closed.rpo {
        Some(lost) => format!(", RPO {:.1} s ({} beats)", lost.seconds, lost.beats),
        None if has_moved(closed.outcome) => ", RPO unknown".to_owned(),
        None => String::new(),
    };
    let outcome = closed.outcome.name().replace('_', " ");
    format!("  {outcome} {}{rto}{rpo}\n", time(closed.at))
}

const fn has_moved(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Succeeded | Outcome::Failed)
}

/// How long each step took.
fn phases(closed: Option<&Closed>) -> String {
    let Some(closed) = closed.filter(|closed| !closed.step_seconds.is_empty()) else {
        return String::new();
    };
    let rows = closed.step_seconds.iter();
    let rows = rows.map(|(step, seconds)| vec![step.clone(), format!("{seconds:.1} s")]);
    columns(&["PHASE", "TOOK"], &rows.collect::<Vec<_>>())
}

fn timeline(run: &Run) -> String {
    let mut text = String::new();
    for entry in &run.timeline {
        let since = entry.at.duration_since(run.opened_at).as_secs_f64();
        // Writing to a text does not fail.
        let _ = writeln!(text, "    {since:>8.1} s  {}: {}", entry.step, entry.reason);
    }
    text
}

fn calls(run: &Run) -> Vec<String> {
    let calls = run.attempts.iter().map(|call| {
        let answer = match &call.answer {
            Some(Answered::Taken) => "was taken".to_owned(),
            Some(Answered::Refused(why)) => format!("was refused: {why}"),
            None => "was not answered, and may have been carried out".to_owned(),
        };
        let times = match call.times {
            1 => String::new(),
            times => format!(", {times} times"),
        };
        format!(
            "{} of {} {answer} ({}{times})",
            call.action,
            call.step,
            time(call.at)
        )
    });
    calls.collect()
}

fn list(heading: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let lines: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    format!("  {heading}\n{lines}")
}

#[cfg(test)]
mod tests;
