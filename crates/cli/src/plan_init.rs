//! `plan init`: a plan and the answers of `make deploy`, written from what RDS shows, with every guess named. AWS is only asked.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use failover::{
    domain::{PlanName, Region},
    plan::parameters,
};
use futures::future::join_all;
use serde::Serialize;
use serde_json::Value;

use crate::{
    arguments::Init,
    desk::Desk,
    ending::{Answer, Ending},
    survey::{PATIENCE, patiently},
};

mod answers;
mod document;
mod found;
mod guess;
pub mod resources;

use answers::{Answers, answers};
use document::{Drafted, Names, draft, name_of};
use found::Found;
use guess::{Guess, LeftOut};

/// What a plan is wanted for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The global cluster, or an instance.
    pub database: Database<'a>,
    /// What the plan is to be called; made of the database's name where nobody says.
    pub plan: Option<&'a PlanName>,
    /// The Region that is to witness.
    pub witness: Option<&'a Region>,
    /// The folder that the files are written into.
    pub folder: &'a Path,
    /// Whether files that are there are written over.
    pub force: bool,
}

/// The database that is to be protected.
#[derive(Debug, Clone, Copy)]
pub enum Database<'a> {
    /// The global cluster of this name.
    GlobalCluster(&'a str),
    /// The instance of this name, or one of its replicas.
    Instance(&'a str),
}

/// What was written.
#[derive(Debug, Serialize)]
struct Written {
    plan: PlanName,
    revision: u64,
    files: Files,
    members: Vec<Member>,
    /// What was guessed in the plan.
    guesses: Vec<Guess>,
    left_out: Vec<LeftOut>,
    answers: OfAnswers,
    /// The Regions that could not be asked, and why.
    unread: Vec<String>,
}

/// Where it lies.
#[derive(Debug, Serialize)]
struct Files {
    plan: PathBuf,
    answers: PathBuf,
}

/// What was guessed in the answers.
#[derive(Debug, Serialize)]
struct OfAnswers {
    guesses: Vec<Guess>,
    left_out: Vec<LeftOut>,
}

#[derive(Debug, Serialize)]
struct Member {
    region: Region,
    identifier: String,
    is_writer: bool,
}

/// A workload's plan is made of tags, that of a database of what RDS shows of it.
pub async fn made(desk: &Desk<'_>, init: &Init) -> Answer {
    let (home, recovery) = (init.home.as_ref(), init.recovery.as_ref());
    let (Some(plan), Some(home), Some(recovery)) =
        (init.database.workload.as_ref(), home, recovery)
    else {
        return run(desk, to_be_made(init)).await;
    };
    let wanted = resources::Wanted {
        plan,
        home,
        recovery,
        folder: &init.into,
        force: init.force,
    };
    resources::run(desk, wanted).await
}

/// What `plan init` is to make of a database.
fn to_be_made(init: &Init) -> Wanted<'_> {
    let database = match (&init.database.instance, &init.database.global_cluster) {
        (Some(name), _) => Database::Instance(name),
        // Clap asks for one of them.
        (None, name) => Database::GlobalCluster(name.as_deref().unwrap_or_default()),
    };
    Wanted {
        database,
        plan: init.plan.as_ref(),
        witness: init.witness.as_ref(),
        folder: &init.into,
        force: init.force,
    }
}

/// Writes a plan and its answers.
pub async fn run(desk: &Desk<'_>, wanted: Wanted<'_>) -> Answer {
    match Box::pin(initialised(desk, wanted)).await {
        Ok(written) => told(desk, &written),
        Err(why) => why,
    }
}

async fn initialised(desk: &Desk<'_>, wanted: Wanted<'_>) -> Result<Written, Answer> {
    let found = match wanted.database {
        Database::GlobalCluster(name) => found::global(desk, name).await?,
        Database::Instance(name) => found::instance(desk, name).await?,
    };
    let own = name_of(&found);
    let Some(plan) = wanted.plan.or(own.as_ref()) else {
        let why = "no plan can be called as this database is; name one with --plan";
        return Err(Answer::none(Ending::Misused, why.to_owned()));
    };
    let files = files(wanted.folder, plan);
    if !wanted.force {
        free(&[&files.plan, &files.answers])?;
    }
    let (lies, mut unread) = revisions(desk, &found, plan).await;
    let names = Names {
        plan,
        is_given: wanted.plan.is_some(),
        lies,
        witness: wanted.witness,
    };
    let drafted = draft(&found, names)?;
    let document = format!("{plan}.json");
    let answers = answers(&found, &drafted, &document);
    let text = serde_json::to_string_pretty(&drafted.plan).unwrap_or_default() + "\n";
    write((&files.plan, &text), wanted.force)?;
    write((&files.answers, &answers.text), wanted.force)?;
    let shown = found.members.values();
    unread.extend(shown.filter_map(|member| Some(member.shown.as_ref().err()?.to_string())));
    Ok(written(&found, drafted, answers, (files, unread)))
}

