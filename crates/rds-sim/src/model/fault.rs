//! Refusals with the codes, HTTP statuses and texts that RDS sends.
//!
//! Codes are the wire codes of the RDS service model, which keeps "Fault" in some names and not in others. Where AWS
//! documents no refusal for a situation, the nearest modelled code was taken; such constructors say so.

mod instance;
mod snapshot;

use crate::model::key::ClusterKey;

/// A refused call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Fault {
    /// The HTTP status of the answer.
    pub status: u16,
    /// The wire code, e.g. `GlobalClusterNotFoundFault`.
    pub code: &'static str,
    /// What RDS says about it.
    pub message: String,
}

impl Fault {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// The body could not be read.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(400, "MalformedQueryString", message)
    }

    /// RDS failed after it had begun, or before: nobody can tell from the answer.
    pub fn internal_failure() -> Self {
        Self::new(
            500,
            "InternalFailure",
            "An internal error has occurred. Please try your query again at a later time.",
        )
    }

    /// The operation does not exist, or is not simulated.
    pub fn invalid_action(action: &str) -> Self {
        Self::new(
            400,
            "InvalidAction",
            format!("Could not find operation {action} for version 2014-10-31"),
        )
    }

    /// The request names no Region because it is not signed.
    pub fn unsigned() -> Self {
        Self::new(
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        )
    }

    /// A required parameter is absent.
    pub fn missing(name: &str) -> Self {
        Self::new(
            400,
            "MissingParameter",
            format!("The request must contain the parameter {name}"),
        )
    }

    /// A parameter's value is not acceptable; not in the service model, so SDKs have no type for it.
    pub fn invalid_value(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameterValue", message)
    }

    /// Parameters exclude each other; not in the service model, so SDKs have no type for it.
    pub fn invalid_combination(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameterCombination", message)
    }

    /// No such global cluster, or none that this Region can see.
    pub fn global_not_found(id: &str) -> Self {
        Self::new(
            404,
            "GlobalClusterNotFoundFault",
            format!("Global cluster {id} not found"),
        )
    }

    /// The global identifier is taken.
    pub fn global_exists(id: &str) -> Self {
        Self::new(
            400,
            "GlobalClusterAlreadyExistsFault",
            format!("Global cluster {id} already exists"),
        )
    }

    /// The global cluster is in no state for the call.
    pub fn global_state(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidGlobalClusterStateFault", message)
    }

    /// No such cluster.
    pub fn cluster_not_found(id: &str) -> Self {
        Self::new(
            404,
            "DBClusterNotFoundFault",
            format!("DBCluster {id} not found."),
        )
    }

    /// The cluster's name is taken in its Region, or in its global cluster.
    pub fn cluster_exists() -> Self {
        Self::new(
            400,
            "DBClusterAlreadyExistsFault",
            "DB Cluster already exists",
        )
    }

    /// The account has as many clusters as it may.
    pub fn cluster_quota() -> Self {
        Self::new(
            403,
            "DBClusterQuotaExceededFault",
            "The user attempted to create a new DB cluster and the user has already reached the maximum allowed DB cluster quota.",
        )
    }

    /// The account has as many instances as it may.
    pub fn instance_quota() -> Self {
        Self::new(400, "InstanceQuotaExceeded", "DB Instance quota exceeded")
    }

    /// The cluster is in no state for the call.
    pub fn cluster_state(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidDBClusterStateFault", message)
    }

    /// The cluster is busy with something else.
    pub fn cluster_busy(cluster: &ClusterKey, status: &str) -> Self {
        Self::cluster_state(format!(
            "DB cluster {} is not in the available state; its status is {status}.",
            cluster.id
        ))
    }

    /// No such instance.
    pub fn instance_not_found(id: &str) -> Self {
        Self::new(
            404,
            "DBInstanceNotFound",
            format!("DBInstance {id} not found."),
        )
    }

    /// The instance is in no state for the call.
    pub fn instance_state(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidDBInstanceState", message)
    }

    /// No such snapshot.
    pub fn snapshot_not_found(id: &str) -> Self {
        Self::new(
            404,
            "DBClusterSnapshotNotFoundFault",
            format!("DBClusterSnapshot {id} not found."),
        )
    }

    /// The snapshot's name is taken.
    pub fn snapshot_exists(id: &str) -> Self {
        Self::new(
            400,
            "DBClusterSnapshotAlreadyExistsFault",
            format!(
                "Cannot create the cluster snapshot because one with the identifier {id} already exists."
            ),
        )
    }

    /// The snapshot is in no state for the call.
    pub fn snapshot_state(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidDBClusterSnapshotStateFault", message)
    }

    /// The custom endpoint's name is taken.
    pub fn endpoint_exists(id: &str) -> Self {
        Self::new(
            400,
            "DBClusterEndpointAlreadyExistsFault",
            format!("DBClusterEndpoint {id} already exists."),
        )
    }

    /// The custom endpoint is in no state for the call.
    pub fn endpoint_state(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidDBClusterEndpointStateFault", message)
    }

    /// No such subnet group.
    pub fn subnet_group_not_found(name: &str) -> Self {
        Self::new(
            404,
            "DBSubnetGroupNotFoundFault",
            format!("DB subnet group '{name}' does not exist."),
        )
    }

    /// The subnet group's name is taken.
    pub fn subnet_group_exists(name: &str) -> Self {
        Self::new(
            400,
            "DBSubnetGroupAlreadyExists",
            format!("The DB subnet group '{name}' already exists."),
        )
    }

    /// A subnet group spans two zones at least.
    pub fn too_few_zones() -> Self {
        Self::new(
            400,
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Add subnets to cover at least 2 AZs.",
        )
    }

    /// No such cluster parameter group.
    pub fn cluster_parameter_group_not_found(name: &str) -> Self {
        Self::new(
            404,
            "DBClusterParameterGroupNotFound",
            format!("DBClusterParameterGroup not found: {name}"),
        )
    }

    /// No such parameter group.
    pub fn parameter_group_not_found(name: &str) -> Self {
        Self::new(
            404,
            "DBParameterGroupNotFound",
            format!("DBParameterGroup not found: {name}"),
        )
    }

    /// The parameter group's name is taken.
    pub fn parameter_group_exists(name: &str) -> Self {
        Self::new(
            400,
            "DBParameterGroupAlreadyExists",
            format!("Parameter group {name} already exists"),
        )
    }

    /// A cluster or an instance uses the group.
    pub fn group_in_use(is_of_subnets: bool, name: &str) -> Self {
        if is_of_subnets {
            Self::new(
                400,
                "InvalidDBSubnetGroupStateFault",
                format!(
                    "Cannot delete the subnet group '{name}' because at least one database instance is still using it."
                ),
            )
        } else {
            Self::new(
                400,
                "InvalidDBParameterGroupState",
                format!(
                    "One or more database instances are still members of this parameter group {name}, so the group cannot be deleted"
                ),
            )
        }
    }

    /// The cluster has the role already.
    pub fn role_exists(role: &str, cluster: &str) -> Self {
        Self::new(
            400,
            "DBClusterRoleAlreadyExists",
            format!("Role ARN {role} is already associated with DB Cluster {cluster}."),
        )
    }

    /// The cluster has no such role.
    pub fn role_not_found(role: &str, cluster: &str) -> Self {
        Self::new(
            404,
            "DBClusterRoleNotFound",
            format!("Role ARN {role} cannot be found for DB Cluster {cluster}."),
        )
    }

    /// The instance is busy with something else.
    pub fn instance_busy(instance: &ClusterKey, status: &str) -> Self {
        Self::instance_state(format!(
            "Database instance is not in available state: {} is {status}.",
            instance.id
        ))
    }

    /// There is no such blue/green deployment.
    pub fn blue_green_not_found(id: &str) -> Self {
        Self::new(
            404,
            "BlueGreenDeploymentNotFoundFault",
            format!("BlueGreenDeployment {id} not found."),
        )
    }

    /// No such custom endpoint.
    pub fn endpoint_not_found(id: &str) -> Self {
        Self::new(
            400,
            "DBClusterEndpointNotFoundFault",
            format!("DBClusterEndpoint {id} not found."),
        )
    }

    /// The instance's name is taken.
    pub fn instance_exists() -> Self {
        Self::new(400, "DBInstanceAlreadyExists", "DB instance already exists")
    }

    /// The cluster to remove is no member; clients match the words `is not found in global cluster`.
    pub fn not_a_member(arn: &str, global: &str) -> Self {
        Self::invalid_value(format!(
            "DB cluster {arn} is not found in global cluster {global}"
        ))
    }

    /// A global operation was sent to the wrong Region. AWS publishes no code for it; this one is an assumption.
    pub fn wrong_region(operation: &str, expected: &str, got: &str) -> Self {
        Self::invalid_value(format!(
            "{operation} must be called in the Region {expected}, not in {got}."
        ))
    }

    /// The other Region does not answer the control plane. AWS publishes no code for it; this one is an assumption.
    pub fn unreachable(cluster: &ClusterKey) -> Self {
        Self::cluster_state(format!(
            "DB cluster {} in {} can't be reached at this time.",
            cluster.id, cluster.region
        ))
    }
}
