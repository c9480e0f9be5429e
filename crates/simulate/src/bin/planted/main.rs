//! `make planted`: puts each planted bug into a copy of the product, and says which rule of the simulation caught it.

mod table;
mod workspace;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use clap::{Parser, Subcommand};
use simulate::planted::{Caught, Planted, TABLE, breaks, catch, read};

use table::Outcome;
use workspace::Workspace;

/// Plants bugs in a copy of the product, and says what caught each.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    /// Only the bug of this name. Nothing is compared or written then.
    #[arg(long)]
    only: Option<String>,
    /// Takes over what an earlier call found of a bug that is listed as it was then. Whether the product has changed since is not
    /// looked at.
    #[arg(long)]
    kept: bool,
    /// The project.
    #[arg(long, default_value = ".")]
    root: PathBuf,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Plays cases until one breaks a rule, and prints it.
    Play {
        /// The bug's name.
        id: String,
        /// The first one's number.
        first: usize,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let came = match &arguments.what {
        Some(What::Play { id, first }) => show(&arguments.root, id, *first).map(|()| true),
        None => plant(&arguments.root, arguments.only.as_deref(), arguments.kept),
    };
    match came {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

/// In the copy: prints the case that caught the bug, or null.
fn show(root: &Path, id: &str, first: usize) -> Result<(), String> {
    let mut all = read(root)?.into_iter();
    let bug = all.find(|bug| bug.id == id);
    let bug = bug.ok_or_else(|| format!("there is no planted bug {id:?}"))?;
    let caught = catch(&bug, first)?;
    println!("{}", serde_json::to_string(&caught).unwrap_or_default());
    Ok(())
}

/// Plants the bugs one after the other.
fn plant(root: &Path, only: Option<&str>, is_kept: bool) -> Result<bool, String> {
    let all = read(root)?;
    let chosen: Vec<_> = all
        .into_iter()
        .filter(|bug| only.is_none_or(|only| bug.id == only))
        .collect();
    if chosen.is_empty() {
        return Err(format!(
            "there is no planted bug {:?}",
            only.unwrap_or_default()
        ));
    }
    let workspace = Workspace::copy(root)?;
    let mut outcomes = Vec::new();
    for bug in chosen {
        let known = is_kept.then(|| workspace.known(&bug)).flatten();
        let caught = match known {
            Some(known) => known,
            None => one(&workspace, &bug)?,
        };
        workspace.keep(&bug, &caught)?;
        outcomes.push(Outcome { bug, caught });
    }
    if only.is_some() {
        return Ok(outcomes.iter().all(|outcome| outcome.caught.is_some()));
    }
    golden(root, &table::written(&outcomes))
}

/// Plants one bug, and takes it back.
fn one(workspace: &Workspace, bug: &Planted) -> Result<Option<Caught>, String> {
    let began = Instant::now();
    let before = workspace.plant(bug)?;
    let built = workspace.build();
    let seconds = began.elapsed().as_secs_f64();
    let caught = built.and_then(|()| caught(workspace, bug));
    workspace.restore(bug, &before)?;
    let caught = caught.map_err(|why| format!("{}: {why}", bug.id))?;
    let said = caught.as_ref().map_or_else(
        || "not caught".to_owned(),
        |caught| {
            format!(
                "{} in {}, case {}: {}",
                caught.rule,
                caught.name,
                caught.number + 1,
                caught.what
            )
        },
    );
    println!(
        "{} ({seconds:.0} s to build, {:.0} s in all): {said}",
        bug.id,
        began.elapsed().as_secs_f64()
    );
    Ok(caught)
}

/// The first case that breaks a rule with the bug, and not without it.
fn caught(workspace: &Workspace, bug: &Planted) -> Result<Option<Caught>, String> {
    let mut first = 0;
    while let Some(caught) = workspace.play(bug, first)? {
        if !breaks(&caught.case, &caught.rule)? {
            return Ok(Some(caught));
        }
        println!(
            "{}: {} breaks {} without the bug, too",
            bug.id, caught.name, caught.rule
        );
        first = caught.number + 1;
    }
    Ok(None)
}

/// Writes the table, or compares it with the one that is kept.
fn golden(root: &Path, written: &str) -> Result<bool, String> {
    let file = root.join(TABLE);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, written).map_err(|why| format!("{}: {why}", file.display()))?;
        return Ok(true);
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    if kept == written {
        return Ok(true);
    }
    let differs = written
        .lines()
        .zip(kept.lines())
        .find(|(new, old)| new != old);
    println!(
        "{} differs: {differs:?}; look, and write it anew with UPDATE_GOLDEN=1",
        file.display()
    );
    Ok(false)
}
