//! What is read of an instance to make it again, and the calls by which that is done, as data.

use std::fmt;

use failover::topology::Shape;
use jiff::Timestamp;
use serde::Serialize;

use super::Instance;

/// An instance, and what it is made of: as a cluster that has it alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Whole {
    /// As it stands.
    pub instance: Instance,
    /// As it would be made again.
    pub shape: Shape,
    /// When it was made; `None` while it is being made.
    pub created_at: Option<Timestamp>,
}

/// One changing call to RDS.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "call", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each field is the parameter of its name")]
pub enum Call {
    /// `CreateDBSnapshot`.
    CreateSnapshot { instance: String, snapshot: String },
    /// `ModifyDBInstance` with a new identifier.
    Rename { instance: String, to: String },
    /// `ModifyDBInstance` without deletion protection.
    LiftProtection { instance: String },
    /// `DeleteDBInstance`, whose snapshot exists and whose automated backups stay.
    Delete { instance: String },
    /// `CreateDBInstanceReadReplica` of the writer.
    CreateReplica {
        source_arn: String,
        like: Box<Shape>,
    },
    /// `ModifyDBInstance` with what a replica cannot be given when it is made: its backups, its windows.
    Complete { like: Box<Shape> },
}

impl Call {
    /// RDS's own name for it. The action that allows it is called the same.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        match self {
            Self::CreateSnapshot { .. } => "CreateDBSnapshot",
            Self::Rename { .. } | Self::LiftProtection { .. } | Self::Complete { .. } => {
                "ModifyDBInstance"
            }
            Self::Delete { .. } => "DeleteDBInstance",
            Self::CreateReplica { .. } => "CreateDBInstanceReadReplica",
        }
    }

    /// Its name in timelines and logs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CreateSnapshot { .. } => "create_snapshot",
            Self::Rename { .. } => "rename",
            Self::LiftProtection { .. } => "lift_protection",
            Self::Delete { .. } => "delete",
            Self::CreateReplica { .. } => "create_replica",
            Self::Complete { .. } => "complete",
        }
    }

    /// What takes something from an instance: it must never meet the writer, nor a replica of it, nor what is not fenced.
    #[must_use]
    pub const fn takes_away(&self) -> bool {
        match self {
            Self::Rename { .. } | Self::LiftProtection { .. } | Self::Delete { .. } => true,
            Self::CreateSnapshot { .. } | Self::CreateReplica { .. } | Self::Complete { .. } => {
                false
            }
        }
    }

    /// Whether it deletes, or makes that possible.
    #[must_use]
    pub const fn is_deleting(&self) -> bool {
        matches!(self, Self::LiftProtection { .. } | Self::Delete { .. })
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateSnapshot { instance, snapshot } => {
                write!(f, "{instance} is kept as snapshot {snapshot}")
            }
            Self::Rename { instance, to } => write!(f, "{instance} is retired as {to}"),
            Self::LiftProtection { instance } => {
                write!(f, "{instance} loses its deletion protection")
            }
            Self::Delete { instance } => write!(f, "{instance} is deleted"),
            Self::CreateReplica { like, .. } => {
                write!(f, "{} is made anew as a replica of it", like.identifier)
            }
            Self::Complete { like } => {
                write!(
                    f,
                    "{} gets its backups and its windows back",
                    like.identifier
                )
            }
        }
    }
}
