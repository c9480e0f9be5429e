//! What a run calls what it makes of a table, and the tags by which it knows it again.

use std::collections::BTreeMap;

use failover::{
    domain::{Epoch, RunId},
    installation,
};

/// The tag by which the stack of rights knows what a plan may take away; its value is the plan's name. It is written into
/// `cloudformation/workload-failback.yaml` as it is here, whatever the prefix.
pub const OWNER: &str = "aurora-failover";

/// What backup is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// Of the recovery table, while it is written.
    Sync,
    /// Of the recovery table, after the stop: this one comes home.
    Last,
    /// Of the home table that makes room.
    Safety,
    /// Of the home table that a revert takes away.
    Failed,
    /// Of the home table that serves again.
    Conclusion,
}

impl Point {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Sync,
        Self::Last,
        Self::Safety,
        Self::Failed,
        Self::Conclusion,
    ];

    /// What is kept of it in a row.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Sync => "backup_sync",
            Self::Last => "backup_last",
            Self::Safety => "backup_safety",
            Self::Failed => "backup_failed",
            Self::Conclusion => "backup_conclusion",
        }
    }

    /// What the call is called that makes it.
    #[must_use]
    pub const fn call(self) -> &'static str {
        match self {
            Self::Sync => "back_up_recovery",
            Self::Last => "back_up_recovery_last",
            Self::Safety => "back_up_home",
            Self::Failed => "back_up_failed_home",
            Self::Conclusion => "back_up_concluded_home",
        }
    }

    /// The last word of its name.
    const fn word(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Last => "last",
            Self::Safety => "safety",
            Self::Failed => "failed",
            Self::Conclusion => "point",
        }
    }
}

/// The name of a run's backup. The run's whole name is in it: another run's must never be taken for it.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateBackup.html>.
#[must_use]
pub fn backup(run_id: &RunId, point: Point) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let run = run_id.as_str().chars();
    let run: String = run.map(|c| if fits(c) { c } else { '-' }).collect();
    format!("{}-{run}-{}", installation::prefix(), point.word())
}

/// The side table that a rehearsal makes at home.
#[must_use]
pub fn side(home: &str) -> String {
    format!("{home}-rehearsal")
}

/// The tag that says which run made a table.
#[must_use]
pub fn run_tag() -> String {
    format!("{}:run", installation::prefix())
}

/// The tag that says in which epoch a table serves.
#[must_use]
pub fn epoch_tag() -> String {
    format!("{}:epoch", installation::prefix())
}

/// The tags of what a run made.
#[must_use]
pub fn tags(run_id: &RunId, epoch: Epoch) -> BTreeMap<String, String> {
    BTreeMap::from([
        (run_tag(), run_id.to_string()),
        (epoch_tag(), epoch.to_string()),
    ])
}

/// The epoch that a table's tags say, where they say one.
#[must_use]
pub fn epoch(tags: &BTreeMap<String, String>) -> Option<Epoch> {
    tags.get(&epoch_tag())?.parse().ok().map(Epoch)
}
