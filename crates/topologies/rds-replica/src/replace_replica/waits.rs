//! What is waited for.

use failover::topology::status::{AT_REST, stuck};

use super::Action;
use crate::members::Instance;

/// Statuses in which RDS takes calls about an instance.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html>.
const TAKES_CALLS: [&str; 2] = [AT_REST, "storage-optimization"];

/// Whether RDS takes calls about it.
pub(super) fn takes_calls(instance: &Instance) -> bool {
    TAKES_CALLS.contains(&instance.status.as_str())
}

/// Waits for what is being done to an instance. What does not pass by itself is said before.
pub(super) fn is_busy(instance: &Instance) -> Action {
    debug_assert!(stuck(&instance.status).is_none(), "that is said at once");
    Action::Wait(format!(
        "instance {} is {}",
        instance.identifier, instance.status
    ))
}
