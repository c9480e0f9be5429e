//! What has been found of what a deposed cluster alone has, as its Region's ledger keeps it.

mod told;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    domain::{Epoch, Region},
    plan::KeyedTable,
};

/// Rows that are read at once, unless the database is too slow for that.
pub const ROWS: u32 = 20_000;

/// A wider row, in bytes of its text, is listed by its key alone: it would not fit into a function's memory several times over.
pub const WIDE_BYTES: i64 = 4 * 1024 * 1024;

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
    /// Transactions that only the deposed cluster has, where the engine counts them and rows are not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transactions: Option<LostTransactions>,
    /// Why nobody can know what was lost.
    pub unknown: Option<String>,
    /// Where the summary lies, once everything is compared.
    pub summary: Option<String>,
}

/// Transactions that one server has alone, by the names that replication gives them. This product's own are among them: beats, and what
/// the fence did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostTransactions {
    /// How many.
    pub count: u64,
    /// The first of them; `None` where there is none.
    pub first: Option<String>,
    /// The last of them.
    pub last: Option<String>,
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
    pub found_in: TableIn,
    /// Rows that were too wide to be kept: their keys alone are listed.
    #[serde(default)]
    pub wide: u64,
    /// How many files in the bucket hold what was found; their names are the table's.
    #[serde(default)]
    pub kept: u64,
    /// Those of the batch under way that may lie there already, by what their names begin with.
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
pub enum TableIn {
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

impl Losses {
    /// An account of this cluster under this epoch and fence, with nothing compared yet.
    #[must_use]
    pub fn of(
        (cluster, resource_id): (&str, Option<&str>),
        (epoch, fenced_at): (Epoch, Option<Timestamp>),
        tables: &[KeyedTable],
        now: Timestamp,
    ) -> Self {
        let tables = tables.iter().map(|table| TableLoss::of(table, now));
        Self {
            cluster: cluster.to_owned(),
            resource_id: resource_id.map(str::to_owned),
            epoch,
            fenced_at,
            begun_at: now,
            tables: tables.collect(),
            beats: None,
            transactions: None,
            unknown: None,
            summary: None,
        }
    }

    /// The account by the plan's tables as they are now: what was compared by the same key stands, and another table or key begins
    /// anew. A table that is no longer the plan's is forgotten.
    #[must_use]
    pub fn by(mut self, tables: &[KeyedTable], now: Timestamp) -> Self {
        let under = (self.epoch, self.fenced_at);
        let cluster = (&*self.cluster, self.resource_id.as_deref());
        let fresh = Self::of(cluster, under, tables, now);
        let before = std::mem::replace(&mut self.tables, fresh.tables);
        for table in &mut self.tables {
            if let Some(same) = before.iter().find(|same| same.table == table.table) {
                table.clone_from(same);
            }
        }
        let names = |tables: &[TableLoss]| {
            let names = tables.iter().map(|table| table.table.clone());
            names.collect::<Vec<_>>()
        };
        if self.unknown.is_none() && names(&before) != names(&self.tables) {
            self.summary = None;
        }
        self
    }

    /// The table with this number.
    ///
    /// # Errors
    /// `UnexpectedTopology` where the plan has fewer.
    pub fn table(&mut self, index: usize) -> Result<&mut TableLoss, Error> {
        let table = self.tables.get_mut(index);
        table.ok_or_else(|| {
            Error::UnexpectedTopology("the plan's tables changed under the run".into())
        })
    }

    /// Whether everything was compared and the summary is written.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.summary.is_some()
    }

    /// Whether it is of the cluster that RDS calls so for good. One without that is of none.
    #[must_use]
    pub fn is_of(&self, resource_id: Option<&str>) -> bool {
        resource_id.is_some() && self.resource_id.as_deref() == resource_id
    }

    /// The folder of its files. Another fence and another cluster have another one: what was found before is mixed with nothing.
    #[must_use]
    pub fn folder(&self, plan: &str) -> String {
        let (cluster, epoch) = (&self.cluster, self.epoch);
        let fence = self
            .fenced_at
            .map(|at| at.strftime("-%Y%m%dT%H%M%SZ").to_string());
        let resource_id = self.resource_id.as_ref().map(|id| format!("-{id}"));
        format!(
            "{plan}/{cluster}-{epoch}{}{}",
            fence.unwrap_or_default(),
            resource_id.unwrap_or_default()
        )
    }
}

impl TableLoss {
    /// A table of which nothing is compared yet.
    fn of(table: &KeyedTable, now: Timestamp) -> Self {
        Self {
            table: table.clone(),
            folder: format!("{}/{}", table.table, now.strftime("%Y%m%dT%H%M%SZ")),
            after: None,
            rows_at_once: ROWS,
            compared: 0,
            only_here: 0,
            differs: 0,
            left_out: Vec::new(),
            own_columns: Vec::new(),
            found_in: TableIn::Both,
            wide: 0,
            kept: 0,
            begun: Vec::new(),
            locked_seconds: 0,
            is_done: false,
        }
    }

    /// Where its files lie, beside the summary.
    #[must_use]
    pub fn place(&self) -> &str {
        if self.folder.is_empty() {
            &self.table.table
        } else {
            &self.folder
        }
    }
}
