//! Refusals about instances of their own, their replicas, their snapshots and exports of these.

use super::Fault;
use crate::model::key::ClusterKey;

impl Fault {
    /// The instance follows nothing that it could be promoted from.
    pub fn not_a_replica(id: &str) -> Self {
        Self::instance_state(format!("DB Instance {id} is not a read replica."))
    }

    /// A replica can only be made of what takes backups.
    pub fn no_backups() -> Self {
        Self::instance_state(
            "Automated backups are not enabled for this database instance. To enable automated backups, use \
             ModifyDBInstance to set the backup retention period to a non-zero value.",
        )
    }

    /// The source is in a Region that does not answer. AWS publishes no code for it; this one is an assumption.
    pub fn source_unreachable(source: &ClusterKey) -> Self {
        Self::instance_state(format!(
            "DB instance {} in {} can't be reached at this time.",
            source.id, source.region
        ))
    }

    /// No automated backups of that name.
    pub fn automated_backups_not_found(name: &str) -> Self {
        Self::new(
            404,
            "DBInstanceAutomatedBackupNotFound",
            format!("DBInstanceAutomatedBackup {name} not found."),
        )
    }

    /// No such snapshot of an instance.
    pub fn instance_snapshot_not_found(id: &str) -> Self {
        Self::new(
            404,
            "DBSnapshotNotFound",
            format!("DBSnapshot {id} not found."),
        )
    }

    /// The snapshot's name is taken.
    pub fn instance_snapshot_exists(id: &str) -> Self {
        Self::new(
            400,
            "DBSnapshotAlreadyExists",
            format!(
                "Cannot create the snapshot because a snapshot with the identifier {id} already exists."
            ),
        )
    }

    /// The snapshot is in no state for the call.
    pub fn instance_snapshot_state(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidDBSnapshotState", message)
    }

    /// The name of an export is taken, whatever became of it.
    /// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.html>.
    pub fn export_exists(id: &str) -> Self {
        let said = format!("The export task with the ID {id} already exists.");
        Self::new(400, "ExportTaskAlreadyExists", said)
    }

    /// A snapshot is exported once at a time. The code is the nearest one that AWS lists.
    pub fn export_runs(snapshot: &str) -> Self {
        let said = format!("An export task of the snapshot {snapshot} is running already.");
        Self::new(400, "ExportTaskAlreadyExists", said)
    }

    /// No such export.
    pub fn export_not_found(id: &str) -> Self {
        let said = format!("The export task {id} was not found.");
        Self::new(404, "ExportTaskNotFound", said)
    }

    /// The snapshot is none that can be exported, or not now.
    pub fn export_source_state(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidExportSourceState", message)
    }

    /// No such bucket in the snapshot's Region.
    pub fn export_bucket(bucket: &str) -> Self {
        let said = format!("The S3 bucket {bucket} doesn't exist, or is in another Region.");
        Self::new(400, "InvalidS3BucketFault", said)
    }

    /// No such role.
    pub fn export_role_not_found(role: &str) -> Self {
        let said = format!("The IAM role {role} was not found.");
        Self::new(404, "IamRoleNotFound", said)
    }

    /// The role may not write to the bucket.
    pub fn export_role_lacks(role: &str, bucket: &str) -> Self {
        let said =
            format!("The IAM role {role} isn't authorized to access the S3 bucket {bucket}.");
        Self::new(400, "IamRoleMissingPermissions", said)
    }

    /// Better refused than accepted and ignored.
    pub fn not_simulated(what: &str) -> Self {
        Self::invalid_value(format!("{what} is not simulated."))
    }
}
