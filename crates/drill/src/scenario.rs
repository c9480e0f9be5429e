//! The scenarios: what happens to the world, and what must come out.

mod expect;
mod measure;
mod play;
mod story;

use std::path::Path;

use crate::{
    profile::Profile,
    report::{self, Report},
    timeline::Timeline,
    world::Trouble,
};

/// What is lost or broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// The home Region dies whole; the standby is detached and promoted.
    RegionLoss,
    /// The home Region dies whole; the standby is promoted by a managed failover.
    RegionLossManaged,
    /// Only the standby's road to the writer is cut; nothing may change.
    PathImpaired,
}

impl Scenario {
    /// Its name on the command line and in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RegionLoss => "region-loss",
            Self::RegionLossManaged => "region-loss-managed",
            Self::PathImpaired => "path-impaired",
        }
    }

    /// What happens in it, in one sentence.
    #[must_use]
    pub const fn story(self) -> &'static str {
        match self {
            Self::RegionLoss => {
                "The home Region dies whole, replication a few seconds behind: the standby is detached and promoted, the writer's name moves, and writes go on."
            }
            Self::RegionLossManaged => {
                "The home Region dies whole: a managed failover promotes the standby and keeps the global cluster together."
            }
            Self::PathImpaired => {
                "Only the standby's road to the writer is cut: the writer is suspected, found alive, and nothing changes."
            }
        }
    }

    /// Whether replication falls behind before the Region dies, so that there is something to lose.
    const fn replication_lags(self) -> bool {
        matches!(self, Self::RegionLoss)
    }

    /// The durations and choices in it.
    fn profile(self) -> Profile {
        match self {
            Self::RegionLoss => Profile::quick("detach"),
            Self::RegionLossManaged => Profile::usual("managed"),
            Self::PathImpaired => Profile::quick("auto"),
        }
    }
}

/// Plays a scenario and writes its reports into `target/drill/<scenario>`; `root` is the repository's.
///
/// # Errors
/// When the drill itself cannot be held; what came out otherwise is in the report's verdict.
pub async fn run(scenario: Scenario, root: &Path, timeline: Timeline) -> Result<Report, Trouble> {
    let folder = root.join("target/drill").join(scenario.name());
    // Held until the end: two drills in one folder would take each other's files.
    let _held = hold(&folder)?;
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let report = play::play(scenario, root, &folder, timeline).await?;
    report::write(&report, &folder)?;
    Ok(report)
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
