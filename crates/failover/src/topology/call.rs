//! The calls that make members again, as data.

use std::fmt;

use serde::Serialize;

use super::{EndpointShape, GlobalSettings, InstanceShape, RoleShape, Shape};

/// One changing call to RDS.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "call", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each field is the parameter of its name")]
pub enum Call {
    /// `CreateDBClusterSnapshot`.
    CreateSnapshot { cluster: String, snapshot: String },
    /// `CopyDBClusterSnapshot`, in one Region.
    CopySnapshot { source: String, snapshot: String },
    /// `RemoveFromGlobalCluster`.
    Remove { global_cluster: String, arn: String },
    /// `DeleteDBClusterEndpoint`.
    DeleteEndpoint { endpoint: String },
    /// `ModifyDBInstance` with a new identifier.
    RenameInstance { instance: String, to: String },
    /// `ModifyDBCluster` with a new identifier.
    RenameCluster { cluster: String, to: String },
    /// `ModifyDBCluster` without deletion protection.
    LiftProtection { cluster: String },
    /// `DeleteDBInstance`.
    DeleteInstance { instance: String },
    /// `DeleteDBCluster`, whose snapshot exists and whose automated backups stay.
    DeleteCluster { cluster: String },
    /// `DeleteGlobalCluster`, of one without members.
    DeleteGlobal { global_cluster: String },
    /// `CreateGlobalCluster` around the current writer.
    CreateGlobal {
        global_cluster: String,
        source_arn: String,
        like: GlobalSettings,
    },
    /// `CreateDBCluster`, a member.
    CreateMember {
        global_cluster: String,
        engine_version: String,
        like: Box<Shape>,
    },
    /// `AddRoleToDBCluster`.
    AddRole { cluster: String, role: RoleShape },
    /// `CreateDBInstance`.
    CreateInstance {
        cluster: String,
        like: Box<InstanceShape>,
    },
    /// `CreateDBClusterEndpoint`.
    CreateEndpoint {
        cluster: String,
        like: EndpointShape,
    },
}

/// A parameter group of a Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterGroup {
    /// Of a cluster.
    Cluster(String),
    /// Of an instance.
    Instance(String),
}

impl Call {
    /// RDS's own name for it. The action that allows it is called the same.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        match self {
            Self::CreateSnapshot { .. } => "CreateDBClusterSnapshot",
            Self::CopySnapshot { .. } => "CopyDBClusterSnapshot",
            Self::Remove { .. } => "RemoveFromGlobalCluster",
            Self::DeleteEndpoint { .. } => "DeleteDBClusterEndpoint",
            Self::RenameInstance { .. } => "ModifyDBInstance",
            Self::RenameCluster { .. } | Self::LiftProtection { .. } => "ModifyDBCluster",
            Self::DeleteInstance { .. } => "DeleteDBInstance",
            Self::DeleteCluster { .. } => "DeleteDBCluster",
            Self::DeleteGlobal { .. } => "DeleteGlobalCluster",
            Self::CreateGlobal { .. } => "CreateGlobalCluster",
            Self::CreateMember { .. } => "CreateDBCluster",
            Self::AddRole { .. } => "AddRoleToDBCluster",
            Self::CreateInstance { .. } => "CreateDBInstance",
            Self::CreateEndpoint { .. } => "CreateDBClusterEndpoint",
        }
    }

    /// Its name in timelines and logs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CreateSnapshot { .. } => "create_snapshot",
            Self::CopySnapshot { .. } => "copy_snapshot",
            Self::Remove { .. } => "remove",
            Self::DeleteEndpoint { .. } => "delete_endpoint",
            Self::RenameInstance { .. } => "rename_instance",
            Self::RenameCluster { .. } => "rename_cluster",
            Self::LiftProtection { .. } => "lift_protection",
            Self::DeleteInstance { .. } => "delete_instance",
            Self::DeleteCluster { .. } => "delete_cluster",
            Self::DeleteGlobal { .. } => "delete_global",
            Self::CreateGlobal { .. } => "create_global",
            Self::CreateMember { .. } => "create_member",
            Self::AddRole { .. } => "add_role",
            Self::CreateInstance { .. } => "create_instance",
            Self::CreateEndpoint { .. } => "create_endpoint",
        }
    }

    /// What takes something from a cluster: it must never meet the writer, nor one that is not fenced.
    pub const fn is_taking(&self) -> bool {
        match self {
            Self::Remove { .. }
            | Self::DeleteEndpoint { .. }
            | Self::RenameInstance { .. }
            | Self::RenameCluster { .. }
            | Self::LiftProtection { .. }
            | Self::DeleteInstance { .. }
            | Self::DeleteCluster { .. } => true,
            Self::CreateSnapshot { .. }
            | Self::CopySnapshot { .. }
            | Self::DeleteGlobal { .. }
            | Self::CreateGlobal { .. }
            | Self::CreateMember { .. }
            | Self::AddRole { .. }
            | Self::CreateInstance { .. }
            | Self::CreateEndpoint { .. } => false,
        }
    }

    /// What a human stops who stops everything.
    pub const fn takes_away(&self) -> bool {
        self.is_taking() || matches!(self, Self::DeleteGlobal { .. })
    }

    /// Whether it deletes, or makes that possible.
    #[must_use]
    pub const fn is_deleting(&self) -> bool {
        matches!(
            self,
            Self::LiftProtection { .. } | Self::DeleteInstance { .. } | Self::DeleteCluster { .. }
        )
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateSnapshot { cluster, snapshot } => {
                write!(f, "{cluster} is kept as snapshot {snapshot}")
            }
            Self::CopySnapshot { source, snapshot } => {
                write!(f, "snapshot {source} is copied to {snapshot}")
            }
            Self::Remove {
                global_cluster,
                arn,
            } => write!(f, "{arn} is removed from {global_cluster}"),
            Self::DeleteEndpoint { endpoint } => write!(f, "endpoint {endpoint} is deleted"),
            Self::RenameInstance { instance, to } => {
                write!(f, "instance {instance} is renamed to {to}")
            }
            Self::RenameCluster { cluster, to } => write!(f, "{cluster} is retired as {to}"),
            Self::LiftProtection { cluster } => {
                write!(f, "{cluster} loses its deletion protection")
            }
            Self::DeleteInstance { instance } => write!(f, "instance {instance} is deleted"),
            Self::DeleteCluster { cluster } => write!(f, "{cluster} is deleted"),
            Self::DeleteGlobal { global_cluster } => {
                write!(f, "the empty global cluster {global_cluster} is deleted")
            }
            Self::CreateGlobal { global_cluster, .. } => {
                write!(f, "global cluster {global_cluster} is created around it")
            }
            Self::CreateMember {
                global_cluster,
                like,
                ..
            } => write!(f, "{} is made anew in {global_cluster}", like.identifier),
            Self::AddRole { cluster, role } => {
                write!(f, "{cluster} may take on {} again", role.arn)
            }
            Self::CreateInstance { like, .. } => {
                write!(f, "instance {} is made anew", like.identifier)
            }
            Self::CreateEndpoint { like, .. } => {
                write!(f, "endpoint {} is made anew", like.identifier)
            }
        }
    }
}
