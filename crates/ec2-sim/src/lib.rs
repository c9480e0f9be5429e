//! EC2's hosts, volumes, snapshots and their copies between Regions, simulated.
#![allow(
    clippy::disallowed_methods,
    reason = "a test and drill tool: it keeps time and waits by itself"
)]

pub mod answer;
pub mod model;
