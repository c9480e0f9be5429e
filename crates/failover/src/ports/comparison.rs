//! The two databases that are compared when losses are listed, read as their administrator, and the place where files are kept.

use std::time::Duration;

use crate::{
    Error,
    beat::Beats,
    domain::{Epoch, Region},
    ledger::{KeptPlan, LostTransactions, TableIn, TableLoss},
};

use super::Place;

/// Both databases, read as their administrator, and where files are kept.
pub trait Comparison: Sync {
    /// Reads the epochs and the deposed database's beats.
    fn held(
        &self,
        known: &KeptPlan,
        pair: &Pair,
    ) -> impl Future<Output = Result<Held, Error>> + Send;
    /// Compares a table for about as long as `limit`.
    fn compare(
        &self,
        known: &KeptPlan,
        pair: &Pair,
        table: &TableLoss,
        limit: Duration,
    ) -> impl Future<Output = Result<RowBatch, Error>> + Send;
    /// Keeps a file; answers where.
    fn keep(
        &self,
        name: &str,
        content: Vec<u8>,
    ) -> impl Future<Output = Result<String, Error>> + Send;
}

/// The two databases that are compared, as one Region reaches them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The deposed cluster's.
    pub deposed: Place,
    /// The proven writer's.
    pub writer: Place,
    /// The Region that one is in.
    pub writer_region: Region,
}

/// What each of the two holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The epoch of the deposed database.
    pub deposed: Option<Epoch>,
    /// Its beats.
    pub beats: Beats,
    /// The epoch of the writer's.
    pub writer: Option<Epoch>,
    /// Transactions that the deposed database has alone, where its engine counts them.
    pub transactions: Option<LostTransactions>,
}

/// What one batch of a table found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowBatch {
    /// How far the table has been compared.
    pub reached: Reached,
    /// Rows that were read at once in the end.
    pub rows: u32,
    /// Rows of the first database that were compared.
    pub compared: u64,
    /// Rows that the second database lacks, as CSV with a header.
    pub only_here: ListedRows,
    /// Rows that are otherwise in the second database, as the first one has them.
    pub differs: ListedRows,
    /// Columns that only one of the databases has: they are not compared, nor are computed ones.
    pub left_out: Vec<String>,
    /// Those of them that the first database has. The rows that are listed hold them.
    pub own_columns: Vec<String>,
    /// Which of the databases have the table.
    pub found_in: TableIn,
    /// How long somebody else's lock kept the table from being read.
    pub locked: Duration,
    /// Who held it, and in which database, where that could be seen.
    pub locked_by: Vec<String>,
}

/// How far a table has been compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reached {
    /// Not a row of it.
    #[default]
    NotBegun,
    /// Up to this key.
    Key(Vec<String>),
    /// Its end was read.
    End,
}

impl Reached {
    /// The last key that was compared, as long as more may follow.
    #[must_use]
    pub fn key(&self) -> Option<&[String]> {
        match self {
            Self::Key(key) => Some(key),
            Self::NotBegun | Self::End => None,
        }
    }
}

/// Rows that were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedRows {
    /// How many.
    pub count: u64,
    /// They themselves, as `COPY … FROM … (FORMAT csv, HEADER)` takes them.
    pub csv: Vec<u8>,
    /// How many are wider than [`crate::ledger::WIDE_BYTES`].
    pub wide: u64,
    /// The keys of those, as CSV with a header.
    pub keys: Vec<u8>,
}

/// How much longer than its limit a batch may take: what was begun before is cut off then. Longer than one statement may take.
pub const LATE: Duration = Duration::from_secs(12);
