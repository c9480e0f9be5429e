//! DynamoDB's tables: the port by which a table that comes home is read, backed up, restored and given its settings back.

mod calls;
mod shape;

use failover::{Error, domain::Region, topology::Accepted};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use calls::{Call, Change, Encrypted};
pub use shape::{
    Capacity, Destination, Encryption, Index, Key, PointInTime, Policy, Stream, TableShape,
    TimeToLive,
};

/// DynamoDB, as a table is brought home there. Every call has a time-out of seconds.
pub trait Tables: Sync {
    /// A table with all its settings; `None` when there is none of this name.
    fn table(
        &self,
        region: &Region,
        name: &str,
    ) -> impl Future<Output = Result<Option<TableShape>, Error>> + Send;
    /// A backup: by its ARN where that is known, else the newest of its name; `None` when there is none.
    fn table_backup(
        &self,
        region: &Region,
        asked: &Asked,
    ) -> impl Future<Output = Result<Option<Backup>, Error>> + Send;
    /// What time it is, by which a look ends.
    fn clock(&self) -> Timestamp;
    /// A page of a table's items, read consistently.
    fn page(
        &self,
        region: &Region,
        table: &str,
        place: &Place,
    ) -> impl Future<Output = Result<Page, Error>> + Send;
    /// An item by its key, read consistently; `None` where there is none.
    fn item(
        &self,
        region: &Region,
        table: &str,
        key: &Value,
    ) -> impl Future<Output = Result<Option<Value>, Error>> + Send;
    /// The functions that read a stream, each by its event source mapping.
    fn mappings(
        &self,
        region: &Region,
        stream_arn: &str,
    ) -> impl Future<Output = Result<Vec<Mapping>, Error>> + Send;
    /// Makes a call once.
    fn change(
        &self,
        region: &Region,
        call: &Call,
    ) -> impl Future<Output = Result<Accepted, Error>> + Send;
}

/// A backup that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The table that it is of.
    pub table: String,
    /// Its name, which DynamoDB lets several have.
    pub name: String,
    /// Its ARN, once it was seen.
    #[serde(default)]
    pub arn: Option<String>,
}

/// A backup of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// `CREATING`, `AVAILABLE` or `DELETED`.
    pub status: String,
    /// How large it is, once it is complete.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// When it was made.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
}

impl Backup {
    /// Whether a table can be made of it.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.status == "AVAILABLE"
    }
}

/// Where a page of a parallel scan begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The segment, from 0.
    pub segment: u32,
    /// How many segments there are.
    pub segments: u32,
    /// The key that the page before it ended with, in DynamoDB's JSON.
    pub after: Option<Value>,
    /// The most items that the page may have.
    pub limit: u32,
}

/// A page of items.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The items, in DynamoDB's JSON: `{"id": {"S": "1"}}`.
    pub items: Vec<Value>,
    /// The key that it ended with; `None` where the segment ends.
    pub next: Option<Value>,
}

/// A function that reads a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// What Lambda calls the event source mapping.
    pub uuid: String,
    /// The function's ARN.
    pub function: String,
}