fn written(
    found: &Found,
    drafted: Drafted,
    answers: Answers,
    (files, unread): (Files, Vec<String>),
) -> Written {
    let members = found.members.iter().map(|(region, member)| Member {
        region: region.clone(),
        identifier: member.arn.name.clone(),
        is_writer: *region == found.writer,
    });
    Written {
        revision: drafted.plan.revision,
        plan: drafted.plan.plan,
        files,
        members: members.collect(),
        guesses: drafted.guesses,
        left_out: drafted.left_out,
        answers: OfAnswers {
            guesses: answers.guesses,
            left_out: answers.left_out,
        },
        unread,
    }
}

fn files(folder: &Path, plan: &PlanName) -> Files {
    Files {
        plan: folder.join(format!("{plan}.json")),
        answers: folder.join(format!("{plan}.yaml")),
    }
}

/// Refuses where a file is there already.
fn free(files: &[&PathBuf]) -> Result<(), Answer> {
    match files.iter().find(|file| file.exists()) {
        None => Ok(()),
        Some(file) => Err(is_there(file)),
    }
}

fn is_there(file: &Path) -> Answer {
    let why = format!(
        "{} is there already; move it away, write elsewhere with --into, or write over it with --force",
        file.display()
    );
    Answer::none(Ending::Misused, why)
}

fn write((file, text): (&Path, &str), force: bool) -> Result<(), Answer> {
    let mut open = OpenOptions::new();
    let open = open.write(true).create(true).truncate(true);
    // Nobody may have made it meanwhile.
    let opened = open.create_new(!force).open(file);
    let written = opened.and_then(|mut into| into.write_all(text.as_bytes()));
    written.map_err(|why| {
        if why.kind() == ErrorKind::AlreadyExists {
            return is_there(file);
        }
        let why = format!(
            "{} cannot be written ({why}); name a folder that you may write to with --into",
            file.display()
        );
        Answer::none(Ending::Unknown, why)
    })
}

/// The highest revision of a plan of this name in the member Regions, and what could not be asked there.
async fn revisions(desk: &Desk<'_>, found: &Found, plan: &PlanName) -> (Option<u64>, Vec<String>) {
    // A Region that has given no answer is not waited for twice.
    let heard = found.members.iter().filter(|(_, one)| one.shown.is_ok());
    let asked = heard.map(|(region, _)| {
        let there = desk.account.parameters(region);
        patiently(region, PATIENCE, there)
    });
    let (mut newest, mut unread) = (None, Vec::new());
    for there in join_all(asked).await {
        match there {
            Err(why) => unread.push(why.to_string()),
            Ok(there) => {
                let text = there.get(&format!("{}{plan}", parameters()));
                let document: Option<Value> = text.and_then(|text| serde_json::from_str(text).ok());
                let revision = document.and_then(|document| document["revision"].as_u64());
                newest = newest.max(revision);
            }
        }
    }
    (newest, unread)
}

fn told(desk: &Desk<'_>, written: &Written) -> Answer {
    let ending = if written.unread.is_empty() {
        Ending::Well
    } else {
        Ending::Unknown
    };
    let mut answer = Answer::new(desk.output, written, || table(written), ending);
    let unread = written.unread.iter();
    let unread = unread.map(|why| {
        format!("not everything could be asked ({why}); what is missing is named as left out, so ask again when that answers")
    });
    answer.complaints = unread.collect();
    answer
}

fn table(written: &Written) -> String {
    let Written {
        plan,
        revision,
        files,
        ..
    } = written;
    let mut text = format!(
        "{}: plan {plan}, revision {revision}\n",
        files.plan.display()
    );
    for member in &written.members {
        let role = if member.is_writer {
            "writer"
        } else {
            "standby"
        };
        text += &format!("  {}  {}  {role}\n", member.region, member.identifier);
    }
    let guesses = written.guesses.iter().map(Guess::line);
    let left_out = written.left_out.iter().map(LeftOut::line);
    text.extend(guesses.chain(left_out).map(|line| format!("  {line}\n")));
    let (guessed, left) = (&written.answers.guesses, &written.answers.left_out);
    text += &format!(
        "{}: answers of make deploy; {} guesses and {} fields left out are marked there\n",
        files.answers.display(),
        guessed.len(),
        left.len()
    );
    text + &format!(
        "next: aurora-failover plan check {}\n",
        files.plan.display()
    )
}

#[cfg(test)]
mod tests;
