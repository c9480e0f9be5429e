//! `plan check`: every fault of form and of sense in plans' files, each with its line and column.

use std::io::{self, ErrorKind, Read as _};

use failover::{
    domain::{PlanName, Region},
    json::Place,
    plan::{Fault, check as faults_of, parameters},
};
use serde::Serialize;
use serde_json::Value;
use workload::plan::{check as of_workload, parameter};

use crate::{
    arguments::Output,
    ending::{Answer, Ending},
};

/// What came of all files.
#[derive(Debug, Serialize)]
struct Checks {
    files: Vec<Checked>,
}

/// What came of one file.
#[derive(Debug, Serialize)]
struct Checked {
    file: String,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<PlanName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    faults: Vec<Said>,
    /// Why it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// A fault as it is printed.
#[derive(Debug, Serialize)]
struct Said {
    /// Nothing for a workload's plan, whose faults are named by their fields alone.
    line: Option<usize>,
    column: Option<usize>,
    field: String,
    message: String,
}

/// Checks the plans in files; `-` is standard input.
#[must_use]
pub fn run(files: &[String], output: Output) -> Answer {
    let checks = Checks {
        files: files.iter().map(|file| check(file)).collect(),
    };
    let ending = checks.files.iter().map(Checked::ending).max();
    let ending = ending.unwrap_or(Ending::Well);
    let mut answer = Answer::new(output, &checks, || table(&checks), ending);
    let errors = checks.files.into_iter().filter_map(|checked| checked.error);
    answer.complaints = errors.collect();
    answer
}

/// A plan without a fault, of either sort, as it is put.
#[derive(Debug)]
pub(crate) struct Sound {
    pub(crate) plan: PlanName,
    pub(crate) revision: u64,
    /// The Regions in which it lies.
    pub(crate) regions: Vec<Region>,
    /// Its parameter there.
    pub(crate) parameter: String,
    /// The parameter of the other sort's plan of that name.
    pub(crate) other: String,
    /// The file's text.
    pub(crate) text: String,
}

/// The plan of a file.
///
/// # Errors
/// What `plan check` prints of a file that has faults or cannot be read.
pub(crate) fn sound(file: &str) -> Result<Sound, Answer> {
    let text = bytes_of(file).ok().and_then(|bytes| text(bytes).ok());
    let sound = text.and_then(|text| {
        if is_workload(&text) {
            let plan = of_workload(&text).ok()?;
            let regions = plan.regions().map(Clone::clone);
            return Some(Sound::of(plan.plan, (plan.revision, regions.into()), text).swapped());
        }
        let plan = faults_of(&text).ok()?;
        let regions = plan.members().keys().cloned().collect();
        Some(Sound::of(plan.plan, (plan.revision, regions), text))
    });
    sound.ok_or_else(|| run(&[file.to_owned()], Output::Table))
}

impl Sound {
    /// That of a database.
    fn of(plan: PlanName, (revision, regions): (u64, Vec<Region>), text: String) -> Self {
        Self {
            parameter: format!("{}{plan}", parameters()),
            other: parameter(&plan),
            plan,
            revision,
            regions,
            text,
        }
    }

    /// That of a workload.
    fn swapped(self) -> Self {
        Self {
            parameter: self.other,
            other: self.parameter,
            ..self
        }
    }
}

/// Whether a document says that it is a workload's plan.
fn is_workload(text: &str) -> bool {
    let document: Option<Value> = serde_json::from_str(text).ok();
    document.is_some_and(|document| document["kind"] == "workload")
}

impl Checked {
    const fn ending(&self) -> Ending {
        match (self.ok, &self.error) {
            (true, _) => Ending::Well,
            (false, None) => Ending::NotWell,
            (false, Some(_)) => Ending::Unknown,
        }
    }
}

fn check(file: &str) -> Checked {
    let mut checked = Checked {
        file: file.to_owned(),
        ok: false,
        plan: None,
        revision: None,
        faults: Vec::new(),
        error: None,
    };
    let bytes = match bytes_of(file) {
        Ok(bytes) => bytes,
        Err(why) => {
            checked.error = Some(unreadable(file, &why));
            return checked;
        }
    };
    match text(bytes).map_err(in_order).and_then(|text| judged(&text)) {
        Ok((plan, revision)) => {
            checked.ok = true;
            checked.revision = Some(revision);
            checked.plan = Some(plan);
        }
        Err(faults) => checked.faults = faults,
    }
    checked
}

/// The plan's name and its revision, or every fault.
fn judged(text: &str) -> Result<(PlanName, u64), Vec<Said>> {
    if is_workload(text) {
        let plan = of_workload(text);
        return plan
            .map(|plan| (plan.plan, plan.revision))
            .map_err(|faults| faults.into_iter().map(of_no_place).collect());
    }
    let plan = faults_of(text).map_err(in_order)?;
    Ok((plan.plan, plan.revision))
}

fn in_order(mut faults: Vec<Fault>) -> Vec<Said> {
    faults.sort_by_key(|fault| fault.at);
    faults.into_iter().map(said).collect()
}

fn of_no_place(fault: workload::plan::Fault) -> Said {
    Said {
        line: None,
        column: None,
        field: fault.field,
        message: fault.says,
    }
}

fn bytes_of(file: &str) -> io::Result<Vec<u8>> {
    if file != "-" {
        return std::fs::read(file);
    }
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(file: &str, why: &io::Error) -> String {
    if why.kind() == ErrorKind::NotFound {
        return format!("{file} does not exist; correct its name");
    }
    format!("{file} cannot be read ({why}); name a file that you may read")
}

fn text(bytes: Vec<u8>) -> Result<String, Vec<Fault>> {
    String::from_utf8(bytes).map_err(|why| {
        let good = why.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(why.as_bytes().get(..good).unwrap_or_default());
        let last_line = before.rsplit('\n').next().unwrap_or_default();
        vec![Fault {
            field: String::new(),
            says: "the document is no text in UTF-8; save it as UTF-8".to_owned(),
            at: Place {
                line: before.matches('\n').count() + 1,
                column: last_line.chars().count() + 1,
            },
        }]
    })
}

fn said(fault: Fault) -> Said {
    let Place { line, column } = fault.at;
    // It stands before the sentence.
    let place = format!(" at line {line} column {column}");
    Said {
        line: Some(line),
        column: Some(column),
        message: fault.says.replace(&place, ""),
        field: fault.field,
    }
}

fn table(checks: &Checks) -> String {
    checks.files.iter().map(lines).collect()
}

fn lines(checked: &Checked) -> String {
    let file = &checked.file;
    if let (Some(plan), Some(revision)) = (&checked.plan, checked.revision) {
        return format!("{file}: no fault in plan {plan}, revision {revision}\n");
    }
    let faults = checked.faults.iter().map(|fault| {
        let Said {
            line,
            column,
            message,
            ..
        } = fault;
        match (line, column) {
            (Some(line), Some(column)) => format!("{file}:{line}:{column}: {message}\n"),
            (None, _) | (_, None) => format!("{file}: {message}\n"),
        }
    });
    let faults: String = faults.collect();
    match checked.faults.len() {
        0 => String::new(),
        1 => format!("{faults}{file}: 1 fault\n"),
        count => format!("{faults}{file}: {count} faults\n"),
    }
}
