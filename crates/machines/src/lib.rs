//! The state machines as values: order, waits, retries, limits and catches, each written once.
//!
//! `statemachine/*.asl.json` and the template that deploys them are generated from here (`make machines`). Whoever needs to know which state follows which
//! walks the same values.

mod aurora_global;
mod json;
mod machine;
mod rds_replica;
mod retry;
mod segments;
mod state;
mod task;
mod template;
mod walk;
mod when;
mod workload;

pub use aurora_global::{failback, planned_failover, unplanned_failover};
pub use json::Json;
pub use machine::{Machine, Part};
pub use rds_replica::{replica_failback, replica_failover, replica_switchover};
pub use retry::{ANSWERS, PERMANENT, Retry, Takes};
pub use state::{Call, Catch, Choice, Function, Seconds, State, Wait, Way};
pub use task::{Failure, Task, WAIT_SECONDS};
pub use template::template;
pub use walk::{Next, Passed, Walk};
pub use when::When;
pub use workload::{restore_home, revert_home};

/// The machines of one topology, which one template deploys.
#[derive(Debug)]
pub struct Topology {
    /// Its name, which its templates begin with.
    pub name: &'static str,
    /// What it is, in words.
    pub what: &'static str,
    /// Its machines.
    pub machines: Vec<Machine>,
}

/// Every topology with its machines.
#[must_use]
pub fn topologies() -> Vec<Topology> {
    vec![
        aurora_global::topology(),
        rds_replica::topology(),
        workload::topology(),
    ]
}

/// Every machine.
#[must_use]
pub fn all() -> Vec<Machine> {
    let topologies = topologies().into_iter();
    topologies.flat_map(|topology| topology.machines).collect()
}
