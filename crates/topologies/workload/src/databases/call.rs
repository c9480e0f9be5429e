//! The calls that bring a database home, as data.

use std::{collections::BTreeMap, fmt};

use failover::{
    domain::Region,
    topology::{EndpointShape, InstanceShape, RoleShape, Shape},
};
use serde::Serialize;

use super::Kind;

/// A call in its Region.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Where it is made.
    pub region: Region,
    /// What is made.
    #[serde(flatten)]
    pub call: Call,
}

/// One changing call to RDS.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "call", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each field is the parameter of its name")]
pub enum Call {
    /// `CreateDBSnapshot` or `CreateDBClusterSnapshot`.
    TakeSnapshot {
        kind: Kind,
        of: String,
        snapshot: String,
        tags: BTreeMap<String, String>,
    },
    /// `CopyDBSnapshot` or `CopyDBClusterSnapshot`, from another Region.
    CopySnapshot {
        kind: Kind,
        source_arn: String,
        snapshot: String,
        kms_key: Option<String>,
        option_group: Option<String>,
        tags: BTreeMap<String, String>,
    },
    /// `DeleteDBSnapshot` or `DeleteDBClusterSnapshot`.
    DropSnapshot { kind: Kind, snapshot: String },
    /// `RestoreDBInstanceFromDBSnapshot` or `RestoreDBClusterFromSnapshot`.
    Restore {
        kind: Kind,
        snapshot: String,
        engine: String,
        engine_version: String,
        like: Box<Shape>,
    },
    /// `ModifyDBInstance` or `ModifyDBCluster` with what a restore is not given.
    Complete { kind: Kind, like: Box<Shape> },
    /// `CreateDBInstance` in a cluster.
    CreateInstance {
        cluster: String,
        engine: String,
        like: Box<InstanceShape>,
    },
    /// `CreateDBClusterEndpoint`.
    CreateEndpoint {
        cluster: String,
        like: EndpointShape,
    },
    /// `DeleteDBClusterEndpoint`.
    DeleteEndpoint { endpoint: String },
    /// `AddRoleToDBInstance` or `AddRoleToDBCluster`.
    AddRole {
        kind: Kind,
        to: String,
        role: RoleShape,
    },
    /// `ModifyDBInstance` or `ModifyDBCluster` with a new identifier.
    Rename {
        kind: Kind,
        from: String,
        to: String,
    },
    /// `ModifyDBInstance` or `ModifyDBCluster` with deletion protection on or off.
    Protect {
        kind: Kind,
        identifier: String,
        on: bool,
    },
    /// `DeleteDBInstance` or `DeleteDBCluster`, of a rehearsal.
    Delete { kind: Kind, identifier: String },
    /// `StopDBInstance` or `StopDBCluster`.
    Stop { kind: Kind, identifier: String },
    /// `StartDBInstance` or `StartDBCluster`.
    Start { kind: Kind, identifier: String },
    /// `RemoveFromGlobalCluster`.
    LeaveGlobal { global_cluster: String, arn: String },
}

impl Call {
    /// RDS's own name for it. The action that allows it is called the same.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        match self {
            Self::TakeSnapshot { kind, .. } => {
                either(*kind, "CreateDBSnapshot", "CreateDBClusterSnapshot")
            }
            Self::CopySnapshot { kind, .. } => {
                either(*kind, "CopyDBSnapshot", "CopyDBClusterSnapshot")
            }
            Self::DropSnapshot { kind, .. } => {
                either(*kind, "DeleteDBSnapshot", "DeleteDBClusterSnapshot")
            }
            Self::Restore { kind, .. } => either(
                *kind,
                "RestoreDBInstanceFromDBSnapshot",
                "RestoreDBClusterFromSnapshot",
            ),
            Self::Complete { kind, .. }
            | Self::Rename { kind, .. }
            | Self::Protect { kind, .. } => either(*kind, "ModifyDBInstance", "ModifyDBCluster"),
            Self::CreateInstance { .. } => "CreateDBInstance",
            Self::CreateEndpoint { .. } => "CreateDBClusterEndpoint",
            Self::DeleteEndpoint { .. } => "DeleteDBClusterEndpoint",
            Self::AddRole { kind, .. } => {
                either(*kind, "AddRoleToDBInstance", "AddRoleToDBCluster")
            }
            Self::Delete { kind, .. } => either(*kind, "DeleteDBInstance", "DeleteDBCluster"),
            Self::Stop { kind, .. } => either(*kind, "StopDBInstance", "StopDBCluster"),
            Self::Start { kind, .. } => either(*kind, "StartDBInstance", "StartDBCluster"),
            Self::LeaveGlobal { .. } => "RemoveFromGlobalCluster",
        }
    }

    /// Its name in records and logs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TakeSnapshot { .. } => "take_snapshot",
            Self::CopySnapshot { .. } => "copy_snapshot",
            Self::DropSnapshot { .. } => "drop_snapshot",
            Self::Restore { .. } => "restore",
            Self::Complete { .. } => "complete",
            Self::CreateInstance { .. } => "create_instance",
            Self::CreateEndpoint { .. } => "create_endpoint",
            Self::DeleteEndpoint { .. } => "delete_endpoint",
            Self::AddRole { .. } => "add_role",
            Self::Rename { .. } => "rename",
            Self::Protect { .. } => "protect",
            Self::Delete { .. } => "delete",
            Self::Stop { .. } => "stop",
            Self::Start { .. } => "start",
            Self::LeaveGlobal { .. } => "leave_global",
        }
    }
}

const fn either(kind: Kind, instance: &'static str, cluster: &'static str) -> &'static str {
    match kind {
        Kind::Instance => instance,
        Kind::Cluster => cluster,
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TakeSnapshot { of, snapshot, .. } => {
                write!(f, "{of} is kept as snapshot {snapshot}")
            }
            Self::CopySnapshot {
                source_arn,
                snapshot,
                ..
            } => write!(f, "snapshot {source_arn} is copied home as {snapshot}"),
            Self::DropSnapshot { snapshot, .. } => {
                write!(f, "snapshot {snapshot} has a later one and is deleted")
            }
            Self::Restore { snapshot, like, .. } => {
                write!(
                    f,
                    "{} is restored from snapshot {snapshot}",
                    like.identifier
                )
            }
            Self::Complete { like, .. } => {
                write!(f, "{} gets its settings back", like.identifier)
            }
            Self::CreateInstance { cluster, like, .. } => {
                write!(f, "instance {} of {cluster} is made", like.identifier)
            }
            Self::CreateEndpoint { cluster, like } => {
                write!(f, "endpoint {} of {cluster} is made", like.identifier)
            }
            Self::DeleteEndpoint { endpoint } => {
                write!(f, "endpoint {endpoint} gives up its name")
            }
            Self::AddRole { to, role, .. } => write!(f, "{to} may take on {} again", role.arn),
            Self::Rename { from, to, .. } => write!(f, "{from} is renamed to {to}"),
            Self::Protect { identifier, on, .. } => {
                let what = if *on { "gets back" } else { "loses" };
                write!(f, "{identifier} {what} its deletion protection")
            }
            Self::Delete { identifier, .. } => write!(f, "{identifier} is deleted"),
            Self::Stop { identifier, .. } => write!(f, "{identifier} is stopped"),
            Self::Start { identifier, .. } => write!(f, "{identifier} is started"),
            Self::LeaveGlobal {
                global_cluster,
                arn,
            } => write!(f, "{arn} leaves global cluster {global_cluster}"),
        }
    }
}
