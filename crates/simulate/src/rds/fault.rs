//! Refusals with RDS's codes and words, and what the adapter to AWS makes of them.

use aurora_global::members::Accepted;
use failover::{
    Error,
    domain::Region,
    patience::{Trouble, trouble},
};

/// A refused call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// What RDS says in place of an answer.
pub(super) type Taken = Result<(), Fault>;

impl Fault {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message }
    }

    pub(super) fn value(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValue", message)
    }

    pub(super) fn combination(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterCombination", message)
    }

    pub(super) fn global_state(message: impl Into<String>) -> Self {
        Self::new("InvalidGlobalClusterStateFault", message)
    }

    pub(super) fn global_exists(id: &str) -> Self {
        let said = format!("Global cluster {id} already exists");
        Self::new("GlobalClusterAlreadyExistsFault", said)
    }

    pub(super) fn no_global(id: &str) -> Self {
        let said = format!("Global cluster {id} not found");
        Self::new("GlobalClusterNotFoundFault", said)
    }

    pub(super) fn cluster_state(message: impl Into<String>) -> Self {
        Self::new("InvalidDBClusterStateFault", message)
    }

    pub(super) fn busy(cluster: &str, status: &str) -> Self {
        Self::cluster_state(format!(
            "DB cluster {cluster} is not in the available state; its status is {status}."
        ))
    }

    /// AWS publishes no code for it; this one is an assumption.
    pub(super) fn unreachable(cluster: &str, region: &Region) -> Self {
        Self::cluster_state(format!(
            "DB cluster {cluster} in {region} can't be reached at this time."
        ))
    }

    /// AWS publishes no code for it; this one is an assumption.
    pub(super) fn wrong_region(operation: &str, expected: &Region, got: &Region) -> Self {
        Self::value(format!(
            "{operation} must be called in the Region {expected}, not in {got}."
        ))
    }

    pub(super) fn no_cluster(id: &str) -> Self {
        Self::new(
            "DBClusterNotFoundFault",
            format!("DBCluster {id} not found."),
        )
    }

    pub(super) fn cluster_exists() -> Self {
        Self::new("DBClusterAlreadyExistsFault", "DB Cluster already exists")
    }

    pub(super) fn instance_state(message: impl Into<String>) -> Self {
        Self::new("InvalidDBInstanceState", message)
    }

    pub(super) fn busy_instance(instance: &str, status: &str) -> Self {
        Self::instance_state(format!(
            "Database instance is not in available state: {instance} is {status}."
        ))
    }

    pub(super) fn no_instance(id: &str) -> Self {
        Self::new("DBInstanceNotFound", format!("DBInstance {id} not found."))
    }

    pub(super) fn instance_exists() -> Self {
        Self::new("DBInstanceAlreadyExists", "DB instance already exists")
    }

    pub(super) fn no_endpoint(id: &str) -> Self {
        let said = format!("DBClusterEndpoint {id} not found.");
        Self::new("DBClusterEndpointNotFoundFault", said)
    }

    pub(super) fn endpoint_exists(id: &str) -> Self {
        let said = format!("DBClusterEndpoint {id} already exists.");
        Self::new("DBClusterEndpointAlreadyExistsFault", said)
    }

    pub(super) fn endpoint_state(message: impl Into<String>) -> Self {
        Self::new("InvalidDBClusterEndpointStateFault", message)
    }

    pub(super) fn endpoint_quota(cluster: &str) -> Self {
        let said = format!("DB cluster {cluster} has as many custom endpoints as it can have.");
        Self::new("DBClusterEndpointQuotaExceededFault", said)
    }

    pub(super) fn no_snapshot(id: &str) -> Self {
        let said = format!("DBClusterSnapshot {id} not found.");
        Self::new("DBClusterSnapshotNotFoundFault", said)
    }

    pub(super) fn snapshot_exists(id: &str) -> Self {
        let said = format!(
            "Cannot create the cluster snapshot because one with the identifier {id} already exists."
        );
        Self::new("DBClusterSnapshotAlreadyExistsFault", said)
    }

    pub(super) fn snapshot_state(message: impl Into<String>) -> Self {
        Self::new("InvalidDBClusterSnapshotStateFault", message)
    }

    pub(super) fn role_exists(role: &str, cluster: &str) -> Self {
        let said = format!("Role ARN {role} is already associated with DB Cluster {cluster}.");
        Self::new("DBClusterRoleAlreadyExists", said)
    }

    pub(super) fn no_group(is_of_cluster: bool, name: &str) -> Self {
        if is_of_cluster {
            let said = format!("DBClusterParameterGroup not found: {name}");
            Self::new("DBClusterParameterGroupNotFound", said)
        } else {
            let said = format!("DBParameterGroup not found: {name}");
            Self::new("DBParameterGroupNotFound", said)
        }
    }

    /// As the adapter answers a call of a rebuild: what RDS is in no state for, what is there and what is gone are looked at again.
    pub(super) fn of_rebuild(self, operation: &str, region: &Region) -> Result<Accepted, Error> {
        if self.is_of_no_member() {
            return Ok(Accepted::Yes);
        }
        match trouble(self.code) {
            Trouble::State | Trouble::Exists | Trouble::Gone => {
                Ok(Accepted::NotNow(format!("{}: {}", self.code, self.message)))
            }
            Trouble::Silent | Trouble::Refused => {
                let said = self.said(operation, region);
                Err(if self.code.starts_with("Invalid") {
                    Error::InvalidRequest(said)
                } else {
                    Error::NotReady(said)
                })
            }
        }
    }

    /// As the adapter answers a promoting call.
    pub(super) fn of_promotion(self, operation: &str, region: &Region) -> Result<Accepted, Error> {
        if self.is_of_no_member() {
            return Ok(Accepted::Yes);
        }
        if trouble(self.code) == Trouble::State {
            return Ok(Accepted::NotNow(self.message));
        }
        Err(Error::NotReady(self.said(operation, region)))
    }

    /// Another pass removed it.
    fn is_of_no_member(&self) -> bool {
        self.message.contains("is not found in global cluster")
    }

    /// What people read of it.
    pub(super) fn said(&self, operation: &str, region: &Region) -> String {
        format!(
            "RDS {operation} in {region}: {}: {}",
            self.code, self.message
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_as_the_adapter_reads_it() {
        let west = "us-west-2".into();
        let promoting = |fault: Fault| fault.of_promotion("FailoverGlobalCluster", &west);
        let rebuilding = |fault: Fault| fault.of_rebuild("CreateDBCluster", &west);
        let not_now = |said: &str| Ok(Accepted::NotNow(said.into()));
        assert_eq!(promoting(Fault::global_state("busy")), not_now("busy"));
        let wrong = promoting(Fault::value("words")).unwrap_err();
        assert_eq!(wrong.name(), "NotReady", "it was answered");
        let gone = promoting(Fault::no_cluster("orders-west")).unwrap_err();
        assert_eq!(
            gone.to_string(),
            "RDS FailoverGlobalCluster in us-west-2: DBClusterNotFoundFault: DBCluster orders-west not found."
        );
        let said = "DBClusterAlreadyExistsFault: DB Cluster already exists";
        assert_eq!(rebuilding(Fault::cluster_exists()), not_now(said));
        let wrong = rebuilding(Fault::value("words")).unwrap_err();
        assert_eq!(wrong.name(), "InvalidRequest");
        let group = rebuilding(Fault::no_group(true, "orders")).unwrap_err();
        assert_eq!(group.name(), "NotReady");
        let left = Fault::value("DB cluster a is not found in global cluster b");
        assert_eq!(promoting(left), Ok(Accepted::Yes));
    }
}
