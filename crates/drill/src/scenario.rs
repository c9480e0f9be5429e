//! What a scenario is, and how one is played: what happens to the world, and what must come out.

mod all;
mod drill;
mod ends;
mod judge;
mod keep;
mod measure;
mod outcome;
mod play;
mod suspicions;

use std::{fmt, path::Path};

use futures::future::LocalBoxFuture;
use serde_json::Value;

use crate::{
    database,
    profile::{HOME, Profile, STANDBY},
    report::{self, Check, Report},
    timeline::Timeline,
    world::{Deployed, Trouble},
};

pub use all::{Line, Summary, run_all};
pub(crate) use drill::{Drill, FAILBACK, Played, RUN, SOON};
pub(crate) use ends::{
    DETACHED, Ends, FENCED, NOT_KEPT_OUT, NOT_STARTED, NOT_TAKEN, QUESTION, RETURN, STOPPED,
    SUSPECTED, TOOK_OVER, Told, UNFINISHED,
};
pub use keep::{ask, keep};
pub(crate) use outcome::Outcome;

/// What is lost or broken, and what must come out. Each is one file below `scenarios`.
pub struct Scenario {
    /// Its name on the command line and in the report.
    pub name: &'static str,
    /// What happens in it, in one sentence.
    pub summary: &'static str,
    /// What must come out, in a few words for the documents.
    pub comes_out: &'static str,
    /// The world that it is played in: Regions, plans, rhythm and durations.
    pub(crate) world: fn() -> Profile,
    /// What its plan says differently: merged over the plan's document.
    pub(crate) plan: fn() -> Value,
    /// The Region that takes over, where one does.
    pub(crate) target: &'static str,
    /// What happens, until its runs have ended.
    pub(crate) play: Play,
    /// How it ends.
    pub(crate) ends: Ends,
    /// What people are told.
    pub(crate) told: Told,
    /// What else must be so when all is over.
    pub(crate) checks: fn(&Outcome) -> Vec<Check>,
    /// Whether a planned move may cost the application little more than RDS itself takes. Functions that are killed in the
    /// middle of one cost what they cost, and so do describes that lag.
    pub(crate) moves_are_short: bool,
    /// Whether it is played by its own name only: long failbacks, what is for figures, and what needs the machine for itself, so
    /// that all of the others stay below 25 minutes.
    pub(crate) by_name_only: bool,
}

/// Plays a scenario's part on a drill that is under way.
pub(crate) type Play = for<'a> fn(&'a Drill<'a>) -> LocalBoxFuture<'a, Result<Played, Trouble>>;

impl Scenario {
    /// What most scenarios are like: two Regions, one plan, a quick rhythm. What has no usual value is empty.
    pub(crate) const USUAL: Self = Self {
        name: "",
        summary: "",
        comes_out: "",
        world: || Profile::quick("detach"),
        plan: || Value::Null,
        target: STANDBY,
        play: |_| Box::pin(async { Err("nothing happens in it".into()) }),
        ends: Ends::AsPlayed { writer: HOME },
        told: Told::Once(&[]),
        checks: |_| Vec::new(),
        moves_are_short: true,
        by_name_only: false,
    };

    /// The durations and choices in it.
    pub(crate) fn profile(&self) -> Profile {
        Profile {
            patch: (self.plan)(),
            ..(self.world)()
        }
    }

    /// Why it is left out on this machine, in one sentence, where it is.
    #[must_use]
    pub fn left_out(&self, root: &Path) -> Option<String> {
        database::left_out(self.profile().engine, root)
    }

    /// The Region that has the writer when all is over.
    pub(crate) const fn writer(&self) -> &'static str {
        match self.ends {
            Ends::Recovered(..) => self.target,
            Ends::Unchanged { .. } => HOME,
            Ends::AsPlayed { writer } => writer,
        }
    }
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Where the functions are that a drill runs, below the repository's root.
const PROGRAMS: &str = "target/release";

/// Plays a scenario and writes its reports into `target/drill/<scenario>`; `root` is the repository's.
///
/// # Errors
/// When the drill itself cannot be held; what came out otherwise is in the report's verdict.
pub async fn run(scenario: &Scenario, root: &Path, timeline: Timeline) -> Result<Report, Trouble> {
    run_with(&root.join(PROGRAMS), scenario, root, timeline).await
}

/// Holds a drill with the functions that are in `binaries`.
///
/// # Errors
/// As [`run`].
pub async fn run_with(
    binaries: &Path,
    scenario: &Scenario,
    root: &Path,
    timeline: Timeline,
) -> Result<Report, Trouble> {
    let folder = root.join("target/drill").join(scenario.name);
    // Held until the end: two drills in one folder would take each other's files.
    let _held = hold(&folder)?;
    empty(&folder)?;
    let report = alone((root, binaries), scenario, &folder, timeline).await?;
    report::write(&report, &folder)?;
    Ok(report)
}

/// Plays a scenario on a deployment of its own.
async fn alone(
    programs: (&Path, &Path),
    scenario: &Scenario,
    folder: &Path,
    timeline: Timeline,
) -> Result<Report, Trouble> {
    let deployed = Deployed::of_one(programs, folder, &scenario.profile(), &timeline).await?;
    let report = play::play(scenario, &deployed, folder, timeline).await?;
    deployed.end().await?;
    Ok(report)
}

fn empty(folder: &Path) -> Result<(), Trouble> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(std::fs::create_dir_all(folder)?)
}

fn hold(folder: &Path) -> Result<std::fs::File, Trouble> {
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let file = std::fs::File::create(folder.with_added_extension("lock"))?;
    file.try_lock().map_err(|why| {
        format!(
            "another drill of this scenario is under way in {}: {why}",
            folder.display()
        )
    })?;
    Ok(file)
}
