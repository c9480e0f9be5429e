//! The machine of RDS instances with read replicas.

use crate::{
    Topology,
    machine::Machine,
    segments::{Leave, leave},
    state::Function,
};

/// All of them: RDS has no switchover of such an instance, and nothing makes the one that was left a replica again.
pub(crate) fn topology() -> Topology {
    Topology {
        name: "rds-replica",
        what: "RDS instances with read replicas",
        machines: vec![replica_failover()],
    }
}

/// Leaves a Region that is lost.
#[must_use]
pub fn replica_failover() -> Machine {
    leave(&Leave {
        name: "replica-failover",
        comment: "Loses a Region, keeps the database: confirms the outage, promotes the read replica in this Region, and leads the applications there.",
        run: "A failover to a read replica",
        promotion: ("PromoteReplica", Function("promote-replica")),
    })
}
