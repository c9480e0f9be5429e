//! What has been found of what a deposed cluster alone has, as its Region's ledger keeps it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Epoch, Region},
    plan::KeyedTable,
};

/// What has been found so far of what a deposed cluster alone has: the `loss/<cluster>` item of its Region's ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Losses {
    /// The deposed cluster.
    pub cluster: String,
    /// What RDS calls it for good: another snapshot may be restored under its name. `None` where there was no cluster, and in an
    /// account of an earlier version.
    #[serde(default)]
    pub resource_id: Option<String>,
    /// The epoch of the writer that it is compared with.
    pub epoch: Epoch,
    /// The fence that the cluster stood under, so that it took no rows meanwhile; `None` for one that was named by hand.
    #[serde(default)]
    pub fenced_at: Option<Timestamp>,
    /// When that began.
    pub begun_at: Timestamp,
    /// The plan's tables, in their order.
    pub tables: Vec<TableLoss>,
    /// The beats of each vantage; `None` when nothing tells what the writer had when it was promoted.
    pub beats: Option<Vec<LostBeats>>,
    /// Why nobody can know what was lost.
    pub unknown: Option<String>,
    /// Where the summary lies, once everything is compared.
    pub summary: Option<String>,
}

/// What has been found of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableLoss {
    /// The table and its key.
    #[serde(flatten)]
    pub table: KeyedTable,
    /// Where its files lie, beside the summary: a comparison that is begun anew has a folder of its own. Empty in an account of an
    /// earlier version, where they lie under the table's name.
    #[serde(default)]
    pub folder: String,
    /// The last key that was compared.
    pub after: Option<Vec<String>>,
    /// Rows that are read at once.
    pub rows_at_once: u32,
    /// Rows that were compared.
    pub compared: u64,
    /// Rows that the writer lacks.
    pub only_here: u64,
    /// Rows that are otherwise on the writer.
    pub differs: u64,
    /// Columns that were not compared.
    pub left_out: Vec<String>,
    /// Those of them that only the deposed cluster has: what they hold in a row that is otherwise the same is in no list.
    #[serde(default)]
    pub own_columns: Vec<String>,
    /// Which of the two databases have the table.
    #[serde(default)]
    pub found_in: FoundIn,
    /// Rows that were too wide to be kept: their keys alone are listed.
    #[serde(default)]
    pub wide: u64,
    /// How many files in the bucket hold what was found; their names are the table's.
    #[serde(default)]
    pub kept: u64,
    /// Those of the stretch under way that may lie there already, by what their names begin with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub begun: Vec<String>,
    /// Seconds that somebody else's lock kept it from being read.
    #[serde(default)]
    pub locked_seconds: u64,
    /// Whether the table's end was reached.
    pub is_done: bool,
}

/// Which of the two databases have a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundIn {
    /// Both.
    #[default]
    Both,
    /// The deposed one alone: every row is one that the writer lacks.
    Deposed,
    /// The writer alone: there is no row that could be lost.
    Writer,
}

/// The beats of one vantage that the writer never had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LostBeats {
    /// The vantage.
    pub vantage: Region,
    /// How many.
    pub count: u64,
    /// Seconds between the last beat that the writer had and the last one of all; `None` where it had none of any vantage.
    pub seconds: Option<f64>,
}
