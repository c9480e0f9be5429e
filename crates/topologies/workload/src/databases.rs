//! What bringing databases home asks of RDS: to look, and to carry out one call.

use std::collections::BTreeMap;

use failover::{
    Error,
    domain::Region,
    topology::{Accepted, Shape, status::AT_REST},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

mod call;

pub use call::{Call, Change};

/// Which of RDS's two kinds a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An RDS DB instance that belongs to no cluster.
    Instance,
    /// An Aurora DB cluster.
    Cluster,
}

/// A database as it stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Found {
    /// What it is made of. An instance stands as a cluster that has it alone.
    pub shape: Shape,
    /// Its engine.
    pub engine: String,
    /// Its version.
    pub engine_version: String,
    /// What it replicates from, beside a global cluster.
    pub source: Option<String>,
    /// The read replicas that follow it.
    pub replicas: Vec<String>,
}

/// A snapshot of a database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Taken {
    /// Its identifier.
    pub identifier: String,
    /// Its ARN.
    pub arn: String,
    /// `available`, or what is being done to it.
    pub status: String,
    /// What RDS calls the database that it is of for good.
    pub resource_id: String,
    /// When it was taken.
    pub taken_at: Option<Timestamp>,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// The database's storage, in GiB.
    pub storage_gib: Option<i32>,
    /// How much of it is done.
    pub percent: Option<u8>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// How many manual snapshots an account may keep in a Region, and how many it has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// The most.
    pub most: u32,
    /// How many there are.
    pub used: u32,
}

/// The databases of a workload, in any Region.
pub trait Databases: Sync {
    /// Reads a database; `None` when there is none of this name.
    fn database(
        &self,
        kind: Kind,
        region: &Region,
        identifier: &str,
    ) -> impl Future<Output = Result<Option<Found>, Error>> + Send;
    /// Reads a snapshot; `None` when there is none of this name.
    fn database_snapshot(
        &self,
        kind: Kind,
        region: &Region,
        identifier: &str,
    ) -> impl Future<Output = Result<Option<Taken>, Error>> + Send;
    /// How much room there is for manual snapshots; `None` where nobody tells.
    fn snapshot_room(
        &self,
        kind: Kind,
        region: &Region,
    ) -> impl Future<Output = Result<Option<Room>, Error>> + Send;
    /// Makes a call, once.
    fn change_database(
        &self,
        change: &Change,
    ) -> impl Future<Output = Result<Accepted, Error>> + Send;
}

impl Kind {
    /// What people call one.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Cluster => "cluster",
        }
    }
}

impl Taken {
    /// Whether it is complete.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.status == AT_REST
    }
}
