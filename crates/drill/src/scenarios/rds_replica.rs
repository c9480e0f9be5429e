//! The scenarios of instances with read replicas: one file each, and the order in which they are played.

mod replica_region_loss;

use crate::scenario::Scenario;

/// All of them, in the order in which they are played.
pub(crate) static ALL: &[&Scenario] = &[&replica_region_loss::SCENARIO];
