//! What a row remembers of a table: read as types, and written a name at a time.

use std::collections::BTreeMap;

use failover::Error;
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{digest::Scan, names::Point};
use crate::{
    row::Kept,
    tables::{Asked, Mapping, TableShape},
};

/// Home's table as it stood in `Prepare`; null where there was none.
pub const HOME: &str = "home_shape";
/// The recovery table as it stood in `Prepare`.
pub const RECOVERY: &str = "recovery_shape";
/// What the table at home is to be again, kept before anything of it changes.
pub const BEFORE: &str = "before";
/// What DynamoDB calls the table for good that was restored at home.
pub const RESTORED: &str = "restored_id";
/// The functions that read the stream of home's old table.
pub const MAPPINGS: &str = "mappings";
/// The recovery table's resource policy as it stood before its writers were denied.
pub const FORMER_POLICY: &str = "former_policy";
/// That the side table of the rehearsal was asked for.
pub const SIDE: &str = "side_asked";
/// When a restored side table was last found to hold what the recovery table holds.
pub const REHEARSED_AT: &str = "rehearsed_at";
/// What was found then, in a sentence.
pub const REHEARSED: &str = "rehearsed";
/// Whether some items are compared, because all of them are too many.
pub const SAMPLED: &str = "sampled";
/// What of the table at home is another than it was, a sentence each.
pub const DIFFERENCES: &str = "differences";
/// When what was found at home was found to be equal.
pub const VERIFIED: &str = "verified";

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// The recovery table, before it is backed up for a rehearsal.
    Before,
    /// The side table.
    Side,
    /// The recovery table, after the side table was made.
    After,
    /// The recovery table, which nobody writes any more.
    Last,
    /// The table at home.
    Home,
    /// The recovery table once more, where its writers are not denied.
    Again,
}

impl Which {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Before,
        Self::Side,
        Self::After,
        Self::Last,
        Self::Home,
        Self::Again,
    ];

    /// What is kept of it in a row.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Before => "scan_before",
            Self::Side => "scan_side",
            Self::After => "scan_after",
            Self::Last => "scan_last",
            Self::Home => "scan_home",
            Self::Again => "scan_again",
        }
    }
}

/// What a row remembers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    /// Home's table in `Prepare`.
    pub home: Option<TableShape>,
    /// Whether `Prepare` has looked.
    pub is_prepared: bool,
    /// The recovery table in `Prepare`.
    pub recovery: Option<TableShape>,
    /// What the table at home is to be again.
    pub before: Option<TableShape>,
    /// What DynamoDB calls the restored table.
    pub restored_id: Option<String>,
    /// The functions that read the old stream.
    pub mappings: Vec<Mapping>,
    /// Whether the recovery table's writers were denied.
    pub denied: bool,
    /// Whether the side table was asked for.
    pub side_asked: bool,
    /// When a rehearsal came out well.
    pub rehearsed_at: Option<Timestamp>,
    /// What it found.
    pub rehearsed: Option<String>,
    /// Whether some items are compared, and not all.
    pub sampled: bool,
    /// The backups that were asked for.
    pub backups: BTreeMap<Point, Asked>,
    /// What was counted, or is being.
    pub scans: BTreeMap<Which, Scan>,
}

impl Memory {
    /// Reads it.
    ///
    /// # Errors
    /// `UnexpectedTopology` for what this version cannot have written.
    pub fn read(kept: &Kept) -> Result<Self, Error> {
        let mut backups = BTreeMap::new();
        for point in Point::ALL {
            backups.extend(one(kept, point.key())?.map(|asked| (point, asked)));
        }
        let mut scans = BTreeMap::new();
        for which in Which::ALL {
            scans.extend(one(kept, which.key())?.map(|scan| (which, scan)));
        }
        Ok(Self {
            home: one(kept, HOME)?,
            is_prepared: kept.contains_key(RECOVERY),
            recovery: one(kept, RECOVERY)?,
            before: one(kept, BEFORE)?,
            restored_id: one(kept, RESTORED)?,
            mappings: one(kept, MAPPINGS)?.unwrap_or_default(),
            denied: kept.contains_key(FORMER_POLICY),
            side_asked: one(kept, SIDE)?.unwrap_or_default(),
            rehearsed_at: one(kept, REHEARSED_AT)?,
            rehearsed: one(kept, REHEARSED)?,
            sampled: one(kept, SAMPLED)?.unwrap_or_default(),
            backups,
            scans,
        })
    }

    /// The ARN of a backup that was seen.
    #[must_use]
    pub fn arn(&self, point: Point) -> Option<&str> {
        self.backups.get(&point)?.arn.as_deref()
    }
}

fn one<T: DeserializeOwned>(kept: &Kept, name: &str) -> Result<Option<T>, Error> {
    let Some(value) = kept.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let read = serde_json::from_value(value.clone());
    read.map(Some).map_err(|why| {
        Error::UnexpectedTopology(format!(
            "what the row keeps as {name} is not understood: {why}; go on with the version that wrote it"
        ))
    })
}

/// Keeps one thing more.
///
/// # Errors
/// `UnexpectedTopology` for what is no JSON.
pub fn keep(mut kept: Kept, name: &str, value: &impl Serialize) -> Result<Kept, Error> {
    let value: Value = serde_json::to_value(value).map_err(|why| {
        Error::UnexpectedTopology(format!("{name} cannot be kept in the row: {why}"))
    })?;
    kept.insert(name.to_owned(), value);
    Ok(kept)
}
