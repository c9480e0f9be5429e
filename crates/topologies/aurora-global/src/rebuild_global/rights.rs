//! What each call needs to be allowed, and what is said where it is not.

use super::Observed;
use failover::{Error, installation::named, topology::Call};

/// The stack that allows what takes away. It is there for the time of a failback only.
const STACK: &str = "aurora-global-failback";

/// The actions that take something away. Only that stack allows them to this function.
pub const TAKES_AWAY: [&str; 7] = [
    "rds:DeleteDBCluster",
    "rds:DeleteDBClusterEndpoint",
    "rds:DeleteDBInstance",
    "rds:DeleteGlobalCluster",
    "rds:ModifyDBCluster",
    "rds:ModifyDBInstance",
    "rds:RemoveFromGlobalCluster",
];

/// A call that this function may not make: which action it lacks, and what gives it.
pub(super) fn denied(observed: &Observed, call: &Call, said: &str) -> Error {
    let given = if call.takes_away() {
        let stack = named(STACK);
        format!("deploy the stack {stack} there, which allows that")
    } else {
        "compare its role with the parameters of the stacks".to_owned()
    };
    Error::Denied(format!(
        "rebuild-global in {} may not call rds:{} ({said}); {given}, and start again",
        observed.acting,
        call.operation()
    ))
}
