//! A table with all that it is made of and set to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A table, as it stands and as it would be made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableShape {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// What DynamoDB calls it for good, whoever takes its name later.
    pub id: String,
    /// `ACTIVE`, or what is being done to it.
    pub status: String,
    /// When it was made.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// Its key.
    pub keys: Vec<Key>,
    /// Its indexes, by name.
    #[serde(default)]
    pub indexes: BTreeMap<String, Index>,
    /// What it may read and write.
    pub capacity: Capacity,
    /// `STANDARD` or `STANDARD_INFREQUENT_ACCESS`.
    pub class: String,
    /// The key of KMS that it is encrypted with; `None` where DynamoDB's own is.
    #[serde(default)]
    pub encryption: Option<Encryption>,
    /// The Regions of its replicas, where it is a global table.
    #[serde(default)]
    pub replicas: Vec<String>,
    /// How many items it has, by DynamoDB's count of every six hours.
    #[serde(default)]
    pub items: u64,
    /// How large it is, by the same count.
    #[serde(default)]
    pub bytes: u64,
    /// The ARN of the backup that it was made of.
    #[serde(default)]
    pub restored_from: Option<String>,
    /// Its stream, where it has one.
    #[serde(default)]
    pub stream: Option<Stream>,
    /// Whether items expire.
    #[serde(default)]
    pub ttl: TimeToLive,
    /// Its point-in-time recovery, where that is on.
    #[serde(default)]
    pub recovery: Option<PointInTime>,
    /// Its tags without AWS's own.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Its resource policy.
    #[serde(default)]
    pub policy: Option<Policy>,
    /// The Kinesis data streams that its changes go to, by ARN.
    #[serde(default)]
    pub kinesis: BTreeMap<String, Destination>,
    /// Whether it cannot be deleted.
    #[serde(default)]
    pub deletion_protected: bool,
}

/// An attribute of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The attribute.
    pub attribute: String,
    /// `HASH` or `RANGE`.
    pub role: String,
    /// `S`, `N` or `B`.
    pub kind: String,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Its key.
    pub keys: Vec<Key>,
    /// `ALL`, `INCLUDE` or `KEYS_ONLY`.
    pub projection: String,
    /// The attributes that it includes.
    #[serde(default)]
    pub attributes: BTreeSet<String>,
    /// What a global one may read and write; `None` for a local one.
    #[serde(default)]
    pub capacity: Option<Capacity>,
}

/// What may be read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Capacity {
    /// As much as is asked, up to what somebody set.
    OnDemand {
        /// The most that is read in a second.
        #[serde(default)]
        max_read: Option<u64>,
        /// The most that is written in a second.
        #[serde(default)]
        max_write: Option<u64>,
    },
    /// So much in a second.
    Provisioned {
        /// What is read.
        read: u64,
        /// What is written.
        write: u64,
    },
}

/// How a table is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// The key's ARN.
    pub key: String,
    /// `ENABLED`, or what is being done.
    pub status: String,
}

/// A table's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// What it shows of an item, such as `NEW_AND_OLD_IMAGES`.
    pub view: String,
    /// Its ARN, which no other stream ever has.
    #[serde(default)]
    pub arn: Option<String>,
}

/// Whether items expire.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimeToLive {
    /// The attribute that says when; `None` where they do not.
    pub attribute: Option<String>,
    /// `ENABLED`, `ENABLING`, `DISABLED` or `DISABLING`.
    pub status: String,
}

impl TimeToLive {
    /// The attribute by which items expire, or will within the hour.
    #[must_use]
    pub fn on(&self) -> Option<&str> {
        let is_on = matches!(self.status.as_str(), "ENABLED" | "ENABLING");
        self.attribute.as_deref().filter(|_| is_on)
    }
}

/// A table's point-in-time recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointInTime {
    /// How many days it goes back.
    #[serde(default)]
    pub days: Option<u32>,
}

/// A table's resource policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The document.
    pub document: Value,
    /// Which one it is, so that nobody else's is replaced.
    #[serde(default)]
    pub revision: Option<String>,
}

/// A Kinesis data stream that a table's changes go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// `ACTIVE`, or what is being done.
    pub status: String,
    /// `MILLISECOND` or `MICROSECOND`, where somebody chose.
    #[serde(default)]
    pub precision: Option<String>,
}

impl Destination {
    /// Whether the table's changes go there.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == "ACTIVE"
    }
}

impl TableShape {
    /// Whether it takes calls.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == "ACTIVE"
    }

    /// The names of the attributes of its key.
    #[must_use]
    pub fn key_names(&self) -> Vec<String> {
        self.keys.iter().map(|key| key.attribute.clone()).collect()
    }
}
