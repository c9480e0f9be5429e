//! The calls by which a table comes home, as data.

use std::{collections::BTreeMap, fmt};

use failover::domain::Region;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{Capacity, PointInTime};

/// A call, and where it is made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The Region.
    pub region: Region,
    /// The call.
    pub call: Call,
}

/// How a restored table is to be encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Encrypted {
    /// As what it is made of. Only within one Region.
    AsBefore,
    /// By the key that DynamoDB owns.
    ByDynamoDb,
    /// By the key that AWS manages for DynamoDB in this account.
    ByAws,
    /// By this key.
    By(String),
}

/// One changing call to DynamoDB.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "call", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each field is the parameter of its name")]
pub enum Call {
    /// `CreateBackup`.
    CreateBackup { table: String, backup: String },
    /// `RestoreTableFromBackup`, from whichever Region.
    Restore {
        backup_arn: String,
        table: String,
        encrypted: Encrypted,
    },
    /// `RestoreTableToPointInTime`, from whichever Region; to the latest moment where none is said.
    RestoreToTime {
        source_arn: String,
        table: String,
        at: Option<Timestamp>,
        encrypted: Encrypted,
    },
    /// `DeleteTable`.
    Delete { table: String },
    /// `UpdateTable` with or without deletion protection.
    Protect { table: String, is_on: bool },
    /// `UpdateTable` with a stream.
    OpenStream { table: String, view: String },
    /// `UpdateTable` with a class.
    SetClass { table: String, class: String },
    /// `UpdateTable` with capacities: of the table and of indexes, where they are another.
    SetCapacity {
        table: String,
        capacity: Option<Capacity>,
        indexes: BTreeMap<String, Capacity>,
    },
    /// `UpdateTimeToLive`.
    Expire { table: String, attribute: String },
    /// `TagResource`.
    Tag {
        arn: String,
        tags: BTreeMap<String, String>,
    },
    /// `UpdateContinuousBackups` with point-in-time recovery.
    Recoverable {
        table: String,
        recovery: PointInTime,
    },
    /// `PutResourcePolicy`, in the place of the revision that was seen.
    PutPolicy {
        arn: String,
        document: Value,
        instead_of: Option<String>,
    },
    /// `DeleteResourcePolicy`, of the revision that was seen.
    DeletePolicy {
        arn: String,
        revision: Option<String>,
    },
    /// `EnableKinesisStreamingDestination`.
    SendTo {
        table: String,
        stream_arn: String,
        precision: Option<String>,
    },
}

impl Call {
    /// DynamoDB's own name for it. The action that allows it is called the same.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        match self {
            Self::CreateBackup { .. } => "CreateBackup",
            Self::Restore { .. } => "RestoreTableFromBackup",
            Self::RestoreToTime { .. } => "RestoreTableToPointInTime",
            Self::Delete { .. } => "DeleteTable",
            Self::Protect { .. }
            | Self::OpenStream { .. }
            | Self::SetClass { .. }
            | Self::SetCapacity { .. } => "UpdateTable",
            Self::Expire { .. } => "UpdateTimeToLive",
            Self::Tag { .. } => "TagResource",
            Self::Recoverable { .. } => "UpdateContinuousBackups",
            Self::PutPolicy { .. } => "PutResourcePolicy",
            Self::DeletePolicy { .. } => "DeleteResourcePolicy",
            Self::SendTo { .. } => "EnableKinesisStreamingDestination",
        }
    }

    /// The name of the table that it is about.
    #[must_use]
    pub fn table(&self) -> &str {
        match self {
            Self::CreateBackup { table, .. }
            | Self::Restore { table, .. }
            | Self::RestoreToTime { table, .. }
            | Self::Delete { table }
            | Self::Protect { table, .. }
            | Self::OpenStream { table, .. }
            | Self::SetClass { table, .. }
            | Self::SetCapacity { table, .. }
            | Self::Expire { table, .. }
            | Self::Recoverable { table, .. }
            | Self::SendTo { table, .. } => table,
            Self::Tag { arn, .. }
            | Self::PutPolicy { arn, .. }
            | Self::DeletePolicy { arn, .. } => {
                arn.rsplit_once('/').map_or(arn.as_str(), |(_, name)| name)
            }
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.table();
        match self {
            Self::CreateBackup { backup, .. } => write!(f, "{table} is backed up as {backup}"),
            Self::Restore { backup_arn, .. } => write!(f, "{table} is made of {backup_arn}"),
            Self::RestoreToTime { source_arn, .. } => write!(f, "{table} is made of {source_arn}"),
            Self::Delete { .. } => write!(f, "{table} is deleted"),
            Self::Protect { is_on: true, .. } => write!(f, "{table} is protected from deletion"),
            Self::Protect { is_on: false, .. } => {
                write!(f, "{table} loses its deletion protection")
            }
            Self::OpenStream { view, .. } => write!(f, "{table} gets a stream of {view}"),
            Self::SetClass { class, .. } => write!(f, "{table} gets class {class}"),
            Self::SetCapacity { .. } => write!(f, "{table} gets its capacity"),
            Self::Expire { attribute, .. } => write!(f, "items of {table} expire by {attribute}"),
            Self::Tag { .. } => write!(f, "{table} gets its tags"),
            Self::Recoverable { .. } => write!(f, "{table} gets point-in-time recovery"),
            Self::PutPolicy { .. } => write!(f, "{table} gets a resource policy"),
            Self::DeletePolicy { .. } => write!(f, "{table} loses its resource policy"),
            Self::SendTo { stream_arn, .. } => write!(f, "changes of {table} go to {stream_arn}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_by_an_arn_is_about_the_table_that_the_arn_ends_with() {
        let call = Call::DeletePolicy {
            arn: "arn:aws:dynamodb:us-east-1:123456789012:table/orders".into(),
            revision: None,
        };
        assert_eq!(call.table(), "orders");
        assert_eq!(call.to_string(), "orders loses its resource policy");
        assert_eq!(call.operation(), "DeleteResourcePolicy");
    }
}
