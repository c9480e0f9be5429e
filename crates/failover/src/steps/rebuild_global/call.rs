//! The calls of a rebuild, as data: decided on by a pure function, looked at once more, and then made.

use std::fmt;

use serde::Serialize;

use super::{Observed, Reach, Retire, led::refuse_the_writers, retire::undeletable, shape::*};
use crate::{
    Error, domain::Region, ledger::Ledger, steps::detach_and_promote::Accepted,
    topology::GlobalSettings,
};

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

/// RDS, as a rebuild reads and changes it.
pub trait Build: Sync {
    /// What this function's role may make again; `None` where nobody says.
    fn reach(&self) -> Option<&Reach> {
        None
    }
    /// A cluster with all that belongs to it; `None` when there is none of this name.
    fn shape(
        &self,
        region: &Region,
        cluster: &str,
    ) -> impl Future<Output = Result<Option<Shape>, Error>> + Send;
    /// A snapshot; `None` when there is none of this name.
    fn snapshot(
        &self,
        region: &Region,
        snapshot: &str,
    ) -> impl Future<Output = Result<Option<Snapshot>, Error>> + Send;
    /// The snapshots that managed failovers kept of a cluster.
    fn unplanned_snapshots(
        &self,
        region: &Region,
        cluster: &str,
    ) -> impl Future<Output = Result<Vec<Snapshot>, Error>> + Send;
    /// The engine family that a parameter group is for; `None` when there is no group of this name.
    fn family(
        &self,
        region: &Region,
        group: &ParameterGroup,
    ) -> impl Future<Output = Result<Option<String>, Error>> + Send;
    /// Makes a call in a Region.
    fn call(
        &self,
        region: &Region,
        call: &Call,
    ) -> impl Future<Output = Result<Accepted, Error>> + Send;
}

/// What members were, in the ledgers.
pub trait Blueprints: Ledger {
    /// What the member of a Region was when it was retired, as its own Region's ledger keeps it.
    fn blueprint(
        &self,
        plan: &crate::domain::PlanName,
        member: &Region,
    ) -> impl Future<Output = Result<Option<Blueprint>, Error>> + Send;
    /// What a member was when it was last healthy and in its right role, as its own Region's ledger keeps it.
    fn healthy(
        &self,
        plan: &crate::domain::PlanName,
        member: &Region,
    ) -> impl Future<Output = Result<Option<Healthy>, Error>> + Send;
    /// Keeps that.
    fn put_healthy(
        &self,
        plan: &crate::domain::PlanName,
        member: &Region,
        healthy: &Healthy,
    ) -> impl Future<Output = Result<(), Error>> + Send;
    /// Keeps what a member was when it was retired.
    fn put_blueprint(
        &self,
        plan: &crate::domain::PlanName,
        member: &Region,
        blueprint: &Blueprint,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

impl Call {
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
    const fn is_taking(&self) -> bool {
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
    pub(super) const fn takes_away(&self) -> bool {
        self.is_taking() || matches!(self, Self::DeleteGlobal { .. })
    }

    const fn is_deleting(&self) -> bool {
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

/// The last look before a call is made, whatever was decided: never the writer, never a member of its global cluster, never
/// the only copy.
///
/// # Errors
/// `UnexpectedTopology` that names the call and what it would have hit.
pub fn harmless(
    observed: &Observed,
    region: &Region,
    call: &Call,
    retire: Retire,
) -> Result<(), Error> {
    if !call.is_taking() {
        return Ok(());
    }
    let refused = |why: String| {
        Err(Error::UnexpectedTopology(format!(
            "{} in {region} was not made: {why}",
            call.name()
        )))
    };
    if *region == observed.writer_region {
        return refused("the writer is there".into());
    }
    let Some(member) = observed.members.iter().find(|seen| seen.region == *region) else {
        return refused("the plan has no member there".into());
    };
    let Some(shape) = &member.cluster else {
        return refused("there is no cluster".into());
    };
    if matches!(call, Call::Remove { .. }) {
        refuse_the_writers(observed)?;
    }
    let follows = observed
        .leads
        .as_ref()
        .is_some_and(|global| global.member(&shape.arn).is_some());
    if shape.arn == observed.writer.arn || follows {
        return refused(format!(
            "{} belongs to the writer's global cluster",
            shape.identifier
        ));
    }
    let copied = member.snapshot.as_ref().is_some_and(|snapshot| {
        snapshot.status == "available"
            && snapshot.resource_id == shape.resource_id
            && observed.is_of_this_incident(snapshot)
    });
    if call.is_deleting() && (retire != Retire::Delete || !copied) {
        return refused(format!("{} would lose its only copy", shape.identifier));
    }
    match undeletable(member, shape) {
        Some(why) if call.is_deleting() => refused(why),
        _ => Ok(()),
    }
}
