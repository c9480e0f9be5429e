//! Refusals with RDS's codes and words.

use failover::domain::Region;

/// A refused call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// What RDS says in place of an answer.
pub(crate) type Taken = Result<(), Fault>;

impl Fault {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message }
    }

    pub(crate) fn value(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValue", message)
    }

    pub(crate) fn combination(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterCombination", message)
    }

    pub(crate) fn global_state(message: impl Into<String>) -> Self {
        Self::new("InvalidGlobalClusterStateFault", message)
    }

    pub(crate) fn global_exists(id: &str) -> Self {
        let said = format!("Global cluster {id} already exists");
        Self::new("GlobalClusterAlreadyExistsFault", said)
    }

    pub(crate) fn no_global(id: &str) -> Self {
        let said = format!("Global cluster {id} not found");
        Self::new("GlobalClusterNotFoundFault", said)
    }

    pub(crate) fn cluster_state(message: impl Into<String>) -> Self {
        Self::new("InvalidDBClusterStateFault", message)
    }

    pub(crate) fn busy(cluster: &str, status: &str) -> Self {
        Self::cluster_state(format!(
            "DB cluster {cluster} is not in the available state; its status is {status}."
        ))
    }

    /// AWS publishes no code for it; this one is an assumption.
    pub(crate) fn unreachable(cluster: &str, region: &Region) -> Self {
        Self::cluster_state(format!(
            "DB cluster {cluster} in {region} can't be reached at this time."
        ))
    }

    /// AWS publishes no code for it; this one is an assumption.
    pub(crate) fn wrong_region(operation: &str, expected: &Region, got: &Region) -> Self {
        Self::value(format!(
            "{operation} must be called in the Region {expected}, not in {got}."
        ))
    }

    pub(crate) fn no_cluster(id: &str) -> Self {
        Self::new(
            "DBClusterNotFoundFault",
            format!("DBCluster {id} not found."),
        )
    }

    pub(crate) fn cluster_exists() -> Self {
        Self::new("DBClusterAlreadyExistsFault", "DB Cluster already exists")
    }

    pub(crate) fn instance_state(message: impl Into<String>) -> Self {
        Self::new("InvalidDBInstanceState", message)
    }

    pub(crate) fn busy_instance(instance: &str, status: &str) -> Self {
        Self::instance_state(format!(
            "Database instance is not in available state: {instance} is {status}."
        ))
    }

    pub(crate) fn no_instance(id: &str) -> Self {
        Self::new("DBInstanceNotFound", format!("DBInstance {id} not found."))
    }

    pub(crate) fn instance_exists() -> Self {
        Self::new("DBInstanceAlreadyExists", "DB instance already exists")
    }

    pub(crate) fn no_endpoint(id: &str) -> Self {
        let said = format!("DBClusterEndpoint {id} not found.");
        Self::new("DBClusterEndpointNotFoundFault", said)
    }

    pub(crate) fn endpoint_exists(id: &str) -> Self {
        let said = format!("DBClusterEndpoint {id} already exists.");
        Self::new("DBClusterEndpointAlreadyExistsFault", said)
    }

    pub(crate) fn endpoint_state(message: impl Into<String>) -> Self {
        Self::new("InvalidDBClusterEndpointStateFault", message)
    }

    pub(crate) fn endpoint_quota(cluster: &str) -> Self {
        let said = format!("DB cluster {cluster} has as many custom endpoints as it can have.");
        Self::new("DBClusterEndpointQuotaExceededFault", said)
    }

    pub(crate) fn no_snapshot(id: &str) -> Self {
        let said = format!("DBClusterSnapshot {id} not found.");
        Self::new("DBClusterSnapshotNotFoundFault", said)
    }

    pub(crate) fn snapshot_exists(id: &str) -> Self {
        let said = format!(
            "Cannot create the cluster snapshot because one with the identifier {id} already exists."
        );
        Self::new("DBClusterSnapshotAlreadyExistsFault", said)
    }

    pub(crate) fn snapshot_state(message: impl Into<String>) -> Self {
        Self::new("InvalidDBClusterSnapshotStateFault", message)
    }

    pub(crate) fn role_exists(role: &str, cluster: &str) -> Self {
        let said = format!("Role ARN {role} is already associated with DB Cluster {cluster}.");
        Self::new("DBClusterRoleAlreadyExists", said)
    }

    pub(crate) fn no_group(is_of_cluster: bool, name: &str) -> Self {
        if is_of_cluster {
            let said = format!("DBClusterParameterGroup not found: {name}");
            Self::new("DBClusterParameterGroupNotFound", said)
        } else {
            let said = format!("DBParameterGroup not found: {name}");
            Self::new("DBParameterGroupNotFound", said)
        }
    }

    /// What people read of it.
    pub(crate) fn said(&self, operation: &str, region: &Region) -> String {
        format!(
            "RDS {operation} in {region}: {}: {}",
            self.code, self.message
        )
    }
}
