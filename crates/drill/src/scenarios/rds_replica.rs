//! The scenarios of instances with read replicas: one file each, and the order in which they are played.

mod replica_does_not_catch_up;
mod replica_failback;
mod replica_mariadb_does_not_catch_up;
mod replica_mariadb_failback;
mod replica_mariadb_region_loss;
mod replica_mariadb_stopped_and_abandoned;
mod replica_mariadb_switchover;
pub(crate) mod replica_region_loss;
mod replica_sqlserver;
mod replica_stopped_and_abandoned;
pub(crate) mod replica_switchover;

use crate::scenario::Scenario;

/// All of them, in the order in which they are played.
pub(crate) static ALL: &[&Scenario] = &[
    &replica_region_loss::SCENARIO,
    &replica_switchover::SCENARIO,
    &replica_does_not_catch_up::SCENARIO,
    &replica_stopped_and_abandoned::SCENARIO,
    &replica_failback::SCENARIO,
    &replica_mariadb_region_loss::SCENARIO,
    &replica_mariadb_switchover::SCENARIO,
    &replica_mariadb_does_not_catch_up::SCENARIO,
    &replica_mariadb_stopped_and_abandoned::SCENARIO,
    &replica_mariadb_failback::SCENARIO,
    &replica_sqlserver::SCENARIO,
];
