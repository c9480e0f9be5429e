//! The scenarios: what happens to the world, and what must come out.

mod act;
mod all;
mod expect;
mod keep;
mod measure;
mod play;
mod stage;
mod story;
mod table;

use std::path::Path;

use crate::{
    report::{self, Report},
    timeline::Timeline,
    world::{Deployed, Trouble},
};

pub use all::{Line, Summary, run_all};
pub use keep::{ask, keep};
pub use table::{Scenario, selection};

/// Plays a scenario and writes its reports into `target/drill/<scenario>`; `root` is the repository's.
///
/// # Errors
/// When the drill itself cannot be held; what came out otherwise is in the report's verdict.
pub async fn run(scenario: Scenario, root: &Path, timeline: Timeline) -> Result<Report, Trouble> {
    let folder = root.join("target/drill").join(scenario.name());
    // Held until the end: two drills in one folder would take each other's files.
    let _held = hold(&folder)?;
    empty(&folder)?;
    let deployed = Deployed::start(root, &folder, scenario.profile().members, &timeline).await?;
    let report = play::play(scenario, &deployed, &folder, timeline).await?;
    deployed.end().await?;
    report::write(&report, &folder)?;
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
