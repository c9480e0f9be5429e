//! The operations that change something.

use failover::{domain::Region, topology::Call};
use jiff::Timestamp;

use super::{form::Form, shapes};
use crate::rds::{Rds, Taken};

/// One of them, understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    /// Of a global cluster, to the member of that ARN; so is the next one.
    FailOver(String, String),
    SwitchOver(String, String),
    /// What a rebuild asks for too.
    Call(Call),
}

impl Change {
    /// Reads one; `None` where it is none that is served.
    pub(super) fn of(operation: &str, form: &mut Form) -> Option<Self> {
        let moves = |form: &mut Form| {
            let global = form.text("GlobalClusterIdentifier")?;
            Some((global, form.text("TargetDbClusterIdentifier")?))
        };
        match operation {
            "FailoverGlobalCluster" => {
                let (global, target) = moves(form)?;
                // Without this flag the call asks for a switchover.
                Some(match form.says("AllowDataLoss", "true") {
                    Some(()) => Self::FailOver(global, target),
                    None => Self::SwitchOver(global, target),
                })
            }
            "SwitchoverGlobalCluster" => {
                let (global, target) = moves(form)?;
                Some(Self::SwitchOver(global, target))
            }
            _ => takes(operation, form)
                .or_else(|| makes(operation, form))
                .map(Self::Call),
        }
    }

    /// Carries it out.
    pub(super) fn carry_out(&self, rds: &mut Rds, now: Timestamp, region: &Region) -> Taken {
        match self {
            Self::FailOver(global, target) => rds.fail_over(now, region, global, target),
            Self::SwitchOver(global, target) => rds.switch_over(now, region, global, target),
            Self::Call(call) => rds.call(now, region, call),
        }
    }
}

/// What takes something away, or gives it another name.
fn takes(operation: &str, form: &mut Form) -> Option<Call> {
    Some(match operation {
        "RemoveFromGlobalCluster" => Call::Remove {
            global_cluster: form.text("GlobalClusterIdentifier")?,
            arn: form.text("DbClusterIdentifier")?,
        },
        "DeleteDBClusterEndpoint" => Call::DeleteEndpoint {
            endpoint: form.text("DBClusterEndpointIdentifier")?,
        },
        "ModifyDBInstance" => {
            form.says("ApplyImmediately", "true")?;
            Call::RenameInstance {
                instance: form.text("DBInstanceIdentifier")?,
                to: form.text("NewDBInstanceIdentifier")?,
            }
        }
        "ModifyDBCluster" => {
            form.says("ApplyImmediately", "true")?;
            let cluster = form.text("DBClusterIdentifier")?;
            match form.says("DeletionProtection", "false") {
                Some(()) => Call::LiftProtection { cluster },
                None => Call::RenameCluster {
                    cluster,
                    to: form.text("NewDBClusterIdentifier")?,
                },
            }
        }
        "DeleteDBInstance" => {
            form.says("SkipFinalSnapshot", "true")?;
            Call::DeleteInstance {
                instance: form.text("DBInstanceIdentifier")?,
            }
        }
        "DeleteDBCluster" => {
            form.says("SkipFinalSnapshot", "true")?;
            form.says("DeleteAutomatedBackups", "false")?;
            Call::DeleteCluster {
                cluster: form.text("DBClusterIdentifier")?,
            }
        }
        "DeleteGlobalCluster" => Call::DeleteGlobal {
            global_cluster: form.text("GlobalClusterIdentifier")?,
        },
        _ => return None,
    })
}

/// What makes something.
fn makes(operation: &str, form: &mut Form) -> Option<Call> {
    Some(match operation {
        "CreateDBClusterSnapshot" => Call::CreateSnapshot {
            cluster: form.text("DBClusterIdentifier")?,
            snapshot: form.text("DBClusterSnapshotIdentifier")?,
        },
        "CopyDBClusterSnapshot" => {
            form.says("CopyTags", "true")?;
            Call::CopySnapshot {
                source: form.text("SourceDBClusterSnapshotIdentifier")?,
                snapshot: form.text("TargetDBClusterSnapshotIdentifier")?,
            }
        }
        "CreateGlobalCluster" => Call::CreateGlobal {
            global_cluster: form.text("GlobalClusterIdentifier")?,
            source_arn: form.text("SourceDBClusterIdentifier")?,
            like: shapes::settings(form),
        },
        "CreateDBCluster" => Call::CreateMember {
            global_cluster: form.text("GlobalClusterIdentifier")?,
            engine_version: form.text("EngineVersion")?,
            like: Box::new(shapes::cluster(form)?),
        },
        "AddRoleToDBCluster" => Call::AddRole {
            cluster: form.text("DBClusterIdentifier")?,
            role: shapes::role(form)?,
        },
        "CreateDBInstance" => Call::CreateInstance {
            cluster: form.text("DBClusterIdentifier")?,
            like: Box::new(shapes::instance(form)?),
        },
        "CreateDBClusterEndpoint" => Call::CreateEndpoint {
            cluster: form.text("DBClusterIdentifier")?,
            like: shapes::endpoint(form)?,
        },
        _ => return None,
    })
}
