//! The scenarios of whole workloads that come home: one file each, and the order in which they are played.

mod workload_failback;
mod workload_interrupted;
mod workload_refused;
mod workload_region_away;
mod workload_rehearsal;
mod workload_revert;

use crate::scenario::Scenario;

/// All of them, in the order in which they are played.
pub(crate) static ALL: &[&Scenario] = &[
    &workload_failback::SCENARIO,
    &workload_rehearsal::SCENARIO,
    &workload_region_away::SCENARIO,
    &workload_revert::SCENARIO,
    &workload_refused::SCENARIO,
    &workload_interrupted::SCENARIO,
];
