//! What is waited for.

use failover::topology::status::stuck;

use super::Action;
use crate::members::Instance;

/// Waits for what is being done to an instance. What does not pass by itself is said before.
pub(super) fn is_busy(instance: &Instance) -> Action {
    debug_assert!(stuck(&instance.status).is_none(), "that is said at once");
    Action::Wait(format!(
        "instance {} is {}",
        instance.identifier, instance.status
    ))
}
