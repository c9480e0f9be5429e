//! The payload of an operation that takes a plan's name and nothing else.

use serde::{Deserialize, Serialize};

use failover::domain::PlanName;

/// Names a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfPlan {
    /// The plan.
    pub plan: PlanName,
}
